"""The ledger's own price table: what pricing one more row needs, with no price library.

`prices.Pricer` fills it as models turn up; hooks and the gateway read it. It is good for as long as the
price library, the catalog and the person's providers.yaml are the files it was made from: otherwise
nothing in it counts, and rows wait as `pending` for the next ingest.
"""

from __future__ import annotations

import os
import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from pf_tui.rules.pricing import Tier, UnitPrices, raw_cost_usd

FORMAT = 2
"""Raise it when the meaning of a row changes."""

MOST_TABLE_BYTES = 64 * 1024 * 1024
"""Of a price table; today's has one."""

NEWER_PRICES = "prices.json"
"""Beside the ledger: a price table fetched since the library was installed (`pf-tui prices update`)."""

PriceKey = tuple[str, str, str]
"""Provider, model in the spelling of the log, mode."""


class DatedPrices:
    """One model's prices at one provider over time."""

    __slots__ = ("basis", "prices", "starts")

    def __init__(self, basis: str, entries: Sequence[tuple[int, UnitPrices | None]]) -> None:
        self.basis = basis
        """list | subscription-equivalent"""
        self.starts = [start for start, _ in entries]
        """UTC ms, rising; the first is 0."""
        self.prices = [prices for _, prices in entries]

    def at(self, ts_ms: int) -> UnitPrices | None:
        """What counted then; None = nobody knows."""
        return self.prices[max(0, bisect_right(self.starts, ts_ms) - 1)]


class PriceTable:
    """The stored prices, one model at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._dated: dict[PriceKey, DatedPrices | None] = {}
        self._usable: bool | None = None

    def find(self, provider: str, model: str, mode: str = "") -> DatedPrices | None:
        """What is stored; None when nobody has asked for it yet."""
        key = (provider, model, mode)
        if key not in self._dated:
            self._dated[key] = self._load(key) if self.usable() else None
        return self._dated[key]

    def cost(
        self,
        provider: str,
        model: str,
        ts_ms: int,
        input_tokens: int,
        output_tokens: int,
        cache_read: int,
        cache_write_5m: int,
        cache_write_1h: int,
        web_searches: int = 0,
        *,
        mode: str = "",
    ) -> tuple[float | None, str]:
        """(USD, basis): pending with None when this table cannot tell, unpriced when nobody can."""
        tokens = (input_tokens, output_tokens, cache_read, cache_write_5m, cache_write_1h, web_searches)
        if not any(tokens):
            return 0.0, "list"
        dated = self.find(provider, model, mode)
        if dated is None:
            return None, "pending"
        prices = dated.at(ts_ms)
        if prices is None:
            return None, "unpriced"
        return raw_cost_usd(prices, *tokens), dated.basis

    def usable(self) -> bool:
        """Whether the table was made from the price files as they are now."""
        if self._usable is None:
            row = self._connection.execute("SELECT value FROM facts WHERE key = 'prices'").fetchone()
            self._usable = row is not None and row[0] == fingerprint(self._connection)
        return self._usable

    def begin(self) -> None:
        """Empty it and mark it as made from the files as they are now; inside the caller's transaction."""
        self._connection.execute("DELETE FROM prices")
        self._connection.execute(
            "INSERT OR REPLACE INTO facts VALUES ('prices', ?)", (fingerprint(self._connection),)
        )
        self._dated.clear()
        self._usable = True

    def keep(self, provider: str, model: str, mode: str, dated: DatedPrices) -> None:
        """Store an answer; inside the caller's transaction."""
        if not self.usable():
            self.begin()
        self._dated[provider, model, mode] = dated
        self._connection.executemany(
            f"INSERT OR REPLACE INTO prices VALUES ({', '.join('?' * 13)})",
            [
                (provider, model, mode, start, *row, dated.basis)
                for start, prices in zip(dated.starts, dated.prices, strict=True)
                for row in _rows(prices)
            ],
        )

    def newer(self) -> Path:
        """Where a table fetched since the library was installed would be."""
        return _folder(self._connection) / NEWER_PRICES

    def _load(self, key: PriceKey) -> DatedPrices | None:
        rows_read = self._connection.execute(
            "SELECT valid_from, above_tokens, input, output, cache_read, cache_write_5m, cache_write_1h, web_search,"
            " source, basis FROM prices WHERE provider = ? AND model = ? AND mode = ? ORDER BY 1, 2",
            key,
        ).fetchall()
        if not rows_read:
            return None
        entries: dict[int, list[tuple[float | None, ...]]] = {}
        for start, *rest in rows_read:
            entries.setdefault(start, []).append(tuple(rest))
        return DatedPrices(rows_read[0][-1], [(start, _prices(rows)) for start, rows in entries.items()])


def fingerprint(connection: sqlite3.Connection) -> str:
    """Which price files there are: the library's, a newer table beside the ledger, catalog, providers.yaml."""
    from pf_tui.catalog import data_root

    beside, catalog = _folder(connection), data_root() / "catalog"
    paths = [
        library(),
        beside / NEWER_PRICES,
        beside / "providers.yaml",
        catalog / "providers.yaml",
        catalog / "models.yaml",
    ]
    return f"{FORMAT}:" + ",".join(_stamp(path) for path in paths)


def library() -> Path | None:
    """The price library's data file, found without importing it; None when it is not installed."""
    import sys

    paths = (Path(folder) / "genai_prices" / "data.py" for folder in sys.path)
    return next((path for path in paths if path.is_file()), None)


def _folder(connection: sqlite3.Connection) -> Path:
    query = (
        "SELECT CAST(file AS BLOB) FROM pragma_database_list WHERE name = 'main'"  # a path may be no UTF-8
    )
    row = connection.execute(query).fetchone()
    return Path(os.fsdecode(row[0] or b"") if row else "").parent


def _stamp(path: Path | None) -> str:
    if path is None:
        return "-"
    try:
        stat = path.stat()
    except OSError:
        return "-"
    return f"{stat.st_size}.{stat.st_mtime_ns}"


def _rows(prices: UnitPrices | None) -> list[tuple[object, ...]]:
    if prices is None:
        return [(0, None, None, None, None, None, None, None)]
    return [
        (
            tier.above_tokens,
            tier.input,
            tier.output,
            tier.cache_read,
            tier.cache_write_5m,
            tier.cache_write_1h,
            prices.web_search_usd,
            prices.source,
        )
        for tier in prices.tiers
    ]


def _prices(rows: Sequence[Sequence[object]]) -> UnitPrices | None:
    if rows[0][1] is None:
        return None
    return UnitPrices(
        tiers=tuple(
            Tier(above_tokens=a, input=i, output=o, cache_read=r, cache_write_5m=w, cache_write_1h=h)  # type: ignore[arg-type]
            for a, i, o, r, w, h, *_ in rows
        ),
        web_search_usd=rows[0][6],  # type: ignore[arg-type]
        source=str(rows[0][7]),
    )
