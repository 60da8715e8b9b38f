"""What pf-tui puts into Codex, and takes out again: hooks, MCP server, notify; and what a switch sets there.

A switch writes a provider with `auth.command`, which asks pf-tui for the key, so no key stands in
config.toml (measured on 0.169.0). Codex reads its settings at its start, and speaks the Responses API alone.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from pf_tui.catalog import Catalog, Provider
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.integrations import apply as agents
from pf_tui.integrations import install_plan, jsonc, program, toml_text
from pf_tui.integrations.apply import Effect
from pf_tui.integrations.install_plan import ManagedPart, Plan
from pf_tui.integrations.shared_files import is_shared
from pf_tui.records import replace
from pf_tui.rules import addresses as rules
from pf_tui.state import files, paths
from pf_tui.state.context import Context

AGENT = "codex"
SERVER = "pf-tui"
EVENTS = ("SessionStart", "UserPromptSubmit", "PermissionRequest", "Stop", "SessionEnd")
WIRE = "openai-responses"
HOOK_TIMEOUT_S = 10
END_TIMEOUT_S = 3
"""More than that Codex does not give SessionEnd, and says so on every run."""

MCP_START_S = 20
GATEWAY = "pf-tui"
"""The provider that stands for the gateway in its settings; `auth helper` gives it the gateway's token."""

RESERVED = ("openai", "ollama", "lmstudio")
"""Provider names Codex keeps for itself."""

_LOGINS = ("openai-subscription", "openai-oauth")


def plan_install(ctx: Context, *, project: bool = False) -> Plan:
    """What `install codex` would change.

    Raises:
        PfError: for a project: Codex keeps hooks and servers per person.
        StateFileUnusable: config.toml or hooks.json cannot be read or edited; nothing was changed.
    """
    return install_plan.install(ctx.paths, _key(project), pieces(ctx))


def plan_uninstall(ctx: Context, *, project: bool = False) -> Plan:
    """What `uninstall codex` would change."""
    return install_plan.uninstall(ctx.paths, _key(project), pieces(ctx, lasting=False))


def after_install(ctx: Context, plan: Plan) -> tuple[str, ...]:
    """What a person has to do once."""
    return (
        "Codex asks at its next start whether it may run the new hooks: choose `Trust all and continue`.",
        "Until then it tells pf-tui of finished turns only (notify).",
    )


def apply(ctx: Context, provider: Provider, model: str | None) -> Effect:
    """Set Codex to `provider`: lines in config.toml, none for what the person has set up there."""
    news, on_own, by_gateway = False, False, False
    for path in (folder / "config.toml" for folder in folders(ctx)):
        try:
            text = _text(path)
            wanted = {} if provider.id == own_provider(ctx, text) else _served_by(ctx, provider, model, path)
            if wanted is None and provider.agent_only is None:
                by_gateway = True
                wanted = _by_gateway(ctx, path)
            if wanted is None:
                return _refused(ctx, provider)
            made = toml_text.with_lines(text, {**_base(ctx, text, path), **_without_own(text, wanted)})
            on_own = not wanted
            if made != text:
                files.write_bytes(path, made.encode(), mode=None if path.exists() else 0o600)
                news = True
        except (toml_text.TomlError, PfError) as error:
            return _effect(f"its config.toml could not be changed ({error})", applied=False)
    if by_gateway:
        text = "from your next start of Codex, through the gateway, which translates"
        return replace(_effect(text), how="gateway")
    if not news:
        return Effect(agent=AGENT, when="now", how="none", text="it is set to that already")
    if on_own:
        return _effect("on your own setting again, from your next start of Codex")
    return _effect("from your next start of Codex (`codex resume` keeps the session)")


def needs_gateway(ctx: Context, provider: Provider) -> bool:
    """No lines of config.toml lead there."""
    own = config_folder(ctx.env) / "config.toml"
    return provider.id != _login(ctx) and _served_by(ctx, provider, None, own) is None


def folders(ctx: Context) -> tuple[Path, ...]:
    """The person's Codex folders that pf-tui is in, whatever CODEX_HOME this shell has."""
    return install_plan.folders(ctx.paths, AGENT, "config.toml", config_folder(ctx.env))


def config_folder(env: Mapping[str, str]) -> Path:
    """$CODEX_HOME, else ~/.codex."""
    return paths.config_folder("codex", env)


def own_provider(ctx: Context, text: str) -> str | None:
    """The provider of the person's own settings, by our id; None when pf-tui does not know it."""
    content = toml_text.parse(toml_text.without(text))
    name = content.get("model_provider", "openai")
    if name == "openai":
        return _login(ctx)
    if name in ctx.catalog().providers:
        return str(name)
    tables = content.get("model_providers")
    table = tables.get(name) if isinstance(tables, dict) else None
    url = table.get("base_url") if isinstance(table, dict) else None
    return _at(ctx.catalog(), url) if isinstance(url, str) else None


def pieces(ctx: Context, *, lasting: bool = True) -> tuple[ManagedPart, ...]:
    """The files that pf-tui has a part in, two in each folder.

    Args:
        lasting: they are to be written, so the program must lie where it stays.
    """
    managed_parts: list[ManagedPart] = []
    for folder in dict.fromkeys((*folders(ctx), config_folder(ctx.env))):
        hooks = folder / "hooks.json"
        managed_parts.append(_config_piece(ctx, folder / "config.toml", lasting=lasting))
        managed_parts.append(_hooks_piece(hooks, _words(ctx, hooks, lasting=lasting)))
    return tuple(managed_parts)


def _words(ctx: Context, path: Path, *, lasting: bool = True) -> tuple[str, ...]:
    return program.words(ctx.env, portable=is_shared(path, ctx.env), lasting=lasting)


def is_ours(command: str, event: str) -> bool:
    """True for the hook command that we wrote for an event."""
    words = command.split()
    return words[-3:] == ["hook", "codex", event] and "pf-tui" in command.replace("_", "-")


def _config_piece(ctx: Context, path: Path, *, lasting: bool) -> ManagedPart:
    switched = _switched(path)

    def put(now: bytes | None) -> bytes:
        text = _decoded(path, now or b"")
        try:
            return with_base(text, switched)
        except toml_text.TomlError as error:
            raise _unusable(path, text, error) from error

    def with_base(text: str, more: dict[str, object]) -> bytes:
        return toml_text.with_lines(text, {**_base(ctx, text, path, lasting=lasting), **more}).encode()

    def take(now: bytes) -> bytes | None:
        return toml_text.without(_decoded(path, now)).encode()

    def bare(now: bytes) -> bytes:
        try:
            text = _decoded(path, now)
            return with_base(text, {}) if toml_text.HEADING in text else now
        except toml_text.TomlError:
            return now

    return ManagedPart(path=path, put=put, take=take, mode=0o600, bare=bare)


def _hooks_piece(path: Path, words: tuple[str, ...]) -> ManagedPart:
    def put(now: bytes | None) -> bytes:
        if now is None or not now.strip():
            groups = {event: [_group(words, event)] for event in EVENTS}
            return json.dumps({"hooks": groups}, indent=2).encode() + b"\n"
        text = take_out(_decoded(path, now))
        for event in EVENTS:
            groups_now = _groups(jsonc.parse(text), event)
            text = _set(path, text, event, [*groups_now, _group(words, event)])
        return text.encode()

    def take(now: bytes) -> bytes | None:
        return take_out(_decoded(path, now)).encode() if now.strip() else now

    def take_out(text: str) -> str:
        try:
            for event in EVENTS:
                groups = _groups(jsonc.parse(text), event)
                groups_left = [group for group in groups if not _is_our_group(group, event)]
                if groups_left != groups:
                    place = ("hooks", event)
                    text = (
                        jsonc.set_member(text, place, groups_left)
                        if groups_left
                        else jsonc.remove_member(text, place)
                    )
        except jsonc.JsoncError as error:
            raise StateFileUnusable(path, error.why, line=error.line, column=error.column) from error
        return text

    return ManagedPart(path=path, put=put, take=take, mode=0o600)


def _base(ctx: Context, text: str, path: Path, *, lasting: bool = True) -> dict[str, object]:
    """The lines of an install: MCP server, and notify in front of the person's own."""
    program_name, *rest = _words(ctx, path, lasting=lasting)
    own = toml_text.parse(toml_text.without(text)).get("notify")
    chained = [str(word) for word in own] if isinstance(own, list) else []
    place = f"mcp_servers.{SERVER}"
    return {
        "notify": [*_notify(program_name, *rest), *chained],
        f"{place}.command": program_name,
        f"{place}.args": [*rest, "mcp"],
        f"{place}.startup_timeout_sec": MCP_START_S,
        f"{place}.env_vars": _variables(ctx.catalog()),
    }


def _notify(*words: str) -> tuple[str, ...]:
    """What Codex starts after a turn; the person's own words and the event follow."""
    if words != (program.NAME,):
        return (*words, "hook", AGENT, "notify")
    quiet = f'{program.IF_THERE} && exec {program.NAME} hook {AGENT} notify "$@"; [ $# -gt 1 ] && exec "$@"'
    return ("sh", "-c", quiet, program.NAME)


def _variables(catalog: Catalog) -> list[str]:
    """Names of what the MCP server must see: Codex hands a server no other variable of its own."""
    names = ["PROVIDER_FALLBACK_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "TZ"]
    for provider in catalog.providers.values():
        names += [*provider.env, *provider.env_all, *provider.env_maybe]
    return list(dict.fromkeys(names))


def _served_by(ctx: Context, provider: Provider, model: str | None, path: Path) -> dict[str, object] | None:
    """The lines that set Codex to a provider; None when it cannot serve Codex."""
    if provider.agent_only == AGENT and provider.id == _login(ctx):
        return {"model_provider": "openai"}
    url = provider.base_urls.get(WIRE)
    if url is None or "{" in url or provider.agent_only is not None or provider.id in RESERVED:
        return None
    if provider.signing:  # its key and its models' names are the gateway's work
        return None
    program_name, *rest = _words(ctx, path)
    place = f"model_providers.{provider.id}"
    lines: dict[str, object] = {"model_provider": provider.id}
    native = _own_model(ctx.catalog(), provider, path) or (
        ctx.catalog().native_id(model, provider.id) if model else None
    )
    if native:
        lines["model"] = native
    lines |= {f"{place}.name": provider.name, f"{place}.base_url": url, f"{place}.wire_api": "responses"}
    if provider.auth != "none":
        lines[f"{place}.auth.command"] = program_name
        lines[f"{place}.auth.args"] = [*rest, "auth", "helper", provider.id]
    return lines


def _own_model(catalog: Catalog, provider: Provider, path: Path) -> str | None:
    """The model of the person's own settings under that provider's name; None where it is not sold there."""
    named = toml_text.parse(toml_text.without(_text(path))).get("model")
    entry = catalog.find_model(named) if isinstance(named, str) else None
    return catalog.native_id(entry.id, provider.id) if entry is not None else None


def _by_gateway(ctx: Context, path: Path) -> dict[str, object] | None:
    """The lines that set Codex to the gateway, where the person wants that and it runs."""
    url = agents.door(ctx)
    if url is None:
        return None
    program_name, *rest = _words(ctx, path)
    place = f"model_providers.{GATEWAY}"
    return {
        "model_provider": GATEWAY,
        f"{place}.name": GATEWAY,
        f"{place}.base_url": f"{url}/v1",
        f"{place}.wire_api": "responses",
        f"{place}.auth.command": program_name,
        f"{place}.auth.args": [*rest, "auth", "helper", GATEWAY],
    }


def _without_own(text: str, wanted: dict[str, object]) -> dict[str, object]:
    """Without the provider's own lines where the person has described a provider of that name."""
    tables = toml_text.parse(toml_text.without(text)).get("model_providers")
    name = wanted.get("model_provider")
    if not (isinstance(tables, dict) and name in tables):
        return wanted
    return {key: value for key, value in wanted.items() if not key.startswith(f"model_providers.{name}.")}


def _switched(path: Path) -> dict[str, object]:
    """The lines a switch has written, so that a second install keeps them."""
    try:
        text = _text(path)
        if toml_text.HEADING not in text:
            return {}
        content = toml_text.parse(text)
    except (toml_text.TomlError, PfError):
        return {}
    ours = toml_text.our_lines(text)
    keys = [line.partition(" = ")[0] for line in ours]
    return {
        key: _inside(content, key)
        for key in keys
        if key.split(".")[0] in ("model", "model_provider", "model_providers")
    }


def _inside(content: object, key: str) -> object:
    for part in key.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content


def _refused(ctx: Context, provider: Provider) -> Effect:
    if provider.agent_only is not None:
        why = f"that login works in {provider.agent_only} alone"
        return _effect(f"not possible in Codex itself: {why}", applied=False)
    why = f"it reaches {provider.name} through the gateway alone: {agents.way_in(ctx, 'pf-tui run codex')}"
    return replace(_effect(f"not possible in Codex itself: {why}", applied=False), how="gateway")


def _login(ctx: Context) -> str | None:
    """What Codex's own "openai" is signed in with."""
    try:
        content = json.loads(files.read_regular(config_folder(ctx.env) / "auth.json"))
    except (OSError, ValueError):
        content = {}
    if isinstance(content, dict) and content.get("tokens"):
        return _LOGINS[0]
    has_key = isinstance(content, dict) and content.get("OPENAI_API_KEY")
    return "openai-api" if has_key or ctx.env.get("OPENAI_API_KEY") else None


def _at(catalog: Catalog, url: str) -> str | None:
    """The provider whose address this is, when it is one alone."""
    ids = [provider.id for provider in rules.at(url, catalog.providers.values()) if not provider.agent_only]
    return ids[0] if len(ids) == 1 else None


def _key(project: bool) -> str:
    if project:
        raise PfError(
            "Codex keeps hooks and MCP servers per person, not per project", "`pf-tui install codex`"
        )
    return AGENT


def _group(words: tuple[str, ...], event: str) -> dict[str, object]:
    command = shlex.join([*words, "hook", AGENT, event])
    if words == (program.NAME,):
        command = program.in_shell(words, "hook", AGENT, event)
    limit = END_TIMEOUT_S if event == "SessionEnd" else HOOK_TIMEOUT_S
    return {"hooks": [{"type": "command", "command": command, "timeout": limit}]}


def _groups(content: object, event: str) -> list[object]:
    hooks = content.get("hooks") if isinstance(content, dict) else None
    groups = hooks.get(event) if isinstance(hooks, dict) else None
    return groups if isinstance(groups, list) else []


def _is_our_group(group: object, event: str) -> bool:
    hooks = group.get("hooks") if isinstance(group, dict) else None
    commands = (
        [hook.get("command") for hook in hooks if isinstance(hook, dict)] if isinstance(hooks, list) else []
    )
    return len(commands) == 1 and isinstance(commands[0], str) and is_ours(commands[0], event)


def _set(path: Path, text: str, event: str, groups: list[object]) -> str:
    try:
        return jsonc.set_member(text, ("hooks", event), groups)
    except jsonc.JsoncError as error:
        raise StateFileUnusable(path, error.why, line=error.line, column=error.column) from error


def _text(path: Path) -> str:
    try:
        return _decoded(path, files.read_regular(path))
    except FileNotFoundError:
        return ""
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StateFileUnusable(path, f"cannot be read ({why})", f"check {path}") from error


def _decoded(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise StateFileUnusable(path, "is not UTF-8 text") from error


def _unusable(path: Path, text: str, error: toml_text.TomlError) -> StateFileUnusable:
    """The person's line is meant: ours are not in the text yet."""
    try:
        toml_text.parse(toml_text.without(text))
    except toml_text.TomlError as own:
        return StateFileUnusable(path, own.why, line=own.line, column=own.column)
    why = f"our lines do not fit in ({error.why})"
    return StateFileUnusable(
        path, why, f"write [mcp_servers.NAME] tables in {path}; the file was left as it is"
    )


def _effect(text: str, *, applied: bool = True) -> Effect:
    when, how = ("next start", "settings") if applied else ("never", "none")
    return Effect(agent=AGENT, when=when, how=how, text=text, applied=applied)


def logs(env: Mapping[str, str]) -> list[Path]:
    """What it writes while it works."""
    return list((config_folder(env) / "sessions").glob("*/*/*/*.jsonl"))


def addresses(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(where, URL) of every address its settings name."""
    path = config_folder(env) / "config.toml"
    try:
        content = toml_text.parse(files.read_regular(path).decode("utf-8"))
    except (OSError, ValueError):
        return
    tables = content.get("model_providers")
    table = tables.get(content.get("model_provider")) if isinstance(tables, dict) else None
    for url in (content.get("openai_base_url"), table.get("base_url") if isinstance(table, dict) else None):
        if isinstance(url, str):
            yield str(path), url


def key_problem(ctx: Context) -> tuple[str, str] | None:
    """Why it would get no key for the provider it is set to, and the cure."""
    from pf_tui.integrations import codex_route

    problem = codex_route.problem(ctx)
    return None if problem is None else (f"Codex gets no key: {problem.message}", problem.hint)
