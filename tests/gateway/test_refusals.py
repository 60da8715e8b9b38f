"""Who may use the gateway: programs of this machine that hold its token, and no web page."""

from __future__ import annotations

import json
import socket

import pytest

from tests.addresses import addresses_of_this_machine
from tests.gateway.conftest import OPUS
from tests.gateway.upstreams import PATHS, House, request_body
from tests.patience import PATIENCE_S

MESSAGES = "anthropic-messages"
BODY = json.dumps(request_body(MESSAGES, OPUS)).encode()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 401, id="no-token"),
        pytest.param({"x-pf-token": "wrong"}, 401, id="wrong-token"),
        pytest.param({"authorization": "Bearer wrong"}, 401, id="wrong-bearer"),
        pytest.param({"x-api-key": "sk-ant-own"}, 401, id="a-key-is-no-token"),
        pytest.param({"x-pf-token": "TOKEN", "host": "evil.example"}, 403, id="foreign-host"),
        pytest.param({"x-pf-token": "TOKEN", "host": "evil.example:80"}, 403, id="foreign-host-with-port"),
        pytest.param({"x-pf-token": "TOKEN", "origin": "https://evil.example"}, 403, id="foreign-origin"),
        pytest.param({"x-pf-token": "TOKEN", "origin": "null"}, 403, id="null-origin"),
    ],
)
@pytest.mark.parametrize("path", PATHS.values())
async def test_a_request_of_a_stranger_is_refused_and_nobody_is_asked(
    house: House, path: str, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.replace("TOKEN", house.gate.token) for name, value in headers.items()}

    heard = await house.gate.post(path, BODY, sent)

    assert heard.status == status
    assert heard.headers.get("x-should-retry") == "false"
    assert "access-control-allow-origin" not in heard.headers
    assert heard.json["error"]["message"].startswith("pf-tui: ")
    assert all(upstream.requests == [] for upstream in house.upstreams.values())


async def test_the_token_may_come_in_either_header(house: House) -> None:
    own = await house.gate.post(PATHS[MESSAGES], BODY, {"x-pf-token": house.gate.token})
    bearer = await house.gate.post(PATHS[MESSAGES], BODY, {"authorization": f"Bearer {house.gate.token}"})
    key = await house.gate.post(PATHS[MESSAGES], BODY, {"x-api-key": house.gate.token})

    assert own.whole
    assert bearer.whole
    assert key.status in (200, 401)


async def test_localhost_is_this_machine_too(house: House) -> None:
    port = house.gate.url.rpartition(":")[2]
    sent = {"x-pf-token": house.gate.token, "host": f"localhost:{port}"}

    heard = await house.gate.post(PATHS[MESSAGES], BODY, sent)

    assert heard.whole


async def test_it_listens_on_the_loopback_alone(house: House) -> None:
    port = int(house.gate.url.rpartition(":")[2])
    others = addresses_of_this_machine()
    if not others:
        pytest.skip("this machine has the loopback address alone")

    for address in others:
        with pytest.raises(OSError), socket.create_connection((address, port), PATIENCE_S):
            pass


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"{", "not JSON", id="broken"),
        pytest.param(b"[1]", "model", id="a-list"),
        pytest.param(b'{"messages":[]}', "model", id="no-model"),
        pytest.param(b'{"model": 5}', "model", id="a-number-as-model"),
        pytest.param(b"[" * 100_000, "the request", id="nested-too-deeply"),
        pytest.param(b"\xff\xfe", "not JSON", id="no-text"),
    ],
)
async def test_a_request_that_makes_no_sense_is_answered_in_one_sentence(
    house: House, body: bytes, told: str
) -> None:
    heard = await house.gate.post(PATHS[MESSAGES], body, {"x-pf-token": house.gate.token})

    assert heard.status == 400
    assert told in heard.json["error"]["message"]


async def test_an_unknown_path_is_a_404_in_one_sentence(house: House) -> None:
    heard = await house.gate.post("/v1/embeddings", BODY, {"x-pf-token": house.gate.token})

    assert heard.status == 404
    assert "/v1/" in heard.json["error"]["message"]


async def test_the_address_file_is_the_owners_alone(house: House) -> None:
    assert house.gate.paths.gateway.stat().st_mode & 0o777 == 0o600


async def test_each_install_has_a_token_of_its_own_that_lasts(house: House) -> None:
    before = house.gate.token

    await house.gate.stop()
    await house.gate.start()

    assert len(before) >= 32
    assert house.gate.token == before
