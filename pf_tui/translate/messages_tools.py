"""The tools of an Anthropic Messages request, read and written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pf_tui.json_values import list_in
from pf_tui.translate import naming
from pf_tui.translate.conversation import Choice, HostedTool, Notes, Request, Tool, bad_request
from pf_tui.translate.tools import custom_schema, described, object_schema

PLACEHOLDER = "DeferredToolPlaceholder"
"""Claude Code's tool that keeps deferred loading switched on; nobody calls it."""


_DATED = re.compile(r"_\d{8}$")


def read_tools(body: Mapping[str, object], request: Request, notes: Notes) -> None:
    """Take the tools, and the choice among them, into the request."""
    for tool in list_in(body, "tools"):
        if not isinstance(tool, Mapping) or not (tool.get("name") or tool.get("type")):
            raise bad_request("a tool has no name")
        kind = tool.get("type")
        if kind in (None, "custom"):
            if tool["name"] != PLACEHOLDER:
                schema = tool.get("input_schema")
                request.tools.append(
                    Tool(
                        tool["name"],
                        tool.get("description") or "",
                        dict(schema) if isinstance(schema, Mapping) else {},
                        strict=tool.get("strict"),
                    )
                )
        else:
            request.hosted.append(HostedTool(_DATED.sub("", str(kind)), dict(tool)))
    choice = body.get("tool_choice")
    if isinstance(choice, Mapping):
        if choice.get("type") in ("auto", "none", "any", "tool"):
            request.choice = Choice(choice["type"], str(choice.get("name") or ""))
        request.one_call_at_a_time = choice.get("disable_parallel_tool_use") is True


def write_tools(request: Request, notes: Notes) -> dict[str, object]:
    """The members `tools` and `tool_choice`."""
    tools: list[dict[str, object]] = []
    for tool in request.tools:
        schema = custom_schema(tool) if tool.custom else object_schema(tool.schema)
        tool_object: dict[str, object] = {
            "name": naming.flat(tool.name, tool.namespace),
            "input_schema": schema,
        }
        if description := described(tool):
            tool_object["description"] = description
        tools.append(tool_object)
    for hosted_tool in request.hosted:
        if hosted_tool.kind in ("web_search", "web_search_preview"):
            if hosted_tool.raw.get("external_web_access") is False:
                notes.add(
                    "hosted-tool", "web_search without live access was left out: this vendor searches live"
                )
            else:
                tools.append({"type": "web_search_20250305", "name": "web_search", "max_uses": 8})
        else:
            notes.add("hosted-tool", f"{hosted_tool.kind} is run by its own vendor and was left out")
    if not tools:
        return {}
    body: dict[str, object] = {"tools": tools}
    choice: dict[str, object] = {}
    if request.choice is not None:
        choice = {"type": request.choice.kind}
        if request.choice.kind == "tool":
            choice["name"] = naming.flat(request.choice.name, request.choice.namespace)
    if request.one_call_at_a_time and (not choice or choice["type"] != "none"):
        choice = (choice or {"type": "auto"}) | {"disable_parallel_tool_use": True}
    return body | ({"tool_choice": choice} if choice else {})
