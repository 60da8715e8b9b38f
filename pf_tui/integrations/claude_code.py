"""What pf-tui puts into Claude Code, and takes out again; and what a switch means for it.

Invariant: settings are written for a switch only where pf-tui was installed, and never hold a key.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from pf_tui.catalog import Provider
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.integrations import apply as agents
from pf_tui.integrations import (
    claude_address,
    claude_models,
    claude_settings,
    install_plan,
    installs,
    jsonc,
    program,
)
from pf_tui.integrations.apply import Effect
from pf_tui.integrations.claude_address import config_folder
from pf_tui.integrations.claude_parts import AGENT, folders, parts
from pf_tui.integrations.install_plan import FileChange, Plan
from pf_tui.integrations.shared_files import is_shared
from pf_tui.records import replace
from pf_tui.rules import key_homes
from pf_tui.state import files, gateway, logins
from pf_tui.state.context import Context
from pf_tui.state.paths import project_root

HOME = "anthropic-subscription"
"""The provider of Claude Code's own login."""

API_PROVIDER = "anthropic-api"
"""The same vendor's with a key."""


def plan_install(ctx: Context, *, project: bool = False) -> Plan:
    """What `install claude-code` would change.

    Raises:
        StateFileUnusable: settings.json cannot be read or edited; nothing was changed.
    """
    return install_plan.install(ctx.paths, key(ctx, project), parts(ctx, project))


def plan_uninstall(ctx: Context, *, project: bool = False) -> Plan:
    """What `uninstall claude-code` would change; a route to a provider is taken back as well."""
    plan = install_plan.uninstall(ctx.paths, key(ctx, project), parts(ctx, project, lasting=False))
    others = [
        name for name in installs.keys(ctx.paths) if name.partition(":")[0] == AGENT and name != plan.key
    ]
    back = _route_back(ctx) if project and not others else None
    return replace(plan, changes=(*plan.changes, back)) if back else plan


def after_install(ctx: Context, plan: Plan) -> tuple[str, ...]:
    """What to do next."""
    if plan.empty:
        return ()
    return (
        "  from the next start of Claude Code: /provider-status (no model is asked for it)",
        "  a switch moves Claude Code from then on: pf-tui switch PROVIDER",
    )


def _route_back(ctx: Context) -> FileChange | None:
    """Undoes the route in the person's settings with the last project that asked for it; None without one."""
    path = config_folder(ctx.env) / "settings.json"
    before = _read(path) or ""
    if claude_settings.route_in(before) is None:
        return None
    after = claude_settings.unrouted(before)
    content = None if after == claude_settings.EMPTY else after.encode()
    return FileChange(path=path, before=before.encode(), after=content)


def key(ctx: Context, project: bool) -> str:
    """What the install is filed under."""
    return f"{AGENT}:{project_root(ctx.cwd, ctx.env)}" if project else AGENT


def apply(ctx: Context, provider: Provider, model: str | None) -> Effect:
    """Lead Claude Code to a provider by its settings, where it can speak to that provider."""
    mode = provider.claude_code.mode
    if mode == "none":
        return _impossible(f"not possible in Claude Code ({provider.claude_code.note}): use OpenCode")
    if mode == "proxy":
        if provider.agent_only is not None:
            return _impossible(f"not possible in Claude Code ({provider.claude_code.note}): use OpenCode")
        return _by_gateway(ctx, provider)
    if any("{" in value for value in provider.claude_code.env.values()):
        return _impossible(f"its address is not known: set base_url of {provider.id} in providers.yaml")
    if (own_list := _own_list(ctx)) is not None:
        return own_list
    settings_paths = [folder / "settings.json" for folder in folders(ctx)]
    is_changed = _in_each(settings_paths, lambda path: _route(ctx, provider, path))
    if isinstance(is_changed, Effect):
        return is_changed
    if not is_changed and all(_is_home(ctx, provider, _read(path) or "") for path in settings_paths):
        return Effect(agent=AGENT, when="now", how="none", text="it uses that already; nothing was written")
    return _effect(ctx, provider, settings_paths)


def _in_each(paths: Sequence[Path], write: Callable[[Path], bool]) -> bool | Effect:
    """Write a route into each settings file: whether one was changed, or why that was not possible."""
    is_changed = False
    for path in paths:
        try:
            is_changed |= write(path)
        except jsonc.JsoncError as error:
            return _impossible(f"{path} line {error.line}: {error.why}; it was left as it is")
        except PfError as error:
            return _impossible(f"{error.message}; its settings were left as they are")
    return is_changed


def needs_gateway(ctx: Context, provider: Provider) -> bool:
    """It speaks no protocol of that provider's."""
    return provider.claude_code.mode == "proxy"


def _own_list(ctx: Context) -> Effect | None:
    """The refusal where the project has a list of its own."""
    project = ctx.project()
    if project is None or not project.priority:
        return None
    return _impossible(
        "this project has a list of its own, and Claude Code's settings are shared by all projects:"
        " start it here with `pf-tui run claude`"
    )


def _by_gateway(ctx: Context, provider: Provider) -> Effect:
    """Lead Claude Code to the gateway, which translates, where the person wants that and it runs."""
    url = agents.door(ctx)
    if url is None:
        way = agents.way_in(ctx, "pf-tui run claude")
        text = f"reaches {provider.name} through the gateway alone, which translates: {way}"
        return Effect(agent=AGENT, when="never", how="gateway", text=text, applied=False)
    if (own_list := _own_list(ctx)) is not None:
        return own_list
    settings_paths = [folder / "settings.json" for folder in folders(ctx)]
    is_changed = _in_each(settings_paths, lambda path: _write_route(ctx, provider, path, _way_to(ctx, url)))
    if isinstance(is_changed, Effect):
        return is_changed
    effect = _effect(ctx, provider, settings_paths, leads=True)
    return replace(effect, how="gateway", text=f"{effect.text}, through the gateway, which translates")


def _way_to(ctx: Context, url: str) -> dict[str, str]:
    """The variables of a route to the gateway; its token comes from the helper, no login goes along."""
    home = ctx.catalog().provider(HOME).claude_code.env
    return {
        **home,
        key_homes.BASE_URL: url,
        "CLAUDE_CODE_GATEWAY_HINT_HEADERS": "1",
        **agents.past_proxies(ctx.env),
    }


def _write_route(ctx: Context, provider: Provider, path: Path, env: Mapping[str, str]) -> bool:
    """Write a route that uses Claude Code's own names of models; False when it stands there.

    Raises:
        JsoncError, PfError: as `_route`.
    """
    text = _read(path)
    before = claude_settings.EMPTY if text is None else text
    return _write(path, text, claude_settings.routed(before, provider.id, env, _helper(ctx, provider, path)))


def _write(path: Path, before: str | None, after: str) -> bool:
    """Write a settings file anew where it changes; whether it does."""
    if after == before:
        return False
    files.write_bytes(path, after.encode(), mode=None if path.exists() else 0o600)
    return True


def _route(ctx: Context, provider: Provider, path: Path) -> bool:
    """Write the route into one settings file; False when it led there already.

    Raises:
        JsoncError, PfError: it cannot be read, edited or written.
    """
    text = _read(path)
    if claude_settings.route_in(text or "") is None and _is_home(ctx, provider, text or ""):
        return False
    models = claude_models.overrides(ctx.catalog(), provider)
    names = claude_models.aliases(ctx.catalog()) if models else {}
    address = _own_address(provider)
    after = claude_settings.routed(
        claude_settings.EMPTY if text is None else text,
        provider.id,
        {**provider.claude_code.env, **address, **names},
        _helper(ctx, provider, path),
        models=models,
        home=provider.claude_code.mode == "native" and not address,
        keys=provider.id == API_PROVIDER,
    )
    return _write(path, text, after)


def _own_address(provider: Provider) -> dict[str, str]:
    """The address that the person gave the vendor's API in providers.yaml; none for a login, which stays."""
    url = provider.base_urls.get("anthropic-messages", "")
    if provider.id != API_PROVIDER or claude_address.plain(url) in ("", key_homes.VENDOR_URL):
        return {}
    return {key_homes.BASE_URL: claude_address.plain(url)}


def lead_home(ctx: Context) -> float:
    """Set a route of ours to Claude Code's own vendor and login; seconds until running sessions know it.

    0.0 when no route of ours leads away. Raises PfError when the settings cannot be edited or written.
    """
    due_s = 0.0
    vendor = {key_homes.BASE_URL: key_homes.VENDOR_URL}
    for path in (folder / "settings.json" for folder in folders(ctx)):
        try:
            text = _read(path) or ""
            if not text.strip() or claude_settings.leads_home(text):
                continue
            files.write_bytes(path, claude_settings.routed(text, HOME, vendor, None).encode())
        except jsonc.JsoncError as error:
            raise StateFileUnusable(path, error.why, line=error.line, column=error.column) from error
        due_s = claude_address.RELOAD_S
    return due_s


def _effect(
    ctx: Context, provider: Provider, settings_paths: Sequence[Path], *, leads: bool = False
) -> Effect:
    """When the running sessions notice, and what stands in the way.

    Args:
        leads: to the gateway.
    """
    own = config_folder(ctx.env) / "settings.json"
    if own not in settings_paths:
        names = ", ".join(str(path.parent) for path in settings_paths)
        return Effect(
            agent=AGENT,
            when="next turn",
            how="settings",
            text=f"from your next turn with CLAUDE_CONFIG_DIR={names}; pf-tui is not in {own.parent}",
        )
    for path in claude_address.settings_files(ctx.cwd, ctx.env):
        if path in settings_paths:  # written just now; of a project that is the home folder too
            continue
        inner = claude_address.read(path).get("env")
        if isinstance(inner, dict) and inner.get(key_homes.BASE_URL):
            return Effect(
                agent=AGENT,
                when="next turn",
                how="settings",
                text=f"from your next turn, but not in this project: {path} names its own address",
            )
    if not leads and key_homes.BASE_URL not in provider.claude_code.env:
        return Effect(
            agent=AGENT, when="next start", how="settings", text="from the next start of Claude Code"
        )
    text = "from your next turn"
    if not leads and gateway.read(ctx.paths) is not None:
        text += "; sessions behind the gateway move with their next request"
    return Effect(agent=AGENT, when="next turn", how="settings", text=text)


def _helper(ctx: Context, provider: Provider, path: Path) -> str | None:
    """The command that prints the key; None where Claude Code's own login or cloud sign-in serves."""
    native = provider.claude_code.mode == "native"
    if native and provider.id != API_PROVIDER:
        return None
    if is_shared(path, ctx.env):
        return f"{program.IF_THERE} && exec {program.NAME} auth helper"
    return shlex.join([*program.words(ctx.env), "auth", "helper"])


def _is_home(ctx: Context, provider: Provider, text: str) -> bool:
    """Claude Code goes there by itself: no route of ours, and the person's own sign-in is that provider's."""
    if provider.claude_code.mode != "native" or _own_address(provider):
        return False
    settings = jsonc.parse(text) if text.strip() else {}
    inner = settings.get("env") if isinstance(settings, dict) else None
    settings_env = {**ctx.env, **(inner if isinstance(inner, dict) else {})}
    helper = settings.get(claude_settings.HELPER) if isinstance(settings, dict) else None
    own_key = any(settings_env.get(name) for name in logins.CLAUDE_KEYS) or bool(helper)
    if provider.id == API_PROVIDER:
        return own_key
    return not own_key and not any(settings_env.get(name) for name in _clouds(provider))


def _clouds(provider: Provider) -> Iterator[str]:
    return (name for name in provider.claude_code.env if name.startswith("CLAUDE_CODE_USE_"))


def _read(path: Path) -> str | None:
    """The file's text with its byte order mark; None where there is none. Raises StateFileUnusable."""
    content = install_plan.read(path, None)
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError as error:
        raise StateFileUnusable(path, "is not UTF-8 text") from error


def _impossible(text: str) -> Effect:
    return Effect(agent=AGENT, when="never", how="none", text=text, applied=False)


def disabled(ctx: Context) -> tuple[str, str] | None:
    """What keeps our hooks from being called, and the cure."""
    settings = jsonc.read_or_empty(config_folder(ctx.env) / "settings.json")
    if settings.get("disableAllHooks") is True:
        cure = 'remove "disableAllHooks" from settings.json'
        return "Claude Code's settings switch all hooks off", cure
    plugins = settings.get("enabledPlugins")
    for name, on in plugins.items() if isinstance(plugins, dict) else ():
        if "pf-tui" in name and not on:
            return f"the plugin {name} is not enabled in Claude Code", f"claude plugin enable {name}"
    return None


def logs(env: Mapping[str, str]) -> list[Path]:
    """What it writes while it works."""
    return list((config_folder(env) / "projects").glob("*/*.jsonl"))


def addresses(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(where, URL) of the address its settings name."""
    path = config_folder(env) / "settings.json"
    variables = jsonc.read_or_empty(path).get("env")
    url = variables.get(key_homes.BASE_URL) if isinstance(variables, dict) else None
    if isinstance(url, str):
        yield str(path), url


def key_problem(ctx: Context) -> tuple[str, str] | None:
    """Why it would get no key, started here, and the cure."""
    from pf_tui.integrations import key_release

    try:
        settings = claude_address.read(config_folder(ctx.env) / "settings.json")
        if claude_settings.HELPER in settings:
            key_release.address(ctx, None)
    except PfError as error:
        return f"Claude Code gets no key in {ctx.cwd}: {error.message}", error.hint
    return None
