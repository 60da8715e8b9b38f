"""Line files in blocks: memory stays flat, a broken line costs only itself, half a line waits.

A line is looked at only when it holds one of the needles; that, not decoding, is what makes two
gigabytes take seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pf_tui.sources.sightings import Harvest, Skipped

BLOCK_BYTES = 8 * 1024 * 1024
MAX_SKIPS = 200
"""Skipped rows told apart per file; beyond that only counted by their last one."""

OnLine = Callable[[bytes, str, Harvest], None]


@dataclass(frozen=True, slots=True)
class Position:
    """How far a file has been read."""

    offset: int
    lines: int
    """Whole lines before `offset`."""


def read_lines(
    path: str, start: Position, needles: tuple[bytes, ...], on_line: OnLine, harvest: Harvest
) -> Position:
    """Feed every line with a needle to `on_line`; returns where to go on next time.

    The last line counts when it is whole JSON, newline or not; otherwise it waits for the next time.
    """
    offset, lines = start.offset, start.lines
    held: list[bytes] = []
    with Path(path).open("rb", buffering=0) as file:
        file.seek(offset)
        while block := file.read(BLOCK_BYTES):
            harvest.bytes += len(block)
            cut = block.rfind(b"\n") + 1
            if not cut:
                held.append(block)
                continue
            buffer = b"".join((*held, block))
            end = len(buffer) - len(block) + cut
            held = [buffer[end:]] if end < len(buffer) else []
            _scan(buffer, end, path, lines, needles, on_line, harvest)
            lines += buffer.count(b"\n", 0, end)
            offset += end
    rest = b"".join(held)
    if rest.strip():
        try:
            on_line(rest, path, harvest)
        except (ValueError, TypeError):
            _skip(harvest, lines + 1, "the last line is cut off, or still being written")
        else:
            return Position(offset + len(rest), lines)
    return Position(offset, lines)


def _scan(
    buffer: bytes,
    end: int,
    path: str,
    lines: int,
    needles: tuple[bytes, ...],
    on_line: OnLine,
    harvest: Harvest,
) -> None:
    """Every line of buffer[:end] with a needle, once."""
    done: set[int] = set()
    for needle in needles:
        place = buffer.find(needle, 0, end)
        while place >= 0:
            first = buffer.rfind(b"\n", 0, place) + 1
            last = buffer.find(b"\n", place, end)
            if first not in done:
                done.add(first)
                try:
                    on_line(buffer[first:last], path, harvest)
                except (ValueError, TypeError):
                    _skip(harvest, lines + buffer.count(b"\n", 0, first) + 1, "is not JSON")
            place = buffer.find(needle, last, end)
    if buffer.count(b"\n", 0, end) != buffer.count(b"}\n", 0, end):
        _find_broken(buffer, end, lines, done, harvest)


def _find_broken(buffer: bytes, end: int, lines: int, done: set[int], harvest: Harvest) -> None:
    """Name the lines that do not end like an object; those with a needle have been tried already."""
    first = 0
    while first < end:
        lines += 1
        last = buffer.find(b"\n", first, end)
        tail = buffer[max(first, last - 16) : last].rstrip()
        if tail and not tail.endswith(b"}") and first not in done:
            _skip(harvest, lines, "is cut off or not JSON")
        first = last + 1


def _skip(harvest: Harvest, line: int, why: str) -> None:
    if len(harvest.skipped) < MAX_SKIPS:
        harvest.skipped.append(Skipped(line, why))
    else:
        harvest.skipped[-1] = Skipped(line, why)
