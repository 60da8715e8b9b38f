"""A day on one folder with the original plugin: each reads what the other wrote, and nothing is lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pf_tui.state.paths import Paths
from tests import original as the_original
from tests.original import Original

from .conftest import Answer, Pf, Turn

MORNING = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
NO_ENV = {"OPENROUTER_API_KEY": None, "ANTHROPIC_API_KEY": None, "GROQ_API_KEY": None}
"""Keys come from the shared auth.json alone."""

OWN = {"note": "café ✓", "nested": {"z": 1, "a": [1, 2]}}
"""What neither program knows, in each of the four files."""


class Day:
    """Both programs, one clock, and what must be in the files after every step."""

    def __init__(self, original: Original, pf: Pf, paths: Paths) -> None:
        self.now = MORNING
        self.paths = paths
        self._original, self._pf = original, pf
        self.settings: dict[str, Any] = {}

    def theirs(self, call: str, *args: Any) -> Any:
        self.now += timedelta(minutes=7)
        answer = self._original(self.now, call, *args)
        self.look()
        return answer

    def limit_met(self, following: str) -> None:
        self.now += timedelta(minutes=7)
        the_original.mark_limited(self._original, self.now, following)
        self.look()

    def ours(self, *words: str, stdin: str = "") -> Answer:
        self.now += timedelta(minutes=7)
        answer = self._pf(*words, now=self.now, env=NO_ENV, stdin=stdin.encode())
        assert answer.code == 0, (words, answer.err)
        self.look()
        return answer

    def look(self) -> None:
        """Everything that was ever decided still stands in the files."""
        for name in ("config.json", "usage.json", "auth.json", "tokens.json"):
            path = self.paths.home / name
            content = self.file(name)
            assert content["own"] == OWN, name
            assert list(content)[: len(self.order[name])] == self.order[name]
            assert name in ("config.json", "usage.json") or path.stat().st_mode & 0o777 == 0o600, name
        pf = self.file("config.json").get("pf", {})
        for key, value in self.settings.items():
            assert pf.get(key) == value, key
        assert sorted(self.file("config.json")["providerPriority"]) == self.everyone
        assert list(self.paths.home.glob("*.corrupt-*")) == []

    def begin(self) -> None:
        """Files of a person who used the original for a while, with keys of their own in each."""
        for call in (
            ("saveConfig", self._original(self.now, "loadConfig")),
            ("saveUsage", self._original(self.now, "loadUsage")),
            ("setProviderCredentials", "openrouter", {"apiKey": "k-openrouter"}),
            ("setProviderCredentials", "groq", {"apiKey": "k-groq", "region": "eu"}),
            ("setProviderCredentials", "anthropic-api", {"apiKey": "k-anthropic"}),
            ("startOAuthFlow", "google-oauth", "client", "secret"),
        ):
            self._original(self.now, *call)
        self.order = {}
        for name in ("config.json", "usage.json", "auth.json", "tokens.json"):
            content = {**self.file(name), "own": OWN}
            (self.paths.home / name).write_text(json.dumps(content, indent=2, ensure_ascii=False))
            self.order[name] = list(content)
        self.everyone = sorted(self.file("config.json")["providerPriority"])

    def file(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.paths.home / name).read_text())
        return content

    def counted(self, provider: str) -> tuple[int, int]:
        entry = self.file("usage.json")["providers"][provider]
        return entry["dailyTokens"], entry["monthlyTokens"]

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.ours("status", "--json").json
        return status

    def serves(self) -> str:
        """Who serves by our word; the original's own list says the same."""
        active: str = self.status()["active"]["provider"]
        keys = self.file("auth.json")["providers"]
        usage, limits = self.file("usage.json")["providers"], self.file("config.json")["usageLimits"]
        assert active == next(
            name
            for name in self.theirs("loadConfig")["providerPriority"]
            if name in keys and usage[name]["dailyTokens"] < limits[name]["dailyTokens"]
        )
        return active

    def state(self, provider: str) -> str:
        return next(p["health"]["state"] for p in self.status()["providers"] if p["id"] == provider)


@pytest.fixture(params=the_original.KINDS)
def original(request: pytest.FixtureRequest, home: Path) -> Iterator[Original]:
    with the_original.running(request.param, home) as plugin:
        yield plugin


@pytest.fixture
def day(original: Original, pf: Pf, paths: Paths) -> Day:
    day = Day(original, pf, paths)
    day.begin()
    return day


def test_a_day_with_both_programs_loses_nothing(day: Day, claude_code: Callable[..., Path]) -> None:
    day.ours("switch", "openrouter")
    assert day.serves() == "openrouter"
    day.theirs("setActiveProvider", "groq")
    assert day.serves() == "groq"

    day.ours("limits", "set", "groq", "--monthly-usd", "20")
    day.settings["usageLimits"] = {"groq": {"monthlyUsd": 20}}
    day.theirs("setUsageLimit", "groq", 1000, 30000)
    day.ours("allow", "paid", "--ask")
    day.settings["paid"] = "ask"
    day.ours("classes", "set", "subagent", "--model", "claude-haiku-5-5")
    day.settings["classes"] = {"subagent": {"model": "claude-haiku-5-5"}}
    day.settings["paid"] = "auto"
    day.ours("allow", "paid", "--always")

    day.theirs("recordUsage", "openrouter", 700)
    claude_code(Turn(day.now, input=100, output=50, cache_write=0))
    day.ours("ingest")
    assert day.counted("openrouter")[0] == 700
    day.theirs("recordUsage", "openrouter", 50)
    day.ours("ingest", "--full")
    assert day.counted("openrouter") == (750, 750)

    day.ours("auth", "set", "mistral-api", "--stdin", "--file", stdin="k-mistral\n")
    day.theirs("setProviderCredentials", "together", {"apiKey": "k-together"})
    day.theirs("removeProviderCredentials", "mistral-api")
    day.ours("auth", "set", "openrouter", "--stdin", "--file", stdin="k-openrouter-2\n")
    keys = day.file("auth.json")["providers"]
    assert {name: entry["apiKey"] for name, entry in keys.items()} == {
        "openrouter": "k-openrouter-2",
        "groq": "k-groq",
        "anthropic-api": "k-anthropic",
        "together": "k-together",
    }
    assert keys["groq"]["region"] == "eu"

    day.limit_met("openrouter")
    assert day.counted("groq")[0] == 1000
    assert day.state("groq") == "exhausted"
    assert day.serves() == "openrouter"
    day.ours("ingest", "--full")
    assert day.counted("groq")[0] == 1000

    day.ours("switch", "anthropic-api")
    day.theirs("setUsageLimit", "together", 5, 50)
    day.ours("undo")
    assert day.serves() == "openrouter"
    assert day.file("config.json")["usageLimits"]["together"] == {"dailyTokens": 5, "monthlyTokens": 50}

    day.ours("status", "groq", "--reset")
    assert day.counted("groq") == (0, 0)
    assert day.state("groq") == "ready"
    day.theirs("recordUsage", "groq", 10)
    assert day.counted("groq") == (10, 10)
    day.theirs("resetUsage", None)
    day.ours("ingest", "--full")
    assert day.counted("openrouter") == (0, 0)

    names = day.file("config.json")["providerPriority"]
    day.theirs("setProviderPriority", ["anthropic-api", *(n for n in names if n != "anthropic-api")])
    assert day.serves() == "anthropic-api"
    day.ours("priority", "move", "groq", "1")
    assert day.serves() == "groq"
    told = [event["action"] for event in day.ours("events", "--json").json]
    assert told.count("switch") == 2
    assert told.count("undo") == 1


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_a_limit_that_the_original_met_holds_around_both_midnights(
    pf: Pf, paths: Paths, home: Path, zone: str
) -> None:
    """The original's day is UTC's, ours the person's: neither turns the other's counters back too early."""
    plugin = the_original.Replay(home)
    plugin(MORNING, "saveConfig", plugin(MORNING, "loadConfig"))
    plugin(MORNING, "setProviderPriority", ["groq", "openrouter"])
    for hour in range(0, 48, 4):
        now = MORNING + timedelta(hours=hour)
        if hour in (0, 24):
            plugin(now, "setProviderPriority", ["groq", "openrouter"])
            the_original.mark_limited(plugin, now, "groq")
            met = now
        status = pf("status", "groq", "--json", now=now, env={"TZ": zone}).json
        pf("ingest", now=now, env={"TZ": zone})
        entry = json.loads(paths.usage.read_text())["providers"]["groq"]

        state = next(p["health"]["state"] for p in status["providers"] if p["id"] == "groq")
        passed = {now.astimezone(tz).date() != met.astimezone(tz).date() for tz in (UTC, ZoneInfo(zone))}
        assert (state == "exhausted") == (entry["dailyTokens"] > 0), (hour, state, entry)
        assert len(passed) == 2 or (state == "exhausted") != passed.pop(), (hour, state, entry)
        plugin(now, "recordUsage", "openrouter", 1)


@pytest.mark.parametrize("kind", the_original.KINDS)
def test_the_replay_writes_what_the_original_was_seen_to_write(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / ".opencode" / "provider-fallback"
    with the_original.running(kind, tmp_path) as plugin:
        for seen in the_original.CAPTURED:
            plugin(datetime.fromisoformat(seen["at"]), *seen["call"])

            data = (folder / seen["file"]).read_bytes()
            assert hashlib.sha256(data).hexdigest() == seen["sha256"], seen["call"]
