"""Logs and databases of agents whose turns are missing in every sum, as the ledger was told of them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pf_tui.records import NamedTuple

UNKNOWN_SHAPE = "turns of a shape that is not known, not read"
"""Why a store is named in which turns of a model lie that have no counts we know."""


class UnreadStore(NamedTuple):
    """A file that was passed over, whole or in part."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


def unread(connection: sqlite3.Connection) -> tuple[UnreadStore, ...]:
    """Every store that is still there and was not read, by path."""
    rows = connection.execute(
        "SELECT DISTINCT path, why FROM skipped WHERE lost = 1 AND (line = 0 OR why = ?) ORDER BY path, why",
        (UNKNOWN_SHAPE,),
    )
    return tuple(UnreadStore(path, why) for path, why in rows if not _is_gone(path))


def _is_gone(path: str) -> bool:
    try:
        Path(path).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False  # nobody can say; its rows are missing all the same
    return False
