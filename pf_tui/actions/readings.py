"""Readings of limit windows on their way into the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui.errors import PfError
from pf_tui.ledger import reader as ledger
from pf_tui.rules.limits import Reading
from pf_tui.state.context import Context


def note_readings(ctx: Context, seen: Sequence[Reading]) -> None:
    """Keep what was read of limit windows, and tell the person of one that is nearly used up."""
    ledger.limit_readings(ctx.paths.ledger, seen)
    try:
        wished = ctx.config().is_notifying
    except PfError:
        return  # whoever reads the file tells of it
    if seen and wished:
        from pf_tui.actions import notices

        notices.readings(ctx, seen)
