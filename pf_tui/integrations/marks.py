"""Our own work in an agent's files, known by itself: the state folder may be lost, or an old one restored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pf_tui import regular_files
from pf_tui.errors import PfError
from pf_tui.state import paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

_OF_AGENT: Mapping[str, tuple[tuple[str, bytes], ...]] = {
    "claude-code": (
        ("skills/provider-fallback/hooks/hooks.json", b"hook claude-code"),
        ("settings.json", b'"pf-tui"'),
    ),
    "opencode": (("plugin/pf-tui.js", b"hook opencode"),),
    "codex": (("config.toml", b"# pf-tui: `pf-tui uninstall codex`"),),
}
"""Agent -> (file below its folder, what stands in it when we wrote it)."""

MOST_BYTES = 1 << 20


def are_in(agent: AgentId, folder: Path) -> bool:
    """The folder holds something that an install or a switch of ours wrote."""
    return any(_holds(folder / name, mark) for name, mark in _OF_AGENT.get(agent, ()))


def are_for(agent: AgentId, env: Mapping[str, str]) -> bool:
    """The same for the folder that this environment names."""
    try:
        return are_in(agent, paths.config_folder(agent, env))
    except PfError:
        return False


def _holds(path: Path, mark: bytes) -> bool:
    try:
        with regular_files.open_regular(path) as file:
            return mark in file.read(MOST_BYTES)
    except OSError:
        return False
