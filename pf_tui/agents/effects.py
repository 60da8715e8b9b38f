"""What a switch changes in the agents that pf-tui is installed into, and when they notice.

The verbs call `apply` under the state lock; each agent's own module does the writing.
"""

from __future__ import annotations

from pf_tui.catalog import Provider
from pf_tui.records import record
from pf_tui.state.context import Context


@record
class Effect:
    """What happens to one agent."""

    agent: str
    when: str
    """now | next turn | next start | never"""
    how: str
    """gateway | settings | plugin | none"""
    text: str
    """The honest sentence, e.g. "from your next turn" or "needs the gateway: pf-tui run claude"."""
    applied: bool = True
    """False when this agent cannot be set to that provider."""


def installed(ctx: Context) -> tuple[str, ...]:
    """The agents pf-tui is installed into, e.g. ("claude-code", "opencode")."""
    return ()


def apply(ctx: Context, agent: str, provider: Provider, model: str | None) -> Effect:
    """Set one installed agent to `provider`; writes its settings where that is the way."""
    raise AssertionError(agent)
