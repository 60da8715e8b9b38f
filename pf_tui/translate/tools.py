"""Tools as any vendor takes them: a schema with a root, a custom tool as a function."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.json_values import text_in
from pf_tui.translate.conversation import HostedTool, Tool, bad_request
from pf_tui.translate.schemas import with_root


def custom_tool(entry: Mapping[str, object], grammar: str | None, namespace: str | None = None) -> Tool:
    """A tool that takes plain text, as OpenAI's protocols describe it."""
    return Tool(
        str(entry.get("name") or ""),
        text_in(entry, "description"),
        namespace=namespace,
        custom=True,
        grammar=grammar,
    )


def hosted_tool(entry: Mapping[str, object]) -> HostedTool:
    """A tool that the provider runs. Raises WrongUsage for one without a type."""
    kind = entry.get("type")
    if not isinstance(kind, str):
        raise bad_request("a tool has no type")
    return HostedTool(kind, dict(entry))


def object_schema(schema: Mapping[str, object]) -> dict[str, object]:
    """The schema with what every vendor wants of a root: a type and properties."""
    whole = with_root(schema)
    if whole.get("type") != "object":
        whole["type"] = "object"
    if not isinstance(whole.get("properties"), Mapping):
        whole["properties"] = {}
    return whole


def custom_schema(tool: Tool) -> dict[str, object]:
    """A custom tool's input as the one string of an object."""
    return {
        "type": "object",
        "properties": {
            "input": {"type": "string", "description": f"The whole input of {tool.name}, as plain text."}
        },
        "required": ["input"],
    }


def described(tool: Tool) -> str:
    """What the model is told of a tool; a grammar it cannot be held to is told in words."""
    if not tool.grammar:
        return tool.description
    return f"{tool.description}\n\nThe input must follow this grammar:\n{tool.grammar}".lstrip()
