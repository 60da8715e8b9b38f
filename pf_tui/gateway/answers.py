"""What an agent is told when nobody can serve: at once, in its own words, with the time it is back.

Minutes of silent client retries are the enemy. Measured on the real clients: Claude Code stops on
`x-should-retry: false`, OpenCode retries every 429 and stops on 402, Codex stops on usage_limit_reached.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from pf_tui.records import record
from pf_tui.rules.failover import Passed


@record
class Answer:
    """A finished answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def exhausted(protocol: str, agent: str | None, passed: Sequence[Passed], now: datetime) -> Answer:
    """Nobody can serve: one sentence, who is back first and when."""
    ending = [p for p in passed if p.until is not None and p.until > now]
    first = min(ending, key=lambda p: p.until or now) if ending else None
    wait_s = max(1, round((first.until - now).total_seconds())) if first and first.until else 60
    sentence = sentence_for(passed, first)
    headers = {"content-type": "application/json", "x-should-retry": "false"}
    if agent == "codex" or protocol == "openai-responses":
        back = round(now.timestamp()) + wait_s
        body = {
            "error": {
                "type": "usage_limit_reached",
                "message": sentence,
                "plan_type": "plus",
                "resets_at": back,
            }
        }
        return Answer(
            status=429, headers={**headers, "retry-after": str(wait_s)}, body=json.dumps(body).encode()
        )
    if agent == "opencode":
        return Answer(status=402, headers=headers, body=error_body(protocol, "billing_error", sentence))
    headers["retry-after"] = str(wait_s)
    return Answer(status=429, headers=headers, body=error_body(protocol, "rate_limit_error", sentence))


def sentence_for(passed: Sequence[Passed], first: Passed | None) -> str:
    """`pf-tui: all 3 providers are limited; the first is back at 15:40 (openrouter)`."""
    limited = [p for p in passed if p.code in ("benched", "exhausted")]
    if limited and first is not None and first.until is not None:
        count = len(limited)
        who = "the only provider is limited" if count == 1 else f"all {count} providers are limited"
        return f"pf-tui: {who}; the first is back at {first.until.astimezone():%H:%M} ({first.provider})"
    if limited:
        names = ", ".join(p.provider for p in limited)
        return f"pf-tui: nobody can serve: {names} limited until you act; pf-tui status shows why"
    return "pf-tui: no provider can serve this request; pf-tui why shows each reason"


def refused(status: int, protocol: str, sentence: str) -> Answer:
    """A request the gateway itself turns down."""
    kind = {401: "authentication_error", 403: "permission_error", 404: "not_found_error"}.get(
        status, "invalid_request_error"
    )
    headers = {"content-type": "application/json", "x-should-retry": "false"}
    return Answer(status=status, headers=headers, body=error_body(protocol, kind, sentence))


def error_body(protocol: str, kind: str, sentence: str) -> bytes:
    """An error in the protocol's own shape."""
    if protocol == "anthropic-messages":
        content: dict[str, object] = {"type": "error", "error": {"type": kind, "message": sentence}}
    else:
        content = {"error": {"message": sentence, "type": kind, "code": kind, "param": None}}
    return json.dumps(content, ensure_ascii=False).encode()
