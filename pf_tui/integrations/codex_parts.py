"""The files that pf-tui has a part in at Codex: lines in config.toml, hooks in hooks.json.

Codex keeps hooks, MCP servers and notify per person. It reads its settings at its start.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from pf_tui import regular_files
from pf_tui.catalog import Catalog
from pf_tui.errors import PfError, StateFileUnusable, cannot_read
from pf_tui.integrations import install_plan, jsonc, program, toml_text
from pf_tui.integrations.install_plan import ManagedPart
from pf_tui.integrations.shared_files import is_shared
from pf_tui.state import paths
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

AGENT: AgentId = "codex"


SERVER = "pf-tui"


GATEWAY = "pf-tui"
"""The provider that stands for the gateway in its settings; `auth helper` gives it the gateway's token."""


EVENTS = ("SessionStart", "UserPromptSubmit", "PermissionRequest", "Stop", "SessionEnd")


HOOK_TIMEOUT_S = 10


END_TIMEOUT_S = 3
"""More than that Codex does not give SessionEnd, and says so on every run."""


MCP_START_S = 20


def config_folder(env: Mapping[str, str]) -> Path:
    """$CODEX_HOME, else ~/.codex."""
    return paths.config_folder(AGENT, env)


def folders(ctx: Context) -> tuple[Path, ...]:
    """The person's Codex folders that pf-tui is in, whatever CODEX_HOME this shell has."""
    return install_plan.folders(ctx.paths, AGENT, "config.toml", config_folder(ctx.env))


def parts(ctx: Context, *, lasting: bool = True) -> tuple[ManagedPart, ...]:
    """The files that pf-tui has a part in, two in each folder.

    Args:
        lasting: they are to be written, so the program must lie where it stays.
    """
    managed: list[ManagedPart] = []
    for folder in dict.fromkeys((*folders(ctx), config_folder(ctx.env))):
        hooks = folder / "hooks.json"
        managed.append(_config_part(ctx, folder / "config.toml", lasting=lasting))
        managed.append(_hooks_part(hooks, words_for(ctx, hooks, lasting=lasting)))
    return tuple(managed)


def words_for(ctx: Context, path: Path, *, lasting: bool = True) -> tuple[str, ...]:
    """The program as it is written into a file of Codex's."""
    return program.words(ctx.env, portable=is_shared(path, ctx.env), lasting=lasting)


def is_ours(command: str, event: str) -> bool:
    """True for the hook command that we wrote for an event."""
    words = command.split()
    return words[-3:] == ["hook", "codex", event] and "pf-tui" in command.replace("_", "-")


def _config_part(ctx: Context, path: Path, *, lasting: bool) -> ManagedPart:
    provider_set = _switched_lines(path)

    def put(now: bytes | None) -> bytes:
        text = _decoded(path, now or b"")
        try:
            return with_base(text, provider_set)
        except toml_text.TomlError as error:
            raise _unusable(path, text, error) from error

    def with_base(text: str, more: dict[str, object]) -> bytes:
        return toml_text.with_lines(text, {**base_lines(ctx, text, path, lasting=lasting), **more}).encode()

    def take(now: bytes) -> bytes | None:
        return toml_text.without(_decoded(path, now)).encode()

    def bare(now: bytes) -> bytes:
        try:
            text = _decoded(path, now)
            return with_base(text, {}) if toml_text.HEADING in text else now
        except toml_text.TomlError:
            return now

    return ManagedPart(path=path, put=put, take=take, mode=0o600, bare=bare)


def _hooks_part(path: Path, words: tuple[str, ...]) -> ManagedPart:
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
                other_groups = [group for group in groups if not _is_our_group(group, event)]
                if other_groups != groups:
                    key_path = ("hooks", event)
                    text = (
                        jsonc.set_member(text, key_path, other_groups)
                        if other_groups
                        else jsonc.remove_member(text, key_path)
                    )
        except jsonc.JsoncError as error:
            raise StateFileUnusable(path, error.why, line=error.line, column=error.column) from error
        return text

    return ManagedPart(path=path, put=put, take=take, mode=0o600)


def base_lines(ctx: Context, text: str, path: Path, *, lasting: bool = True) -> dict[str, object]:
    """The lines of an install: MCP server, and notify in front of the person's own."""
    program_name, *rest = words_for(ctx, path, lasting=lasting)
    own = toml_text.parse(toml_text.without(text)).get("notify")
    chained = [str(word) for word in own] if isinstance(own, list) else []
    table = f"mcp_servers.{SERVER}"
    return {
        "notify": [*_notify(program_name, *rest), *chained],
        f"{table}.command": program_name,
        f"{table}.args": [*rest, "mcp"],
        f"{table}.startup_timeout_sec": MCP_START_S,
        f"{table}.env_vars": _variables(ctx.catalog()),
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


def _switched_lines(path: Path) -> dict[str, object]:
    """The lines a switch has written, so that a second install keeps them."""
    try:
        text = text_of(path)
        if toml_text.HEADING not in text:
            return {}
        content = toml_text.parse(text)
    except (toml_text.TomlError, PfError):
        return {}
    own_lines = toml_text.our_lines(text)
    keys = [line.partition(" = ")[0] for line in own_lines]
    return {
        key: _inside(content, key)
        for key in keys
        if key.split(".")[0] in ("model", "model_provider", "model_providers")
    }


def _inside(content: object, key: str) -> object:
    for part in key.split("."):
        content = content.get(part) if isinstance(content, dict) else None
    return content


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


def text_of(path: Path) -> str:
    """The file's text; "" where there is none. Raises StateFileUnusable, PfError."""
    try:
        return _decoded(path, regular_files.read_regular(path))
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise cannot_read(path, error) from error


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
