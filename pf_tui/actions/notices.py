"""Notices outside the dashboard: a desktop notification, or OSC 9 in the session's own terminal.

Off unless `pf.notify` asks for them.
Hooks and the gateway send them, each once per window, through a process of its own that ends after
LIFE_S: nobody waits for it. Invariant: no secret and no control character leaves here.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pf_tui.errors import PfError
from pf_tui.ledger.layout import LIMIT_KINDS
from pf_tui.rules.limits import Reading, share
from pf_tui.rules.masking import by_shape
from pf_tui.sessions import identity
from pf_tui.state import notified
from pf_tui.state.clock import time_of_day
from pf_tui.state.context import Context
from pf_tui.state.secret import masked
from pf_tui.visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.rules.benches import Bench
    from pf_tui.state.journal import Event

SHORT = timedelta(minutes=2)
"""A rest that is over so soon is worth no notice."""

LIFE_S = 10
"""What the notifying program may take; then it is ended."""

MAX_UP = 5
"""Processes between a hook and the agent that has the terminal."""

MOST_CHARS = 240
"""A notification shows no more."""

_DISPLAY = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XAUTHORITY")
_NOTIFIER_VARIABLES = (*_DISPLAY, "HOME", "PATH", "LANG", "LC_ALL", "USER", "TMPDIR")
"""All that the notifying program gets of the environment: credentials stay here."""

_BOUNDED = "import os,signal,sys;signal.alarm(int(sys.argv[1]));os.execv(sys.argv[2],sys.argv[2:])"
"""An alarm survives exec: the program that follows cannot hang."""

_APPLESCRIPT = (
    "on run argv",
    'display notification (item 1 of argv) with title "pf-tui"',
    "end run",
)

_children: list[int] = []


def limit_hit(
    ctx: Context, resting: Bench, *, serves: str | None, moved: bool, asks: str | None = None
) -> None:
    """A provider failed and rests.

    Args:
        serves: who serves from now on.
        asks: a paid provider that could serve, if the person allows it.
    """
    if resting.until is not None and resting.until - ctx.now() < SHORT:
        return
    what = "hit its limit" if resting.kind in LIMIT_KINDS else f"failed ({resting.kind})"
    words = f"{resting.provider} {what}{_until(ctx, resting.until)}"
    if moved and serves is not None:
        _tell(ctx, "failover", f"{words} → {serves}", resting.provider, resting.until)
    elif resting.kind in LIMIT_KINDS:
        follows = "" if serves else "; no provider available"
        if asks:
            follows = f"; {asks} costs money: `pf-tui allow paid --today` lets it serve"
        _tell(ctx, "limit", f"{words}{follows}", resting.provider, resting.until)


def returned(ctx: Context, event: Event) -> None:
    """A provider serves again after its rest."""
    provider = event.after.get("active")
    if isinstance(provider, str) and provider:
        _tell(ctx, "reset", f"{provider} serves again: {event.why}", provider, None)


def readings(ctx: Context, readings: Iterable[Reading]) -> None:
    """Windows that are past the warning threshold by the provider's own word."""
    for reading in readings:
        percent = share(reading)
        if percent is None or reading.source == "estimate" or reading.window == "minute":
            continue
        if _wanted(ctx, "warn") and ctx.config().warn_at * 100 <= percent < 100:
            from pf_tui.rules import windows  # few are warned of

            name = windows.words(reading.window, reading.model)
            words = f"{reading.provider} has used {percent:.0f} % of {name}{_resets(ctx, reading.resets_at)}"
            of = " ".join((reading.provider, reading.window, reading.model or ""))
            _tell(ctx, "warn", words, of, reading.resets_at)


def osc9(words: str, *, tmux: bool) -> str:
    """The control sequence of a notification; tmux passes it on when it is wrapped."""
    clean = "".join(char for char in visible(words) if char.isprintable())
    return f"\x1bPtmux;\x1b\x1b]9;{clean}\x07\x1b\\" if tmux else f"\x1b]9;{clean}\x07"


def desktop_words(
    words: str,
    env: Mapping[str, str],
    *,
    platform: str = sys.platform,
    which: Callable[[str], str | None] | None = None,
) -> Sequence[str]:
    """The command that shows a desktop notification; () where there is none."""
    find = which or (lambda name: _which(name, env.get("PATH", os.defpath)))
    words = visible(words)
    if platform == "darwin":
        if program := find("terminal-notifier"):
            return (program, "-title", "pf-tui", "-message", f" {words}")
        if program := find("osascript"):
            script = [part for script_line in _APPLESCRIPT for part in ("-e", script_line)]
            return (program, *script, "--", words)
        return ()
    program = find("notify-send") if any(env.get(name) for name in _DISPLAY[:3]) else None
    if program is None:
        return ()
    text = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (program, "--app-name=pf-tui", "--", "pf-tui", text)


def _wanted(ctx: Context, kind: str) -> bool:
    try:
        config = ctx.config()
    except PfError:
        return False
    return config.is_notifying and kind in config.notify_kinds


def _tell(ctx: Context, kind: str, words: str, of: str, end: datetime | None) -> None:
    """Send one notice, unless it is not wanted or was sent for this window."""
    if not _wanted(ctx, kind) or not notified.first_time(ctx.paths, f"{kind} {of}", end, ctx.now()):
        return
    clean = visible(by_shape(masked(words)))[:MOST_CHARS]
    config = ctx.config()
    if config.notify_desktop and (command := desktop_words(clean, ctx.env)):
        send(command, ctx.env)
    if config.notify_osc9 and ctx.who == "hook":
        _write_osc9(clean, ctx.env)


def send(command: Sequence[str], env: Mapping[str, str]) -> None:
    """Start a program that nobody waits for, and that ends by itself after LIFE_S."""
    _reap()
    spawn = getattr(os, "posix_spawn", None)
    if spawn is None:
        return
    variables = {name: value for name in _NOTIFIER_VARIABLES if (value := env.get(name))}
    words = [sys.executable, "-I", "-S", "-c", _BOUNDED, str(LIFE_S), *command]
    files = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    try:
        _children.append(spawn(sys.executable, words, variables, file_actions=files, setpgroup=0))
    except OSError:
        return  # no notice is no reason to fail


def _reap() -> None:
    """Let go of the programs that have ended."""
    for pid in list(_children):
        try:
            ended_pid, _ = os.waitpid(pid, os.WNOHANG)
        except OSError:
            ended_pid = pid
        if ended_pid:
            _children.remove(pid)


def _write_osc9(words: str, env: Mapping[str, str]) -> None:
    """Write the notification to the terminal of the agent whose hook this is, in one write."""
    path = _terminal(env) or "/dev/tty"
    data = osc9(f"pf-tui: {words}", tmux=bool(env.get("TMUX"))).encode()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if os.isatty(handle) and os.fstat(handle).st_uid == os.getuid():
            os.write(handle, data)
    except OSError:
        return
    finally:
        os.close(handle)


def _terminal(env: Mapping[str, str]) -> str | None:
    """The agent's terminal: its own word, else the nearest process above that has one."""
    claude_pid = env.get("CLAUDE_PID", "")
    pid = int(claude_pid) if claude_pid.isdecimal() and len(claude_pid) < 12 else os.getpid()
    for _ in range(MAX_UP):
        if (terminal := identity.terminal(pid)) is not None:
            return terminal
        above = identity.parent(pid)
        if above is None:
            return None
        pid = above
    return None


def _which(name: str, path: str) -> str | None:
    """Where a program is; folders that depend on where the agent works are passed over."""
    for folder in path.split(os.pathsep):
        location = f"{folder}/{name}"
        if folder.startswith("/") and os.path.isfile(location) and os.access(location, os.X_OK):  # noqa: PTH113
            return location
    return None


def _until(ctx: Context, until: datetime | None) -> str:
    return f", back at {_clock(ctx, until)}" if until else ""


def _resets(ctx: Context, at: datetime | None) -> str:
    return f", resets at {_clock(ctx, at)}" if at else ""


def _clock(ctx: Context, moment: datetime) -> str:
    return time_of_day(moment, ctx.now(), ctx.timezone())
