"""What hooks leave of a session for whoever shows sessions, and what they never leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pf_tui import hooks
from pf_tui.sessions.evidence import Evidence, Store
from pf_tui.state.paths import Paths

SECRETS = {
    "prompt": "SECRET-prompt",
    "last_assistant_message": "SECRET-answer",
    "tool_input": {"command": "SECRET-command"},
    "tool_response": "SECRET-response",
    "title": "SECRET-title",
    "name": "SECRET-name",
}


def fire(
    home: Path, agent: str, event: str, data: Mapping[str, Any], env: Mapping[str, str] | None = None
) -> tuple[str, int]:
    world = {"HOME": str(home), "SECRET_TOKEN": "SECRET-env", **(env or {})}
    return hooks.run(agent, event, json.dumps({"session_id": "s-1", **SECRETS, **data}).encode(), world)


def seen(paths: Paths, agent: str) -> Evidence:
    return Store(paths).all()[(agent, "s-1")]


def test_claude_codes_stop_tells_of_background_tasks_and_the_address(home: Path, paths: Paths) -> None:
    env = {
        "CLAUDE_PID": "1", "TMUX": "/tmp/tmux-0/default,9,0", "TMUX_PANE": "%3",
        "ANTHROPIC_BASE_URL": "https://me:SECRET-pass@openrouter.ai/api?key=SECRET-key",
    }  # fmt: skip
    fire(home, "claude-code", "Stop", {"cwd": str(home), "background_tasks": [{"prompt": "SECRET"}, {}]}, env)
    one = seen(paths, "claude-code")

    assert (one.event, one.background, one.base_url_host) == ("Stop", 2, "openrouter.ai")
    assert one.tmux == {"socket": "/tmp/tmux-0/default", "pane": "%3"}
    assert (one.pid, one.cwd) == (1, str(home))


@pytest.mark.parametrize(("error", "limited"), [("rate_limit", True), ("server_error", False)])
def test_a_failed_turn_is_a_limit_when_it_was_one(
    home: Path, paths: Paths, error: str, limited: bool
) -> None:
    fire(home, "claude-code", "StopFailure", {"error": error})

    assert bool(seen(paths, "claude-code").limited) is limited


def test_codex_is_answered_nothing_when_it_asks_for_permission(home: Path, paths: Paths) -> None:
    told = fire(
        home, "codex", "PermissionRequest", {"turn_id": "t-1", "model": "gpt-5.2", "tool_name": "Bash"}
    )
    one = seen(paths, "codex")

    assert told == ("", 0)
    assert (one.event, one.turn, one.waiting_for, one.model) == (
        "PermissionRequest",
        "t-1",
        "permission",
        "gpt-5.2",
    )


def test_codexs_notify_program_leaves_nothing(home: Path, paths: Paths) -> None:
    fire(home, "codex", "notify", {"thread-id": "t", "input-messages": ["SECRET"]})

    assert Store(paths).all() == {}


def test_the_status_line_adds_facts_and_keeps_the_event(home: Path, paths: Paths) -> None:
    fire(home, "claude-code", "SessionStart", {"source": "startup"})
    status = {
        "session_id": "s-1", "model": {"id": "claude-opus-5-5", "display_name": "Opus"},
        "session_name": "SECRET",
        "cost": {"total_cost_usd": 0.5},
        "context_window": {"total_input_tokens": 3531, "context_window_size": 200_000, "used_percentage": 2},
    }  # fmt: skip
    hooks.statusline(json.dumps(status).encode(), {"HOME": str(home)})
    one = seen(paths, "claude-code")

    assert (one.event, one.model, one.cost_usd) == ("SessionStart", "claude-opus-5-5", 0.5)
    assert one.context == {"tokens": 3531.0, "window": 200_000.0, "percent": 2.0}


def test_an_unchanged_status_line_writes_nothing(home: Path, paths: Paths) -> None:
    status = json.dumps({"session_id": "s-1", "cost": {"total_cost_usd": 0.5}}).encode()
    hooks.statusline(status, {"HOME": str(home)})
    (path,) = paths.sessions.iterdir()
    before = path.stat().st_ino
    hooks.statusline(status, {"HOME": str(home)})

    assert path.stat().st_ino == before


@pytest.mark.parametrize("session", ["", [], None, "x" * 300])
def test_an_event_without_a_usable_session_leaves_nothing(home: Path, paths: Paths, session: object) -> None:
    fire(home, "codex", "PermissionRequest", {"session_id": session})

    assert Store(paths).all() == {}


def test_no_hook_leaves_what_people_models_and_tools_said(home: Path, paths: Paths) -> None:
    for event in ("SessionStart", "Stop", "StopFailure", "SubagentStop", "SessionEnd"):
        fire(home, "claude-code", event, {"error": "rate_limit", "reason": "SECRET-reason"})
    for event in ("SessionStart", "PermissionRequest", "SessionEnd"):
        fire(home, "codex", event, {"turn_id": "t"})

    files = [path for path in paths.sessions.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert all(b"SECRET" not in path.read_bytes() for path in files)
