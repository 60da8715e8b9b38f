"""A Responses request as one vendor takes it, Codex's tools first of all; and its answer back.

Codex 0.169 sends its tools inside the conversation, in namespaces and as custom tools; most vendors know
functions alone. They are lifted, flattened and told apart again on the way back.
"""

from __future__ import annotations

from collections.abc import Iterable

from pf_tui.json_values import list_in, object_in, objects_in, optional_text, text_in
from pf_tui.translate import compaction, naming, reasoning
from pf_tui.translate.arguments import object_text
from pf_tui.translate.conversation import Notes, Tool
from pf_tui.translate.dialect import Dialect, drop_sampling, put_tools, set_effort
from pf_tui.translate.fit_chat import short
from pf_tui.translate.naming import ToolName
from pf_tui.translate.responses_items import refuse_kept_elsewhere
from pf_tui.translate.schemas import cleaned, plain_schema
from pf_tui.translate.tools import custom_schema, described

_CLIENT_ONLY = ("client_metadata", "prompt_cache_retention", "safety_identifier")
"""What only the maker of the client reads."""

_WEB_SEARCH_OWN = (
    "external_web_access",
    "search_context_size",
    "user_location",
    "search_content_types",
    "filters",
)
"""Settings of OpenAI's web_search that others refuse."""


def fit(
    body: dict[str, object], target: Dialect, notes: Notes, store: reasoning.ReasoningStore | None
) -> dict[str, ToolName]:
    """Edit the request; the names that changed come back."""
    refuse_kept_elsewhere(body, target.refused_fields)
    items = body.get("input")
    if isinstance(items, str):
        items = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": items}]}]
    if not isinstance(items, list):
        return {}
    tools: list[dict[str, object]] = []
    fitted_items: list[dict[str, object]] = []
    for item in items:
        if target.tools_flat and item.get("type") == "additional_tools":
            tools += objects_in(item, "tools")
        else:
            fitted_items.append(item)
    names: dict[str, ToolName] = {}
    if target.tools_flat:
        for name in _CLIENT_ONLY:
            body.pop(name, None)
    if tools or "tools" in body:
        _tools(body, [*tools, *objects_in(body, "tools")], target, names, notes)
    body["input"] = list(_items(fitted_items, target, notes))
    _include(body, target)
    set_effort(body, target, "reasoning.effort")
    drop_sampling(body, target, notes, effort=object_in(body, "reasoning").get("effort"))
    if not target.cache_key:
        body.pop("prompt_cache_key", None)
    return {name: own_name for name, own_name in names.items() if own_name != ToolName(name)}


def _include(body: dict[str, object], target: Dialect) -> None:
    thought = body.get("reasoning")
    if isinstance(thought, dict) and target.tools_flat:
        thought.pop("context", None)
        if not thought:
            del body["reasoning"]
    if target.tools_flat and isinstance(body.get("include"), list):
        entries = [entry for entry in list_in(body, "include") if entry == "reasoning.encrypted_content"]
        body["include"] = entries
        if not entries:
            del body["include"]
    if body.get("store") and target.tools_flat:
        body["store"] = False


def _tools(
    body: dict[str, object],
    tools: Iterable[dict[str, object]],
    target: Dialect,
    names: dict[str, ToolName],
    notes: Notes,
) -> None:
    fitted_tools = _once(_flattened(tools, None, target, names, notes))
    if not put_tools(body, fitted_tools, target, notes):
        return
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("name") and target.tools_flat:
        flat = naming.flat(str(choice["name"]), choice.get("namespace"))
        body["tool_choice"] = {"type": "function", "name": short(flat, target)}
    elif isinstance(choice, dict) and target.tool_choices and choice.get("type") not in target.tool_choices:
        body["tool_choice"] = "auto"
    if not target.parallel_calls:
        body.pop("parallel_tool_calls", None)


def _once(tools: Iterable[dict[str, object]]) -> list[dict[str, object]]:
    """Each function once: a second one of a name is refused."""
    once: dict[object, dict[str, object]] = {}
    for number, tool in enumerate(tools):
        once.setdefault(tool.get("name") if tool.get("type") == "function" else number, tool)
    return list(once.values())


def _flattened(
    tools: Iterable[dict[str, object]],
    namespace: str | None,
    target: Dialect,
    names: dict[str, ToolName],
    notes: Notes,
) -> Iterable[dict[str, object]]:
    for tool in tools:
        kind, own = str(tool.get("type")), str(tool.get("name") or "")
        if kind == "namespace" and target.tools_flat:
            yield from _flattened(objects_in(tool, "tools"), own or None, target, names, notes)
        elif kind == "function" and (target.tools_flat or target.tool_names or target.schema_rules):
            name = short(naming.flat(own, namespace), target)
            names[name] = ToolName(own, namespace)
            schema = cleaned(plain_schema(tool.get("parameters")), target.schema_drop, target.schema_rules)
            function: dict[str, object] = {"type": "function", "name": name, "parameters": schema}
            if tool.get("description"):
                function["description"] = tool["description"]
            if target.strict_tools and "strict" in tool:
                function["strict"] = tool["strict"]
            yield function
        elif kind == "custom" and target.tools_flat and "custom" not in target.tool_types:
            name = short(naming.flat(own, namespace), target)
            names[name] = ToolName(own, namespace, custom=True)
            grammar = optional_text(object_in(tool, "format"), "definition")
            facts = Tool(own, text_in(tool, "description"), custom=True, grammar=grammar)
            yield {
                "type": "function",
                "name": name,
                "description": described(facts),
                "parameters": custom_schema(facts),
                **({"strict": False} if target.strict_tools else {}),
            }
        elif not target.tools_flat or kind in target.tool_types or kind == "function":
            yield tool
        elif kind in target.hosted_tools:
            if tool.get("external_web_access") is False:
                notes.add(
                    "hosted-tool", f"{kind} without live access was left out: this provider searches live"
                )
            else:
                yield {key: value for key, value in tool.items() if key not in _WEB_SEARCH_OWN}
        else:
            notes.add("hosted-tool", f"{kind} is not run by this provider and was left out")


def _items(items: Iterable[dict[str, object]], target: Dialect, notes: Notes) -> Iterable[dict[str, object]]:
    for item in items:
        kind = item.get("type") or "message"
        if kind == "reasoning":
            if (fitted_item := _reasoning(item, target)) is not None:
                yield fitted_item
        elif kind == "message":
            role = item.get("role")
            if target.system_roles and role in ("system", "developer") and role not in target.system_roles:
                yield item | {"role": target.system_roles[0]}
            else:
                yield item
        elif kind in ("function_call", "custom_tool_call"):
            yield _call(item, target)
        elif kind in ("function_call_output", "custom_tool_call_output"):
            id_field = {"call_id": naming.call_id(str(item.get("call_id") or ""), target.call_ids)}
            if target.tools_flat and "custom" not in target.tool_types:
                id_field["type"] = "function_call_output"
            yield item | id_field
        elif kind in compaction.KINDS and (target.tools_flat or compaction.is_ours(item)):
            if not compaction.is_ours(item):
                notes.add("item", compaction.FOREIGN)
            yield compaction.message(item)
        elif target.tools_flat and kind not in ("item_reference", *target.tool_types):
            notes.add("item", f"an input item of type {kind} was left out: this provider does not know it")
        else:
            yield item


def _reasoning(item: dict[str, object], target: Dialect) -> dict[str, object] | None:
    """A reasoning item if the target made it: by our mark, by its form, or where nobody else could have."""
    maker = target.reasoning_maker
    signer, signature, item_id = reasoning.read_mark(text_in(item, "encrypted_content"))
    if signature and signer == "openai" and maker != "openai":
        return None
    if signer not in ("", "openai") and signer != maker:
        return None
    if not maker or (not signature and (maker == "openai" or not item.get("content"))):
        return None
    if item.get("encrypted_content") == signature and item.get("content", ()) is not None:
        return item
    item_out = {**item, "encrypted_content": signature} | ({"id": item_id} if item_id else {})
    if item_out.get("content", ()) is None:
        del item_out["content"]
    return item_out


def _call(item: dict[str, object], target: Dialect) -> dict[str, object]:
    fields: dict[str, object] = {"call_id": naming.call_id(str(item.get("call_id") or ""), target.call_ids)}
    if not target.tools_flat:
        return item | fields
    item = dict(item)
    namespace = optional_text(item, "namespace")
    item.pop("namespace", None)
    fields["name"] = short(naming.flat(str(item.get("name") or ""), namespace), target)
    if item.get("type") == "custom_tool_call" and "custom" not in target.tool_types:
        fields |= {"type": "function_call", "arguments": object_text({"input": item.pop("input", "")})}
        if str(item.get("id") or "").startswith("ctc"):
            item.pop("id")
    return item | fields
