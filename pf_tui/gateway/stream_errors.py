"""How a stream ends that broke or failed: one clean error in its own protocol, or the end it lacks."""

from __future__ import annotations

import json

from pf_tui.gateway.sse import payload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol


def cut_event(protocol: Protocol, sentence: str) -> bytes:
    """One clean in-band error for a stream that broke; the agent then repeats the request itself."""
    if protocol == "anthropic-messages":
        body: dict[str, object] = {
            "type": "error",
            "error": {"type": "overloaded_error", "message": sentence},
        }
        return b"event: error\ndata: " + _json(body) + b"\n\n"
    if protocol == "openai-responses":
        body = {"type": "error", "code": "server_error", "message": sentence, "param": None}
        return b"event: error\ndata: " + _json(body) + b"\n\n"
    return b"data: " + _json({"error": {"message": sentence, "type": "server_error", "code": 502}}) + b"\n\n"


def last_event(protocol: Protocol) -> bytes:
    """The last event of an answer that is whole but for it, where its client waits for one."""
    if protocol != "anthropic-messages":
        return b""
    return b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


def clean_error(protocol: Protocol, event: bytes, *, asks_again: bool = False) -> bytes:
    """A vendor's error event in the one shape that the client takes for an error.

    OpenCode reads a chunk that has choices as an answer, and asks again without end (measured on 1.18);
    Anthropic's own client goes by the event's name.

    Args:
        asks_again: the client shall repeat its request, since another provider may serve it. By the vendor's
            own code or type some give up: Codex 0.171 at insufficient_quota, OpenCode 1.18 at a refused key,
            Claude Code 2.1.332 at a rate limit in the middle of a tool's input.
    """
    try:
        content = json.loads(payload(event))
    except (ValueError, RecursionError):
        content = None
    content = content if isinstance(content, dict) else {}
    choices = content.get("choices")
    nested = (choice.get("error") for choice in choices if isinstance(choice, dict)) if choices else ()
    error = content.get("error") or next(filter(None, nested), None)
    if not asks_again and _is_clean(protocol, event, content, error):
        return event
    if not asks_again and protocol == "openai-chat" and isinstance(error, dict):
        return b"data: " + _json({"error": error}) + b"\n\n"
    response = content.get("response")
    if not error and isinstance(response, dict):
        error = response.get("error")
    message = error.get("message") if isinstance(error, dict) else error or content.get("message")
    return cut_event(protocol, str(message or "the provider broke off its answer"))


def _is_clean(protocol: str, event: bytes, content: dict[str, object], error: object) -> bool:
    """The vendor's event has the client's shape."""
    if isinstance(error, dict):
        if protocol == "openai-chat":
            return "choices" not in content
        named = protocol == "openai-responses" or event[:6] == b"event:"
        return named and content.get("type") == "error"
    in_responses = protocol == "openai-responses" and content.get("type") in ("error", "response.failed")
    return in_responses and not error


def _json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()
