"""`pf-tui sessions`: what every agent session does now, and `sessions focus`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.documents import sessions as documents
from pf_tui.documents import words
from pf_tui.sessions.overview import Watch, overview
from pf_tui.sessions.records import Session, short_id
from pf_tui.state.context import Context

if TYPE_CHECKING:
    from rich.text import Text

    from pf_tui.cli.look import Cell

LOOK_S = 1.0
"""Between two looks of `resume` whether the session has gone on by itself, or pf-tui is paused."""

EVERY_S = 1.0
"""Between two looks of --watch; a look costs about 4 ms of CPU."""

STYLES = {"waiting": "yellow", "limited": "red", "working": "green", "ended": "bright_black"}

sessions = Group("sessions", "list")


@subword(sessions, "list")
@click.option("--all", "everything", is_flag=True, help="Also those that ended within the last hour.")
@click.option(
    "--watch", "watching", is_flag=True, help="Print the list again whenever something changes, until ctrl+c."
)
@as_json
@click.pass_obj
def list_(ctx: Context, everything: bool, watching: bool, as_json: bool) -> None:
    """A question mark is a guess: `pf-tui install` lets the agent tell more.

    With --watch, --json prints one document a line.
    """
    watch = Watch(ctx)
    before = None
    while True:
        visible_sessions = [
            session for session in overview(ctx, watch) if everything or session.state != "ended"
        ]
        if visible_sessions != before:
            _show(ctx, visible_sessions, as_json=as_json, watching=watching, first=before is None)
            before = visible_sessions
        if not watching:
            return
        time.sleep(EVERY_S)


@subword(sessions, "resume")
@click.argument("session", metavar="ID")
@click.option("--cancel", is_flag=True, help="Cancel a resume that `r` in the dashboard planned.")
@click.pass_obj
def resume(ctx: Context, session: str, cancel: bool) -> None:
    """Waits here until the limit is over, ctrl-c ends that; nothing is ever typed into a terminal."""
    from pf_tui.actions import resuming
    from pf_tui.state import resumes

    watch = Watch(ctx)
    target = documents.find(overview(ctx, watch), session)
    name = target.label
    if cancel:
        claimed = resumes.claim(ctx.paths, (target.agent, target.id))
        output.text(f"{name} will not be resumed" if claimed else f"{name} was not set to be resumed")
        return
    resume_plan = resuming.way(ctx, target, watch.processes)
    if resume_plan.how in ("queue", "plugin", "headless"):
        at = resuming.due(ctx, target)
        if at > ctx.now():
            diagnostics.note(
                f"{name} goes on at {words.clock(at, ctx.now(), ctx.timezone())}; ctrl+c ends this"
            )
        while at > ctx.now():
            resuming.refuse_while_paused(ctx, target)
            time.sleep(min(LOOK_S, max((at - ctx.now()).total_seconds(), 0.0)))
            key = (target.agent, target.id)
            target = next(
                (session for session in overview(ctx, watch) if (session.agent, session.id) == key), target
            )
            if target.state in ("working", "waiting"):
                output.text(f"{name} has resumed by itself; nothing was sent")
                return
    output.text(resuming.resume(ctx, target, processes=watch.processes))


@subword(sessions, "auto")
@click.argument("word", type=click.Choice(["on", "off"]), required=False)
@as_json
@click.pass_obj
def auto(ctx: Context, word: str | None, as_json: bool) -> None:
    """On: after a limit, a session of OpenCode with our plugin goes on by itself: with the next provider of
    your list, else at the reset. `r` in the dashboard takes that back for one session. Claude Code waits if
    `pf-tui run claude --resume-at-reset` started it; Codex goes on only when asked, by `r` in an open
    dashboard or by `pf-tui sessions resume ID`.
    """
    from pf_tui.actions import resuming

    if word is not None:
        resuming.set_automatic(ctx, word == "on")
    on = ctx.config().resumes_sessions
    if as_json:
        output.document({"auto": on})
        return
    output.text(
        words.RESUME_AUTO if on else f"{words.RESUME_BY_HAND}; `pf-tui sessions auto on` turns that on"
    )


@subword(sessions, "focus")
@click.argument("session", metavar="ID")
@click.pass_obj
def focus(ctx: Context, session: str) -> None:
    """The first characters of the id are enough. Only a tmux pane that is surely the session's is shown."""
    from pf_tui.actions import focusing

    watch = Watch(ctx)
    target = documents.find(overview(ctx, watch), session)
    output.text(focusing.focus(ctx, target, watch.processes))


def _show(ctx: Context, sessions: list[Session], *, as_json: bool, watching: bool, first: bool) -> None:
    if as_json:
        content = documents.document(sessions)
        output.line(content) if watching else output.document(content)
        return
    if not first:
        output.text("")
    output.show(*_lines(ctx, sessions, output.width()))
    output.flush()


def _lines(ctx: Context, sessions: list[Session], width: int) -> list[Text]:
    from pf_tui.cli.look import FAINT, table, wrapped
    from pf_tui.text.columns import Column

    if not sessions:
        return wrapped("no agent session runs on this machine", width, style=FAINT)
    columns = (
        Column(title="state"),
        Column(title="project", shrinks=True),
        Column(title="agent", leaves=8),
        Column(title="model", leaves=7),
        Column(title="provider", leaves=5),
        Column(title="context", right=True, leaves=4),
        Column(title="cost", right=True, leaves=6),
        Column(title="$/h", right=True, leaves=2),
        Column(title="window", right=True, leaves=3),
        Column(title="active", right=True, leaves=1),
        Column(title="id"),
    )
    rows = [row for session in sessions for row in _rows(ctx, session)]
    return table(columns, rows, width)


def _rows(ctx: Context, session: Session, depth: int = 0) -> list[list[Cell]]:
    from pf_tui.cli.look import Cell, faint, plain

    now, zone = ctx.now(), ctx.timezone()
    share = session.window_share
    name = (
        documents.folder_label(session)
        if not depth
        else f"{'  ' * depth}└ {session.agent_type or 'subagent'}"
    )
    row = [
        Cell(text=documents.state(session, now, zone), style=STYLES.get(session.state, "")),
        plain(name),
        plain(session.agent if not depth else ""),
        plain(session.model or ""),
        plain(session.provider or ""),
        plain("" if session.context_percent is None else words.percent(session.context_percent)),
        plain("" if session.cost_usd is None else words.money(session.cost_usd)),
        plain(words.money(session.cost_per_hour) if session.cost_per_hour else ""),
        plain(f"{words.percent(share.percent)} of {words.window_word(share.window)}" if share else ""),
        faint(words.ago(session.last_activity, now) if session.last_activity else ""),
        faint(short_id(session.id) if not depth else ""),
    ]
    return [row, *(below for child in session.children for below in _rows(ctx, child, depth + 1))]
