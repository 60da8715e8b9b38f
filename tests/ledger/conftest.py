"""An empty ledger, open for writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from pf_tui.ledger import schema


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[sqlite3.Connection]:
    with schema.opened(path, write=True) as connection:
        yield connection
