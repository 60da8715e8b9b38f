"""What real agents do, as every face sees it: working, waiting, Esc, kill -9, /clear, a background agent.

`pytest -s` prints how long after each event each face was right; docs/sessions.md has such a table.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pf_tui.sessions.records import Session
from tests import clients, upstreams
from tests.clients import Machine, Terminal, machine, program, terminal
from tests.e2e.delays import Faces, Right, is_over, reads
from tests.e2e.test_codex import end_daemons
from tests.patience import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

KEY = "sk-ant-api03-mock-key-000000000000"

CLAUDE_WORKS = "esc to interrupt"

AGENT_S = 6.0
"""How long the background agent works."""


def kill(session: Session | None) -> None:
    """kill -9 its process."""
    assert session is not None
    assert session.pid is not None
    with contextlib.suppress(ProcessLookupError):
        os.kill(session.pid, signal.SIGKILL)


def shown(screen: clients.Terminal, text: str) -> Callable[[], bool]:
    """Whether the agent's screen has it."""
    return lambda: text in screen.screen()


def gone(screen: clients.Terminal, *texts: str) -> Callable[[], bool]:
    """Whether the agent's screen has none of them any more."""

    def is_gone() -> bool:
        now = screen.screen()
        return not any(text in now for text in texts)

    return is_gone


def another_than(session: str) -> Right:
    """One session is there, which is not that one."""
    return lambda rows: [row["state"] for row in rows if row["id"] != session] == ["idle"] and len(rows) == 1


@pytest.fixture
def claude(tmp_path: Path) -> Iterator[tuple[Machine, upstreams.Upstream]]:
    """Claude Code on a key, with nothing of pf-tui in it."""
    program("claude")
    with upstreams.Upstream() as upstream:
        box = machine(tmp_path, {"alpha": upstream.url}, "anthropic-messages")
        clients.settle_claude(box)
        box.extra |= {"ANTHROPIC_BASE_URL": upstream.url, "ANTHROPIC_API_KEY": KEY}
        path = box.home / ".claude.json"
        known = json.loads(path.read_text())
        known["customApiKeyResponses"] = {"approved": [KEY[-20:]], "rejected": []}
        path.write_text(json.dumps(known))
        yield box, upstream


def asks_for_permission(
    faces: Faces, screen: Terminal, upstream: upstreams.Upstream, dialog: str
) -> Session | None:
    """The prompt is sent, and the agent asks whether it may use a tool."""
    return faces.after(
        "asks for permission",
        reads("waiting", "permission"),
        begun=lambda: upstream.requests[-1].at,
        do=lambda: screen.press("Enter"),
        shows=shown(screen, dialog),
    )


def test_claude_code_is_right_where_hooks_are_blind(claude: tuple[Machine, upstreams.Upstream]) -> None:
    box, upstream = claude
    words = (str(program("claude")), "--permission-mode", "default")
    with Faces(box, "claude-code") as faces, terminal(box, *words) as screen:
        screen.wait_for("❯")
        first = faces.after("started", reads("idle", by="registry"))
        assert first is not None
        upstream.always(upstreams.Reply(wait_s=30))
        screen.type("slow")
        working = faces.after(
            "prompt", reads("working"), do=lambda: screen.press("Enter"), shows=shown(screen, CLAUDE_WORKS)
        )
        interrupted = faces.after(
            "Esc in a turn",
            reads("idle"),
            do=lambda: screen.press("Escape"),
            shows=gone(screen, CLAUDE_WORKS),
        )
        screen.press("C-u")
        upstream.always(upstreams.called("Bash", {"command": "curl http://127.0.0.1:1/x"}))
        screen.type("use the tool")
        asking = asks_for_permission(faces, screen, upstream, "Do you want to proceed?")
        idle = faces.after(
            "Esc in a dialog",
            reads("idle"),
            do=lambda: screen.press("Escape"),
            shows=gone(screen, "Do you want to proceed?"),
        )
        screen.press("C-u")
        screen.type("/clear")
        is_another = another_than(first.id)
        cleared = faces.after("/clear", is_another, do=lambda: screen.press("Enter"))
        upstream.always(upstreams.Reply(wait_s=60))
        screen.type("once more")
        faces.after("prompt", reads("working"), do=lambda: screen.press("Enter"))
        killed = faces.after("kill -9 in a turn", reads("ended"), do=lambda: kill(first))

    seen = [session for session in (first, working, interrupted, asking, idle, cleared) if session]
    assert [session.by for session in seen] == ["registry"] * 6
    assert first.focus is not None
    assert first.focus.tmux_pane == "%0"
    assert seen[-1].pid == first.pid
    assert killed is not None
    assert killed.killed


def test_a_background_agent_keeps_its_session_working(claude: tuple[Machine, upstreams.Upstream]) -> None:
    box, upstream = claude
    agent = {
        "description": "look",
        "prompt": "go",
        "subagent_type": "general-purpose",
        "model": "haiku",
        "run_in_background": True,
    }

    def asked_of_the_agent() -> float:
        asked = eventually(
            lambda: [r for r in upstream.requests if "haiku" in r.model], "the agent's request"
        )
        return asked[0].at

    words = (str(program("claude")), "--permission-mode", "default")
    with Faces(box, "claude-code") as faces, terminal(box, *words) as screen:
        screen.wait_for("❯")
        faces.after("started", reads("idle"))
        upstream.always(upstreams.Reply(wait_s=AGENT_S), model="haiku")
        upstream.answer(upstreams.called("Agent", agent))
        screen.type("start it")
        session = faces.after(
            "background agent starts",
            lambda rows: [bool(row["children"]) for row in rows] == [True],
            begun=asked_of_the_agent,
            do=lambda: screen.press("Enter"),
        )
        faces.after("background agent is over", reads("idle"), begun=lambda: upstream.requests[-1].at)

    assert session is not None
    (child,) = session.children
    assert (session.state, child.state, child.agent_type) == ("working", "working", "general-purpose")
    began = asked_of_the_agent()
    told = [rows for at, rows in faces.pane_states if began < at < began + AGENT_S]
    assert "idle" not in {row["state"] for rows in told for row in rows}  # its main turn was over at once


@pytest.fixture
def codex(tmp_path: Path) -> Iterator[tuple[Machine, upstreams.OpenAIUpstream]]:
    """Codex with our hooks."""
    program("codex")
    with upstreams.OpenAIUpstream() as upstream:
        box = machine(tmp_path, {"alpha": upstream.url}, "openai-responses")
        folder = box.home / ".codex"
        folder.mkdir()
        (folder / "config.toml").write_text(
            'model = "m-alpha"\nmodel_provider = "alpha"\napproval_policy = "on-request"\n'
            'sandbox_mode = "read-only"\ncheck_for_update_on_startup = false\n[analytics]\nenabled = false\n'
            f'[model_providers.alpha]\nname = "alpha"\nbase_url = "{upstream.url}"\nwire_api = "responses"\n'
            f'env_key = "ALPHA_API_KEY"\n[projects."{box.work}"]\ntrust_level = "trusted"\n'
        )
        box.pf("install", "codex")
        yield box, upstream
        end_daemons(box.home)


def test_codex_waits_as_its_hook_says_and_is_idle_after_esc(
    codex: tuple[Machine, upstreams.OpenAIUpstream],
) -> None:
    box, upstream = codex
    asks = {"cmd": "touch /etc/x", "sandbox_permissions": "require_escalated", "justification": "it must"}
    words = ("codex", "--dangerously-bypass-hook-trust")
    with Faces(box, "codex") as faces, terminal(box, *words) as screen:
        screen.wait_for("Ask Codex")
        first = faces.after("started", reads("idle"))
        upstream.always(upstreams.Reply(wait_s=30))
        screen.type("slow")
        works = "esc to interrupt"
        faces.after("prompt", reads("working"), do=lambda: screen.press_until("Enter", works))
        faces.after(
            "Esc in a turn", reads("idle"), do=lambda: screen.press("Escape"), shows=gone(screen, works)
        )
        upstream.always(upstreams.Reply())
        upstream.answer(upstreams.called("exec_command", asks))
        asking = faces.after(
            "asks for permission",
            reads("waiting", "permission"),
            begun=lambda: upstream.requests[-1].at,
            do=lambda: screen.submit("use the tool", "Would you like to run"),
        )
        dialog = "Would you like to run"
        idle = faces.after(
            "Esc in a dialog", reads("idle"), do=lambda: screen.press("Escape"), shows=gone(screen, dialog)
        )
        faces.after("kill -9", is_over, do=lambda: kill(first))

    assert asking is not None
    assert idle is not None
    assert (asking.by, idle.by, asking.model) == ("hook", "log", "m-alpha")


def test_opencodes_plugin_tells_of_work_and_of_waiting(tmp_path: Path) -> None:
    program("opencode")
    with upstreams.OpenAIUpstream() as upstream:
        box = machine(tmp_path, {"alpha": upstream.url}, "openai-chat")
        box.extra = {"OPENCODE_DISABLE_MODELS_FETCH": "1"}
        folder = box.home / ".config" / "opencode"
        folder.mkdir(parents=True)
        model = {"m-alpha": {"name": "alpha", "limit": {"context": 200_000, "output": 8192}}}
        options = {"baseURL": upstream.url, "apiKey": "sk-in-opencode"}
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "alpha", "options": options, "models": model}
        settings = {
            "model": "alpha/m-alpha", "small_model": "alpha/m-alpha", "share": "disabled",
            "autoupdate": False, "provider": {"alpha": provider}, "permission": {"bash": "ask"},
        }  # fmt: skip
        (folder / "opencode.json").write_text(json.dumps(settings))
        box.pf("install", "opencode")
        call = {"command": "touch zz", "description": "touches"}
        with Faces(box, "opencode") as faces, terminal(box, "opencode") as screen:
            screen.wait_for("Ask anything", 150)
            before = faces.after("started", reads("idle"))
            upstream.always(upstreams.Reply(wait_s=30))
            works, dialog = "esc interrupt", "Permission required"
            for prompt in ("first prompt", "prompt"):
                screen.type("slow")
                faces.after(
                    prompt, reads("working"), do=lambda: screen.press("Enter"), shows=shown(screen, works)
                )
                screen.press_until("Escape", "again to interrupt")
                faces.after(
                    "Esc in a turn",
                    reads("idle"),
                    do=lambda: screen.press("Escape"),
                    shows=gone(screen, works, "again to interrupt"),
                )
            upstream.always(upstreams.called("bash", call))
            screen.type("use the tool")
            asking = asks_for_permission(faces, screen, upstream, dialog)
            upstream.always(upstreams.Reply())
            idle = faces.after(
                "Esc in a dialog",
                reads("idle"),
                do=lambda: screen.press("Escape"),
                shows=gone(screen, dialog, works),
            )
            faces.after("kill -9", is_over, do=lambda: kill(asking))

    assert before is not None
    assert asking is not None
    assert idle is not None
    assert (before.guess, asking.guess, asking.by, idle.by) == (True, False, "hook", "hook")
    assert asking.model == "m-alpha"
