"""The first contact: what was found on this machine, and the one next step. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui import called
from pf_tui.clients import CLIENTS, INTEGRATED
from pf_tui.snapshot import Snapshot
from pf_tui.text.lines import Line, Span, line, muted, wrap
from pf_tui.tui import provider_order


def lines(snapshot: Snapshot, agents: Sequence[str], width: int) -> list[Line]:
    """Above the list while no provider is available; [] as soon as somebody has a credential."""
    if any(entry.number is not None for entry in provider_order.listed_providers(snapshot)):
        return []
    if agents:
        *others, last = (CLIENTS[agent].name for agent in agents)
        names_text = f"{', '.join(others)} and {last}" if others else last
        login = CLIENTS[agents[0]].login_command
        where = f"with `{login}`" if login else "there"
        step = f"found {names_text}, sign in {where}, or press c on a provider to set its key"
    else:
        *others, last = (CLIENTS[agent].name for agent in INTEGRATED)
        step = f"press c on a provider to set its key, or sign in to {', '.join(others)} or {last}"
    return [
        *wrap(f"no provider has a credential yet: {step}", width, "accent"),
        *wrap(f"`{called.name_here()} --demo` shows all of this on generated data", width, "muted"),
        (),
    ]


def next_step(snapshot: Snapshot, agents: Sequence[str]) -> tuple[Line, ...]:
    """For the foot while nothing has happened: what to install so that a switch moves an agent.

    Returns the whole sentence, and the shortest form of it for a narrow screen.
    """
    installed_agents = {view.agent for view in snapshot.agents}
    missing = [agent for agent in agents if agent not in installed_agents and CLIENTS[agent].integrates]
    if not missing or not any(
        entry.number is not None for entry in provider_order.listed_providers(snapshot)
    ):
        return ()
    agents_text = ", ".join(CLIENTS[agent].name for agent in missing)
    step = Span(f"{called.name_here()} install {missing[0]}", "accent")
    return (line(muted(f"found {agents_text}: "), step, muted(" lets a switch move it")), line(step))
