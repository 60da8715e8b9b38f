"""How long answers took: medians from counted buckets.

The buckets of one time and provider are one whole number with a lane of 32 bits for each: to add two up is
one addition, whatever there is to count. They are stored from the first that counts anything to the last, a
byte each while that is enough.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pf_tui.ledger.layout import DAY_QUARTERS, QUARTER_MS
from pf_tui.ledger.period import Period, cover, end_ms

LATENCY_STEP = 1.05
"""Buckets are 5 % apart: a median from them is right to that."""

_LANE_BYTES = 4
_LANE_BITS = 8 * _LANE_BYTES
_BUCKETS = 512
"""The last one is of two years."""


def medians(connection: sqlite3.Connection, span: Period) -> dict[str, float]:
    """Median latency (ms) per provider, right to LATENCY_STEP and, at the span's ends, to a quarter-hour."""
    start, end = end_ms(span)
    counts: Counter[int] = Counter()
    for width, first, last in cover(start // QUARTER_MS, end // QUARTER_MS + 1, (1, DAY_QUARTERS)):
        query = "SELECT provider, counts FROM latencies WHERE unit = ? AND time >= ? AND time < ?"
        for provider, packed_counts in connection.execute(query, (width, first, last)):
            counts[provider] += unpacked(packed_counts)
    names = dict(
        connection.execute(
            f"SELECT id, text FROM names WHERE id IN ({', '.join(map(str, counts))})"
        ).fetchall()
    )
    return {names[provider]: _median(packed_counts) for provider, packed_counts in counts.items()}


def counted(samples: Iterable[tuple[int, int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """(time, provider, latency in ms, how many), ordered by time and provider -> (time, provider, lanes)."""
    before, packed_counts = (0, 0), 0
    for time, provider, latency_ms, many in samples:
        if (time, provider) != before and packed_counts:
            yield (*before, packed_counts)
            packed_counts = 0
        before = (time, provider)
        packed_counts += many << _LANE_BITS * bucket(latency_ms)
    if packed_counts:
        yield (*before, packed_counts)


@lru_cache(maxsize=65536)
def bucket(latency_ms: float) -> int:
    """The bucket of a latency; `LATENCY_STEP ** bucket` gives it back."""
    return min(_BUCKETS - 1, round(math.log(max(latency_ms, 1.0), LATENCY_STEP)))


def packed(packed_counts: int) -> bytes:
    """As it is stored: the first bucket (two bytes), bytes per count (1 or 4), the counts."""
    first = ((packed_counts & -packed_counts).bit_length() - 1) // _LANE_BITS
    packed_counts >>= first * _LANE_BITS
    whole = packed_counts.to_bytes(-(-packed_counts.bit_length() // _LANE_BITS) * _LANE_BYTES, "little")
    narrow = whole[::_LANE_BYTES]
    width = 1 if sum(whole) == sum(narrow) else _LANE_BYTES
    return first.to_bytes(2, "little") + bytes([width]) + (narrow if width == 1 else whole)


def unpacked(blob: bytes) -> int:
    """The lanes of what `packed` gave."""
    counts = blob[3:]
    if blob[2] == 1:
        wide = bytearray(_LANE_BYTES * len(counts))
        wide[::_LANE_BYTES] = counts
        counts = bytes(wide)
    return int.from_bytes(counts, "little") << _LANE_BITS * int.from_bytes(blob[:2], "little")


def _median(packed_counts: int) -> float:
    whole = packed_counts.to_bytes(_BUCKETS * _LANE_BYTES, "little")
    counts = [
        int.from_bytes(whole[start : start + _LANE_BYTES], "little")
        for start in range(0, len(whole), _LANE_BYTES)
    ]
    half, count_so_far = sum(counts) / 2, 0
    for start, count in enumerate(counts):
        count_so_far += count
        if count_so_far >= half and count:
            return round(LATENCY_STEP**start, 1)
    return 0.0
