"""A second process that reads logs beside the first: half the batches go through a pipe.

A fresh interpreter, not a fork: the dashboard has threads, and a fork of those hangs sooner or later.
"""

from __future__ import annotations

import contextlib
import marshal
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO, Any

from pf_tui.sources.ingest import Harvested, Job, Read, read_batch
from pf_tui.sources.sightings import Harvest

SWITCH_S = 0.0005
"""The worker waits while the thread that empties its pipe waits for this process: 5 ms each time, by default."""


def beside(batches: list[list[Job]], cancelled: Callable[[], bool]) -> Iterator[Harvested]:
    """Read batches here and in a worker, whoever is free taking the next; yields them as they are done."""
    waiting: queue.SimpleQueue[list[Job]] = queue.SimpleQueue()
    for batch in sorted(batches, key=lambda batch: -sum(job.bytes for job in batch)):
        waiting.put(batch)
    results: queue.SimpleQueue[Harvested | None] = queue.SimpleQueue()
    process = subprocess.Popen(
        [sys.executable, "-m", "pf_tui.sources.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    feeder = threading.Thread(target=_feed, args=(process, waiting, results, cancelled), daemon=True)
    feeder.start()
    patience_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        ended = False
        while not cancelled():
            try:
                batch = waiting.get_nowait()
            except queue.Empty:
                break
            yield read_batch(batch, cancelled)
            while not ended and not results.empty():
                if (found := results.get()) is None:
                    ended = True
                else:
                    yield found
        while not ended and (found := results.get()) is not None:
            yield found
    finally:
        sys.setswitchinterval(patience_s)
        if cancelled():
            process.kill()
        feeder.join()


def _feed(
    process: subprocess.Popen[bytes],
    waiting: queue.SimpleQueue[list[Job]],
    results: queue.SimpleQueue[Harvested | None],
    cancelled: Callable[[], bool],
) -> None:
    """Hand batches to the worker one by one and collect what it read; ends with a None."""
    source, target = process.stdout, process.stdin
    if source is None or target is None:
        raise AssertionError("the worker was started without pipes")
    try:
        while not cancelled():
            try:
                batch = waiting.get_nowait()
            except queue.Empty:
                break
            try:
                _send(target, [_plain(job) for job in batch])
                answer = _receive(source)
            except (OSError, EOFError):
                results.put(read_batch(batch, cancelled))
                break
            results.put(_unpacked(answer))
    finally:
        with contextlib.suppress(OSError):
            target.close()
        process.wait()
        source.close()
        results.put(None)


def main() -> None:
    """The worker: a batch in, its harvest out, until the pipe closes."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        while True:
            batch = [Job(*job) for job in _receive(source)]
            harvests, reads = read_batch(batch)
            _send(target, _packed(harvests, reads))


def _plain(job: Job) -> tuple[Any, ...]:
    return (job.agent, job.path, job.size, job.mtime_ns, job.inode, job.offset, job.note)


def _packed(harvests: dict[str, Harvest], reads: list[Read]) -> tuple[Any, ...]:
    return (
        {agent: harvest.packed() for agent, harvest in harvests.items()},
        [(_plain(read.job), read.offset, read.note, read.head_hash) for read in reads],
    )


def _unpacked(answer: tuple[Any, ...]) -> Harvested:
    harvests = {agent: Harvest.unpacked(packed) for agent, packed in answer[0].items()}
    return harvests, [Read(Job(*job), *rest) for job, *rest in answer[1]]


def _send(pipe: IO[bytes], content: Any) -> None:
    data = marshal.dumps(content)
    pipe.write(struct.pack("<Q", len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> Any:
    head = pipe.read(8)
    if len(head) < 8:
        raise EOFError
    (size,) = struct.unpack("<Q", head)
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return marshal.loads(data)  # noqa: S302 - our own worker's pipe


if __name__ == "__main__":
    main()
