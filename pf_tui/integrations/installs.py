"""installs.json: which installs there are, what each of them changed, and whether pf-tui is paused.

Apart from the making of plans, because every hook asks who is installed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError
from pf_tui.records import record as frozen
from pf_tui.state import files
from pf_tui.state.clock import from_text, to_text
from pf_tui.state.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

VERSION = 1


def keys(paths: Paths) -> tuple[str, ...]:
    """Every remembered install: "opencode", "claude-code:/path/of/project" …"""
    try:
        return tuple(_all(paths))
    except PfError:
        return ()


def agent_and_root(key: str) -> tuple[AgentId, str] | None:
    """An install's agent, and its project's root or ""; None for an agent that nobody here knows."""
    name, _, root = key.partition(":")
    client = CLIENTS.get(name)
    return None if client is None else (client.id, root)


def agents(install_keys: Iterable[str]) -> tuple[AgentId, ...]:
    """The agents of those installs, each once."""
    parts = (agent_and_root(key) for key in install_keys)
    return tuple(dict.fromkeys(part[0] for part in parts if part is not None))


@frozen
class Pause:
    """pf-tui is out of every agent until a person says `resume`."""

    since: datetime
    installs: tuple[str, ...]
    """Keys of the installs that `resume` makes again."""


def pause(paths: Paths) -> Pause | None:
    """The pause that lasts now; None when there is none."""
    try:
        pause = _content(paths).get("paused")
    except PfError:
        return None
    content: dict[str, object] = pause if isinstance(pause, dict) else {}
    since = from_text(content.get("since"))
    if since is None:
        return None
    records = content.get("installs")
    return Pause(
        since=since,
        installs=tuple(name for name in records if isinstance(name, str))
        if isinstance(records, list)
        else (),
    )


def remember_pause(paths: Paths, pause: Pause | None) -> None:
    """Begin or end a pause. Raises PfError when the file cannot be read or written."""
    pause_entry = None if pause is None else {"since": to_text(pause.since), "installs": list(pause.installs)}
    with files.locked(paths):
        _change(paths, lambda content: {**content, "paused": pause_entry})


def _file(paths: Paths) -> Path:
    return paths.home / "installs.json"


_last: tuple[Path, object, dict[str, object]] | None = None
"""The file that was read last: its path, its identity then, and what it held."""


def _content(paths: Paths) -> dict[str, object]:
    """What the file holds, not to be changed. Read once while it is the same file: a hook asks five times."""
    global _last  # noqa: PLW0603 - what a process has read is the process's own
    path = _file(paths)
    cache_key = (path, files.identity(path))
    if _last is None or _last[:2] != cache_key:
        _last = (*cache_key, files.read_json(path) or {})
    return _last[2]


def _all(paths: Paths) -> dict[str, object]:
    records = _content(paths).get("installs")
    return records if isinstance(records, dict) else {}


def record(paths: Paths, key: str) -> dict[str, object]:
    """What is remembered of one install; {} = there is none. Raises StateFileUnusable."""
    entry = _all(paths).get(key)
    return entry if isinstance(entry, dict) else {}


def remember(paths: Paths, key: str, entry: Mapping[str, object] | None) -> None:
    """Remember one install anew, or (None) forget it. Call it under the lock."""
    every = {**_all(paths), key: entry}
    records = {name: record for name, record in every.items() if record is not None}
    _change(paths, lambda content: {**content, "installs": records})


def _change(paths: Paths, edit: Callable[[dict[str, object]], dict[str, object]]) -> None:
    """Write installs.json anew; without an install and a pause there is no such file."""
    content = edit({"version": VERSION, "installs": {}, **(files.read_json(_file(paths)) or {})})
    content = {name: value for name, value in content.items() if value is not None}
    if content["installs"] or "paused" in content:
        files.write_json(_file(paths), content)
    else:
        _file(paths).unlink(missing_ok=True)
