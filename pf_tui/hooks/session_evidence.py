"""What a hook saw of its session, left for whoever shows sessions: `pf_tui.sessions.evidence`.

Only what is listed here is looked at: never a prompt, an answer, a tool's input or a command line. A hook
that cannot write this goes on without it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from pf_tui.hooks.reading import text
from pf_tui.sessions.evidence import FACTS, Evidence, write
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: fields of Evidence by name, each of its own type

    from pf_tui.clients import AgentId

MAX_UP = 4
"""Processes between a hook and its agent: a shell, a wrapper."""


def claude_code(ctx: Context, event: str, data: Mapping[str, object]) -> None:
    """One of Claude Code's events."""
    tasks = data.get("background_tasks")
    at = ctx.now().timestamp()
    limit_seen: dict[str, float | None] | None = None
    if event == "StopFailure" and text(data, "error") in ("rate_limit", "billing_error"):
        limit_seen = {"at": at}
    elif event == "Stop":
        limit_seen = {}
    _write(
        ctx,
        "claude-code",
        event,
        data,
        _number(ctx.env.get("CLAUDE_PID")),
        base_url_host=_claude_host(ctx.env),
        background=len(tasks) if isinstance(tasks, list) else None,
        limited=limit_seen,
    )


def status_line(ctx: Context, data: Mapping[str, object]) -> None:
    """Context, cost and address, as Claude Code's status line tells them; no event."""
    window, cost, model = (_inner(data, name) for name in ("context_window", "cost", "model"))
    context = {
        "tokens": window.get("total_input_tokens"),
        "window": window.get("context_window_size"),
        "percent": window.get("used_percentage"),
    }
    cost_usd = cost.get("total_cost_usd")
    _write(
        ctx,
        "claude-code",
        FACTS,
        data,
        _number(ctx.env.get("CLAUDE_PID")),
        base_url_host=_claude_host(ctx.env),
        context={name: value for name, value in context.items() if _is_number(value)} or None,
        cost_usd=cost_usd if _is_number(cost_usd) else None,
        model=text(model, "id")[:200] or None,
    )


def codex(ctx: Context, event: str, data: Mapping[str, object]) -> None:
    """One of Codex's events; its hooks are not told the client's pid, but stand below it."""
    _write(
        ctx,
        "codex",
        event,
        data,
        _above("codex"),
        turn=text(data, "turn_id")[:200] or None,
        waiting_for="permission" if event == "PermissionRequest" else None,
        model=text(data, "model")[:200] or None,
    )


def opencode(ctx: Context, data: Mapping[str, object]) -> None:
    """What our plugin noticed of a session there."""
    at, retry, limit_seen = data.get("at"), data.get("next"), _inner(data, "limited")
    status, waiting = text(data, "status"), text(data, "waiting_for")
    _write(
        ctx,
        "opencode",
        text(data, "event")[:60] or "session.status",
        data,
        _number(data.get("pid")),
        at=at / 1000 if isinstance(at, int | float) and 0 < at < 1e14 else None,
        status=status if status in ("busy", "idle", "retry") else None,
        waiting_for=waiting if waiting in ("permission", "question") else None,
        retry_at=retry / 1000 if isinstance(retry, int | float) and 0 < retry < 1e14 else None,
        parent=text(data, "parent")[:200] or None,
        limited={
            name: ms / 1000
            for name in ("at", "until")
            if isinstance(ms := limit_seen.get(name), int | float) and 0 < ms < 1e14
        },
    )


def opencode_place(ctx: Context, data: Mapping[str, object]) -> dict[str, object]:
    """Where our plugin writes down what its sessions do, and what is the same in each of their files.

    It does so by itself because a process started for each event is later than OpenCode's own screen. Old
    files are pruned here, since the plugin does not.
    """
    from pf_tui.sessions import evidence, identity

    pid = _number(data.get("pid"))
    evidence.prepare(ctx.paths, ctx.now().timestamp())
    facts: dict[str, object] = {
        "pid": pid,
        "start": identity.start(pid) if pid else None,
        "domain": identity.domain(),
        "cwd": text(data, "cwd")[:1000] or None,
        "tmux": _tmux(ctx.env),
    }
    record = {"v": evidence.VERSION, "agent": "opencode"}
    return {
        "folder": str(ctx.paths.sessions),
        "record": record | {name: value for name, value in facts.items() if value is not None},
    }


def _write(
    ctx: Context,
    agent: AgentId,
    event: str,
    data: Mapping[str, object],
    pid: int | None,
    *,
    at: float | None = None,
    **facts: Any,  # the other fields of Evidence
) -> None:
    from pf_tui.sessions import identity

    session = text(data, "session_id")
    if not 0 < len(session) <= 200:
        return
    evidence = Evidence(
        agent=agent,
        id=session,
        at=ctx.now().timestamp() if at is None else at,
        event=event,
        pid=pid,
        start=identity.start(pid) if pid else None,
        domain=identity.domain(),
        cwd=text(data, "cwd")[:1000] or None,
        transcript=text(data, "transcript_path")[:1000] or None,
        tmux=_tmux(ctx.env),
        **facts,
    )
    write(ctx.paths, evidence)


def _tmux(env: Mapping[str, str]) -> dict[str, str] | None:
    socket, pane = env.get("TMUX", "").partition(",")[0], env.get("TMUX_PANE", "")
    return {"socket": socket, "pane": pane} if socket and pane else None


def _claude_host(env: Mapping[str, str]) -> str | None:
    """Where Claude Code's requests go, as host and port."""
    from pf_tui.rules.key_homes import BASE_URL, VENDOR_URL
    from pf_tui.sessions.identity import address

    return address(env.get(BASE_URL) or VENDOR_URL)


def _above(name: str) -> int | None:
    """The nearest process above this one that is called so."""
    from pf_tui.sessions import identity

    pid = os.getppid()
    for _ in range(MAX_UP):
        if identity.name(pid) == name:
            return pid
        above = identity.parent(pid)
        if above is None:
            return None
        pid = above
    return None


def _inner(data: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = data.get(name)
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int | None:
    """A pid, as a number or in digits."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < 12 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
