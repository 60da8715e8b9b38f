"""Start, stop and status of the real process: one for each state directory."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from pf_tui.state import gateway as state
from pf_tui.state import pids
from tests.gateway.upstreams import Gate, eventually


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    """A state directory; whatever gateway runs on it is stopped after the test."""
    made = Gate(tmp_path)
    made.env["ANTHROPIC_API_KEY"] = "a-key"
    yield made
    if (running := state.read(made.paths)) is not None:
        os.kill(running.pid, signal.SIGKILL)


async def start(gate: Gate, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = await gate.document("gateway", "start", *words)
    return found


async def test_start_says_where_it_runs_and_it_answers_there(gate: Gate) -> None:
    started = await start(gate)

    assert started == await gate.document("gateway", "start")  # a second start keeps the first
    told = await gate.document("gateway", "status")
    assert {name: told[name] for name in started} == started
    async with aiohttp.ClientSession() as client, client.get(f"{started['url']}/healthz") as response:
        assert await response.json() == {"status": "ok"}


async def test_stop_takes_the_file_away_and_a_second_stop_changes_nothing(gate: Gate) -> None:
    started = await start(gate)

    stopped = await gate.document("gateway", "stop")
    again = await gate.document("gateway", "stop")

    assert (stopped["stopped"], stopped["running"], again["stopped"]) == (True, False, False)
    assert not gate.paths.gateway.exists()
    assert not psutil.pid_exists(started["pid"]) or psutil.Process(started["pid"]).status() == "zombie"


async def test_starts_at_once_leave_one_gateway(gate: Gate) -> None:
    found = await asyncio.gather(*(start(gate) for _ in range(4)))

    assert len({one["pid"] for one in found}) == 1


async def test_a_killed_gateway_is_none_and_the_next_takes_its_place_and_port(gate: Gate) -> None:
    first = await start(gate)
    os.kill(first["pid"], signal.SIGKILL)
    await eventually(lambda: state.read(gate.paths) is None, "the killed one is noticed")

    assert (await gate.document("gateway", "status"))["running"] is False
    second = await start(gate)
    assert second["url"] == first["url"]
    assert second["pid"] != first["pid"]


async def test_a_number_that_belongs_to_another_program_is_no_gateway(gate: Gate) -> None:
    await start(gate)
    await gate.document("gateway", "stop")
    gate.paths.gateway.write_text(
        json.dumps({"pid": os.getpid(), "port": 1, "host": "127.0.0.1", "since": "2026-11-24T12:00:00Z"})
    )

    assert (await gate.document("gateway", "status"))["running"] is False


async def test_a_taken_port_is_one_sentence(gate: Gate) -> None:
    other = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]

    code, out, err = await gate.run("gateway", "start", "--port", str(port))
    other.close()

    assert (code, out) == (1, "")
    assert f"port {port} on 127.0.0.1 belongs to another process; nothing was started" in err


async def test_another_port_than_the_running_ones_is_refused(gate: Gate) -> None:
    started = await start(gate)

    code, _, err = await gate.run("gateway", "start", "--port", "1")

    assert code == 2
    assert f"a gateway already runs at {started['url']}, not on port 1" in err


async def test_a_second_run_in_a_terminal_is_refused_with_the_first_ones_address(gate: Gate) -> None:
    started = await start(gate)

    code, _, err = await gate.run("gateway", "run")

    assert code == 1
    assert started["url"] in err


async def test_it_listens_on_both_loopback_addresses(gate: Gate) -> None:
    url = (await start(gate))["url"]
    six = url.replace("127.0.0.1", "[::1]")

    async with aiohttp.ClientSession() as client:
        try:
            async with client.get(f"{six}/healthz") as response:
                assert response.status == 200
        except aiohttp.ClientConnectorError:
            pytest.skip("this machine has no IPv6 loopback")


async def test_files_with_the_token_are_the_owners_alone(gate: Gate) -> None:
    await start(gate)

    for name in ("gateway.json", "gateway-install.json"):
        assert stat.S_IMODE((gate.state / name).stat().st_mode) == 0o600


async def test_a_broken_config_ends_the_start_with_its_line(gate: Gate) -> None:
    gate.paths.config.write_text('{"pf": {"gateway": {\n"firstByteS": "soon"}}}')

    code, _, err = await gate.run("gateway", "start")

    assert code == 1
    assert 'config.json line 2 column 15: expected a number of seconds above 0 for "firstByteS"' in err


async def test_hup_and_term_drain_and_end(gate: Gate) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        pid = (await start(gate))["pid"]
        os.kill(pid, number)
        await eventually(lambda: not gate.paths.gateway.exists(), "it has ended")


async def test_a_gateway_whose_directory_is_gone_ends_by_itself_and_leaves_nothing(gate: Gate) -> None:
    started = await start(gate)
    shutil.rmtree(gate.state)

    await eventually(lambda: not pids.is_running(started["pid"]), "it has ended")

    assert not gate.state.exists()


async def test_a_directory_made_anew_is_another_gateways(gate: Gate) -> None:
    first = await start(gate)
    shutil.rmtree(gate.state)
    second = await start(gate)

    await eventually(lambda: not pids.is_running(first["pid"]), "the first has ended")

    told = await gate.document("gateway", "status")
    assert (told["running"], told["pid"]) == (True, second["pid"])


async def test_the_log_holds_no_key_and_no_body(gate: Gate) -> None:
    await start(gate)
    await gate.document("gateway", "stop")

    assert "a-key" not in gate.paths.log.read_text()
