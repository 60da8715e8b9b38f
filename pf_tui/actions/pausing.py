"""Pause and resume: pf-tui out of every agent's way at once, and back in.

A pause takes every install out as `uninstall` does, and remembers which to make again. It is written down
first: from then on hooks are silent, and whatever a crash leaves in a settings file does nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pf_tui import snapshot
from pf_tui.actions import install
from pf_tui.actions.journalling import write_down
from pf_tui.actions.switching import settle
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError
from pf_tui.integrations import apply, installs
from pf_tui.integrations.apply import Effect
from pf_tui.integrations.installs import Pause
from pf_tui.records import record, replace
from pf_tui.sessions.overview import overview
from pf_tui.sessions.records import Session
from pf_tui.state import files
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId


@record
class PauseOutcome:
    """What pause or resume did."""

    changed: bool
    since: datetime | None
    """Since when it is paused; None = it is not."""
    effects: tuple[Effect, ...] = ()
    problems: tuple[str, ...] = ()
    """Agents whose files could not be changed, each with its cure."""


def pause(ctx: Context, *, wait: Callable[[float], object] = time.sleep) -> PauseOutcome:
    """Take pf-tui out of every agent. Running sessions of Claude Code are led home first.

    Args:
        wait: seconds until running clients have read their settings.
    Raises:
        PfError: installs.json cannot be read or written; nothing was changed.
    """
    outcome = _take_out(ctx, wait)
    if outcome.changed:
        _write_down(ctx, "pause", paused=True)
    return outcome


def resume(ctx: Context) -> PauseOutcome:
    """Put pf-tui back into the agents it was in, and set them to whoever serves now.

    Raises:
        PfError: installs.json cannot be read or written; nothing was changed.
    """
    outcome = _put_back(ctx)
    if outcome.changed:
        _write_down(ctx, "resume", paused=False)
    return outcome


def turn(ctx: Context, *, paused: bool) -> bool:
    """Pause or resume for undo, which writes the event itself; returns what it was before."""
    before = installs.pause(ctx.paths) is not None
    if paused != before:
        outcome = _take_out(ctx, time.sleep) if paused else _put_back(ctx)
        if outcome.problems:
            raise PfError(outcome.problems[0])
    return before


def _write_down(ctx: Context, action: str, *, paused: bool) -> None:
    write_down(
        ctx,
        action,
        why="asked for",
        before={"paused": not paused},
        after={"paused": paused},
        undo={"paused": not paused},
    )


def _take_out(ctx: Context, wait: Callable[[float], object]) -> PauseOutcome:
    with files.locked(ctx.paths):
        lasts = installs.pause(ctx.paths)
        install_keys = apply.keys(ctx)
        since = lasts.since if lasts else ctx.now()
        before = lasts.installs if lasts else ()
        pause = Pause(since=since, installs=tuple(dict.fromkeys((*before, *install_keys))))
        installs.remember_pause(ctx.paths, pause)
    running = _running(ctx)
    effects_out, problems = [], []
    for key in install_keys:
        if (parts := installs.agent_and_root(key)) is None:
            continue  # written by a pf-tui that knows more agents
        agent, root = parts
        here = replace(ctx, cwd=Path(root)) if root else ctx
        try:
            install.take_out(here, agent, in_project=bool(root), running=running, wait=wait)
        except PfError as error:
            problems.append(str(error))
            continue
        effects_out.append(agent)
    effects = tuple(_removal_effect(agent) for agent in dict.fromkeys(effects_out))
    return PauseOutcome(
        changed=lasts is None or bool(effects_out),
        since=since,
        effects=(*effects, *_staying(running)),
        problems=tuple(problems),
    )


def _put_back(ctx: Context) -> PauseOutcome:
    with files.locked(ctx.paths):
        lasts = installs.pause(ctx.paths)
        if lasts is None:
            return PauseOutcome(changed=False, since=None)
        installs.remember_pause(ctx.paths, None)
        problems, lost_agents, effects_in = [], [], []
        for key in lasts.installs:
            if (parts := installs.agent_and_root(key)) is None:
                continue
            agent, root = parts
            if root and not Path(root).is_dir():
                lost_agents.append(
                    f"{root} is no longer there; `pf-tui install {agent} --project` in another place"
                )
                continue
            try:
                install.put_in(replace(ctx, cwd=Path(root)) if root else ctx, agent, in_project=bool(root))
            except PfError as error:
                problems.append(str(error))
                continue
            effects_in.append(agent)
        effects = {effect.agent: effect for effect in settle(ctx, snapshot.take(ctx), why="resumed")}
    changes = tuple(effects.get(agent) or _back(agent) for agent in dict.fromkeys(effects_in))
    return PauseOutcome(changed=True, since=None, effects=changes, problems=(*problems, *lost_agents))


def _running(ctx: Context) -> tuple[Session, ...]:
    """Sessions that run now; a log that cannot be read keeps nobody from pausing."""
    try:
        return tuple(session for session in overview(ctx) if session.state != "ended")
    except (PfError, OSError):
        return ()


def _removal_effect(agent: AgentId) -> Effect:
    text = "its settings are as they were before pf-tui; its running sessions go on by themselves"
    return Effect(agent=agent, when="now", how="settings", text=text)


def _back(agent: AgentId) -> Effect:
    return Effect(agent=agent, when="next start", how="settings", text="from its next start")


def _staying(running: Sequence[Session]) -> Iterator[Effect]:
    """What no file can change: sessions behind the gateway, and Codex's, which read their settings once."""
    for agent in dict.fromkeys(session.agent for session in running):
        of_agent = [session for session in running if session.agent == agent]
        behind = sum(session.behind_gateway for session in of_agent)
        if behind:
            many = "1 session stays" if behind == 1 else f"{behind} sessions stay"
            text = f"{many} behind the gateway until it ends: `pf-tui run` started it"
            if behind > 1:
                text = f"{many} behind the gateway until they end: `pf-tui run` started them"
            yield Effect(agent=agent, when="never", how="gateway", text=text, applied=False)
        if agent == "codex" and len(of_agent) > behind:
            text = f"running sessions of {CLIENTS[agent].name} keep their provider until their next start"
            yield Effect(agent=agent, when="next start", how="settings", text=text)
