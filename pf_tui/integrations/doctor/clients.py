"""Checks of the agents: versions, whether our part is in them and is called, what else is in the way."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any  # Any: each question to an agent's module has an answer of its own

from pf_tui import regular_files
from pf_tui.clients import CLIENTS, INTEGRATED
from pf_tui.integrations import apply, installs
from pf_tui.integrations.doctor.finding import Finding, fail, ok, skip, warn
from pf_tui.rules import addresses as rules
from pf_tui.state.context import Context
from pf_tui.state.paths import config_folder, user_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

VERSION_S = 10.0
LISTENS_S = 1.0
QUIET = timedelta(minutes=2)
"""An agent's log that is newer than the install by this, and no hook since: the hooks do not fire."""

RECENT = timedelta(days=1)
ORIGINAL = "provider-fallback-plugin"
"""The Node plugin that pf-tui re-creates; both would answer the same commands."""


def versions(ctx: Context) -> Finding:
    """Each agent that is installed answers, and is one whose behaviour we know."""
    versions_text, old = [], []
    for client in (CLIENTS[name] for name in INTEGRATED):
        agent, oldest = client.id, client.oldest_version
        program = shutil.which(client.program, path=ctx.env.get("PATH"))
        if program is None:
            continue
        version = _version(program, ctx.env)
        versions_text.append(f"{agent} {'.'.join(map(str, version)) if version else 'without a version'}")
        if version is not None and version < oldest:
            old.append(f"{agent} {'.'.join(map(str, version))}")
    if not versions_text:
        *others, last = (CLIENTS[agent].program for agent in INTEGRATED)
        return warn(f"neither {', '.join(others)} nor {last} is on the PATH", "install one of them")
    if old:
        return warn(f"{', '.join(old)} is older than what pf-tui was measured with", "update it")
    return ok(", ".join(versions_text))


def pause(ctx: Context) -> Finding:
    """Nobody wonders why no agent follows a switch."""
    lasts = installs.pause(ctx.paths)
    if lasts is None:
        return ok("pf-tui is not paused")
    since = lasts.since.astimezone(ctx.timezone())
    names = ", ".join(installs.agents(lasts.installs)) or "no agent"
    return warn(f"pf-tui is paused since {since:%Y-%m-%d %H:%M} (it was in {names})", "`pf-tui resume`")


def intact(ctx: Context) -> Finding:
    """What an install wrote still stands there."""
    installed = apply.installed(ctx)
    if not installed:
        return skip("pf-tui is not installed into any agent here; `pf-tui install` sets one up")
    for agent in installed:
        plan = apply.module(agent).plan_install(ctx, project=_project_only(ctx, agent))
        if not plan.empty:
            names = ", ".join(change.path.name for change in plan.changes[:3])
            return warn(
                f"{agent}: {names} is not as pf-tui left it", f"`pf-tui install {agent}` puts it right"
            )
    return ok(f"in place: {', '.join(installed)}")


def twice(ctx: Context) -> Finding:
    """One answer to each command, one strike for each failure."""
    for original in _originals(ctx):
        return warn(
            f"the original plugin is installed beside ours ({original})",
            f"both share one state directory, but answer twice: remove {original}, or `pf-tui uninstall`",
        )
    install_keys = installs.keys(ctx.paths)
    roots = {str(folder) for folder in (ctx.cwd, *ctx.cwd.parents)}
    for agent in INTEGRATED:
        projects = [
            name for name in install_keys if name.startswith(f"{agent}:") and name.partition(":")[2] in roots
        ]
        if agent in install_keys and projects:
            return warn(
                f"{agent} has pf-tui twice here: for you and for {projects[0].partition(':')[2]}",
                f"`pf-tui uninstall {agent} --project`",
            )
    return ok("no second install")


def enabled(ctx: Context) -> Finding:
    """No setting of an agent keeps hooks or plugin from loading."""
    installed = apply.installed(ctx)
    for agent in installed:
        disabled = _answer_of(agent, "disabled", ctx)
        if disabled is not None:
            return fail(*disabled)
    if not installed:
        return skip("pf-tui is not installed into any agent here")
    return ok("nothing keeps them from loading")


def fire(ctx: Context) -> Finding:
    """An agent that has worked since the install has called us."""
    installed = apply.installed(ctx)
    if not installed:
        return skip("pf-tui is not installed into any agent here")
    silent, working = [], []
    sessions = ctx.health().sessions.items()
    since = _install_moment(ctx)
    for agent in installed:
        last_event_at = max(
            (session.since for (whose, _), session in sessions if whose == agent), default=None
        )
        last_worked_at = _last_worked(ctx, agent)
        if last_event_at is not None and last_event_at >= since:
            working.append(agent)
        elif last_worked_at is not None and last_worked_at - since > QUIET:
            silent.append(agent)
    if silent:
        return warn(
            f"{silent[0]} has worked since the install, but none of its hooks has called pf-tui",
            CLIENTS[silent[0]].hooks_cure,
        )
    return ok(f"heard from {', '.join(working)}" if working else "no agent has worked since the install")


def log(ctx: Context) -> Finding:
    """No hook has failed in the last day."""
    path = ctx.paths.home / "hooks.log"
    try:
        lines = regular_files.read_regular(path).decode("utf-8", "replace").splitlines()[-200:]
    except FileNotFoundError:
        return ok("no hook has ever failed")
    begin = (ctx.now() - RECENT).strftime("%Y-%m-%dT%H:%M:%SZ")
    recent = [line for line in lines if line[:20] >= begin]
    if recent:
        return warn(
            f"{len(recent)} hooks failed in the last day, the last one: {recent[-1][21:]}", f"read {path}"
        )
    return ok("no hook has failed in the last day")


def addresses(ctx: Context) -> Finding:
    """No agent is set to a gateway that is gone."""
    for where, url in _addresses(ctx):
        host, port = rules.host_and_port(url)
        if port is not None and rules.is_loopback(host) and not _listens(host, port):
            return fail(
                f"{where} points at {url}, where nothing listens",
                "`pf-tui gateway start`, or take that address out of it",
            )
    return ok("no agent points at an address that is gone")


def keys(ctx: Context) -> Finding:
    """The key helper gives each agent its key, here and where it was last asked."""
    from pf_tui.integrations import key_release

    for agent in apply.installed(ctx):
        problem = _answer_of(agent, "key_problem", ctx)
        if problem is not None:
            return warn(*problem)
    since = (ctx.now() - RECENT).strftime("%Y-%m-%dT%H:%M:%SZ")
    recent = [item for item in key_release.refusals(ctx) if item.get("at", "") >= since]
    if recent:
        last = recent[0]
        return warn(
            f"{last.get('folder')}: {last.get('why')}", last.get("cure") or "start the agent there anew"
        )
    return ok("every key that was asked for had an address it belongs to")


def start_trap(ctx: Context) -> Finding:
    """OpenCode installs a package at its start in every folder that has plugins: 75 s without a network."""
    from pf_tui.integrations import opencode

    if "opencode" not in apply.installed(ctx):
        return skip("pf-tui is not in OpenCode")
    folders = [opencode.config_folder(ctx.env), ctx.cwd / ".opencode", user_home(ctx.env) / ".opencode"]
    bare = [
        folder
        for folder in dict.fromkeys(folders)
        if any((folder / name).is_dir() for name in ("plugin", "plugins"))
        and not (folder / "node_modules").exists()
    ]
    if bare:
        return warn(
            f"{bare[0]} has plugins but no node_modules: OpenCode waits 75 s at its start without a network",
            "`pf-tui install opencode` puts the two files there",
        )
    return ok("OpenCode starts at once, with and without a network")


def _version(program: str, env: Mapping[str, str]) -> tuple[int, ...] | None:
    """What the program says of itself; folders it makes for that (OpenCode's) are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="pf-tui-") as folder:
        elsewhere = {f"XDG_{kind}_HOME": folder for kind in ("CACHE", "CONFIG", "DATA", "STATE")}
        try:
            process = subprocess.run(
                [program, "--version"],
                capture_output=True,
                text=True,
                timeout=VERSION_S,
                env={**env, **elsewhere},
                stdin=subprocess.DEVNULL,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
            return None
    match = re.search(r"(\d+)\.(\d+)\.(\d+)", process.stdout)
    return tuple(int(part) for part in match.groups()) if match else None


def _project_only(ctx: Context, agent: AgentId) -> bool:
    return agent not in installs.keys(ctx.paths)


def _originals(ctx: Context) -> Iterator[Path]:
    """Places where the original plugin is."""
    home = user_home(ctx.env)
    claude = config_folder("claude-code", ctx.env)
    opencode = config_folder("opencode", ctx.env)
    for folder in (
        claude / "plugins",
        claude / "plugins" / "marketplaces",
        opencode / "plugin",
        opencode / "plugins",
        opencode / "node_modules",
        ctx.cwd / ".opencode" / "plugin",
        ctx.cwd / ".opencode" / "plugins",
        ctx.cwd / ".claude" / "plugins",
        home / ".opencode" / "plugins",
    ):
        if (folder / ORIGINAL).exists():
            yield folder / ORIGINAL


def _install_moment(ctx: Context) -> datetime:
    """When something was last put into an agent."""
    path = ctx.paths.home / "installs.json"
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _last_worked(ctx: Context, agent: AgentId) -> datetime | None:
    """When the agent last wrote its own log."""
    times = [path.stat().st_mtime for path in _answer_of(agent, "logs", ctx.env) or () if path.exists()]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _addresses(ctx: Context) -> Iterator[tuple[str, str]]:
    """(where, URL) of every address that an agent's settings or the environment set."""
    if url := ctx.env.get("ANTHROPIC_BASE_URL"):
        yield "ANTHROPIC_BASE_URL of this shell", url
    for agent in INTEGRATED:
        yield from _answer_of(agent, "addresses", ctx.env) or ()


def _answer_of(agent: AgentId, question: str, about: object) -> Any:  # each question has an answer of its own
    """What the agent's module answers; None where it has nothing to say of that."""
    answer = getattr(apply.module(agent), question, None)
    return answer(about) if answer is not None else None


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=LISTENS_S):
            return True
    except OSError:
        return False
