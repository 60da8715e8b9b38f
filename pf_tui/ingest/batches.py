"""Log files read in batches, here and, when there is much, in a second process beside."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator

from pf_tui.ingest.files import Job, ParsedBatch, read_here

BATCH_BYTES = 8 * 1024 * 1024
"""Logs read at once: how often progress is told, and what one process waits for the other at most."""

MOST_BATCHES = 2000
"""A long history is read in larger ones: their numbers all wait in one pipe."""

WORKER_BYTES = 48 * 1024 * 1024
"""Less than this is read faster by one process than a second one starts."""


def parsed(
    jobs: list[Job], workers: int | None, is_cancelled: Callable[[], bool]
) -> Generator[ParsedBatch, None, None]:
    """Read all files, a batch at a time.

    Args:
        workers: processes; None = two when there is enough to read.
    """
    total = sum(job.bytes for job in jobs)
    batches = list(_batched(jobs, max(BATCH_BYTES, total // MOST_BATCHES)))
    worker_count = (
        (2 if total > WORKER_BYTES and (os.cpu_count() or 1) > 1 else 1) if workers is None else workers
    )
    if worker_count > 1 and len(batches) > 1:
        from pf_tui.ingest import worker

        # the large ones first, so that nobody is left with one at the end; the others as they lie in folders
        batches.sort(key=lambda batch: -max(2 * BATCH_BYTES, sum(job.bytes for job in batch)))
        yield from worker.beside(batches, is_cancelled)
    else:
        yield from read_here(batches, is_cancelled)


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
