"""All agents' logs into the ledger, incrementally, safely from several processes at once.

Every row is laid over by its id, so reading anything twice changes nothing: crashes, cancelled runs
and two ingests at once need no coordination. What has been read is remembered per file; a file that
was truncated or replaced is read again from its start; a deleted one keeps its rows.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pf_tui.catalog import Catalog
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger import schema
from pf_tui.ledger.prices import Pricer
from pf_tui.sources import claude_code, codex, gemini, opencode, storing
from pf_tui.sources.attribution import Attribution, Timeline, assumed, codex_names
from pf_tui.sources.reading import read_document, read_lines
from pf_tui.sources.sightings import Harvest

BATCH_BYTES = 128 * 1024 * 1024
"""Logs read at once, by all processes together: what one waits for another at most."""

COMMIT_ROWS = 30_000
"""Requests stored at once: bounds memory, and what a run that is killed has to repeat."""

CACHE_KIB = 48 * 1024

WORKER_BYTES = 48 * 1024 * 1024
"""Less than this is read faster by one process than a second one starts."""

HEAD_BYTES = 256
LEGACY_BATCH = 20_000
"""Requests of single-message files laid into the ledger at once."""

LINE_SOURCES: Mapping[str, Any] = {claude_code.AGENT: claude_code, codex.AGENT: codex, gemini.AGENT: gemini}
"""Agents whose logs are line files: agent -> its module."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to read."""

    agent: str
    path: str
    size: int
    mtime_ns: int
    inode: int
    offset: int = 0
    note: str = ""

    @property
    def bytes(self) -> int:
        return self.size - self.offset


@dataclass(frozen=True, slots=True)
class Read:
    """What became of a job."""

    job: Job
    offset: int
    note: str
    head_hash: int


@dataclass(slots=True)
class Outcome:
    """What an ingest did."""

    files: int = 0
    bytes: int = 0
    rows_new: int = 0
    rows_skipped: int = 0
    seconds: float = 0.0
    cancelled: bool = False
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """The agreed shape."""
        return {
            "files": self.files,
            "bytes": self.bytes,
            "rows_new": self.rows_new,
            "rows_skipped": self.rows_skipped,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is."""

    bytes_done: int
    bytes_total: int
    seconds: float


def ingest(
    ledger: Path,
    env: Mapping[str, str],
    catalog: Catalog,
    *,
    full: bool = False,
    workers: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Read everything new.

    Args:
        full: forget what was read and read all again (rows stay, nothing doubles).
        workers: processes; None = two when there is enough to read.
        cancelled: asked between files; what was read until then is kept.
    Raises:
        PfError: the ledger cannot be written.
    """
    began = time.monotonic()
    outcome = Outcome()
    with schema.opened(ledger, write=True) as connection:
        ledger_rows.prepare(connection)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        known = {} if full else _known(connection)
        jobs = list(_jobs(env, known))
        sink = storing.Sink(
            connection,
            catalog,
            Pricer(catalog, connection),
            lambda agent: _attribution(connection, agent, env, catalog),
        )
        total = sum(job.bytes for job in jobs)
        waiting = _Waiting(sink)
        for harvests, reads in _harvested(jobs, workers, env, catalog, cancelled):
            outcome.rows_new += waiting.take(harvests, reads)
            outcome.files += len(reads)
            outcome.bytes += sum(harvest.bytes for harvest in harvests.values())
            outcome.rows_skipped += sum(harvest.lost for harvest in harvests.values())
            if progress:
                progress(Progress(outcome.bytes, total, time.monotonic() - began))
            if cancelled():
                outcome.cancelled = True
                break
        outcome.rows_new += waiting.store()
        if outcome.cancelled:
            sink.add_up()
        else:
            outcome.rows_new += _databases(connection, sink, env, catalog, outcome, full=full)
            sink.finish(opencode.antigravity_readings(env))
    outcome.seconds = time.monotonic() - began
    return outcome


def ingest_file(ledger: Path, agent: str, path: str, env: Mapping[str, str], catalog: Catalog) -> Outcome:
    """Read what is new in one file: what a hook or a watcher does after a turn."""
    began = time.monotonic()
    outcome = Outcome()
    with schema.opened(ledger, write=True) as connection:
        ledger_rows.prepare(connection)
        found = connection.execute(
            "SELECT path, inode, size, mtime_ns, offset, head_hash, note FROM files WHERE path = ?",
            (ledger_rows.sound(path),),
        ).fetchone()
        job = _job(agent, path, {found[0]: found[1:]} if found else {})
        if job is None:
            return outcome
        harvest, read = read_job(job)
        sink = storing.Sink(
            connection,
            catalog,
            Pricer(catalog, connection),
            lambda name: _attribution(connection, name, env, catalog),
        )
        outcome.rows_new = sink.store({agent: harvest}, [read])
        sink.add_up()
        outcome.files, outcome.bytes, outcome.rows_skipped = 1, harvest.bytes, harvest.lost
    outcome.seconds = time.monotonic() - began
    return outcome


def read_job(job: Job) -> tuple[Harvest, Read]:
    """Read one line file from where it was left."""
    harvest = Harvest()
    module = LINE_SOURCES[job.agent]
    reader = module.Reader(json.loads(job.note) if job.note else {})
    try:
        if job.path.endswith(".json"):
            end = read_document(job.path, reader.read_line, harvest)
        else:
            end = read_lines(job.path, job.offset, module.NEEDLES, reader.read_line, harvest)
    except OSError as error:
        harvest.skip(job.path, 0, f"cannot be read ({error.strerror})")
        return harvest, Read(job, job.offset, job.note, 0)
    note = reader.note()
    return harvest, Read(job, end, json.dumps(note) if note else "", _head_hash(job.path, job.size))


def total_bytes(env: Mapping[str, str], ledger: Path) -> int:
    """Bytes an ingest would read now (for a progress bar before it starts)."""
    if ledger.exists():
        with schema.opened(ledger) as connection:
            return sum(job.bytes for job in _jobs(env, _known(connection)))
    return sum(job.bytes for job in _jobs(env, {}))


def _known(connection: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
    query = "SELECT path, inode, size, mtime_ns, offset, head_hash, note FROM files"
    return {row[0]: row[1:] for row in connection.execute(query)}


def _jobs(env: Mapping[str, str], known: Mapping[str, tuple[Any, ...]]) -> Iterator[Job]:
    """Every line file that has something new."""
    for agent, module in LINE_SOURCES.items():
        for root in module.roots(env):
            for entry in _walk(str(root), module.SUFFIXES):
                if job := _job(agent, entry.path, known, entry):
                    yield job


def _walk(folder: str, suffixes: tuple[str, ...]) -> Iterator[os.DirEntry[str]]:
    """Every log below a folder; folders that cannot be read are passed over."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.name.endswith(suffixes):
                        yield entry
        except OSError:
            continue


def _job(
    agent: str, path: str, known: Mapping[str, tuple[Any, ...]], entry: os.DirEntry[str] | None = None
) -> Job | None:
    """What is to be read of a file; None when nothing is."""
    try:
        status = entry.stat() if entry is not None else Path(path).stat()
    except OSError:
        return None
    size, mtime_ns, inode = status.st_size, status.st_mtime_ns, status.st_ino
    before = known.get(ledger_rows.sound(path))
    if before is None:
        return Job(agent, path, size, mtime_ns, inode) if size else None
    old_inode, old_size, old_mtime, offset, head_hash, note = before
    if (inode, size, mtime_ns) == (old_inode, old_size, old_mtime):
        return None
    grown = (
        inode == old_inode
        and size >= max(old_size, offset)
        and not path.endswith(".json")
        and _head_hash(path, old_size) == head_hash
    )
    if grown:
        return Job(agent, path, size, mtime_ns, inode, offset, note or "")
    return Job(agent, path, size, mtime_ns, inode)


def _head_hash(path: str, size: int) -> int:
    """A checksum of the file's first bytes, as far as it reached then."""
    try:
        with Path(path).open("rb", buffering=0) as file:
            return zlib.crc32(file.read(min(HEAD_BYTES, size)))
    except OSError:
        return 0


def _attribution(
    connection: sqlite3.Connection, agent: str, env: Mapping[str, str], catalog: Catalog
) -> Attribution:
    query = "SELECT ts, provider FROM timeline WHERE agent = ? ORDER BY ts"
    timeline = Timeline(connection.execute(query, (agent,)).fetchall())
    who = assumed(agent, env, catalog)
    if agent == codex.AGENT:
        return Attribution(timeline, who, codex_names(env, catalog))
    return Attribution(timeline, who)


Harvested = tuple[dict[str, Harvest], list[Read]]


class _Waiting:
    """Batches on their way into the ledger: few large transactions write each page once, not twenty times."""

    def __init__(self, sink: storing.Sink) -> None:
        self._sink = sink
        self._harvests: dict[str, Harvest] = {}
        self._reads: list[Read] = []

    def take(self, harvests: dict[str, Harvest], reads: list[Read]) -> int:
        """Keep a batch, and store what waits once it is much; returns how many requests are new."""
        for agent, harvest in harvests.items():
            self._harvests.setdefault(agent, Harvest()).absorb(harvest)
        self._reads += reads
        much = sum(len(harvest.requests) for harvest in self._harvests.values()) >= COMMIT_ROWS
        return self.store() if much else 0

    def store(self) -> int:
        """Store what waits; returns how many requests are new."""
        if not self._reads:
            return 0
        harvests, reads = self._harvests, self._reads
        self._harvests, self._reads = {}, []
        return self._sink.store(harvests, reads)


def _harvested(
    jobs: list[Job],
    workers: int | None,
    env: Mapping[str, str],
    catalog: Catalog,
    cancelled: Callable[[], bool],
) -> Iterator[Harvested]:
    """Batches of files, read here and, when there is much, in a second process beside."""
    from pf_tui.sources import worker

    total = sum(job.bytes for job in jobs)
    wanted = (2 if total > WORKER_BYTES and (os.cpu_count() or 1) > 1 else 1) if workers is None else workers
    batches = list(_batched(jobs, BATCH_BYTES // max(1, wanted)))
    if wanted < 2 or len(jobs) < 2:
        for batch in batches:
            yield read_batch(batch, cancelled)
            if cancelled():
                return
        return
    yield from worker.beside(batches, cancelled)


def read_batch(batch: list[Job], cancelled: Callable[[], bool] = lambda: False) -> Harvested:
    """Read some files in this process; stops early, with what it has, when cancelled."""
    harvests: dict[str, Harvest] = {}
    reads: list[Read] = []
    for job in batch:
        harvest, read = read_job(job)
        together = harvests.setdefault(job.agent, Harvest())
        together.absorb(harvest)
        reads.append(read)
        if cancelled():
            break
    return harvests, reads


def _batched(jobs: list[Job], limit: int) -> Iterator[list[Job]]:
    batch: list[Job] = []
    size = 0
    for job in jobs:
        batch.append(job)
        size += job.bytes
        if size >= limit:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _databases(
    connection: sqlite3.Connection,
    sink: storing.Sink,
    env: Mapping[str, str],
    catalog: Catalog,
    outcome: Outcome,
    *,
    full: bool,
) -> int:
    """OpenCode: the database since its newest known change, and legacy message files."""
    ours: dict[str, tuple[tuple[str, str], ...]] = {}
    for provider in catalog.providers.values():
        if provider.opencode_id:
            ours[provider.opencode_id] = (*ours.get(provider.opencode_id, ()), (provider.id, provider.auth))
    providers = opencode.Providers(env, ours)
    new = 0
    path = opencode.database(env)
    if path.is_file():
        new += _opencode(connection, sink, path, providers, outcome, full=full)
    for root in opencode.roots(env):
        new += _legacy(connection, sink, root, providers, outcome, full=full)
    return new


def _opencode(
    connection: sqlite3.Connection,
    sink: storing.Sink,
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
    known = connection.execute("SELECT inode, mtime_ns, note FROM files WHERE path = ?", (key,)).fetchone()
    same = known is not None and known[0] == status.st_ino and not full
    if same and known[1] == max(stamps):
        return 0
    since = opencode.Mark(*json.loads(known[2])) if same and known[2] else opencode.Mark()
    try:
        harvest, mark = opencode.read_database(path, since, providers)
    except sqlite3.Error as error:
        outcome.problems.append(f"{path} cannot be read ({error}); the other agents were")
        return 0
    job = Job(opencode.AGENT, key, status.st_size, max(stamps), status.st_ino)
    outcome.files += 1
    outcome.bytes += harvest.bytes
    outcome.rows_skipped += harvest.lost
    return sink.store({opencode.AGENT: harvest}, [Read(job, 0, json.dumps(mark), 0)])


def _legacy(
    connection: sqlite3.Connection,
    sink: storing.Sink,
    root: Path,
    providers: opencode.Providers,
    outcome: Outcome,
    *,
    full: bool,
) -> int:
    """Legacy message files: a folder whose newest file is known is passed over."""
    new = 0
    known = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT path, mtime_ns, size FROM files WHERE path LIKE ? || '/%/'", (str(root),)
        )
    }
    harvest, reads = Harvest(), []
    for folder in _folders(root):
        with os.scandir(folder) as entries:
            files = sorted(
                (entry.path, entry.stat().st_mtime_ns) for entry in entries if entry.name.endswith(".json")
            )
        newest = max((stamp for _, stamp in files), default=0)
        key = f"{folder}/"
        if known.get(key) == (newest, len(files)) and not full:
            continue
        for file, _ in files:
            try:
                opencode.read_message_file(file, providers, harvest)
            except (OSError, ValueError, TypeError, RecursionError):
                harvest.skip(file, 1, "is not JSON")
        reads.append(Read(Job(opencode.AGENT, key, len(files), newest, 0), 0, "", 0))
        outcome.files += len(files)
        if len(harvest.requests) > LEGACY_BATCH:
            new += _store_legacy(sink, harvest, reads, outcome)
            harvest, reads = Harvest(), []
    return new + (_store_legacy(sink, harvest, reads, outcome) if reads else 0)


def _store_legacy(sink: storing.Sink, harvest: Harvest, reads: list[Read], outcome: Outcome) -> int:
    outcome.bytes += harvest.bytes
    outcome.rows_skipped += harvest.lost
    return sink.store({opencode.AGENT: harvest}, reads)


def _folders(root: Path) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []
