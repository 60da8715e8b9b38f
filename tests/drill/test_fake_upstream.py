"""The stand-in upstream: what it says is what a vendor would say."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from pf_tui.drill import fake_replies
from pf_tui.drill.fake_replies import Call, Reply
from pf_tui.drill.fake_upstream import FakeUpstream
from pf_tui.drill.faults import FAULTS
from tests.gateway.upstreams import PATHS, Heard, eventually, request_body, serving
from tests.patience import PATIENCE_S

PROTOCOLS = tuple(PATHS)


@pytest.fixture
async def stand_in() -> AsyncIterator[FakeUpstream]:
    async with serving("alpha") as upstream:
        yield upstream


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_streamed_and_whole_answers_say_the_same(protocol: str) -> None:
    reply = Reply(text="two words", calls=(Call(name="Bash", arguments={"command": "ls"}),), thinking="hm")

    streamed = Heard(status=200, body=b"".join(fake_replies.events(protocol, reply, "m", 1)))
    whole = Heard(status=200, body=fake_replies.whole(protocol, reply, "m", 1))

    assert streamed.text == whole.text == "two words"
    assert streamed.errors == []
    assert streamed.body.count(b"Bash") >= 1
    assert b"Bash" in whole.body


SILENT = ("silent", "late", "stall")


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_every_fault_happens_as_its_line_says(protocol: str, stand_in: FakeUpstream) -> None:
    url = stand_in.url + PATHS[protocol]
    body = request_body(protocol, "m")
    for fault in FAULTS.values():
        timeout = aiohttp.ClientTimeout(total=0.2 if fault.how in SILENT else PATIENCE_S)
        stand_in.plan(fault)
        async with aiohttp.ClientSession(timeout=timeout) as client:
            try:
                async with client.post(url, json=body) as response:
                    raw = await response.read()
                    outcome = "answer"
            except TimeoutError:
                outcome = "silence"
            except aiohttp.ClientError:
                outcome = "broken"
        expected = dict.fromkeys(SILENT, "silence") | dict.fromkeys(("reset", "cut", "refused"), "broken")
        assert outcome == expected.get(fault.how, "answer"), fault.name
        if outcome == "answer":
            assert response.status == fault.status, fault.name
        if fault.how == "event" and not fault.after:
            assert len(Heard(status=200, body=raw).errors) == 1, fault.name


async def test_it_notices_a_client_that_leaves(stand_in: FakeUpstream) -> None:
    stand_in.plan(Reply(text="word " * 50, gap_s=0.05))
    url = stand_in.url + "/v1/messages"

    async with (
        aiohttp.ClientSession() as client,
        client.post(url, json=request_body("anthropic-messages", "m")) as response,
    ):
        await response.content.readany()
        response.close()

    await eventually(lambda: stand_in.requests[0].disconnected, "the stand-in noticed")
