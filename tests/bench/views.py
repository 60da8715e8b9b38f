"""Every analytics view of a large ledger, against the same sums taken from the rows, in one run.

python -m tests.bench.views [--rows 10000000] [--rounds 5] [--zone Asia/Kolkata] [--keep FILE]
    [--against PYTHON]

The ledger is made in SQL, without a log: three years of sessions, each in one project with one model at one
provider, one request in 200 failed, ten walls a day. `--keep` leaves it there, or measures what lies there.
With --against each checkout makes a ledger by its own bench and answers its own views from it, in turns.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pf_tui.catalog import load
from pf_tui.ledger import comparison, document, events, rollups, rows, schema, upkeep
from pf_tui.ledger.blocks import blocks
from pf_tui.ledger.layout import NAME
from pf_tui.ledger.overview import analytics
from pf_tui.ledger.period import Filters, Period, period_of
from pf_tui.ledger.period import end_ms as ends_ms
from pf_tui.ledger.query import UsageQuery
from pf_tui.tui.ledger_view import MOST_SERIES as MOST
from tests.bench.against import BEFORE, checkouts
from tests.bench.against import NOW as THIS

NOW = datetime(2026, 11, 22, 17, 40, tzinfo=UTC)
DAYS = 3 * 365
PERIODS = ("24h", "7d", "30d", "90d", "all")
BUDGET_MS = 100
PROVIDERS = ("anthropic-subscription", "anthropic-api", "openrouter", "openai-api")
AGENTS = ("claude-code", "claude-code", "claude-code", "opencode", "codex")
MODELS = tuple(f"model-{number}" for number in range(12))
PROJECTS = tuple(f"/home/dev/project-{number}" for number in range(60))
WORDS = {"provider": PROVIDERS, "agent": AGENTS, "model": MODELS, "project": PROJECTS}
MEAN_ROWS = 90
"""Requests of a session: 20 to 160."""

PARTS = ("provider", "model", "project", "agent")
BASELINE = "baseline"
LISTED = "all listed"
"""100,000 lines are as long to make as they are to read: no budget holds them."""

View = Callable[[], object]


def main() -> None:
    """Print the table."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rows", type=int, default=int(os.environ.get("PF_TUI_BENCH_ROWS", "1000000")))
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--zone", default="UTC")
    words.add_argument("--keep", type=Path)
    given, _ = words.parse_known_args()
    folder = Path(tempfile.mkdtemp(prefix="pf-tui-bench-"))
    try:
        if len(checkouts()) > 1:
            compare(folder, given.rows, given.zone, given.rounds)
            return
        path = given.keep or folder / "ledger.db"
        if not path.exists():
            make(path, given.rows)
        measure(path, ZoneInfo(given.zone), given.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


MAKE = (
    "import sys, pathlib; from tests.bench import views\n"
    "views.make(pathlib.Path(sys.argv[1]), int(sys.argv[2]))"
)
ANSWER = """
import json, sys, pathlib, zoneinfo
from tests.bench import views
zone = zoneinfo.ZoneInfo(sys.argv[2])
span_of = getattr(views, "period_of", None) or views.span_of
times = {}
with views.schema.opened(pathlib.Path(sys.argv[1])) as connection:
    for period in views.PERIODS:
        for name, view in views.views(connection, span_of(period, views.NOW, zone)).items():
            times.setdefault(name, []).append(views._timed(view, 3))
print(json.dumps(times))
"""
"""What a checkout runs beside its own bench; an older one calls a period a span."""


def compare(folder: Path, count: int, zone: str, rounds: int) -> None:
    """Each view of both checkouts: the median of all turns in ms, now and before."""
    times: dict[str, list[dict[str, list[float]]]] = {}
    for checkout in checkouts():
        print(f"{checkout.name}: {checkout.bench(MAKE, str(folder / checkout.name), str(count))}", flush=True)
    for _ in range(rounds):
        for checkout in checkouts():
            answer = checkout.bench(ANSWER, str(folder / checkout.name), zone)
            times.setdefault(checkout.name, []).append(json.loads(answer))
    print(f"{count:,} rows, {zone}; median of {rounds} turns, ms: now/before")
    print(f"{'':<30}" + "".join(f"{period:>16}" for period in PERIODS))
    for name in times[THIS][0]:
        cells = []
        for number in range(len(PERIODS)):
            now, before = (
                statistics.median(turn[name][number] for turn in times[who]) for who in (THIS, BEFORE)
            )
            cells.append(f"{now:,.1f}/{before:,.1f}{'!' if now > max(BUDGET_MS, before) else ' '}")
        print(f"{name:<30}" + "".join(f"{cell:>16}" for cell in cells))


def measure(path: Path, zone: ZoneInfo, rounds: int) -> None:
    """Each view's median, in ms of wall clock; a view beyond the budget is marked."""
    with schema.opened(path) as connection:
        count, sessions = connection.execute(
            "SELECT count(*), (SELECT count(*) FROM sessions) FROM request_rows"
        ).fetchone()
        size = f"{count:,} rows, {sessions:,} sessions, {path.stat().st_size / 1e6:,.0f} MB"
        print(f"{size}, {zone.key}; median of {rounds}")
        print(f"{'ms':<38}" + "".join(f"{period:>10}" for period in PERIODS))
        spent: dict[str, list[float]] = {}
        for period in PERIODS:
            span = period_of(period, NOW, zone)
            spent.setdefault(f"rows by provider ({BASELINE})", []).append(_timed(_rows(connection, span), 1))
            for name, view in views(connection, span).items():
                spent.setdefault(name, []).append(_timed(view, rounds))
        missed = 0
        for name, times in spent.items():
            late = [ms > BUDGET_MS and BASELINE not in name and LISTED not in name for ms in times]
            missed += sum(late)
            cells = (f"{ms:,.1f}{'!' if beyond else ' '}" for ms, beyond in zip(times, late, strict=True))
            print(f"{name:<38}" + "".join(f"{cell:>10}" for cell in cells))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{missed} beyond {BUDGET_MS} ms; peak memory of this process {peak_mb:.0f} MB")


def views(connection: sqlite3.Connection, span: Period) -> Mapping[str, View]:
    """What `pf-tui analytics` and the pane ask for, by name."""
    catalog, found = load(), analytics(connection, span)
    cells = UsageQuery(connection, span, Filters())
    project, agent = Filters(project=PROJECTS[7]), Filters(agent="claude-code")
    session = Filters(session=cells.sessions(1).parts[0].name)
    step = timedelta(hours=1) if span.name == "24h" else timedelta(days=1)
    drawn = {part: None if span.start else [one.name for one in cells.by(part)[:MOST]] for part in PARTS}
    return {
        "summary": lambda: analytics(connection, span),
        **{f"by {part}": lambda part=part: cells.by(part) for part in PARTS},
        "by session, the 40 dearest": lambda: cells.sessions(40),
        f"by session, {LISTED}": cells.by_session,
        "by day": cells.days,
        "by hour": cells.hours,
        "blocks": lambda: blocks(cells, NOW),
        **{f"chart by {part}": lambda part=part: cells.steps(step, part, drawn[part]) for part in PARTS},
        "costs": lambda: comparison.plan_uses(analytics(connection, span), catalog),
        "compare": lambda: comparison.compare(connection, found, catalog),
        "errors": lambda: events.failures(connection, span),
        "limit hits": lambda: events.hits(connection, span, 51),
        "fallback": lambda: events.fallback_rows(connection, span),
        "newest requests": lambda: list(events.requests(connection, span, Filters(), newest=50)),
        "json of the summary": lambda: document.analytics_document(analytics(connection, span)),
        "summary of one project": lambda: analytics(connection, span, project),
        "summary of one agent": lambda: analytics(connection, span, agent),
        "summary of one session": lambda: analytics(connection, span, session),
        "one project by day": lambda: UsageQuery(connection, span, project).days(),
        "one agent's sessions": lambda: UsageQuery(connection, span, agent).sessions(40),
    }


def _rows(connection: sqlite3.Connection, span: Period) -> View:
    """The sums by provider as a plain SELECT over the rows."""
    select = f"SELECT provider, {rollups.ROW_SUMS} FROM request_rows WHERE ts >= ? AND ts < ? GROUP BY 1"
    return lambda: connection.execute(select, ends_ms(span)).fetchall()


def _timed(task: View, rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        began = time.perf_counter()
        task()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent) * 1000


def make(path: Path, count: int, end: datetime = NOW) -> None:
    """A ledger of so many rows up to a moment, rollups and all."""
    began = time.perf_counter()
    with schema.opened(path, write=True) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        names = rows.Names(connection)
        with schema.transaction(connection):
            _words(connection, names)
            _sessions(connection, count // MEAN_ROWS, end)
        with _unindexed(connection), schema.transaction(connection):
            connection.execute(_ROWS, {"count": count})
        _walls(connection, end)
        made = time.perf_counter()
        print(f"made in {made - began:.0f} s", end="", flush=True)
        used = time.process_time()
        upkeep.rebuild_rollups(connection)
        print(f", rollups in {time.perf_counter() - made:.1f} s ({time.process_time() - used:.1f} CPU s)")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _words(connection: sqlite3.Connection, names: rows.Names) -> None:
    """What rows choose from, numbered, in a table of this connection."""
    connection.execute("CREATE TEMP TABLE words (kind, place, id, PRIMARY KEY (kind, place))")
    for kind, texts in WORDS.items():
        found = [(kind, place, names(text)) for place, text in enumerate(texts)]
        connection.executemany("INSERT INTO words VALUES (?, ?, ?)", found)


def _sessions(connection: sqlite3.Connection, count: int, end: datetime) -> None:
    """Sessions in the eight hours before this time of any day."""
    given = {"count": count, "end": round(end.timestamp() * 1000), "days": DAYS}
    counting = "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n + 1 < :count)"
    connection.execute(
        f"INSERT INTO names (text) {counting}"
        " SELECT printf('%08x-5ca1-4ab1-8a11-%012x', n * 2654435761 % 4294967296, n) FROM s",
        given,
    )
    connection.execute(
        f"CREATE TEMP TABLE written AS {counting} SELECT n,"
        f" (SELECT max(id) FROM names) - :count + 1 + n AS session, 20 + {_picked(1)} % 141 AS length,"
        f" :end - ({_picked(2)} % :days) * 86400000 - {_picked(3)} % 28800000 AS ts,"
        f" {', '.join(f'{_word(kind, 4 + place)} AS {kind}' for place, kind in enumerate(WORDS))} FROM s",
        given,
    )
    connection.execute(f"CREATE TEMP TABLE numbers AS {counting} SELECT n AS k FROM s", {"count": 161})


def _picked(which: int) -> str:
    """A number that looks random, the same in every run, of `n`."""
    mixed = f"((n + {which * 7919}) * 2654435761 % 4294967296)"
    return f"(({mixed} + ({mixed} >> 15)) * 2246822519 % 4294967296 >> 4)"


def _word(kind: str, which: int) -> str:
    return f"(SELECT id FROM words WHERE kind = '{kind}' AND place = {_picked(which)} % {len(WORDS[kind])})"


_FAILED = "(n * 161 + k) % 200 = 0"
_ROWS = (
    f"INSERT INTO request_rows ({', '.join(rows.FIELDS)}) SELECT"
    # a prime step through a prime field: ids as scattered as hashes are
    " (n * 161 + k + 1) * 109951162739 % 2305843009213693951 AS id,"
    f" ts + k * 30000 + (n * 31 + k * 17389) % 29000, agent, {NAME['transcript']}, session, project,"
    f" provider, model, NULL, 11, 570, 0, 34000, 1200, 0, 0, CASE WHEN {_FAILED} THEN 0.0 ELSE 0.05 END,"
    f" {NAME['list']}, CASE WHEN {_FAILED} THEN {NAME['failed']} ELSE {NAME['ok']} END,"
    f" CASE WHEN {_FAILED} THEN {NAME['rate']} END, 500 + (n * 613 + k * 7919) % 29500, NULL, NULL,"
    f" printf('msg_%020d', n * 161 + k), 0, {NAME['timeline']}, NULL, NULL, NULL, NULL"
    " FROM written JOIN numbers ON k < length ORDER BY 1 LIMIT :count"
)


@contextlib.contextmanager
def _unindexed(connection: sqlite3.Connection) -> Iterator[None]:
    """Indexes are made afterwards, in one go each."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'request_rows'"
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, statement in found:
        connection.execute(statement)


def _walls(connection: sqlite3.Connection, end: datetime) -> None:
    """Ten walls a day, and after every fifth of them another provider takes over."""
    end_ms = round(end.timestamp() * 1000)
    sessions = connection.execute("SELECT text FROM names ORDER BY id DESC LIMIT 500").fetchall()
    with schema.transaction(connection):
        for number in range(DAYS * 10):
            ts, provider = end_ms - number * 8_640_000, PROVIDERS[number % len(PROVIDERS)]
            connection.execute(
                "INSERT INTO limit_hits (provider, kind, ts, until, agent, session, waited_ms, text)"
                " VALUES (?, 'rate', ?, ?, 'claude-code', ?, 1500, 'rate limit')",
                (provider, ts, ts + 3_600_000, sessions[number % len(sessions)][0]),
            )
            if number % 5 == 0:
                connection.execute(
                    "INSERT INTO switches (ts, from_provider, to_provider, why, who)"
                    " VALUES (?, ?, ?, '429', 'hook')",
                    (ts + 1000, provider, PROVIDERS[(number + 1) % len(PROVIDERS)]),
                )


if __name__ == "__main__":
    main()
