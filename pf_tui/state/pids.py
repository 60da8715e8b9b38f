"""Whether the process of a number is there, asked of the system without disturbing it."""

from __future__ import annotations

import os
from pathlib import Path


def is_there(pid: int) -> bool:
    """A process has that number; one that cannot be asked counts as there."""
    if pid <= 0:
        return False
    if os.name == "nt":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def is_running(pid: int) -> bool:
    """The same for one that may have died and waits for its parent, where the system tells."""
    if not is_there(pid):
        return False
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return True
    return status.rpartition(b")")[2].split()[:1] != [b"Z"]
