"""A ledger made from the logs of this test's home."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pf_tui import catalog
from pf_tui.ingest import pipeline
from pf_tui.ingest.outcome import Outcome
from pf_tui.ledger import schema


class Books:
    """The ledger of one home, and how it is filled."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.path = home / ".opencode" / "provider-fallback" / "ledger.db"
        self.env = {"HOME": str(home), "TZ": "UTC"}
        self.outcome = Outcome()

    def ingest(self, **how: object) -> Outcome:
        """Read everything that is new."""
        self.outcome = pipeline.ingest(self.path, self.env, catalog.load(), **how)  # type: ignore[arg-type]
        return self.outcome

    def rows(self, what: str = "*", where: str = "1", *values: object) -> list[tuple]:
        """Of the agreed `requests` table, oldest first."""
        return self.ask(f"SELECT {what} FROM requests WHERE {where} ORDER BY ts, id", *values)

    def one(self, what: str, where: str = "1", *values: object) -> tuple:
        """The single row there must be."""
        (row,) = self.rows(what, where, *values)
        return row

    def ask(self, query: str, *values: object) -> list[tuple]:
        with schema.opened(self.path) as connection:
            return connection.execute(query, values).fetchall()

    def change(self, query: str, *values: object) -> None:
        with schema.opened(self.path, write=True) as connection:
            connection.execute(query, values)


@pytest.fixture
def books(home: Path) -> Books:
    return Books(home)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An open, empty ledger."""
    with schema.opened(tmp_path / "ledger.db", write=True) as connection:
        yield connection


Make = Callable[..., Path]
