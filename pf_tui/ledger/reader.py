"""What hooks, the gateway, `status` and the verbs need of the ledger: sqlite3 alone, milliseconds.

Writing here never raises for a ledger that is locked or refused: an agent must not stall, and a switch
must not fail, for bookkeeping. The row waits beside it for the next ingest (`ledger.queue`). Reading raises PfError, and the face says so.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.ledger import queue, schema
from pf_tui.ledger.layout import HOUR_QUARTERS, NAME, QUARTER_MS, margin, milliseconds, moment_of
from pf_tui.records import record
from pf_tui.rules.limits import LENGTHS, Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.rows import Row

WAIT_S = 1.0
"""What a snapshot or a row waits for another program; then figures are missing, and the row is put into the queue."""

MAX_HISTORY = timedelta(hours=6)
"""Readings further back say nothing about the pace of a 5-hour window."""


_BY_HOUR = margin("provider", HOUR_QUARTERS)


@record
class ProviderUsage:
    """One provider's use since a moment."""

    requests: int = 0
    tokens: int = 0
    """Input, output and cache tokens together."""
    budget_tokens: int = 0
    """What token budgets count: input, output and cache writes, not cache reads."""
    cost_usd: float | None = 0.0
    unpriced_tokens: int = 0


@record
class LimitHit:
    """A provider ran into a limit, or failed in a way that benches it."""

    provider: str
    kind: str
    at: datetime
    until: datetime | None = None
    agent: str | None = None
    session: str | None = None
    text: str = ""


class LedgerReader:
    """An open ledger, read-only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def usage_since(self, since: datetime, provider: str | None = None) -> Mapping[str, ProviderUsage]:
        """This machine's use per provider since a moment (aware UTC), of one provider or of all.

        Whole hours come from `margins`, quarter-hours before the first from `quarters`, the broken one at the
        start from the rows. Where nothing was summed yet all of it comes from the rows.
        """
        start = milliseconds(since)
        quarter = -(-start // QUARTER_MS)
        hour = -(-quarter // HOUR_QUARTERS)
        summed = (
            "sum(requests), sum(input + output + cache_read + cache_write), sum(input + output + cache_write),"
            " sum(cost_usd), sum(unpriced)"
        )
        cache_writes = "cache_write_5m + cache_write_1h"
        columns = (
            f"count(*), sum(input + output + cache_read + {cache_writes}), sum(input + output + {cache_writes}),"
            f" ifnull(sum(cost_usd), 0), sum(CASE WHEN cost_usd IS NULL AND cost_basis = {NAME['unpriced']}"
            f" THEN input + output + cache_read + {cache_writes} ELSE 0 END)"
        )
        own = f" AND machine = {NAME['']}"
        selects: Sequence[tuple[str, int, int]] = (
            (f"SELECT part AS provider, {summed} FROM margins WHERE kind = {_BY_HOUR} AND time >= :first AND time < :last{own}", hour, 1 << 40),
            (f"SELECT provider, {summed} FROM quarters WHERE quarter >= :first AND quarter < :last{own}", quarter, hour * HOUR_QUARTERS),
            (f"SELECT provider, {columns} FROM request_rows WHERE ts >= :first AND ts < :last AND machine IS NULL", start, quarter * QUARTER_MS),
        )  # fmt: skip
        if not self._summed():
            selects = [(selects[-1][0], start, 1 << 62)]
        totals: dict[str, ProviderUsage] = {}
        for select, first, last in selects:
            if first < last:
                for name, part in self._sum(f"{select} GROUP BY 1", first, last, provider).items():
                    totals[name] = _added(totals.get(name), part)
        return totals

    def latest_readings(self, now: datetime) -> Sequence[Reading]:
        """Readings of every window that can still matter, with the last hours' history for its pace."""
        moment = milliseconds(now)
        oldest = moment - round(MAX_HISTORY.total_seconds() * 1000)
        week = moment - round(LENGTHS["7d"].total_seconds() * 1000)
        rows = self._connection.execute(
            "SELECT provider, time_window, unit, used, allowed, resets_at, source, observed_at, model"
            " FROM limit_readings WHERE machine IS NULL AND ((resets_at > ? AND observed_at >= ?) OR observed_at >= ?)"
            " ORDER BY observed_at DESC LIMIT 2000",
            (moment, week, oldest),
        )
        return readings_of(rows, now)

    def hits(self, since: datetime, provider: str | None = None) -> Sequence[LimitHit]:
        """Limit hits since a moment, newest first."""
        rows = self._connection.execute(
            "SELECT provider, kind, ts, until, agent, session, ifnull(text, '') FROM limit_hits"
            " WHERE ts >= ? AND (? IS NULL OR provider = ?) AND machine IS NULL ORDER BY ts DESC LIMIT 500",
            (milliseconds(since), provider, provider),
        )
        return [
            LimitHit(
                provider=name,
                kind=kind,
                at=moment_of(ts) or since,
                until=moment_of(until),
                agent=agent,
                session=session,
                text=text,
            )
            for name, kind, ts, until, agent, session, text in rows
        ]

    def version(self) -> int:
        """Changes whenever another connection has written."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _summed(self) -> bool:
        return self._connection.execute("SELECT 1 FROM quarters LIMIT 1").fetchone() is not None

    def _sum(self, select: str, first: int, last: int, provider: str | None) -> dict[str, ProviderUsage]:
        """What the select says of the stretch from `first` to before `last`, under the providers' names."""
        sums_by_name = f"SELECT n.text, g.* FROM ({select}) g JOIN names n ON n.id = g.provider WHERE :provider IS NULL OR n.text = :provider"
        try:
            rows = self._connection.execute(
                sums_by_name, {"first": first, "last": last, "provider": provider}
            ).fetchall()
        except sqlite3.DatabaseError as error:
            raise PfError(f"the ledger cannot be read ({error})", "`pf-tui doctor` looks at it") from error
        return {
            name: ProviderUsage(
                requests=requests,
                tokens=tokens,
                budget_tokens=budget,
                cost_usd=cost,
                unpriced_tokens=unpriced,
            )
            for name, _, requests, tokens, budget, cost, unpriced in rows
        }


def readings_of(rows: Iterable[Row], now: datetime) -> list[Reading]:
    """Rows of limit_readings: provider, window, unit, used, allowed, resets_at, source, observed_at, model."""
    return [
        Reading(
            provider=provider,
            window=window,
            unit=unit,
            used=use,
            limit=allowed,
            resets_at=moment_of(resets_at),
            source=source,
            observed_at=moment_of(observed_at) or now,
            model=model,
        )
        for provider, window, unit, use, allowed, resets_at, source, observed_at, model in rows
    ]


@contextlib.contextmanager
def reading(path: Path) -> Iterator[LedgerReader]:
    """Open the ledger read-only. Raises PfError when it cannot be used."""
    with schema.opened(path, usual_s=WAIT_S) as connection:
        yield LedgerReader(connection)


def switch(
    path: Path, from_provider: str | None, to_provider: str, *, why: str, who: str, at: datetime
) -> None:
    """Note that another provider serves from now on."""
    _keep(path, [("switch", [milliseconds(at), from_provider, to_provider, why, who])])


def applied(path: Path, agent: str, provider: str, at: datetime) -> None:
    """Note what an agent was set to: the timeline that its transcript rows are attributed by."""
    _keep(path, [("applied", [agent, milliseconds(at), provider])])


def limit_hit(
    path: Path,
    provider: str,
    *,
    kind: str,
    at: datetime,
    until: datetime | None,
    agent: str | None,
    session: str | None,
    text: str = "",
) -> None:
    """Note that a provider hit a limit or failed in class `kind`."""
    ends = milliseconds(until) if until else None
    _keep(path, [("hit", [provider, kind, milliseconds(at), ends, agent, session, text])])


def limit_readings(path: Path, readings: Sequence[Reading]) -> None:
    """Keep readings of limit windows (status line, headers, error texts)."""
    if readings:
        _keep(path, [("reading", list(reading_row(reading))) for reading in readings])


INSERT_READING = queue.STATEMENTS["reading"]


def reading_row(reading: Reading) -> tuple[object, ...]:
    """A reading as INSERT_READING takes it."""
    share = reading.used / reading.limit if reading.limit else None
    return (
        reading.provider,
        reading.window,
        reading.unit,
        reading.used,
        reading.limit,
        share,
        milliseconds(reading.resets_at) if reading.resets_at else None,
        reading.source,
        milliseconds(reading.observed_at),
        reading.model,
    )


def _added(provider_usage: ProviderUsage | None, other: ProviderUsage) -> ProviderUsage:
    if provider_usage is None:
        return other
    return ProviderUsage(
        requests=provider_usage.requests + other.requests,
        tokens=provider_usage.tokens + other.tokens,
        budget_tokens=provider_usage.budget_tokens + other.budget_tokens,
        cost_usd=(provider_usage.cost_usd or 0.0) + (other.cost_usd or 0.0),
        unpriced_tokens=provider_usage.unpriced_tokens + other.unpriced_tokens,
    )


def _keep(path: Path, rows: list[queue.Row]) -> None:
    """One transaction; where the ledger refuses it, or is held for long, the rows wait beside it."""
    try:
        connection = schema.connect(path, WAIT_S)
        with contextlib.closing(connection), schema.transaction(connection):
            for kind, values in rows:
                queue.put(connection, kind, values)
    except (sqlite3.Error, PfError, OSError) as error:
        schema.is_held(error)
        with contextlib.suppress(
            OSError
        ):  # a disk that refuses that too: the journal has the event all the same
            queue.add(path, rows)
