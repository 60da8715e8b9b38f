"""Rows out of a damaged ledger, read page by page as sqlite's `.recover` does: what one page lost, others keep.

The file format is sqlite's own (documented, and fixed since 2004). Nothing here writes to the damaged file.
Pages that a table's tree reaches are believed; leaves that no tree reaches any more are rows of the table
their columns fit, unless the list of free pages names them.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from pf_tui.ledger import layout, rollups, schema
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.layout import NAME
from pf_tui.regular_files import open_regular

MAX_PAGES = 1 << 20
"""Four gigabytes; a ledger of ten million requests has two."""

_ROOTS = (
    "names",
    "request_rows",
    "limit_readings",
    "limit_hits",
    "switches",
    "timeline",
    "cost_states",
    "facts",
)
"""What cannot be made anew from logs that are gone; sums are added up again, files read again."""

_WIDTHS = {
    "names": (2,),
    "request_rows": (28, 30),
    "limit_readings": (11, 12),
    "limit_hits": (9, 10),
    "switches": (6, 7),
}
"""How many columns the rows of a table have, also in versions before 3: for leaves that belong to no tree."""

_OF_WIDTH = {width: table for table, widths in _WIDTHS.items() for width in widths}

_INDEX_LEAF, _TABLE_LEAF, _INDEX_INNER, _TABLE_INNER = 0x0A, 0x0D, 0x02, 0x05
_INTERNED = ("agent", "source", "session", "project", "provider", "model", "served_model", "cost_basis", "status",
             "failure", "attribution", "service_tier", "joined", "root", "machine")  # fmt: skip
_OPTIONAL = ("session", "project", "served_model", "failure", "service_tier", "joined", "root", "machine")

Record = tuple[int | None, list[object]]
"""(row id, columns)."""


def salvage_new(ledger: Path) -> dict[str, int]:
    """Take in what damaged ledgers beside this one still hold, each once; returns requests by file name.

    Raises PfError or sqlite3.Error when the ledger itself refuses.
    """
    salvaged = {}
    for damaged in sorted(ledger.parent.glob(f"{ledger.name}.corrupt-*")):
        if damaged.name.endswith(("-wal", "-shm")) or not damaged.is_file():
            continue
        with schema.opened(ledger, write=True) as connection:
            key = f"salvaged:{damaged.name}"
            if connection.execute("SELECT 1 FROM facts WHERE key = ?", (key,)).fetchone():
                continue
            with contextlib.suppress(OSError):  # it cannot be read at all
                salvaged[damaged.name] = _salvage(damaged, connection)
            connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (key, "1"))
            with schema.transaction(connection):
                rollups.refresh(connection)
    return salvaged


def _salvage(damaged: Path, connection: sqlite3.Connection) -> int:
    """Copy every readable row into a fresh ledger; returns how many requests that were.

    Raises sqlite3.Error when the fresh ledger refuses. What the damaged one has lost is not an error.
    """
    tables = _Pages(damaged).tables()
    words = {
        number: str(columns[1]) for number, columns in tables["names"] if len(columns) == 2 and columns[1]
    }
    names = ledger_rows.Names(connection)
    with schema.transaction(connection):
        for number, columns in tables["request_rows"]:
            row = _request(number, columns, words, names)
            if row is not None:
                with contextlib.suppress(sqlite3.IntegrityError, sqlite3.InterfaceError, OverflowError):
                    connection.execute(_PUT, row)
                    ledger_rows.mark(connection, [row])
        requests = connection.execute("SELECT count(*) FROM request_rows").fetchone()[0]
        for table in _ROOTS[2:]:
            for number, columns in tables[table]:
                if table == "facts" and columns[:1] == ["machine"]:  # the same ledger still
                    connection.execute("UPDATE facts SET value = ? WHERE key = 'machine'", columns[1:2])
                values = [number, *columns[1:]] if columns and columns[0] is None else columns
                values = [*values, *[None] * (_WIDTHS.get(table, (0,))[-1] - len(values))]
                marks = ", ".join("?" * len(values))
                with contextlib.suppress(
                    sqlite3.IntegrityError, sqlite3.OperationalError, sqlite3.InterfaceError
                ):
                    connection.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", values)
    return int(requests)


_PUT = (
    f"INSERT OR IGNORE INTO request_rows ({', '.join(ledger_rows.FIELDS)})"
    f" VALUES ({', '.join('?' * len(ledger_rows.FIELDS))})"
)


def _request(
    number: int | None, columns: list[object], words: Mapping[int | None, str], names: ledger_rows.Names
) -> tuple[object, ...] | None:
    """The row under the fresh ledger's numbers for its words; None when it is none."""
    if number is None or len(columns) not in _WIDTHS["request_rows"] or not isinstance(columns[1], int):
        return None
    row = [number, *columns[1:], *[None] * (len(ledger_rows.FIELDS) - len(columns))]
    for field in _INTERNED:
        column = ledger_rows.AT[field]
        value = row[column]
        if value is None:
            continue
        if not isinstance(value, int):
            return None
        word = words.get(value) or (layout.FIXED_NAMES[value - 1] if 0 < value <= len(NAME) else None)
        row[column] = names(word) if word is not None else None if field in _OPTIONAL else NAME["unknown"]
    return tuple(row)


def _mapped(path: Path) -> bytes | mmap.mmap:
    """The content of a file, however large, without reading it."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""


class _Pages:
    """The pages of a file, with what its write-ahead log has of them laid over."""

    def __init__(self, path: Path) -> None:
        self._data = _mapped(path)
        size = int.from_bytes(self._data[16:18], "big")
        size = 65536 if size == 1 else size
        self._size = size if size >= 512 and size & (size - 1) == 0 else 4096
        self._count = min(-(-len(self._data) // self._size), MAX_PAGES)
        self._log = self._logged(path.with_name(f"{path.name}-wal"))
        self._count = max(self._count, *self._log) if self._log else self._count
        self._usable = self._size - (self._data[20] if len(self._data) > 20 and self._data[20] < 32 else 0)
        self._visited_pages: set[int] = set()

    def tables(self) -> dict[str, list[Record]]:
        """The rows of each table, as far as they can be read."""
        by_table: dict[str, list[Record]] = {name: [] for name in _ROOTS}
        roots = {}
        for _, columns in self._tree(1):
            if len(columns) == 5 and columns[0] == "table" and isinstance(columns[3], int):
                roots[columns[1]] = columns[3]
        for name, root in roots.items():
            rows = list(self._tree(root))
            if name in by_table:
                by_table[name] = rows
        self._skip_free()
        for page in range(2, self._count + 1):
            if page in self._visited_pages or self._kind(page) != _TABLE_LEAF:
                continue
            for record in self._cells(page):
                columns = record[1]
                table = _OF_WIDTH.get(len(columns))
                if table and columns[0] is None and _fits(table, columns):
                    by_table[table].append(record)
        return by_table

    def _skip_free(self) -> None:
        """Free pages hold rows that were deleted: they count as seen."""
        trunk = int.from_bytes(self._page(1)[32:36], "big")
        while 0 < trunk <= self._count and trunk not in self._visited_pages:
            self._visited_pages.add(trunk)
            page = self._page(trunk)
            following, count = struct.unpack(">II", page[:8])
            leaves = page[8 : 8 + 4 * min(count, self._usable // 4 - 2)]
            self._visited_pages.update(leaf for (leaf,) in struct.iter_unpack(">I", leaves))
            trunk = following

    def _tree(self, root: int) -> Iterator[Record]:
        """All rows of a tree; a branch that makes no sense is skipped."""
        waiting = [root]
        while waiting:
            page = waiting.pop()
            if page in self._visited_pages or not 0 < page <= self._count:
                continue
            kind = self._kind(page)
            if kind in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER, _TABLE_INNER):
                self._visited_pages.add(page)
            if kind in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INNER):
                yield from self._cells(page)
            if kind in (_INDEX_INNER, _TABLE_INNER):
                data, head = self._page(page), self._head(page)
                waiting.append(int.from_bytes(data[head + 8 : head + 12], "big"))
                waiting += [
                    int.from_bytes(data[offset : offset + 4], "big") for offset in self._cell_offsets(page)
                ]

    def _cells(self, page: int) -> Iterator[Record]:
        kind = self._kind(page)
        data = self._page(page)
        for offset in self._cell_offsets(page):
            with contextlib.suppress(ValueError, IndexError, OverflowError, struct.error, UnicodeDecodeError):
                start = offset + 4 if kind == _INDEX_INNER else offset
                length, start = _varint(data, start)
                number = None
                if kind == _TABLE_LEAF:
                    number, start = _varint(data, start)
                    number -= 1 << 64 if number >= 1 << 63 else 0
                yield number, _columns(self._payload(data, start, length, kind == _TABLE_LEAF))

    def _payload(self, data: bytes, start: int, length: int, in_table: bool) -> bytes:
        """The bytes of a record, also those on overflow pages. Raises ValueError for a chain that is broken."""
        usable = self._usable
        most = usable - 35 if in_table else (usable - 12) * 64 // 255 - 23
        if length <= most:
            return data[start : start + length]
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        local = local if local <= most else least
        parts, remaining = [data[start : start + local]], length - local
        following = int.from_bytes(data[start + local : start + local + 4], "big")
        for _ in range(self._count):
            if remaining <= 0:
                return b"".join(parts)
            if not 0 < following <= self._count:
                break
            page = self._page(following)
            following = int.from_bytes(page[:4], "big")
            parts.append(page[4 : 4 + min(remaining, usable - 4)])
            remaining -= usable - 4
        raise ValueError("a record without its end")

    def _cell_offsets(self, page: int) -> list[int]:
        """Where the cells of a page begin; none of a page that makes no sense."""
        data, head = self._page(page), self._head(page)
        count = int.from_bytes(data[head + 3 : head + 5], "big")
        first = head + (12 if data[head] in (_INDEX_INNER, _TABLE_INNER) else 8)
        if count * 2 > self._usable - first:
            return []
        offsets = struct.unpack(f">{count}H", data[first : first + 2 * count])
        return [offset for offset in offsets if first + 2 * count <= offset < self._usable]

    def _kind(self, page: int) -> int:
        data, head = self._page(page), self._head(page)
        return data[head] if len(data) == self._size else 0

    def _head(self, page: int) -> int:
        return 100 if page == 1 else 0

    def _page(self, number: int) -> bytes:
        log_page = self._log.get(number)
        if log_page is not None:
            return log_page
        return self._data[(number - 1) * self._size : number * self._size].ljust(self._size, b"\0")

    def _logged(self, path: Path) -> dict[int, bytes]:
        """The newest committed form of each page in the write-ahead log."""
        try:
            data = _mapped(path)
        except OSError:
            return {}
        pages: dict[int, bytes] = {}
        waiting: dict[int, bytes] = {}
        for start in range(32, len(data) - 24 - self._size + 1, 24 + self._size):
            number, size = struct.unpack(">II", data[start : start + 8])
            if data[start + 8 : start + 16] != data[16:24]:  # of an earlier round of the log
                break
            waiting[number] = data[start + 24 : start + 24 + self._size]
            if size:  # the last page of a commit
                pages.update(waiting)
                waiting = {}
        return pages


def _fits(table: str, columns: list[object]) -> bool:
    """Whether a row that belongs to no tree is one of this table."""
    if table == "names":
        return isinstance(columns[1], str)
    if table == "request_rows":
        return all(isinstance(columns[column], int) for column in (1, 2, 3, 6, 7))
    return isinstance(columns[1], int if table == "switches" else str)


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    value = 0
    for step in range(9):
        byte = data[offset + step]
        if step == 8:
            return value << 8 | byte, offset + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset + step + 1
    raise ValueError


def _columns(record: bytes) -> list[object]:
    """The values of a record. Raises ValueError, IndexError or struct.error when it is none."""
    length, offset = _varint(record, 0)
    kinds = []
    while offset < length:
        kind, offset = _varint(record, offset)
        kinds.append(kind)
    values: list[object] = []
    for kind in kinds:
        if kind in (0, 8, 9):
            values.append((None, 0, 1)[(0, 8, 9).index(kind)])
            continue
        size = {5: 6, 6: 8, 7: 8}.get(kind, kind) if kind < 10 else (kind - 12) // 2
        part = record[offset : offset + size]
        if len(part) != size or kind in (10, 11):
            raise ValueError("cut off")
        offset += size
        if kind < 7:
            values.append(int.from_bytes(part, "big", signed=True))
        elif kind == 7:
            values.append(struct.unpack(">d", part)[0])
        else:
            values.append(part.decode() if kind % 2 else bytes(part))
    return values
