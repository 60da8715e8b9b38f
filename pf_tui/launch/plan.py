"""`pf-tui run`: one run of an agent behind the gateway, or on its own login where that is what serves.

`launch_route` decides, `write_launch_settings` prepares the run, `exec_agent` becomes the agent. The agent's
own settings are never written; a file beside them is used where they would win over the environment.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from pf_tui import regular_files
from pf_tui.clients import STARTED, Client
from pf_tui.documents.words import clock
from pf_tui.errors import NothingCanServe, PfError, WrongUsage
from pf_tui.integrations import apply, claude_address, claude_models
from pf_tui.launch import env
from pf_tui.launch.env import Setting
from pf_tui.records import record
from pf_tui.rules import addresses
from pf_tui.rules.eligibility import Skipped
from pf_tui.rules.failover import RouteRequest, candidates
from pf_tui.snapshot import Snapshot
from pf_tui.state import files, resumes
from pf_tui.state.context import Context

SETTINGS_FILE = "claude-run.json"
"""In the cache folder: what `claude --settings` gets; 0600, it holds the loopback token."""


@record
class LaunchRoute:
    """How an agent is served in this run."""

    through: str
    """gateway | login"""
    provider: str
    """Who serves first."""
    model: str | None
    then: tuple[str, ...] = ()
    """Who follows, in order."""
    skipped: tuple[Skipped, ...] = ()


@record
class LaunchPlan:
    """A run, ready to begin."""

    program: str
    words: tuple[str, ...]
    environment: Mapping[str, str]


def agent_called(word: str) -> Client:
    """The agent a person means. Raises WrongUsage."""
    agent = STARTED.get(word) or next((client for client in STARTED.values() if client.id == word), None)
    if agent is None:
        raise WrongUsage(f"pf-tui cannot start '{word}'", f"one of: {', '.join(STARTED)}")
    return agent


def program_of(agent: Client, environment: Mapping[str, str]) -> str:
    """Where the agent's program is. Raises PfError when it is not installed."""
    program = shutil.which(agent.program, path=environment.get("PATH"))
    if program is None:
        raise PfError(f"{agent.name} is not on this machine: no '{agent.program}' in PATH", agent.setup)
    return program


def launch_route(now: Snapshot, agent: Client, *, pass_through: bool = False) -> LaunchRoute:
    """Who serves this agent now, and whether that takes the gateway.

    A subscription is never skipped in favour of a paid key without a limit or a failure as evidence: when
    the first that can serve is the agent's own login, the agent runs on it.

    Raises:
        NothingCanServe: with the reasons.
        WrongUsage: pass-through for an agent whose login the gateway cannot hand on.
    """
    if pass_through and not agent.one_vendor_login:
        raise WrongUsage(
            f"--pass-through is for a login of one vendor; {agent.name} has several",
            f"`pf-tui run {agent.word}` without it",
        )
    routing = now.route(request_of(now, agent, pass_through=pass_through), new_session=True)
    first = routing.first
    if first is None:
        raise no_provider_error(f"no provider available for {agent.name}", routing.skipped, now)
    return LaunchRoute(
        through="login" if first.how == "login" else "gateway",
        provider=first.provider,
        model=first.model,
        then=tuple(candidate.provider for candidate in routing.candidates[1:] if candidate.how != "login"),
        skipped=routing.skipped,
    )


def request_of(
    now: Snapshot, agent: Client, *, model: str | None = None, pass_through: bool = False
) -> RouteRequest:
    """What this agent asks for when it starts: its protocols, the model, and how its own login is used."""
    return RouteRequest(
        model=model or now.model,
        agent=agent.id,
        protocols=agent.protocols,
        pass_through=pass_through,
        without_gateway=not pass_through,
    )


def gateway_serves(now: Snapshot, agent: Client) -> tuple[str, ...]:
    """Every provider whose key the gateway may use for this agent, in order of priority."""
    able = candidates(request_of(now, agent), now.listed, now.catalog).candidates
    return tuple(
        candidate.provider
        for candidate in able
        if candidate.how != "login" and now.eligibility_of(candidate.provider).usable
    )


def setting_for(
    now: Snapshot,
    agent: Client,
    url: str,
    token: str,
    environment: Mapping[str, str],
    *,
    pass_through: bool = False,
    default_model: tuple[str, str] | None = None,
    resume: bool = False,
) -> Setting:
    """What points the agent at the gateway. Args: resume: it waits for the reset at a limit."""
    project = str(now.project.root) if now.project is not None else None
    if project is not None and not (project.isascii() and project.isprintable()):
        project = None  # it travels as a header
    if agent.word == "claude":
        return env.claude(url, token, environment, pass_through=pass_through, project=project, resume=resume)
    if agent.word == "codex":
        return env.codex(url, token, environment, pass_through=pass_through, project=project)
    if agent.base_url_variable:
        return env.by_variables(agent, url, token, environment)
    is_served = gateway_serves(now, agent)
    return env.opencode(
        url, token, environment, now.catalog, is_served, default_model, project=project, resume=resume
    )


def write_launch_settings(
    ctx: Context,
    now: Snapshot,
    agent: Client,
    route: LaunchRoute,
    words: tuple[str, ...],
    *,
    url: str,
    token: str,
    pass_through: bool = False,
    resume: bool = False,
) -> LaunchPlan:
    """The run behind a gateway at `url`."""
    names_model = any(word in ("-m", "--model") or word.startswith("--model=") for word in words)
    default_model = None if names_model or route.model is None else (route.provider, route.model)
    setting = setting_for(
        now, agent, url, token, ctx.env, pass_through=pass_through, default_model=default_model, resume=resume
    )
    before = setting.words
    if agent.word == "claude" and _settings_win(ctx, setting):
        before = (*before, "--settings", str(_write_settings(ctx, setting)))
    return LaunchPlan(
        program=program_of(agent, ctx.env),
        words=(*before, *words),
        environment=setting.over(ctx.env),
    )


def write_login_settings(
    ctx: Context, agent: Client, words: tuple[str, ...], *, resume: bool = False
) -> LaunchPlan:
    """The run on the agent's own login: without the keys that it would take instead of it.

    Args:
        resume: our plugin in OpenCode sends a session on after a limit; Claude Code on a plan needs no word.
    """
    environment = dict(ctx.env)
    if resume and agent.word == "opencode":
        environment[resumes.VARIABLE] = "1"
    if agent.word == "claude":
        for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
            environment.pop(name, None)
        if addresses.is_loopback(addresses.host_and_port(environment.get("ANTHROPIC_BASE_URL", ""))[0]):
            del environment["ANTHROPIC_BASE_URL"]
    return LaunchPlan(program=program_of(agent, ctx.env), words=words, environment=environment)


def exec_agent(run: LaunchPlan) -> NoReturn:
    """Turn this process into the agent: its terminal, its signals and its exit code are the agent's own.

    Raises:
        PfError: the program does not start.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and what is ignored stays so over exec
        if (number := getattr(signal, name, None)) is not None:
            signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(run.program, [run.program, *run.words], dict(run.environment))  # noqa: S606 - no shell wanted
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise PfError(f"{run.program} does not start ({why})", "try it by itself first") from error


def no_provider_error(sentence: str, skipped: Sequence[Skipped], now: Snapshot) -> NothingCanServe:
    """The refusal: who rests until when, why the others cannot, and what ends it."""
    if not skipped:
        return NothingCanServe("the priority list is empty", "`pf-tui priority add PROVIDER`")
    resting = sorted(
        (skip for skip in skipped if skip.code == "benched"),
        key=lambda skip: (skip.until is None, skip.until),
    )
    reasons = [_rest(skip, now) for skip in resting]
    reasons += [f"{skip.provider} ({skip.reason})" for skip in skipped if skip.code != "benched"]
    more = f" and {len(reasons) - 3} more" if len(reasons) > 3 else ""
    hint = "`pf-tui why` and `pf-tui auth status`"
    if resting:
        hint = f"`pf-tui release {resting[0].provider}` ends its rest now; `pf-tui why` shows every reason"
    return NothingCanServe(f"{sentence}: {', '.join(reasons[:3])}{more}", hint)


def _rest(skip: Skipped, now: Snapshot) -> str:
    why = skip.reason.removeprefix("benched ")
    until = "somebody acts" if skip.until is None else clock(skip.until, now.at, None)
    return f"{skip.provider} rests until {until} {why}"


def _settings_win(ctx: Context, setting: Setting) -> bool:
    """True when one of Claude Code's settings files sets what this run sets (files win: measured).

    Also where pf-tui is installed: a switch while the session runs would write them and lead it away.
    """
    if "claude-code" in apply.installed(ctx):
        return True
    candidates = claude_address.settings_files(ctx.cwd, ctx.env)
    names = ("apiKeyHelper", "modelOverrides", *setting.set, *setting.unset)
    return any(name in text for path in candidates if (text := _text(path)) for name in names)


def _text(path: Path) -> str:
    try:
        return regular_files.read_regular(path).decode("utf-8", "replace")
    except OSError:
        return ""


def _write_settings(ctx: Context, setting: Setting) -> Path:
    path = ctx.paths.cache / SETTINGS_FILE
    with files.locked(ctx.paths):
        ctx.paths.cache.mkdir(mode=0o700, exist_ok=True)
        files.write_json(path, env.claude_settings(setting, claude_models.plain(ctx.catalog())), mode=0o600)
    return path
