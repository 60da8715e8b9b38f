"""A second process that reads logs beside the first.

Both draw the numbers of batches from one pipe, so neither waits for the other. A fresh interpreter, not
a fork: the dashboard has threads, and a fork of those hangs sooner or later.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import marshal
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

import msgspec

from pf_tui.ingest.files import Job, ParsedBatch, Read, read_batch, read_here
from pf_tui.ingest.observed import CostState, LimitHit, LoggedRequest, ParsedLogs, Skipped, WindowReading
from pf_tui.ledger.rows import sound

PIPE_BYTES = 1024 * 1024
"""Some answers fit in whole: the worker goes on while this process is busy."""

WAITING = 64
"""Answers held here until there is time for them; beyond that the worker waits."""

_NUMBER = struct.Struct("<H")
_SIZE = struct.Struct("<Q")


class _EncodedLogs(NamedTuple):
    """What a process has read, on its way through a pipe."""

    requests: list[LoggedRequest]
    hits: list[LimitHit]
    readings: list[tuple[tuple[str, str | None, str | None], WindowReading]]
    cost_states: list[tuple[tuple[str, str], CostState]]
    shared_sessions: list[str]
    constant: list[str]
    skipped: dict[str, list[Skipped]]
    bytes: int


class _Answer(NamedTuple):
    """What the worker made of a batch."""

    number: int
    logs_by_agent: dict[str, _EncodedLogs]
    reads: list[tuple[int, str, int]]
    """Offset, note and head hash of each file."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Answer).decode


def beside(batches: list[list[Job]], is_cancelled: Callable[[], bool]) -> Iterator[ParsedBatch]:
    """Read batches here and in a worker; yields them as they are done."""
    try:
        worker = _Worker(batches)
    except OSError:  # no second process is to be had
        yield from read_here(batches, is_cancelled)
        return
    open_ = set(range(len(batches)))
    try:
        while not is_cancelled() and (number := _drawn(worker.numbers)) is not None:
            open_.discard(number)
            yield read_batch(batches[number], is_cancelled)
            while (answer := worker.answer(wait=False)) is not None:
                open_.discard(answer.number)
                yield _parsed_batch(answer, batches[answer.number])
        while not is_cancelled() and (answer := worker.answer()) is not None:
            open_.discard(answer.number)
            yield _parsed_batch(answer, batches[answer.number])
        # the worker ended before it could answer
        yield from read_here([batches[number] for number in sorted(open_)], is_cancelled)
    finally:
        worker.close()


class _Worker:
    """The other process, and the thread that empties its pipe."""

    def __init__(self, batches: list[list[Job]]) -> None:
        self.numbers = _pipe_of_numbers(len(batches))
        self._answers: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._ended = False
        try:
            self._process = subprocess.Popen(
                # -P: no module is taken from the folder the person happens to be in
                [sys.executable, "-P", "-m", "pf_tui.ingest.worker", str(self.numbers)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what it could not read is read here, and said here
                pass_fds=(self.numbers,),
            )
        except OSError:
            os.close(self.numbers)
            raise
        self._receiver = threading.Thread(target=self._receive, args=(batches,), daemon=True)
        self._receiver.start()

    def answer(self, *, wait: bool = True) -> _Answer | None:
        """The next one; None when there is none (any more)."""
        if self._ended or (not wait and self._answers.empty()):
            return None
        data = self._answers.get()
        if data is not None:
            with contextlib.suppress(msgspec.MsgspecError):
                return _decode(data)
            self._process.kill()  # somebody else wrote into its pipe: nothing that comes is to be trusted
            while self._answers.get() is not None:
                pass
        self._ended = True
        return None

    def close(self) -> None:
        """End it, whatever it does."""
        os.close(self.numbers)
        if not self._ended:
            self._process.kill()
            while self._answers.get() is not None:
                pass
        self._receiver.join()

    def _receive(self, batches: list[list[Job]]) -> None:
        """Hand over all batches, then collect answers, undecoded; ends with a None."""
        source, target = self._process.stdout, self._process.stdin
        if source is None or target is None:
            raise AssertionError("the worker was started without pipes")
        try:
            _widen(source)
            with contextlib.suppress(OSError), target:
                marshal.dump([list(map(tuple, batch)) for batch in batches], target)
            with source, contextlib.suppress(MemoryError, OverflowError):  # a size that is none
                while len(head := source.read(_SIZE.size)) == _SIZE.size:
                    (size,) = _SIZE.unpack(head)
                    if len(data := source.read(size)) < size:
                        break
                    self._answers.put(data)
        finally:  # whatever happens, nobody waits for an answer that cannot come
            self._process.kill()
            self._process.wait()
            self._answers.put(None)


def main() -> None:
    """The worker: draws numbers of batches and sends what it read, until there are no more."""
    gc.disable()  # parsed logs have no cycles, and the process ends soon
    numbers = int(sys.argv[1])
    target = sys.stdout.buffer
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt):
        batches = marshal.load(sys.stdin.buffer)  # noqa: S302 - our own parent's pipe
        while (number := _drawn(numbers)) is not None:
            data = _encoded(number, read_batch([Job(*job) for job in batches[number]]))
            target.write(_SIZE.pack(len(data)))
            target.write(data)
            target.flush()


def _pipe_of_numbers(count: int) -> int:
    """The reading end of a pipe with the numbers below `count` in it; whoever reads one has it alone."""
    reading, writing = os.pipe()
    os.write(writing, b"".join(map(_NUMBER.pack, range(count))))
    os.close(writing)
    return reading


def _drawn(numbers: int) -> int | None:
    data = os.read(numbers, _NUMBER.size)
    return int(_NUMBER.unpack(data)[0]) if data else None


def _widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold PIPE_BYTES, where the system can."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _encoded(number: int, batch: ParsedBatch) -> bytes:
    logs_by_agent, reads = batch
    answer = _Answer(
        number,
        {agent: _encoded_logs(logs) for agent, logs in logs_by_agent.items()},
        [(job_read.offset, job_read.note, job_read.head_hash) for job_read in reads],
    )
    try:
        return _encode(answer)
    except UnicodeEncodeError:
        return _encode(_sounded(answer))


def _encoded_logs(logs: ParsedLogs) -> _EncodedLogs:
    return _EncodedLogs(
        list(logs.requests.values()),
        logs.hits,
        list(logs.readings.items()),
        list(logs.cost_states.items()),
        list(logs.shared_sessions),
        list(logs.constant),
        logs.skipped,
        logs.bytes,
    )


def _sounded(content: object) -> object:
    """The same with every text as the ledger will write it: lone surrogates fit in no pipe either."""
    if isinstance(content, str):
        return sound(content)
    if isinstance(content, dict):
        return {_sounded(key): _sounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_sounded(part) for part in content]
    return content


def _parsed_batch(answer: _Answer, batch: list[Job]) -> ParsedBatch:
    logs_by_agent: dict[str, ParsedLogs] = {}
    for agent, fields in answer.logs_by_agent.items():
        logs = logs_by_agent[agent] = ParsedLogs()
        logs.requests = {request.id: request for request in fields.requests}
        logs.hits = fields.hits
        logs.readings = dict(fields.readings)
        logs.cost_states = dict(fields.cost_states)
        logs.shared_sessions = set(fields.shared_sessions)
        logs.constant = set(fields.constant)
        logs.skipped = fields.skipped
        logs.bytes = fields.bytes
    return logs_by_agent, [Read(job, *rest) for job, rest in zip(batch, answer.reads, strict=True)]


if __name__ == "__main__":
    main()
