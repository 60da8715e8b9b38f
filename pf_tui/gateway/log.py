"""pf-tui.log: one line per thing worth knowing afterwards. No body, no header, no secret; rotated.

Keeps LOG_BYTES twice: pf-tui.log and pf-tui.1.log. Hooks write to the same file.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime

from pf_tui.rules.masking import clean
from pf_tui.state.paths import Paths
from pf_tui.state.secret import masked
from pf_tui.visible import visible

LOG_BYTES = 1024 * 1024


def line(paths: Paths, text: str) -> None:
    """Append one line; never raises: a gateway does not stop for its log."""
    path = paths.log
    with contextlib.suppress(OSError):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size >= LOG_BYTES:
                path.replace(path.with_name("pf-tui.1.log"))
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
        try:
            os.write(handle, f"{stamp} {visible(clean(masked(text), 500))}\n".encode("utf-8", "replace"))
        finally:
            os.close(handle)
