"""How the ledger's file is opened, made and brought up to date; `layout` says what its tables hold.

`requests` (a view) has the fields of the agreed shape; `request_rows` holds them with every text
interned, which keeps the ledger under 2 % of the logs it was made from. The row id is a 63-bit hash
of what makes a request one request, so a second sight of it is an update, in any process.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from _thread import get_ident
from collections.abc import Iterator
from pathlib import Path

from pf_tui.errors import PfError, StateFileUnusable, cannot_write
from pf_tui.ledger.layout import FIXED_NAMES, VERSION
from pf_tui.records import field, record
from pf_tui.state.paths import make_private

BUSY_MS = 5000
DAMAGED = ".damaged"
"""Beside the ledger once somebody met damage in it: the next ingest looks at every page."""

HURRIED_S = 0.4
"""What a hook waits for a ledger that another program holds; a write of ours takes a tenth of that."""


@record
class _Deadline:
    """What a caller that must not stall asks of the ledger."""

    until_s: float
    """By the monotonic clock: nothing waits for the ledger after that."""
    locked: list[bool] = field(default_factory=list)
    """Not empty once another program was found to hold it: from then on nobody waits at all."""


_hurry: dict[int, _Deadline] = {}
"""By thread. No ContextVar, no threading.local: each is a module to load for every hook."""


@contextlib.contextmanager
def deadline(limit_s: float) -> Iterator[None]:
    """Within it the ledger is taken as it is, or not at all: for hooks and the status line.

    A ledger that is held is waited for once, and briefly; one of another version, or damaged, is left alone.
    """
    thread = get_ident()
    outer = _hurry.get(thread)
    inner = _hurry[thread] = _Deadline(until_s=time.monotonic() + limit_s)
    if outer is not None:
        inner.locked.extend(outer.locked)
    try:
        yield
    finally:
        del _hurry[thread]
        if outer is not None:
            outer.locked.extend(inner.locked)
            _hurry[thread] = outer


def patience_s(usual_s: float | None = None) -> float:
    """How long a connection that is opened now may wait for another program, in seconds."""
    usual_s = BUSY_MS / 1000 if usual_s is None else usual_s
    hurry = _hurry.get(get_ident())
    if hurry is None:
        return usual_s
    return 0.0 if hurry.locked else max(0.0, min(HURRIED_S, usual_s, (hurry.until_s - time.monotonic()) / 4))


def is_held(error: Exception) -> bool:
    """Another program has it; a caller in a hurry will not ask again."""
    is_locked = isinstance(error, sqlite3.OperationalError) and (
        "locked" in str(error) or "busy" in str(error)
    )
    if is_locked and (hurry := _hurry.get(get_ident())) is not None:
        hurry.locked.append(True)
    return is_locked


@contextlib.contextmanager
def opened(path: Path, *, write: bool = False, usual_s: float | None = None) -> Iterator[sqlite3.Connection]:
    """Open the ledger; with `write` it is created and brought up to date.

    Args:
        usual_s: how long it may wait for another program; None = BUSY_MS.
    Raises:
        StateFileUnusable: newer than this pf-tui knows, or damaged; it is left as it is.
        PfError: the disk refuses, or another process held it for too long.
    """
    connection = connect(path, usual_s) if write else connect_read_only(path, usual_s)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        raise _refused(path, error) from error
    finally:
        connection.close()


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything asked within it is of one moment, whoever writes meanwhile."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def connect(path: Path, usual_s: float | None = None) -> sqlite3.Connection:
    """A connection that writes; a file that is no ledger is set aside and begun anew.

    Args:
        usual_s: how long it may wait for another program; None = BUSY_MS.
    """
    hurry = _hurry.get(get_ident()) is not None
    try:
        make_private(path.parent)
        if _is_no_file(path) and (hurry or not begin_anew(path)):
            raise _refused(path, sqlite3.DatabaseError("is no file"))
        return _connect_and_migrate(path, usual_s)
    except sqlite3.DatabaseError as error:
        if hurry or not _is_broken(error) or not begin_anew(path):
            raise _refused(path, error) from error
        return _connect_and_migrate(path, usual_s)
    except OSError as error:
        raise cannot_write(path, error) from error


def begin_anew(path: Path) -> bool:
    """Set a damaged ledger aside as *.corrupt-<time>; False when that is not possible."""
    from pf_tui.state import unusable_files

    aside = unusable_files.set_aside(path)
    if aside is None:
        return False
    with contextlib.suppress(OSError):  # what was committed last stands there alone
        path.with_name(f"{path.name}-wal").rename(aside.with_name(f"{aside.name}-wal"))
    for extra in ("-wal", "-shm", DAMAGED):
        path.with_name(path.name + extra).unlink(missing_ok=True)
    return True


def is_suspect(path: Path) -> bool:
    """Somebody has met damage in it since it was begun."""
    return path.with_name(path.name + DAMAGED).exists()


def connect_read_only(path: Path, usual_s: float | None = None) -> sqlite3.Connection:
    """A connection that cannot change anything. Raises PfError, also when the file is not there."""
    if _is_no_file(path):
        raise _refused(path, sqlite3.OperationalError("is no file"))
    try:
        return _opened_to_read(path, "mode=ro", usual_s)
    except sqlite3.OperationalError as error:
        if not path.is_file() or path.with_name(f"{path.name}-wal").exists():
            raise _refused(path, error) from error
    except sqlite3.DatabaseError as error:
        raise _refused(path, error) from error
    try:
        # on a read-only disk sqlite cannot make the file it shares with writers; there are none
        return _opened_to_read(path, "mode=ro&immutable=1", usual_s)
    except sqlite3.DatabaseError as error:
        raise _refused(path, error) from error


def _is_no_file(path: Path) -> bool:
    """A pipe, a device or a folder stands there: sqlite would wait for ever."""
    return path.exists() and not path.is_file()


def _opened_to_read(path: Path, how: str, usual_s: float | None) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{_quoted(path)}?{how}", uri=True, timeout=patience_s(usual_s))
    try:
        version = _checked_version(path, connection)
    except BaseException:
        connection.close()
        raise
    if 0 < version < VERSION:
        connection.close()
        _connect_and_migrate(path).close()
        return _opened_to_read(path, how, usual_s)
    return connection


def _connect_and_migrate(path: Path, usual_s: float | None = None) -> sqlite3.Connection:
    fresh = not path.exists()
    wait_s = patience_s(usual_s)
    connection = sqlite3.connect(
        str(path), timeout=wait_s, isolation_level=None, check_same_thread=False, uri=True
    )
    try:
        if fresh:
            path.chmod(0o600)
        version = _checked_version(path, connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        if version == 0:
            _create(connection)
        elif version < VERSION:
            from pf_tui.ledger import migrations

            migrations.bring_up_to_date(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection) -> None:
    from pf_tui.ledger import tables

    connection.execute("BEGIN IMMEDIATE")
    if not connection.execute("PRAGMA user_version").fetchone()[0]:  # nobody else was first
        for statement in tables.ALL:
            connection.execute(statement)
        connection.executemany("INSERT INTO names (id, text) VALUES (?, ?)", enumerate(FIXED_NAMES, start=1))
        connection.execute(tables.NAMED_ONCE)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


def _checked_version(path: Path, connection: sqlite3.Connection) -> int:
    """The version of its tables. Raises StateFileUnusable for one that the caller must leave alone."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        connection.close()
        raise StateFileUnusable(
            path,
            f"has version {version}, this pf-tui knows {VERSION}",
            "update pf-tui; the ledger was left as it is",
        )
    if 0 < version < VERSION and _hurry.get(get_ident()) is not None:
        connection.close()
        raise StateFileUnusable(
            path,
            f"has version {version}, this pf-tui knows {VERSION}",
            "`pf-tui ingest` brings it up to date; it was left as it is",
        )
    return version


def _is_broken(error: sqlite3.DatabaseError) -> bool:
    text = str(error)
    return "not a database" in text or "malformed" in text


def _refused(path: Path, error: Exception) -> PfError:
    is_held(error)
    if _is_broken(error) if isinstance(error, sqlite3.DatabaseError) else False:
        with contextlib.suppress(OSError):
            path.with_name(path.name + DAMAGED).touch(mode=0o600)
        return StateFileUnusable(
            path, "is damaged", "`pf-tui ingest` sets it aside and takes over every row that can be read"
        )
    full = "disk is full" in str(error)
    hint = "free some disk space" if full else f"check {path}"
    return PfError(f"{path.name} cannot be used ({error})", f"{hint}; nothing was lost")


def _quoted(path: Path) -> str:
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
