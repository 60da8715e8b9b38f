"""Readings of limit windows on their way into the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pf_tui.errors import PfError
from pf_tui.ledger import reader as ledger
from pf_tui.rules.limits import Reading
from pf_tui.state import clock
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.headroom import Headroom


def headroom(ctx: Context) -> Mapping[str, Headroom]:
    """Provider -> the turns its tightest window holds; nothing where the ledger cannot be read."""
    from pf_tui.ledger import headroom, schema

    if not ctx.paths.ledger.exists():
        return {}
    now = ctx.now()
    try:
        with schema.opened(ctx.paths.ledger) as connection:
            return headroom.headroom(connection, now, clock.day_start(now, ctx.timezone()))
    except PfError:
        return {}


def note_readings(ctx: Context, readings: Sequence[Reading]) -> None:
    """Keep what was read of limit windows, and tell the person of one that is nearly used up."""
    ledger.limit_readings(ctx.paths.ledger, readings)
    try:
        is_notifying = ctx.config().is_notifying
    except PfError:
        return  # whoever reads the file tells of it
    if readings and is_notifying:
        from pf_tui.actions import notices

        notices.readings(ctx, readings)
