"""Evidence → state: the first rule that matches, its time-outs, and what it rests on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.sessions.records import STATES, LimitSeen, PendingQuestion, Signals, Stamp
from pf_tui.sessions.states import FOREIGN, NO_GROWTH, NO_RESET, decide

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def ago(**length: float) -> datetime:
    return NOW - timedelta(**length)


def ahead(**length: float) -> datetime:
    return NOW + timedelta(**length)


BUSY = Stamp(by="registry", at=ago(hours=3))
IDLE = Stamp(by="registry", at=ago(minutes=5))
ASKED = PendingQuestion(kind="permission", by="registry", at=ago(minutes=2))
HIT = LimitSeen(until=ahead(hours=2), by="log", at=ago(minutes=1))


@pytest.mark.parametrize(
    ("signals", "state", "by"),
    [
        pytest.param({"life": "gone", "busy": BUSY}, "ended", "process", id="pid-gone-while-busy"),
        pytest.param(
            {"life": "gone", "ended": Stamp(by="hook", at=ago(minutes=1))}, "ended", "hook", id="said-goodbye"
        ),
        pytest.param(
            {"waiting": ASKED, "busy": BUSY, "limit": HIT}, "waiting", "registry", id="waiting-first"
        ),
        pytest.param(
            {"retry": LimitSeen(until=ahead(seconds=9), by="hook", at=ago(seconds=1)), "busy": BUSY},
            "limited",
            "hook",
            id="client-retries-later",
        ),
        pytest.param(
            {"retry": LimitSeen(until=ago(seconds=9), by="hook", at=ago(minutes=1)), "busy": BUSY},
            "working",
            "registry",
            id="retry-is-due",
        ),
        pytest.param(
            {"refused": LimitSeen(until=None, by="gateway", at=ago(seconds=5)), "busy": BUSY},
            "limited",
            "gateway",
            id="gateway-saw-429-while-busy",
        ),
        pytest.param(
            {"refused": LimitSeen(until=None, by="gateway", at=ago(seconds=5)), "idle": IDLE},
            "idle",
            "registry",
            id="gateway-saw-429-but-client-is-idle",
        ),
        pytest.param({"limit": HIT, "idle": IDLE}, "limited", "log", id="limit-ends-later"),
        pytest.param(
            {"limit": LimitSeen(until=ago(minutes=1), by="log", at=ago(hours=1)), "idle": IDLE},
            "idle",
            "log",
            id="limit-is-over",
        ),
        pytest.param(
            {"limit": HIT, "busy": Stamp(by="registry", at=NOW)}, "working", "registry", id="a-later-turn"
        ),
        pytest.param({"busy": BUSY}, "working", "registry", id="busy-for-hours"),
        pytest.param({"background": 1, "idle": IDLE}, "working", "hook", id="background-task"),
        pytest.param({"children_working": 1, "idle": IDLE}, "working", "log", id="child-works"),
        pytest.param({"idle": IDLE}, "idle", "registry", id="idle"),
        pytest.param(
            {"unfinished": Stamp(by="log", at=ago(minutes=1)), "last_change": ago(minutes=1)},
            "working",
            "log",
            id="only-an-unfinished-row",
        ),
        pytest.param({}, "idle", "process", id="only-a-process"),
    ],
)
def test_the_first_rule_that_matches_decides(signals: dict[str, Any], state: str, by: str) -> None:
    decision = decide(Signals(**{"life": "alive", **signals}), NOW)

    assert (decision.state, decision.by) == (state, by)


def test_a_process_that_vanished_without_a_word_was_killed() -> None:
    assert decide(Signals(life="gone", busy=BUSY), NOW).killed
    assert not decide(Signals(life="gone", ended=Stamp(by="hook", at=NOW)), NOW).killed


def test_a_busy_word_of_any_age_counts_while_its_process_lives() -> None:
    assert decide(Signals(life="alive", busy=Stamp(by="registry", at=ago(days=3))), NOW).state == "working"


def test_a_foreign_session_keeps_its_last_state_for_ten_minutes() -> None:
    fresh = decide(Signals(life="foreign", busy=Stamp(by="registry", at=NOW - FOREIGN)), NOW)
    stale = decide(Signals(life="foreign", busy=Stamp(by="registry", at=NOW - FOREIGN * 1.1)), NOW)

    assert (fresh.state, fresh.elsewhere, fresh.guess) == ("working", True, False)
    assert (stale.state, stale.elsewhere, stale.guess) == ("ended", True, True)


def test_weak_evidence_is_a_guess_and_runs_out() -> None:
    row = Stamp(by="log", at=NOW - NO_GROWTH * 1.1)
    young = decide(Signals(life="alive", unfinished=row, last_change=NOW - NO_GROWTH), NOW)
    old = decide(Signals(life="alive", unfinished=row, last_change=NOW - NO_GROWTH * 1.1), NOW)

    assert (young.state, young.guess) == ("working", True)
    assert (old.state, old.guess) == ("idle", True)


def test_a_limit_without_an_end_is_shown_for_ten_minutes() -> None:
    seen = LimitSeen(until=None, by="log", at=NOW - NO_RESET)

    assert decide(Signals(life="alive", limit=seen, idle=IDLE), NOW).state == "limited"
    later = decide(Signals(life="alive", limit=seen, idle=IDLE), NOW + timedelta(seconds=1))
    assert (later.state, later.guess) == ("idle", True)


def test_where_a_pid_cannot_be_checked_every_state_is_a_guess() -> None:
    assert decide(Signals(life="unsure", busy=BUSY), NOW).guess


moments = st.integers(10**8, 7 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
bys = st.sampled_from(("registry", "hook", "log", "gateway", "process"))
stamps = st.none() | st.builds(Stamp, by=bys, at=moments)
limits = st.none() | st.builds(LimitSeen, until=st.none() | moments, by=bys, at=moments)


@given(
    signals=st.builds(
        Signals,
        life=st.sampled_from(("alive", "unsure", "gone", "foreign")),
        ended=stamps,
        waiting=st.none() | st.builds(PendingQuestion, kind=st.just("permission"), by=bys, at=moments),
        retry=limits,
        refused=limits,
        limit=limits,
        busy=stamps,
        background=st.integers(0, 3),
        children_working=st.integers(0, 3),
        idle=stamps,
        unfinished=stamps,
        last_change=st.none() | moments,
    ),
    now=moments,
)
def test_any_evidence_under_any_clock_gives_one_state(signals: Signals, now: datetime) -> None:
    decision = decide(signals, now)

    assert decision.state in STATES
    assert (decision.state == "waiting") == (decision.waiting_for is not None)
    if signals.life == "gone":
        assert decision.state == "ended"
    if decision.state == "limited" and decision.limited_until is not None:
        assert decision.limited_until > now
