"""Every view is the same rows, summed another way: whatever the rows, zone, span and filters."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.ledger import document, latency, layout, rollups, rows, schema, upkeep
from pf_tui.ledger.blocks import blocks
from pf_tui.ledger.layout import NAME
from pf_tui.ledger.overview import analytics
from pf_tui.ledger.period import Filters, Period, period_of
from pf_tui.ledger.query import UsageQuery
from pf_tui.ledger.totals import UNKNOWN, Totals, total
from tests.examples import examples

ZONES = (
    "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe",
    "America/Sao_Paulo", "Pacific/Apia", "Asia/Beirut",
)  # fmt: skip
FIRST = datetime(2018, 10, 20, tzinfo=UTC)
"""Before a change of clocks at midnight (São Paulo, 4 November 2018)."""
DAYS = 40
INTERNED = (
    "agent", "source", "session", "project", "provider", "model", "cost_basis", "status", "failure",
    "attribution",
)  # fmt: skip
NUMBERS = ("requests", "failed", "rate_limited", "input", "output", "reasoning", "cache_read", "cache_write")
MONEY = ("cost_usd", "plan_usd")


def row(names: rows.Names, number: int, ts_ms: int, **facts: Any) -> rows.Row:
    """A row of the ledger."""
    values: dict[str, Any] = {
        "id": number, "ts": ts_ms, "agent": "claude-code", "source": "transcript", "session": "s",
        "project": "/p",
        "provider": "anthropic-api", "model": "m", "input": 0, "output": 0, "reasoning": 0, "cache_read": 0,
        "cache_write_5m": 0, "cache_write_1h": 0, "web_searches": 0, "cost_usd": 0.0, "cost_basis": "list",
        "status": "ok", "is_subagent": 0, "attribution": "assumed", **facts,
    }  # fmt: skip
    for name in INTERNED:
        if values.get(name) is not None:
            values[name] = names(values[name])
    return tuple(values.get(name) for name in rows.FIELDS)


def enter(connection: sqlite3.Connection, facts: Iterable[dict[str, Any]]) -> None:
    names = rows.Names(connection)
    connection.execute("BEGIN IMMEDIATE")
    rows.write(connection, [row(names, number, **one) for number, one in enumerate(facts)], names)
    rollups.refresh(connection)
    connection.execute("COMMIT")


tokens = st.integers(0, 10**6)
requests = st.fixed_dictionaries(
    {
        "ts_ms": st.integers(0, DAYS * 86_400_000).map(lambda ms: round(FIRST.timestamp() * 1000) + ms),
        "agent": st.sampled_from(["claude-code", "opencode", "codex"]),
        "session": st.sampled_from(["s-1", "s-2", "t-1", None]),
        "project": st.sampled_from(["/code/acme", "/code/other", "/work/acme", None]),
        "provider": st.sampled_from(["anthropic-api", "openrouter", "unknown"]),
        "model": st.sampled_from(["opus", "haiku"]),
        "input": tokens,
        "output": tokens,
        "cache_read": tokens,
        "cache_write_5m": tokens,
        "cache_write_1h": tokens,
        "latency_ms": st.none() | st.integers(1, 600_000),
    }
).flatmap(
    lambda facts: st.sampled_from(
        [
            {**facts, "cost_usd": facts["output"] / 1e5, "cost_basis": "list"},
            {**facts, "cost_usd": facts["output"] / 1e5, "cost_basis": "subscription-equivalent"},
            {**facts, "cost_usd": None, "cost_basis": "unpriced"},
            {**facts, "cost_usd": None, "cost_basis": "pending"},
            {**facts, "status": "failed", "failure": "rate"},
            {**facts, "status": "failed", "failure": "server"},
        ]
    )
)
moments = st.integers(0, DAYS * 86_400_000).map(lambda ms: FIRST + timedelta(milliseconds=ms))
spans = st.builds(
    lambda ends, zone: Period(name="custom", start=min(ends), end=max(ends), zone=ZoneInfo(zone)),
    st.tuples(moments, moments),
    st.sampled_from(ZONES),
) | st.builds(
    lambda zone: Period(name="all", start=None, end=FIRST + timedelta(days=DAYS), zone=ZoneInfo(zone)),
    st.sampled_from(ZONES),
)
filters = st.builds(
    Filters,
    project=st.sampled_from([None, None, "acme", "/code/acme"]),
    agent=st.sampled_from([None, None, "opencode"]),
    session=st.sampled_from([None, None, "s-", "t-1"]),
)


def expected(facts: Sequence[dict[str, Any]], span: Period, chosen: Filters) -> Totals:
    """The sums by hand."""
    start = round(span.start.timestamp() * 1000) if span.start else 0
    end = round(span.end.timestamp() * 1000) if span.start else 10**15
    inside = [
        one
        for one in facts
        if start <= one["ts_ms"] < end
        and (chosen.agent in (None, one["agent"]))
        and (chosen.session is None or (one["session"] or "").startswith(chosen.session))
        and (
            chosen.project is None
            or one["project"] == chosen.project
            or (one["project"] or "").endswith("/" + chosen.project)
        )
    ]

    def added(*kinds: str) -> int:
        return sum(one[kind] for one in inside for kind in kinds)

    unpriced = [one for one in inside if one.get("cost_basis") == "unpriced"]
    return Totals(
        requests=len(inside),
        failed=sum(one.get("status") == "failed" for one in inside),
        rate_limited=sum(one.get("failure") == "rate" for one in inside),
        input=added("input"),
        output=added("output"),
        cache_read=added("cache_read"),
        cache_write=added("cache_write_5m", "cache_write_1h"),
        cost_usd=sum(one.get("cost_usd") or 0.0 for one in inside),
        unpriced_tokens=sum(
            one["input"] + one["output"] + one["cache_read"] + one["cache_write_5m"] + one["cache_write_1h"]
            for one in unpriced
        ),
        plan_usd=sum(one["cost_usd"] for one in inside if one.get("cost_basis") == "subscription-equivalent"),
    )


def assert_same(found: Totals, wanted: Totals) -> None:
    for name in (*NUMBERS, "unpriced_tokens"):
        assert getattr(found, name) == getattr(wanted, name), name
    for name in MONEY:
        assert getattr(found, name) == pytest.approx(getattr(wanted, name)), name


@examples(150)
@given(facts=st.lists(requests, max_size=60), span=spans, chosen=filters)
def test_every_list_sums_to_the_same_totals(
    facts: list[dict[str, Any]], span: Period, chosen: Filters
) -> None:
    with TemporaryDirectory() as folder, schema.opened(Path(folder) / "ledger.db", write=True) as connection:
        enter(connection, facts)

        wanted = expected(facts, span, chosen)
        cells = UsageQuery(connection, span, chosen)
        for part in ("provider", "model", "project", "agent", "session"):
            assert_same(total(one.totals for one in cells.by(part)), wanted)
        assert_same(total(one.totals for one in cells.by_session()), wanted)
        for part in (*cells.by_session(), *cells.sessions(2).parts):  # two agents may share an id
            own = [
                one for one in facts if (one["agent"], one["session"] or UNKNOWN) == (part.agent, part.name)
            ]
            assert_same(part.totals, expected(own, span, chosen))
        assert_same(total([*(one.totals for one in cells.sessions(1).parts), cells.sessions(1).rest]), wanted)
        assert_same(total(one.totals for one in cells.days()), wanted)
        assert_same(total(one.totals for one in blocks(cells, span.end)), wanted)
        for step in (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(days=1)):
            for names in (None, ["opus"], []):
                charted = cells.steps(step, "model", names).values()
                drawn = total(sums for cell in charted for sums in cell.values())
                assert (drawn.requests, drawn.total_tokens) == (wanted.requests, wanted.total_tokens)
                assert drawn.cost_usd == pytest.approx(wanted.cost_usd)
        assert_same(analytics(connection, span, chosen).totals, wanted)


@examples(60)
@given(facts=st.lists(requests, max_size=40), zone=st.sampled_from(ZONES))
def test_a_day_is_the_local_day(facts: list[dict[str, Any]], zone: str) -> None:
    span = Period(name="all", start=None, end=FIRST, zone=ZoneInfo(zone))
    with TemporaryDirectory() as folder, schema.opened(Path(folder) / "ledger.db", write=True) as connection:
        enter(connection, facts)

        days = {part.name: part.totals.requests for part in UsageQuery(connection, span, Filters()).days()}

    by_hand: dict[str, int] = {}
    for one in facts:
        day = f"{datetime.fromtimestamp(one['ts_ms'] / 1000, ZoneInfo(zone)):%Y-%m-%d}"
        by_hand[day] = by_hand.get(day, 0) + 1
    assert days == by_hand


@examples(40)
@given(
    facts=st.lists(requests, min_size=1, max_size=30),
    later=st.lists(st.tuples(st.integers(0, 29), tokens), max_size=10),
)
def test_rollups_kept_up_to_date_are_those_made_anew(
    facts: list[dict[str, Any]], later: list[tuple[int, int]]
) -> None:
    with TemporaryDirectory() as folder, schema.opened(Path(folder) / "ledger.db", write=True) as connection:
        enter(connection, facts)
        names = rows.Names(connection)
        for number, output in later:
            one = facts[number % len(facts)]
            moved = {**one, "output": output, "ts_ms": one["ts_ms"] + 90_000_000}
            connection.execute("BEGIN IMMEDIATE")
            rows.write(connection, [row(names, number % len(facts), **moved)], names)
            rollups.refresh(connection)
            connection.execute("COMMIT")
        kept = {table: _contents(connection, table) for table in (*layout.ROLLUPS, "latencies")}

        upkeep.rebuild_rollups(connection)

        assert kept == {table: _contents(connection, table) for table in kept}


def _contents(connection: sqlite3.Connection, table: str) -> list[tuple]:
    found = sorted(connection.execute(f"SELECT * FROM {table}").fetchall())
    return [tuple(round(value, 6) if isinstance(value, float) else value for value in one) for one in found]


seen = st.fixed_dictionaries(
    {
        "session": st.sampled_from(["s-1", "s-2"]),
        "provider": st.sampled_from(["anthropic-api", "openrouter", "unknown"]),
        "attribution": st.sampled_from(["agent", "timeline", "assumed"]),
        "model": st.sampled_from(["opus", "haiku", "unknown"]),
        "output": st.sampled_from([1, 2]),
        "is_subagent": st.sampled_from([0, 1]),
    }
)


@examples(60)
@given(sights=st.lists(seen, min_size=2, max_size=4), order=st.randoms(use_true_random=False))
def test_sights_of_one_request_leave_one_row_in_any_order(
    sights: list[dict[str, Any]], order: random.Random
) -> None:
    """As two machines have them that assumed different providers."""
    found = []
    for _ in range(2):
        with TemporaryDirectory() as folder, schema.opened(Path(folder) / "l.db", write=True) as connection:
            names = rows.Names(connection)
            for one in sights:
                connection.execute("BEGIN IMMEDIATE")
                rows.write(connection, [row(names, 1, 1, **one)], names)
                connection.execute("COMMIT")
            kept = "session, provider, attribution, model, output, is_subagent"  # a price is worked out anew
            found.append(connection.execute(f"SELECT {kept} FROM requests").fetchall())
        order.shuffle(sights)

    assert found[0] == found[1]


def enter_at(ledger: sqlite3.Connection, moments: Iterable[datetime], output: int) -> None:
    """A request of one dollar at each moment."""
    enter(
        ledger,
        [
            {"ts_ms": round(moment.timestamp() * 1000), "output": output, "cost_usd": 1.0}
            for moment in moments
        ],
    )


def test_a_block_begins_with_the_hour_of_its_first_request(ledger: sqlite3.Connection) -> None:
    begin = datetime(2026, 11, 24, 9, 40, tzinfo=UTC)
    enter_at(ledger, (begin + timedelta(hours=hours) for hours in (0, 1, 4.2, 5.4, 12)), output=1000)
    span = Period(name="all", start=None, end=begin, zone=UTC)

    found = blocks(UsageQuery(ledger, span, Filters()), now=begin + timedelta(hours=13))

    assert [(block.start.hour, block.totals.requests, block.active) for block in found] == [
        (9, 3, False),
        (15, 1, False),
        (21, 1, True),
    ]


def test_the_active_block_projects_its_burn_rate_to_its_end(ledger: sqlite3.Connection) -> None:
    begin = datetime(2026, 11, 24, 9, tzinfo=UTC)
    enter_at(ledger, (begin + timedelta(minutes=minute) for minute in range(0, 61, 10)), output=600)
    span = Period(name="all", start=None, end=begin, zone=UTC)

    (block,) = blocks(UsageQuery(ledger, span, Filters()), now=begin + timedelta(hours=1))

    assert block.tokens_per_minute == pytest.approx(7 * 600 / 60)
    assert block.usd_per_hour == pytest.approx(7.0)
    assert block.projected_usd == pytest.approx(7.0 + 4 * 7.0)


def test_rows_of_a_clock_that_ran_ahead_are_in_all_of_time(ledger: sqlite3.Connection) -> None:
    enter(ledger, [{"ts_ms": round(datetime(2033, 1, 1, tzinfo=UTC).timestamp() * 1000), "output": 5}])

    span = period_of("all", datetime(2026, 11, 24, tzinfo=UTC), UTC)

    assert UsageQuery(ledger, span, Filters()).by("model")[0].totals.output == 5


def test_what_nobody_can_price_is_no_zero(ledger: sqlite3.Connection) -> None:
    enter(ledger, [{"ts_ms": 1, "output": 5, "cost_usd": None, "cost_basis": "unpriced"}])

    (part,) = UsageQuery(ledger, period_of("all", FIRST, UTC), Filters()).by("model")

    assert document.cost(part.totals) is None
    assert part.totals.unpriced_tokens == 5


def test_the_median_latency_is_right_to_five_percent(ledger: sqlite3.Connection) -> None:
    at = round(FIRST.timestamp() * 1000)
    enter(ledger, [{"ts_ms": at + n * 3_600_000, "latency_ms": 100 + 10 * n} for n in range(101)])

    medians = latency.medians(ledger, Period(name="all", start=None, end=FIRST + timedelta(days=30)))

    assert medians["anthropic-api"] == pytest.approx(600, rel=0.05)


def test_names_of_the_hot_path_keep_their_numbers() -> None:
    """They are written into every ledger there is."""
    assert [NAME[word] for word in ("transcript", "gateway", "ok", "failed", "pending", "unpriced")] == [
        2, 3, 9, 10, 14, 15,
    ]  # fmt: skip


def test_what_is_shown_adds_up_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    at = round(FIRST.timestamp() * 1000)
    with schema.opened(path, write=True) as writer, schema.opened(path) as reader:
        enter(writer, [{"ts_ms": at, "input": 1, "cost_usd": 1.0}])
        rows_there = iter(range(1, 1000))

        def written(_: str) -> None:  # between any two questions
            enter(
                writer,
                [{"ts_ms": at + 900_000 * number, "input": 1} for number in range(next(rows_there) + 1)],
            )

        reader.set_trace_callback(written)
        found = analytics(reader, period_of("all", FIRST + timedelta(days=2), UTC))
        reader.set_trace_callback(None)
        later = analytics(reader, period_of("all", FIRST + timedelta(days=2), UTC))

    for parts in (found.providers, found.models, found.projects, found.agents, found.days):
        assert total(part.totals for part in parts) == found.totals
    assert later.totals.requests > found.totals.requests


def test_a_step_of_a_quarter_hour_holds_what_was_used_in_it(ledger: sqlite3.Connection) -> None:
    begin = datetime(2026, 11, 24, 9, 7, tzinfo=UTC)
    moments = [begin + timedelta(minutes=minutes) for minutes in (0, 5, 12, 24)]
    enter(ledger, [{"ts_ms": round(at.timestamp() * 1000), "output": 10} for at in moments])
    span = Period(name="1h", start=begin - timedelta(hours=1), end=begin + timedelta(minutes=30), zone=UTC)

    found = UsageQuery(ledger, span, Filters()).steps(timedelta(minutes=15))

    drawn = {f"{start:%H:%M}": total(parts.values()).requests for start, parts in found.items()}
    assert drawn == {"09:00": 2, "09:15": 1, "09:30": 1}
