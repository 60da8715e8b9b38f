"""Calls as the client's own tools have them, where the protocol stays: names, and the kinds of enums."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.json_values import list_in, object_in, objects_in, text_in
from pf_tui.translate.arguments import parsed, plain_input, retyped
from pf_tui.translate.growing_text import GrowingText
from pf_tui.translate.naming import ToolName
from pf_tui.translate.schemas import has_other_enums

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol


def rename_calls(message: Mapping[str, object], names: Mapping[str, ToolName]) -> None:
    """The calls of a Chat message or delta under the client's names."""
    for call in objects_in(message, "tool_calls"):
        function = call.get("function")
        if isinstance(function, dict) and (tool := names.get(str(function.get("name")))) is not None:
            function["name"] = tool.name
            if tool.custom and "arguments" in function:
                call["type"] = "custom"
                call["custom"] = {"name": tool.name, "input": plain_input(function["arguments"])}
                del call["function"]


def restore_item(item: dict[str, object], names: Mapping[str, ToolName]) -> None:
    """A call under the name, the namespace and the kind the client gave it."""
    tool = names.get(str(item.get("name")))
    if item.get("type") != "function_call" or tool is None:
        return
    item["name"] = tool.name
    if tool.namespace:
        item["namespace"] = tool.namespace
    if tool.custom:
        item["type"] = "custom_tool_call"
        arguments = text_in(item, "arguments")
        item.pop("arguments", None)
        item["input"] = plain_input(arguments) if arguments else ""


def restored(content: dict[str, object], protocol: Protocol, names: Mapping[str, ToolName]) -> None:
    """A whole answer with the client's own tool names."""
    if protocol == "openai-chat":
        for choice in objects_in(content, "choices"):
            rename_calls(object_in(choice, "message"), names)
    elif protocol == "anthropic-messages":
        for block in list_in(content, "content"):
            if isinstance(block, dict) and block.get("name") in names:
                block["name"] = names[block["name"]].name
    else:
        for item in list_in(content, "output"):
            if isinstance(item, dict):
                restore_item(item, names)


def enum_schemas(content: Mapping[str, object]) -> dict[str, Mapping[str, object]]:
    """The tools of a Chat request whose enums hold numbers, booleans or null: name -> schema."""
    tools = content.get("tools")
    tool_list = tools if isinstance(tools, list) else []
    functions = [tool.get("function") for tool in tool_list if isinstance(tool, dict)]
    return {
        str(function.get("name")): schema
        for function in functions
        if isinstance(function, dict)
        and isinstance(schema := function.get("parameters"), dict)
        and has_other_enums(schema)
    }


def retype_calls(message: Mapping[str, object], schemas: Mapping[str, Mapping[str, object]]) -> None:
    """The arguments of a Chat message's calls in the kinds that the client's schemas have."""
    for call in objects_in(message, "tool_calls"):
        function = object_in(call, "function")
        schema = schemas.get(str(function.get("name")))
        if schema is not None and isinstance(function.get("arguments"), str):
            function["arguments"] = retyped(text_in(function, "arguments"), schema)


class StreamedEnums:
    """The same for a Chat stream: arguments that come in pieces are held until the call is whole."""

    def __init__(self, schemas: Mapping[str, Mapping[str, object]]) -> None:
        self._schemas = schemas
        self._parts: dict[object, tuple[Mapping[str, object], GrowingText]] = {}

    @property
    def memory_bytes(self) -> int:
        """How much is held."""
        return sum(len(text) for _, text in self._parts.values())

    def retype(self, choice: Mapping[str, object]) -> None:
        """One choice of a chunk, its delta changed in place."""
        delta = object_in(choice, "delta")
        for call in objects_in(delta, "tool_calls"):
            function = object_in(call, "function")
            arguments = text_in(function, "arguments")
            schema = self._schemas.get(str(function.get("name")))
            if schema is not None and parsed(arguments) is not None:  # Gemini sends each call whole
                function["arguments"] = retyped(arguments, schema)
                continue
            if schema is not None:
                self._parts[call.get("index")] = schema, GrowingText()
            if (call_parts := self._parts.get(call.get("index"))) is not None:
                call_parts[1].add(arguments)
                function["arguments"] = ""
        if choice.get("finish_reason") is not None and self._parts and isinstance(delta, dict):
            whole_calls = [
                {"index": index, "function": {"arguments": retyped(str(text), schema)}}
                for index, (schema, text) in self._parts.items()
            ]
            delta["tool_calls"] = [*objects_in(delta, "tool_calls"), *whole_calls]
            self._parts.clear()
