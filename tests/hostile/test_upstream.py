"""Promises about upstreams: whatever one answers, the gateway stays small, and its secrets stay here."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from pf_tui.drill.fake_replies import Reply, events
from pf_tui.gateway import cloud_auth
from tests.gateway.conftest import OPUS
from tests.gateway.upstreams import eventually, secret_of
from tests.hostile.upstreams import (
    BLOCK,
    CHUNKED,
    EVENTS,
    JSON,
    KINDS,
    MESSAGES,
    OK,
    Hostile,
    Scene,
    answers_at_once,
    chunk,
)

MOST_MB = 150
GOOD_WHOLE = json.dumps({"type": "message", "content": [{"type": "text", "text": "Hello."}]}).encode()
GOOD = b"".join(events(MESSAGES, Reply(text="Hello."), OPUS, 1))
KEY = secret_of("one")
LOGIN = "sk-ant-oat01-the-login-of-the-client"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    made = Scene(tmp_path)
    try:
        await made.open(firstByteS=20.0, stallS=20.0)
        made.second.answers([OK + EVENTS + b"connection: close\r\n\r\n" + GOOD])
        yield made
    finally:
        await made.close()


def whole(status: int, body: bytes, more: bytes = b"") -> list[bytes]:
    """One answer with a length."""
    head = b"HTTP/1.1 %d X\r\n%s%scontent-length: %d\r\n\r\n" % (status, JSON, more, len(body))
    return [head + body]


def error(message: str, kind: str = "invalid_request_error") -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}}).encode()


# -- memory ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(KINDS))
async def test_eight_hostile_answers_at_once_stay_below_150_mb(tmp_path: Path, kind: str) -> None:
    answers, most_mb = await answers_at_once(tmp_path, kind, 2.0)

    assert most_mb < MOST_MB
    for answer in answers:
        assert answer.status is not None, answer.broken
        assert answer.status >= 400 or len(answer.errors) == 1
        assert len(answer.body) <= 2**20 + 1000


async def test_an_answer_larger_than_the_setting_goes_to_the_next_provider(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await scene.open(firstByteS=20.0, stallS=20.0, answerMB=1)
    large = json.dumps({"type": "message", "content": [{"type": "text", "text": "a" * 2**21}]}).encode()
    scene.hostile.answers(whole(200, large))
    scene.second.answers(whole(200, GOOD_WHOLE))
    try:
        heard = await scene.ask(stream=False)
    finally:
        await scene.close()

    assert (heard.status, heard.headers["x-pf-provider"]) == (200, "two")


async def test_a_request_larger_than_any_provider_takes_is_refused_in_the_clients_protocol(
    scene: Scene,
) -> None:
    heard = await scene.ask(body=b'{"model": "%s", "pad": "%s"}' % (OPUS.encode(), b"a" * (49 * 2**20)))

    assert (heard.status, heard.json["type"]) == (413, "error")
    assert scene.hostile.asked == 0


# -- what is no answer -----------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", id="101"
        ),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", id="204"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\n\r\n", id="304"),
        pytest.param(b"HTTP/1.1 300 X\r\ncontent-length: 0\r\n\r\n", id="300"),
        pytest.param(
            b"HTTP/1.1 302 X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n", id="302"
        ),
        pytest.param(OK + JSON + b"content-length: 0\r\n\r\n", id="200-empty"),
        pytest.param(OK + EVENTS + b"content-length: 0\r\n\r\n", id="200-empty-stream"),
        pytest.param(OK + b"content-encoding: br\r\ncontent-length: 0\r\n\r\n", id="200-empty-br"),
        pytest.param(OK + JSON + b"content-length: 5, 7\r\n\r\n{}", id="two-lengths"),
        pytest.param(OK + JSON + b"content-length: 2x\r\n\r\n{}", id="no-length"),
        pytest.param(OK + JSON + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}", id="both"),
        pytest.param(OK + JSON + b"content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}", id="no-gzip"),
        pytest.param(OK + b"bad header\r\n\r\n", id="no-header"),
        pytest.param(OK + JSON + b"content-length: -2\r\n\r\n{}", id="negative-length"),
        pytest.param(OK + JSON + b"content-length: 2\r\ncontent-length: 900\r\n\r\n{}", id="two-headers"),
        pytest.param(OK + JSON + b"content-length: 99999999999999999999\r\n\r\n{}", id="length-of-exabytes"),
        pytest.param(OK + JSON + CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n", id="negative-chunk"),
        pytest.param(OK + JSON + CHUNKED + b"ffffffffffffffffff\r\n{}", id="chunk-of-zettabytes"),
        pytest.param(OK + JSON + CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n", id="chunk-in-another-base"),
        pytest.param(
            OK + JSON + b"transfer-encoding: xchunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", id="unknown-coding"
        ),
        pytest.param(
            b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + OK + b"\x00: x\r\n\r\n", id="continues-then-no-header"
        ),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\ncontent-length: 2\r\n\r\n{}", id="early-hints-with-a-body"
        ),
        pytest.param(b"HTTP/1.1 200\nOK\r\n\r\n{}", id="a-status-of-two-lines"),
        pytest.param(b"HTTP/1.1 999 X\r\ncontent-length: 0\r\n\r\n", id="999"),
        pytest.param(b"HTTP/0.9 200 OK\r\n\r\n{}", id="http-0.9"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", id="tls-alert"),
        pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n", id="another-protocol"),
    ],
)
async def test_what_is_no_answer_goes_to_the_next_provider(scene: Scene, answer: bytes, stream: bool) -> None:
    scene.hostile.answers([answer])
    scene.second.answers(
        [OK + EVENTS + b"connection: close\r\n\r\n" + GOOD] if stream else whole(200, GOOD_WHOLE)
    )

    heard = await scene.ask(stream=stream)

    assert (heard.status, heard.headers.get("x-pf-provider")) == (200, "two")
    assert scene.hostile.asked >= 1


ELSEWHERE = [
    "http://127.0.0.1:PORT/v1/messages",
    "//127.0.0.1:PORT/v1/messages",
    "http://user:word@127.0.0.1:PORT/",
    "file:///proc/self/environ",
    "ftp://127.0.0.1:PORT/",
    "data:application/json,{}",
    "",
]


@pytest.mark.parametrize("place", ELSEWHERE)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_no_redirect_takes_a_key_anywhere(scene: Scene, code: int, place: str) -> None:
    foreign = Hostile()
    port = (await foreign.start()).rpartition(":")[2]
    location = place.replace("PORT", port).encode()
    scene.hostile.answers(whole(code, b"", b"location: %s\r\n" % location))

    heard = await scene.ask()

    foreign.stop()
    assert (heard.headers["x-pf-provider"], scene.hostile.asked, foreign.connections) == ("two", 1, 0)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_no_redirect_takes_a_clouds_login_anywhere(code: int) -> None:
    pytest.importorskip("google.auth")
    issuer, foreign = Hostile(), Hostile()
    url, elsewhere = await issuer.start(), await foreign.start()
    issuer.answers(whole(code, b"", b"location: %s\r\n" % elsewhere.encode()))

    answer = await asyncio.to_thread(
        cloud_auth._request, url, "POST", b"assertion=x", {"authorization": f"Bearer {LOGIN}"}
    )

    issuer.stop()
    foreign.stop()
    assert (answer.status, foreign.connections) == (code, 0)


async def test_a_clouds_answer_without_an_end_is_cut_off() -> None:
    pytest.importorskip("google.auth")
    issuer = Hostile()
    url = await issuer.start()
    issuer.answers((OK + JSON + b"connection: close\r\n\r\n", BLOCK))

    answer = await asyncio.to_thread(cloud_auth._request, url, "POST", b"assertion=x")

    issuer.stop()
    assert len(answer.data) == cloud_auth.MOST_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b'{"model": "\xff\xfe", "messages": []}',
        b'{"model": "\\ud800", "messages": []}',
        b'{"model": ["a"], "messages": []}',
        b'{"model": "a"',
        b"\xff",
    ],
)
async def test_a_model_name_that_is_no_text_is_the_clients_error(scene: Scene, body: bytes) -> None:
    heard = await scene.ask(body=body)

    assert (heard.status, heard.json["error"]["type"]) == (400, "invalid_request_error")
    assert scene.hostile.asked == 0


async def test_a_header_with_control_characters_is_not_handed_on(scene: Scene) -> None:
    scene.hostile.answers(
        [OK + EVENTS + b"x-bad: a\x01b\x7f\xff\r\nx-good: yes\r\nconnection: close\r\n\r\n" + GOOD]
    )

    heard = await scene.ask()

    assert heard.status == 200
    assert "x-bad" not in heard.headers


# -- credentials -----------------------------------------------------------------------------------

FORMS = [
    pytest.param(KEY, id="plain"),
    pytest.param(base64.b64encode(KEY.encode()).decode(), id="base64"),
    pytest.param(base64.b64encode(f"user:{KEY}".encode()).decode(), id="basic"),
    pytest.param(quote(KEY + "/", safe=""), id="url"),
    pytest.param(json.dumps(KEY)[1:-1], id="json"),
    pytest.param(secret_of("two"), id="another-providers-key"),
    pytest.param(LOGIN, id="the-clients-own-login"),
]


async def everything(scene: Scene) -> str:
    """All that is kept, and all that faces show of it."""
    gate = scene.gate
    await eventually(lambda: bool(gate.journal()), "it is told")
    shown = [
        str(await gate.run(*words))
        for words in (("events", "--json"), ("why", "--json"), ("status", "--json"))
    ]
    await gate.stop()
    files = [path.read_bytes().decode("utf-8", "replace") for path in gate.home.rglob("*") if path.is_file()]
    return "".join([*shown, *files, gate.said()])


@pytest.mark.parametrize("form", FORMS)
async def test_a_credential_that_an_error_repeats_is_shown_and_kept_nowhere(scene: Scene, form: str) -> None:
    answer = whole(401, error(f"the key {form} is not valid"), b"x-echo: %s\r\n" % form.encode())
    scene.hostile.answers(answer)
    scene.second.answers(answer)

    heard = await scene.ask(headers={"authorization": f"Bearer {LOGIN}"})

    assert form not in str(heard)
    assert heard.status >= 400
    assert form not in await everything(scene)


async def test_a_credential_split_over_pieces_is_masked(scene: Scene) -> None:
    body = error(f"max_tokens: {KEY} > 8192, which is the maximum allowed")
    pieces = b"".join(chunk(body[place : place + 3]) for place in range(0, len(body), 3))
    scene.hostile.answers([b"HTTP/1.1 400 X\r\n" + JSON + CHUNKED + pieces + b"0\r\n\r\n"])

    heard = await scene.ask()

    assert (heard.status, KEY in str(heard)) == (400, False)
    assert "max_tokens: ••• > 8192" in heard.json["error"]["message"]


async def test_a_credential_in_a_packed_error_is_masked(scene: Scene) -> None:
    scene.hostile.answers(whole(400, gzip.compress(error(f"key {KEY}")), b"content-encoding: gzip\r\n"))

    heard = await scene.ask()

    assert heard.json["error"]["message"] == "key •••"


@pytest.mark.parametrize("encoding", [b"br", b"zstd", b"gzip, gzip", b"br, gzip"])
async def test_an_error_packed_in_a_way_nobody_asked_for_is_told_in_one_sentence(
    scene: Scene, encoding: bytes
) -> None:
    scene.hostile.answers(whole(400, b"\x1b\x2f" + KEY.encode(), b"content-encoding: %s\r\n" % encoding))

    heard = await scene.ask()

    assert heard.status == 400
    assert "no readable body" in heard.json["error"]["message"]
    assert KEY not in str(heard)


async def test_a_credential_in_an_error_inside_a_stream_is_masked(scene: Scene) -> None:
    start = GOOD[: GOOD.index(b"event: content_block_stop")]
    scene.hostile.answers(
        [
            OK
            + EVENTS
            + CHUNKED
            + chunk(start)
            + chunk(b"event: error\ndata: " + error(f"bad {KEY}") + b"\n\n")
        ]
    )

    heard = await scene.ask()

    assert heard.body.startswith(start)
    assert (len(heard.errors), KEY in str(heard)) == (1, False)


async def test_a_credential_in_a_header_of_a_good_answer_is_masked_and_its_bytes_are_not_touched(
    scene: Scene,
) -> None:
    said = GOOD.replace(b"Hello.", f"Hello {KEY}.".encode())
    scene.hostile.answers([OK + EVENTS + b"x-echo: <%s>\r\nconnection: close\r\n\r\n" % KEY.encode() + said])

    heard = await scene.ask()

    assert heard.body == said
    assert KEY not in str(heard.headers)


# -- the prompt ------------------------------------------------------------------------------------

PROMPT = 'The merger of Acme and Bolt closes on the 4th of March, said "Grüße, Ann"\nin room 12 of the annex.'


@pytest.mark.parametrize(
    "said",
    [
        f"cannot process: {PROMPT}",
        f"invalid input {PROMPT[:60]} is not allowed",
        PROMPT.upper(),
        PROMPT.replace("\n", " "),
    ],
)
async def test_nothing_of_the_prompt_is_kept(scene: Scene, said: str) -> None:
    scene.hostile.answers(whole(429, error(said, "rate_limit_error")))
    body = {"model": OPUS, "stream": True, "messages": [{"role": "user", "content": PROMPT}]}

    heard = await scene.ask(body=json.dumps(body).encode())
    kept = await everything(scene)

    assert heard.headers["x-pf-provider"] == "two"
    assert "rate_limit_error" in kept
    assert "merger" not in kept.lower()


async def test_one_sentence_of_the_provider_is_kept(scene: Scene) -> None:
    scene.hostile.answers(
        whole(429, error("You are over your limit. Ask the owner of the account for more."))
    )

    await scene.ask()
    kept = await everything(scene)

    assert "You are over your limit." in kept
    assert "owner of the account" not in kept
