"""Streams as no vendor should send them, by an upstream that writes its own HTTP."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from pf_tui.drill.fake_replies import Reply, events
from pf_tui.gateway import exchange
from tests.gateway.conftest import OPUS, SOL
from tests.gateway.upstreams import Gate, Heard, eventually, opened, start_before

MESSAGES, CHAT, RESPONSES = "anthropic-messages", "openai-chat", "openai-responses"
MODELS = {MESSAGES: OPUS, CHAT: SOL, RESPONSES: SOL}
TEXT = "Grüße, 世界 — 🎈 done."
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"


class Raw:
    """An upstream that answers every request with the same pieces, and notes how often it was asked."""

    def __init__(self) -> None:
        self.pieces: Sequence[bytes] = ()
        self.asked = 0
        self.hangs_up = False
        self._running: asyncio.Server | None = None

    async def start(self, tls: ssl.SSLContext | None = None) -> str:
        self._running = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
        scheme = "https" if tls else "http"
        return f"{scheme}://127.0.0.1:{self._running.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._running is not None
        self._running.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).lower():
                size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                await reader.readexactly(size)
                self.asked += 1
                for piece in self.pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                if self.hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def streams(self, *pieces: bytes, more: bytes = b"", end: bytes = b"0\r\n\r\n") -> None:
        """Answer in chunks of these pieces."""
        chunks = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece]
        self.pieces = [HEAD + more + b"transfer-encoding: chunked\r\n\r\n", *chunks, end]
        self.hangs_up = False

    def until_eof(self, *pieces: bytes, more: bytes = b"") -> None:
        """Answer without a length: the end is the end of the connection."""
        self.pieces = [HEAD.replace(b"1.1", b"1.0") + more + b"\r\n", *pieces]
        self.hangs_up = True


class Scene:
    """A gateway before two such upstreams."""

    def __init__(self, folder: Path, *, alone: bool = False) -> None:
        self.gate = Gate(folder, alone=alone)
        self.first, self.second = Raw(), Raw()

    async def open(self, tls: ssl.SSLContext | None = None) -> None:
        urls = [await self.first.start(tls), await self.second.start()]
        await start_before(self.gate, urls)

    async def close(self) -> None:
        await self.gate.stop()
        await self.first.stop()
        await self.second.stop()

    async def ask(self, protocol: str = MESSAGES) -> Heard:
        return await self.gate.ask(protocol, MODELS[protocol])


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(Scene(tmp_path)) as made:
        yield made


def stream(protocol: str = MESSAGES) -> bytes:
    return b"".join(events(protocol, Reply(text=TEXT), MODELS[protocol], 1))


@pytest.mark.parametrize("protocol", [MESSAGES, CHAT, RESPONSES])
async def test_a_chunk_for_every_byte_arrives_as_it_was(scene: Scene, protocol: str) -> None:
    sent = stream(protocol)
    scene.first.streams(*(bytes([byte]) for byte in sent))

    heard = await scene.ask(protocol)

    assert (heard.body, heard.whole, heard.text) == (sent, True, TEXT)
    assert scene.second.asked == 0


@pytest.mark.parametrize("end", [b"\r\n", b"\r", b"\n"])
@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
async def test_any_line_end_and_comments_in_between_arrive_as_they_were(
    scene: Scene, end: bytes, size: int
) -> None:
    sent = b": hello\n\n" + stream().replace(b"\n\n", b"\n\n: keep-alive\n\n") + b": bye\n\n"
    sent = sent.replace(b"\n", end)
    scene.first.streams(*(sent[start : start + size] for start in range(0, len(sent), size)))

    heard = await scene.ask()

    last = sent.index(b"message_stop", sent.index(b"event: message_stop") + 20)
    assert sent.startswith(heard.body)
    assert len(heard.body) > last
    assert scene.second.asked == 0


async def test_a_last_event_without_its_blank_line_counts(scene: Scene) -> None:
    sent = stream()
    scene.first.until_eof(sent[:-2])

    heard = await scene.ask()

    assert heard.whole
    assert heard.body == sent


async def test_what_was_compressed_unasked_arrives_plain(scene: Scene) -> None:
    sent = stream()
    packed = gzip.compress(sent)
    for size in (1, 50, 100_000):
        pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
        scene.first.streams(*pieces, more=b"content-encoding: gzip\r\n")

        heard = await scene.ask()

        assert heard.body == sent
        assert "content-encoding" not in heard.headers


async def test_what_follows_the_end_of_an_answer_is_no_part_of_it_nor_of_the_next(scene: Scene) -> None:
    sent = stream()
    scene.first.streams(sent, end=b"0\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")

    for _ in range(4):
        heard = await scene.ask()
        assert heard.body == sent


async def test_an_answer_of_http_1_0_without_a_length_is_whole_and_cut_is_told(scene: Scene) -> None:
    sent = stream()
    scene.first.until_eof(sent)
    assert (await scene.ask()).body == sent

    half = sent[: sent.index(b"content_block_stop")]
    scene.first.until_eof(half)
    heard = await scene.ask()
    assert not heard.whole
    assert len(heard.errors) == 1
    assert "broke" in heard.errors[0]


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n"], id="a-length-below-zero"),
        pytest.param([HEAD + b"transfer-encoding: chunked\r\n\r\n", b"zz\r\nwhat\r\n"], id="no-chunk-size"),
        pytest.param([HEAD + b"transfer-encoding: chunked\r\n\r\n", b"5\r\nab"], id="half-a-chunk"),
        pytest.param([HEAD + b"content-length: 5000\r\n\r\n", b": no\n\n"], id="shorter-than-said"),
        pytest.param([b"\x16\x03\x01\x02\x00"], id="tls"),
        pytest.param([b""], id="nothing"),
        pytest.param([b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n"], id="a-header-of-100-kB"),
        pytest.param([HEAD + b"content-encoding: gzip\r\ncontent-length: 4\r\n\r\nnope"], id="no-gzip"),
    ],
)
async def test_what_is_no_answer_goes_to_the_next_provider(scene: Scene, pieces: list[bytes]) -> None:
    scene.first.pieces, scene.first.hangs_up = pieces, True
    scene.second.streams(stream())

    heard = await scene.ask()

    assert (heard.whole, heard.headers.get("x-pf-provider")) == (True, "two")


LIMITED = b'{"error": {"type": "rate_limit_error", "message": "slow down"}}\n'


@pytest.mark.parametrize("length", [b"content-length: 999\r\n", b"transfer-encoding: chunked\r\n", b""])
async def test_an_error_that_is_whole_is_not_waited_on_for_its_end(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, length: bytes
) -> None:
    monkeypatch.setattr(exchange, "END_S", 0.0)
    chunked = b"chunked" in length
    body = b"%x\r\n%s\r\n" % (len(LIMITED), LIMITED) if chunked else LIMITED
    scene.first.pieces = [b"HTTP/1.1 429 X\r\nretry-after: 600\r\n" + length + b"\r\n", body]
    scene.second.streams(stream())

    heard = await scene.ask()

    assert (heard.whole, heard.headers["x-pf-provider"]) == (True, "two")
    assert (await scene.gate.rows(2))[0]["failure"] == "rate"


def certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that is its own authority, and a server's context with it."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    words = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    words += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(words, check=True, capture_output=True)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    return certificate, tls


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl, which makes the certificate, is not here"
)
async def test_a_host_with_a_certificate_is_asked_and_one_without_a_good_one_is_not(tmp_path: Path) -> None:
    made = Scene(tmp_path, alone=True)
    certificate, tls = certified(tmp_path)
    made.gate.env["SSL_CERT_FILE"] = str(certificate)
    try:
        await made.open(tls)
        sent = stream()
        made.second.streams(sent)
        for size in (1, 100_000):
            made.first.streams(*(sent[start : start + size] for start in range(0, len(sent), size)))
            heard = await made.ask()
            assert (heard.body, heard.headers["x-pf-provider"]) == (sent, "one")
        large = b'{"model": "%s", "stream": true, "pad": "%s"}' % (OPUS.encode(), b"x" * 5_000_000)
        assert (await made.gate.ask(MESSAGES, OPUS, body=large)).body == sent

        await made.gate.stop()
        del made.gate.env["SSL_CERT_FILE"]
        await made.gate.start()
        assert (await made.ask()).headers["x-pf-provider"] == "two"
        await eventually(lambda: "its certificate is not valid" in str(made.gate.journal()), "it is told")
    finally:
        await made.close()
