"""What an agent was started with, where its own settings hide it from the programs it starts.

A switch empties ANTHROPIC_API_KEY in Claude Code's settings, so that the key follows to no other host; hooks
and the key helper then see it empty, and the key in the person's shell would count as gone. On Linux the
environment a process began with can be read by its own user. Values stay in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

MAX_STEPS = 6
"""Helper, its shell, the agent, and what may stand between them."""


def restored(env: Mapping[str, str], names: Iterable[str], proc: Path = Path("/proc")) -> Mapping[str, str]:
    """`env` with each of `names` that is set but empty as the nearest process above us was given it."""
    missing = {name for name in names if env.get(name) == ""}
    if not missing:
        return env
    variables: dict[str, str] = {}
    process = "self"
    for _ in range(MAX_STEPS):
        try:
            status = (proc / process / "stat").read_text(encoding="utf-8", errors="replace")
            process = status.rpartition(")")[2].split()[1]
            block = (proc / process / "environ").read_bytes()
        except (OSError, IndexError):
            break
        for entry in block.split(b"\0"):
            name, _, value = entry.decode("utf-8", "replace").partition("=")
            if name in missing and value and name not in variables:
                variables[name] = value
        if missing <= variables.keys():
            break
    return {**env, **variables} if variables else env
