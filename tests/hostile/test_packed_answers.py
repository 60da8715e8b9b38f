"""Answers packed in every way that HTTP knows: read whole or not at all, within bounds and in time."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from multidict import CIMultiDict

from pf_tui.gateway.budget import Budget
from pf_tui.gateway.exchange import CHUNK_BYTES, Unreachable, _Inflate
from pf_tui.gateway.held_reply import ClientGone
from pf_tui.gateway.settings import Limits
from pf_tui.gateway.streamed_answer import StreamedAnswer

TEXT = b'{"type": "message", "content": [{"type": "text", "text": "Hello."}]}' * 40


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return engine.compress(data) + engine.flush()


PACKED = {
    "gzip": gzip.compress(TEXT),
    "gzip of two members": gzip.compress(TEXT[:99]) + gzip.compress(TEXT[99:]),
    "gzip among empty members": gzip.compress(b"") * 3 + gzip.compress(TEXT) + gzip.compress(b""),
    "gzip, then zeros": gzip.compress(TEXT) + bytes(99),
    "gzip, then other bytes": gzip.compress(TEXT) + b"other bytes",
    "gzip, then half a head": gzip.compress(TEXT) + b"\x1f",
    "zlib": zlib.compress(TEXT),
    "zlib, then another": zlib.compress(TEXT) + zlib.compress(b"more"),
    "deflate without its envelope": raw_deflate(TEXT),
}


def unpacked(packed: bytes, size: int) -> Iterator[bytes]:
    engine = _Inflate()
    for start in range(0, len(packed), size):
        engine.feed(packed[start : start + size])
        while plain := engine.more():
            yield plain


@pytest.mark.parametrize("size", [1, 2, 3, 17, 2**16])
@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
def test_a_packed_answer_is_read_whole_in_pieces_of_any_size(packed: bytes, size: int) -> None:
    assert b"".join(unpacked(packed, size)) == TEXT


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(TEXT)[:-8] + bytes(8),
        b"\x1f\x8b\x09" + bytes(20),
        b"\x78\x9c" + b"\xff" * 20,
        b"\x78\xbb" + bytes(4) + b"x" * 20,
        gzip.compress(TEXT) + b"\x1f\x8b" + b"\xff" * 20,
        b"GIF89a" * 9,
    ],
    ids=[
        "a wrong sum",
        "another method",
        "no blocks",
        "a dictionary",
        "a second member that is none",
        "a picture",
    ],
)
@pytest.mark.parametrize("size", [1, 2**16])
def test_what_cannot_be_unpacked_is_an_error(packed: bytes, size: int) -> None:
    with pytest.raises(zlib.error):
        list(unpacked(packed, size))


@pytest.mark.parametrize(
    "bomb",
    [gzip.compress(bytes(2**22)) * 3, raw_deflate(bytes(2**23)), gzip.compress(b"") * 2000],
    ids=["of three members", "without an envelope", "of nothing at all"],
)
def test_a_bomb_comes_in_small_pieces(bomb: bytes) -> None:
    assert max(map(len, unpacked(bomb, 2**16)), default=0) <= CHUNK_BYTES


class Silent:
    """An answer in an encoding that nobody can read here; it stops in the middle."""

    status, opaque, has_come, is_whole = 200, True, False, False

    def __init__(self) -> None:
        self.headers = CIMultiDict({"content-type": "text/event-stream", "content-encoding": "br"})
        self._pieces = [b"abc"]

    async def chunk(self) -> bytes:
        if self._pieces:
            return self._pieces.pop()
        await asyncio.Event().wait()
        raise Unreachable("network", "never")


class Client:
    """Takes whatever comes."""

    begun = False

    async def start(self, *_: object) -> None: ...

    async def send(self, *_: object) -> None: ...


async def test_an_unreadable_stream_that_falls_silent_is_not_waited_for() -> None:
    in_flight: Any = type("InFlight", (), {"note_first_byte": lambda *_: None, "hold": Budget().hold()})()
    parts: dict[str, Any] = {
        "meter": None,
        "errors": None,
        "good": lambda: None,
        "head": lambda _: CIMultiDict(),
    }
    answer = StreamedAnswer(
        provider="one",
        protocol="anthropic-messages",
        in_flight=in_flight,
        reply=Client(),  # type: ignore[arg-type]
        limits=Limits(stall_s=0.01),
        began_ms=0,
        **parts,
    )

    with pytest.raises(ClientGone, match="silent"):
        await answer.run(Silent())  # type: ignore[arg-type]
