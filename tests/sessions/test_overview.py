"""What every face shows of a session: provider, money, share, order; and what none may ever show."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.documents import sessions as sessions_document
from pf_tui.errors import WrongUsage
from pf_tui.ledger import layout, reader, rows, schema
from pf_tui.ledger.rows import FIELDS, Names
from pf_tui.ledger.session_costs import session_costs, window_costs
from pf_tui.rules.benches import Bench
from pf_tui.sessions.evidence import Evidence, write
from pf_tui.state import files, health
from pf_tui.state.clock import to_text
from pf_tui.state.health import SessionServed
from pf_tui.state.journal import Event
from pf_tui.tui import ledger_view
from pf_tui.tui.dialogs.session import moves_of
from tests import readings
from tests.sessions.machine import NOW, Machine, add, answer

Request = tuple[str, datetime, str, float | None]
"""(session, when, provider, USD)"""


def ledger(
    path: Path, requests: Sequence[Request], source: str = "transcript", agent: str = "claude-code"
) -> None:
    """Requests as `ingest` stores them."""
    from pf_tui.ledger import rollups

    connection = schema.connect(path)
    with schema.transaction(connection):
        names = Names(connection)
        known: dict[str, Any] = {
            "agent": names(agent), "source": names(source), "model": names("claude-opus-5-5"),
            "cost_basis": names("list"), "status": names("ok"), "attribution": names("assumed"),
            "project": names("/p"), "is_subagent": 0,
        }  # fmt: skip
        for number, (session, at, provider, usd) in enumerate(requests, start=1):
            given = {
                **known, "id": number + 1000 * len(agent), "ts": layout.milliseconds(at),
                "session": names(session), "provider": names(provider), "cost_usd": usd,
            }  # fmt: skip
            counted = {
                "input",
                "output",
                "reasoning",
                "cache_read",
                "cache_write_5m",
                "cache_write_1h",
                "web_searches",
            }
            rows.put(connection, [[given.get(name, 0 if name in counted else None) for name in FIELDS]])
        rollups.refresh(connection)
    connection.close()


def busy(machine: Machine, session: str = "s-1", pid: int = 100, **more: Any) -> None:
    machine.process(pid)
    machine.claude(pid, session, status="busy", **more)


def test_cost_and_cost_per_hour_come_from_the_ledger(machine: Machine) -> None:
    busy(machine)
    old, young = NOW - timedelta(hours=3), NOW - timedelta(minutes=59)
    ledger(
        machine.ctx.paths.ledger, [("s-1", old, "anthropic-api", 1.0), ("s-1", young, "anthropic-api", 0.5)]
    )

    session = machine.only()

    assert (session.cost_usd, session.cost_per_hour) == (1.5, 0.5)
    assert (session.provider, session.provider_by) == ("anthropic-api", "log")


def test_a_session_the_ledger_does_not_know_has_no_cost(machine: Machine) -> None:
    busy(machine)

    assert (machine.only().cost_usd, machine.only().cost_per_hour) == (None, None)


def test_share_of_the_window_is_the_sessions_part_of_the_official_percent(machine: Machine) -> None:
    busy(machine, "mine", 100)
    busy(machine, "other", 101)
    path, at = machine.ctx.paths.ledger, NOW - timedelta(minutes=30)
    before = NOW - timedelta(hours=4)
    plan = "anthropic-subscription"
    ledger(path, [("mine", at, plan, 1.0), ("other", at, plan, 3.0), ("mine", before, plan, 50.0)])
    resets = NOW + timedelta(hours=4)  # so the window began an hour ago
    for window, used, source in (("5h", 60.0, "official"), ("7d", 99.0, "estimate")):
        at = NOW - timedelta(minutes=1)
        reading = readings.reading(used, window, provider=plan, at=at, resets_at=resets, source=source)
        reader.limit_readings(path, [reading])

    shares = {one.id: one.window_share for one in machine.sessions()}

    assert {name: (share.window, share.percent) for name, share in shares.items() if share} == {
        "mine": ("5h", 15.0),
        "other": ("5h", 45.0),
    }


def test_without_an_official_percentage_there_is_no_share(machine: Machine) -> None:
    busy(machine)
    ledger(machine.ctx.paths.ledger, [("s-1", NOW - timedelta(minutes=1), "openrouter", 1.0)])

    assert machine.only().window_share is None


def test_a_ledger_that_cannot_be_read_costs_only_the_money(machine: Machine) -> None:
    busy(machine)
    machine.ctx.paths.home.mkdir(parents=True)
    machine.ctx.paths.ledger.write_bytes(b"no ledger at all" * 100)

    assert (machine.only().state, machine.only().cost_usd) == ("working", None)


def test_what_hooks_saw_goes_before_what_the_process_was_started_with(machine: Machine) -> None:
    machine.process(100, env={"ANTHROPIC_BASE_URL": "https://user:SECRET@openrouter.ai/api?SECRET"})
    machine.claude(100, status="busy")
    started = machine.only()
    seen = Evidence(
        agent="claude-code", id="s-1", at=NOW.timestamp(), event="Stop", base_url_host="api.z.ai",
        provider="zai-coding-plan",
    )  # fmt: skip
    write(machine.ctx.paths, seen)
    switched = machine.only()

    assert (started.provider, started.provider_by) == ("openrouter", "process")
    assert (switched.provider, switched.provider_by) == ("zai-coding-plan", "hook")
    assert "SECRET" not in repr(started)


def test_who_served_it_last_is_remembered_by_hooks(machine: Machine) -> None:
    busy(machine)
    served = SessionServed(provider="groq", since=NOW)
    health.change(machine.ctx.paths, lambda old: health.Health(sessions={("claude-code", "s-1"): served}))

    assert (machine.only().provider, machine.only().provider_by) == ("groq", "hook")


def gateway(machine: Machine, *, requests: Sequence[Any] = (), sessions: Sequence[Any] = ()) -> None:
    """A gateway that runs, with what it says of the moment."""
    import os

    place = {"pid": os.getpid(), "host": "127.0.0.1", "port": 4100, "since": to_text(NOW), "token": "x"}
    machine.ctx.paths.home.mkdir(parents=True, exist_ok=True)
    files.write_json(machine.ctx.paths.gateway, place)
    files.write_json(
        machine.ctx.paths.live,
        {"version": 1, "pid": os.getpid(), "requests": list(requests), "sessions": list(sessions)},
    )


def test_the_gateway_knows_who_serves_before_anybody_else(machine: Machine) -> None:
    busy(machine)
    request = {"session": "s-1", "provider": "bedrock", "model": "opus-x", "since": to_text(NOW), "id": "1"}
    gateway(machine, requests=[request])

    session = machine.only()

    assert (session.provider, session.provider_by, session.model) == ("bedrock", "gateway", "opus-x")


def test_the_provider_follows_the_gateways_last_answer_at_the_next_look(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100)
    answer = {"session": "s-1", "agent": "claude-code", "model": "m", "at": to_text(NOW), "status": 200}
    providers = []
    for provider in ("bedrock", "openrouter"):
        gateway(machine, sessions=[{**answer, "provider": provider}])
        providers.append(machine.only().provider)

    assert providers == ["bedrock", "openrouter"]


def test_a_client_that_retries_a_429_of_the_gateway_is_limited(machine: Machine) -> None:
    busy(machine)
    until = NOW + timedelta(minutes=5)
    last = {
        "session": "s-1", "provider": "bedrock", "model": "m", "at": to_text(NOW), "status": 429,
        "until": to_text(until),
    }  # fmt: skip
    gateway(machine, sessions=[last])

    session = machine.only()

    assert (session.state, session.by, session.limited_until) == ("limited", "gateway", until)
    machine.claude(100, status="idle")
    assert machine.only().state == "idle"


def test_a_limit_without_an_end_lasts_as_long_as_the_bench(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="idle")
    row = {**answer("<synthetic>"), "isApiErrorMessage": True, "error": "rate_limit", "apiErrorStatus": 429}
    add(machine.transcript(), answer(), row)
    until = NOW + timedelta(hours=2)
    bench = Bench(provider="groq", kind="rate", since=NOW, until=until)
    served = SessionServed(provider="groq", since=NOW)
    health.change(
        machine.ctx.paths,
        lambda old: health.Health(benches=(bench,), sessions={("claude-code", "s-1"): served}),
    )

    assert (machine.only().state, machine.only().limited_until) == ("limited", until)


@pytest.mark.parametrize(
    ("seconds", "exact"), [(24, True), (59, True), (60, False), (-30, False), (7200, False)]
)
def test_a_limit_told_to_the_minute_ends_with_the_bench_of_that_minute(
    machine: Machine, seconds: int, exact: bool
) -> None:
    machine.process(100)
    machine.claude(100, status="idle")
    told = (NOW + timedelta(hours=2)).replace(second=0, microsecond=0)
    row = {**answer("<synthetic>"), "isApiErrorMessage": True, "error": "rate_limit", "apiErrorStatus": 429}
    add(machine.transcript(), answer(), {**row, "quotaLimits": {"resetsAt": told.isoformat()}})
    until = told + timedelta(seconds=seconds)
    bench = Bench(provider="groq", kind="rate", since=NOW, until=until)
    served = SessionServed(provider="groq", since=NOW)
    health.change(
        machine.ctx.paths,
        lambda old: health.Health(benches=(bench,), sessions={("claude-code", "s-1"): served}),
    )

    assert machine.only().limited_until == (until if exact else told)


def test_background_tasks_of_a_client_with_a_registry_are_told_not_believed(machine: Machine) -> None:
    machine.process(100)
    machine.claude(100, status="idle")
    seen = Evidence(agent="claude-code", id="s-1", at=NOW.timestamp(), event="Stop", background=1)
    write(machine.ctx.paths, seen)

    assert (machine.only().state, machine.only().background) == ("idle", 1)


def test_a_session_that_ended_before_we_looked_is_known_by_its_hook(machine: Machine) -> None:
    at = (NOW - timedelta(minutes=5)).timestamp()
    seen = Evidence(
        agent="claude-code", id="gone", at=at, event="SessionEnd", cwd=str(machine.folder("api")), pid=9
    )
    write(machine.ctx.paths, seen)

    session = machine.only()

    assert (session.state, session.by, session.killed) == ("ended", "hook", False)
    assert session.project == str(machine.folder("api"))
    machine.now += timedelta(hours=1)
    assert machine.sessions() == ()


def test_running_sessions_come_before_ended_ones_and_newer_first(machine: Machine) -> None:
    for pid, name, minutes in ((100, "old", 30), (101, "new", 1), (102, "ended", 0)):
        machine.process(pid)
        machine.claude(pid, name, at=NOW - timedelta(minutes=minutes))
    machine.sessions()
    machine.kill(102)

    assert list(machine.states()) == ["new", "old", "ended"]


def test_a_look_without_changes_gives_equal_sessions(machine: Machine) -> None:
    busy(machine)
    add(machine.transcript(), answer())

    assert machine.sessions() == machine.sessions()


def test_nothing_runs_on_an_empty_machine(machine: Machine) -> None:
    assert machine.sessions() == ()


def test_session_costs_of_thousands_of_names_are_asked_in_parts(machine: Machine) -> None:
    path = machine.ctx.paths.ledger
    ledger(path, [("s-1499", NOW, "groq", 2.0), ("s-2", NOW, "groq", None)])
    with schema.opened(path) as connection:
        keys = [("claude-code", f"s-{number}") for number in range(1500)]
        costs = session_costs(connection, keys, NOW)
        total, parts = window_costs(connection, "groq", NOW - timedelta(hours=5), NOW)

    mine, other = ("claude-code", "s-1499"), ("claude-code", "s-2")
    assert (costs[mine].cost_usd, costs.keys()) == (2.0, {mine, other})
    assert (total, parts[mine]) == (2.0, 2.0)


def test_two_agents_with_the_same_id_share_nothing(machine: Machine) -> None:
    plan = "anthropic-subscription"
    path, at = machine.ctx.paths.ledger, NOW - timedelta(minutes=30)
    thread = "01a2290e-77e4-7000-8000-000000000001"
    ledger(path, [(thread, at, plan, 1.0), (f"{thread}-2", at, plan, 9.0)])
    ledger(path, [(thread, at, plan, 3.0)], agent="codex")
    busy(machine, thread)
    machine.process(101, "codex")
    add(machine.codex(101, thread), {"type": "session_meta", "payload": {"id": thread}})
    moved = Event(id="e", ts=NOW, who="tui", action="move", after={"session": thread, "agent": "codex"})

    claude, codex = sorted(machine.sessions(), key=lambda session: session.agent)

    assert [(one.agent, one.cost_usd, one.cost_per_hour) for one in (claude, codex)] == [
        ("claude-code", 1.0, 1.0),
        ("codex", 3.0, 3.0),
    ]
    uses = [ledger_view.of_session(machine.ctx, one.agent, one.id) for one in (claude, codex)]
    assert [[group.totals.cost_usd for group in use.models] for use in uses] == [[1.0], [3.0]]
    assert [len(moves_of(one, [moved])) for one in (claude, codex)] == [0, 1]
    assert sessions_document.find([claude, codex], f"codex:{thread}") is codex
    with pytest.raises(WrongUsage, match=f"2 agents have a session '{thread}'"):
        sessions_document.find([claude, codex], thread)


def test_the_ledger_is_opened_read_only(machine: Machine) -> None:
    busy(machine)
    path = machine.ctx.paths.ledger
    ledger(path, [("s-1", NOW, "groq", 2.0)])
    machine.sessions()
    connection = sqlite3.connect(path)
    connection.execute("BEGIN IMMEDIATE")
    connection.rollback()
    connection.close()
