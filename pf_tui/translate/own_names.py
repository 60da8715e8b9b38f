"""Calls under the client's own tool names again, where the protocol stays and only names were changed."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.json_values import list_in, object_in, objects_in, text_in
from pf_tui.translate.arguments import plain_input
from pf_tui.translate.naming import ToolName


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


def restored(content: dict[str, object], protocol: str, names: Mapping[str, ToolName]) -> None:
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
