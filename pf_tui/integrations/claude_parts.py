"""The files that pf-tui has a part in at Claude Code: its plugin, its commands, its line in settings.json.

The plugin lies in skills/provider-fallback of Claude Code's folder, from where the client loads it by
itself (2.1.330, measured): hooks, namespaced commands, agent, skill, MCP server. Bare command names need
command files, the status line needs settings.json. A project's plugin gets no MCP server from the client,
so a project gets .mcp.json.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

from pf_tui.errors import StateFileUnusable
from pf_tui.integrations import claude_settings, install_plan, jsonc, program
from pf_tui.integrations.claude_address import config_folder
from pf_tui.integrations.install_plan import ManagedPart
from pf_tui.integrations.shared_files import is_shared
from pf_tui.state.context import Context
from pf_tui.state.paths import project_root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Before = TypeVar("Before")
    After = TypeVar("After")
    from pf_tui.clients import AgentId


AGENT: AgentId = "claude-code"


PLUGIN = "provider-fallback"
"""The plugin's name: `/provider-fallback:provider-status`."""


SERVER = "pf-tui"
"""The MCP server's name in a project's .mcp.json."""


MARKETPLACE = Path(__file__).parent / "data" / "claude-code"
"""`claude plugin marketplace add` takes this folder."""


_GUARD = "command -v pf-tui >/dev/null || exit 0; exec pf-tui "
"""How the data files call us; a team member without pf-tui notices nothing."""


def folders(ctx: Context) -> tuple[Path, ...]:
    """The person's Claude Code folders that pf-tui is in, whatever CLAUDE_CONFIG_DIR this shell has."""
    return install_plan.folders(ctx.paths, AGENT, "settings.json", config_folder(ctx.env))


def parts(ctx: Context, project: bool, *, lasting: bool = True) -> tuple[ManagedPart, ...]:
    """Every file that pf-tui has a part in.

    Args:
        lasting: they are to be written, so the program must lie where it stays.
    """
    if project:
        root = project_root(ctx.cwd, ctx.env)
        words = program.words(ctx.env, portable=True, lasting=lasting)
        server = _server_part(root / ".mcp.json", words)
        return (*_folder_parts(ctx, root / ".claude", root, lasting=lasting), server)
    all_folders = dict.fromkeys((*folders(ctx), config_folder(ctx.env)))
    return tuple(part for folder in all_folders for part in _folder_parts(ctx, folder, None, lasting=lasting))


def _folder_parts(ctx: Context, folder: Path, root: Path | None, *, lasting: bool) -> Iterator[ManagedPart]:
    def words(path: Path) -> tuple[str, ...]:
        shared = root is not None or is_shared(path, ctx.env)
        return program.words(ctx.env, portable=shared, lasting=lasting)

    plugin = words(folder / "skills" / PLUGIN / ".mcp.json")
    for name, content in _own_files(plugin, root is not None):
        yield install_plan.whole(folder / name, content)
    settings = folder / "settings.json"
    yield _settings_part(settings, words(settings), root)


def _own_files(words: tuple[str, ...], project: bool) -> Iterator[tuple[str, bytes]]:
    """Path below Claude Code's folder and content of each file that is ours altogether."""
    source = MARKETPLACE / PLUGIN
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if not path.is_file() or (project and name == ".mcp.json"):
            continue
        content = path.read_bytes()
        if name == "hooks/hooks.json" and words != (program.NAME,):
            content = content.replace(_escaped(_GUARD), _escaped(_call(words)))
        elif name == ".mcp.json":
            content = _json({"mcpServers": {SERVER: _server(words)}})
        yield f"skills/{PLUGIN}/{name}", content
        if name.startswith("commands/"):
            yield name, content


def _call(words: tuple[str, ...]) -> str:
    """The program in a shell; when it is gone, hooks do nothing."""
    return f"test -x {shlex.quote(words[0])} || exit 0; exec {shlex.join(words)} "


def _escaped(text: str) -> bytes:
    """As it stands inside a JSON string."""
    return json.dumps(text)[1:-1].encode()


def _server(words: tuple[str, ...]) -> dict[str, object]:
    return {"command": words[0], "args": [*words[1:], "mcp"]}


def _settings_part(path: Path, words: tuple[str, ...], root: Path | None) -> ManagedPart:
    def put(now: bytes | None) -> bytes:
        text = claude_settings.with_status_line(_text(path, now or b"") or "{}\n", words)
        now_text = _text(path, install_plan.read(path, root) or b"")
        return (claude_settings.rerouted(text, now_text) if now_text and now_text.strip() else text).encode()

    def take(now: bytes) -> bytes | None:
        if not (text := _text(path, now)):
            return now
        return claude_settings.without_status_line(claude_settings.unrouted(text)).encode()

    return ManagedPart(
        path=path,
        put=_named(path, put),
        take=_named(path, take),
        mode=0o600,
        private=True,
        bare=claude_settings.without_route,
    )


def _server_part(path: Path, words: tuple[str, ...]) -> ManagedPart:
    key_path = ("mcpServers", SERVER)

    def put(now: bytes | None) -> bytes:
        return jsonc.set_member(_text(path, now or b"") or "{}\n", key_path, _server(words)).encode()

    def take(now: bytes) -> bytes | None:
        return jsonc.remove_member(_text(path, now), key_path).encode()

    return ManagedPart(path=path, put=_named(path, put), take=_named(path, take))


def _named(path: Path, edit: Callable[[Before], After]) -> Callable[[Before], After]:
    """The edit, with the file, line and column in its error."""

    def attempt(now: Before) -> After:
        try:
            return edit(now)
        except jsonc.JsoncError as error:
            raise StateFileUnusable(path, error.why, line=error.line, column=error.column) from error

    return attempt


def _text(path: Path, content: bytes) -> str:
    """The file's text; "" for one that holds nothing."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise StateFileUnusable(path, "is not UTF-8 text") from error
    return text if text.strip("\ufeff \t\r\n") else ""


def _json(content: object) -> bytes:
    return json.dumps(content, indent=2).encode() + b"\n"
