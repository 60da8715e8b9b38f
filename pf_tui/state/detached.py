"""A program that goes on without us: in a session of its own, heard by nobody."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def start(
    words: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | str | None = None,
    errors: int = subprocess.DEVNULL,
) -> subprocess.Popen[bytes]:
    """Start it without input or output.

    Args:
        env: its whole environment; None = ours.
        errors: where its stderr goes.
    Raises:
        OSError: it does not start.
    """
    return subprocess.Popen(
        list(words),
        env=None if env is None else dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
    )
