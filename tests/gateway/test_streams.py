"""Streams as vendors really send them: handshakes, long silences, errors inside, empty answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from pf_tui import actions
from pf_tui.drill.fake_replies import HANDSHAKE_EVENTS, Call, Reply, events, whole
from pf_tui.drill.faults import WORDS, Fault
from pf_tui.drill.faults import event as error_event
from tests.gateway.conftest import OPUS, SOL
from tests.gateway.upstreams import PATHS, Heard, StillGate, opened, request_body, start_before
from tests.patience import PATIENCE_S

MESSAGES, CHAT, RESPONSES = "anthropic-messages", "openai-chat", "openai-responses"
MODELS = {MESSAGES: OPUS, CHAT: SOL, RESPONSES: SOL}
PROTOCOLS = sorted(MODELS)
KEEP_ALIVES = {MESSAGES: b'"ping"', CHAT: b": keep-alive", RESPONSES: b": keep-alive"}
SOON_S = 0.02

Play = Callable[[web.StreamResponse, str], Awaitable[None]]


class Scripted:
    """An upstream whose stream is written by the test, and which counts its requests."""

    def __init__(self) -> None:
        self.asked = 0
        self.play: Play = whole_answer
        self.serve: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        """Answers in place of `play`, head and all."""
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        app = web.Application()
        app.router.add_post("/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        if self.serve is not None:
            return await self.serve(request)
        path = request.path
        protocol = MESSAGES if "messages" in path else CHAT if "chat" in path else RESPONSES
        if not json.loads(await request.read()).get("stream"):
            written: Any = Written()
            await self.play(written, protocol)
            return web.Response(body=bytes(written.data), content_type="application/json")
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await self.play(response, protocol)
        return response


class Written:
    """Stands for the response where the answer is sent whole."""

    def __init__(self) -> None:
        self.data = b""

    async def write(self, data: bytes) -> None:
        self.data += data


def stream(protocol: str, text: str = "All is well.", **more: Any) -> list[bytes]:
    return events(protocol, Reply(text=text, **more), MODELS[protocol], 1)


async def whole_answer(response: web.StreamResponse, protocol: str) -> None:
    for event in stream(protocol):
        await response.write(event)


async def handshake(response: web.StreamResponse, protocol: str) -> None:
    for event in stream(protocol, "unseen")[: HANDSHAKE_EVENTS[protocol]]:
        await response.write(event)


def sse(content: object) -> bytes:
    return b"data: " + json.dumps(content).encode() + b"\n\n"


FULL = {"type": "overloaded_error", "message": "full"}
BROKE_OFF = {"delta": {"content": ""}, "finish_reason": "error"}
QUOTA = {"code": "insufficient_quota", "message": "You exceeded your current quota"}
ERRORS = {
    MESSAGES: b"event: error\n" + sse({"type": "error", "error": FULL}),
    CHAT: sse({"id": "c", "error": {"code": 502, "message": "full"}, "choices": [BROKE_OFF]}),
    RESPONSES: sse({"type": "response.failed", "response": {"id": "r", "status": "failed", "error": QUOTA}}),
}


class Scene:
    """A gateway before two scripted upstreams."""

    def __init__(self, folder: Path) -> None:
        self.gate = StillGate(folder)
        self.first, self.second = Scripted(), Scripted()

    async def open(self, **settings: Any) -> None:
        urls = [await self.first.start(), await self.second.start()]
        await start_before(self.gate, urls, **settings)

    async def close(self) -> None:
        await self.gate.stop()
        await self.first.stop()
        await self.second.stop()

    async def ask(self, protocol: str, **more: Any) -> Heard:
        return await self.gate.ask(protocol, MODELS[protocol], **more)

    def speaks_soon(self) -> None:
        self.gate.gateway.engine.keep_alive_s = SOON_S

    async def heard_until(self, protocol: str, mark: bytes, then: Callable[[], object]) -> Heard:
        """Ask; once `mark` has come, do `then`, and read on to the end."""
        body = json.dumps(request_body(protocol, MODELS[protocol])).encode()
        sent = {"x-pf-token": self.gate.token, "content-type": "application/json"}
        url, done = self.gate.url + PATHS[protocol], False
        limit = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with (
            aiohttp.ClientSession(timeout=limit) as client,
            client.post(url, data=body, headers=sent) as response,
        ):
            heard = Heard(status=response.status, headers=dict(response.headers))
            async for piece in response.content.iter_any():
                heard.body += piece
                if mark in heard.body and not done:
                    done = True
                    then()
        assert done, heard
        return heard


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(Scene(tmp_path)) as made:
        yield made


every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


@every_protocol
async def test_an_error_after_the_handshake_moves_on_unseen(scene: Scene, protocol: str) -> None:
    async def play(response: web.StreamResponse, protocol: str) -> None:
        await handshake(response, protocol)
        await response.write(ERRORS[protocol])

    scene.first.play = play
    heard = await scene.ask(protocol)

    assert heard.whole
    assert heard.text == "All is well."
    assert heard.headers["x-pf-provider"] == "two"
    assert b"full" not in heard.body


@every_protocol
async def test_a_stream_that_ends_after_its_handshake_moves_on_unseen(scene: Scene, protocol: str) -> None:
    scene.first.play = handshake
    heard = await scene.ask(protocol)

    assert (heard.text, heard.headers["x-pf-provider"]) == ("All is well.", "two")


@every_protocol
@pytest.mark.parametrize("streamed", [True, False])
async def test_an_empty_answer_is_a_failure(scene: Scene, protocol: str, streamed: bool) -> None:
    async def play(response: web.StreamResponse, protocol: str) -> None:
        empties: dict[str, Any] = {
            MESSAGES: {"type": "message", "content": [], "stop_reason": "end_turn"},
            CHAT: {"choices": [{"message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}]},
            RESPONSES: {"object": "response", "status": "completed", "output": []},
        }
        if streamed:
            kept = [event for event in stream(protocol, "") if b"output_text" not in event]
            for event in kept:
                await response.write(event)
        else:
            await response.write(json.dumps(empties[protocol]).encode())

    async def good(response: web.StreamResponse, protocol: str) -> None:
        if streamed:
            await whole_answer(response, protocol)
        else:
            await response.write(whole(protocol, Reply(text="All is well."), MODELS[protocol], 1))

    scene.first.play, scene.second.play = play, good
    heard = await scene.ask(protocol, stream=streamed)

    assert (heard.status, heard.text) == (200, "All is well.")
    assert scene.second.asked == 1


@every_protocol
async def test_a_lone_done_is_no_answer(scene: Scene, protocol: str) -> None:
    async def play(response: web.StreamResponse, protocol: str) -> None:
        await response.write(b"data: [DONE]\n\n")

    scene.first.play = play
    assert (await scene.ask(protocol)).text == "All is well."


@every_protocol
async def test_an_error_in_the_middle_is_one_clean_error(scene: Scene, protocol: str) -> None:
    async def play(response: web.StreamResponse, protocol: str) -> None:
        for event in stream(protocol)[: HANDSHAKE_EVENTS[protocol] + 1]:
            await response.write(event)
        await response.write(ERRORS[protocol])
        await whole_answer(response, protocol)

    scene.first.play = play
    heard = await scene.ask(protocol)

    assert len(heard.errors) == 1
    assert b'"choices"' not in heard.body.rstrip().rpartition(b"\n\n")[2]
    assert scene.second.asked == 0


CURED_ELSEWHERE = ("rate", "quota", "plan", "spend", "billing", "auth", "overload")
ASKED_AGAIN = {
    MESSAGES: {"type": "error", "error": {"type": "overloaded_error", "message": "no more"}},
    CHAT: {"error": {"message": "no more", "type": "server_error", "code": 502}},
    RESPONSES: {"type": "error", "code": "server_error", "message": "no more", "param": None},
}
"""What makes Claude Code, OpenCode and Codex repeat a request whose answer had begun."""


def fails_midway(kind: str) -> Play:
    fault = Fault(name=kind, says="", error=kind, message="no more")

    async def play(response: web.StreamResponse, protocol: str) -> None:
        for event in stream(protocol)[: HANDSHAKE_EVENTS[protocol] + 1]:
            await response.write(event)
        await response.write(error_event(fault, protocol, datetime.now(UTC)))

    return play


@every_protocol
@pytest.mark.parametrize("kind", CURED_ELSEWHERE)
async def test_an_error_in_the_middle_that_another_provider_cures_is_asked_again(
    scene: Scene, protocol: str, kind: str
) -> None:
    scene.first.play = fails_midway(kind)
    heard = await scene.ask(protocol)
    again = await scene.ask(protocol)

    assert [json.loads(error) for error in heard.errors] == [ASKED_AGAIN[protocol]]
    assert (again.text, again.headers["x-pf-provider"]) == ("All is well.", "two")


@every_protocol
@pytest.mark.parametrize("kind", ["request", "filter", "context"])
async def test_an_error_in_the_middle_that_nobody_cures_keeps_the_vendors_words(
    scene: Scene, protocol: str, kind: str
) -> None:
    scene.first.play = fails_midway(kind)
    heard = await scene.ask(protocol)

    assert len(heard.errors) == 1
    assert WORDS[kind][protocol != MESSAGES] in heard.errors[0] or protocol == RESPONSES
    assert "no more" in heard.errors[0]
    assert json.loads(heard.errors[0]) != ASKED_AGAIN[protocol]


@every_protocol
@pytest.mark.parametrize("kind", [*CURED_ELSEWHERE, "cut"])
async def test_whose_answers_break_off_again_and_again_is_left(
    scene: Scene, protocol: str, kind: str
) -> None:
    """Claude Code 2.1.332 asks four times in all, Codex 0.171 and OpenCode 1.18 six times (measured)."""

    async def begins(response: web.StreamResponse, protocol: str) -> None:
        for event in stream(protocol)[: HANDSHAKE_EVENTS[protocol] + 1]:
            await response.write(event)

    scene.first.play = begins if kind == "cut" else fails_midway(kind)
    providers = [(await scene.ask(protocol)).headers["x-pf-provider"] for _ in range(4)]

    assert providers[-1] == "two"
    assert providers == sorted(providers)


@every_protocol
async def test_one_answer_that_breaks_off_among_whole_ones_rests_nobody(scene: Scene, protocol: str) -> None:
    async def begins(response: web.StreamResponse, protocol: str) -> None:
        for event in stream(protocol)[: HANDSHAKE_EVENTS[protocol] + 1]:
            await response.write(event)

    for _ in range(4):
        for play in (begins, begins, whole_answer):
            scene.first.play = play
            assert (await scene.ask(protocol)).headers["x-pf-provider"] == "one"


PAGE = b"<!doctype html>\n\n<title>Sign in</title>\n<img src='\ndata:image/png,x'>\n"


@every_protocol
@pytest.mark.parametrize("label", ["text/html", "text/event-stream", "application/json"])
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_page_rests_its_provider_whatever_it_is_called(
    scene: Scene, protocol: str, label: str, streamed: bool
) -> None:
    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(body=PAGE, content_type=label)

    async def good(request: web.Request) -> web.StreamResponse:
        body = whole(protocol, Reply(text="All is well."), MODELS[protocol], 1)
        return web.Response(body=body, content_type="application/json")

    scene.first.serve = page
    if not streamed:
        scene.second.serve = good
    heard = await scene.ask(protocol, stream=streamed)

    assert (heard.text, heard.headers["x-pf-provider"]) == ("All is well.", "two")
    await scene.gate.settled()
    assert ["answered 200 with text/html" in str(bench) for bench in scene.gate.health()] == [True]


@every_protocol
async def test_where_everybody_sends_a_page_the_client_hears_of_a_page(scene: Scene, protocol: str) -> None:
    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(body=PAGE, content_type="text/html")

    scene.first.serve = scene.second.serve = page
    heard = await scene.ask(protocol)

    sentence = (
        "pf-tui: two gave no answer: answered 200 with text/html, the login page of a network or a proxy's"
    )
    assert (heard.status, heard.json["error"]["message"]) == (502, sentence)


@every_protocol
@pytest.mark.parametrize("label", ["text/html", "application/json"])
async def test_a_stream_that_is_called_something_else_is_one(scene: Scene, protocol: str, label: str) -> None:
    async def mislabelled(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": label})
        await response.prepare(request)
        await whole_answer(response, protocol)
        return response

    scene.first.serve = mislabelled
    heard = await scene.ask(protocol)

    assert (heard.whole, heard.text, heard.headers["x-pf-provider"]) == (True, "All is well.", "one")


@every_protocol
async def test_a_hole_in_tool_arguments_is_never_sold_as_whole(scene: Scene, protocol: str) -> None:
    call = Call(name="Write", arguments={"path": "a.py", "content": "line one\nline two\nline three\n" * 3})

    async def play(response: web.StreamResponse, protocol: str) -> None:
        made = stream(protocol, "I write it.", calls=(call,))
        pieces = (b"partial_json", b"arguments")
        place = next(
            n for n, event in enumerate(made) if b"line" in event and any(word in event for word in pieces)
        )
        made[place] = made[place].rstrip()[:-4] + b"\n\n"
        for event in made:
            await response.write(event)

    scene.first.play = play
    heard = await scene.ask(protocol)

    assert len(heard.errors) == 1
    assert not heard.whole
    assert not any(end in heard.body for end in (b"message_stop", b"[DONE]", b"response.completed"))


async def test_a_message_without_its_last_event_is_completed(scene: Scene) -> None:
    async def play(response: web.StreamResponse, protocol: str) -> None:
        for event in stream(protocol)[:-1]:
            await response.write(event)

    scene.first.play = play
    heard = await scene.ask(MESSAGES)

    assert heard.whole
    assert heard.body.count(b"event: message_stop") == 1


@every_protocol
async def test_a_client_that_waits_is_told_and_still_gets_another_providers_answer(
    scene: Scene, protocol: str
) -> None:
    go_on = asyncio.Event()

    async def play(response: web.StreamResponse, protocol: str) -> None:
        await handshake(response, protocol)
        await go_on.wait()
        await response.write(ERRORS[protocol])

    scene.first.play = play
    scene.speaks_soon()
    heard = await scene.heard_until(protocol, KEEP_ALIVES[protocol], go_on.set)

    assert (heard.status, heard.text) == (200, "All is well.")
    assert "x-pf-provider" not in heard.headers
    assert heard.headers["request-id"]
    assert b"unseen" not in heard.body
    assert not heard.errors
    first = {MESSAGES: b"message_start", CHAT: b'"role"', RESPONSES: b"response.created"}[protocol]
    assert heard.body.index(KEEP_ALIVES[protocol]) < heard.body.index(first)


@every_protocol
async def test_a_client_that_waits_hears_one_error_when_everybody_fails(scene: Scene, protocol: str) -> None:
    go_on = asyncio.Event()

    async def play(response: web.StreamResponse, protocol: str) -> None:
        await handshake(response, protocol)
        await go_on.wait()
        await response.write(ERRORS[protocol])

    scene.first.play = scene.second.play = play
    scene.speaks_soon()
    heard = await scene.heard_until(protocol, KEEP_ALIVES[protocol], go_on.set)

    assert heard.status == 200
    assert len(heard.errors) == 1
    assert heard.text == ""
    assert scene.second.asked >= 1


@every_protocol
async def test_a_client_hears_keep_alives_in_a_long_silence(scene: Scene, protocol: str) -> None:
    go_on = asyncio.Event()

    async def play(response: web.StreamResponse, protocol: str) -> None:
        made = stream(protocol)
        for event in made[: HANDSHAKE_EVENTS[protocol] + 1]:
            await response.write(event)
        await go_on.wait()
        for event in made[HANDSHAKE_EVENTS[protocol] + 1 :]:
            await response.write(event)

    scene.first.play = play
    heard_first = asyncio.Event()

    def keep_alive_came() -> None:
        heard_first.set()
        go_on.set()

    scene.speaks_soon()
    mark = KEEP_ALIVES[protocol] if protocol != MESSAGES else b'event: ping\ndata: {"type":"ping"}'
    heard = await scene.heard_until(protocol, mark, keep_alive_came)

    assert heard.whole
    assert heard.text == "All is well."


async def test_pings_do_not_keep_a_dead_stream_alive(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await scene.open(providers={"one": {"stallS": 0.2}})

    async def play(response: web.StreamResponse, protocol: str) -> None:
        for event in stream(protocol)[:4]:
            await response.write(event)
        while True:
            await response.write(b'event: ping\ndata: {"type": "ping"}\n\n')
            await asyncio.sleep(0.01)

    async def before_content(response: web.StreamResponse, protocol: str) -> None:
        await handshake(response, protocol)
        while True:
            await response.write(b'event: ping\ndata: {"type": "ping"}\n\n')
            await asyncio.sleep(0.01)

    try:
        scene.first.play = play
        heard = await scene.ask(MESSAGES)
        assert len(heard.errors) == 1
        assert "silent for 0.2 s" in heard.errors[0]
        scene.first.play = before_content
        assert (await scene.ask(MESSAGES)).text == "All is well."
    finally:
        await scene.close()


async def test_the_limit_of_the_first_byte_ends_at_the_handshake(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    await scene.open(providers={"one": {"firstByteS": 0.3}})
    gone_by = asyncio.Event()

    async def play(response: web.StreamResponse, protocol: str) -> None:
        made = stream(protocol)
        for event in made[:3]:
            await response.write(event)
        await gone_by.wait()
        for event in made[3:]:
            await response.write(event)

    scene.first.play = play
    try:
        asyncio.get_running_loop().call_later(0.9, gone_by.set)
        heard = await scene.ask(MESSAGES)
        assert heard.whole
        assert heard.headers["x-pf-provider"] == "one"
    finally:
        await scene.close()


COMPLAINTS = {
    "vllm": sse({"object": "error", "message": "rate limit", "type": "TooManyRequests", "code": 429}),
    "named": b"event: error\ndata: rate limit\n\n",
    "google": sse([{"error": {"code": 429, "message": "rate limit", "status": "RESOURCE_EXHAUSTED"}}]),
    "dashscope": b'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"code":"Throttling","message":"limit"}\n\n',
    "litellm": sse({"choices": None, "error_type": "RateLimitError", "error_message": "rate limit"}),
    "minimax": sse({"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
    "plain": b"upstream: rate limit\n",
    "plain-data": b"data: rate limit\n\n",
    "bare": b'{"error": {"message": "rate limit"}}\n\n',
    "bare-list": b'[{"error": {"code": 429, "message": "rate limit"}}]',
    "bom": b"\xef\xbb\xbf" + sse({"error": "rate limit"}),
}  # fmt: skip
"""Errors in a stream, as vendors send them beside the protocols' own."""


@every_protocol
async def test_a_complaint_of_any_shape_moves_on_and_rests_what_it_says(scene: Scene, protocol: str) -> None:
    for name, complaint in COMPLAINTS.items():

        async def play(response: web.StreamResponse, _: str, data: bytes = complaint) -> None:
            await response.write(data)

        scene.first.play = play
        heard = await scene.ask(protocol)
        await scene.gate.settled()

        assert (heard.whole, heard.headers["x-pf-provider"]) == (True, "two"), name
        assert [bench["kind"] for bench in scene.gate.health()] in (["windowless"], ["rate"]), name
        actions.release(scene.gate.context, "one")
        await scene.gate.settled()


@every_protocol
async def test_what_stands_before_an_answer_and_is_none_of_it_reaches_nobody(
    scene: Scene, protocol: str
) -> None:
    for noise in (b"\xef\xbb\xbf", b"data: ping\n\n", b"data: null\n\n"):

        async def play(response: web.StreamResponse, protocol: str, data: bytes = noise) -> None:
            await response.write(data + b"".join(stream(protocol)))

        scene.first.play = play
        heard = await scene.ask(protocol)

        assert (heard.whole, heard.headers["x-pf-provider"]) == (True, "one"), noise
        assert noise not in heard.body
