"""What a project's file means to the gateway: for its own requests alone, within its trust."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import quote

import pytest

from pf_tui.gateway import routing_state
from pf_tui.launch import env
from pf_tui.state.paths import PROJECT_FILE
from tests.gateway import test_failover
from tests.gateway.test_failover import Open
from tests.trusted import trusting

FIRST_OPENROUTER = "---\nprovider_priority: [openrouter, anthropic-api]\n---\n"


NAMES = [
    "данные",
    "プロジェクト",
    "é ü",
    "100%",
    "%2e%2e",
    " blank ",
    "a\nx-pf-token: b",
    "emoji 🙂",
    "\udcff",
]
NO_FOLDERS = ["", "relative", "%00", "/a%00b", "/" + "x" * 9000, "%ff", "/proc/self/mem", "~"]

open_room = test_failover.open_room


def put(folder: Path, text: str) -> Path:
    file = folder / PROJECT_FILE
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def header(folder: Path) -> dict[str, str]:
    """As `pf-tui run claude` gives it to Claude Code."""
    setting = env.claude("http://127.0.0.1:1", "t", {}, project=str(folder))
    name, _, value = setting.set["ANTHROPIC_CUSTOM_HEADERS"].partition(": ")
    assert value.isascii()
    assert "\n" not in value
    return {name: value}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
async def test_a_folder_of_any_name_is_honoured(open_room: Open, tmp_path: Path, name: str) -> None:
    room = await open_room()
    folder = tmp_path / name
    trusting(room.gateway.ctx.paths, put(folder, FIRST_OPENROUTER))

    there = await room.ask(headers=header(folder))
    here = await room.ask()

    assert (there.by, here.by) == ("openrouter", "anthropic-api")


@pytest.mark.parametrize("value", NO_FOLDERS, ids=range(8))
async def test_a_header_that_names_no_folder_changes_nothing(open_room: Open, value: str) -> None:
    room = await open_room()

    assert (await room.ask(headers={"x-pf-project": value})).by == "anthropic-api"


async def test_an_untrusted_order_is_passed_over_until_trusted(open_room: Open, tmp_path: Path) -> None:
    room = await open_room()
    file = put(tmp_path / "work", FIRST_OPENROUTER)

    before = await room.ask(headers=header(tmp_path / "work"))
    trusting(room.gateway.ctx.paths, file)
    after = await room.ask(headers=header(tmp_path / "work"))

    assert (before.by, after.by) == ("anthropic-api", "openrouter")


async def test_a_projects_file_that_does_not_answer_stops_nobody(
    open_room: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await open_room()
    stuck = asyncio.Event()
    loop = asyncio.get_running_loop()
    real = routing_state.RoutingState.load

    def load(self: routing_state.RoutingState, project: str | None = None) -> routing_state.RoutingPlan:
        if project is not None:
            asyncio.run_coroutine_threadsafe(stuck.wait(), loop).result()
        return real(self, project)

    monkeypatch.setattr(routing_state.RoutingState, "load", load)
    monkeypatch.setattr(routing_state, "PROJECT_S", 0.05)
    folders = [tmp_path / f"work{number}" for number in range(20)]

    answers = await asyncio.gather(*(room.ask(headers=header(folder)) for folder in folders), room.ask())
    stuck.set()

    assert {answer.by for answer in answers} == {"anthropic-api"}


async def test_a_pipe_in_place_of_the_file_stops_nobody(open_room: Open, tmp_path: Path) -> None:
    room = await open_room()
    file = tmp_path / "work" / PROJECT_FILE
    file.parent.mkdir(parents=True)
    os.mkfifo(file)

    assert (await room.ask(headers=header(tmp_path / "work"))).by == "anthropic-api"
    assert (await room.ask()).by == "anthropic-api"


def test_a_plain_path_stays_as_it_is() -> None:
    assert env._project_header("/home/me/code.d/a-b_c") == {"x-pf-project": "/home/me/code.d/a-b_c"}
    assert env._project_header("/ä b%") == {"x-pf-project": quote("/ä b%")}
