"""Claude Code's status line: what it shows, what it records, and that a person's own one stays."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions, hooks, snapshot
from pf_tui.hooks import status_line
from pf_tui.ledger import reader as ledger
from tests.hooks.claude import Client
from tests.patience import PATIENCE_S


@pytest.fixture
def client(home: Path, tmp_path: Path) -> Client:
    made = Client(home, tmp_path)
    actions.set_priority(made.ctx, ["anthropic-api", "openrouter"])
    return made


def line(client: Client, wrapped: str | None = None, **fields: Any) -> str:
    data = {"session_id": "s", "cwd": str(client.work), "model": {"id": "claude-opus-5-5"}, **fields}
    told, code = hooks.statusline(json.dumps(data).encode(), client.env, wrapped)
    assert code == 0
    return told


def windows(five_hour: float, seven_day: float) -> dict[str, Any]:
    soon = int(time.time()) + 3600
    return {
        "five_hour": {"used_percentage": five_hour, "resets_at": soon},
        "seven_day": {"used_percentage": seven_day, "resets_at": soon + 86_400},
    }


def readings(client: Client) -> list[tuple[str, str, float, str]]:
    with ledger.reading(client.ctx.paths.ledger) as book:
        found = book.latest_readings(client.ctx.now())
    return sorted((one.provider, one.window, one.used, one.source) for one in found)


def test_it_says_who_serves_and_who_is_next(client: Client) -> None:
    assert line(client) == "● anthropic-api · → openrouter\n"


def test_official_windows_are_shown_and_recorded(client: Client) -> None:
    told = line(client, rate_limits=windows(62, 17))

    assert told == "● anthropic-api · 5h 62 %, week 17 % · → openrouter\n"
    assert readings(client) == [
        ("anthropic-api", "5h", 62.0, "official"),
        ("anthropic-api", "7d", 17.0, "official"),
    ]


def test_the_same_reading_again_is_not_recorded_again(client: Client) -> None:
    told = windows(62, 17)
    for _ in range(5):
        line(client, rate_limits=told)

    assert len(readings(client)) == 2


@pytest.mark.parametrize(
    "odd",
    [
        None,
        [],
        7,
        {"five_hour": None},
        {"five_hour": {"used_percentage": "62"}},
        {"five_hour": {"used_percentage": -1}},
    ],
)
def test_odd_windows_are_no_windows(client: Client, odd: Any) -> None:
    assert line(client, rate_limits=odd) == "● anthropic-api · → openrouter\n"
    assert client.log() == ""


def test_a_provider_that_rests_is_shown_with_its_end(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    client.env |= {"CLAUDE_PID": "1"}
    client.fail()

    assert line(client).startswith("● anthropic-api · benched until ")
    assert line(client).endswith(" · → openrouter\n")


def test_a_persons_own_line_goes_first_with_the_same_input(client: Client) -> None:
    told = line(client, wrapped="grep -o claude-opus-5-5; printf 'two\\nlines'")

    assert told.splitlines() == ["claude-opus-5-5", "two", "lines", "● anthropic-api · → openrouter"]


@pytest.mark.parametrize("own", ["exit 3", "no-such-program-at-all", "true"])
def test_an_own_line_that_fails_takes_nothing_with_it(client: Client, own: str) -> None:
    assert line(client, wrapped=own) == "● anthropic-api · → openrouter\n"


def test_an_own_line_stays_when_ours_fails(client: Client) -> None:
    told, _ = hooks.statusline(b"no json", client.env, "echo mine")

    assert told == "mine\n"
    assert "statusline: the event is not JSON" in client.log()


def test_an_own_line_that_hangs_is_left_behind(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_line, "OWN_LIMIT_S", 0.01)

    told = line(client, wrapped=f"sleep {PATIENCE_S}")

    assert told == "● anthropic-api · → openrouter\n"


def test_nothing_is_recorded_behind_the_gateway(client: Client) -> None:
    client.env["ANTHROPIC_CUSTOM_HEADERS"] = "x-pf-token: t"
    client.env["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:4100"

    told = line(client, rate_limits=windows(62, 17))

    assert told == "● anthropic-api (gateway) · → openrouter\n"
    assert all(not view.limits for view in snapshot.take(client.ctx).providers)
