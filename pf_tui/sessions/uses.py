"""Which providers the running sessions really use, by the evidence of each session. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.sessions.records import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.sessions.records import By


@record
class Use:
    """Sessions of one agent that use the same model of the same provider."""

    agent: str
    provider: str | None
    """None = no evidence tells."""
    model: str | None
    sessions: int
    by: By | None
    """The evidence of the session that was observed last."""
    observed_at: datetime


def uses(sessions: Iterable[Session]) -> tuple[Use, ...]:
    """What runs now, most sessions first; those of equal number by agent, provider and model.

    Ended sessions, and subagents, which go where their session goes, are not counted.
    """
    groups: dict[tuple[str, str | None, str | None], list[Session]] = {}
    for session in sessions:
        if session.state != "ended" and session.parent is None:
            groups.setdefault((session.agent, session.provider, session.model), []).append(session)
    uses_list = [_use(key, members) for key, members in groups.items()]
    return tuple(
        sorted(uses_list, key=lambda use: (-use.sessions, use.agent, use.provider or "~", use.model or "~"))
    )


def serving(sessions: Iterable[Session]) -> tuple[tuple[str, int], ...]:
    """(provider, sessions it really serves), most first."""
    counts: dict[str, int] = {}
    for use in uses(sessions):
        if use.provider is not None:
            counts[use.provider] = counts.get(use.provider, 0) + use.sessions
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _use(key: tuple[str, str | None, str | None], members: Sequence[Session]) -> Use:
    agent, provider, model = key
    newest = max(members, key=lambda member: member.observed_at)
    return Use(
        agent=agent,
        provider=provider,
        model=model,
        sessions=len(members),
        by=newest.provider_by,
        observed_at=newest.observed_at,
    )
