"""Usage brought up to date: the agents' logs into the ledger, and the counters the original reads.

Heavy rooms are imported when this runs: a hook that only needs another verb pays nothing for it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pf_tui.actions.journalling import write_down
from pf_tui.errors import PfError, StateFileUnusable, WrongUsage, cannot_write
from pf_tui.ledger import reader as ledger
from pf_tui.records import record
from pf_tui.state import clock, files, temporary, usage
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ingest.outcome import Outcome, Progress
    from pf_tui.ledger.price_check import Check


def ingest(
    ctx: Context,
    *,
    full: bool = False,
    look: bool = False,
    progress: Callable[[Progress], None] | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Read what is new in every agent's log; `Outcome.problems` says what could not be.

    Args:
        full: read everything again; rows stay and nothing doubles.
        look: look at every page of the ledger first; always done once somebody met damage in it.
        progress: told after each batch; the first ingest of a long history takes seconds.
    Raises:
        StateFileUnusable: the ledger is of a newer version; it is left as it is.
        PfError: it cannot be written.
    """
    from pf_tui.ingest import pipeline as sources
    from pf_tui.ledger import salvage, schema

    def read() -> Outcome:
        return sources.ingest(
            ctx.paths.ledger, ctx.env, ctx.catalog(), full=full, progress=progress, is_cancelled=is_cancelled
        )

    if look or schema.is_suspect(ctx.paths.ledger):
        _set_damaged_aside(ctx)
    saved_rows = salvage.salvage_new(ctx.paths.ledger)
    try:
        outcome = read()
    except StateFileUnusable as error:
        damaged = isinstance(error.__cause__, sqlite3.DatabaseError)
        if not (damaged and schema.begin_anew(ctx.paths.ledger)):
            raise
        saved_rows |= salvage.salvage_new(ctx.paths.ledger)
        outcome = read()
    saved_rows |= salvage.salvage_new(ctx.paths.ledger)  # one that was set aside when it was opened
    outcome.problems += [
        f"ledger.db was damaged; it was set aside as {name} and begun anew: what could be read out of it"
        f" (requests: {count}) is kept, what is missing comes from the logs"
        for name, count in saved_rows.items()
    ]
    if outcome.rows_new or not ctx.paths.usage.exists() or _day_changed(ctx):
        try:
            if note := write_counters(ctx):
                outcome.problems.append(note)
        except PfError as error:
            outcome.problems.append(str(error))
    return outcome


def reprice(ctx: Context) -> int:
    """Price every request of the ledger anew, at its own time; returns how many have a price or wait for one.

    Raises:
        PfError: the ledger cannot be written.
    """
    from pf_tui.ledger import repricing, schema
    from pf_tui.ledger.prices import Pricer

    with schema.opened(ctx.paths.ledger, write=True) as connection:
        return repricing.reprice_all(connection, Pricer(ctx.catalog(), connection))


def reset(ctx: Context) -> Path | None:
    """Delete the history; returns where its backup is, None when there was none.

    What has been read of the logs stays remembered, so deleted rows do not come back.

    Raises:
        PfError: the backup could not be written; nothing was deleted.
    """
    from pf_tui.ledger import upkeep

    backup = upkeep.reset(ctx.paths.ledger, ctx.now())
    if backup is not None:
        write_down(ctx, "analytics-reset", why="asked for", after={"backup": str(backup)})
        write_counters(ctx)
    return backup


def unpriced(ctx: Context) -> dict[str, int]:
    """Tokens that nobody can price, by model, most first; empty without a ledger."""
    from pf_tui.ledger import schema
    from pf_tui.ledger.period import Filters, period_of
    from pf_tui.ledger.query import UsageQuery

    if not ctx.paths.ledger.exists():
        return {}
    with schema.opened(ctx.paths.ledger) as connection:
        parts = UsageQuery(connection, period_of("all", ctx.now(), None), Filters()).by("model")
    waiting = {part.name: part.totals.unpriced_tokens for part in parts if part.totals.unpriced_tokens}
    return dict(sorted(waiting.items(), key=lambda item: -item[1]))


def check_prices(ctx: Context) -> Check:
    """Where our prices differ from genai-prices' own answer for an id, and why."""
    from pf_tui.ledger import price_check, schema
    from pf_tui.ledger.prices import Pricer

    if not ctx.paths.ledger.exists():
        return price_check.check(ctx.catalog(), Pricer(ctx.catalog()), ctx.now())
    with schema.opened(ctx.paths.ledger) as connection:
        return price_check.check(ctx.catalog(), Pricer(ctx.catalog(), connection), ctx.now())


def price_unpriced(ctx: Context) -> int:
    """Try again to price what had no price; returns how many requests have one now."""
    from pf_tui.ledger import repricing, schema
    from pf_tui.ledger.prices import Pricer

    if not ctx.paths.ledger.exists():
        return 0
    with schema.opened(ctx.paths.ledger, write=True) as connection:
        return repricing.reprice_unpriced(connection, Pricer(ctx.catalog(), connection))


@record
class LedgerCopy:
    """A copy of the ledger."""

    path: Path
    bytes: int
    requests: int


def copy_ledger(ctx: Context, target: Path, *, overwrite: bool = False) -> LedgerCopy:
    """Write the whole ledger as one SQLite file, as it is at one moment.

    Raises:
        WrongUsage: there is a file of that name, and `overwrite` was not said.
        PfError: no ledger yet, or the disk refuses; a file that was there stays.
    """
    from pf_tui.ledger import schema

    path = ctx.cwd / target
    if path.exists() and not overwrite:
        raise WrongUsage(f"{path} exists already; nothing was written", "name another file, or add --force")
    if not ctx.paths.ledger.exists():
        raise PfError("there is no history yet", "`pf-tui ingest` reads the agents' logs")
    temp = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temp.unlink(missing_ok=True)  # the folder may be everybody's: what lies there is not written through
        os.close(os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with schema.opened(ctx.paths.ledger) as connection, contextlib.closing(sqlite3.connect(temp)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            count = int(copy.execute("SELECT count(*) FROM request_rows").fetchone()[0])
        temp.replace(path)
    except (OSError, sqlite3.Error) as error:
        raise cannot_write(path, error if isinstance(error, OSError) else OSError(str(error))) from error
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                temp.with_name(temp.name + end).unlink()
    return LedgerCopy(path=path, bytes=path.stat().st_size, requests=count)


def stream_ledger(ctx: Context) -> Iterator[bytes]:
    """The same copy in pieces, for a pipe; its temporary file is private and gone afterwards.

    Raises:
        PfError: no ledger yet, or the disk refuses.
    """
    with temporary.folder() as folder:
        copy = copy_ledger(ctx, folder / ctx.paths.ledger.name)
        with copy.path.open("rb") as whole:
            while chunk := whole.read(_CHUNK_BYTES):
                yield chunk


_CHUNK_BYTES = 1 << 20


def write_counters(ctx: Context) -> str | None:
    """Bring usage.json to what the ledger says; returns a sentence when the old file was unreadable.

    Raises:
        PfError: the disk refuses, or a newer version wrote the file.
    """
    now, tz = ctx.now(), ctx.timezone()
    with ledger.reading(ctx.paths.ledger) as ledger_reader:
        today = ledger_reader.usage_since(clock.day_start(now, tz))
        month = ledger_reader.usage_since(clock.month_start(now, tz))
        fresh = {
            provider: ledger_reader.usage_since(moment, provider=provider).get(
                provider, ledger.ProviderUsage()
            )
            for provider, moment in _resets_today(ctx).items()
        }
        today = {**today, **fresh}
    counters = {
        provider: (today.get(provider, ledger.ProviderUsage()).budget_tokens, use.budget_tokens)
        for provider, use in month.items()
    }
    return usage.write(ctx.paths, now.astimezone(tz).date(), _of_providers(ctx, counters), also=now.date())


def _of_providers(ctx: Context, counters: Mapping[str, tuple[int, int]]) -> Mapping[str, tuple[int, int]]:
    """The original knows providers only: what nobody can be named for stays out."""
    providers = ctx.catalog().providers
    return {name: pair for name, pair in counters.items() if name in providers}


def _day_changed(ctx: Context) -> bool:
    """The counters were last written on another local day."""
    stamp = files.identity(ctx.paths.usage)
    if stamp is None:
        return True
    tz = ctx.timezone()
    written_at = datetime.fromtimestamp(stamp[0] / 1e9, UTC).astimezone(tz)
    return written_at.date() != ctx.now().astimezone(tz).date()


def _resets_today(ctx: Context) -> Mapping[str, datetime]:
    """Providers whose counters were begun anew by hand since midnight."""
    midnight = clock.day_start(ctx.now(), ctx.timezone())
    try:
        resets = ctx.health().resets
    except PfError:
        return {}
    return {provider: moment for provider, moment in resets.items() if moment > midnight}


def _set_damaged_aside(ctx: Context) -> None:
    """Look at every page of the ledger, and set it aside when one is damaged.

    Raises:
        PfError: it is of a newer version, held, or cannot be moved away.
    """
    from pf_tui.ledger import schema, upkeep

    try:
        wrong = upkeep.problem(ctx.paths.ledger)
    except StateFileUnusable as error:
        if not isinstance(error.__cause__, sqlite3.DatabaseError):
            raise
        wrong = str(error)
    if wrong is None:
        ctx.paths.ledger.with_name(ctx.paths.ledger.name + schema.DAMAGED).unlink(missing_ok=True)
    elif not schema.begin_anew(ctx.paths.ledger):
        raise PfError(f"{wrong}; it could not be moved away", f"check {ctx.paths.home}")
