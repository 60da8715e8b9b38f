"""The same cases through the translation of this package."""

from __future__ import annotations

import json
from typing import Any

from pf_tui import translate
from pf_tui.catalog import load
from pf_tui.translate import Exchange, dialect
from tests.oracles.cases import Case
from tests.oracles.reading import read

CATALOG = load()
VENDORS = {
    "openai": "openai-api",
    "anthropic": "anthropic-api",
    "mistral": "mistral-api",
    "deepseek": "deepseek-api",
}


def asked(case: Case, cut: int = 0) -> tuple[dict[str, Any], Any]:
    """What the provider is sent, and what the client hears: a whole answer or every event.

    Args:
        cut: the stream arrives in pieces of so many bytes; 0 = in one.
    """
    provider = VENDORS.get(case.vendor, "compatible")
    target = dialect(CATALOG.dialect(provider, case.upstream), provider, case.upstream, case.model)
    exchange = Exchange(json.dumps(case.request).encode(), case.client, target)
    sent = json.loads(exchange.body)
    raw = answer_for(case, sent)
    if case.status != 200:
        status, body = exchange.error(case.status, raw)
        return sent, {"error": json.loads(body) | {"status": status}}
    if not case.stream:
        whole = exchange.answer(raw, message_id="id_1", created=1)
        told = json.loads(whole.body)
        return sent, told if whole.status == 200 else {"error": told}
    stream = translate.events(exchange, message_id="id_1", created=1)
    size = cut or max(1, len(raw))
    out = b"".join(stream.feed(raw[place : place + size]) for place in range(0, len(raw), size))
    lines = (out + stream.finish()).decode().split("\n")
    events = [line[6:] for line in lines if line.startswith("data: ") and line != "data: [DONE]"]
    return sent, [json.loads(event) for event in events]


def answer_for(case: Case, sent: dict[str, Any]) -> bytes:
    """The provider's answer; one case answers with the very name it was sent."""
    if case.answer != "the name that was sent":
        return case.bytes
    return json.dumps(named(sent)).encode()


def named(sent: dict[str, Any]) -> dict[str, Any]:
    """A call of the first tool that was sent."""
    from tests.oracles.cases import completion

    name = sent["tools"][0]["function"]["name"]
    call = {"id": "k1", "type": "function", "function": {"name": name, "arguments": '{"city":"Rome"}'}}
    return completion({"content": None, "tool_calls": [call]}, "tool_calls")


def verdict(case: Case, sent: Any, told: Any) -> str:
    """ "" when it is right, else what is wrong."""
    try:
        case.check(sent, read(case.client, told))
    except (AssertionError, LookupError, TypeError, ValueError, AttributeError, StopIteration) as error:
        return f"{type(error).__name__}: {str(error).strip()[:200]}"
    return ""
