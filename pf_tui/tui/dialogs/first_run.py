"""The first minute: one question on a machine where nothing was decided yet, then the exact change."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pf_tui import actions, called
from pf_tui.actions import install, settings
from pf_tui.clients import CLIENTS
from pf_tui.integrations import install_plan
from pf_tui.snapshot import Snapshot
from pf_tui.state import logins
from pf_tui.state.paths import user_home
from pf_tui.text.lines import Line, bold, line, wrap, wrapped
from pf_tui.tui.dialogs.dialog import Dialog
from pf_tui.tui.messages import Announcement
from pf_tui.tui.page import Page, Row, Space, unkeyed
from pf_tui.tui.provider_order import lacks_credentials

if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.state.context import Context
    from pf_tui.tui.main_screen import MainScreen

_LOGINS = {"claude-code": "anthropic-subscription", "codex": "openai-subscription"}
"""Agents with a login of their own, and the provider it is for."""

ROOMY = 48
"""From here on both keys and all words stand in the frame."""

SPENDS = "A paid key follows your plan only when you allow it (P); until then nothing is spent."


def agent_to_ask(ctx: Context, now: Snapshot, agents: Sequence[AgentId]) -> AgentId | None:
    """The agent the question is about; None where something was decided already, or nobody could serve."""
    if ctx.paths.config.exists() or now.events or now.agents or now.paused:
        return None
    if lacks_credentials(now):
        return None
    return next((agent for agent in agents if CLIENTS[agent].integrates), None)


def sign_in(now: Snapshot, agent: AgentId, plan: str | None) -> str:
    """`, signed in with Max`; "" where nothing is known of a login."""
    provider = _LOGINS.get(agent)
    if provider is None or not now.view(provider).credential.usable:
        return ""
    return f", signed in with {plan or now.view(provider).provider.name}"


class FirstRun(Dialog):
    """Opens by itself, once."""

    def __init__(self, screen: MainScreen, agent: AgentId) -> None:
        super().__init__(screen)
        self._agent = agent
        self._plan = logins.claude_plan(screen.app.ctx.env) if agent == "claude-code" else None
        self._change: list[str] | None = None
        """The exact change, once it was asked for."""

    def build(self, snapshot: Snapshot, space: Space, words: str) -> Page:
        if self._change is None:
            return question_page(snapshot, space, self._agent, self._plan)
        return change_page(self._change, self._agent, space)

    def choose(self, key: str) -> None:
        if self._change is None:
            self.app.look_up(self._read_change)
            return
        self.leave()
        self.app.perform(partial(_let_it_move, self.app.ctx, self._agent))

    def closing(self) -> None:
        """Not now: it is not asked again."""
        ctx = self.app.ctx
        self.app.perform(lambda: settings.set_dashboard(ctx, "welcomed", True))

    def _read_change(self) -> None:
        ctx = self.app.ctx
        plan = install.plan(ctx, self._agent)
        change = install_plan.diff(plan, user_home(ctx.env)).splitlines()
        self.app.soon(partial(self._show_change, change))

    def _show_change(self, change: list[str]) -> None:
        self._change = change
        self.redraw()


def question_page(snapshot: Snapshot, space: Space, agent: AgentId, plan: str | None) -> Page:
    """One question, and what its answer does."""
    name = CLIENTS[agent].name
    head: list[Line] = wrapped(line(bold(f"{name} found{sign_in(snapshot, agent, plan)}.")), space.width)
    ask = wrap("Let pf-tui move it when its limit is hit?", space.width)
    rows = [
        *unkeyed(head),
        *(Row(text_line, "install" if index == 0 else None) for index, text_line in enumerate(ask)),
        Row(),
        *unkeyed(wrap(SPENDS, space.width, "muted")),
        *unkeyed(wrap(f"`{called.name_here()} uninstall {agent}` takes it out again.", space.width, "muted")),
    ]
    shows = "shows the exact change" if space.width >= ROOMY else "shows the change"
    keys = (("enter", shows), ("esc", "not now"))
    return Page(title="Welcome", rows=tuple(rows), keys=keys)


def change_page(change: Sequence[str], agent: AgentId, space: Space) -> Page:
    """The change as a diff; enter makes it."""
    config = ["config.json", '+ "pf": {"paid": "ask"}', ""]
    colours = {"+": "good", "-": "bad"}
    rows = []
    for index, text in enumerate((*config, *change)):
        for part, text_line in enumerate(wrap(text, space.width, colours.get(text[:1], "text"))):
            rows.append(Row(text_line, f"line {index}" if part == 0 else None))
    facts = line(bold(CLIENTS[agent].name))
    return Page(
        title="The change", facts=facts, rows=tuple(rows), keys=(("enter", "makes it"), ("esc", "not now"))
    )


def _let_it_move(ctx: Context, agent: AgentId) -> Announcement:
    actions.set_paid(ctx, "ask")
    install.install(ctx, agent)
    return Announcement(
        f"pf-tui moves {CLIENTS[agent].name} from its next start on · `:uninstall {agent}` takes it out",
        "good",
    )
