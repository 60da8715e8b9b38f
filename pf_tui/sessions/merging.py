"""What hooks and the gateway add to a session that its agent's own files tell of. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from pf_tui.records import replace
from pf_tui.sessions import claude_code, codex
from pf_tui.sessions.evidence import ENDED, Evidence
from pf_tui.sessions.records import Draft, Focus, LimitSeen, PendingQuestion, Signals, Stamp
from pf_tui.state.gateway import LiveRequest, LiveSession

LIMIT_STATUSES = (429, 529)


def with_evidence(draft: Draft, evidence: Evidence | None) -> Draft:
    """The draft with what hooks saw of it in this life of its process."""
    if evidence is None:
        return draft
    signals, at = draft.signals, datetime.fromtimestamp(evidence.at, UTC)
    if draft.agent == codex.AGENT and evidence.event == "PermissionRequest" and signals.busy:
        same_turn = evidence.turn is None or evidence.turn == draft.turn
        if same_turn and (draft.turn_at is None or at > draft.turn_at):
            signals = replace(signals, waiting=PendingQuestion(kind="permission", by="hook", at=at))
    if draft.agent == claude_code.AGENT:
        signals = _claude_signals(signals, evidence)
    if signals.life == "gone" and signals.ended is None and evidence.event in ENDED:
        signals = replace(signals, ended=Stamp(by="hook", at=at))
    focus = draft.focus
    if (
        focus is None
        and evidence.tmux
        and {"socket", "pane"} <= evidence.tmux.keys()
        and signals.life == "alive"
    ):
        focus = Focus(tmux_socket=evidence.tmux["socket"], tmux_pane=evidence.tmux["pane"], tty=evidence.tty)
    return replace(
        draft,
        signals=signals,
        background=evidence.background or 0,
        focus=focus,
        cost_usd=draft.cost_usd if draft.cost_usd is not None else evidence.cost_usd,
    )


def _claude_signals(signals: Signals, evidence: Evidence) -> Signals:
    """What StopFailure and Stop add where the client's own files do not say it."""
    if signals.limit is not None and signals.limit.until is None and evidence.limited:
        signals = replace(signals, limit=replace(signals.limit, until=_moment(evidence.limited.get("until"))))
    elif (
        signals.limit is None
        and evidence.limited
        and evidence.event == "StopFailure"
        and not signals.unfinished
    ):
        at = _moment(evidence.limited.get("at"))
        later = [stamp.at for stamp in (signals.busy,) if stamp]
        if at is not None and signals.last_change is None and not later:
            limit = LimitSeen(until=_moment(evidence.limited.get("until")), by="hook", at=at)
            signals = replace(signals, limit=limit)
    if signals.idle is None or signals.idle.by != "registry":  # the registry has seen them too
        signals = replace(signals, background=evidence.background or 0)
    return signals


def with_gateway(draft: Draft, request: LiveRequest | None, last: LiveSession | None) -> Draft:
    """What the gateway knows of it: a request under way, or a limit as its last answer."""
    signals = draft.signals
    if signals.life == "gone":
        return draft
    if request:
        weak = signals.busy is None and (signals.idle is None or signals.idle.by != "registry")
        if weak:
            signals = replace(signals, busy=Stamp(by="gateway", at=request.since), unfinished=None)
        return replace(draft, signals=signals)
    if last and last.status in LIMIT_STATUSES:
        limit = LimitSeen(until=last.until, by="gateway", at=last.at)
        return replace(draft, signals=replace(signals, refused=limit))
    return draft


def _moment(value: float | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(value, UTC) if value is not None else None
    except (ValueError, OverflowError, OSError):
        return None
