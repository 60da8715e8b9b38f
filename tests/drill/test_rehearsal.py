"""`pf-tui drill`: the person's own chain, the gateway's own code, and nothing touched."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.drill.faults import FAULTS
from tests import program
from tests.patience import PATIENCE_S

KEYS = {"ANTHROPIC_API_KEY": "sk-ant-mine", "OPENROUTER_API_KEY": "or-mine"}


class Person:
    """A home with two keys and an order of providers."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = home / ".opencode" / "provider-fallback"
        self.state.mkdir(parents=True)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TZ": "UTC",
            "COLUMNS": "120",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            **KEYS,
        }
        self.write("config.json", {"version": 2, "providerPriority": ["anthropic-api", "openrouter"]})

    def write(self, name: str, content: object) -> None:
        (self.state / name).write_text(json.dumps(content))

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return program.run(*words, env={**self.env, **env}, cwd=self.home)

    def drill(self, *words: str) -> dict[str, Any]:
        done = self.run("drill", *words, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def fingerprint(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.state)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.state.rglob("*")
            if path.is_file() and ".cache" not in path.parts
        }


@pytest.fixture
def person(home: Path) -> Person:
    return Person(home)


def who(step: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one["provider"], one["failure"]) for one in step["asked"]]


def test_a_limit_is_rehearsed_from_first_to_last(person: Person) -> None:
    played = person.drill()

    now, limited, following, all_out, back = played["steps"]
    assert played["first"] == "anthropic-api"
    assert played["chain"] == ["anthropic-api", "openrouter"]
    assert who(now) == [("anthropic-api", None)]
    assert who(limited) == [("anthropic-api", "rate"), ("openrouter", None)]
    assert limited["seen"]["whole"]
    assert who(following) == [("openrouter", None)]
    assert who(all_out) == [("openrouter", "rate")]
    assert all_out["seen"]["status"] == 429
    assert all_out["seen"]["said"].startswith("pf-tui: all 2 providers are limited; the first is back at ")
    assert who(back) == [("anthropic-api", None)]
    bench = limited["benches"][0]
    assert (bench["provider"], bench["kind"], bench["evidence"]["status"]) == ("anthropic-api", "rate", 429)
    rest = datetime.fromisoformat(bench["until"]) - datetime.fromisoformat(limited["at"])
    assert timedelta(minutes=59) < rest < timedelta(minutes=61)
    assert datetime.fromisoformat(back["at"]) > datetime.fromisoformat(bench["until"])


def test_it_changes_nothing_of_the_persons(person: Person) -> None:
    person.run("bench", "openrouter", "--for", "5m")
    person.run("release", "openrouter")
    before = person.fingerprint()

    person.drill("--fault", "401")

    assert person.fingerprint() == before


def test_no_connection_leaves_the_machine(person: Person, tmp_path: Path) -> None:
    """A sitecustomize that refuses every address but the loopback would make the drill fail."""
    guard = tmp_path / "guard"
    guard.mkdir()
    (guard / "sitecustomize.py").write_text(
        "import socket\n"
        "_connect = socket.socket.connect\n"
        "def connect(self, address):\n"
        "    assert str(address[0]).startswith('127.'), address\n"
        "    return _connect(self, address)\n"
        "socket.socket.connect = connect\n"
    )

    done = subprocess.run(
        [sys.executable, "-m", "pf_tui", "drill", "--json"],
        env={**person.env, "PYTHONPATH": str(guard), "HTTPS_PROXY": "http://192.0.2.1:9"},
        cwd=person.home, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("fault", ["429", "quota", "529", "credit", "404", "sse-overload", "refused"])
def test_every_kind_of_limit_ends_in_a_whole_answer(person: Person, fault: str) -> None:
    played = person.drill("--fault", fault)

    assert played["fault"]["name"] == fault
    assert all(step["seen"]["whole"] for step in played["steps"][:3])


def test_a_wrong_request_ends_the_rehearsal_where_it_ends_the_turn(person: Person) -> None:
    played = person.drill("--fault", "400")

    assert who(played["steps"][-1]) == [("anthropic-api", "request")]
    assert played["steps"][-1]["seen"]["status"] == 400
    assert FAULTS["400"].message in played["steps"][-1]["seen"]["said"]


def test_a_refused_key_rests_until_the_person_acts(person: Person) -> None:
    played = person.drill("--fault", "401")

    assert played["steps"][1]["benches"][0]["until"] is None
    assert played["notes"] == ["anthropic-api rests until you act: `pf-tui auth set anthropic-api`"]


def test_a_cut_stream_is_asked_again_by_the_agent(person: Person) -> None:
    played = person.drill("--fault", "cut")

    cut, again = played["steps"][1:3]
    assert (cut["seen"]["status"], cut["seen"]["whole"]) == (200, False)
    assert again["seen"]["whole"]


def test_what_it_costs_is_said_with_the_cold_cache(person: Person) -> None:
    first, second = person.drill()["costs"]

    assert (first["provider"], second["provider"]) == ("anthropic-api", "openrouter")
    assert 0 < second["turn_usd"] < second["first_turn_usd"]


def test_a_bench_of_now_is_in_the_rehearsal(person: Person) -> None:
    person.run("bench", "anthropic-api")

    played = person.drill()

    assert played["first"] == "openrouter"
    assert "anthropic-api" not in [one["provider"] for step in played["steps"] for one in step["asked"]]


def test_a_login_of_the_agents_own_is_said_to_move_the_next_turn(person: Person) -> None:
    login = person.home / ".claude"
    login.mkdir()
    expires = round((datetime.now(UTC).timestamp() + 3600) * 1000)
    token = {"accessToken": "sk-ant-oat01-mine", "expiresAt": expires}
    (login / ".credentials.json").write_text(json.dumps({"claudeAiOauth": token}))
    person.write(
        "config.json", {"version": 2, "providerPriority": ["anthropic-subscription", "anthropic-api"]}
    )

    played = person.drill("--fault", "quota")

    assert played["first"] == "anthropic-subscription"
    assert played["steps"][0]["seen"]["whole"] is False
    assert who(played["steps"][1]) == [("anthropic-api", None)]
    assert "moves the next turn" in played["notes"][0]
    assert "--pass-through" in played["notes"][0]


def test_an_own_provider_keeps_its_place_and_is_not_reached(person: Person) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (person.state / "providers.yaml").write_text(
        "providers:\n"
        f"- {{id: lab, base_url: 'http://127.0.0.1:{port}', env: LAB_KEY, models: [lab-70b]}}\n"
        "- {id: openrouter, base_urls: {anthropic: 'http://127.0.0.1:9', openai: 'http://127.0.0.1:9/v1'}}\n"
    )
    person.env["LAB_KEY"] = "lab-mine"
    person.write("config.json", {"version": 2, "providerPriority": ["lab", "openrouter"]})

    played = person.drill()

    assert played["chain"] == ["lab", "openrouter"]
    assert all(step["seen"]["whole"] for step in played["steps"][:3])


@pytest.mark.parametrize("agent", ["claude", "opencode", "codex"])
def test_each_agent_is_told_in_its_own_way(person: Person, agent: str) -> None:
    person.env["OPENAI_API_KEY"] = "sk-mine"
    person.write(
        "config.json", {"version": 2, "providerPriority": ["openrouter", "openai-api", "anthropic-api"]}
    )

    played = person.drill("--agent", agent)

    out = next(step for step in played["steps"] if step["title"] == "every other provider does the same")
    assert out["seen"]["status"] == (402 if agent == "opencode" else 429)


def test_without_auto_switch_nobody_else_is_asked_and_it_says_so(person: Person) -> None:
    order = ["anthropic-api", "openrouter"]
    person.write("config.json", {"version": 2, "providerPriority": order, "autoSwitch": False})

    played = person.drill()

    assert [who(step) for step in played["steps"]] == [[("anthropic-api", None)], [("anthropic-api", "rate")]]
    assert played["notes"][0].startswith("auto-switch is off: anthropic-api is asked whatever its state")


def test_a_chain_of_one_says_that_nobody_follows(person: Person) -> None:
    del person.env["OPENROUTER_API_KEY"]

    played = person.drill()

    assert played["chain"] == ["anthropic-api"]
    assert "the only provider is limited" in played["steps"][2]["seen"]["said"]
    assert played["notes"][0] == "nobody follows anthropic-api: `pf-tui auth` shows whose key is missing"


def test_nobody_to_fail_is_exit_5_and_a_sentence(person: Person) -> None:
    for name in KEYS:
        del person.env[name]

    done = person.run("drill")

    assert done.returncode == 5
    assert "no provider available" in done.stderr


def test_with_everybody_benched_it_says_until_when_and_how_to_end_it(person: Person) -> None:
    person.run("bench", "openrouter", "--for", "3h")
    person.run("bench", "anthropic-api")

    done = person.run("drill")

    back = re.search(r"openrouter rests until (?:\w+ )?\d\d:\d\d \(by hand\)", done.stderr)
    assert done.returncode == 5
    assert "no provider available now, so none can be made to fail: " in done.stderr
    assert back
    assert "anthropic-api rests until somebody acts (by hand)" in done.stderr
    assert "`pf-tui release openrouter` ends its rest now" in done.stderr


def test_an_unknown_fault_names_the_known_ones(person: Person) -> None:
    done = person.run("drill", "--fault", "430")

    assert done.returncode == 2
    assert "no fault is called '430'" in done.stderr
    assert "insufficient-quota" in done.stderr


def test_the_text_says_who_is_asked_and_what_the_agent_sees(person: Person) -> None:
    done = person.run("drill", "--fault", "529")

    assert "anthropic-api: 529, overloaded" in done.stdout
    assert "Claude Code sees       a whole answer" in done.stdout
    assert "the first time: its prompt cache is cold" in done.stdout
    assert "mine" not in done.stdout


def test_the_list_of_faults_is_the_table() -> None:
    from pf_tui.drill import rehearsal

    assert all(name in FAULTS for name in rehearsal.ALIASES.values())
    assert rehearsal.fault_called(None).name == rehearsal.DEFAULT_FAULT
