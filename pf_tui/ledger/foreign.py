"""Another machine's ledger, read as a stranger's file: nothing of it is believed before it was looked at.

What is handed on is within the bounds of a ledger of ours: known columns, whole numbers of a sensible size,
texts of a sensible length. The first value that is not ends the reading with the table and the row it stands in.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from pf_tui.errors import StateFileUnusable
from pf_tui.ledger import layout
from pf_tui.ledger.layout import NAME
from pf_tui.ledger.rows import FIELDS
from pf_tui.regular_files import open_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.rows import Row

MOST_BYTES = 4 << 30
"""A ledger of ten million requests has two gigabytes."""

OLDEST = 3
"""Versions from here on have the same rows."""

MOST_TOKENS = 1e16
"""Of a whole ledger: a thousand people's in a thousand years; sums of many ledgers stay far within 64 bits."""

_MAGIC = b"SQLite format 3\0"
_LONGEST_WORD = 4096
"""A path on Linux."""

_LONGEST_ID = 512
_LONGEST_TEXT = 4096
_TIME = f"typeof({{0}}) = 'integer' AND {{0}} BETWEEN 0 AND {253_402_300_800_000}"
_COUNT = "typeof({0}) = 'integer' AND {0} BETWEEN 0 AND 1000000000000"
_WORD = "typeof({0}) = 'integer' AND {0} BETWEEN 1 AND :words"
_ID = f"typeof({{0}}) = 'text' AND length(CAST({{0}} AS BLOB)) <= {_LONGEST_ID}"
_TEXT = f"typeof({{0}}) = 'text' AND length(CAST({{0}} AS BLOB)) <= {_LONGEST_TEXT}"

_SOUND = {
    "request_rows": {
        **dict.fromkeys(("ts",), _TIME),
        **dict.fromkeys(
            ("agent", "source", "provider", "model", "cost_basis", "status", "attribution"), _WORD
        ),
        **dict.fromkeys(
            ("session", "project", "served_model", "failure", "service_tier", "joined", "root", "machine"),
            f"{{0}} IS NULL OR {_WORD}",
        ),
        **dict.fromkeys(
            (
                "input",
                "output",
                "reasoning",
                "cache_read",
                "cache_write_5m",
                "cache_write_1h",
                "web_searches",
            ),
            _COUNT,
        ),
        "cost_usd": "{0} IS NULL OR typeof({0}) IN ('real', 'integer') AND {0} BETWEEN 0 AND 1e9",
        **dict.fromkeys(
            ("latency_ms", "ttft_ms"), "{0} IS NULL OR typeof({0}) = 'integer' AND abs({0}) < 1e12"
        ),
        **dict.fromkeys(("request_id", "message_id"), f"{{0}} IS NULL OR {_ID}"),
        "is_subagent": "{0} IN (0, 1)",
    },
    "limit_hits": {
        **dict.fromkeys(("provider", "kind"), _ID),
        "ts": _TIME,
        **dict.fromkeys(("until", "waited_ms"), f"{{0}} IS NULL OR {_TIME}"),
        **dict.fromkeys(("agent", "session", "machine"), f"{{0}} IS NULL OR {_ID}"),
        "text": f"{{0}} IS NULL OR {_TEXT}",
    },
    "switches": {
        "ts": _TIME,
        "to_provider": _ID,
        **dict.fromkeys(("from_provider", "who", "machine"), f"{{0}} IS NULL OR {_ID}"),
        "why": f"{{0}} IS NULL OR {_TEXT}",
    },
}
"""Table -> column -> what a value must be, in SQL; `:words` is how many words there are."""

_CLOSED: dict[str, tuple[str, ...]] = {
    "source": ("transcript", "gateway", "opencode-db", "rollout", "chats", "cost-state", "import"),
    "status": ("ok", "failed"),
    "cost_basis": ("list", "subscription-equivalent", "reported", "pending", "unpriced"),
    "attribution": ("gateway", "agent", "timeline", "assumed"),
    "joined": ("transcript", "opencode-db", "rollout", "chats", "cost-state", "import"),
}
"""Columns whose words every ledger has under the same number."""


class ForeignLedger:
    """A ledger that was checked from end to end."""

    def __init__(self, connection: sqlite3.Connection, path: Path, uri: str) -> None:
        self._connection = connection
        self._path = path
        self._words = 0
        self.uri = uri
        """How another connection opens it, to read."""

    def machine(self) -> str | None:
        """What the ledger is known by; None = written by a pf-tui that named none."""
        return self._facts("machine").get("machine")

    def machines(self) -> dict[str, str]:
        """Whose ledgers it has taken in itself: what each is known by -> its name there."""
        return {key.partition(":")[2]: name for key, name in self._facts("machine:%").items()}

    def word(self, number: int) -> str:
        """The word of a number."""
        return str(self._connection.execute("SELECT text FROM names WHERE id = ?", (number,)).fetchone()[0])

    def requests(self, numbers: Sequence[int]) -> list[Row]:
        """Rows in the order of FIELDS and of their numbers; words are this ledger's numbers."""
        marks = ", ".join("?" * len(numbers))
        select = f"SELECT {', '.join(FIELDS)} FROM request_rows WHERE id IN ({marks}) ORDER BY id"
        return self._connection.execute(select, numbers).fetchall()

    def machine_words(self) -> Iterator[tuple[int | None, str | None]]:
        """Whose requests it has: (number of the word, the word); None is the ledger's own machine."""
        for (number,) in self._connection.execute("SELECT DISTINCT machine FROM request_rows LIMIT 1000"):
            yield number, None if number is None else self.word(number)

    def hits(self) -> Iterator[Row]:
        """provider, kind, ts, until, agent, session, waited_ms, text, machine."""
        yield from self._connection.execute(
            "SELECT provider, kind, ts, until, agent, session, waited_ms, ifnull(text, ''), machine"
            " FROM limit_hits ORDER BY ts, id"
        )

    def switches(self) -> Iterator[Row]:
        """ts, from, to, why, who, machine."""
        yield from self._connection.execute(
            "SELECT ts, from_provider, to_provider, why, who, machine FROM switches ORDER BY ts, id"
        )

    def check(self) -> None:
        """Look at every page and every value. Raises StateFileUnusable or sqlite3.Error."""
        version = int(self._connection.execute("PRAGMA user_version").fetchone()[0])
        if version < OLDEST:
            raise StateFileUnusable(
                self._path,
                f"is a ledger of version {version}; versions {OLDEST} to {layout.VERSION} can be taken in",
                "`pf-tui ingest` there brings it up to date; export it again",
            )
        if version > layout.VERSION:
            raise StateFileUnusable(
                self._path, f"has version {version}, this pf-tui knows {layout.VERSION}", "update pf-tui here"
            )
        for name, columns in {
            **_SOUND,
            "names": {"id": "", "text": ""},
            "facts": {"key": "", "value": ""},
        }.items():
            self._check_table(name, columns)
        answer = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise StateFileUnusable(
                self._path, "is a damaged ledger; nothing was taken over", "export it again"
            )
        self._check_words()
        for table, columns in _SOUND.items():
            self._check_values(table, columns)
        self._check_closed()

    def _check_table(self, name: str, columns: dict[str, str]) -> None:
        """A plain table with these columns: no view, no virtual table, nothing computed."""
        stored_sql = self._connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = ? AND type = 'table'", (name,)
        ).fetchone()
        plain = stored_sql is not None and str(stored_sql[0]).upper().startswith("CREATE TABLE")
        have = (
            {row[1]: row[6] for row in self._connection.execute(f"PRAGMA table_xinfo({name})")}
            if plain
            else {}
        )
        missing = next((column for column in columns if have.get(column) != 0), None)
        if missing is not None:
            what = f"its table {name} has no {missing}" if plain else f"it has no table {name}"
            raise StateFileUnusable(
                self._path, f"is no ledger: {what}", "`pf-tui export ledger FILE` writes one"
            )

    def _check_values(self, table: str, columns: dict[str, str]) -> None:
        sound = {column: f"({condition.format(column)})" for column, condition in columns.items()}
        wrong = self._connection.execute(
            f"SELECT rowid FROM {table} NOT INDEXED WHERE NOT ({' AND '.join(sound.values())}) LIMIT 1",
            {"words": self._words},
        ).fetchone()
        if wrong is not None:
            fits_by_column = self._connection.execute(
                f"SELECT {', '.join(sound.values())} FROM {table} WHERE rowid = :row",
                {"words": self._words, "row": wrong[0]},
            ).fetchone()
            column = next(name for name, fits in zip(sound, fits_by_column, strict=True) if not fits)
            raise self._fault_at(table, wrong[0], f"{column} is no value of a ledger")
        if table != "request_rows":
            return
        tokens = "+".join(
            f"total({name})" for name in ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
        )
        if self._connection.execute(f"SELECT {tokens} FROM request_rows").fetchone()[0] > MOST_TOKENS:
            raise self._fault(table, "its requests have more tokens than there can be")

    def _check_words(self) -> None:
        """Words are numbered from 1 without a gap; each is a text."""
        count, first, last = self._connection.execute(
            "SELECT count(*), min(id), max(id) FROM names"
        ).fetchone()
        if (first, last) != (1, count):
            raise self._fault("names", "words are missing")
        wrong = self._connection.execute(
            f"SELECT id FROM names WHERE typeof(text) != 'text' OR length(CAST(text AS BLOB)) > {_LONGEST_WORD} LIMIT 1"
        ).fetchone()
        if wrong is not None:
            raise self._fault_at("names", wrong[0], "text is no word of a ledger")
        self._words = count

    def _check_closed(self) -> None:
        fixed = self._connection.execute("SELECT id, text FROM names WHERE id <= ?", (len(NAME),)).fetchall()
        if dict(fixed) != {number: word for word, number in NAME.items()}:
            raise self._fault("names", "the words that every ledger has are others")
        for column, words in _CLOSED.items():
            numbers = ", ".join(str(NAME[word]) for word in words)
            wrong = self._connection.execute(
                f"SELECT id FROM request_rows NOT INDEXED WHERE {column} NOT IN ({numbers}) LIMIT 1"
            ).fetchone()
            if wrong is not None:
                raise self._fault_at("request_rows", wrong[0], f"{column} is no word of a ledger")

    def _facts(self, like: str) -> dict[str, str]:
        facts = self._connection.execute("SELECT key, value FROM facts WHERE key LIKE ? LIMIT 1000", (like,))
        return {key: value for key, value in facts if isinstance(key, str) and isinstance(value, str)}

    def _fault_at(self, table: str, number: int, why: str) -> StateFileUnusable:
        fault = self._connection.execute(
            f"SELECT count(*) FROM {table} WHERE rowid <= ?", (number,)
        ).fetchone()[0]
        return self._fault(f"{table}, row {fault}", why)

    def _fault(self, where: str, why: str) -> StateFileUnusable:
        return StateFileUnusable(
            self._path,
            f"{where}: {why}; nothing was taken over",
            "export the ledger again where it comes from",
        )


@contextlib.contextmanager
def opened(path: Path) -> Iterator[ForeignLedger]:
    """Open and check a ledger that is not ours; nothing is written, and nothing in it is run.

    Raises:
        StateFileUnusable: it is no ledger, cut short, damaged, of another version, or holds a value no ledger has.
    """
    _check_file(path)
    uri_path = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    uri = f"file:{uri_path}?mode=ro"
    connection = sqlite3.connect(uri, uri=True)
    try:
        connection.text_factory = lambda text: text.decode("utf-8", "replace")
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "query_only = ON", "mmap_size = 0"):
            connection.execute(f"PRAGMA {pragma}")
        ledger = ForeignLedger(connection, path, uri)
        ledger.check()
        yield ledger
    except sqlite3.Error as error:
        raise StateFileUnusable(
            path, f"cannot be read as a ledger ({error}); nothing was taken over", "export it again"
        ) from error
    finally:
        connection.close()


def _check_file(path: Path) -> None:
    """A regular file that sqlite wrote, whole. Raises StateFileUnusable."""
    again = "`pf-tui export ledger FILE` writes one"
    try:
        if not path.is_file():
            why = "is no file" if path.exists() else "is not there"
            raise StateFileUnusable(path, why, again)
        size = path.stat().st_size
        with open_regular(path) as file:
            head = file.read(100)
    except OSError as error:
        raise StateFileUnusable(path, f"cannot be read ({error.strerror})", again) from error
    if size > MOST_BYTES:
        raise StateFileUnusable(path, f"has {size >> 30} GB; a ledger has {MOST_BYTES >> 30} at most", again)
    page = int.from_bytes(head[16:18], "big")
    page = 65_536 if page == 1 else page
    if not head.startswith(_MAGIC) or page & (page - 1):
        raise StateFileUnusable(path, "is no ledger" if head else "is empty: no ledger came", again)
    whole = page * int.from_bytes(head[28:32], "big")
    if len(head) < 100 or (head[24:28] == head[92:96] and size < whole):
        raise StateFileUnusable(
            path,
            f"is cut short: {size} of {max(whole, 100)} bytes; nothing was taken over",
            "export it again",
        )
