"""The ledger's file: made, opened, brought up to date; what happens when that is not possible."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import pytest

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.ledger import layout, migrations, queue, reader, rollups, rows, schema, tables, upkeep
from pf_tui.ledger.overview import analytics
from pf_tui.ledger.period import Filters, period_of

DATA = Path(__file__).parent / "data"
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def released(path: Path, version: int) -> None:
    """A ledger as a released version left it."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript((DATA / f"version-{version}.sql").read_text(encoding="utf-8"))


def shape(path: Path) -> list[tuple]:
    with schema.opened(path) as connection:
        return connection.execute("SELECT type, name, tbl_name FROM sqlite_master ORDER BY 1, 2").fetchall()


@pytest.mark.parametrize("version", range(1, layout.VERSION + 1))
def test_a_ledger_of_every_released_version_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    old, fresh = tmp_path / "old.db", tmp_path / "fresh.db"
    released(old, version)

    with schema.opened(old, write=True) as connection, schema.transaction(connection):
        rollups.refresh(connection)  # as everybody does who adds rows
        found = analytics(connection, period_of("all", NOW, UTC), Filters())
    with schema.opened(fresh, write=True):
        pass

    assert (found.totals.requests, found.totals.output, found.totals.cost_usd) == (5, 510, 2.5)
    assert [part.name for part in found.providers] == ["anthropic-api", "openrouter"]
    assert (found.fallback.fallbacks, found.fallback.limit_hits) == (1, 1)
    assert shape(old) == shape(fresh)


@pytest.mark.parametrize("version", range(1, layout.VERSION))
def test_a_copy_of_an_older_ledger_stays_for_a_downgrade(tmp_path: Path, version: int) -> None:
    path = tmp_path / "ledger.db"
    released(path, version)
    earlier = migrations.copy_of(path, version - 1)
    earlier.write_bytes(b"of the migration before")

    with schema.opened(path, write=True):
        pass

    copy = migrations.copy_of(path, version)
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        kept = connection.execute("SELECT (SELECT count(*) FROM requests), * FROM pragma_user_version")
        assert kept.fetchone() == (5, version)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(tmp_path.glob("ledger.db.version-*")) == [copy]


def test_a_migration_without_room_for_the_copy_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released(path, 1)
    monkeypatch.setattr(migrations.os, "open", mock.Mock(side_effect=OSError(28, "No space left on device")))

    with pytest.raises(PfError, match="no space left"), schema.opened(path, write=True):
        pass

    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_migration_that_is_cut_short_never_happened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released(path, 2)
    with monkeypatch.context() as broken:
        broken.setattr(tables, "SUM_TABLES", ("CREATE TABLE names (id)",))  # there is one
        with pytest.raises(PfError), schema.opened(path, write=True):
            pass

    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM cells").fetchone() == (5,)
    with schema.opened(path) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (5,)


def test_a_hook_leaves_an_older_ledger_alone_and_its_row_waits(path: Path) -> None:
    released(path, 2)
    before = path.read_bytes()

    with schema.deadline(1.0):
        reader.switch(path, "openrouter", "anthropic-api", why="429", who="hook", at=NOW)

    assert path.read_bytes() == before
    with schema.opened(path, write=True) as connection:
        assert queue.take_in(connection, path, lambda agent, rows: None) == 1
        assert connection.execute("SELECT count(*) FROM switches WHERE who = 'hook'").fetchone() == (1,)


def test_reading_an_older_ledger_brings_it_up_to_date(path: Path) -> None:
    released(path, 1)

    with schema.opened(path) as connection:
        kept = connection.execute("SELECT count(*) FROM requests").fetchone()
        summed = analytics(connection, period_of("all", NOW, UTC), Filters()).totals.requests
        version = connection.execute("PRAGMA user_version").fetchone()

    assert (kept, summed, version) == ((5,), 5, (layout.VERSION,))


def test_budgets_count_an_older_ledger_too(path: Path) -> None:
    released(path, 1)

    with reader.reading(path) as book:
        used = book.usage_since(datetime(2000, 1, 1, tzinfo=UTC))

    assert sum(use.requests for use in used.values()) == 5


def test_the_pinned_versions_are_all_there() -> None:
    """A change of the tables needs a new version, a migration, and its file here."""
    assert sorted(path.name for path in DATA.glob("version-*.sql")) == [
        f"version-{version}.sql" for version in range(1, layout.VERSION + 1)
    ]


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    with schema.opened(path, write=True):
        pass

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_reading_makes_no_ledger(path: Path) -> None:
    with pytest.raises(PfError), schema.opened(path):
        pass

    assert not path.exists()


def test_a_newer_ledger_says_so_and_stays(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 42")
    before = path.read_bytes()

    for write in (False, True):
        with pytest.raises(StateFileUnusable, match="has version 42, this pf-tui knows 5"):
            schema.opened(path, write=write).__enter__()

    assert path.read_bytes() == before


def test_a_broken_page_is_named_by_doctor(path: Path) -> None:
    released(path, 1)
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 3 + 400] = b"\x55" * 400
    path.write_bytes(content)

    try:
        problem = upkeep.problem(path)
    except PfError as error:
        problem = str(error)

    assert problem
    assert "ledger" in problem


def test_beginning_anew_leaves_a_backup_with_everything(path: Path) -> None:
    released(path, 1)

    backup = upkeep.reset(path, NOW)

    assert backup is not None
    with schema.opened(path) as connection, schema.opened(backup) as kept:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM quarters").fetchone() == (0,)
        assert kept.execute("SELECT count(*) FROM requests").fetchone() == (5,)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_word_is_kept_once(ledger: sqlite3.Connection) -> None:
    one, other = rows.Names(ledger), rows.Names(ledger)

    assert one("/home/dev/acme") == one("/home/dev/acme") == other("/home/dev/acme")
    assert other.text(one("/home/dev/acme")) == "/home/dev/acme"


@pytest.mark.parametrize("word", ["transcript", "gateway", "pending", "rate"])
def test_words_of_the_hot_path_need_no_look_up(path: Path, word: str) -> None:
    with schema.opened(path, write=True) as connection:
        found = connection.execute("SELECT id FROM names WHERE text = ?", (word,)).fetchone()

    assert found == (layout.NAME[word],)
