"""One session moved alone: what is written, and what is refused with nothing written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions
from pf_tui.actions import focusing
from pf_tui.errors import PfError, UnknownName
from pf_tui.records import replace
from pf_tui.sessions.processes import Processes
from pf_tui.sessions.records import Focus, Session
from pf_tui.state import gateway, health
from pf_tui.state.context import Context
from pf_tui.state.health import MAX_SESSIONS, Health, SessionServed

KEYS = {"OPENROUTER_API_KEY": "k1", "ANTHROPIC_API_KEY": "k2", "GROQ_API_KEY": "k3"}
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Make = Callable[..., Context]


def session(agent: str = "claude-code", **more: Any) -> Session:
    known: dict[str, Any] = {"project": "/code/api", "state": "idle", "by": "registry", "observed_at": NOON}
    return Session(**{"id": "aaaa1111-2222", "agent": agent, **known, **more})


@pytest.fixture
def ctx(context: Make, monkeypatch: pytest.MonkeyPatch) -> Context:
    """Two providers in the list, a third with a key, and a gateway that runs."""
    made = context(env=KEYS)
    actions.set_priority(made, ["anthropic-api", "openrouter"])
    running = gateway.Gateway(host="127.0.0.1", port=4100, pid=1, since=NOON)
    monkeypatch.setattr(gateway, "read", lambda _paths: running)
    return made


def pins(ctx: Context) -> dict[str, str | None]:
    return {name: one.pin for (_, name), one in ctx.health().sessions.items()}


def test_a_session_behind_the_gateway_is_moved_by_a_pin_and_undo_takes_it_off(ctx: Context) -> None:
    done = actions.move_session(ctx, session(behind_gateway=True), "openrouter")
    again = actions.move_session(ctx, session(behind_gateway=True), "openrouter")

    assert (done.how, done.moved, again.moved) == ("gateway", True, False)
    assert pins(ctx) == {"aaaa1111-2222": "openrouter"}
    actions.undo(ctx)
    assert pins(ctx) == {"aaaa1111-2222": None}
    actions.redo(ctx)
    assert pins(ctx) == {"aaaa1111-2222": "openrouter"}


def test_a_session_of_opencode_with_our_plugin_is_moved_from_its_next_turn(ctx: Context) -> None:
    assert actions.move_session(ctx, session("opencode", by="hook"), "openrouter").how == "plugin"


@pytest.mark.parametrize(
    ("moved", "sentence"),
    [
        (session(), "session aaaa1111 cannot be moved alone: claude-code asks its provider itself"),
        (
            session("codex", by="log"),
            "session aaaa1111 cannot be moved alone: codex asks its provider itself",
        ),
        (session("opencode", by="process"), "session aaaa1111 cannot be moved alone: opencode asks"),
        (session(state="ended", behind_gateway=True), "session aaaa1111 has ended"),
        (session(elsewhere=True, behind_gateway=True), "session aaaa1111 runs in a container"),
        (session(parent="p", behind_gateway=True), "session aaaa1111 is a subagent"),
    ],
)
def test_what_cannot_be_moved_is_told_why_and_nothing_is_written(
    ctx: Context, moved: Session, sentence: str
) -> None:
    with pytest.raises(PfError, match=r"nothing was changed|its session goes") as refused:
        actions.move_session(ctx, moved, "openrouter")

    assert refused.value.message.startswith(sentence)
    assert not ctx.paths.health.exists()


@pytest.mark.parametrize("provider", ["groq", "zai-coding-plan"])
def test_a_provider_outside_the_list_is_refused(ctx: Context, provider: str) -> None:
    with pytest.raises(PfError, match="is not in the priority list; nothing was changed"):
        actions.move_session(ctx, session(behind_gateway=True), provider)
    with pytest.raises(UnknownName):
        actions.move_session(ctx, session(behind_gateway=True), "nobody")

    assert not ctx.paths.health.exists()


def test_a_benched_provider_is_refused_unless_forced(ctx: Context) -> None:
    actions.bench(ctx, "openrouter")

    with pytest.raises(PfError, match="openrouter cannot serve"):
        actions.move_session(ctx, session(behind_gateway=True), "openrouter")
    assert actions.move_session(ctx, session(behind_gateway=True), "openrouter", force=True).moved


def test_a_pin_stays_while_others_serve_the_session(ctx: Context) -> None:
    actions.move_session(ctx, session(behind_gateway=True), "openrouter")
    actions.remember_session(ctx, "aaaa1111-2222", "claude-code", "anthropic-api")

    served = ctx.health().sessions["claude-code", "aaaa1111-2222"]
    assert (served.provider, served.pin) == ("anthropic-api", "openrouter")


def test_pinned_sessions_are_exempt_from_the_two_hundred(ctx: Context) -> None:
    actions.move_session(ctx, session(behind_gateway=True), "openrouter")
    later = SessionServed(provider="groq", since=NOON + timedelta(hours=1))
    many = {("codex", f"s-{number}"): later for number in range(MAX_SESSIONS + 50)}
    health.change(ctx.paths, lambda old: replace(old, sessions={**old.sessions, **many}))

    known = json.loads(ctx.paths.health.read_text())["sessions"]
    assert len(known) == MAX_SESSIONS + 1
    assert known["aaaa1111-2222"]["pin"] == "openrouter"
    assert isinstance(ctx.health(), Health)


def tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str]) -> list[list[str]]:
    """A tmux that answers by its first word, and what it was asked."""
    asked: list[list[str]] = []

    def run(words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        answer = answers.get(words[3])
        return subprocess.CompletedProcess(
            words, 0 if answer is not None else 1, answer or "", "no such pane"
        )

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def in_pane(pid: int = 4242) -> Session:
    return session(pid=pid, focus=Focus(tmux_socket="/tmp/tmux-0/default", tmux_pane="%3", tty="/dev/pts/4"))


def test_focus_shows_the_pane_on_the_terminal_used_last(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = "1000 /dev/pts/1\n2000 /dev/pts/2\n"
    asked = tmux(
        tmp_path, monkeypatch, {"display-message": "%3 4242 $1", "list-clients": clients, "switch-client": ""}
    )

    assert (
        focusing.focus(ctx, in_pane(), Processes(tmp_path)) == "claude-code is in pane %3 now, on /dev/pts/2"
    )
    assert asked[-1] == ["tmux", "-S", "/tmp/tmux-0/default", "switch-client", "-c", "/dev/pts/2", "-t", "%3"]


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({}, "the tmux server at /tmp/tmux-0/default refuses"),
        ({"display-message": "%3 77 $1"}, "pane %3 of /tmp/tmux-0/default belongs to another program by now"),
        ({"display-message": "%9 4242 $1"}, "pane %3 of /tmp/tmux-0/default is gone"),
        ({"display-message": "%3 4242 $1", "list-clients": ""}, "nobody is attached to the tmux server"),
    ],
)
def test_focus_moves_nothing_when_the_pane_is_not_surely_the_sessions(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str], sentence: str
) -> None:
    asked = tmux(tmp_path, monkeypatch, answers)

    with pytest.raises(PfError) as refused:
        focusing.focus(ctx, in_pane(), Processes(tmp_path))

    assert refused.value.message.startswith(sentence)
    assert all(words[3] != "switch-client" for words in asked)
