"""What Claude's own models refuse, whoever hosts them. Pure.

Which setting which model takes is written here by hand, from Anthropic's pages "Thinking", "Migrating to
Claude Sonnet 5", "Claude Opus 5.5 migration guide", "Claude Sonnet 5.5 migration guide" and "What's new in
Claude Opus 5" (platform.claude.com), and from the API's own sentences as users quote them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pf_tui.drill.wire_refusals import Body, objects, schemas

_VERSION = re.compile(r"claude-(haiku|sonnet|opus|fable|mythos)-(\d)(?:[.-](\d)(?!\d))?")

_BREAKPOINTS = 4
"""Cache breakpoints of one request."""


def model_of(name: object) -> tuple[str, float]:
    """("opus", 5.5) for claude-opus-5-5, anthropic/claude-opus-5.5 or us.anthropic.claude-opus-5-5-v1:0."""
    match = _VERSION.search(str(name).lower())
    if match is None:
        return "", 0.0
    return match[1], float(f"{match[2]}.{match[3] or 0}")


def thinking_types(name: object, effort: object = None) -> tuple[str, ...]:
    """Words of thinking.type that a model takes.

    Source: "Thinking" (accepted thinking.type by model); what apiyi.com's guide of 2026-11-09 says of the
    effort up to which Opus 5 and Haiku 5.5 may be told not to think.
    """
    line, version = model_of(name)
    if line in ("fable", "mythos") or (line, version) == ("opus", 5.5):
        return ("adaptive",)
    if (line, version) == ("sonnet", 5.5):
        return ("adaptive", "between_tools")
    if (line, version) in (("opus", 5.0), ("haiku", 5.5)):
        return ("adaptive",) if effort in ("xhigh", "max") else ("adaptive", "disabled")
    if version >= 4.7:
        return ("adaptive", "disabled")
    if version == 4.6:
        return ("adaptive", "enabled", "disabled")
    return ("enabled", "disabled")


def refused(body: Body) -> str | None:
    """The API's sentence about a request of any Claude, or None."""
    for check in (_thinking, _forced_tool, _sampling, _end, _tools, _form, _cache):
        if sentence := check(body):
            return sentence
    return None


def _thinking(body: Body) -> str | None:
    """Source: anthropics/claude-code#27337 and cline/cline#13203, vercel/ai#21364 (quoted answers)."""
    thinking = body.get("thinking") or {}
    kind, effort = thinking.get("type"), (body.get("output_config") or {}).get("effort")
    types = thinking_types(body.get("model"), effort)
    if kind is not None and kind not in types:
        if kind == "disabled" and effort in ("xhigh", "max") and "disabled" in thinking_types(body["model"]):
            return f'"thinking.type.disabled" is not supported with effort "{effort}" on this model.'
        if kind == "adaptive":
            return "adaptive thinking is not supported on this model"
        return (
            f'"thinking.type.{kind}" is not supported for this model. Use "thinking.type.adaptive" and'
            ' "output_config.effort" to control thinking behavior.'
        )
    if kind == "enabled":
        budget = thinking.get("budget_tokens")
        if not isinstance(budget, int):
            return "thinking.enabled.budget_tokens: Field required"
        if budget < 1024:
            return "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
        if budget >= body["max_tokens"]:
            return "`max_tokens` must be greater than `thinking.budget_tokens`."
    elif "budget_tokens" in thinking:
        return f"thinking.{kind}.budget_tokens: Extra inputs are not permitted"
    if effort is not None and "adaptive" not in types and "opus-4-5" not in str(body.get("model")):
        return "This model does not support the effort parameter."
    if effort == "xhigh" and model_of(body.get("model"))[1] < 4.7:
        return "output_config.effort: 'xhigh' is not supported by this model."
    return None


def _forced_tool(body: Body) -> str | None:
    """Source: can1357/oh-my-pi#12939 and #341, mastra-ai/mastra#7507 (quoted answers)."""
    choice = (body.get("tool_choice") or {}).get("type")
    if choice not in ("any", "tool"):
        return None
    line, version = model_of(body.get("model"))
    if (line, version) in (("opus", 5.5), ("sonnet", 5.5), ("fable", 5.1), ("mythos", 5.1)):
        return 'tool_choice: type "tool" and "any" are not supported for this model.'
    if (body.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
        return "Thinking may not be enabled when tool_choice forces tool use."
    return None


def _sampling(body: Body) -> str | None:
    """Source: Comfy-Org/ComfyUI#13923, Vali-98/ChatterUI#564 (quoted answers); "Extended thinking"."""
    usual = {"temperature": 1, "top_p": 1, "top_k": None}
    unusual = [name for name, value in usual.items() if name in body and body[name] != value]
    if model_of(body.get("model"))[1] >= 4.7:
        return f"`{unusual[0]}` is deprecated for this model." if unusual else None
    if "temperature" in body and "top_p" in body:
        return "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
    if (body.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
        if body.get("temperature", 1) != 1:
            return "`temperature` may only be set to 1 when thinking is enabled."
        if "top_k" in body:
            return "`top_k` must be unset when thinking is enabled."
        if not 0.95 <= body.get("top_p", 1) <= 1:
            return "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled."
    if body.get("temperature", 1) > 1:
        return "temperature: range: 0..1"
    return None


def _end(body: Body) -> str | None:
    """Source: cortexkit/magic-context#511; "Prefill Claude's response" (both quoted or documented)."""
    last = body["messages"][-1]
    if last.get("role") != "assistant":
        return None
    thinks = (body.get("thinking") or {}).get("type") in ("enabled", "adaptive")
    if thinks or model_of(body.get("model"))[1] >= 4.6:
        return (
            "This model does not support assistant message prefill. The conversation must end with a user"
            " message."
        )
    texts = [block.get("text") or "" for block in _blocks(last)] or [last.get("content") or ""]
    if texts[-1] != texts[-1].rstrip():
        return "messages: final assistant content cannot end with trailing whitespace"
    return None


def _tools(body: Body) -> str | None:
    """Source: MoonshotAI/kimi-code#2328 (quoted answer); anthropic SDK types."""
    for index, tool in enumerate(body.get("tools") or ()):
        schema = tool.get("input_schema") or {}
        if any(word in schema for word in ("oneOf", "allOf", "anyOf")):
            return (
                f"tools.{index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at"
                " the top level"
            )
    tool_names = (body.get("tool_choice") or {}).get("name")
    if tool_names and tool_names not in {tool.get("name") for tool in body.get("tools") or ()}:
        return f"Tool '{tool_names}' not found in provided tools"
    if any(not str(word).strip() for word in body.get("stop_sequences") or ()):
        return "stop_sequences: each stop sequence must contain non-whitespace"
    return None


_FORM_REFUSED = ("minimum", "maximum", "multipleOf", "minLength", "maxLength", "exclusiveMinimum")


def _form(body: Body) -> str | None:
    """Source: "Structured outputs", section "JSON Schema limitations" (platform.claude.com)."""
    form = (body.get("output_config") or {}).get("format") or {}
    for holder in schemas(form.get("schema") or {}):
        if (holder.get("type") == "object" or "properties" in holder) and holder.get(
            "additionalProperties"
        ) is not False:
            return "output_config.format.schema: 'additionalProperties' must be explicitly set to false"
        if refused_words := [word for word in _FORM_REFUSED if word in holder]:
            return (
                f"output_config.format.schema: For '{holder.get('type')}' type, property"
                f" '{refused_words[0]}' is not supported"
            )
    return None


def _cache(body: Body) -> str | None:
    """Source: Wei-Shaw/sub2api#176, tghamm/Anthropic.SDK#50 (quoted answers)."""
    cache_marks = sum("cache_control" in holder for holder in objects(body))
    if cache_marks > _BREAKPOINTS:
        return f"A maximum of 4 blocks with cache_control may be provided. Found {cache_marks}."
    for message in body["messages"]:
        for block in _blocks(message):
            if "cache_control" in block and block.get("type") in ("thinking", "redacted_thinking"):
                return "messages: cache_control cannot be set for thinking blocks"
    return None


def _blocks(message: Body) -> Iterator[Body]:
    content = message.get("content")
    yield from content if isinstance(content, list) else ()
