"""A move as it is told when it happens."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import pf_tui
from pf_tui.state.clock import to_text
from pf_tui.state.journal import Event
from pf_tui.tui.event_sentences import sentence, story
from pf_tui.tui.times import Clock

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def moved(kind: str = "quota", until: datetime | None = NOON + timedelta(hours=2)) -> Event:
    bench = {"provider": "openai-subscription", "kind": kind, "evidence": {"status": 429}}
    if until is not None:
        bench["until"] = to_text(until)
    return Event(
        id="e",
        ts=NOON,
        who="hook",
        action="failover",
        why="openai-subscription: 429 quota in Codex",
        before={"active": "openai-subscription"},
        after={"active": "anthropic-subscription", "bench": bench},
    )


@pytest.mark.parametrize(
    ("event", "told"),
    [
        pytest.param(
            moved(),
            "openai-subscription hit its limit (429) → anthropic-subscription, "
            "saved about 2h00; back at 14:00",
            id="limit",
        ),
        pytest.param(
            moved("auth", None), "openai-subscription failed (auth) → anthropic-subscription", id="no-end"
        ),
        pytest.param(
            Event(id="r", ts=NOON, who="hook", action="return", after={"active": "openai-subscription"}),
            "back to openai-subscription",
            id="return",
        ),
    ],
)
def test_a_move_says_from_whom_why_to_whom_and_what_it_saved(event: Event, told: str) -> None:
    assert story(event, Clock(now=NOON)) == told


def written_by_the_gateway() -> set[str]:
    """The actions of `recorder.event("…")`, wherever the gateway calls it."""
    calls = (
        node
        for path in (Path(pf_tui.__file__).parent / "gateway").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "event"
    )
    first = (call.args[0] for call in calls if call.args)
    return {arg.value for arg in first if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}


def test_everything_the_gateway_writes_down_is_told_in_a_sentence() -> None:
    actions = written_by_the_gateway()

    assert {"failback", "refuse", "skip", "spill", "translate", "unread"} <= actions
    for action in actions:
        told = sentence(Event(id="e", ts=NOON, who="gateway", action=action))
        assert len(told.split()) >= 2, action
