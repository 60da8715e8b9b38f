"""Let a session go on after its limit: each agent in the way that was measured, one attempt.

Claude Code waits by itself on a plan and where `pf-tui run --resume-at-reset` started it; Codex takes a
queued message; OpenCode's plugin sends the word after a final error; a session that has ended goes on
headless. Invariant: nothing is ever typed into a terminal
(typing approved a command in a permission dialog), and no session that runs is resumed beside itself.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pf_tui import snapshot
from pf_tui.actions.journalling import write_down
from pf_tui.actions.settings import change_setting
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError
from pf_tui.integrations import apply
from pf_tui.records import record
from pf_tui.sessions import evidence
from pf_tui.sessions.processes import Processes
from pf_tui.sessions.records import Session, short_id
from pf_tui.state import detached, files, resumes
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

MESSAGE = "continue"

AFTER = timedelta(seconds=5)
"""A message queued before the reset would meet the limit once more."""

LATE = timedelta(hours=1)
"""A request to resume that nobody could carry out for so long is dropped."""

QUEUE_LIMIT_S = 30.0

PLUGIN_LIMIT_S = 30.0
"""OpenCode's plugin looks every 3 s, through a hook that takes a moment on a busy machine."""

PLUGIN_LOOK_S = 0.2

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@record
class ResumePlan:
    """How a session goes on."""

    how: str
    """self (its client waits) | queue | plugin | headless | none (the person must)"""
    says: str
    command: tuple[str, ...] = ()
    """What sends it on."""


def way(ctx: Context, session: Session, processes: Processes | None = None) -> ResumePlan:
    """How this session can go on. Raises PfError where it never can from here."""
    name = session.label
    if session.elsewhere:
        raise PfError(f"{name} runs in a container or on another machine; nothing was done")
    if session.parent is not None:
        raise PfError(
            f"{name} is a subagent; it goes on with its session", f"resume {short_id(session.parent)}"
        )
    if not _ID.fullmatch(session.id):
        raise PfError(f"{name} has an id that no command takes; nothing was done")
    if session.state == "ended":
        return _headless(session, processes)
    if session.agent == "codex":
        command: tuple[str, ...] = ("codex", "queue", "--thread", session.id, "--message", MESSAGE)
        return ResumePlan(how="queue", says="a queued message resumes it", command=command)
    if _plugin_looks(ctx, session):
        return ResumePlan(how="plugin", says="its plugin sends it on")
    if _waits(ctx, session):
        return ResumePlan(how="self", says="it waits and goes on by itself")
    if session.agent == "claude-code":
        command = ("pf-tui", "run", "claude", "--resume-at-reset", "--", "--resume", session.id)
        return ResumePlan(how="none", says="end it, and start it again so that it waits", command=command)
    return ResumePlan(
        how="none",
        says=f"pf-tui's plugin in OpenCode has seen no limit end its last turn: write `{MESSAGE}` in it",
    )


def due(ctx: Context, session: Session) -> datetime:
    """When it can go on: at the end of its limit, or when the first provider is back."""
    now = ctx.now()
    if session.state == "limited" and session.limited_until is not None:
        return max(session.limited_until + AFTER, now)
    view = snapshot.take(ctx, keep_going=True)
    if view.active is not None:
        return now
    back = view.choice.first_back
    return max(back.until + AFTER, now) if back is not None and back.until is not None else now


def refuse_while_paused(ctx: Context, session: Session) -> None:
    """Raises PfError while the person keeps pf-tui out of every agent."""
    if apply.paused(ctx):
        raise PfError(f"pf-tui is paused; {session.label} was not resumed", "`pf-tui resume` ends that")


def set_automatic(ctx: Context, on: bool) -> None:
    """Let sessions whose agent can be sent on go on after a limit without being asked, or no longer."""
    change_setting(ctx, "sessions-auto", {"pf.resume": on}, {"on": on})


def planned_resume(ctx: Context, session: Session) -> tuple[ResumePlan | None, datetime | None]:
    """Have it go on at the reset while a dashboard is open, or take that back.

    Returns:
        The way, None = what was planned is taken back; and when, None = its client needs no plan.
    """
    key = (session.agent, session.id)
    if resumes.claim(ctx.paths, key):
        return None, None
    resume_plan = way(ctx, session)
    if resume_plan.how in ("self", "none"):
        return resume_plan, None
    at = due(ctx, session)
    resumes.ask(ctx.paths, key, at, ctx.now())
    return resume_plan, at


def carry_out(ctx: Context, session: Session) -> str | None:
    """Resume what was planned, once, whoever looks first; returns what was done, None = nothing was due."""
    at = resumes.read(ctx.paths).get((session.agent, session.id))
    if (
        at is None
        or at > ctx.now()
        or apply.paused(ctx)
        or (ctx.now() - at <= LATE and _plugin_looks(ctx, session))
    ):
        return None
    over = session.state == "ended" and resumes.ends_with_session(ctx.paths, (session.agent, session.id))
    if not resumes.claim(ctx.paths, (session.agent, session.id)):
        return None
    name = session.label
    if over:
        return f"{name} has ended; nothing was sent"
    if ctx.now() - at > LATE:
        return f"{name} was to go on more than an hour ago, when no dashboard was open; nothing was sent"
    if session.state in ("working", "waiting"):
        return f"{name} has resumed by itself; nothing was sent"
    return resume(ctx, session, beside=True)


def resume(
    ctx: Context,
    session: Session,
    *,
    beside: bool = False,
    processes: Processes | None = None,
    run: Run = subprocess.run,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Send the session on now; returns what was done. One attempt, written down.

    Args:
        beside: do not wait for what goes on headless.
        run: starts a program, as subprocess.run does.
    Raises:
        PfError: it cannot go on from here, or the attempt failed.
    """
    refuse_while_paused(ctx, session)
    resume_plan = way(ctx, session, processes)
    name = session.label
    if resume_plan.how == "self":
        return f"{name}: {resume_plan.says}"
    if resume_plan.how == "none":
        raise PfError(f"{name} cannot be resumed from here", _hint(resume_plan))
    if resume_plan.how == "plugin":
        return _through_plugin(ctx, session, sleep)
    _journal_resume(ctx, session.agent, session.id, resume_plan.how)
    if resume_plan.how == "headless" and beside:
        _start(ctx, session, resume_plan)
        return f"{name} goes on in the background; its agent's --resume shows it"
    limit_s = QUEUE_LIMIT_S if resume_plan.how == "queue" else None
    output = _run(ctx, session, resume_plan, run, limit_s, capture=resume_plan.how == "queue")
    if output.returncode:
        complaint = (output.stderr or "").strip().splitlines()[-1:] or [f"exit {output.returncode}"]
        raise PfError(f"{name} did not go on: {complaint[0][:200]}", _hint(resume_plan))
    return f"{name} goes on"


def sent_by_plugin(ctx: Context, session: str) -> bool:
    """Whether the plugin in OpenCode is to send the session on now: True once for each request."""
    at = resumes.read(ctx.paths).get(("opencode", session))
    if at is None or at > ctx.now() or not resumes.claim(ctx.paths, ("opencode", session)):
        return False
    if ctx.now() - at > LATE:
        return False
    _journal_resume(ctx, "opencode", session, "plugin")
    return True


def _through_plugin(ctx: Context, session: Session, sleep: Callable[[float], None]) -> str:
    """Leave the request for the plugin and wait until it has taken it."""
    key, name = (session.agent, session.id), session.label
    resumes.ask(ctx.paths, key, ctx.now(), ctx.now())
    for _ in range(round(PLUGIN_LIMIT_S / PLUGIN_LOOK_S)):
        if key not in resumes.read(ctx.paths):
            return f"{name} goes on"
        sleep(PLUGIN_LOOK_S)
    if not resumes.claim(ctx.paths, key):
        return f"{name} goes on"
    raise PfError(f"{name} did not go on: pf-tui's plugin in OpenCode does not answer")


def _plugin_looks(ctx: Context, session: Session) -> bool:
    """OpenCode's plugin has seen a limit end the last turn, and looks for a request to resume since."""
    if session.agent != "opencode" or session.state in ("working", "waiting", "ended"):
        return False
    latest = evidence.read(ctx.paths, session.agent, session.id)
    return latest is not None and latest.status == "idle" and bool(latest.limited)


def _journal_resume(ctx: Context, agent: AgentId, session: str, how: str) -> None:
    with files.locked(ctx.paths):
        write_down(
            ctx,
            "session-resume",
            why=f"session {short_id(session)} is resumed ({how})",
            after={"session": session, "agent": agent, "how": how},
        )


def _waits(ctx: Context, session: Session) -> bool:
    """Its client waits for the reset by itself."""
    if session.state != "limited":
        return False
    if session.agent == "opencode":
        return session.by == "hook"
    if session.behind_gateway:
        return session.by == "gateway"
    provider = ctx.catalog().providers.get(session.provider or "")
    return provider is not None and provider.plan and session.limited_until is not None


def _headless(session: Session, processes: Processes | None) -> ResumePlan:
    """A session whose process is gone goes on without a terminal, behind whoever serves."""
    launcher = (sys.executable, "-m", "pf_tui", "run")
    if session.agent == "claude-code":
        command = (*launcher, "claude", "--", "-p", "--resume", session.id, MESSAGE)
    elif session.agent == "codex":
        command = (*launcher, "codex", "--", "exec", "resume", session.id, MESSAGE)
    else:
        if (processes or _looked()).agents("opencode"):
            says = "an OpenCode that runs may hold it open: go on there"
            return ResumePlan(how="none", says=says)
        command = (*launcher, "opencode", "--", "run", "-s", session.id, MESSAGE)
    return ResumePlan(how="headless", says="it goes on without a terminal", command=command)


def _looked() -> Processes:
    processes = Processes()
    processes.look()
    return processes


def _environment(ctx: Context, session: Session) -> Mapping[str, str]:
    """The person's own, with the folder in which the session's agent keeps its files."""
    variable = CLIENTS[session.agent].config_variable
    if variable is None or session.pid is None:
        return ctx.env
    process = _looked().at(session.pid)
    folder = process.env.get(variable) if process is not None else None
    return {**ctx.env, variable: folder} if folder else ctx.env


def _run(
    ctx: Context, session: Session, resume_way: ResumePlan, run: Run, limit_s: float | None, *, capture: bool
) -> subprocess.CompletedProcess[str]:
    try:
        return run(
            list(resume_way.command),
            cwd=session.cwd or str(ctx.cwd),
            env=dict(_environment(ctx, session)),
            stdin=subprocess.DEVNULL,
            capture_output=capture,
            text=True,
            timeout=limit_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = "does not answer" if isinstance(error, subprocess.TimeoutExpired) else "does not start"
        raise PfError(f"`{resume_way.command[0]}` {why}; {session.label} was not resumed") from error


def _start(ctx: Context, session: Session, resume_way: ResumePlan) -> None:
    try:
        detached.start(resume_way.command, cwd=session.cwd or ctx.cwd, env=ctx.env)
    except OSError as error:
        raise PfError(f"`{resume_way.command[0]}` does not start; {session.label} was not resumed") from error


def _hint(resume_way: ResumePlan) -> str:
    return f"{resume_way.says}: `{' '.join(resume_way.command)}`" if resume_way.command else resume_way.says
