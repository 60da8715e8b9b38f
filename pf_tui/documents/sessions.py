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
    return [session(item) for item in sessions]


def session(item: Session) -> dict[str, object]:
    """One session; unknown is null, never 0."""
    share = item.window_share
    return {
        "id": item.id,
        "agent": item.agent,
        "project": item.project,
        "worktree": item.worktree,
        "branch": item.branch,
        "state": item.state,
        "provider": item.provider,
        "model": item.model,
        "context_tokens": item.context_tokens,
        "context_percent": item.context_percent,
        "cost_usd": item.cost_usd,
        "cost_per_hour": item.cost_per_hour,
        "window_share": {"window": share.window, "percent": share.percent} if share else None,
        "started": _moment(item.started),
        "last_activity": _moment(item.last_activity),
        "parent": item.parent,
        "pid": item.pid,
        "by": item.by,
        "provider_by": item.provider_by,
        "observed_at": to_text(item.observed_at),
        "guess": item.guess,
        "elsewhere": item.elsewhere,
        "waiting_for": item.waiting_for,
        "resumes_at": _moment(item.resumes_at),
        "limited_until": _moment(item.limited_until),
        "background": item.background,
        "focus": _focus(item.focus),
        "agent_type": item.agent_type,
        "children": [session(child) for child in item.children],
    }


def moved(move_outcome: MoveOutcome) -> dict[str, object]:
    """`switch PROVIDER --session ID --json`."""
    return {
        "session": move_outcome.session,
        "agent": move_outcome.agent,
        "from": move_outcome.from_provider,
        "to": move_outcome.to_provider,
        "how": move_outcome.how,
        "moved": move_outcome.moved,
    }


def find(sessions: Iterable[Session], name: str) -> Session:
    """The session of that id, or of the only id that begins so; `codex:ID` where two agents have it.

    Raises:
        UnknownName: there is none.
        WrongUsage: several begin so.
    """
    everyone = list(sessions)
    agent, _, named_id = name.partition(":")
    if named_id and any(session.agent == agent for session in everyone):
        everyone, name = [session for session in everyone if session.agent == agent], named_id
    matches = [session for session in everyone if session.id == name]
    if not matches:
        matches = [session for session in everyone if name and session.id.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    if matches and len({session.id for session in matches}) == 1:
        raise WrongUsage(
            f"{len(matches)} agents have a session '{name}'",
            f"write the agent before it: `{matches[0].agent}:{name}`",
        )
    if matches:
        raise WrongUsage(
            f"{len(matches)} sessions begin with '{name}'",
            "write more of the id; `pf-tui sessions` lists them",
        )
    raise UnknownName("session", name, [session.id for session in everyone], "pf-tui sessions --all")


def state(session: Session, now: datetime, zone: tzinfo | None) -> str:
    """`waiting for permission`, `limited until 16:20`, `working?` (a guess)."""
    state_words: str = session.state
    if session.state == "waiting":
        state_words = f"waiting {WAITING_WORDS.get(session.waiting_for or '', '')}".rstrip()
    elif session.state == "limited" and session.limited_until is not None:
        state_words = f"limited until {words.clock(session.limited_until, now, zone)}"
    elif session.killed:
        state_words = "ended (killed)"
    return f"{state_words}{'?' if session.guess else ''}{' elsewhere' if session.elsewhere else ''}"


def folder_label(session: Session) -> str:
    """`api (main)`, `api/feat-x (feat/x)`: project, linked worktree and branch."""
    name = (session.project or "").rstrip("/").rpartition("/")[2] or session.project or "—"
    name = f"{name}/{session.worktree}" if session.worktree else name
    return f"{name} ({session.branch})" if session.branch else name


def _focus(focus: Focus | None) -> dict[str, object] | None:
    if focus is None:
        return None
    if focus.tmux_pane:
        return {"tmux": {"socket": focus.tmux_socket, "pane": focus.tmux_pane}, "tty": focus.tty}
    return {"attach": focus.attach} if focus.attach else {"tty": focus.tty}


def _moment(at: datetime | None) -> str | None:
    return to_text(at) if at else None
