"""What an agent sends on stdin, and the world it happens in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pf_tui.errors import PfError
from pf_tui.state.context import Context


def event(stdin: bytes, max_bytes: int) -> dict[str, Any]:
    """The event as an object. Raises PfError, whose sentence quotes nothing of it."""
    if len(stdin) > max_bytes:
        raise PfError(f"the event has {len(stdin) // 1_048_576} MB; it was not read")
    try:
        content = json.loads(stdin.decode("utf-8", "replace") or "{}")
    except json.JSONDecodeError as error:
        raise PfError(f"the event is not JSON (line {error.lineno} column {error.colno})") from error
    except RecursionError as error:
        raise PfError("the event is nested too deeply") from error
    if not isinstance(content, dict):
        raise PfError("the event is no JSON object")
    return content


def context(data: Mapping[str, Any], env: Mapping[str, str]) -> Context:
    """The world of the project the agent works in. Raises PfError when no home directory is known."""
    cwd = text(data, "cwd")
    return Context.here("hook", env=env, cwd=Path(cwd) if cwd and "\0" not in cwd else None)


def text(data: Mapping[str, Any], name: str) -> str:
    """A text field; "" when it is missing or something else."""
    value = data.get(name)
    return value if isinstance(value, str) else ""
