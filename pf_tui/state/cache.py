"""Small things that only save time or typing: the last frame, the command history. May be deleted any time.

Light: the first paint reads from here before anything else is imported.
Invariant: nothing here is needed, so nothing here ever raises; a secret never comes here.
"""

from __future__ import annotations

from pf_tui.regular_files import read_regular
from pf_tui.state.paths import Paths


def read(paths: Paths, name: str) -> bytes | None:
    """What was kept under that name; None when there is nothing, or nothing that can be read."""
    try:
        return read_regular(paths.cache / name)
    except OSError:
        return None


def keep(paths: Paths, name: str, data: bytes) -> None:
    """Keep it, if there is a state directory; reading alone never creates one."""
    from pf_tui.errors import PfError
    from pf_tui.state import files

    if not paths.home.is_dir():
        return
    try:
        paths.cache.mkdir(mode=0o700, exist_ok=True)
        files.write_bytes(paths.cache / name, data)
    except (OSError, PfError):
        return
