"""Move one session alone to another provider: where the gateway or OpenCode's plugin decides for it.

Everywhere else a running agent cannot be moved by itself; then nothing is written and the error says what it
needs. The choice is a pin in health.json: it goes first while it can serve, and comes back when it can again.
"""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui import snapshot
from pf_tui.actions.journalling import write_down
from pf_tui.actions.switching import cure
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError
from pf_tui.json_values import object_in, optional_text, text_in
from pf_tui.records import record, replace
from pf_tui.rules.eligibility import why_ineligible
from pf_tui.sessions.records import Session, short_id
from pf_tui.state import files, gateway, health
from pf_tui.state.context import Context
from pf_tui.state.health import Health, SessionServed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId


@record
class MoveOutcome:
    """What moving a session did."""

    session: str
    agent: AgentId
    from_provider: str | None
    to_provider: str
    how: str
    """gateway | plugin"""
    moved: bool
    """False when it was pinned there already."""


def move_session(ctx: Context, session: Session, provider_id: str, *, force: bool = False) -> MoveOutcome:
    """Serve one session from a provider, from its next request (gateway) or turn (plugin) on.

    Raises:
        UnknownName: no such provider.
        PfError: the session cannot be moved alone, or the provider cannot serve; nothing was written.
    """
    now = snapshot.take(ctx)
    provider = now.catalog.provider(provider_id)
    how = _how(ctx, session)
    if not now.auto_switch:
        raise PfError(
            "auto-switch is off, so every session goes to the first of the list; nothing was changed",
            "`pf-tui switch --auto on`",
        )
    if provider.id not in now.priority:
        raise PfError(
            f"{provider.id} is not in the priority list; nothing was changed",
            f"`pf-tui priority add {provider.id}`",
        )
    refusal = why_ineligible(now.eligibility_of(provider.id), session.model)
    if refusal is not None and refusal.code != "paid" and not force:
        raise PfError(
            f"{provider.id} cannot serve: {refusal.reason}; nothing was changed", cure(provider, refusal)
        )
    with files.locked(ctx.paths):
        session_entry = ctx.health().sessions.get((session.agent, session.id))
        before = session_entry.pin if session_entry else None
        if before != provider.id:
            restore_pins(ctx, {session.id: {"agent": session.agent, "pin": provider.id}})
            write_down(
                ctx,
                "move",
                why=f"{session.agent} {session.label} moves to {provider.id}",
                before={
                    "session": session.id,
                    "agent": session.agent,
                    "provider": session.provider,
                    "pin": before,
                },
                after={
                    "session": session.id,
                    "agent": session.agent,
                    "provider": provider.id,
                    "pin": provider.id,
                },
                undo={"pins": {session.id: {"agent": session.agent, "pin": before}}},
            )
    return MoveOutcome(
        session=session.id,
        agent=session.agent,
        from_provider=session.provider,
        to_provider=provider.id,
        how=how,
        moved=before != provider.id,
    )


def restore_pins(ctx: Context, pins: Mapping[str, object]) -> dict[str, object]:
    """Set pins (None takes one off); returns what puts the present ones back. Caller holds the lock."""
    inverse: dict[str, object] = {}

    def edit(old: Health) -> Health:
        sessions = dict(old.sessions)
        for session in pins:
            old_pin = object_in(pins, session)
            agent, pin = text_in(old_pin, "agent"), optional_text(old_pin, "pin")
            entry = sessions.get((agent, session))
            inverse[session] = {"agent": agent, "pin": entry.pin if entry else None}
            if entry is None:
                if pin is None:
                    continue
                entry = SessionServed(provider=pin, since=ctx.now())
            sessions[agent, session] = replace(entry, pin=pin)
        return replace(old, sessions=sessions)

    health.change(ctx.paths, edit)
    return inverse


def _how(ctx: Context, session: Session) -> str:
    """Who can move it: the gateway, or OpenCode's plugin. Raises PfError when nobody can."""
    name = session.label
    if session.state == "ended":
        raise PfError(f"{name} has ended; nothing was changed", "`pf-tui sessions` lists the ones that run")
    if session.elsewhere:
        raise PfError(f"{name} runs in a container or on another machine; nothing was changed")
    if session.parent is not None:
        raise PfError(
            f"{name} is a subagent; it goes where its session goes", f"move {short_id(session.parent)}"
        )
    if session.behind_gateway and gateway.read(ctx.paths) is not None:
        return "gateway"
    if session.agent == "opencode" and session.by == "hook":
        return "plugin"
    raise PfError(
        f"{name} cannot be moved alone: {session.agent} asks its provider itself; nothing was changed",
        CLIENTS[session.agent].resume_hint.format(id=session.id),
    )
