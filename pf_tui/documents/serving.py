"""Who really serves the sessions that run, and the choice where it is another. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui.clients import CLIENTS
from pf_tui.records import record
from pf_tui.sessions.records import Session
from pf_tui.sessions.uses import serving, uses
from pf_tui.snapshot import Snapshot


@record
class Facts:
    """Who really serves, by the sessions that run; without one whoever was chosen."""

    provider: str | None
    model: str | None
    running: int = 0
    waiting: int = 0
    served: int = 0
    """Sessions that provider really serves; 0 = none tells."""
    chosen: str | None = None
    """The choice, where the sessions go elsewhere."""
    joins: str = ""
    """The agent to install pf-tui into, so that its sessions follow the choice."""
    returns: str = ""
    """`pf.return` where the gateway will move them to the choice: cheap, now or never."""
    follows: str | None = None
    """Who is asked when `provider` can no longer serve."""


def _returns(snapshot: Snapshot, provider: str) -> str:
    """When the gateway's sessions leave the provider: whoever it cannot serve goes at the next request."""
    view = snapshot.view(provider)
    return "now" if view.is_resting or view.is_absent else snapshot.config.return_when


def facts(snapshot: Snapshot, sessions: Sequence[Session]) -> Facts:
    """What the first line of every face is about."""
    active = snapshot.active
    running = [session for session in sessions if session.state != "ended"]
    waiting = sum(session.state == "waiting" for session in running)
    ids = {view.id for view in snapshot.providers}
    sessions_by_provider = [(name, number) for name, number in serving(running) if name in ids]
    provider_id = active.provider if active else None
    after = snapshot.next.provider if snapshot.next else None
    if not sessions_by_provider:
        model = active.model if active else None
        return Facts(provider=provider_id, model=model, running=len(running), waiting=waiting, follows=after)
    numbers = dict(sessions_by_provider)
    provider = (
        provider_id
        if provider_id in numbers and numbers[provider_id] == sessions_by_provider[0][1]
        else sessions_by_provider[0][0]
    )
    provider_uses = [use for use in uses(running) if use.provider == provider]
    differs = provider_id != provider
    steered = bool(provider_uses) and all(use.by == "gateway" for use in provider_uses)
    installed_agents = {view.agent for view in snapshot.agents}
    apart = (
        [use.agent for use in provider_uses if use.agent not in installed_agents]
        if differs and not steered
        else []
    )
    return Facts(
        provider=provider,
        model=provider_uses[0].model or (active.model if active and not differs else None),
        running=len(running),
        waiting=waiting,
        served=numbers[provider],
        chosen=provider_id if differs else None,
        returns=_returns(snapshot, provider) if differs and steered else "",
        follows=provider_id if differs and provider_id and steered else after,
        joins=next((agent for agent in apart if CLIENTS[agent].integrates), "") if provider_id else "",
    )
