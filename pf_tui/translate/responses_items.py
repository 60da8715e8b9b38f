"""The items and the frame of an OpenAI Responses answer, as they are written."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pf_tui.translate.conversation import Call, Open, Stop, Usage, bad_request

KEPT_ELSEWHERE = ("previous_response_id", "conversation", "prompt")
"""Fields that name what one vendor keeps: without it the answer would be about nothing."""


def refuse_kept_elsewhere(body: Mapping[str, object], names: Collection[str]) -> None:
    """Refuse a request that begins in a place nobody else can read.

    Raises:
        WrongUsage: one of `names` is set.
    """
    for name in KEPT_ELSEWHERE:
        if name in names and body.get(name):
            raise bad_request(
                f"{name} names what only the provider that keeps it can read; send the whole conversation"
            )


def message_item(item_id: str, text: str, status: str = "completed") -> dict[str, object]:
    """A message with one text; without text while it begins."""
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    return {
        "type": "message",
        "id": item_id,
        "status": status,
        "role": "assistant",
        "content": [part] if status == "completed" else [],
    }


def reasoning_item(item_id: str, text: str, signature: str) -> dict[str, object]:
    """A reasoning item with one summary."""
    item: dict[str, object] = {
        "type": "reasoning",
        "id": item_id,
        "summary": [{"type": "summary_text", "text": text}] if text else [],
    }
    return item | ({"encrypted_content": signature} if signature else {})


def call_item(
    item_id: str, call: Call | Open, arguments: str, status: str = "completed"
) -> dict[str, object]:
    """A function call, or the custom tool call that Codex asked for."""
    item: dict[str, object] = {
        "type": "custom_tool_call" if call.custom else "function_call",
        "id": item_id,
        "call_id": call.id,
        "name": call.name,
        "input" if call.custom else "arguments": arguments,
        "status": status,
    }
    return item | ({"namespace": call.namespace} if call.namespace else {})


def response_object(response_id: str, model: str, created: int) -> dict[str, object]:
    """A response that has begun."""
    return {
        "id": response_id,
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": model,
        "output": [],
        "parallel_tool_calls": True,
        "temperature": None,
        "tool_choice": "auto",
        "tools": [],
        "top_p": None,
        "store": False,
        "usage": None,
    }


def status_of(stop: Stop, usage: Usage) -> dict[str, object]:
    """What a response says of itself when it is whole."""
    reason = {
        "length": "max_output_tokens",
        "overflow": "max_output_tokens",
        "refusal": "content_filter",
    }.get(stop)
    return {
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "usage": write_usage(usage),
    }


def write_usage(usage: Usage) -> dict[str, object]:
    """Tokens as Responses counts them."""
    return {
        "input_tokens": usage.total_input,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total_input + usage.output,
    }
