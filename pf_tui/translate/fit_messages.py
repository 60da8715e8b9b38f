"""A Messages request as one host takes it: Anthropic, a cloud, or a compatible vendor."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.json_values import list_of, object_in, objects_in, optional_whole, text_in
from pf_tui.translate import naming, reasoning
from pf_tui.translate.conversation import Notes, words_of
from pf_tui.translate.dialect import GO_ON, Dialect, drop_field, set_effort, stripped_beta_fields
from pf_tui.translate.fit_chat import short
from pf_tui.translate.messages import BILLING_LINE
from pf_tui.translate.naming import ToolName
from pf_tui.translate.schemas import cleaned

_LEAST_BUDGET = 1024
"""Smallest thinking budget Claude takes, in tokens."""

_LEAST_ANSWER = 1024
"""Left for the answer beside a thinking budget, in tokens."""

_ABOVE_HIGH = ("xhigh", "max")
"""Efforts that Opus 5 and Haiku 5.5 refuse with thinking disabled. Source: "What's new in Claude Opus 5"."""

_BUDGETS: Mapping[str, int] = {"minimal": 1024, "low": 4096, "medium": 10_000, "high": 20_000}
"""Thinking budget for an effort, where a model knows budgets only; in tokens, more for the higher ones."""


def fit(
    body: dict[str, object], target: Dialect, notes: Notes, store: reasoning.ReasoningStore | None
) -> dict[str, ToolName]:
    """Edit the request; the names that changed come back."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return {}
    own = target.maker == reasoning.ANTHROPIC
    if target.strip_attribution:
        _strip_billing(body)
    if "output_format" in body:
        form = body.pop("output_format")
        body["output_config"] = {"format": form} | object_in(body, "output_config")
    for path in stripped_beta_fields(target):
        drop_field(body, path)
    if not target.mid_system:
        _no_mid_system(messages)
    _reasoning(body, messages, target, store)
    names = _tools(body, target, notes)
    if target.call_ids != "any" or names or not own:
        _blocks(messages, target, notes)
    _effort(body, target)
    if not target.sampling:
        for name in ("temperature", "top_p", "top_k"):
            if body.pop(name, None) not in (None, 1):
                notes.add("field", f"{name} is refused by this model and was left out")
    _last_turn(body, messages, target)
    return {name: own_name for name, own_name in names.items() if name != own_name.name}


def _last_turn(body: Mapping[str, object], messages: list[dict[str, object]], target: Dialect) -> None:
    """A beginning of the answer, where the model takes none or takes it without a blank at its end."""
    last = messages[-1] if messages else {}
    content = last.get("content")
    if last.get("role") != "assistant":
        return
    if target.last_turn == "user" or (_thinking_is_on(body) and "thinking" in body):
        messages.append({"role": "user", "content": [{"type": "text", "text": GO_ON}]})
    elif isinstance(content, str):
        last["content"] = content.rstrip() or "…"
    elif isinstance(content, list) and content and content[-1].get("type") == "text":
        content[-1] = content[-1] | {"text": str(content[-1].get("text") or "").rstrip() or "…"}


def _strip_billing(body: dict[str, object]) -> None:
    system = body.get("system")
    if isinstance(system, list):
        blocks = [block for block in system if not str(block.get("text") or "").startswith(BILLING_LINE)]
        if blocks:
            body["system"] = blocks
        else:
            body.pop("system")
    elif isinstance(system, str) and system.startswith(BILLING_LINE):
        body["system"] = system.partition("\n")[2].lstrip("\n")


def _no_mid_system(messages: list[dict[str, object]]) -> None:
    """Instructions between the turns as reminders in a user message, behind the results they meet."""
    fitted_messages: list[dict[str, object]] = []
    waiting: list[dict[str, object]] = []
    for message in messages:
        if message.get("role") != "system":
            if message.get("role") == "user" and waiting:
                fitted_messages.append(message | {"content": [*_blocks_of(message.get("content")), *waiting]})
            else:
                if waiting:
                    fitted_messages.append({"role": "user", "content": waiting})
                fitted_messages.append(message)
            waiting = []
            continue
        text = words_of(message.get("content"))
        block: dict[str, object] = {"type": "text", "text": f"<system-reminder>\n{text}\n</system-reminder>"}
        if fitted_messages and fitted_messages[-1]["role"] == "user":
            fitted_messages[-1] = fitted_messages[-1] | {
                "content": [*_blocks_of(fitted_messages[-1].get("content")), block]
            }
        else:
            waiting.append(block)
    if waiting:
        fitted_messages.append({"role": "user", "content": waiting})
    messages[:] = fitted_messages


def _blocks_of(content: object) -> list[object]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list_of(content, "content")


def _reasoning(
    body: dict[str, object],
    messages: list[dict[str, object]],
    target: Dialect,
    store: reasoning.ReasoningStore | None,
) -> None:
    """Thinking of others goes; the target's own stays with its own signature."""
    maker = target.reasoning_maker
    for index, message in enumerate(messages):
        content = message.get("content")
        if message.get("role") != "assistant" or not isinstance(content, list):
            continue
        fitted_blocks = []
        for block in content:
            kind = block.get("type")
            if kind in ("thinking", "redacted_thinking"):
                key = "signature" if kind == "thinking" else "data"
                signer, signature, _ = reasoning.read_mark(block.get(key) or "")
                if (signer and signer != maker) or (maker == reasoning.ANTHROPIC and signer != maker):
                    continue
                if not maker:
                    continue
                fitted_blocks.append(block if block.get(key) == signature else block | {key: signature})
            else:
                fitted_blocks.append(block)
        calls = [block for block in fitted_blocks if block.get("type") == "tool_use"]
        thinks = any(block.get("type") == "thinking" for block in fitted_blocks)
        if calls and not thinks and target.reasoning_filler is not None and _thinking_is_on(body):
            thought = None if store is None else store.find(maker, str(calls[0].get("id")))
            words = thought.text if thought is not None and thought.text else target.reasoning_filler
            fitted_blocks.insert(0, {"type": "thinking", "thinking": words, "signature": ""})
        if len(fitted_blocks) != len(content) or any(
            a is not b for a, b in zip(fitted_blocks, content, strict=False)
        ):
            messages[index] = message | {"content": fitted_blocks or [{"type": "text", "text": "…"}]}


def _thinking_is_on(body: Mapping[str, object]) -> bool:
    thinking = body.get("thinking")
    return not (isinstance(thinking, Mapping) and thinking.get("type") == "disabled")


def _tools(body: dict[str, object], target: Dialect, notes: Notes) -> dict[str, ToolName]:
    names: dict[str, ToolName] = {}
    if "tools" not in body:
        return names
    fitted_tools = []
    for tool in objects_in(body, "tools"):
        kind = text_in(tool, "type")
        if kind not in ("", "custom"):
            plain = kind.rpartition("_")[0] if kind[-8:].isdigit() else kind
            if (
                (target.betas is None and target.maker == reasoning.ANTHROPIC and not target.hosted_tools)
                or kind in target.hosted_tools
                or plain in target.hosted_tools
                or kind in target.tool_types
            ):
                fitted_tools.append(tool)
            else:
                notes.add("hosted-tool", f"{plain} is not run by this provider and was left out")
            continue
        if target.maker != reasoning.ANTHROPIC:
            tool.pop("type", None)  # "custom" is what no type means, and DeepSeek refuses the word
        own = str(tool.get("name") or "")
        name = tool["name"] = short(own, target)
        if name in names:
            continue  # a second one of a name is refused
        names[name] = ToolName(own)
        if target.schema_drop or target.schema_rules:
            tool["input_schema"] = cleaned(
                object_in(tool, "input_schema"), target.schema_drop, target.schema_rules
            )
        if not target.strict_tools:
            tool.pop("strict", None)
        fitted_tools.append(tool)
    if fitted_tools:
        body["tools"] = fitted_tools
    else:
        body.pop("tools")
        body.pop("tool_choice", None)
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and "name" in choice:
        choice["name"] = short(str(choice["name"]), target)
    if isinstance(choice, dict) and target.tool_choices and choice.get("type") not in target.tool_choices:
        body.pop("tool_choice")
        if choice.get("disable_parallel_tool_use") is True and "auto" in target.tool_choices:
            body["tool_choice"] = {"type": "auto", "disable_parallel_tool_use": True}
        if choice.get("type") in ("any", "tool"):
            notes.add("field", "a tool call was asked for, not forced: this model refuses to be forced")
    return names


def _blocks(messages: list[dict[str, object]], target: Dialect, notes: Notes) -> None:
    """Ids, names and blocks of the conversation."""
    for message in messages:
        content = message.get("content")
        if not isinstance(content, list):
            continue
        for index, block in enumerate(content):
            kind = block.get("type")
            if kind == "tool_use":
                content[index] = block | {
                    "id": naming.call_id(str(block.get("id") or ""), target.call_ids),
                    "name": short(str(block.get("name") or ""), target),
                }
            elif kind == "tool_result":
                id_field: dict[str, object] = {
                    "tool_use_id": naming.call_id(str(block.get("tool_use_id") or ""), target.call_ids)
                }
                if isinstance(block.get("content"), list):
                    id_field["content"] = [_block(inner, target, notes) for inner in block["content"]]
                content[index] = block | id_field
            else:
                content[index] = _block(block, target, notes)


def _block(block: object, target: Dialect, notes: Notes) -> object:
    if not isinstance(block, dict):
        return block
    kind = block.get("type")
    if kind == "image" and not target.images:
        notes.add("picture", "a picture was left out: this model sees none")
        return {"type": "text", "text": "[A picture that this model cannot see.]"}
    if kind == "document" and target.maker != reasoning.ANTHROPIC and not target.documents:
        notes.add("document", "a document was named in words: this model takes none")
        return {"type": "text", "text": f"[The document {block.get('title') or ''} could not be shown.]"}
    if kind == "tool_reference" and target.maker != reasoning.ANTHROPIC:
        return {"type": "text", "text": f"Tool loaded: {block.get('tool_name', '')}"}
    return block


def _effort(body: dict[str, object], target: Dialect) -> None:
    """Effort and thinking in the words of the model."""
    thinking = body.get("thinking")
    off = isinstance(thinking, dict) and thinking.get("type") == "disabled"
    if off and target.thinking_kind == "between_tools":
        body["thinking"] = {"type": "between_tools"}
        set_effort(body, target, "output_config.effort")
        return
    if off and target.thinking_kind == "always":
        body.pop("thinking")
        body["output_config"] = object_in(body, "output_config") | {"effort": "low"}
        thinking, off = None, False
    effort = object_in(body, "output_config").get("effort")
    if off and target.reasoning_filler is not None:
        drop_field(body, "output_config.effort")
        return
    if off and effort in _ABOVE_HIGH:
        body["output_config"] = object_in(body, "output_config") | {"effort": "high"}
    set_effort(body, target, "output_config.effort")
    if not isinstance(thinking, dict) or off:
        return
    if target.thinking_kind == "" or (
        target.thinking_kind == "enabled" and _open_loop_without_thinking(body)
    ):
        body.pop("thinking")
    elif target.thinking_kind == "enabled" and thinking.get("type") == "adaptive":
        most = (optional_whole(body, "max_tokens") or 0) - _LEAST_ANSWER
        budget = min(_BUDGETS.get(str(effort), 32_000) if effort else 10_000, most)
        if budget < _LEAST_BUDGET:
            body.pop("thinking")
        else:
            body["thinking"] = {"type": "enabled", "budget_tokens": budget}
            for name in ("temperature", "top_k", "top_p"):
                body.pop(name, None)
    elif (
        target.thinking_kind in ("adaptive", "always", "between_tools") and thinking.get("type") == "enabled"
    ):
        display = {"display": thinking["display"]} if "display" in thinking else {}
        body["thinking"] = {"type": "adaptive", **display}
    if object_in(body, "thinking").get("type", "disabled") != "disabled":
        choice = body.get("tool_choice")
        if isinstance(choice, dict) and choice.get("type") in ("any", "tool"):
            body.pop("thinking")  # a forced tool and thinking are refused together


def _open_loop_without_thinking(body: Mapping[str, object]) -> bool:
    """True when the last step's calls came without thinking, which `enabled` refuses."""
    for message in reversed(objects_in(body, "messages")):
        if message.get("role") == "assistant":
            content = message.get("content")
            blocks = content if isinstance(content, list) else []
            calls = any(block.get("type") == "tool_use" for block in blocks)
            thinks = any(block.get("type") in ("thinking", "redacted_thinking") for block in blocks)
            return calls and not thinks
    return False
