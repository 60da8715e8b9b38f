"""The agents' logs read before their numbers are shown; a line that moves while a long history is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from pf_tui.actions import usage
from pf_tui.cli import diagnostics
from pf_tui.documents import words
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.state.context import Context

if TYPE_CHECKING:
    import sqlite3

    from pf_tui.ingest.outcome import Outcome, Progress

_METER = 24

_STORES = 5
"""So many that cannot be read are named one by one."""


@contextmanager
def ledger(ctx: Context) -> Iterator[sqlite3.Connection]:
    """The ledger, brought up to date, to read from.

    Where it cannot be written its old rows are shown, or the logs as they are read this once.

    Raises:
        StateFileUnusable: it is of a newer version.
    """
    from pf_tui.ledger import schema

    try:
        read_logs(ctx)
    except StateFileUnusable:
        raise
    except PfError as error:
        if not ctx.paths.ledger.exists():
            with _for_once(ctx, error) as connection:
                yield connection
            return
        diagnostics.note(f"{error}; the numbers are those of the last time the logs were read")
    with schema.opened(ctx.paths.ledger) as connection:
        yield connection


def read_logs(ctx: Context, *, full: bool = False, look: bool = False) -> Outcome:
    """Read what is new; what could not be read is said on stderr.

    Args:
        full, look: see `usage.ingest`.

    Raises:
        PfError: the ledger cannot be written.
    """
    try:
        outcome = usage.ingest(ctx, full=full, look=look, progress=_show)
    finally:
        diagnostics.progress("")
    for store in outcome.unread[:_STORES]:
        diagnostics.note(str(store))
    if others := outcome.unread[_STORES:]:
        diagnostics.note(f"{len(others)} more logs were not read; `pf-tui analytics --json` names them")
    for problem in outcome.problems:
        diagnostics.note(problem)
    return outcome


@contextmanager
def _for_once(ctx: Context, error: PfError) -> Iterator[sqlite3.Connection]:
    """A ledger that is gone afterwards. Raises the first error when not even that is possible."""
    from pf_tui.ingest import pipeline
    from pf_tui.ledger import schema
    from pf_tui.state import temporary

    with ExitStack() as stack:
        try:
            folder = stack.enter_context(temporary.folder())
        except PfError:
            raise error from None
        path = folder / "ledger.db"
        pipeline.ingest(path, ctx.env, ctx.catalog(), progress=_show)
        diagnostics.progress("")
        diagnostics.note(f"{error}; the logs were read for this run only; nothing was stored")
        with schema.opened(path) as connection:
            yield connection


def _show(progress: Progress) -> None:
    from pf_tui.cli.look import meter  # Rich, which a view without progress does not need

    share = progress.bytes_done / progress.bytes_total if progress.bytes_total else 1.0
    pace = progress.bytes_done / progress.seconds if progress.seconds else 0.0
    diagnostics.progress(
        f"reading the agents' logs {meter(share, _METER)} {share:>4.0%}  "
        f"{words.short(progress.bytes_done)}B of {words.short(progress.bytes_total)}B, {words.short(pace)}B/s"
    )
