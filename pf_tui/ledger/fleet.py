"""Another machine's ledger laid into this one: requests, limit hits and switches, each once.

Any order, any number of times: a request has the same number wherever its log was copied, and `rows.merged` says
whose it is. What is imported is history. Rows, sums and lists show it by machine; budgets, benches, estimates and
limit windows look at this machine's own. Readings of windows, an agent's timeline and running totals stay there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from pf_tui.ledger import gateway_rows, hits, rollups
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.foreign import ForeignLedger
from pf_tui.ledger.request_id import anthropic_message
from pf_tui.ledger.rows import AT, FIELDS, Names, Row
from pf_tui.ledger.schema import NAME, QUARTER_MS
from pf_tui.ledger.totals import HERE
from pf_tui.records import record

LONGEST_NAME = 64
"""Characters of a machine's name."""

_AT_ONCE = 2000
_GATEWAY = NAME["gateway"]
_ID, _TS, _SOURCE, _PROVIDER = AT["id"], AT["ts"], AT["source"], AT["provider"]
_REQUEST, _MESSAGE, _MACHINE = AT["request_id"], AT["message_id"], AT["machine"]
_WORDS = tuple(
    AT[name] for name in ("agent", "session", "project", "provider", "model", "served_model", "failure", "service_tier",
                          "root")
)  # fmt: skip
"""Columns whose words have another number in every ledger; those of closed lists have the same."""


@record
class Taken:
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


def take(connection: sqlite3.Connection, theirs: ForeignLedger, name: str | None) -> Taken:
    """Lay everything in, inside the caller's transaction.

    Args:
        name: what the machine is called here; None = as before, else a name made of its number.
    Raises:
        StateFileUnusable: the file holds a word that no ledger has.
        ValueError: it does not say whose it is, and no name was given.
    """
    machines = _Machines(connection, theirs, name)
    before = _requests(connection)
    took = _Requests(connection, theirs, Names(connection), machines)
    new_hits = sum(hits.note(connection, *hit, machine=machines.name(whose)) for *hit, whose in theirs.hits())
    new_switches = sum(
        _switch(connection, switch, machines.name(whose)) for *switch, whose in theirs.switches()
    )
    rollups.refresh(connection)
    return Taken(
        machine=machines.name(None) or HERE,
        requests=took.read,
        new=_requests(connection) - before,
        hits=new_hits,
        switches=new_switches,
    )


def _requests(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM request_rows").fetchone()[0])


def plain_name(text: str) -> str | None:
    """A machine's name as it may be kept; None when the text is none."""
    text = text.strip()
    sound = 0 < len(text) <= LONGEST_NAME and text.isprintable() and text != HERE and text[0] != "-"
    return text if sound else None


class _Machines:
    """What every machine of a foreign ledger is called here."""

    def __init__(self, connection: sqlite3.Connection, theirs: ForeignLedger, name: str | None) -> None:
        self._connection = connection
        known = {
            key.partition(":")[2]: value
            for key, value in connection.execute("SELECT key, value FROM facts WHERE key LIKE 'machine:%'")
        }
        own = connection.execute("SELECT value FROM facts WHERE key = 'machine'").fetchone()[0]
        number = theirs.machine()
        if number is None and name is None:
            raise ValueError(number)
        self._named: dict[str | None, str | None] = {None: name}
        if name is None:
            self._named[None] = None if number == own else known.get(str(number)) or _made_up(str(number))
        elif number is not None and known.get(number, name) != name:
            _rename(connection, known[number], name)
            known = {one: name if text == known[number] else text for one, text in known.items()}
        if number is not None and self._named[None] is not None:
            self._keep(number, str(self._named[None]), known)
        for other, text in theirs.machines().items():
            if other == own:
                self._named[text] = None
                continue
            called = known.get(other) or self._free(plain_name(text) or _made_up(other), known)
            self._keep(other, called, known)
            self._named[text] = called

    def name(self, theirs: str | None) -> str | None:
        """The name here of a machine that is called so there; None on both sides is the machine itself."""
        if theirs not in self._named:
            self._named[theirs] = plain_name(str(theirs)) or _made_up(str(theirs))
        return self._named[theirs]

    def _free(self, text: str, known: Mapping[str, str]) -> str:
        """The name, or one like it that no other machine has."""
        taken = {*known.values(), self._named[None]}
        place = 1
        while text in taken:
            place += 1
            text = f"{text.rpartition(' ')[0] if place > 2 else text} {place}"
        return text

    def _keep(self, number: str, text: str, known: dict[str, str]) -> None:
        known[number] = text
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

    def __init__(self, theirs: ForeignLedger, names: Names) -> None:
        super().__init__({None: None})
        self._theirs, self._names = theirs, names

    def __missing__(self, number: int | None) -> int | None:
        found = self[number] = self._names(self._theirs.word(int(number or 0)))
        return found


class _Requests:
    """The requests of a foreign ledger on their way into this one.

    Nearly all are new, or known as they are. The others are laid over what is known, one by one: those a gateway
    served, which may stand here under another number, and answers whose id another request has as well.
    """

    def __init__(
        self, connection: sqlite3.Connection, theirs: ForeignLedger, names: Names, machines: _Machines
    ) -> None:
        self.read = 0
        self._connection, self._theirs, self._names = connection, theirs, names
        self._machines = machines
        self._machine_of: dict[int | None, int | None] = {}
        self._words = _Words(theirs, names)
        self._known: list[int] = []
        connection.create_function("known_row", 1, self._known.append)
        self._gateways = self._any_gateway()
        for some in theirs.requests(_AT_ONCE):
            self._take([self._translated(row) for row in some])

    def _translated(self, row: Row) -> Row:
        """The row under this ledger's numbers for its words."""
        mine, words = list(row), self._words
        for place in _WORDS:
            mine[place] = words[mine[place]]
        whose = mine[_MACHINE]
        if whose not in self._machine_of:
            told = None if whose is None else self._theirs.word(whose)
            name = self._machines.name(told)
            self._machine_of[whose] = None if name is None else self._names(name)
        mine[_MACHINE] = self._machine_of[whose]
        return mine

    def _take(self, some: list[Row]) -> None:
        self.read += len(some)
        plain: list[Row] = []
        careful: list[Row] = []
        for row in some:
            (careful if row[_SOURCE] == _GATEWAY or _beside(row) else plain).append(row)
        self._known.clear()
        self._connection.executemany(_PUT, plain)
        ledger_rows.mark(self._connection, plain)
        known = set(self._known)
        again = [row for row in plain if row[_ID] in known]
        if self._gateways:
            again += self._met(row for row in plain if row[_ID] not in known)
        if again or careful:
            ledger_rows.write(self._connection, [*again, *self._attempts(careful)], self._names)

    def _attempts(self, careful: list[Row]) -> list[Row]:
        """A gateway's attempts under the number they have here: the agent's own log may have come between."""
        told = [row for row in careful if row[_SOURCE] == _GATEWAY and row[_REQUEST]]
        stored: dict[tuple[Any, ...], Row] = {}
        for start in range(0, len(told), 500):
            wanted = [row[_REQUEST] for row in told[start : start + 500]]
            where = f"source = {_GATEWAY} AND request_id IN ({', '.join('?' * len(wanted))})"
            for row in ledger_rows.select(self._connection, where, wanted):
                stored[_sent(row)] = row
        return [self._placed(row, stored.get(_sent(row))) for row in careful]

    def _placed(self, row: Row, known: Row | None) -> Row:
        """The row under the number that lasts: the agent's own where its log told of the request.

        Args:
            known: the same attempt, as it stands here.
        """
        if row[_SOURCE] != _GATEWAY or (known is not None and known[_ID] == row[_ID]):
            return row
        if known is None:
            return gateway_rows.met(self._connection, row, self._names)
        if row[AT["joined"]] is None:
            return (known[_ID], *row[1:])
        ledger_rows.remove(self._connection, [known])
        return ledger_rows.merged((row[_ID], *known[1:]), row, self._names)

    def _met(self, fresh: Iterable[Row]) -> list[Row]:
        """Log rows, just put in, of answers that a gateway here gave: again, joined with its attempt."""
        found = []
        for row in fresh:
            if row[AT["agent"]] != NAME["claude-code"]:
                until_ms = row[_TS] + (row[AT["latency_ms"]] or 0)
                both = gateway_rows.adopted(self._connection, row, self._names, until_ms)
                if both is not row:
                    found.append(both)
            elif row[_REQUEST] is not None:
                failed = row[AT["status"]] == NAME["failed"]
                number = gateway_rows.passed(self._connection, row[_REQUEST], failed)
                if number is not None and number != row[_ID]:
                    ledger_rows.remove(self._connection, [row])
                    found.append((number, *row[1:]))
        return found

    def _any_gateway(self) -> bool:
        """Whether a gateway's attempts are here."""
        found = self._connection.execute(
            f"SELECT 1 FROM request_rows WHERE request_id > '' AND source = {_GATEWAY} LIMIT 1"
        )
        return found.fetchone() is not None


_PUT = (
    f"INSERT INTO request_rows ({', '.join(FIELDS)}) VALUES ({', '.join('?' * len(FIELDS))})"
    # nothing changes: the function says None
    " ON CONFLICT (id) DO UPDATE SET id = id WHERE known_row(id)"
)


def _beside(row: Row) -> bool:
    """An answer that stands beside another one with the same id."""
    message = row[_MESSAGE]
    if not message or not row[_REQUEST] or not message.startswith("msg_"):
        return False
    return bool(anthropic_message(message) != row[_ID])


_sent = itemgetter(_REQUEST, _TS, _PROVIDER)
"""What tells one attempt from every other."""


def _switch(connection: sqlite3.Connection, switch: Row, machine: str | None) -> bool:
    """Note (ts, from, to, why, who); False when it is known. What two ledgers tell of is the first's by name."""
    ts, left, taken, why, who = switch
    known = connection.execute(
        "SELECT id FROM switches WHERE ts = ? AND to_provider = ? AND who IS ?", (ts, taken, who)
    ).fetchone()
    if known is None:
        connection.execute(
            "INSERT INTO switches (ts, from_provider, to_provider, why, who, machine) VALUES (?, ?, ?, ?, ?, ?)",
            (ts, left, taken, why, who, machine),
        )
    else:
        connection.execute("UPDATE switches SET machine = min(machine, ?) WHERE id = ?", (machine, known[0]))
    return known is None
