"""Where Claude Code's requests go, as its environment and its settings files say. Reads only.

Apart from the writing of settings, because every hook asks and none of them edits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pf_tui.errors import StateFileUnusable
from pf_tui.rules.key_homes import BASE_URL, VENDOR_URL
from pf_tui.state import files, paths

RELOAD_S = 1.7
"""The client watches its settings: still for 1.0 s, looked at every 0.5 s (2.1.330: 1.03 s measured)."""


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


def read(path: Path) -> dict[str, object]:
    """A settings file's content; {} when there is none that Claude Code could read either."""
    try:
        return files.read_json(path) or {}
    except StateFileUnusable:
        return {}


def config_folder(env: Mapping[str, str]) -> Path:
    """$CLAUDE_CONFIG_DIR, else ~/.claude. Raises PfError without a home."""
    return paths.config_folder("claude-code", env)


def plain(url: str) -> str:
    """An address without what does not matter: `https://openrouter.ai/api`."""
    return url.strip().rstrip("/").removesuffix("/v1").rstrip("/")
