"""How an agent calls pf-tui: the words its settings start with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

NAME = "pf-tui"


def words(env: Mapping[str, str], *, portable: bool = False) -> tuple[str, ...]:
    """The program as an agent finds it, whatever its own PATH is.

    Args:
        portable: for a file that a team shares: the bare name, found on each one's PATH.
    """
    if portable:
        return (NAME,)
    beside = Path(sys.executable).parent / NAME
    if beside.is_file():
        return (str(beside),)
    import shutil

    if found := shutil.which(NAME, path=env.get("PATH")):
        return (found,)
    return (sys.executable, "-P", "-m", "pf_tui")
