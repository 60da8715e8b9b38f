"""One session: shown, moved alone, brought to the front; and what joins those that go their own way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pf_tui.documents import serving, words
from pf_tui.sessions.records import Session
from pf_tui.state.context import Context
from pf_tui.tui.handlers import handles
from pf_tui.tui.messages import Announcement

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen
    from pf_tui.tui.threaded_app import ThreadedApp


@handles("session")
def _session(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.session import SessionSheet

    if session := screen.session(word or screen.pane.key):
        screen.app.push_screen(SessionSheet(screen, session))


@handles("session-move")
def _move(screen: MainScreen, word: str) -> None:
    from pf_tui.tui.dialogs.session import Mover

    if session := screen.session(word or screen.pane.key):
        screen.app.push_screen(Mover(screen, session))


@handles("session-resume")
def _resume(main_screen: MainScreen, word: str) -> None:
    from pf_tui.actions import resuming

    session, ctx = main_screen.session(word or main_screen.pane.key), main_screen.app.ctx
    if session is None:
        return

    def ask() -> Announcement:
        resume_plan, at = resuming.planned_resume(ctx, session)
        name = session.label
        if resume_plan is None:
            return Announcement(f"{name} will not be resumed")
        if at is not None:
            clock = words.clock(at, ctx.now(), ctx.timezone())
            whose = "" if resume_plan.how == "plugin" else " while the dashboard is open"
            return Announcement(f"{name} goes on at {clock}{whose} — r takes that back")
        if resume_plan.command and resume_plan.how == "none":
            return Announcement(f"{resume_plan.says}: {' '.join(resume_plan.command)}", "warn")
        return Announcement(f"{name}: {resume_plan.says}", "warn" if resume_plan.how == "none" else "accent")

    main_screen.app.perform(ask)


def resume_due(app: ThreadedApp, sessions: Sequence[Session]) -> None:
    """Send on the sessions whose time has come."""
    ctx = app.ctx
    for session in sessions:
        if session.resumes_at is not None and session.resumes_at <= ctx.now():
            app.perform(partial(_sent_on, ctx, session), waits=True)


def _sent_on(ctx: Context, session: Session) -> Announcement | None:
    from pf_tui.actions import resuming

    outcome = resuming.carry_out(ctx, session)
    return Announcement(outcome) if outcome is not None else None


@handles("session-focus")
def _focus(screen: MainScreen, word: str) -> None:
    from pf_tui.actions import focusing

    if session := screen.session(word or screen.pane.key):
        screen.app.perform(lambda: Announcement(focusing.focus(screen.app.ctx, session)), waits=True)


@handles("install")
def _install(screen: MainScreen, word: str) -> None:
    """The command that joins them, ready to be sent: what it changes is shown before it is done."""
    agent = word or serving.facts(screen.shown_snapshot(), screen.sessions).joins
    if not agent:
        installed_agents = {view.agent for view in screen.shown_snapshot().agents}
        agent = next((name for name in screen.agents if name not in installed_agents), "")
    if agent:
        screen.action_do(f"command install {agent}")
    else:
        screen.say("pf-tui is in every agent of this machine already")
