"""Log files read in batches, here and, when there is much, in a second process beside."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator

from pf_tui.sources import files
from pf_tui.sources.files import Job, Read
from pf_tui.sources.sightings import Harvest

BATCH_BYTES = 8 * 1024 * 1024
"""Logs read at once: how often progress is told, and what one process waits for the other at most."""

MOST_BATCHES = 2000
"""A long history is read in larger ones: their numbers all wait in one pipe."""

WORKER_BYTES = 48 * 1024 * 1024
"""Less than this is read faster by one process than a second one starts."""

Harvested = tuple[dict[str, Harvest], list[Read]]
"""What a batch gave, by agent, and how far its files were read."""


def harvested(
    jobs: list[Job], workers: int | None, cancelled: Callable[[], bool]
) -> Generator[Harvested, None, None]:
    """Read all files, a batch at a time.

    Args:
        workers: processes; None = two when there is enough to read.
    """
    total = sum(job.bytes for job in jobs)
    batches = list(_batched(jobs, max(BATCH_BYTES, total // MOST_BATCHES)))
    wanted = (2 if total > WORKER_BYTES and (os.cpu_count() or 1) > 1 else 1) if workers is None else workers
    if wanted > 1 and len(batches) > 1:
        from pf_tui.sources import worker

        yield from worker.beside(batches, cancelled)
    else:
        yield from read_here(batches, cancelled)


def read_here(batches: list[list[Job]], cancelled: Callable[[], bool]) -> Iterator[Harvested]:
    """Read batches in this process; one that is cancelled gives what it has and is the last."""
    for batch in batches:
        if cancelled():
            return
        yield read_batch(batch, cancelled)


def read_batch(batch: list[Job], cancelled: Callable[[], bool] = lambda: False) -> Harvested:
    """Read some files in this process; stops early, with what it has, when cancelled."""
    harvests: dict[str, Harvest] = {}
    reads: list[Read] = []
    for job in batch:
        reads.append(files.read(job, harvests.setdefault(job.agent, Harvest())))
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
