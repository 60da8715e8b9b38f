"""Agents that reach a provider through the gateway alone: led there by their settings, and back again.

`pf.gateway.auto` says whether the person wants that. A switch and a session's start bring the gateway up;
where it does not come up, and when it is stopped, agents go back to whom they reached without it.
"""

from __future__ import annotations

from pf_tui.actions.gateway_start import bring_up
from pf_tui.actions.journalling import write_down
from pf_tui.actions.settings import change_setting
from pf_tui.actions.switching import settle
from pf_tui.clients import INTEGRATED
from pf_tui.integrations import apply
from pf_tui.integrations.apply import Effect
from pf_tui.ledger import reader as ledger
from pf_tui.records import replace
from pf_tui.state import files, health
from pf_tui.state.context import Context
from pf_tui.state.health import AgentSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId


def set_gateway_auto(ctx: Context, on: bool) -> tuple[Effect, ...]:
    """Lead agents to the gateway from now on, or no longer; what that does to each, at once."""
    change_setting(ctx, "gateway-auto", {"pf.gateway.auto": on}, {"on": on})
    if on:
        bring_up(ctx)
    with files.locked(ctx.paths):
        return settle(
            ctx,
            why="agents use the gateway automatically"
            if on
            else "agents do not use the gateway automatically",
        )


def lead_back(ctx: Context, why: str = "the gateway stops") -> tuple[Effect, ...]:
    """Set every agent that is led to the gateway to whom it reached without it; one effect each."""
    with files.locked(ctx.paths):
        settings = ctx.health().agents
        led = {
            agent: settings[agent]
            for agent in INTEGRATED
            if agent in settings and settings[agent].direct is not None
        }
        catalog, moment = ctx.catalog(), ctx.now()
        effects: list[Effect] = []
        back: dict[AgentId, AgentSetting] = {}
        for agent, agent_state in led.items():
            last = catalog.providers.get(agent_state.direct or "")
            if last is None:
                continue
            effect = apply.apply(ctx, agent, last, last.default_model)
            effects.append(replace(effect, text=f"{last.id} serves it again: {effect.text}"))
            if effect.applied:
                back[agent] = AgentSetting(provider=last.id, since=moment)
        if back:
            set_to: dict[str, AgentSetting] = dict(back.items())
            health.change(ctx.paths, lambda old: replace(old, agents={**old.agents, **set_to}))
            for agent, agent_state in back.items():
                ledger.applied(ctx.paths.ledger, agent, agent_state.provider, moment)
            write_down(
                ctx,
                "apply",
                why=why,
                before={agent: led[agent].provider for agent in sorted(back)},
                after={agent: back[agent].provider for agent in sorted(back)},
            )
    return tuple(effects)
