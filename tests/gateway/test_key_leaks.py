"""A provider's key is seen by its own host alone; what the client brought along is seen by nobody."""

from __future__ import annotations

import re

import pytest

from pf_tui.drill.fake_upstream import ReceivedRequest
from tests.gateway.conftest import OPENAI, OPUS, SOL, Open
from tests.gateway.upstreams import House, as_agent, secret_of

BROUGHT = {
    "authorization": "Bearer sk-ant-oat01-the-clients-own-login",
    "x-api-key": "sk-ant-api03-the-clients-own-key",
    "api-key": "the-clients-azure-key",
    "x-goog-api-key": "the-clients-google-key",
    "cookie": "session=the-clients-cookie",
    "proxy-authorization": "Basic the-clients-proxy",
}
SCENES = [
    pytest.param("anthropic-messages", ("anthropic-api", "openrouter", "deepseek-api"), OPUS, id="messages"),
    pytest.param("openai-chat", (*OPENAI, "groq"), SOL, id="chat"),
    pytest.param("openai-responses", (*OPENAI, "xai-api"), SOL, id="responses"),
]


def everything(asked: ReceivedRequest) -> str:
    return f"{asked.path}?{asked.query}\n{asked.headers}\n{asked.body.decode()}"


@pytest.mark.parametrize(("protocol", "names", "model"), SCENES)
async def test_each_key_is_seen_by_its_own_host_alone(
    open_house: Open, protocol: str, names: tuple[str, ...], model: str
) -> None:
    house = await open_house(names, model)
    for name in names[:-1]:
        house[name].plan("529")

    heard = await house.gate.ask(protocol, model, headers=BROUGHT | as_agent("claude-code"))

    assert heard.whole
    for name in names:
        seen = everything(house[name].requests[0])
        assert secret_of(name) in seen
        for other in names:
            assert other == name or secret_of(other) not in seen
        assert house.gate.token not in seen
        assert "the-clients" not in seen
        assert "x-pf-" not in seen


async def test_no_key_is_in_any_file_log_or_answer(open_house: Open) -> None:
    house = await open_house()
    house["anthropic-api"].plan("401")

    heard = await house.gate.ask("anthropic-messages", OPUS, headers=BROUGHT)
    await house.gate.rows(2)
    told = await house.gate.run("why", "--json")
    status = await house.gate.run("status", "--json")
    events = await house.gate.run("events", "--json")
    await house.gate.stop()

    secrets = [secret_of(name) for name in house.names] + ["the-clients"]
    written = "".join(
        path.read_bytes().decode("utf-8", "replace") for path in house.gate.home.rglob("*") if path.is_file()
    )
    for secret in secrets:
        assert secret not in written
        assert secret not in str(heard)
        assert secret not in f"{told}{status}{events}{house.gate.said()}"


async def test_a_key_that_a_vendor_repeats_is_not_kept(open_house: Open) -> None:
    from pf_tui.drill.faults import Fault

    house = await open_house()
    secret = secret_of("anthropic-api")
    house["anthropic-api"].plan(
        Fault(name="echo", says="401 that repeats the key", status=401, error="auth",
              message=f"Incorrect API key provided: {secret}")
    )  # fmt: skip

    await house.gate.ask("anthropic-messages", OPUS)
    await house.gate.rows(2)
    await house.gate.stop()

    for path in house.gate.home.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


async def test_a_redirect_is_not_followed_with_a_key(house: House) -> None:
    from pf_tui.drill.fake_replies import Reply
    from pf_tui.drill.fake_upstream import FakeUpstream

    elsewhere = FakeUpstream("elsewhere")
    await elsewhere.start()
    try:
        await house["anthropic-api"].stop()
        redirecting = await _redirecting(house, elsewhere.url)
        house["openrouter"].plan(Reply(text="Hello from openrouter."))

        heard = await house.gate.ask("anthropic-messages", OPUS)

        assert heard.whole
        assert elsewhere.requests == []
        assert elsewhere.others == []
    finally:
        await redirecting()
        await elsewhere.stop()


async def test_passing_through_needs_the_persons_word(house: House) -> None:
    login = {"authorization": "Bearer sk-ant-oat01-own-login", **as_agent("claude-code")}

    await house.gate.ask("anthropic-messages", OPUS, headers=login)

    seen = everything(house["anthropic-api"].requests[0])
    assert not re.search("oat01", seen)


LOGIN = "Bearer sk-ant-oat01-own-login-of-the-client"


async def test_a_login_passed_through_reaches_its_vendor_byte_for_byte_and_nobody_else(
    open_house: Open,
) -> None:
    house = await open_house(("anthropic-subscription", "openrouter"))
    sent = {**as_agent("claude-code"), "authorization": LOGIN, "x-pf-pass-through": "1"}

    served = await house.gate.ask("anthropic-messages", OPUS, headers=sent)
    house["anthropic-subscription"].plan("quota")
    moved = await house.gate.ask("anthropic-messages", OPUS, headers=sent)

    assert served.headers["x-pf-provider"] == "anthropic-subscription"
    assert moved.headers["x-pf-provider"] == "openrouter"
    for asked in house["anthropic-subscription"].requests:
        assert asked.headers["authorization"] == LOGIN
        assert "x-pf-" not in everything(asked)
        assert house.gate.token not in everything(asked)
    assert "oat01" not in everything(house["openrouter"].requests[0])
    await house.gate.stop()
    for path in house.gate.home.rglob("*"):
        assert not path.is_file() or b"oat01" not in path.read_bytes(), path


async def test_a_login_that_comes_first_is_never_replaced_by_a_paid_key(open_house: Open) -> None:
    house = await open_house(("anthropic-subscription", "openrouter"))

    heard = await house.gate.ask("anthropic-messages", OPUS, agent="claude-code")

    assert heard.status == 403
    assert "pf-tui run claude" in heard.json["error"]["message"]
    assert all(upstream.requests == [] for upstream in house.upstreams.values())


async def _redirecting(house: House, target: str):  # type: ignore[no-untyped-def]
    """A server in the first provider's place that sends everybody elsewhere."""
    from aiohttp import web

    async def away(request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"location": target + request.path})

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", away)
    runner = web.AppRunner(app)
    await runner.setup()
    port = int(house["anthropic-api"].url.rpartition(":")[2])
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    return runner.cleanup
