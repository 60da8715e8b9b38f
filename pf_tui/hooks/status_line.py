"""Claude Code's status line: who serves, how full the windows are, who is next.

The official windows that the client tells of (a plan's login only) go into the ledger as readings, when
they have changed. Invariant: a person's own status line is shown as it is, whatever happens to ours.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import timedelta

from pf_tui import snapshot
from pf_tui.documents import words
from pf_tui.hooks import claude_session, deadline, reading, session_evidence
from pf_tui.integrations import apply
from pf_tui.rules.limits import Limit, Reading
from pf_tui.snapshot import Snapshot
from pf_tui.state.clock import from_text
from pf_tui.state.context import Context
from pf_tui.visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from typing import IO

    from pf_tui.vocabulary import WindowName

MAX_BYTES = 4 * 1024 * 1024
"""Of one status; the client sends two kilobytes."""

WINDOWS: Mapping[str, WindowName] = {
    "five_hour": "5h",
    "seven_day": "7d",
    "seven_day_opus": "7d",
    "seven_day_sonnet": "7d",
}
"""Claude Code's names -> ours; the words behind `seven_day_` are the models a window is for."""

OFTEN = timedelta(minutes=2)
"""The client asks several times a second; the same reading again says something only after this."""

OWN_LIMIT_S = 3.0
"""What a person's own status line may take; the client drops slow ones as well."""

MOST_OUTPUT_BYTES = 64 * 1024
"""Of the person's own status line; a terminal shows some hundred letters of it."""


def line(stdin: bytes, env: Mapping[str, str], wrapped: str | None) -> str:
    """Our line; a person's own status line goes above it."""
    own = _start(wrapped, stdin, env)
    try:
        own_line = _own_line(stdin, env)
    except (Exception, deadline.TooLate) as error:
        from pf_tui.hooks import log  # seldom needed

        log.failure("statusline", error, env)
        own_line = ""
    lines = [*_finish(own), *([own_line] if own_line else [])]
    return "".join(f"{line}\n" for line in lines)


def _own_line(stdin: bytes, env: Mapping[str, str]) -> str:
    data = reading.event(stdin, MAX_BYTES)
    workspace = data.get("workspace")
    if isinstance(workspace, dict) and not reading.text(data, "cwd"):
        data = {**data, "cwd": reading.text(workspace, "current_dir")}
    ctx = claude_session.as_person(reading.context(data, env))
    if (since := apply.paused(ctx)) is not None:
        return f"pf-tui paused since {words.clock(since, ctx.now(), ctx.timezone())}"
    session_evidence.status_line(ctx, data)
    now = snapshot.take(ctx, keep_going=True)
    serves = claude_session.provider(ctx, now)
    if serves is not None and not claude_session.behind_gateway(ctx):
        readings = _readings(ctx, data, serves)
        if _news(now, serves, readings):
            from pf_tui import actions  # a line in ten has news

            actions.note_readings(ctx, readings)
            now = snapshot.take(ctx, keep_going=True)
    return _text(ctx, now, serves)


def _text(ctx: Context, now: Snapshot, serves: str | None) -> str:
    """`● anthropic-subscription · 5h 62 %, week 17 % · → openrouter`"""
    zone = ctx.timezone()
    if claude_session.behind_gateway(ctx):
        serves = now.active.provider if now.active else None
        head = f"● {serves} (gateway)" if serves else "○ no provider available"
    elif serves is None:
        head = "○ an address of your own"
    else:
        head = f"● {serves}"
    parts = [head]
    view = next((provider for provider in now.providers if provider.id == serves), None)
    if view is not None:
        if not view.can_serve:
            until = f" until {words.clock(view.until, now.at, zone)}" if view.until else ""
            parts.append(f"{view.state}{until}")
        limits = [limit for limit in view.limits if limit.percent is not None and limit.source != "estimate"][
            :3
        ]
        if limits:
            parts.append(", ".join(_window(window) for window in limits))
        tightest = view.tightest
        if tightest is not None and tightest.runs_out_at is not None:
            parts.append(f"empty ~{words.clock(tightest.runs_out_at, now.at, zone)}")
    active = now.active.provider if now.active else None
    following = active if active not in (None, serves) else now.next.provider if now.next else None
    parts.append(f"→ {following}" if following else "no next provider")
    if not now.auto_switch:
        parts.append("auto-switch off")
    return visible(" · ".join(parts))


def _window(limit: Limit) -> str:
    return f"{words.window_word(limit.window, limit.model)} {words.percent(limit.percent)}"


def _readings(ctx: Context, data: Mapping[str, object], provider: str) -> list[Reading]:
    """What the client says of the plan's windows; nothing with a key, which has none."""
    limits = data.get("rate_limits")
    readings = []
    for name, window in limits.items() if isinstance(limits, dict) else ():
        percent = window.get("used_percentage") if isinstance(window, dict) else None
        if name not in WINDOWS or isinstance(percent, bool) or not isinstance(percent, int | float):
            continue
        if not 0 <= percent <= 1000:
            continue
        readings.append(
            Reading(
                provider=provider,
                window=WINDOWS[name],
                unit="percent",
                used=float(percent),
                limit=100.0,
                resets_at=from_text(window.get("resets_at")),
                source="official",
                observed_at=ctx.now(),
                model=name.removeprefix("seven_day_") if name.startswith("seven_day_") else None,
            )
        )
    return readings


def _news(now: Snapshot, provider: str, readings: list[Reading]) -> bool:
    """True when a window moved, or the last reading of it is old."""
    view = next((view for view in now.providers if view.id == provider), None)
    limits = (
        {(limit.window, limit.model): limit for limit in view.limits if limit.source == "official"}
        if view
        else {}
    )
    for new_reading in readings:
        old = limits.get((new_reading.window, new_reading.model))
        if old is None or old.used != new_reading.used or new_reading.observed_at - old.observed_at >= OFTEN:
            return True
    return False


def _start(wrapped: str | None, stdin: bytes, env: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
    """Run the person's own status line beside ours, by the shell that would have run it."""
    if not wrapped:
        return None
    import subprocess

    try:
        process = subprocess.Popen(  # noqa: S602 - the person's own command, in a shell as the client runs it
            wrapped,
            shell=True,
            env=dict(env),
            stdin=_as_file(stdin),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:
        return None
    return process


def _as_file(data: bytes) -> IO[bytes]:
    """The status as something to read from: no pipe that a command which does not read would block."""
    import tempfile

    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process that reads it
    file.write(data)
    file.seek(0)
    return file


def _finish(process: subprocess.Popen[bytes] | None) -> list[str]:
    if process is None:
        return []
    output = _output(process)
    return output.decode("utf-8", "replace").rstrip("\n").split("\n") if output.strip() else []


def _output(process: subprocess.Popen[bytes]) -> bytes:
    """All that it writes; b"" when it takes too long or writes too much: then it ends, with its children."""
    import select
    import signal
    import subprocess
    import time

    assert process.stdout is not None  # noqa: S101 - `_start` asks for it
    pipe, output = process.stdout.fileno(), b""
    end_s = time.monotonic() + OWN_LIMIT_S
    try:
        while select.select([pipe], [], [], max(0.0, end_s - time.monotonic()))[0]:
            if part := os.read(pipe, MOST_OUTPUT_BYTES):
                output += part
                if len(output) <= MOST_OUTPUT_BYTES:
                    continue
                break
            process.wait(max(0.0, end_s - time.monotonic()))
            return output
    except (subprocess.TimeoutExpired, OSError, ValueError):
        pass
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    return b""
