"""OpenCode's own stores: what changed in its database and its older message files, into the ledger."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from pf_tui.catalog import Catalog
from pf_tui.ingest import opencode, store
from pf_tui.ingest.files import Job, Read
from pf_tui.ingest.observed import ParsedLogs, UnusableRowError
from pf_tui.ingest.outcome import Outcome

_FOR_A_MOMENT = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
"""What is over by itself: another program writes."""

LEGACY_BATCH = 20_000
"""Requests of single-message files laid into the ledger at once."""


def read(
    connection: sqlite3.Connection,
    writer: store.LedgerWriter,
    env: Mapping[str, str],
    catalog: Catalog,
    outcome: Outcome,
    *,
    full: bool,
) -> int:
    """What changed in the database and in legacy message files; returns how many requests are new."""
    ids_by_package: dict[str, tuple[tuple[str, str], ...]] = {}
    for provider in catalog.providers.values():
        if provider.opencode_id:
            ids_by_package[provider.opencode_id] = (
                *ids_by_package.get(provider.opencode_id, ()),
                (provider.id, provider.auth),
            )
    providers = opencode.Providers(env, ids_by_package)
    new = 0
    for path in opencode.databases(env):
        new += _opencode(connection, writer, path, providers, outcome, full=full)
    for root in opencode.roots(env):
        new += _legacy(connection, writer, root, providers, outcome, full=full)
    return new


def _opencode(
    connection: sqlite3.Connection,
    writer: store.LedgerWriter,
    path: Path,
    providers: opencode.Providers,
    outcome: Outcome,
    *,
    full: bool,
) -> int:
    """What changed in opencode.db; nothing when neither it nor its log has."""
    key = str(path)
    status = path.stat()
    stamps = [status.st_mtime_ns]
    with contextlib.suppress(OSError):
        stamps.append(Path(f"{path}-wal").stat().st_mtime_ns)
    row = connection.execute("SELECT inode, mtime_ns, note FROM files WHERE path = ?", (key,)).fetchone()
    same = row is not None and row[0] == status.st_ino and not full
    if same and row[1] == max(stamps):
        return 0
    since = opencode.Mark(*json.loads(row[2])) if same and row[2] else opencode.Mark()
    try:
        logs, mark = opencode.read_database(path, since, providers)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FOR_A_MOMENT:
            outcome.problems.append(f"{path} cannot be read ({error}); the other agents were")
            return 0
        logs = ParsedLogs()
        logs.skip(key, 0, f"cannot be read ({error})")
        return writer.store({opencode.AGENT: logs}, [])
    job = Job(opencode.AGENT, key, status.st_size, max(stamps), status.st_ino)
    outcome.files += 1
    outcome.bytes += logs.bytes
    outcome.rows_skipped += logs.lost
    return writer.store({opencode.AGENT: logs}, [Read(job, 0, json.dumps(mark), 0)])


def _legacy(
    connection: sqlite3.Connection,
    writer: store.LedgerWriter,
    root: Path,
    providers: opencode.Providers,
    outcome: Outcome,
    *,
    full: bool,
) -> int:
    """Legacy message files: a folder whose newest file is known is skipped."""
    new = 0
    known_files = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT path, mtime_ns, size FROM files WHERE path LIKE ? || '/%/'", (str(root),)
        )
    }
    logs, reads = ParsedLogs(), []
    for folder in _folders(root):
        with os.scandir(folder) as entries:
            files = sorted(
                (entry.path, entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(".json")
            )
        newest = max((stamp for _, stamp in files), default=0)
        key = f"{folder}/"
        if known_files.get(key) == (newest, len(files)) and not full:
            continue
        for file, _ in files:
            try:
                opencode.read_message_file(file, providers, logs)
            except UnusableRowError as reason:
                logs.skip(file, 1, str(reason))
            except (OSError, ValueError, TypeError, RecursionError):
                logs.skip(file, 1, "is not JSON")
        reads.append(Read(Job(opencode.AGENT, key, len(files), newest, 0), 0, "", 0))
        outcome.files += len(files)
        if len(logs.requests) > LEGACY_BATCH:
            new += _store_legacy(writer, logs, reads, outcome)
            logs, reads = ParsedLogs(), []
    return new + (_store_legacy(writer, logs, reads, outcome) if reads else 0)


def _store_legacy(writer: store.LedgerWriter, logs: ParsedLogs, reads: list[Read], outcome: Outcome) -> int:
    outcome.bytes += logs.bytes
    outcome.rows_skipped += logs.lost
    return writer.store({opencode.AGENT: logs}, reads)


def _folders(root: Path) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir())
    except OSError:
        return []
