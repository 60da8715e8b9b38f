"""Tools as any vendor takes them: a schema with a root, a custom tool as a function."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.translate.conversation import Tool
from pf_tui.translate.schemas import with_root


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
