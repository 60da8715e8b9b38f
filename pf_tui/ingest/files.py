"""Agents' log files: which have something new, and reading one from where it was left.

What has been read is remembered per file. One that was truncated or replaced (another inode, other first
bytes) is read again from its start; one that was deleted keeps its rows.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from io import FileIO
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from pf_tui.clients import CLIENTS
from pf_tui.ingest.compressed import Unpacked, UnusableError, while_usable
from pf_tui.ingest.lines import OnLine, read_document, read_lines
from pf_tui.ingest.observed import ParsedLogs
from pf_tui.ledger.rows import sound
from pf_tui.regular_files import open_handle

HEAD_BYTES = 256
TAIL_BYTES = 64
"""A file is what it was, only longer, when it begins with the same bytes and has the same ones where its reading ended."""

ZSTD = ".zst"
NO_ZSTD = "is compressed; install pf-tui[zstd], then `pf-tui ingest --full` reads it"

_MODULES = {agent: import_module(f"pf_tui.ingest.{client.module}") for agent, client in CLIENTS.items()}

LINE_SOURCES: Mapping[str, ModuleType] = {
    agent: module for agent, module in _MODULES.items() if hasattr(module, "NEEDLES")
}
"""Agents whose logs are line files: agent -> its module."""

_SELECT_FILES = "SELECT path, inode, size, mtime_ns, offset, head_hash, note FROM files"

StoredFiles = Mapping[str, tuple[int, int, int, int, int, str]]
"""path -> inode, size, mtime, offset, head hash, note of when it was read last"""


class Job(NamedTuple):
    """One file to read."""

    agent: str
    path: str
    size: int
    mtime_ns: int
    inode: int
    offset: int = 0
    note: str = ""
    root: str = ""
    """The folder of logs it lies in."""

    @property
    def bytes(self) -> int:
        """How many bytes there are to read."""
        return self.size - self.offset


class Read(NamedTuple):
    """What became of a job."""

    job: Job
    offset: int
    note: str
    head_hash: int


ParsedBatch = tuple[dict[str, ParsedLogs], list[Read]]
"""What a batch gave, by origin, and how far its files were read."""


def origin(job: Job) -> str:
    """What rows of a file have in common: the agent, and the agent's folder it lies in."""
    return f"{job.agent}\t{os.path.dirname(job.root)}"  # noqa: PTH120 - no Path for each of a batch


def stored_files(connection: sqlite3.Connection) -> dict[str, tuple[int, int, int, int, int, str]]:
    """Every file as it was read last."""
    return {row[0]: row[1:] for row in connection.execute(_SELECT_FILES)}


def folders(env: Mapping[str, str]) -> Iterator[Path]:
    """The folders in which agents keep their logs, as far as they exist."""
    for module in _MODULES.values():
        yield from module.roots(env)


def jobs(env: Mapping[str, str], stored_files: StoredFiles) -> Iterator[Job]:
    """Every line file that has something new."""
    for agent, module in LINE_SOURCES.items():
        for root in module.roots(env):
            for entry in _walk(str(root), module.SUFFIXES):
                if job := _job(agent, entry, stored_files):
                    yield job._replace(root=str(root))


def read(job: Job, logs: ParsedLogs) -> Read:
    """Read a file from where it was left."""
    module = LINE_SOURCES[job.agent]
    reader = module.Reader(json.loads(job.note) if job.note else {})
    try:
        with FileIO(open_handle(job.path)) as file:
            if job.path.endswith(".json"):
                end = read_document(file, job.path, reader.read_line, logs)
            elif job.path.endswith(ZSTD):
                end = _read_compressed(file, job, module.NEEDLES, reader.read_line, logs)
            else:
                end = read_lines(
                    file, job.path, job.offset, module.NEEDLES, reader.read_line, logs,
                    getattr(module, "TURNS", ()),
                )  # fmt: skip
            head = _known_bytes(file, job.size, end)
    except OSError as error:
        logs.skip(job.path, 0, f"cannot be read ({error.strerror})")
        return Read(job, job.offset, job.note, 0)
    note = reader.note()
    return Read(job, end, json.dumps(note) if note else "", head)


def read_here(batches: list[list[Job]], is_cancelled: Callable[[], bool]) -> Iterator[ParsedBatch]:
    """Read batches in this process; one that is cancelled gives what it has and is the last."""
    for batch in batches:
        if is_cancelled():
            return
        yield read_batch(batch, is_cancelled)


def read_batch(batch: list[Job], is_cancelled: Callable[[], bool] = lambda: False) -> ParsedBatch:
    """Read some files in this process; stops early, with what it has, when cancelled."""
    logs_by_agent: dict[str, ParsedLogs] = {}
    reads: list[Read] = []
    for job in batch:
        reads.append(read(job, logs_by_agent.setdefault(origin(job), ParsedLogs())))
        if is_cancelled():
            break
    return logs_by_agent, reads


def _walk(folder: str, suffixes: tuple[str, ...]) -> Iterator[os.DirEntry[str]]:
    """Every log below a folder, in each folder once; those that cannot be read are skipped."""
    waiting, links = [folder], list[str]()
    folders: set[tuple[int, int]] = set()
    while waiting or links:
        # links last: a folder that is there by itself is known by its own path
        next_folder = waiting.pop() if waiting else links.pop()
        try:
            status = Path(next_folder).stat()
            if (status.st_dev, status.st_ino) in folders:
                continue
            folders.add((status.st_dev, status.st_ino))
            with os.scandir(next_folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif entry.name.endswith(suffixes):
                        yield entry
                    elif entry.is_symlink() and entry.is_dir():
                        links.append(entry.path)
        except OSError:
            continue


def _read_compressed(
    file: FileIO, job: Job, needles: tuple[bytes, ...], on_line: OnLine, logs: ParsedLogs
) -> int:
    """A file packed with zstd, read whole each time it changes; returns its size."""
    try:
        import zstandard  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        logs.skip(job.path, 0, NO_ZSTD)
        return job.size

    @contextlib.contextmanager
    def again() -> Iterator[Unpacked]:
        with FileIO(open_handle(job.path)) as log:
            yield Unpacked(log, zstandard)

    try:
        read_lines(Unpacked(file, zstandard), job.path, 0, needles, while_usable(on_line), logs, opened=again)
    except UnusableError as reason:
        logs.skip(job.path, 0, str(reason))
    return job.size


def _job(agent: str, entry: os.DirEntry[str], stored_files: StoredFiles) -> Job | None:
    """What is to be read of a file; None when nothing is."""
    try:
        status = entry.stat()
    except OSError:
        return None
    path = entry.path
    size, mtime_ns, inode = status.st_size, status.st_mtime_ns, status.st_ino
    before = stored_files.get(sound(path))
    if before is None:
        return Job(agent, path, size, mtime_ns, inode) if size else None
    old_inode, old_size, old_mtime, offset, head_hash, note = before
    if (inode, size, mtime_ns) == (old_inode, old_size, old_mtime):
        return None
    is_longer = (
        inode == old_inode
        and size >= max(old_size, offset)
        and not path.endswith((".json", ZSTD))
        and _goes_on(path, old_size, offset, head_hash)
    )
    if is_longer:
        return Job(agent, path, size, mtime_ns, inode, offset, note or "")
    return Job(agent, path, size, mtime_ns, inode)


def _goes_on(path: str, size: int, offset: int, head_hash: int) -> bool:
    try:
        with FileIO(open_handle(path)) as file:
            return _known_bytes(file, size, offset) == head_hash
    except OSError:
        return head_hash == 0


def _known_bytes(file: FileIO, size: int, offset: int) -> int:
    """A checksum of the file's first bytes, as far as it reached then, and of the last ones before an offset."""
    begin = max(0, offset - TAIL_BYTES)
    head = zlib.crc32(os.pread(file.fileno(), min(HEAD_BYTES, size), 0))
    return zlib.crc32(os.pread(file.fileno(), offset - begin, begin), head)
