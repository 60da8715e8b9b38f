"""Claude Code's status line: what it shows, what it records, and that a person's own one stays."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions, hooks, snapshot
from pf_tui.actions import install
from pf_tui.hooks import reading, status_line
from pf_tui.integrations import claude_settings
from pf_tui.ledger import reader as ledger
from pf_tui.records import replace
from pf_tui.state.context import Context
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


class Clock:
    """The hour that the status line is asked at; the client asks again every REFRESH_S seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime.now(UTC)
        here = reading.context

        def context(data: Mapping[str, object], env: Mapping[str, str]) -> Context:
            return replace(here(data, env), clock=lambda: self.now)

        monkeypatch.setattr(reading, "context", context)

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def as_client(client: Client) -> None:
    """The variables that the real client gives the command: its own, and `env` of its settings."""
    settings = json.loads((Path(client.env["HOME"]) / ".claude" / "settings.json").read_text())
    client.env |= {"CLAUDE_PID": "1", **settings.get("env", {})}


@pytest.mark.parametrize(
    ("happens", "shows"),
    [
        ("a-bench", "● anthropic-api · no next provider\n"),
        ("a-key-is-gone", "● anthropic-api · no next provider\n"),
        ("another-order", "● openrouter · → anthropic-api\n"),
        ("a-used-up-budget", "● openrouter · no next provider\n"),
    ],
)
def test_within_a_minute_it_shows_what_changed_elsewhere(
    client: Client, clock: Clock, happens: str, shows: str
) -> None:
    assert line(client) == "● anthropic-api · → openrouter\n"
    if happens == "a-bench":
        actions.bench(client.ctx, "openrouter", until=clock.now + timedelta(hours=3))
    elif happens == "a-key-is-gone":
        del client.env["OPENROUTER_API_KEY"]
    elif happens == "another-order":
        actions.set_priority(client.ctx, ["openrouter", "anthropic-api"])
    else:
        actions.set_budgets(client.ctx, "anthropic-api", {"daily_tokens": 1})
        days = {"daily": f"{clock.now:%Y-%m-%d}", "monthly": f"{clock.now:%Y-%m}"}
        counters = {"anthropic-api": {"dailyTokens": 5, "monthlyTokens": 5}}
        client.ctx.paths.usage.write_text(
            json.dumps({"version": 2, "lastReset": days, "providers": counters})
        )

    clock.pass_s(claude_settings.REFRESH_S)

    assert line(client) == shows


def test_within_a_minute_it_shows_a_bench_that_has_ended_no_more(client: Client, clock: Clock) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    client.env |= {"CLAUDE_PID": "1"}
    actions.bench(client.ctx, "anthropic-api", until=clock.now + timedelta(minutes=10))
    during = line(client)

    clock.pass_s(600 + claude_settings.REFRESH_S)

    assert "benched until" in during
    assert line(client) == "● anthropic-api · → openrouter\n"


def test_within_a_minute_it_shows_who_serves_after_a_switch_elsewhere(client: Client, clock: Clock) -> None:
    install.install(client.ctx, "claude-code")
    actions.switch(client.ctx, "anthropic-api", force=True)
    as_client(client)
    before = line(client)
    actions.switch(client.ctx, "openrouter", force=True)

    clock.pass_s(claude_settings.REFRESH_S)
    as_client(client)  # the client has read its settings anew

    assert before.startswith("● anthropic-api ·")
    assert line(client).startswith("● openrouter ·")


def test_within_a_minute_it_shows_a_provider_that_serves_no_more(client: Client, clock: Clock) -> None:
    before = line(client)
    del client.env["ANTHROPIC_API_KEY"]

    clock.pass_s(claude_settings.REFRESH_S)

    assert before == "● anthropic-api · → openrouter\n"
    assert line(client) == "● openrouter · no next provider\n"


def test_the_client_is_told_to_ask_every_minute_and_no_longer_after_us(client: Client, home: Path) -> None:
    settings = home / ".claude" / "settings.json"
    install.install(client.ctx, "claude-code")
    asked = json.loads(settings.read_text())["statusLine"]["refreshInterval"]
    install.uninstall(client.ctx, "claude-code")

    assert asked == claude_settings.REFRESH_S <= 60
    assert not settings.exists()
