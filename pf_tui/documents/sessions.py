"""Sessions as plain data, and in the words that every face uses for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from pf_tui.actions.sessions import MoveOutcome
from pf_tui.documents import words
from pf_tui.errors import UnknownName, WrongUsage
from pf_tui.sessions.records import Focus, Session
from pf_tui.state.clock import to_text

WAITING_WORDS = {"permission": "for permission", "question": "for an answer", "dialog": "in a dialog"}


def document(sessions: Iterable[Session]) -> list[dict[str, object]]:
    """`sessions --json`."""
    return [session(one) for one in sessions]


def session(one: Session) -> dict[str, object]:
    """One session; unknown is null, never 0."""
    share = one.window_share
    return {
        "id": one.id,
        "agent": one.agent,
        "project": one.project,
        "worktree": one.worktree,
        "branch": one.branch,
        "state": one.state,
        "provider": one.provider,
        "model": one.model,
        "context_tokens": one.context_tokens,
        "context_percent": one.context_percent,
        "cost_usd": one.cost_usd,
        "cost_per_hour": one.cost_per_hour,
        "window_share": {"window": share.window, "percent": share.percent} if share else None,
        "started": _moment(one.started),
        "last_activity": _moment(one.last_activity),
        "parent": one.parent,
        "pid": one.pid,
        "by": one.by,
        "provider_by": one.provider_by,
        "observed_at": to_text(one.observed_at),
        "guess": one.guess,
        "elsewhere": one.elsewhere,
        "waiting_for": one.waiting_for,
        "resumes_at": _moment(one.resumes_at),
        "limited_until": _moment(one.limited_until),
        "background": one.background,
        "focus": _focus(one.focus),
        "agent_type": one.agent_type,
        "children": [session(child) for child in one.children],
    }


def moved(done: MoveOutcome) -> dict[str, object]:
    """`switch PROVIDER --session ID --json`."""
    return {
        "session": done.session,
        "agent": done.agent,
        "from": done.from_provider,
        "to": done.to_provider,
        "how": done.how,
        "moved": done.moved,
    }


def find(sessions: Iterable[Session], wanted: str) -> Session:
    """The session of that id, or of the only id that begins so.

    Raises:
        UnknownName: there is none.
        WrongUsage: several begin so.
    """
    everyone = list(sessions)
    for one in everyone:
        if one.id == wanted:
            return one
    meant = [one for one in everyone if wanted and one.id.startswith(wanted)]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise WrongUsage(
            f"{len(meant)} sessions begin with '{wanted}'",
            "write more of the id; `pf-tui sessions` lists them",
        )
    raise UnknownName("session", wanted, [one.id for one in everyone], "pf-tui sessions --all")


def state(one: Session, now: datetime, zone: tzinfo | None) -> str:
    """`waiting for permission`, `limited until 16:20`, `working?` (a guess)."""
    told: str = one.state
    if one.state == "waiting":
        told = f"waiting {WAITING_WORDS.get(one.waiting_for or '', '')}".rstrip()
    elif one.state == "limited" and one.limited_until is not None:
        told = f"limited until {words.clock(one.limited_until, now, zone)}"
    elif one.killed:
        told = "ended (killed)"
    return f"{told}{'?' if one.guess else ''}{' elsewhere' if one.elsewhere else ''}"


def place(one: Session) -> str:
    """`api (main)`, `api/feat-x (feat/x)`: project, linked worktree and branch."""
    name = (one.project or "").rstrip("/").rpartition("/")[2] or one.project or "—"
    name = f"{name}/{one.worktree}" if one.worktree else name
    return f"{name} ({one.branch})" if one.branch else name


def _focus(focus: Focus | None) -> dict[str, object] | None:
    if focus is None:
        return None
    if focus.tmux_pane:
        return {"tmux": {"socket": focus.tmux_socket, "pane": focus.tmux_pane}, "tty": focus.tty}
    return {"attach": focus.attach} if focus.attach else {"tty": focus.tty}


def _moment(at: datetime | None) -> str | None:
    return to_text(at) if at else None
