"""What each agent really uses, counted from the sessions that run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pf_tui.sessions.records import Session
from pf_tui.sessions.uses import serving, uses

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def session(name: str, provider: str | None, **facts: Any) -> Session:
    known: dict[str, Any] = {
        "agent": "claude-code",
        "project": "/work/api",
        "state": "working",
        "by": "registry",
        "observed_at": NOW,
        "model": "claude-opus-5-5",
        "provider_by": "log",
    }
    return Session(id=name, provider=provider, **{**known, **facts})


def test_most_sessions_first_and_the_newest_evidence_tells_by_what() -> None:
    found = uses(
        [
            session("a", "groq", agent="codex", model="llama"),
            session("b", "anthropic-subscription"),
            session(
                "c", "anthropic-subscription", observed_at=NOW + timedelta(minutes=1), provider_by="gateway"
            ),
        ]
    )

    assert [(one.agent, one.provider, one.sessions, one.by) for one in found] == [
        ("claude-code", "anthropic-subscription", 2, "gateway"),
        ("codex", "groq", 1, "log"),
    ]
    assert found[0].observed_at == NOW + timedelta(minutes=1)


def test_ended_sessions_and_subagents_use_nothing() -> None:
    assert uses([session("a", "groq", state="ended"), session("b", "groq", parent="a")]) == ()


def test_a_provider_nobody_tells_is_counted_as_none_and_serves_nobody() -> None:
    sessions = [session("a", None), session("b", "groq"), session("c", "groq", model="other")]

    assert {one.provider for one in uses(sessions)} == {None, "groq"}
    assert serving(sessions) == (("groq", 2),)
