"""From evidence to a session's state; the first rule that matches decides. Pure: no clock, no file.

Measured on Claude Code 2.1.332, Codex 0.171.0 and OpenCode 1.18.33. Invariants: the age of a live client's
own word says nothing (it is written on change only); no session waits, works or is limited once its process
is gone; times of one writer only are compared with each other.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pf_tui.records import record, replace
from pf_tui.sessions.records import LimitSeen, Signals, Stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.sessions.records import By, State, WaitingFor

FOREIGN = timedelta(minutes=10)
"""A session whose process cannot be seen counts as ended after so long without a change."""

NO_GROWTH = timedelta(minutes=10)
"""A turn that only an unfinished row tells of is given up after so long without another row."""

NO_RESET = timedelta(minutes=10)
"""A limit whose end nobody knows is shown for so long: the person may go on at any time."""

ENDED_FOR = timedelta(hours=1)

SKEW = timedelta(minutes=1)
"""What is dated further ahead was dated by a wrong clock."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
"""When a session ended of which nothing sound says when: it is not shown."""


@record
class StateDecision:
    """A session's state and what it rests on."""

    state: State
    by: By
    at: datetime
    guess: bool = False
    waiting_for: WaitingFor | None = None
    limited_until: datetime | None = None
    elsewhere: bool = False
    killed: bool = False


def decide(signals: Signals, now: datetime) -> StateDecision:
    """The state, by the first rule that matches.

    Args:
        now: aware UTC; only ends of limits and time-outs are compared with it.
    """
    if signals.life == "gone":
        end = signals.ended
        at = end.at if end else _last(signals, now)
        at = at if at is not None and at <= now + SKEW else LONG_AGO
        return StateDecision(state="ended", by=end.by if end else "process", at=at, killed=end is None)
    if signals.life == "foreign":
        return _foreign(signals, now)
    decision = _living(signals, now)
    return replace(decision, guess=True) if signals.life == "unsure" else decision


def _foreign(signals: Signals, now: datetime) -> StateDecision:
    """A process that cannot be seen: the last that is known, for ten minutes."""
    if signals.ended is not None:
        return StateDecision(state="ended", by=signals.ended.by, at=signals.ended.at, elsewhere=True)
    last = _last(signals, now)
    if last is None or now - last > FOREIGN:
        return StateDecision(state="ended", by="process", at=last or LONG_AGO, guess=True, elsewhere=True)
    return replace(_living(signals, now), elsewhere=True)


def _living(signals: Signals, now: datetime) -> StateDecision:
    if waiting := signals.waiting:
        return StateDecision(state="waiting", by=waiting.by, at=waiting.at, waiting_for=waiting.kind)
    if (retry := signals.retry) and retry.until is not None and retry.until > now:
        return _limited(retry)
    if (refusal := signals.refused) and signals.busy and (refusal.until is None or refusal.until > now):
        return _limited(refusal)
    limit = _limit_in_force(signals)
    if limit and _holds(limit, now):
        return _limited(limit)
    if busy := signals.busy:
        return StateDecision(state="working", by=busy.by, at=busy.at)
    if signals.background or signals.children_working:
        by = signals.background_by if signals.background else "log"
        return StateDecision(state="working", by=by, at=_last(signals, now) or now)
    if limit:  # its end has passed: ready again
        return StateDecision(state="idle", by=limit.by, at=limit.until or limit.at, guess=limit.until is None)
    if idle := signals.idle:
        return StateDecision(state="idle", by=idle.by, at=idle.at)
    last = _last(signals, now)
    if (unfinished := signals.unfinished) and last is not None and now - last <= NO_GROWTH:
        return StateDecision(state="working", by=unfinished.by, at=unfinished.at, guess=True)
    return StateDecision(
        state="idle", by="log" if signals.unfinished else "process", at=last or now, guess=True
    )


def _limit_in_force(signals: Signals) -> LimitSeen | None:
    """The limit that ended the newest turn; None when the client works on a later one."""
    limit, busy = signals.limit, signals.busy
    return None if limit and busy and busy.at > limit.at else limit


def _holds(limit: LimitSeen, now: datetime) -> bool:
    return limit.until > now if limit.until is not None else abs(now - limit.at) <= NO_RESET


def _limited(limit: LimitSeen) -> StateDecision:
    return StateDecision(state="limited", by=limit.by, at=limit.at, limited_until=limit.until)


def _last(signals: Signals, now: datetime) -> datetime | None:
    """When anything was last seen of it; what a wrong clock dated ahead says nothing."""
    stamps: list[Stamp] = [stamp for stamp in (signals.busy, signals.idle, signals.unfinished) if stamp]
    moments = [stamp.at for stamp in stamps]
    if signals.last_change is not None:
        moments.append(signals.last_change)
    return max((min(moment, now) for moment in moments if moment <= now + SKEW), default=None)
