"""Checks of what lies under us: keyring, PATH, file watches, clock, servers."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pf_tui import __version__
from pf_tui.errors import PfError
from pf_tui.integrations.doctor.finding import Finding, fail, ok, skip, warn
from pf_tui.integrations.program import NAME
from pf_tui.state import credentials, files, journal, logins, pids
from pf_tui.state.clock import is_zone
from pf_tui.state.context import Context
from pf_tui.visible import visible

INOTIFY = Path("/proc/sys/fs/inotify")
FEWEST_INSTANCES = 128
"""The kernel's own default; a machine with less runs out as soon as an editor is open."""

FEWEST_WATCHES = 8192

SLACK = timedelta(minutes=2)
"""Clocks of one machine do not disagree by more, except when they were set."""

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows an earlier date to this program."""


def keyring(ctx: Context) -> Finding:
    """Keys have a home."""
    problem = credentials.keyring_problem()
    if problem is None:
        return ok("keys can be kept in the keyring")
    if in_keyring := ctx.config().keyring:
        return fail(
            f"{problem}, but the keys of {', '.join(in_keyring)} are in one",
            f"unlock or install it, or `pf-tui auth set {in_keyring[0]}` again",
        )
    return warn(
        problem,
        "set keys as environment variables, or install one (GNOME Keyring, KWallet, or `keyrings.alt`)",
    )


def keychain(ctx: Context) -> Finding:
    """Claude Code's login on a Mac."""
    account = logins.keychain_account(ctx.env)
    if account is None:
        return skip("this is no Mac: Claude Code keeps its login in a file")
    if not account:
        return skip("no account is named in .claude.json: Claude Code counts as signed out on this Mac")
    return ok(
        "Claude Code's login is taken from the account in .claude.json; the Keychain is never opened, "
        "so whether the login still holds shows at the first request"
    )


def path(ctx: Context) -> Finding:
    """Agents and people find the program."""
    program = shutil.which(NAME, path=ctx.env.get("PATH"))
    if program is None:
        return warn(
            f"{NAME} is not on the PATH; hooks that name it by its full path still work",
            "add the folder it was installed into to PATH",
        )
    return ok(f"{program} ({__version__})")


def inotify(_: Context) -> Finding:
    """The dashboard hears of changes at once."""
    try:
        instances = int((INOTIFY / "max_user_instances").read_text())
        watches = int((INOTIFY / "max_user_watches").read_text())
    except (OSError, ValueError):
        return skip("this system has no inotify; the dashboard looks every 2 s")
    if instances < FEWEST_INSTANCES or watches < FEWEST_WATCHES:
        return warn(
            f"few file watches ({instances} instances, {watches} watches): the dashboard may look every 2 s",
            f"sudo sysctl fs.inotify.max_user_instances={FEWEST_INSTANCES * 4} "
            f"fs.inotify.max_user_watches={FEWEST_WATCHES * 8}",
        )
    return ok(f"{instances} instances, {watches} watches")


def clock(ctx: Context) -> Finding:
    """Benches and windows end when they should."""
    now = ctx.now()
    if now < FIRST_DAY:
        return fail(f"the clock shows {now:%Y-%m-%d}", "set it: `sudo timedatectl set-ntp true`")
    last = max((event.ts for event in journal.tail(ctx.paths, 20)), default=now)
    since = max((bench.since for bench in ctx.health().benches), default=now)
    ahead = max(last, since) - now
    if ahead > SLACK:
        return warn(
            f"the journal is {_span(ahead)} ahead of the clock: it went back, and benches last longer",
            "set the clock, then `pf-tui status --reset`",
        )
    if (tz_name := ctx.env.get("TZ", "")) and not is_zone(tz_name):
        return warn(
            f"TZ is {visible(tz_name)}, which is no time zone: days, months and times are in UTC",
            "set TZ to a name such as Europe/Berlin, or take it out",
        )
    return ok(f"{now.astimezone(ctx.timezone()):%Y-%m-%d %H:%M %Z}")


def servers(ctx: Context) -> Finding:
    """Address files belong to processes that run."""
    stale = []
    for file in (ctx.paths.gateway, ctx.paths.mcp):
        try:
            pid = (files.read_json(file) or {}).get("pid")
        except PfError:
            stale.append(file)
            continue
        if file.exists() and not (isinstance(pid, int) and pids.is_running(pid)):
            stale.append(file)
    if stale:
        names = " and ".join(file.name for file in stale)
        return warn(f"{names} is about a process that is gone", f"rm {' '.join(map(str, stale))}")
    running = [file.stem for file in (ctx.paths.gateway, ctx.paths.mcp) if file.exists()]
    return ok(f"running: {', '.join(running) or 'none'}")


def _span(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
