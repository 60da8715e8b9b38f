"""What pf-tui puts into OpenCode, and takes out again: plugin, commands, agent, skill, MCP entry.

OpenCode waits at its start for a package install in every one of its folders as soon as one of them
has a plugin: 75 s without a network (1.18.33, measured). A folder with node_modules/ and a lock file that
names the package is left alone, so the plugin needs no import and each folder gets those files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pf_tui.catalog import Provider
from pf_tui.errors import StateFileUnusable
from pf_tui.integrations import install_plan, jsonc, program
from pf_tui.integrations.apply import Effect
from pf_tui.integrations.install_plan import ManagedPart, Plan
from pf_tui.integrations.shared_files import is_shared
from pf_tui.state import paths
from pf_tui.state.context import Context
from pf_tui.state.paths import project_root, user_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

AGENT: AgentId = "opencode"
SERVER = "pf-tui"
"""The MCP server's name: a model sees its tools as pf-tui_provider_list."""

PLUGIN = "plugin/pf-tui.js"
PACKAGE = "@opencode-ai/plugin"
_SCHEMA = "https://opencode.ai/config.json"
_DATA = Path(__file__).parent / "data" / "opencode"
_MCP_TIMEOUT_MS = 20_000
"""OpenCode gives up listing tools after 5 s; a cold start of the server takes two on a slow machine."""


def plan_install(ctx: Context, *, project: bool = False) -> Plan:
    """What `install opencode` would change.

    Raises:
        StateFileUnusable: opencode.json(c) cannot be read or edited; nothing was changed.
    """
    folders = [folder / "node_modules" for folder in _free_folders(ctx, project)]
    return install_plan.install(ctx.paths, key(ctx, project), parts(ctx, project), folders)


def plan_uninstall(ctx: Context, *, project: bool = False) -> Plan:
    """What `uninstall opencode` would change."""
    return install_plan.uninstall(ctx.paths, key(ctx, project), parts(ctx, project, lasting=False))


def apply(ctx: Context, provider: Provider, model: str | None) -> Effect:
    """What a switch does to OpenCode: nothing is written, its plugin asks before each turn."""
    if provider.opencode_id is None and not provider.custom:
        return _effect(f"OpenCode does not know {provider.name}; it stays with its own", applied=False)
    if provider.agent_only not in (None, AGENT):
        text = f"not possible in OpenCode: that login works in {provider.agent_only} alone"
        return _effect(text, applied=False)
    return _effect("from your next turn, if OpenCode has a login or key for it")


def key(ctx: Context, project: bool) -> str:
    """What the install is filed under."""
    return f"{AGENT}:{project_root(ctx.cwd, ctx.env)}" if project else AGENT


def config_folder(env: Mapping[str, str]) -> Path:
    """$OPENCODE_CONFIG_DIR, else $XDG_CONFIG_HOME/opencode, else ~/.config/opencode."""
    return paths.config_folder("opencode", env)


def parts(ctx: Context, project: bool, *, lasting: bool = True) -> tuple[ManagedPart, ...]:
    """Every file that pf-tui has a part in.

    Args:
        lasting: they are to be written, so the program must lie where it stays.
    """

    def words(path: Path) -> tuple[str, ...]:
        return program.words(ctx.env, portable=project or is_shared(path, ctx.env), lasting=lasting)

    folder = project_root(ctx.cwd, ctx.env) / ".opencode" if project else config_folder(ctx.env)
    config = _config_file(ctx, folder, project)
    plugin = words(folder / PLUGIN)
    return (
        _config_part(config, words(config)),
        *(install_plan.whole(folder / name, content) for name, content in _own_files(plugin)),
        *(part for free in _free_folders(ctx, project) for part in package_parts(free)),
    )


def package_parts(folder: Path) -> tuple[ManagedPart, ...]:
    """The files that, beside node_modules/, keep OpenCode from installing packages in one of its folders."""
    return tuple(_kept_once_there(folder / name, content) for name, content in _package_files().items())


def _kept_once_there(path: Path, content: bytes) -> ManagedPart:
    """A file that stays when its owner has changed it since."""
    return ManagedPart(path=path, put=lambda _: content, take=lambda now: None if now == content else now)


def _free_folders(ctx: Context, project: bool) -> tuple[Path, ...]:
    """Those of the folders OpenCode looks into where nobody has installed a package."""
    folders = [config_folder(ctx.env), _shared_folder(ctx.env)]
    root = project_root(ctx.cwd, ctx.env) if project else None
    if root is not None:
        folders.insert(0, root / ".opencode")
    folders.append(user_home(ctx.env) / ".opencode")  # the state directory is in it, so OpenCode reads it
    return tuple(folder for folder in dict.fromkeys(folders) if _is_free(folder, root))


def _is_free(folder: Path, root: Path | None) -> bool:
    """True when there are no packages, or only what we wrote; else the folder stays as it is."""
    package_files = _package_files()
    present = [name for name in package_files if os.path.lexists(folder / name)]
    if not present:
        return not (folder / "node_modules").exists()
    try:
        return all(install_plan.read(folder / name, root) == package_files[name] for name in present)
    except StateFileUnusable:  # a link, or larger than anything we write
        return False


def _package_files() -> dict[str, bytes]:
    manifest = {"dependencies": {PACKAGE: "*"}}
    lock = {"name": "opencode", "lockfileVersion": 3, "requires": True, "packages": {"": manifest}}
    return {"package.json": _json(manifest), "package-lock.json": _json(lock)}


def _own_files(words: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    """Path below OpenCode's folder and content of each file that is ours altogether."""
    for path in sorted(_DATA.rglob("*")):
        if path.suffix not in (".md", ".js"):
            continue
        content = path.read_bytes()
        if path.suffix == ".js":
            content = content.replace(b'["pf-tui"]', json.dumps(list(words)).encode(), 1)
        yield path.relative_to(_DATA).as_posix(), content


def _config_file(ctx: Context, folder: Path, project: bool) -> Path:
    """The settings file our entry is in, else the one OpenCode reads last, else a new opencode.json."""
    candidates = [folder / "opencode.jsonc", folder / "opencode.json"]
    root = project_root(ctx.cwd, ctx.env) if project else None
    if root is not None:
        candidates += [root / "opencode.jsonc", root / "opencode.json"]
    contents = {
        path: content for path in candidates if (content := install_plan.read(path, root)) is not None
    }
    with_server = [path for path, content in contents.items() if f'"{SERVER}"'.encode() in content]
    return next(iter((*with_server, *contents)), folder / "opencode.json")


def _config_part(path: Path, words: tuple[str, ...]) -> ManagedPart:
    entry = {
        "type": "local",
        "command": [*words, "mcp"],
        "enabled": True,
        "timeout": _MCP_TIMEOUT_MS,
    }

    def put(now: bytes | None) -> bytes:
        if now is None or not now.strip():
            return _json({"$schema": _SCHEMA, "mcp": {SERVER: entry}})
        text = _text(path, now)
        try:
            return jsonc.set_member(text, ("mcp", SERVER), entry).encode()
        except jsonc.JsoncError as error:
            raise _unusable(path, error) from error

    def take(now: bytes) -> bytes | None:
        try:
            return jsonc.remove_member(_text(path, now), ("mcp", SERVER)).encode() if now.strip() else now
        except jsonc.JsoncError as error:
            raise _unusable(path, error) from error

    def blank(rest: bytes) -> bool:
        return not rest.strip() or jsonc.parse(rest.decode()) in ({}, {"$schema": _SCHEMA})

    return ManagedPart(path=path, put=put, take=take, mode=0o600, blank=blank)


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise StateFileUnusable(path, "is not UTF-8 text") from error


def _unusable(path: Path, error: jsonc.JsoncError) -> StateFileUnusable:
    return StateFileUnusable(path, error.why, line=error.line, column=error.column)


def _shared_folder(env: Mapping[str, str]) -> Path:
    """The person's folder, which OpenCode reads whatever OPENCODE_CONFIG_DIR says."""
    return paths.default_config_folder("opencode", env)


def _json(content: object) -> bytes:
    return json.dumps(content, indent=2).encode() + b"\n"


def _effect(text: str, *, applied: bool = True) -> Effect:
    when, how = ("next turn", "plugin") if applied else ("never", "none")
    return Effect(agent=AGENT, when=when, how=how, text=text, applied=applied)


def disabled(ctx: Context) -> tuple[str, str] | None:
    """What keeps our plugin from loading, and the cure."""
    if ctx.env.get("OPENCODE_PURE"):
        return "OPENCODE_PURE keeps every plugin out of OpenCode", "unset OPENCODE_PURE"
    return None


def logs(env: Mapping[str, str]) -> list[Path]:
    """What it writes while it works."""
    database = paths.opencode_database(env)
    return [database, database.with_name(f"{database.name}-wal")]


def addresses(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(where, URL) of every address its settings name."""
    folder = config_folder(env)
    for path in (folder / "opencode.json", folder / "opencode.jsonc"):
        providers = jsonc.read_or_empty(path).get("provider")
        for provider in providers.values() if isinstance(providers, dict) else ():
            options = provider.get("options") if isinstance(provider, dict) else None
            if isinstance(options, dict) and isinstance(options.get("baseURL"), str):
                yield str(path), options["baseURL"]
