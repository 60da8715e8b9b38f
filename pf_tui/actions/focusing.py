"""Bring a session's tmux pane to the front. Fails closed: a pane not surely the session's stays as it is.

Every tmux server has a %0 and panes change hands, so the pane is named with its server's socket and its
first process must stand above the session's own.
"""

from __future__ import annotations

import subprocess

from pf_tui.errors import PfError
from pf_tui.sessions.processes import Processes
from pf_tui.sessions.records import Session
from pf_tui.state.context import Context

LIMIT_S = 3.0


def focus(ctx: Context, session: Session, processes: Processes | None = None) -> str:
    """Show the session's pane to the person; returns what was done.

    Raises:
        PfError: it has ended, runs elsewhere, or no pane is surely its own; nothing moved.
    """
    name = session.label
    window = session.focus
    if session.state == "ended":
        raise PfError(f"{name} has ended", "`pf-tui sessions` lists the ones that run")
    if session.elsewhere:
        raise PfError(f"{name} runs in a container or on another machine", "look for it there")
    if window is None or session.pid is None:
        raise PfError(f"the terminal of {name} is not known", f"it is process {session.pid}")
    if window.attach:
        raise PfError(f"{name} runs in the background, without a terminal", f"`{window.attach}` opens it")
    if not (window.tmux_socket and window.tmux_pane):
        raise PfError(
            f"{name} is on {window.tty}, which is no tmux pane; only panes can be brought to the front",
            "start agents in tmux to jump between them",
        )
    return _show(ctx, session, processes or Processes())


def _show(ctx: Context, session: Session, processes: Processes) -> str:
    window = session.focus
    if window is None or window.tmux_pane is None or session.pid is None:  # `focus` has looked
        raise PfError("the pane is not known")
    socket, pane = window.tmux_socket or "", window.tmux_pane
    facts = _tmux(socket, "display-message", "-p", "-t", pane, "#{pane_id} #{pane_pid} #{session_id}").split()
    if len(facts) != 3 or facts[0] != pane or not facts[1].isdecimal():
        raise PfError(f"pane {pane} of {socket} is gone; nothing moved", "`pf-tui sessions` shows what runs")
    owner, target = int(facts[1]), facts[2]
    if owner != session.pid and owner not in processes.parents(session.pid):
        raise PfError(f"pane {pane} of {socket} belongs to another program by now; nothing moved")
    client = _client(ctx, socket)
    if client is None:
        raise PfError(
            f"nobody is attached to the tmux server of {session.label}",
            f"`tmux -S {socket} attach -t '{target}'` shows it",
        )
    _tmux(socket, "switch-client", "-c", client, "-t", pane)
    return f"{session.agent} is in pane {pane} now, on {client}"


def _client(ctx: Context, socket: str) -> str | None:
    """The terminal to show it on: the one that was used last."""
    output = _tmux(socket, "list-clients", "-F", "#{client_activity} #{client_name}")
    clients = sorted(line.partition(" ")[::2] for line in output.splitlines() if " " in line)
    return clients[-1][1] if clients else None


def _tmux(socket: str, *words: str) -> str:
    try:
        process = subprocess.run(
            ["tmux", "-S", socket, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise PfError("tmux is not on the PATH; nothing moved", "install tmux") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PfError(f"the tmux server at {socket} does not answer; nothing moved") from error
    if process.returncode:
        raise PfError(
            f"the tmux server at {socket} refuses ({process.stderr.strip() or process.returncode});"
            " nothing was moved"
        )
    return process.stdout
