"""Agents' log files: which have something new, and reading one from where it was left.

What has been read is remembered per file. One that was truncated or replaced (another inode, other first
bytes) is read again from its start; one that was deleted keeps its rows.
"""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import FileIO
from typing import Any, NamedTuple

from pf_tui.ingest import claude_code, codex, gemini
from pf_tui.ingest.lines import read_document, read_lines
from pf_tui.ingest.observed import ParsedLogs
from pf_tui.ledger.rows import sound

HEAD_BYTES = 256
TAIL_BYTES = 64
"""A file is what it was, only longer, when it begins with the same bytes and has the same ones where its reading ended."""

LINE_SOURCES: Mapping[str, Any] = {claude_code.AGENT: claude_code, codex.AGENT: codex, gemini.AGENT: gemini}
"""Agents whose logs are line files: agent -> its module."""

_KNOWN = "SELECT path, inode, size, mtime_ns, offset, head_hash, note FROM files"

Known = Mapping[str, tuple[Any, ...]]
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

    @property
    def bytes(self) -> int:
        return self.size - self.offset


class Read(NamedTuple):
    """What became of a job."""

    job: Job
    offset: int
    note: str
    head_hash: int


Harvested = tuple[dict[str, ParsedLogs], list[Read]]
"""What a batch gave, by agent, and how far its files were read."""


def known(connection: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
    """Every file as it was read last."""
    return {row[0]: row[1:] for row in connection.execute(_KNOWN)}


def jobs(env: Mapping[str, str], known: Known) -> Iterator[Job]:
    """Every line file that has something new."""
    for agent, module in LINE_SOURCES.items():
        for root in module.roots(env):
            for entry in _walk(str(root), module.SUFFIXES):
                if job := _job(agent, entry, known):
                    yield job


def read(job: Job, harvest: ParsedLogs) -> Read:
    """Read a file from where it was left."""
    module = LINE_SOURCES[job.agent]
    reader = module.Reader(json.loads(job.note) if job.note else {})
    try:
        with FileIO(job.path) as file:
            if job.path.endswith(".json"):
                end = read_document(file, job.path, reader.read_line, harvest)
            else:
                end = read_lines(file, job.path, job.offset, module.NEEDLES, reader.read_line, harvest)
            head = _known_bytes(file, job.size, end)
    except OSError as error:
        harvest.skip(job.path, 0, f"cannot be read ({error.strerror})")
        return Read(job, job.offset, job.note, 0)
    note = reader.note()
    return Read(job, end, json.dumps(note) if note else "", head)


def read_here(batches: list[list[Job]], cancelled: Callable[[], bool]) -> Iterator[Harvested]:
    """Read batches in this process; one that is cancelled gives what it has and is the last."""
    for batch in batches:
        if cancelled():
            return
        yield read_batch(batch, cancelled)


def read_batch(batch: list[Job], cancelled: Callable[[], bool] = lambda: False) -> Harvested:
    """Read some files in this process; stops early, with what it has, when cancelled."""
    harvests: dict[str, ParsedLogs] = {}
    reads: list[Read] = []
    for job in batch:
        reads.append(read(job, harvests.setdefault(job.agent, ParsedLogs())))
        if cancelled():
            break
    return harvests, reads


def _walk(folder: str, suffixes: tuple[str, ...]) -> Iterator[os.DirEntry[str]]:
    """Every log below a folder; folders that cannot be read are skipped."""
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


def _job(agent: str, entry: os.DirEntry[str], known: Known) -> Job | None:
    """What is to be read of a file; None when nothing is."""
    try:
        status = entry.stat()
    except OSError:
        return None
    path = entry.path
    size, mtime_ns, inode = status.st_size, status.st_mtime_ns, status.st_ino
    before = known.get(sound(path))
    if before is None:
        return Job(agent, path, size, mtime_ns, inode) if size else None
    old_inode, old_size, old_mtime, offset, head_hash, note = before
    if (inode, size, mtime_ns) == (old_inode, old_size, old_mtime):
        return None
    grown = (
        inode == old_inode
        and size >= max(old_size, offset)
        and not path.endswith(".json")
        and _goes_on(path, old_size, offset, head_hash)
    )
    if grown:
        return Job(agent, path, size, mtime_ns, inode, offset, note or "")
    return Job(agent, path, size, mtime_ns, inode)


def _goes_on(path: str, size: int, offset: int, head_hash: int) -> bool:
    try:
        with FileIO(path) as file:
            return _known_bytes(file, size, offset) == head_hash
    except OSError:
        return head_hash == 0


def _known_bytes(file: FileIO, size: int, offset: int) -> int:
    """A checksum of the file's first bytes, as far as it reached then, and of the last ones before an offset."""
    begin = max(0, offset - TAIL_BYTES)
    head = zlib.crc32(os.pread(file.fileno(), min(HEAD_BYTES, size), 0))
    return zlib.crc32(os.pread(file.fileno(), offset - begin, begin), head)
