"""How long answers took: medians from counted buckets."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping

from pf_tui.ledger import tiers
from pf_tui.ledger.period import Period, end_ms
from pf_tui.ledger.rollups import LATENCY_STEP, months_until
from pf_tui.ledger.schema import QUARTER_MS


def medians(connection: sqlite3.Connection, span: Period) -> dict[str, float]:
    """Median latency (ms) per provider, right to LATENCY_STEP and, at the span's ends, to a quarter-hour."""
    start, end = end_ms(span)
    counts: dict[str, Counter[int]] = {}
    pieces = tiers.cover(
        start // QUARTER_MS, end // QUARTER_MS + 1, tiers.LATENCIES, months_until(connection)
    )
    for tier, first, last in pieces:
        query = (
            f"SELECT n.text, bucket, total FROM (SELECT provider, bucket, sum(count) AS total FROM {tier.table}"
            f" WHERE {tier.time} >= ? AND {tier.time} < ? GROUP BY 1, 2) JOIN names n ON n.id = provider"
        )
        for provider, bucket, count in connection.execute(query, (first, last)):
            counts.setdefault(provider, Counter())[bucket] += count
    return {provider: _median(buckets) for provider, buckets in counts.items()}


def _median(buckets: Mapping[int, int]) -> float:
    half, seen = sum(buckets.values()) / 2, 0
    for bucket, count in sorted(buckets.items()):
        seen += count
        if seen >= half:
            return round(LATENCY_STEP**bucket, 1)
    return 0.0
