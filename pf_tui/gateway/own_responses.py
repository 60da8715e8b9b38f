"""What an agent is told when no provider is available: at once, in its own words, with the time it is back.

Minutes of silent client retries are the enemy, but what passes by itself, or is over within about a minute,
is left to them. Measured on the real clients: Claude Code stops on
`x-should-retry: false`, OpenCode retries every 429 and stops on 402, Codex stops on usage_limit_reached.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from secrets import token_hex

from pf_tui import called
from pf_tui.called import spelled
from pf_tui.clients import CLIENTS
from pf_tui.gateway.body import Request
from pf_tui.records import record
from pf_tui.rules import failover
from pf_tui.rules.eligibility import Skipped
from pf_tui.state.clock import time_of_day

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

UNKNOWN_WAIT_S = 60
"""retry-after where nobody knows when somebody is back."""

SOON_S = 65
"""Back within about a minute: the client's own retries bridge that (Claude Code's last some three)."""

MOST_REASONS = 3
"""Providers without a model for a request that are named."""

LONGEST_RETRY_S = 300
"""What a session that waits for the reset is told at once: a client that waits for hours hears no change."""

_TRANSIENT = ("overload", "server", "network", "timeout")
_REFUSING = ("auth", "account", "address", "model", "unsupported", "request", "context")


@record
class Answer:
    """A finished answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    until: datetime | None = None
    """When somebody is back, where the client is told to ask sooner."""


def exhausted(
    protocol: Protocol,
    agent: str | None,
    skipped: Sequence[Skipped],
    now: datetime,
    zone: tzinfo | None = None,
    *,
    waits: bool = False,
) -> Answer:
    """Nobody can serve: one sentence, who is limited, who cannot be reached, who is back first and when.

    Where somebody is back within about a minute, or trouble passes by itself, the client's own retries go on.

    Args:
        waits: the session was started to go on at the reset: its client asks again until somebody is back.
    """
    at_limit, unreached, rejections, by_hand = by_trouble(skipped)
    first = first_back(skipped, now)
    wait_s = UNKNOWN_WAIT_S
    if first is not None and first.until is not None:
        wait_s = max(1, -int(-(first.until - now).total_seconds() // 1))
    soon = first is not None and wait_s <= SOON_S
    sentence = spelled(sentence_for(skipped, first, now, zone))
    headers = {"content-type": "application/json"}
    if soon:
        headers["retry-after"] = str(wait_s)
    if unreached:
        return Answer(status=503, headers=headers, body=error_body(protocol, "api_error", sentence))
    if soon:
        until = first.until if waits and first is not None else None
        body = error_body(protocol, "rate_limit_error", sentence)
        return Answer(status=429, headers=headers, body=body, until=until)
    if waits and first is not None:
        headers["retry-after"] = str(min(wait_s, LONGEST_RETRY_S))
        body = error_body(protocol, "rate_limit_error", sentence)
        return Answer(status=429, headers=headers, body=body, until=first.until)
    headers["x-should-retry"] = "false"
    codex = agent == "codex" or protocol == "openai-responses"
    if not at_limit or (codex and (rejections or by_hand)):  # Codex prints "Upgrade to Pro" for a usage limit
        return Answer(status=403, headers=headers, body=error_body(protocol, "permission_error", sentence))
    if codex:
        content = {
            "error": {
                "type": "usage_limit_reached",
                "message": sentence,
                "plan_type": "plus",
                "resets_at": round(now.timestamp()) + wait_s,
                "resets_in_seconds": wait_s,
            }
        }
        headers["retry-after"] = str(wait_s)
        return Answer(status=429, headers=headers, body=_json(content))
    if agent == "opencode":
        return Answer(status=402, headers=headers, body=error_body(protocol, "billing_error", sentence))
    headers["retry-after"] = str(wait_s)
    return Answer(status=429, headers=headers, body=error_body(protocol, "rate_limit_error", sentence))


def by_trouble(
    skipped: Sequence[Skipped],
) -> tuple[dict[str, Skipped], dict[str, Skipped], dict[str, Skipped], dict[str, Skipped]]:
    """Who is limited, who cannot be reached, who refused, and whom the person put to rest, by provider."""
    at_limit, unreached, rejections, by_hand = {}, {}, {}, {}
    for skip in skipped:
        if not skip.is_resting and skip.code != "failed":
            continue
        if skip.kind in _TRANSIENT:
            unreached[skip.provider] = skip
        elif skip.kind in _REFUSING:
            rejections[skip.provider] = skip
        elif skip.kind == "manual":
            by_hand[skip.provider] = skip
        else:
            at_limit[skip.provider] = skip
    return at_limit, unreached, rejections, by_hand


def first_back(skipped: Sequence[Skipped], now: datetime) -> Skipped | None:
    """The limited provider that is back first; None where nobody's end is known."""
    at_limit = (skip for skip in skipped if skip.is_resting and skip.kind not in (*_TRANSIENT, *_REFUSING))
    return failover.first_back(skip for skip in at_limit if skip.until is not None and skip.until > now)


def sentence_for(
    skipped: Sequence[Skipped], first: Skipped | None, now: datetime, zone: tzinfo | None = None
) -> str:
    """`pf-tui: all 3 providers are limited; the first is back at 15:40 (openrouter)`."""
    at_limit, unreached, rejections, by_hand = by_trouble(skipped)
    paid = [skip.provider for skip in skipped if skip.code == "paid"]
    asks = f"; {paid[0]} costs money: `pf-tui allow paid --today` lets it serve" if paid else ""
    sentences = [
        *(f"{name} cannot be reached: {skip.reason}" for name, skip in unreached.items()),
        *(f"{name} refused: {skip.reason}" for name, skip in rejections.items()),
        *(f"{name} rests by hand: `pf-tui release {name}` ends that" for name in by_hand),
    ]
    count = len(at_limit)
    if first is not None and first.until is not None:
        who = "the only provider is limited" if count == 1 else f"all {count} providers are limited"
        if sentences:
            who = f"{next(iter(at_limit), '')} is limited" if count == 1 else f"{count} providers are limited"
        back = f"the first is back at {_clock(first.until, now, zone)} ({first.provider})"
        return "pf-tui: " + "; ".join([*([who] if count else []), back, *sentences]) + asks
    if sentences:
        sentences = [*(f"{name} is limited: {skip.reason}" for name, skip in at_limit.items()), *sentences]
    elif at_limit:
        sentences = [
            "no provider available: " + ", ".join(f"{name} {skip.reason}" for name, skip in at_limit.items())
        ]
    elif asks:
        return f"pf-tui: no provider available{asks}"
    else:
        reasons = [f"{skip.provider} {skip.reason}" for skip in skipped if skip.code == "model"]
        each = f": {'; '.join(reasons[:MOST_REASONS])}" if reasons else ""
        return f"pf-tui: no provider can serve this request{each}; pf-tui why shows each reason"
    ends = "" if not (at_limit or rejections) else "; pf-tui why shows what ends it"
    return "pf-tui: " + "; ".join(sentences) + (asks or ends)


def reserved(protocol: Protocol, login: str, agent: str | None) -> Answer:
    """The agent's own login comes first and could serve: a paid key is not used in its place."""
    client = CLIENTS.get(agent) if agent else None
    word = client.word if client is not None else agent or "the agent"
    sentence = spelled(
        f"pf-tui: {login} serves, and that login is {word}'s own: start it with `pf-tui run {word}`, let the "
        f"login through with --pass-through, or put a key first with `pf-tui switch PROVIDER`"
    )
    headers = {"content-type": "application/json", "x-should-retry": "false"}
    return Answer(status=403, headers=headers, body=error_body(protocol, "permission_error", sentence))


def no_search(request: Request) -> Answer:
    """A web search that nobody of the list can run: a tool's error in Claude Code's shape, never plain text.

    Plain text would be taken for search results.
    """
    shows = f"`{called.name_here()} why --matrix` shows who can"
    sentence = f"pf-tui: no provider of your list can search the web now; {shows}"
    if request.protocol != "anthropic-messages":
        return refused(400, request.protocol, sentence)
    call = f"srvtoolu_{token_hex(12)}"
    problem = {"type": "web_search_tool_result_error", "error_code": "unavailable"}
    blocks: list[dict[str, object]] = [
        {"type": "server_tool_use", "id": call, "name": "web_search", "input": {}},
        {"type": "web_search_tool_result", "tool_use_id": call, "content": problem},
        {"type": "text", "text": sentence},
    ]
    usage = {"input_tokens": 0, "output_tokens": 0}
    message: dict[str, object] = {
        "id": f"msg_{token_hex(12)}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": blocks,
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }
    if not request.stream:
        return Answer(status=200, headers={"content-type": "application/json"}, body=_json(message))
    start = {**message, "content": [], "stop_reason": None}
    events: list[dict[str, object]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(blocks):
        first_block = {**block, "text": ""} if block["type"] == "text" else block
        events.append({"type": "content_block_start", "index": index, "content_block": first_block})
        if block["type"] == "text":
            delta = {"type": "text_delta", "text": sentence}
            events.append({"type": "content_block_delta", "index": index, "delta": delta})
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    events += [{"type": "message_delta", "delta": end, "usage": usage}, {"type": "message_stop"}]
    body = b"".join(
        b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), _json(event)) for event in events
    )
    return Answer(status=200, headers={"content-type": "text/event-stream"}, body=body)


def unreachable(protocol: Protocol, provider: str, text: str, *, silent: bool) -> Answer:
    """An upstream gave no answer at all."""
    headers = {"content-type": "application/json"}
    kind = "timeout_error" if silent and protocol == "anthropic-messages" else "api_error"
    sentence = f"pf-tui: {provider} cannot be reached: {text}"
    return Answer(status=504 if silent else 502, headers=headers, body=error_body(protocol, kind, sentence))


def no_answer(protocol: Protocol, provider: str, text: str) -> Answer:
    """An upstream answered well, by its status, with what is no answer."""
    headers = {"content-type": "application/json"}
    sentence = f"pf-tui: {provider} gave no answer: {text}"
    return Answer(status=502, headers=headers, body=error_body(protocol, "api_error", sentence))


def too_much(protocol: Protocol, total: int) -> Answer:
    """The gateway holds as many bytes as it may: agents ask again by themselves."""
    sentence = f"pf-tui: requests and answers under way hold {total >> 20} MB, the most allowed; try again"
    headers = {"content-type": "application/json", "retry-after": "2"}
    return Answer(status=503, headers=headers, body=error_body(protocol, "overloaded_error", sentence))


_STATUSES: Mapping[str, tuple[int, str]] = {
    **dict.fromkeys(("rate", "windowless", "quota"), (429, "rate_limit_error")),
    "overload": (529, "overloaded_error"),
    "timeout": (504, "timeout_error"),
    "auth": (401, "authentication_error"),
    "account": (403, "permission_error"),
    "model": (404, "not_found_error"),
    **dict.fromkeys(("request", "context", "unsupported"), (400, "invalid_request_error")),
}


def in_words(protocol: Protocol, kind: str, message: str) -> Answer:
    """An error that came under a good status, under the status it should have had."""
    status, word = _STATUSES.get(kind, (502, "api_error"))
    if status == 529 and protocol != "anthropic-messages":
        status = 503
    headers = {"content-type": "application/json"}
    return Answer(status=status, headers=headers, body=error_body(protocol, word, message))


def refused(status: int, protocol: Protocol, sentence: str) -> Answer:
    """A request the gateway itself turns down."""
    kind = {401: "authentication_error", 403: "permission_error", 404: "not_found_error"}.get(
        status, "invalid_request_error"
    )
    headers = {"content-type": "application/json", "x-should-retry": "false"}
    return Answer(status=status, headers=headers, body=error_body(protocol, kind, sentence))


def error_body(protocol: Protocol, kind: str, sentence: str) -> bytes:
    """An error in the protocol's own shape."""
    if protocol == "anthropic-messages":
        return _json({"type": "error", "error": {"type": kind, "message": sentence}})
    return _json({"error": {"message": sentence, "type": kind, "code": kind, "param": None}})


def is_error_of(protocol: str, content: object) -> bool:
    """True for an error body in the protocol's own shape."""
    if not isinstance(content, dict) or not isinstance(error := content.get("error"), dict):
        return False
    is_whole = isinstance(error.get("message"), str)
    return is_whole and (protocol != "anthropic-messages" or content.get("type") == "error")


def _clock(moment: datetime, now: datetime, zone: tzinfo | None) -> str:
    """The time of day, with seconds when it is soon."""
    if moment - now < timedelta(minutes=2):
        return f"{moment.astimezone(zone):%H:%M:%S}"
    return time_of_day(moment, now, zone)


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def sentence_in(answer: Answer) -> str:
    """The sentence of one of our own answers."""
    content = json.loads(answer.body)
    return str(content["error"]["message"])
