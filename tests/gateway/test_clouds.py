"""Clouds behind the gateway: bearer keys, signatures and tokens, and what is said when one is missing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pf_tui import auth_check, snapshot
from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import FakeUpstream, ReceivedRequest, Step
from pf_tui.drill.faults import Fault
from pf_tui.integrations import doctor
from pf_tui.rules import key_homes
from pf_tui.rules.failover import RouteRequest
from pf_tui.state import clouds
from tests.gateway import sigv4
from tests.gateway.conftest import OPUS
from tests.gateway.upstreams import StillGate, secret_of, settled

MESSAGES = "anthropic-messages"
ACCESS, SECRET = "AKIAEXAMPLE", "secret-access-key-of-a-test"


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[StillGate]:
    made = StillGate(tmp_path)
    yield made
    if made.url:
        await made.stop()


@pytest.fixture
async def upstream(gate: StillGate) -> AsyncIterator[FakeUpstream]:
    made = FakeUpstream("cloud")
    await made.start()
    yield made
    await made.stop()


async def test_a_bedrock_key_goes_as_bearer_and_alone(gate: StillGate, upstream: FakeUpstream) -> None:
    gate.providers([{"id": "bedrock", "base_url": upstream.url}])
    gate.config(["bedrock"])
    gate.env |= {"AWS_BEARER_TOKEN_BEDROCK": secret_of("bedrock"), "AWS_REGION": "us-east-1"}
    await gate.start()

    heard = await gate.ask(MESSAGES, OPUS, agent="claude-code")

    assert heard.whole
    (asked,) = upstream.requests
    assert asked.headers["authorization"] == f"Bearer {secret_of('bedrock')}"
    assert "x-api-key" not in asked.headers
    assert asked.model == "anthropic.claude-opus-5-5"


class Mantle(FakeUpstream):
    """Serves its models under /v1; each of its answers waits for what the test names first."""

    def __init__(self, *, refuses: Callable[[], Awaitable[object]], serves: Callable[[], Awaitable[object]]):
        super().__init__("cloud")
        self._refuses, self._serves = refuses, serves
        self.follow(self._script_of_mantle)

    @staticmethod
    def _script_of_mantle(asked: ReceivedRequest) -> Step:
        if asked.path.startswith("/openai/v1/"):
            words = "The model isn't supported on this route"
            return Fault(name="route", says="a 404", status=404, error="model", message=words)
        return Reply(text="Hello.")

    async def _fail(self, *args: Any) -> web.StreamResponse:
        await self._refuses()
        return await super()._fail(*args)

    async def _reply(self, *args: Any) -> web.StreamResponse:
        await self._serves()
        return await super()._reply(*args)


async def _at_once() -> None:
    """Answer without waiting for anything."""


async def _open_mantle(gate: StillGate, mantle: Mantle) -> None:
    await mantle.start()
    gate.providers([{"id": "bedrock", "base_urls": {"openai": f"{mantle.url}/openai/v1"}}])
    gate.config(["bedrock"])
    gate.env |= {"AWS_BEARER_TOKEN_BEDROCK": secret_of("bedrock"), "AWS_REGION": "us-east-1"}
    await gate.start()


async def test_a_model_that_mantle_serves_at_its_other_address_is_asked_there(gate: StillGate) -> None:
    async def all_is_written() -> None:
        await settled(gate.gateway)  # a slow disk, or a slow answer: what the refusal left is in the files

    mantle = Mantle(refuses=_at_once, serves=all_is_written)
    await _open_mantle(gate, mantle)

    heard = [await gate.ask("openai-responses", "gpt-6.1-sol", agent="codex") for _ in range(2)]

    assert all(one.whole for one in heard), heard
    assert [asked.path for asked in mantle.requests] == [
        "/openai/v1/responses",
        "/v1/responses",
        "/v1/responses",
    ]
    await gate.settled()
    await mantle.stop()
    assert gate.health() == []
    assert not [line for line in gate.journal() if line["action"] in ("bench", "failover", "release")]


async def test_requests_side_by_side_find_the_other_address_of_mantle_together(gate: StillGate) -> None:
    both = asyncio.Barrier(2)
    mantle = Mantle(refuses=both.wait, serves=_at_once)
    await _open_mantle(gate, mantle)

    heard = await asyncio.gather(
        *(gate.ask("openai-responses", "gpt-6.1-sol", agent="codex") for _ in range(2))
    )

    await mantle.stop()
    assert all(one.whole for one in heard), heard
    assert (
        sorted(asked.path for asked in mantle.requests)
        == ["/openai/v1/responses"] * 2 + ["/v1/responses"] * 2
    )


async def test_iam_keys_sign_the_whole_request(gate: StillGate, upstream: FakeUpstream) -> None:
    pytest.importorskip("botocore")
    gate.providers([{"id": "bedrock", "base_url": upstream.url}])
    gate.config(["bedrock"])
    gate.env |= {
        "AWS_ACCESS_KEY_ID": ACCESS,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": "session",
        "AWS_REGION": "eu-west-1",
    }
    await gate.start()

    for model in (OPUS, "gpt-6.1-sol"):
        assert (await gate.ask(MESSAGES, model, agent="claude-code")).whole

    for asked in upstream.requests:
        wrong = sigv4.problem(
            "POST",
            asked.path,
            asked.headers,
            asked.body,
            secret=SECRET,
            service="bedrock-mantle",
            region="eu-west-1",
        )
        assert wrong is None
        assert asked.headers["x-amz-security-token"] == "session"
    assert [asked.path for asked in upstream.requests] == ["/v1/messages", "/v1/responses"]


async def test_a_profile_signs_and_names_the_region(gate: StillGate, upstream: FakeUpstream) -> None:
    pytest.importorskip("botocore")
    folder = gate.home / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        f"[work]\naws_access_key_id = {ACCESS}\naws_secret_access_key = {SECRET}\n"
    )
    (folder / "config").write_text("[default]\nregion = us-west-2\n\n[profile work]\nregion = eu-north-1\n")
    gate.env["AWS_PROFILE"] = "work"
    gate.providers([{"id": "bedrock", "base_url": upstream.url}])
    gate.config(["bedrock"])
    await gate.start()

    assert clouds.values(gate.context.catalog().providers["bedrock"], gate.env) == {"region": "eu-north-1"}
    assert (await gate.ask(MESSAGES, OPUS, agent="claude-code")).whole
    assert upstream.requests[0].headers["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={ACCESS}/")


async def test_a_service_account_gives_tokens_that_are_kept(gate: StillGate, upstream: FakeUpstream) -> None:
    pytest.importorskip("google.auth")
    minted: list[str] = []
    token_url, runner = await _token_server(minted)
    account = gate.home / "account.json"
    account.write_text(json.dumps(_service_account(token_url)))
    gate.env["GOOGLE_APPLICATION_CREDENTIALS"] = str(account)
    gate.providers([{"id": "vertex", "base_url": upstream.url}, {"id": "vertex-google", "enabled": False}])
    gate.config(["vertex"])
    await gate.start()

    try:
        heard = [
            await gate.ask(MESSAGES, OPUS, agent="claude-code", stream=stream) for stream in (True, False)
        ]
    finally:
        await runner.cleanup()

    assert all(one.whole for one in heard), heard
    assert [asked.path for asked in upstream.requests] == [
        "/claude-opus-5-5:streamRawPredict",
        "/claude-opus-5-5:rawPredict",
    ]
    for asked in upstream.requests:
        assert asked.headers["authorization"] == "Bearer token-1"
        assert asked.content["anthropic_version"] == "vertex-2023-10-16"
        assert "model" not in asked.content
        assert "anthropic-version" not in asked.headers
    assert len(minted) == 1


async def test_the_project_comes_from_the_service_account(gate: StillGate) -> None:
    account = gate.home / "account.json"
    account.write_text(json.dumps(_service_account("https://oauth2.example")))
    gate.env["GOOGLE_APPLICATION_CREDENTIALS"] = str(account)

    url = gate.context.catalog().providers["vertex"].base_urls[MESSAGES]

    assert url == (
        "https://aiplatform.googleapis.com/v1/projects/ours/locations/global/publishers/anthropic/models"
    )


async def test_azure_takes_its_key_under_the_name_each_host_wants(
    gate: StillGate, upstream: FakeUpstream
) -> None:
    gate.providers([{"id": "azure", "base_url": upstream.url}])
    gate.config(["azure"])
    gate.env |= {"AZURE_OPENAI_API_KEY": secret_of("azure")}
    await gate.start()

    await gate.ask(MESSAGES, OPUS, agent="claude-code")
    await gate.ask(MESSAGES, "gpt-6.1-sol", agent="claude-code")

    claude, gpt = upstream.requests
    assert (claude.path, claude.headers.get("x-api-key")) == ("/v1/messages", secret_of("azure"))
    assert (gpt.path, gpt.headers.get("api-key")) == ("/v1/responses", secret_of("azure"))
    assert "authorization" not in claude.headers
    assert "x-api-key" not in gpt.headers


async def test_without_the_extra_the_cloud_is_passed_over_with_its_cure(
    gate: StillGate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clouds, "is_installed", lambda _signing: False)
    gate.config(["bedrock"])
    gate.env |= {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-west-1"}

    now = snapshot.take(gate.context)
    routing = now.route(RouteRequest(model=OPUS, protocols=(MESSAGES,)))

    (skipped,) = routing.skipped
    assert skipped.code == "no-credential"
    assert skipped.reason.startswith("signing needs botocore: ")
    assert "[aws]" in skipped.reason


async def test_every_variable_that_fills_an_address_is_watched(gate: StillGate) -> None:
    named = {
        name
        for provider in gate.context.catalog().providers.values()
        for names in provider.blanks.values()
        for name in names
        if not name.startswith("=")
    }

    assert named <= set(clouds.variables())


async def test_doctor_and_auth_check_name_what_an_address_lacks(gate: StillGate) -> None:
    gate.env["AWS_BEARER_TOKEN_BEDROCK"] = secret_of("bedrock")

    checked = auth_check.check(gate.context, "bedrock")
    (found,) = [one for one in doctor.run(gate.context) if one.id == "clouds"]

    assert (checked.ok, checked.made_request) == (False, False)
    assert checked.message == "the gateway cannot ask bedrock: its address needs AWS_REGION"
    assert (found.state, found.message, found.fix) == ("warn", checked.message, "export AWS_REGION=…")


async def test_a_key_for_a_cloud_goes_to_the_address_that_was_filled_alone(gate: StillGate) -> None:
    gate.env |= {"AWS_BEARER_TOKEN_BEDROCK": secret_of("bedrock"), "AWS_REGION": "us-east-1"}
    provider = gate.context.catalog().providers["bedrock"]

    assert key_homes.belongs(provider, "https://bedrock-mantle.us-east-1.api.aws/anthropic")
    assert not key_homes.belongs(provider, "https://bedrock-mantle.eu-west-1.api.aws/anthropic")


async def test_a_login_that_has_ended_moves_the_turn_on(gate: StillGate, upstream: FakeUpstream) -> None:
    pytest.importorskip("google.auth")
    second = FakeUpstream("anthropic-api")
    await second.start()
    broken = gate.home / "account.json"
    broken.write_text("{}")
    gate.env |= {
        "GOOGLE_APPLICATION_CREDENTIALS": str(broken),
        "GOOGLE_CLOUD_PROJECT": "ours",
        "ANTHROPIC_API_KEY": secret_of("anthropic-api"),
    }
    gate.providers(
        [{"id": "vertex", "base_url": upstream.url}, {"id": "anthropic-api", "base_url": second.url}]
    )
    gate.config(["vertex", "anthropic-api"])
    await gate.start()

    try:
        heard = await gate.ask(MESSAGES, OPUS, agent="claude-code")
    finally:
        await second.stop()

    assert heard.whole
    assert heard.headers["x-pf-provider"] == "anthropic-api"
    assert not upstream.requests


async def _token_server(minted: list[str]) -> tuple[str, web.AppRunner]:
    async def token(request: web.Request) -> web.Response:
        form = await request.post()
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        minted.append(str(form["assertion"]))
        return web.json_response({"access_token": f"token-{len(minted)}", "expires_in": 3600})

    app = web.Application()
    app.router.add_post("/token", token)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/token", runner


def _service_account(token_url: str) -> dict[str, Any]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {
        "type": "service_account",
        "project_id": "ours",
        "client_email": "a@ours.iam.example",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "token_uri": token_url,
    }
