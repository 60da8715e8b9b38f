"""The hourly probe: of all that could ask a provider that rests until it is cleared, one request does."""

from __future__ import annotations

from pf_tui import snapshot
from pf_tui.actions.switching import settle
from pf_tui.records import replace
from pf_tui.rules import benches
from pf_tui.snapshot import Snapshot
from pf_tui.state import files, health
from pf_tui.state.context import Context
from pf_tui.state.health import Health

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId


def as_probe(now: Snapshot) -> Snapshot | None:
    """The snapshot as it is for a request that claims the probes that are due; None when none is due."""
    stays = benches.without_due(now.files.health.benches, now.at)
    if len(stays) == len(now.files.health.benches):
        return None
    return now.after(health=replace(now.files.health, benches=stays))


def claim_probe(ctx: Context, provider: str, model: str | None) -> bool:
    """Let the caller's request try a provider that rests until it is cleared; False when another one does.

    Compared and set under the state lock, so that hooks, gateways and sessions together ask once an hour.

    Args:
        model: asked for there, by the catalog's id.
    """
    claimed = False

    def edit(old: Health) -> Health:
        nonlocal claimed
        after = benches.probed(old.benches, provider, model, ctx.now())
        claimed = after is not None
        return old if after is None else replace(old, benches=after)

    health.change(ctx.paths, edit)
    return claimed


def lead_to_probe(ctx: Context, agent: AgentId, *, why: str, lock_s: float) -> str | None:
    """Lead one agent, by its settings, to a provider whose probe is due and that it would then be led to.

    The agent returns as it always follows: with the next `settle`.

    Args:
        why: a sentence with a place for the provider, for the journal.
        lock_s: longest wait for the state lock.
    Returns:
        The provider; None where none is due or another request asks it.
    """
    if not any(bench.is_due(ctx.now()) for bench in ctx.health().benches):  # as nearly always
        return None
    now = snapshot.take(ctx)
    trial = as_probe(now)
    if trial is None or trial.active is None or trial.active == now.active:
        return None
    views = tuple(view for view in trial.agents if view.agent == agent)
    if not views:
        return None
    provider = trial.active.provider
    with files.locked(ctx.paths, lock_s):
        if not claim_probe(ctx, provider, trial.active.model):
            return None
        settle(ctx, replace(trial, agents=views), why=why.format(provider))
    return provider
