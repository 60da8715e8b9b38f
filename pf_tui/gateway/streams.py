"""A stream as it passes: its first event, the usage it reports, and whether it came to its end.

Bytes are forwarded as they came; what is looked at is a copy of the line ends.
"""

from __future__ import annotations

import json
from typing import Any

ENDS = {
    "anthropic-messages": (b"message_stop",),
    "openai-chat": (b"[DONE]", b'"finish_reason":"', b'"finish_reason": "'),
    "openai-responses": (b"response.completed", b"response.incomplete", b"response.failed"),
}
"""What the last event of a whole answer holds; a chat stream may do without [DONE]."""


class Events:
    """Cuts bytes into SSE events."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Whole events, each with its blank line."""
        buffer = self._rest + data
        events = []
        start = 0
        while True:
            plain, windows = buffer.find(b"\n\n", start), buffer.find(b"\r\n\r\n", start)
            if plain < 0 and windows < 0:
                break
            end = windows + 4 if plain < 0 or 0 <= windows < plain else plain + 2
            events.append(buffer[start:end])
            start = end
        self._rest = buffer[start:]
        return events

    @property
    def rest(self) -> bytes:
        """What came after the last whole event."""
        return self._rest


def payload(event: bytes) -> bytes:
    """The event's data; b"" for a comment or a bare keep-alive."""
    lines = [line[5:].lstrip() for line in event.splitlines() if line.startswith(b"data:")]
    return b"\n".join(lines)


def is_filler(event: bytes) -> bool:
    """A comment or ping: says nothing about whether the answer is good."""
    data = payload(event)
    return not data or b'"type":"ping"' in data.replace(b" ", b"")


def is_garbage(event: bytes) -> bool:
    """Data that is no JSON object: a client would choke on it."""
    data = payload(event).strip()
    if not data or data == b"[DONE]":
        return False
    if data.startswith(b"{") and data.endswith(b"}"):
        return False
    try:
        return not isinstance(json.loads(data), dict)
    except ValueError:
        return True


def error_in(event: bytes) -> str | None:
    """The error body when the event is one; None when it is good."""
    data = payload(event)
    if b"error" not in data and b"response.failed" not in data:
        return None
    try:
        content = json.loads(data)
    except ValueError:
        return None
    if not isinstance(content, dict):
        return None
    if content.get("type") in ("error", "response.failed") or (
        content.get("error") and not content.get("choices")
    ):
        return data.decode("utf-8", "replace")
    return None


class Meter:
    """Reads usage, ids and the end out of passing events."""

    def __init__(self, protocol: str) -> None:
        self._ends = ENDS[protocol]
        self.finished = False
        self.message_id: str | None = None
        self.model: str | None = None
        self.usage: dict[str, Any] = {}
        self.events = 0
        self.tokens_seen = 0

    def look(self, event: bytes) -> None:
        """Take what one event tells."""
        self.events += 1
        if not self.finished and any(end in event for end in self._ends):
            self.finished = True
        if b'"usage"' not in event and self.events > 2:
            if b"delta" in event:
                self.tokens_seen += 1
            return
        try:
            content = json.loads(payload(event))
        except ValueError:
            return
        if isinstance(content, dict):
            self.take(content)

    def take(self, content: dict[str, Any]) -> None:
        """Take ids and usage from an event's object, or from a whole answer."""
        holder = next(
            (content[key] for key in ("message", "response") if isinstance(content.get(key), dict)), content
        )
        if isinstance(holder.get("id"), str) and self.message_id is None:
            self.message_id = holder["id"]
        if isinstance(holder.get("model"), str) and self.model is None:
            self.model = holder["model"]
        for place in (holder, content):
            usage = place.get("usage")
            if isinstance(usage, dict):
                self.usage.update({key: value for key, value in usage.items() if value is not None})


def counts(protocol: str, usage: dict[str, Any]) -> dict[str, int]:
    """A provider's usage in the ledger's terms: input without cache, output with reasoning."""
    if protocol == "anthropic-messages":
        split = usage.get("cache_creation") if isinstance(usage.get("cache_creation"), dict) else {}
        written, hour = (
            _int(usage.get("cache_creation_input_tokens")),
            _int((split or {}).get("ephemeral_1h_input_tokens")),
        )
        tools = usage.get("server_tool_use")
        return {
            "input": _int(usage.get("input_tokens")),
            "output": _int(usage.get("output_tokens")),
            "reasoning": 0,
            "cache_read": _int(usage.get("cache_read_input_tokens")),
            "cache_write_5m": max(0, written - hour),
            "cache_write_1h": hour,
            "web_searches": _int(tools.get("web_search_requests")) if isinstance(tools, dict) else 0,
        }
    sent = _int(usage.get("prompt_tokens", usage.get("input_tokens")))
    inside = usage.get("prompt_tokens_details", usage.get("input_tokens_details"))
    made = usage.get("completion_tokens_details", usage.get("output_tokens_details"))
    cached = _int(inside.get("cached_tokens")) if isinstance(inside, dict) else 0
    return {
        "input": max(0, sent - cached),
        "output": _int(usage.get("completion_tokens", usage.get("output_tokens"))),
        "reasoning": _int(made.get("reasoning_tokens")) if isinstance(made, dict) else 0,
        "cache_read": cached,
        "cache_write_5m": 0,
        "cache_write_1h": 0,
        "web_searches": 0,
    }


def cut_event(protocol: str, sentence: str) -> bytes:
    """One clean in-band error for a stream that broke; the agent then repeats the request itself."""
    if protocol == "anthropic-messages":
        body = {"type": "error", "error": {"type": "api_error", "message": sentence}}
        return b"event: error\ndata: " + json.dumps(body).encode() + b"\n\n"
    if protocol == "openai-responses":
        body = {"type": "error", "code": "server_error", "message": sentence, "param": None}
        return b"event: error\ndata: " + json.dumps(body).encode() + b"\n\n"
    return (
        b"data: "
        + json.dumps({"error": {"message": sentence, "type": "server_error", "code": 502}}).encode()
        + b"\n\n"
    )


def _int(value: object) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else 0
