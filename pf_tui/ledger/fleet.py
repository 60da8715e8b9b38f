"""Another machine's ledger laid into this one: requests, limit hits and switches, each once.

Any order, any number of times: a request has the same number wherever its log was copied, and `rows.merged` says
whose it is. What is imported is history. Rows, sums and lists show it by machine; budgets, benches, estimates and
limit windows look at this machine's own. Readings of windows, an agent's timeline and running totals stay there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from operator import itemgetter

from pf_tui.ledger import gateway_rows, limit_hits, rollups, schema
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.foreign import ForeignLedger
from pf_tui.ledger.layout import NAME, QUARTER_MS
from pf_tui.ledger.rows import AT, FIELDS, Names, Row
from pf_tui.ledger.totals import HERE
from pf_tui.records import record

LONGEST_NAME = 64
"""Characters of a machine's name."""

CACHE_KB = 64_000
"""Rows lie by hash, their indexes by time: what is written again and again stays in memory."""

_AT_ONCE = 500
_GATEWAY = NAME["gateway"]
_ID, _TS, _SOURCE, _PROVIDER = AT["id"], AT["ts"], AT["source"], AT["provider"]
_REQUEST, _MACHINE = AT["request_id"], AT["machine"]
_NAME_COLUMNS = (
    "agent",
    "session",
    "project",
    "provider",
    "model",
    "served_model",
    "failure",
    "service_tier",
    "root",
)
"""Columns whose words have another number in every ledger; those of closed lists have the same."""

_WORDS = tuple(AT[name] for name in _NAME_COLUMNS)
_MAPPED = (*_NAME_COLUMNS, "machine")


@record
class ImportCounts:
    """What an import brought."""

    machine: str
    """The name its rows have here; HERE where the ledger is this machine's own."""
    requests: int
    """In the file."""
    new: int
    hits: int
    """New ones."""
    switches: int
    """New ones."""


def take(connection: sqlite3.Connection, foreign_ledger: ForeignLedger, name: str | None) -> ImportCounts:
    """Lay everything in: all of it or nothing, in one transaction.

    Args:
        name: what the machine is called here; None = as before, else a name made of its number.
    Raises:
        StateFileUnusable: the file holds a word that no ledger has.
        ValueError: it does not say whose it is, and no name was given.
    """
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    connection.execute("ATTACH ? AS theirs", (foreign_ledger.uri,))
    with schema.transaction(connection):
        machines = _Machines(connection, foreign_ledger, name)
        before = _requests(connection)
        took = _Requests(connection, foreign_ledger, Names(connection), machines)
        new_hits = sum(
            limit_hits.note(connection, *hit, machine=machines.name(whose))
            for *hit, whose in foreign_ledger.hits()
        )
        new_switches = sum(
            _switch(connection, switch, machines.name(whose)) for *switch, whose in foreign_ledger.switches()
        )
        rollups.refresh(connection)
        return ImportCounts(
            machine=machines.name(None) or HERE,
            requests=took.rows_read,
            new=_requests(connection) - before,
            hits=new_hits,
            switches=new_switches,
        )


def _requests(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM main.request_rows").fetchone()[0])


def plain_name(text: str) -> str | None:
    """A machine's name as it may be kept; None when the text is none."""
    text = text.strip()
    sound = 0 < len(text) <= LONGEST_NAME and text.isprintable() and text != HERE and text[0] != "-"
    return text if sound else None


class _Machines:
    """What every machine of a foreign ledger is called here."""

    def __init__(
        self, connection: sqlite3.Connection, foreign_ledger: ForeignLedger, name: str | None
    ) -> None:
        self._connection = connection
        names = {
            key.partition(":")[2]: value
            for key, value in connection.execute("SELECT key, value FROM facts WHERE key LIKE 'machine:%'")
        }
        own = connection.execute("SELECT value FROM facts WHERE key = 'machine'").fetchone()[0]
        number = foreign_ledger.machine()
        if number is None and name is None:
            raise ValueError(number)
        self._local_names: dict[str | None, str | None] = {None: name}
        if name is None:
            self._local_names[None] = (
                None if number == own else names.get(str(number)) or _made_up(str(number))
            )
        elif number is not None and names.get(number, name) != name:
            _rename(connection, names[number], name)
            names = {word_id: name if text == names[number] else text for word_id, text in names.items()}
        if number is not None and self._local_names[None] is not None:
            self._keep(number, str(self._local_names[None]), names)
        for other, text in foreign_ledger.machines().items():
            if other == own:
                self._local_names[text] = None
                continue
            local_name = names.get(other) or self._free(plain_name(text) or _made_up(other), names)
            self._keep(other, local_name, names)
            self._local_names[text] = local_name

    def name(self, foreign_name: str | None) -> str | None:
        """The name here of a machine that is called so there; None on both sides is the machine itself."""
        if foreign_name not in self._local_names:
            self._local_names[foreign_name] = plain_name(str(foreign_name)) or _made_up(str(foreign_name))
        return self._local_names[foreign_name]

    def _free(self, text: str, names: Mapping[str, str]) -> str:
        """The name, or one like it that no other machine has."""
        taken_names = {*names.values(), self._local_names[None]}
        number = 1
        while text in taken_names:
            number += 1
            text = f"{text.rpartition(' ')[0] if number > 2 else text} {number}"
        return text

    def _keep(self, number: str, text: str, names: dict[str, str]) -> None:
        names[number] = text
        self._connection.execute(
            "INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"machine:{number[:64]}", text)
        )


def _made_up(number: str) -> str:
    letters = "".join(letter for letter in number if letter.isascii() and letter.isalnum())
    return f"machine-{letters[:6] or '0'}"


def _rename(connection: sqlite3.Connection, old: str, new: str) -> None:
    """A machine that is called otherwise from now on."""
    names = Names(connection)
    before, after = names(old), names(new)
    connection.execute(
        f"INSERT OR IGNORE INTO dirty SELECT DISTINCT ts / {QUARTER_MS} FROM request_rows WHERE machine = ?",
        (before,),
    )
    connection.execute("UPDATE request_rows SET machine = ? WHERE machine = ?", (after, before))
    connection.execute("UPDATE limit_hits SET machine = ? WHERE machine = ?", (new, old))
    connection.execute("UPDATE OR IGNORE switches SET machine = ? WHERE machine = ?", (new, old))
    connection.execute("DELETE FROM switches WHERE machine = ?", (old,))
    connection.execute("UPDATE facts SET value = ? WHERE key LIKE 'machine:%' AND value = ?", (new, old))


class _Words(dict[int | None, int | None]):
    """Numbers of words there -> here, each looked up once."""

    def __init__(self, foreign_ledger: ForeignLedger, names: Names) -> None:
        super().__init__({None: None})
        self._foreign_ledger, self._names = foreign_ledger, names

    def __missing__(self, number: int | None) -> int | None:
        name_id = self[number] = self._names(self._foreign_ledger.word(int(number or 0)))
        return name_id


class _Requests:
    """The requests of a foreign ledger on their way into this one.

    Nearly all are new, or known as they are: sqlite copies those by itself. The odd ones are laid over what is
    known, one by one: another sight of a request, a gateway's attempt or a log row whose other half is here, and
    ids that are no plain text.
    """

    def __init__(
        self, connection: sqlite3.Connection, foreign_ledger: ForeignLedger, names: Names, machines: _Machines
    ) -> None:
        self._connection, self._foreign_ledger, self._names = connection, foreign_ledger, names
        self._words = _Words(foreign_ledger, names)
        connection.execute("CREATE TEMP TABLE words (theirs INTEGER PRIMARY KEY, ours INTEGER NOT NULL)")
        connection.execute("CREATE TEMP TABLE whose (theirs INTEGER PRIMARY KEY, ours INTEGER)")
        connection.execute("CREATE TEMP TABLE odd (id INTEGER PRIMARY KEY)")
        self._machine_of = {
            number: None if (name := machines.name(word)) is None else names(name)
            for number, word in foreign_ledger.machine_words()
        }
        connection.executemany("INSERT INTO whose VALUES (ifnull(?, 0), ?)", self._machine_of.items())
        self._learn_words()
        self.rows_read = int(connection.execute("SELECT count(*) FROM theirs.request_rows").fetchone()[0])
        self._find_odd()
        self._copy()
        odd = connection.execute("SELECT id FROM odd ORDER BY id")
        while batch := odd.fetchmany(_AT_ONCE):
            self._lay(
                [self._translated(row) for row in foreign_ledger.requests([number for (number,) in batch])]
            )
        for table in ("words", "whose", "odd"):
            connection.execute(f"DROP TABLE temp.{table}")

    def _learn_words(self) -> None:
        """Every word of theirs has a number here; what is no plain text is read first."""
        self._connection.execute(
            f"INSERT OR IGNORE INTO main.names (text) SELECT text FROM theirs.names WHERE {_plain('text')} ORDER BY id"
        )
        self._connection.execute(
            "INSERT INTO words SELECT t.id, m.id FROM theirs.names t CROSS JOIN main.names m ON m.text = t.text"
            f" WHERE {_plain('t.text')}"
        )
        others = self._connection.execute(
            f"SELECT id FROM theirs.names WHERE NOT {_plain('text')}"
        ).fetchall()
        self._connection.executemany(
            "INSERT INTO words VALUES (?, ?)", ((number, self._words[number]) for (number,) in others)
        )

    def _find_odd(self) -> None:
        """Mark what sqlite may not copy as it is."""
        other = f"({', '.join(f't.{name}' if name not in _MAPPED else _here(name) for name in FIELDS)})"
        own_columns = f"({', '.join(f'm.{name}' for name in FIELDS)})"
        both = "theirs.request_rows t CROSS JOIN main.request_rows m"
        gateway, log = f"source = {_GATEWAY}", f"source != {_GATEWAY}"
        claude = f"agent = {NAME['claude-code']}"
        turn = f"agent != {NAME['claude-code']}"
        of_session = (
            "theirs.request_rows t CROSS JOIN words w ON w.theirs = t.session CROSS JOIN main.request_rows m"
        )
        alone = f"m.{gateway} AND m.joined IS NULL AND m.session = w.ours"
        same_turn = f"m.{log} AND m.{turn} AND m.joined IS NULL AND m.session = w.ours"
        condition = "m.request_id = t.request_id AND m.id != t.id"
        for row_source in (
            f"FROM {both} ON m.id = t.id WHERE {own_columns} IS NOT {other}",
            f"FROM theirs.request_rows t WHERE NOT ({_plain('t.request_id')} AND {_plain('t.message_id')})",
            f"FROM {both} ON {condition} AND m.{gateway} WHERE t.{gateway} OR t.{claude}",
            f"FROM main.request_rows m CROSS JOIN theirs.request_rows t ON {condition} AND t.{gateway} AND t.{claude}"
            f" WHERE m.{log} AND m.{claude} AND m.request_id IS NOT NULL",
            f"FROM {of_session} ON {same_turn} WHERE t.{gateway} AND t.{turn} AND t.joined IS NULL",
            f"FROM {of_session} ON {alone} WHERE t.{log} AND t.{turn} AND t.joined IS NULL",
        ):
            self._connection.execute(f"INSERT OR IGNORE INTO odd SELECT t.id {row_source}")
        twins = (
            "SELECT t.message_id FROM odd JOIN theirs.request_rows t USING (id) JOIN main.request_rows m USING (id)"
            " WHERE t.message_id = m.message_id AND t.request_id != m.request_id"
        )
        if self._connection.execute(f"{twins} LIMIT 1").fetchone():
            self._connection.execute(
                f"INSERT OR IGNORE INTO odd SELECT id FROM theirs.request_rows WHERE message_id IN ({twins})"
            )

    def _copy(self) -> None:
        """Everything else, in the order of the table's own pages."""
        fresh = "theirs.request_rows t WHERE t.id NOT IN (SELECT id FROM odd)"
        columns = ", ".join(_here(name) if name in _MAPPED else f"t.{name}" for name in FIELDS)
        self._connection.execute(
            f"INSERT OR IGNORE INTO main.dirty SELECT DISTINCT ts / {QUARTER_MS} FROM {fresh}"
            " AND NOT EXISTS (SELECT 1 FROM main.request_rows m WHERE m.id = t.id)"
        )
        self._connection.execute(
            f"INSERT OR IGNORE INTO main.request_rows ({', '.join(FIELDS)}) SELECT {columns} FROM {fresh} ORDER BY t.id"
        )

    def _translated(self, row: Row) -> Row:
        """The row under this ledger's numbers for its words."""
        own_row, words = list(row), self._words
        for column in _WORDS:
            own_row[column] = words[own_row[column]]
        own_row[_MACHINE] = self._machine_of[own_row[_MACHINE]]
        return own_row

    def _lay(self, batch: list[Row]) -> None:
        """Lay odd rows over what is here."""
        request_ids = [row[_REQUEST] for row in batch if row[_SOURCE] == _GATEWAY and row[_REQUEST]]
        where = f"source = {_GATEWAY} AND request_id IN ({', '.join('?' * len(request_ids))})"
        rows_by_key = {key_of(row): row for row in ledger_rows.select(self._connection, where, request_ids)}
        ready = [
            self._attempt(row, rows_by_key.get(key_of(row)))
            if row[_SOURCE] == _GATEWAY
            else self._logged(row)
            for row in batch
        ]
        ledger_rows.write(self._connection, ready, self._names)

    def _attempt(self, row: Row, stored_row: Row | None) -> Row:
        """A gateway's row under the number that lasts: the agent's own where its log told of the request.

        Args:
            stored_row: the same attempt, as it stands here.
        """
        if stored_row is None:
            return gateway_rows.met(self._connection, row, self._names)
        if stored_row[_ID] == row[_ID]:
            return row
        if row[AT["joined"]] is None:
            return (stored_row[_ID], *row[1:])
        ledger_rows.remove(self._connection, [stored_row])
        return ledger_rows.merged((row[_ID], *stored_row[1:]), row, self._names)

    def _logged(self, row: Row) -> Row:
        """A log's row, joined with the attempt that a gateway here made of it."""
        if row[AT["agent"]] != NAME["claude-code"]:
            until_ms = row[_TS] + (row[AT["latency_ms"]] or 0)
            return gateway_rows.adopted(self._connection, row, self._names, until_ms)
        failed = row[AT["status"]] == NAME["failed"]
        number = gateway_rows.attempt_row(self._connection, row[_REQUEST], failed) if row[_REQUEST] else None
        return row if number is None else (number, *row[1:])


def _plain(column: str) -> str:
    """Condition: printable ASCII without a hidden end, or nothing."""
    return f"({column} IS NULL OR ({column} NOT GLOB '*[^ -~]*' AND length(CAST({column} AS BLOB)) = length({column})))"


def _here(name: str) -> str:
    """A word's number here, of a row `t` of theirs."""
    if name == "machine":
        return "(SELECT ours FROM whose WHERE theirs = ifnull(t.machine, 0))"
    return f"(SELECT ours FROM words WHERE theirs = t.{name})"


key_of = itemgetter(_REQUEST, _TS, _PROVIDER)
"""What tells one attempt from every other."""


def _switch(connection: sqlite3.Connection, switch: Row, machine: str | None) -> bool:
    """Note (ts, from, to, why, who); False when it is known. What two ledgers tell of is the first's by name."""
    ts, from_provider, to_provider, why, who = switch
    row = connection.execute(
        "SELECT id FROM switches WHERE ts = ? AND to_provider = ? AND who IS ?", (ts, to_provider, who)
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO switches (ts, from_provider, to_provider, why, who, machine) VALUES (?, ?, ?, ?, ?, ?)",
            (ts, from_provider, to_provider, why, who, machine),
        )
    else:
        connection.execute("UPDATE switches SET machine = min(machine, ?) WHERE id = ?", (machine, row[0]))
    return row is None
