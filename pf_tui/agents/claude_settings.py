"""Claude Code's settings.json: our status line, and the route to the provider that serves.

A route is the base URL in `env`, the keys there emptied, and `apiKeyHelper`. What stood there before is
kept in the same file under "pf-tui" and put back on the way out, so a person's key never leaves the file
it was in. Every other byte stays. Pure: texts in, texts out; only `address` looks at files.
Measured on Claude Code 2.1.330: the client passes over the unknown member, hot-reloads `env` and
`apiKeyHelper` together, and keeps the last value of a variable that is merely taken out.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pf_tui.agents import jsonc
from pf_tui.errors import StateFileUnusable
from pf_tui.state import files
from pf_tui.state.paths import user_home

NOTE = "pf-tui"
"""The member that remembers what was there; no client reads it."""

VENDOR_URL = "https://api.anthropic.com"
"""Where Claude Code goes when nothing says otherwise."""

BASE_URL = "ANTHROPIC_BASE_URL"
HELPER = "apiKeyHelper"


def routed(
    text: str,
    provider: str,
    env: Mapping[str, str],
    helper: str | None,
    *,
    home: bool = False,
    keys: bool = False,
) -> str:
    """The settings with the route to `provider` in them.

    Args:
        env: variables to set; "" empties one that the person's shell may hold.
        helper: the command that prints the key; None = no helper, the login serves.
        home: the way back: a helper and an address of the person's own are put back.
        keys: the person's own keys in `env` as well, because they are this provider's.
    Raises:
        JsoncError: the text cannot be edited.
    """
    settings = jsonc.parse(text)
    wrote, kept = _note(settings)
    now = settings.get("env") if isinstance(settings, dict) else None
    now = now if isinstance(now, dict) else {}
    wanted = dict(env)
    for name in env:
        if name in now and now[name] != wrote.get("env", {}).get(name):
            kept.setdefault("env", {})[name] = now[name]
        if name in kept.get("env", {}) and (keys or (home and name == BASE_URL)):
            wanted[name] = kept["env"][name]
    present = settings.get(HELPER) if isinstance(settings, dict) else None
    if present is not None and present != wrote.get(HELPER):
        kept[HELPER] = present
    if home and HELPER in kept:
        helper = kept[HELPER]
    for name, value in wanted.items():
        text = jsonc.set_member(text, ("env", name), value)
    if helper is not None:
        text = jsonc.set_member(text, (HELPER,), helper)
    elif present is not None:
        text = jsonc.remove_member(text, (HELPER,))
    note: dict[str, Any] = {"provider": provider, "wrote": {"env": {**wrote.get("env", {}), **wanted}}}
    if helper is not None:
        note["wrote"][HELPER] = helper
    if kept:
        note["kept"] = kept
    return jsonc.set_member(text, (NOTE,), note)


def unrouted(text: str) -> str:
    """The settings as they were before the first route; what the person changed since stays.

    Raises:
        JsoncError: the text cannot be edited.
    """
    settings = jsonc.parse(text)
    if not isinstance(settings, dict) or NOTE not in settings:
        return text
    wrote, kept = _note(settings)
    text = jsonc.remove_member(text, (NOTE,))
    if HELPER in kept and settings.get(HELPER) == wrote.get(HELPER):
        text = jsonc.set_member(text, (HELPER,), kept[HELPER])
    elif HELPER in wrote and settings.get(HELPER) == wrote[HELPER]:
        text = jsonc.remove_member(text, (HELPER,))
    env = settings.get("env")
    mine = {name: value for name, value in wrote.get("env", {}).items() if isinstance(env, dict)}
    for name, value in reversed(mine.items()):
        if not isinstance(env, dict) or env.get(name) != value:
            continue
        if name in kept.get("env", {}):
            text = jsonc.set_member(text, ("env", name), kept["env"][name])
        else:
            text = jsonc.remove_member(text, ("env", name))
    return text


def route_in(text: str) -> str | None:
    """The provider that the settings lead to by our doing; None when they are the person's own."""
    try:
        settings = jsonc.parse(text)
    except jsonc.JsoncError:
        return None
    note = settings.get(NOTE) if isinstance(settings, dict) else None
    provider = note.get("provider") if isinstance(note, dict) else None
    return provider if isinstance(provider, str) else None


def rerouted(text: str, like: str) -> str:
    """`text` with the route that `like` holds, if it holds one; for an install done twice."""
    settings = jsonc.parse(like)
    if not isinstance(settings, dict) or NOTE not in settings:
        return text
    wrote, _ = _note(settings)
    return routed(text, settings[NOTE].get("provider", ""), wrote.get("env", {}), wrote.get(HELPER))


def with_status_line(text: str, words: Sequence[str]) -> str:
    """The settings with our status line; a person's own is wrapped, another kind of one is left alone."""
    settings = jsonc.parse(text)
    line = settings.get("statusLine") if isinstance(settings, dict) else None
    if line is None:
        line = {"type": "command", "command": _status_command(words, None)}
        return jsonc.set_member(text, ("statusLine",), line)
    command = line.get("command") if isinstance(line, dict) else None
    if not isinstance(command, str) or line.get("type") != "command":
        return text
    own = wrapped(command) if _is_ours(command) else command
    return jsonc.set_member(text, ("statusLine", "command"), _status_command(words, own))


def without_status_line(text: str) -> str:
    """The settings with the person's own status line, or none."""
    settings = jsonc.parse(text)
    line = settings.get("statusLine") if isinstance(settings, dict) else None
    command = line.get("command") if isinstance(line, dict) else None
    if not isinstance(command, str) or not _is_ours(command):
        return text
    if (own := wrapped(command)) is None:
        return jsonc.remove_member(text, ("statusLine",))
    return jsonc.set_member(text, ("statusLine", "command"), own)


def wrapped(command: str) -> str | None:
    """The person's own command inside our status line; None when there is none."""
    words = _words(command)
    return words[-1] if words[-3:-1] == ["statusline", "--wrap"] else None


def address(cwd: Path, env: Mapping[str, str]) -> str:
    """Where Claude Code's requests go: its environment, then the nearest settings file that says so."""
    if url := env.get(BASE_URL):
        return plain(url)
    for path in settings_files(cwd, env):
        inner = read(path).get("env")
        if isinstance(inner, dict) and isinstance(url := inner.get(BASE_URL), str) and url:
            return plain(url)
    return VENDOR_URL


def settings_files(cwd: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """Project before person, local before shared: Claude Code's own order."""
    yield cwd / ".claude" / "settings.local.json"
    yield cwd / ".claude" / "settings.json"
    yield config_folder(env) / "settings.json"


def read(path: Path) -> dict[str, Any]:
    """A settings file's content; {} when there is none that Claude Code could read either."""
    try:
        return files.read_json(path) or {}
    except StateFileUnusable:
        return {}


def config_folder(env: Mapping[str, str]) -> Path:
    """$CLAUDE_CONFIG_DIR, else ~/.claude. Raises PfError without a home."""
    own = env.get("CLAUDE_CONFIG_DIR")
    return Path(own) if own else user_home(env) / ".claude"


def plain(url: str) -> str:
    """An address without what does not matter: `https://openrouter.ai/api`."""
    return url.strip().rstrip("/").removesuffix("/v1").rstrip("/")


def _note(settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what we wrote, what we keep for the person) by the note; empty where it is damaged."""
    note = settings.get(NOTE) if isinstance(settings, dict) else None
    parts = []
    for name in ("wrote", "kept"):
        part = note.get(name) if isinstance(note, dict) else None
        part = dict(part) if isinstance(part, dict) else {}
        if not isinstance(part.get("env", {}), dict):
            del part["env"]
        parts.append(part)
    return parts[0], parts[1]


def _status_command(words: Sequence[str], own: str | None) -> str:
    return shlex.join([*words, "statusline", *(["--wrap", own] if own is not None else [])])


def _is_ours(command: str) -> bool:
    words = _words(command)
    program = words[:-1] if words[-1:] == ["statusline"] else words[:-3]
    known = words[-1:] == ["statusline"] or words[-3:-1] == ["statusline", "--wrap"]
    return (
        known and bool(program) and (Path(program[-1]).name == "pf-tui" or program[-2:] == ["-m", "pf_tui"])
    )


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return []
