"""What a rehearsal tells: its steps, who was asked, what the agent saw, what it costs."""

from __future__ import annotations

from datetime import datetime

from pf_tui.clients import Client
from pf_tui.drill.faults import Fault
from pf_tui.records import field, record
from pf_tui.rules.benches import Bench
from pf_tui.rules.eligibility import Skipped
from pf_tui.rules.pricing import Tokens

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

USUAL_TURN = Tokens(input=1_500, output=600, cache_read=40_000, cache_write_5m=1_500)
"""Of an agent in the middle of its work, where the ledger knows too few requests of this person."""


@record
class DrillRequest:
    """One provider that was asked."""

    provider: str
    model: str | None
    """What was asked of it."""
    failure: str | None
    """Failure class; None = it served."""


@record
class ObservedAnswer:
    """What the agent saw."""

    status: int
    provider: str | None
    """Who served, by the answer's own header."""
    whole: bool
    """A complete answer."""
    error: str | None = None
    """The error's sentence."""


@record
class Step:
    """One request of the rehearsal."""

    title: str
    at: datetime
    requests: tuple[DrillRequest, ...]
    benches: tuple[Bench, ...]
    answer: ObservedAnswer | None
    note: str | None = None


@record
class Cost:
    """What the agent's usual turn costs at one provider."""

    provider: str
    model: str
    usd: float | None
    """None = nobody can price it."""
    cold_usd: float | None
    """The first turn there, whose prompt cache is cold."""
    basis: str
    """list | subscription-equivalent"""


@record
class Rehearsal:
    """All of it."""

    fault: Fault
    agent: Client
    protocol: Protocol
    model: str
    first: str
    """Who serves now, and is made to fail."""
    steps: tuple[Step, ...]
    chain: tuple[str, ...] = ()
    """Who could be asked for this request, in order."""
    skipped: tuple[Skipped, ...] = ()
    """Those of the list who have a credential and could not be asked, with the reason."""
    costs: tuple[Cost, ...] = ()
    turn: Tokens = USUAL_TURN
    turn_is_own: bool = False
    """`turn` is the average of the person's own requests."""
    notes: tuple[str, ...] = field(default=())
