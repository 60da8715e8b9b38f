"""What a translated answer keeps is counted, and a small text that becomes a large value is not read."""

from __future__ import annotations

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest
from multidict import CIMultiDict

from pf_tui import translate
from pf_tui.gateway.budget import Budget, OverBudget
from pf_tui.gateway.exchange import Unreachable, reading
from pf_tui.gateway.translation import KEPT_BYTES, TranslatedExchange
from pf_tui.json_values import bytes_when_read
from pf_tui.translate import arguments
from tests.hostile.upstreams import chat

MESSAGES, CHAT, RESPONSES = "anthropic-messages", "openai-chat", "openai-responses"
TOOL = {"name": "Read", "input_schema": {"type": "object", "properties": {"a": {"type": "string"}}}}


def call(index: object, arguments: str = "", **more: str) -> bytes:
    """A piece of a tool call in a Chat stream."""
    return chat(tool_calls=[{"index": index, **more, "function": {"name": "Read", "arguments": arguments}}])


def silent(number: int) -> bytes:
    event = {"type": "response.custom_tool_call_input.delta", "output_index": number, "delta": ""}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


def signed(number: int) -> bytes:
    delta = {"type": "signature_delta", "signature": "s" * 60}
    event = {"type": "content_block_delta", "index": number, "delta": delta}
    return b"data: " + json.dumps(event).encode() + b"\n\n"


ENDLESS: dict[str, tuple[str, str, bytes, Callable[[int], bytes]]] = {
    "text": (RESPONSES, CHAT, b"", lambda n: chat(content="a word, ")),
    "reasoning": (RESPONSES, CHAT, b"", lambda n: chat(reasoning_content="hm " * 99)),
    "one call's arguments": (
        *(MESSAGES, CHAT, call(0, '{"a": "', id="c")),
        lambda n: chat(tool_calls=[{"index": 0, "function": {"arguments": "x" * 40}}]),
    ),
    "brackets": (
        *(MESSAGES, CHAT, call(0, '{"a": ', id="c")),
        lambda n: chat(tool_calls=[{"index": 0, "function": {"arguments": "[" * 400}}]),
    ),
    "calls": (RESPONSES, CHAT, b"", lambda n: call(n, '{"a": "b"}', id=f"c{n}")),
    "turns of text and reasoning": (
        *(RESPONSES, CHAT, b""),
        lambda n: chat(content="a") if n % 2 else chat(reasoning_content="b"),
    ),
    "calls that say nothing": (CHAT, RESPONSES, b"", silent),
    "signatures of nothing": (RESPONSES, MESSAGES, b"", signed),
}
"""Kind -> the client's protocol, the provider's, how the stream begins, and what follows for ever."""


class Inner:
    """An upstream's answer, as far as it is read."""

    status, opaque, has_come, is_whole = 200, False, False, False

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.headers = CIMultiDict({"content-type": "text/event-stream"})
        self._pieces = pieces

    async def chunk(self) -> bytes:
        return b"".join(next(self._pieces) for _ in range(50))


class Turn:
    """What an exchange asks of a translation."""

    def __init__(self, source: str, target: str) -> None:
        tools: list[object] = [TOOL] if source == MESSAGES else []
        body = {"model": "m", "stream": True, "max_tokens": 9, "messages": [], "input": [], "tools": tools}
        dialect = translate.Dialect(protocol=target, provider="p", model="m")  # type: ignore[arg-type]
        self._exchange = translate.Exchange(json.dumps(body).encode(), source, dialect)

    def events(self) -> object:
        return translate.events(self._exchange, message_id="x_1")


async def to_its_end(exchange: TranslatedExchange) -> None:
    while await exchange.chunk():
        pass


@pytest.mark.parametrize("kind", ENDLESS)
async def test_all_that_is_kept_of_an_endless_stream_is_counted_and_it_ends(kind: str) -> None:
    source, target, first, again = ENDLESS[kind]

    def pieces() -> Iterator[bytes]:
        yield first
        number = 0
        while True:
            number += 1
            yield again(number)

    budget = Budget(2**18)
    exchange = TranslatedExchange(Inner(pieces()), Turn(source, target), budget.hold(), stream=True)  # type: ignore[arg-type]

    tracemalloc.start()
    try:
        with pytest.raises(OverBudget):
            await to_its_end(exchange)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept < budget.total + 2**17


async def test_a_stream_longer_than_any_answer_ends_without_the_others_budget() -> None:
    budget = Budget()
    text = chat(content="x" * 2**16)
    exchange = TranslatedExchange(
        Inner(iter([text] * 10_000)), Turn(MESSAGES, CHAT), budget.hold(), stream=True
    )  # type: ignore[arg-type]

    with pytest.raises(Unreachable, match="longer than any answer"):
        await to_its_end(exchange)

    assert budget.total - budget.remaining <= KEPT_BYTES


@pytest.mark.parametrize(
    "raw",
    [
        b"[" + b"{}," * 2**20 + b"{}]",
        b'{"a":"' + b"a" * 2**24 + '🎈"}'.encode(),
        b"[" + b"[]," * 2**20 + b"1]",
    ],
    ids=["objects", "letters of four bytes", "lists"],
)
def test_a_text_that_becomes_a_large_value_is_not_read(raw: bytes) -> None:
    budget = Budget()

    with pytest.raises(Unreachable, match="more in it than can be read"), reading(raw, budget.hold()):
        pass

    assert budget.remaining == budget.total


@pytest.mark.parametrize("piece", [b"{},", b"[],", b'"ab",', b"1.5,", b'{"a":1},', b"null,"])
def test_what_reading_takes_is_never_guessed_too_low(piece: bytes) -> None:
    raw = b"[" + piece * 5000 + b"0]"

    tracemalloc.start()
    value = json.loads(raw)
    took, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert value
    assert took <= 2 * bytes_when_read(raw)


def test_what_is_read_is_given_back() -> None:
    budget = Budget()
    hold = budget.hold()

    with reading(b"[" * 100_000, hold):
        assert budget.remaining < budget.total

    assert budget.remaining == budget.total


@pytest.mark.parametrize(
    "text",
    [
        "```" + " " * 200_000 + "x",
        "{" + "," * 200_000 + "\x01",
        '{"a": ' + "[" * 200_000,
        '{"a": "' + "\n\\" * 100_000,
        "[1," * 60_000 + "\x00",
        "{1:" * 60_000,
        "{" + " " * 200_000 + "]",
    ],
    ids=["fence", "commas", "brackets", "escapes", "lists", "literals", "blanks"],
)
def test_arguments_of_any_make_are_mended_in_a_moment(text: str) -> None:
    before_s = time.process_time()

    arguments.mended(text)
    stream = arguments.ArgumentStream()
    for begin in range(0, len(text), 1000):
        stream.feed(text[begin : begin + 1000])
    stream.finish()

    assert time.process_time() - before_s < 10
