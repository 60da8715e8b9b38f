"""The door of the HTTP server: this machine only, a token, and no page in a browser."""

from __future__ import annotations

import json
import signal
import socket
import stat
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx2
import pytest

from tests import program
from tests.addresses import addresses_of_this_machine
from tests.mcp.conftest import HELLO, Served, World
from tests.patience import PATIENCE_S

KINDS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def post(served: Served, **headers: str) -> httpx2.Response:
    """An initialize request with these headers on top; a name in the form x_pf_token."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.post(served.url, json=HELLO, headers={**KINDS, **given}, timeout=PATIENCE_S)


def test_the_token_is_needed(serve: Callable[..., Served]) -> None:
    served = serve()

    assert post(served).status_code == 401
    assert post(served, authorization="Bearer wrong").status_code == 401
    assert post(served, authorization=served.token).status_code == 401
    assert post(served, authorization=f"Bearer {served.token}").status_code == 200
    assert post(served, x_pf_token=served.token).status_code == 200


def test_a_refusal_says_where_the_token_is_and_not_what_it_is(serve: Callable[..., Served]) -> None:
    served = serve()

    refusal = post(served)

    assert refusal.json()["error"] == "the token is missing or wrong"
    assert "mcp.json" in refusal.json()["hint"]
    assert served.token not in refusal.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example:80", "192.168.1.9"]
)
def test_a_foreign_host_is_refused(host: str, serve: Callable[..., Served]) -> None:
    served = serve()

    assert post(served, x_pf_token=served.token, host=host).status_code == 421


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "null",
        "http://localhost:5173",
        "http://127.0.0.1",
        "https://127.0.0.1:PORT",
        "http://127.0.0.1:PORT.evil.example",
    ],
)
def test_a_page_from_elsewhere_is_refused(origin: str, serve: Callable[..., Served]) -> None:
    served = serve()

    port = served.url.rpartition(":")[2].partition("/")[0]
    answer = post(served, x_pf_token=served.token, origin=origin.replace("PORT", port))

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_page_is_let_in(serve: Callable[..., Served]) -> None:
    served = serve()

    assert post(served, x_pf_token=served.token, origin=served.url.removesuffix("/mcp")).status_code == 200


def test_it_listens_on_loopback_alone(serve: Callable[..., Served]) -> None:
    place = urlsplit(serve().url)

    assert place.hostname == "127.0.0.1"
    for address in addresses_of_this_machine():
        with pytest.raises(OSError), socket.create_connection((address, place.port), PATIENCE_S):
            pass


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.9", "example.org"])
def test_another_address_than_loopback_is_wrong_usage(host: str, world: World) -> None:
    for words, env in ((["--host", host], {}), (["--http"], {"MCP_HOST": host})):
        done = program.run(
            "mcp",
            *words,
            env={**world.env, **env},
            cwd=world.work,
        )

        assert done.returncode == 2
        assert f"the MCP server listens on this machine only, not on '{host}'" in done.stderr


def test_a_port_of_another_process_is_one_sentence_with_its_cure(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = program.run(
            "mcp",
            "--http",
            env={**world.env, "MCP_PORT": str(port)},
            cwd=world.work,
        )

    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 belongs to another process; nothing was started" in done.stderr
    assert f"`pf-tui mcp --http --port {port + 1}`" in done.stderr
    assert not (world.state / "mcp.json").exists()


def test_the_token_file_is_private_and_goes_with_the_server(
    world: World, serve: Callable[..., Served]
) -> None:
    served = serve()
    path = world.state / "mcp.json"
    mode = stat.S_IMODE(path.stat().st_mode)
    content = json.loads(path.read_text())

    served.process.send_signal(signal.SIGTERM)
    served.process.wait(timeout=PATIENCE_S)

    assert mode == 0o600
    assert content["url"] == served.url
    assert set(content) >= {"pid", "port", "since", "token"}
    assert not path.exists()


def test_a_second_server_on_the_same_state_is_refused_with_the_first_ones_address(
    world: World, serve: Callable[..., Served]
) -> None:
    first = serve()
    before = (world.state / "mcp.json").read_bytes()
    done = program.run(
        "mcp",
        "--http",
        "--port",
        "0",
        env=world.env,
        cwd=world.work,
    )

    pid = first.process.pid
    assert done.returncode == 1
    assert f"an MCP server already runs at {first.url} (process {pid}); nothing was started" in done.stderr
    assert f"`kill {pid}` ends it" in done.stderr
    assert (world.state / "mcp.json").read_bytes() == before
    assert post(first, x_pf_token=first.token).status_code == 200


def test_a_server_that_was_killed_is_no_obstacle(serve: Callable[..., Served]) -> None:
    first = serve()
    first.process.kill()
    first.process.wait(timeout=PATIENCE_S)

    second = serve()

    assert post(second, x_pf_token=second.token).status_code == 200
