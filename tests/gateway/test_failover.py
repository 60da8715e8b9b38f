"""The failover itself, in this process: the clock is ours, the upstreams are stand-ins."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from pf_tui import actions
from pf_tui.actions.sessions import restore_pins
from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import FakeUpstream, ReceivedRequest
from pf_tui.drill.faults import Fault
from pf_tui.gateway.server import Gateway, listen
from pf_tui.ledger import reader as ledger
from pf_tui.ledger import schema
from pf_tui.state import gateway as live
from pf_tui.state.context import Context
from tests.gateway.upstreams import (
    CONTROL,
    PATHS,
    TOKEN,
    as_agent,
    eventually,
    request_body,
    secret_of,
    settled,
)
from tests.patience import PATIENCE_S
from tests.trusted import trusting

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
OPUS, SONNET = "claude-opus-5-5", "claude-sonnet-5-5"
KEYS = {
    "anthropic-api": "ANTHROPIC_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "zai-coding-plan": "ZAI_API_KEY",
    "openai-api": "OPENAI_API_KEY",
}


class Answer:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def by(self) -> str | None:
        return self.headers.get("x-pf-provider")

    @property
    def sentence(self) -> str:
        return str(json.loads(self.body)["error"]["message"])


class Room:
    """A gateway between this test and its stand-ins."""

    def __init__(self, home: Path, names: tuple[str, ...], **config: Any) -> None:
        self.now = NOON
        self.upstreams = {name: FakeUpstream(name, now=lambda: self.now) for name in names}
        self.home = home
        self.state = home / ".opencode" / "provider-fallback"
        self.state.mkdir(parents=True)
        self.names = names
        self.gateway_settings = config.pop("gateway", {})
        self.config = config
        self.env = {"HOME": str(home), "TZ": "UTC"} | {KEYS[n]: secret_of(n) for n in names if n in KEYS}

    def __getitem__(self, name: str) -> FakeUpstream:
        return self.upstreams[name]

    @property
    def ctx(self) -> Context:
        return self.context("cli")

    def context(self, who: str) -> Context:
        from pf_tui.state.paths import Paths

        return Context(paths=Paths(self.state), env=self.env, cwd=self.home, who=who, clock=lambda: self.now)

    async def open(self) -> None:
        lines = ["version: 1", "providers:"]
        for name, upstream in self.upstreams.items():
            lines += [f"- id: {name}", f"  base_url: {await upstream.start()}"]
        (self.state / "providers.yaml").write_text("\n".join(lines) + "\n")
        pf = {
            "gateway": {"firstByteS": PATIENCE_S, "stallS": PATIENCE_S, **self.gateway_settings},
            **self.config.pop("pf", {}),
        }
        content = {"version": 2, "providerPriority": list(self.names), "pf": pf, **self.config}
        (self.state / "config.json").write_text(json.dumps(content))
        self.gateway = Gateway(self.context("gateway"), TOKEN, CONTROL)
        sockets = listen(0)
        await self.gateway.start(sockets)
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        self.client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def close(self) -> None:
        await self.client.close()
        await self.gateway.stop(1.0)
        for upstream in self.upstreams.values():
            await upstream.stop()

    async def ask(
        self,
        *,
        model: str = OPUS,
        stream: bool = True,
        session: str | None = None,
        agent: str = "claude-code",
        protocol: str = "anthropic-messages",
        headers: Mapping[str, str] | None = None,
        body: dict[str, Any] | None = None,
    ) -> Answer:
        sent = {"x-pf-token": TOKEN, **as_agent(agent, session), **(headers or {})}
        content = body or request_body(protocol, model, stream=stream)
        async with self.client.post(
            self.url + PATHS[protocol], data=json.dumps(content).encode(), headers=sent
        ) as response:
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                await response.read(),
            )

    async def settled(self) -> None:
        """Everything that was on its way to the files is in them."""
        await settled(self.gateway)

    def journal(self) -> list[dict[str, Any]]:
        path = self.state / "journal.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


Open = Callable[..., Awaitable[Room]]


@contextlib.asynccontextmanager
async def rooms_in(folder: Path) -> AsyncIterator[Open]:
    """`await make(names, **config)`: each room runs; all are closed at the end."""
    rooms: list[Room] = []

    async def make(*names: str, **config: Any) -> Room:
        room = Room(folder / f"room{len(rooms)}", names or ("anthropic-api", "openrouter"), **config)
        rooms.append(room)
        await room.open()
        return room

    yield make
    for room in rooms:
        await room.close()


@pytest.fixture
async def open_room(tmp_path: Path) -> AsyncIterator[Open]:
    async with rooms_in(tmp_path) as make:
        yield make


async def test_a_session_returns_to_the_better_provider_when_its_cache_is_cold(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan("529", "ok")
    assert (await room.ask(session="s")).by == "openrouter"
    room.now += timedelta(minutes=1)

    warm = await room.ask(session="s")
    loop_time = room.gateway.engine.sessions._all["claude-code", "s"]
    loop_time.used_s -= 400  # five minutes and more go by
    cold = await room.ask(session="s")

    assert (warm.by, cold.by) == ("openrouter", "anthropic-api")


async def test_a_new_session_goes_to_the_first_provider_while_an_old_one_stays(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan("529", "ok")
    await room.ask(session="old")
    room.now += timedelta(minutes=1)

    assert (await room.ask(session="old")).by == "openrouter"
    assert (await room.ask(session="new")).by == "anthropic-api"


async def test_a_switch_by_hand_moves_a_warm_session_as_well(open_room: Open) -> None:
    room = await open_room()
    assert (await room.ask(session="s")).by == "anthropic-api"

    actions.switch(room.ctx, "openrouter")

    assert (await room.ask(session="s")).by == "openrouter"


async def test_a_session_that_was_moved_by_hand_goes_there_alone_and_comes_back(open_room: Open) -> None:
    room = await open_room()
    assert (await room.ask(session="s")).by == "anthropic-api"
    restore_pins(room.ctx, {"s": {"agent": "codex", "pin": "openrouter"}})  # another agent's of that id
    await room.settled()
    assert (await room.ask(session="s")).by == "anthropic-api"

    restore_pins(room.ctx, {"s": {"agent": "claude-code", "pin": "openrouter"}})
    await room.settled()
    moved, other = (await room.ask(session="s")).by, (await room.ask(session="other")).by
    room["openrouter"].plan("529", "ok")
    failed = (await room.ask(session="s")).by
    room.now += timedelta(minutes=1)
    back = (await room.ask(session="s")).by

    assert (moved, other, failed, back) == ("openrouter", "anthropic-api", "anthropic-api", "openrouter")


async def test_live_json_tells_who_served_a_session_last_and_how_that_ended(open_room: Open) -> None:
    room = await open_room()
    await room.ask(session="good")
    for upstream in ("anthropic-api", "openrouter"):
        room[upstream].plan("429", "429")
    await room.ask(session="refused")
    room.gateway.requests_in_flight._tell()
    await room.settled()

    content = json.loads(room.ctx.paths.live.read_text())
    told = {one["session"]: (one["status"] == 200, one["provider"]) for one in content["sessions"]}
    assert told["good"] == (True, "anthropic-api")
    assert told["refused"][0] is False


SIGNATURE = "EqsigABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"
"""Of the form that Anthropic's are."""


def windows(percent: float, number: int = 0) -> dict[str, str]:
    """A window's headers; use falls only when another window has begun, which ends later."""
    reset = str(int((NOON + timedelta(hours=2 + number)).timestamp()))
    return {
        "anthropic-ratelimit-unified-5h-utilization": str(percent / 100),
        "anthropic-ratelimit-unified-5h-reset": reset,
    }


async def test_new_sessions_begin_elsewhere_past_the_threshold_with_hysteresis(open_room: Open) -> None:
    room = await open_room()
    served = []
    for number, percent in enumerate((94, 96, 91, 89)):
        room["anthropic-api"].plan(Reply(headers=windows(percent, number)))
        room.now += timedelta(minutes=2)
        await room.ask(session="old")
        await room.settled()
        served.append((await room.ask(session=f"new{number}")).by)

    assert served == ["anthropic-api", "openrouter", "openrouter", "anthropic-api"]


async def test_past_the_threshold_with_nobody_else_it_serves_on(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan(Reply(headers=windows(97)))
    await room.ask(session="one")
    await room.settled()

    assert (await room.ask(session="two")).by == "anthropic-api"


async def test_a_budget_that_is_used_up_moves_requests(open_room: Open) -> None:
    room = await open_room(pf={"usageLimits": {"anthropic-api": {"dailyRequests": 2}}})
    served = []
    for _ in range(3):
        served.append((await room.ask()).by)
        await room.settled()

    assert served == ["anthropic-api", "anthropic-api", "openrouter"]


async def test_a_persons_rule_sends_a_400_on_and_lets_the_provider_rest(open_room: Open) -> None:
    rule = {"status": 400, "text": "no capacity", "then": "bench-and-continue"}
    room = await open_room(gateway={"rules": [rule]})
    room["anthropic-api"].plan(
        Fault(name="x", says="", status=400, error="request", message="sorry, no capacity")
    )

    first, second = await room.ask(), await room.ask()

    assert (first.by, second.by) == ("openrouter", "openrouter")
    assert len(room["anthropic-api"].requests) == 1


async def room_after_a_bench(open_room: Open, then: str) -> Room:
    """The first provider was overloaded, its bench has ended, and now it does `then`."""
    room = await open_room()
    room["anthropic-api"].plan("529", then)
    await room.ask()
    await room.settled()
    room.now += timedelta(minutes=1)
    return room


async def test_one_request_tries_out_a_provider_whose_bench_has_ended(open_room: Open) -> None:
    room = await room_after_a_bench(open_room, "silent")

    probe = asyncio.create_task(room.ask())
    await eventually(lambda: len(room["anthropic-api"].requests) == 2, "the probe")
    others = await asyncio.gather(*(room.ask() for _ in range(5)))
    room["anthropic-api"]._closing.set()
    answer = await probe

    assert [one.by for one in others] == ["openrouter"] * 5
    assert answer.by == "openrouter"  # the probe itself went on when its connection ended
    assert len(room["anthropic-api"].requests) <= 3  # a kept connection that broke is asked anew once


async def test_a_success_after_a_bench_clears_it(open_room: Open) -> None:
    room = await room_after_a_bench(open_room, "ok")

    assert (await room.ask()).by == "anthropic-api"
    await room.settled()
    assert room.ctx.health().benches == ()
    assert room.journal()[-1]["action"] == "release"


async def test_three_500_in_a_row_bench_for_half_a_minute(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan("500")
    for _ in range(5):
        assert (await room.ask()).by == "openrouter"
        room.now += timedelta(seconds=1)
    await room.settled()

    (bench,) = room.ctx.health().benches
    assert (bench.kind, bench.model, len(room["anthropic-api"].requests)) == ("server", None, 3)


async def test_a_success_in_between_begins_the_count_anew(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan("500", "500", "ok", "500", "500", "ok")

    served = [(await room.ask(session=name)).by for name in "abcdef"]
    await room.settled()

    assert served.count("anthropic-api") == 2
    assert not room.ctx.health().benches


async def test_many_requests_that_fail_at_once_are_one_incident(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan("windowless")

    answers = await asyncio.gather(*(room.ask() for _ in range(20)))
    await room.settled()

    assert {one.by for one in answers} == {"openrouter"}
    (bench,) = room.ctx.health().benches
    assert bench.strikes == 1
    told = [line["action"] for line in room.journal() if line["action"] in ("failover", "bench")]
    assert sorted(told) == ["bench", "failover"]  # one model rests; the turn went on elsewhere


async def test_with_nobody_else_a_passing_trouble_is_no_reason_to_refuse(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan("529", "ok")

    first, second = await room.ask(), await room.ask()

    assert (first.status, b"Overloaded" in first.body) == (529, True)
    assert second.by == "anthropic-api"
    assert second.status == 200


async def test_trouble_that_passes_by_itself_is_left_to_the_clients_retries(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    room["anthropic-api"].plan("529")

    answers = []
    for _ in range(4):
        answers.append(await room.ask())
        room.now += timedelta(seconds=1)

    assert {(one.status, one.headers.get("x-should-retry")) for one in answers} == {(529, None)}
    assert answers[-1].sentence == "Overloaded"


async def test_without_automatic_switching_the_first_provider_answers_for_itself(open_room: Open) -> None:
    room = await open_room(autoSwitch=False)
    room["anthropic-api"].plan("429")

    answer = await room.ask()

    assert (answer.status, answer.headers["retry-after"]) == (429, "30")
    assert "x-should-retry" not in answer.headers
    assert room["openrouter"].requests == []


async def test_a_model_the_catalog_does_not_know_is_asked_for_by_its_name(open_room: Open) -> None:
    room = await open_room()

    await room.ask(model="claude-opus-9-preview")

    assert room["anthropic-api"].requests[0].model == "claude-opus-9-preview"


async def test_the_1m_suffix_is_no_part_of_the_name(open_room: Open) -> None:
    room = await open_room()

    await room.ask(model=f"{OPUS}[1m]")

    assert room["anthropic-api"].requests[0].model == OPUS


async def test_a_key_that_was_replaced_serves_the_same_request(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    del room.env["ANTHROPIC_API_KEY"]

    def by_key(asked: ReceivedRequest) -> Reply | Fault:
        from pf_tui.drill.faults import FAULTS

        return Reply() if asked.headers.get("x-api-key") == "the-new-key" else FAULTS["401"]

    room["anthropic-api"].follow(by_key)
    room.gateway.routing_state.take_credentials({"ANTHROPIC_API_KEY": "the-old-key"})
    assert (await room.ask()).status == 403
    await room.settled()
    assert [bench.kind for bench in room.ctx.health().benches] == ["auth"]

    async with room.client.post(
        f"{room.url}/pf/credentials",
        json={"env": {"ANTHROPIC_API_KEY": "the-new-key", "HOME": "x"}},
        headers={"x-pf-token": CONTROL},
    ) as response:
        assert await response.json() == {"providers": ["anthropic-api"]}
    await room.settled()

    assert (await room.ask()).by == "anthropic-api"
    assert room.ctx.health().benches == ()


async def test_handed_over_keys_are_shown_as_such_and_written_nowhere(open_room: Open) -> None:
    room = await open_room("anthropic-api")
    room.env.pop("ANTHROPIC_API_KEY")
    room.gateway.routing_state._keys._own_env.pop("ANTHROPIC_API_KEY")
    async with room.client.post(
        f"{room.url}/pf/credentials",
        json={"env": {"ANTHROPIC_API_KEY": "handed-over-key"}},
        headers={"x-pf-token": CONTROL},
    ):
        pass
    await room.ask()
    await room.settled()

    async with room.client.get(f"{room.url}/pf/status", headers={"x-pf-token": TOKEN}) as response:
        told = await response.json()
    assert told["credentials"] == [{"provider": "anthropic-api", "source": "env (session)"}]
    files = [path for path in room.state.rglob("*") if path.is_file()]
    assert not any(b"handed-over-key" in path.read_bytes() for path in files)


async def test_thinking_that_another_vendor_made_stays_out_after_the_way_back(open_room: Open) -> None:
    room = await open_room("anthropic-api", "zai-coding-plan")
    room["anthropic-api"].plan("529", "ok")
    room["zai-coding-plan"].plan(Reply(thinking="hm"))
    first = await room.ask(session="s")
    assert first.by == "zai-coding-plan"
    signature = next(
        json.loads(line[5:])["delta"]["signature"]
        for line in first.body.splitlines()
        if line.startswith(b"data:") and b"signature_delta" in line
    )
    room.now += timedelta(minutes=1)
    room.gateway.engine.sessions._all["claude-code", "s"].used_s -= 400
    mine = {"type": "thinking", "thinking": "a", "signature": SIGNATURE}
    foreign = {"type": "thinking", "thinking": "b", "signature": signature}
    text = {"type": "text", "text": "x"}
    body = request_body("anthropic-messages", OPUS)
    body["messages"] += [
        {"role": "assistant", "content": [mine, foreign, text]},
        {"role": "user", "content": "?"},
    ]

    assert (await room.ask(session="s", body=body)).by == "anthropic-api"

    sent = room["anthropic-api"].requests[-1].content["messages"][1]["content"]
    assert sent == [mine, text]


async def test_what_is_under_way_is_shown_and_taken_away_when_it_ends(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan(Reply(gap_s=0.2))
    request = asyncio.create_task(room.ask(session="s"))

    def shown() -> dict[str, Any] | None:
        path = room.state / "live.json"
        found = json.loads(path.read_text())["requests"] if path.exists() else []
        return found[0] if found and found[0]["provider"] else None

    seen = await eventually(shown, "live.json")
    await request
    await eventually(lambda: json.loads((room.state / "live.json").read_text())["requests"] == [], "empty")

    assert (seen["agent"], seen["session"], seen["provider"], seen["model"]) == (
        "claude-code",
        "s",
        "anthropic-api",
        OPUS,
    )
    assert live.LiveRequest is not None


async def test_a_project_whose_order_differs_is_served_by_its_own(open_room: Open, tmp_path: Path) -> None:
    room = await open_room()
    project = tmp_path / "project"
    (project / ".opencode").mkdir(parents=True)
    file = project / ".opencode" / "provider-fallback.local.md"
    file.write_text("---\nprovider_priority: [openrouter, anthropic-api]\n---\n")
    trusting(room.gateway.ctx.paths, file)

    there = await room.ask(headers={"x-pf-project": str(project)})
    here = await room.ask()

    assert (there.by, here.by) == ("openrouter", "anthropic-api")


async def test_a_plan_that_only_its_agent_can_use_is_not_replaced_by_a_paid_key(open_room: Open) -> None:
    room = await open_room("anthropic-subscription", "anthropic-api")
    login = room.home / ".claude" / ".credentials.json"
    login.parent.mkdir()
    expires = int((NOON + timedelta(days=1)).timestamp() * 1000)
    login.write_text(json.dumps({"claudeAiOauth": {"accessToken": "x", "expiresAt": expires}}))
    room.gateway.routing_state.refresh()

    claude, opencode = await room.ask(), await room.ask(agent="opencode")

    assert claude.status == 403
    assert "pf-tui run claude" in claude.sentence
    assert opencode.by == "anthropic-api"


async def test_a_login_that_may_pass_goes_to_its_vendor_byte_for_byte(open_room: Open) -> None:
    room = await open_room("anthropic-subscription", "anthropic-api")
    bearer = {"authorization": "Bearer sk-ant-oat01-mine", "x-pf-pass-through": "1"}
    room["anthropic-subscription"].plan("ok", "quota")
    (room.home / ".claude").mkdir()
    (room.home / ".claude" / ".credentials.json").write_text(
        json.dumps({"claudeAiOauth": {"accessToken": "x", "refreshToken": "y"}})
    )
    room.gateway.routing_state.refresh()

    first, second = await room.ask(headers=bearer), await room.ask(headers=bearer)

    assert (first.by, second.by) == ("anthropic-subscription", "anthropic-api")
    assert room["anthropic-subscription"].requests[0].headers["authorization"] == "Bearer sk-ant-oat01-mine"
    at_the_key = room["anthropic-api"].requests[0].headers
    assert "authorization" not in at_the_key
    assert at_the_key["x-api-key"] == secret_of("anthropic-api")


async def test_a_refused_login_of_the_agents_own_comes_back_so_that_it_renews_it(open_room: Open) -> None:
    room = await open_room("anthropic-subscription", "anthropic-api")
    (room.home / ".claude").mkdir()
    (room.home / ".claude" / ".credentials.json").write_text(
        json.dumps({"claudeAiOauth": {"accessToken": "x", "refreshToken": "y"}})
    )
    room.gateway.routing_state.refresh()
    room["anthropic-subscription"].plan("401")

    answer = await room.ask(headers={"authorization": "Bearer sk-ant-oat01-old", "x-pf-pass-through": "1"})
    await room.settled()

    assert (answer.status, answer.by) == (401, "anthropic-subscription")
    assert room.ctx.health().benches == ()


async def test_our_token_goes_to_nobody_even_beside_a_login(open_room: Open) -> None:
    room = await open_room("anthropic-subscription")
    bearer = {"authorization": "Bearer sk-ant-oat01-mine", "x-pf-pass-through": "1", "x-api-key": TOKEN}

    await room.ask(headers=bearer)

    assert TOKEN not in room["anthropic-subscription"].requests[0].headers.values()


async def test_a_connection_that_its_host_closed_meanwhile_is_no_failure(open_room: Open) -> None:
    room = await open_room()
    server, asked = await _closes_after_each_answer()
    (room.state / "providers.yaml").write_text(
        "version: 1\nproviders:\n- id: anthropic-api\n  base_url: "
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n"
        f"- id: openrouter\n  base_url: {room['openrouter'].url}\n"
    )

    answers = [await room.ask(stream=False) for _ in range(6)]
    server.close()

    assert [one.by for one in answers] == ["anthropic-api"] * 6
    assert len(asked) >= 6


async def _closes_after_each_answer() -> tuple[asyncio.Server, list[bytes]]:
    """A host that says keep-alive and closes at the second request on a connection, unanswered."""
    asked: list[bytes] = []
    body = (
        b'{"id":"msg_1","type":"message","content":[{"type":"text","text":"x"}],"usage":{"input_tokens":1}}'
    )

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        asked.append(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
        writer.write(b"content-length: %d\r\n\r\n%s" % (len(body), body))
        await reader.read(1)
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0), asked


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_an_answer_that_is_compressed_unasked_is_read_all_the_same(
    open_room: Open, encoding: str
) -> None:
    import zlib

    room = await open_room()
    plain = (
        b'{"id":"msg_1","type":"message","content":[{"type":"text","text":"x"}],"usage":{"input_tokens":1}}'
    )
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS)
    packed = packer.compress(plain) + packer.flush()
    server = await _answers_with(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: "
        + encoding.encode()
        + b"\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(packed), packed)
    )
    (room.state / "providers.yaml").write_text(
        "version: 1\nproviders:\n- id: anthropic-api\n  base_url: "
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n"
    )

    answer = await room.ask(stream=False)
    server.close()

    assert (answer.by, answer.body) == ("anthropic-api", plain)
    assert "content-encoding" not in answer.headers


async def _answers_with(data: bytes) -> asyncio.Server:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")
        )
        await reader.readexactly(length)
        writer.write(data)
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


async def raw(room: Room, request: bytes) -> bytes:
    """Bytes to the gateway, and what it says."""
    host, _, port = room.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.replace(b"{host}", f"{host}:{port}".encode()))
    async with asyncio.timeout(PATIENCE_S):
        said = await reader.read()
    writer.close()
    return said


async def test_a_body_in_chunks_with_expect_is_taken(open_room: Open) -> None:
    room = await open_room()
    body = json.dumps(request_body("anthropic-messages", OPUS, stream=False)).encode()
    half = len(body) // 2
    chunks = (
        b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:])) + b"0\r\n\r\n"
    )

    said = await raw(
        room,
        b"POST /v1/messages HTTP/1.1\r\nhost: {host}\r\nx-pf-token: " + TOKEN.encode() + b"\r\n"
        b"expect: 100-continue\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n" + chunks,
    )

    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert room["anthropic-api"].requests[0].body == body


async def test_head_answers_whether_somebody_is_there(open_room: Open) -> None:
    room = await open_room()

    said = await raw(room, b"HEAD / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")

    assert said.startswith(b"HTTP/1.1 200")


async def test_a_broken_project_file_does_not_end_a_turn(open_room: Open, tmp_path: Path) -> None:
    room = await open_room()
    project = tmp_path / "project"
    (project / ".opencode").mkdir(parents=True)
    (project / ".opencode" / "provider-fallback.local.md").write_text("---\nprovider_priority: {\n---\n")

    assert (await room.ask(headers={"x-pf-project": str(project)})).by == "anthropic-api"
    assert "provider-fallback.local.md" in (room.gateway.routing_state.problem or "")


async def test_a_session_stays_where_it_was_over_a_restart(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan("529", "ok")
    assert (await room.ask(session="s")).by == "openrouter"
    await room.settled()
    actions.release(room.ctx, "anthropic-api")

    await room.close()
    await room.open()

    assert (await room.ask(session="s")).by == "openrouter"
    assert (await room.ask(session="new")).by == "anthropic-api"


async def test_a_stand_in_that_refuses_the_request_does_not_hide_the_limit(open_room: Open) -> None:
    room = await open_room("anthropic-api", "zai-coding-plan")
    room["anthropic-api"].plan("429-hour")
    room["zai-coding-plan"].plan("400")

    answer = await room.ask()

    assert answer.status == 429
    assert (
        answer.sentence == "pf-tui: the only provider is limited; the first is back at 13:00 (anthropic-api)"
    )


@pytest.mark.parametrize(
    "words",
    [
        "Too many images in request: 25, maximum 5 allowed",
        "messages.0.content.1.image.source.media_type: unsupported image media type",
        "tools.0: Input tag 'web_search_20260209' found using 'type' does not match any of the expected tags",
    ],
)
async def test_pictures_and_tools_that_one_vendor_does_not_take_go_to_the_next(
    open_room: Open, words: str
) -> None:
    room = await open_room()
    room["anthropic-api"].plan(
        Fault(name="refused", says="a 400", status=400, error="request", message=words)  # type: ignore[arg-type]
    )

    answer = await room.ask()

    assert (answer.status, answer.by) == (200, "openrouter")


async def test_the_same_model_elsewhere_that_refuses_the_request_is_believed(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan("429-hour")
    room["openrouter"].plan("400")

    answer = await room.ask()

    assert (answer.status, answer.by) == (400, "openrouter")


async def test_an_encoding_we_cannot_read_passes_as_it_is(open_room: Open) -> None:
    room = await open_room()
    data = b"\x8b\x02\x80no real brotli\x03"
    server = await _answers_with(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: br\r\n"
        b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(data), data)
    )
    (room.state / "providers.yaml").write_text(
        "version: 1\nproviders:\n- id: anthropic-api\n  base_url: "
        f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n"
    )

    said = await raw(
        room,
        b"POST /v1/messages HTTP/1.1\r\nhost: {host}\r\nx-pf-token: " + TOKEN.encode() + b"\r\n"
        b"content-length: 42\r\nconnection: close\r\n\r\n"
        b'{"model": "claude-opus-5-5","stream":true}',
    )
    server.close()

    assert b"content-encoding: br" in said.lower()
    assert data in said


async def test_clients_that_leave_at_any_moment_leave_nothing_behind(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan(Reply(gap_s=0.005))
    tasks = [asyncio.create_task(room.ask(session=f"s{number % 7}")) for number in range(60)]
    for number, task in enumerate(tasks):
        await asyncio.sleep(0.001)
        if number % 3:
            task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    await eventually(lambda: len(room.gateway.requests_in_flight) == 0, "nothing is under way")

    assert all(isinstance(one, asyncio.CancelledError) or one.status == 200 for one in done)  # type: ignore[union-attr]
    assert room.gateway.routing_state.breaker._probes == set()
    assert (await room.ask()).by == "anthropic-api"


async def test_a_litellm_proxys_budget_and_cost_are_the_windows_and_the_rows(open_room: Open) -> None:
    room = await open_room()
    room["anthropic-api"].plan(
        Reply(
            headers={
                "x-litellm-key-max-budget": "5.0",
                "x-litellm-key-spend": "4.9",
                "x-litellm-response-cost": "0.25",
            }
        )
    )

    await room.ask(session="one")
    await room.settled()

    with schema.opened(room.ctx.paths.ledger) as connection:
        rows = connection.execute("SELECT cost_usd, cost_basis FROM requests").fetchall()
    assert rows == [(0.25, "reported")]
    with ledger.reading(room.ctx.paths.ledger) as book:
        assert [(one.window, one.used, one.limit) for one in book.latest_readings(room.now)] == [
            ("budget", 4.9, 5.0)
        ]
    assert (await room.ask(session="two")).by == "openrouter"  # beyond the switch threshold


async def test_a_request_that_moves_to_a_model_without_effort_beside_tools_is_asked_without(
    open_room: Open,
) -> None:
    room = await open_room("openrouter", "openai-api")
    room["openrouter"].plan("429-hour")
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    body = request_body("openai-chat", "gpt-6.1-sol") | {"tools": [tool], "reasoning_effort": "high"}

    answer = await room.ask(protocol="openai-chat", agent="opencode", body=body)

    assert (answer.status, answer.by) == (200, "openai-api")
    assert [asked.content["reasoning_effort"] for asked in room["openai-api"].requests] == ["high", "none"]
