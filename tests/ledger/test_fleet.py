"""Other machines' ledgers laid into one: each request once, in any order; and strangers' files refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from pf_tui.errors import StateFileUnusable
from pf_tui.ledger import fleet, foreign, gateway_rows, limit_hits, reader, request_id, rollups, rows, schema
from pf_tui.ledger.overview import analytics
from pf_tui.ledger.period import Filters, period_of
from pf_tui.ledger.query import UsageQuery
from pf_tui.ledger.rows import FIELDS
from tests import readings

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALL = period_of("all", NOON, UTC)
NOON_MS = round(NOON.timestamp() * 1000)


def log_row(names: rows.Names, message: str, **rest: Any) -> rows.Row:
    """A delivered answer as Claude Code's transcript tells it."""
    words = {
        "session": "s-1", "project": "/home/dev/app", "provider": "anthropic-api", "model": "claude-opus-5-5",
        "agent": "claude-code", "source": "transcript", "status": "ok", "cost_basis": "list",
        "attribution": "assumed",
        "failure": None, "machine": None, "root": None, "joined": None, "served_model": None,
        "service_tier": None,
    }  # fmt: skip
    values = {
        **dict.fromkeys(FIELDS),
        **dict.fromkeys(
            ("reasoning", "cache_read", "cache_write_5m", "cache_write_1h", "web_searches", "is_subagent"), 0
        ),
        "id": request_id.anthropic_message(message),
        "ts": NOON_MS - 3_600_000,
        "input": 10,
        "output": 100,
        "cost_usd": 1.0,
        "request_id": f"req_{message}",
        "message_id": message,
        **words,
        **rest,
    }
    for word in words:
        values[word] = None if values[word] is None else names(values[word])
    return tuple(values[field] for field in FIELDS)


Ledger = Callable[..., Path]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """`ledger("laptop", [{"message": "msg_1", ...}], hits=[...])`: a ledger that holds these."""

    def make(
        name: str,
        requests: Iterable[Mapping[str, Any]] = (),
        *,
        walls: Iterable[tuple[Any, ...]] = (),
        switches: Iterable[tuple[Any, ...]] = (),
    ) -> Path:
        path = tmp_path / f"{name}.db"
        with schema.opened(path, write=True) as connection, schema.transaction(connection):
            names = rows.Names(connection)
            rows.write(connection, [log_row(names, **one) for one in requests], names)
            for wall in walls:
                limit_hits.note(connection, *wall)
            connection.executemany(
                "INSERT INTO switches (ts, from_provider, to_provider, why, who) VALUES (?, ?, ?, ?, ?)",
                switches,
            )
            rollups.refresh(connection)
        return path

    return make


def take(target: Path, source: Path, name: str | None = None) -> fleet.ImportCounts:
    with foreign.opened(source) as theirs, schema.opened(target, write=True) as connection:
        return fleet.take(connection, theirs, name)


def everything(path: Path) -> tuple[Any, ...]:
    """Every request, hit and switch with its words, and every sum."""
    with schema.opened(path) as connection:
        requests = connection.execute("SELECT * FROM requests ORDER BY id").fetchall()
        walls = connection.execute(
            "SELECT provider, kind, ts, until, agent, session, text, machine FROM limit_hits ORDER BY 3, 1, 6"
        ).fetchall()
        switches = connection.execute(
            "SELECT ts, from_provider, to_provider, who, machine FROM switches ORDER BY 1, 3"
        ).fetchall()
        found = analytics(connection, ALL)
    return requests, walls, switches, found.machines, found.providers, found.projects, found.fallback


def by_machine(path: Path, filters: Filters | None = None) -> dict[str, tuple[int, int]]:
    """Machine -> requests, output tokens."""
    with schema.opened(path) as connection:
        parts = UsageQuery(connection, ALL, filters or Filters()).by("machine")
    return {part.name: (part.totals.requests, part.totals.output) for part in parts}


COPIED = (
    {"message": "msg_copied_1", "session": "s-copied", "output": 7},
    {"message": "msg_copied_2", "session": "s-copied", "output": 11},
)
WALL = ("anthropic-api", "quota", NOON_MS - 60_000, NOON_MS, "claude-code", "s-copied", None, "limit")


@pytest.fixture
def three(ledger: Ledger) -> dict[str, Path]:
    """A session began on the laptop, went on on the desktop; a half of it lies on the server too."""
    elsewhere = [{**row, "provider": "openrouter", "root": "/home/b/.claude"} for row in COPIED]
    half = [{**COPIED[0], "output": 3, "attribution": "timeline", "provider": "groq"}]
    return {
        "laptop": ledger(
            "laptop", [*COPIED, {"message": "msg_a", "output": 100}], walls=[WALL],
            switches=[(NOON_MS - 50_000, "anthropic-api", "openrouter", "429", "hook")],
        ),
        "desktop": ledger(
            "desktop", [*elsewhere, {"message": "msg_b", "session": "s-copied", "output": 1000}],
            walls=[("openrouter", *WALL[1:])],
        ),
        "server": ledger(
            "server", [*half, {"message": "msg_c", "output": 10_000, "is_subagent": 1}],
            switches=[(NOON_MS - 50_000, "anthropic-api", "groq", "429", "hook")],
        ),
    }  # fmt: skip


def test_three_ledgers_with_a_copied_session_come_out_the_same_in_every_order(
    tmp_path: Path, three: dict[str, Path]
) -> None:
    outcomes = []
    for place, order in enumerate(permutations(three)):
        target = tmp_path / f"fleet-{place}.db"
        for name in order:
            take(target, three[name], name)
        outcomes.append(everything(target))

    # by hand: 5 requests; equal sights belong to the machine that is first by name; the longer one wins
    assert by_machine(tmp_path / "fleet-0.db") == {
        "desktop": (3, 7 + 11 + 1000),
        "laptop": (1, 100),
        "server": (1, 10_000),
    }
    requests, walls, switches, *_, fallback = outcomes[0]
    assert len(requests) == 5
    assert len(walls) == 1
    assert len(switches) == 2
    assert fallback.limit_hits == 1
    assert all(outcome == outcomes[0] for outcome in outcomes[1:])


def test_a_ledger_imported_again_adds_nothing(tmp_path: Path, three: dict[str, Path]) -> None:
    target = tmp_path / "fleet.db"
    first = take(target, three["laptop"], "laptop")
    before = everything(target)

    again = take(target, three["laptop"])

    assert (first.new, first.hits, first.switches) == (3, 1, 1)
    assert (again.machine, again.requests, again.new, again.hits, again.switches) == ("laptop", 3, 0, 0, 0)
    assert everything(target) == before


@pytest.mark.parametrize("own", ["laptop", "desktop", "server"])
def test_what_this_machine_saw_stays_its_own(three: dict[str, Path], own: str) -> None:
    mine = set(by_message(three[own]))
    for name, path in three.items():
        if name != own:
            take(three[own], path, name)

    after = by_message(three[own])

    assert len(after) == 5
    assert {message for message, machine in after.items() if machine is None} == mine


def by_message(path: Path) -> dict[str, str | None]:
    with schema.opened(path) as connection:
        return dict(connection.execute("SELECT message_id, machine FROM requests"))


def test_budgets_limits_and_hits_here_look_at_own_rows_only(three: dict[str, Path]) -> None:
    path = three["laptop"]
    since, resets_at = NOON - timedelta(hours=2), NOON + timedelta(hours=1)
    reader.limit_readings(
        three["server"],
        [readings.reading(99, provider="anthropic-api", resets_at=resets_at, source="header")],
    )

    def asked() -> tuple[Any, ...]:
        with reader.reading(path) as book:
            return dict(book.usage_since(since)), [*book.latest_readings(NOON)], [*book.hits(since)]

    before = asked()
    for name in ("desktop", "server"):
        take(path, three[name], name)

    assert asked() == before
    assert before[0]["anthropic-api"].requests == 3
    assert sum(requests for requests, _ in by_machine(path).values()) == 5


def test_lists_can_be_of_one_machine(three: dict[str, Path]) -> None:
    path = three["laptop"]
    take(path, three["server"], "server")

    def asked(machine: str) -> tuple[int, int, int]:
        with schema.opened(path) as connection:
            found = analytics(connection, ALL, Filters(machine=machine))
            some = analytics(connection, period_of("24h", NOON, UTC), Filters(machine=machine))
        assert found.totals == some.totals
        return found.totals.requests, found.fallback.limit_hits, found.fallback.fallbacks

    assert asked("here") == (3, 1, 1)
    assert asked("server") == (1, 0, 0)
    assert by_machine(path, Filters(project="app", machine="server")) == {"server": (1, 10_000)}


def test_a_copy_that_another_machine_took_in_keeps_its_machine(
    tmp_path: Path, three: dict[str, Path]
) -> None:
    take(three["desktop"], three["laptop"], "old laptop")
    target = tmp_path / "fleet.db"

    take(target, three["desktop"], "desktop")
    take(target, three["laptop"], "laptop")

    assert by_machine(target) == {"desktop": (3, 7 + 11 + 1000), "laptop": (1, 100)}


def test_own_rows_that_come_home_are_own(three: dict[str, Path]) -> None:
    take(three["desktop"], three["laptop"], "laptop")
    before = everything(three["laptop"])[0]

    taken = take(three["laptop"], three["desktop"], "desktop")

    assert taken.new == 1
    assert [row for row in everything(three["laptop"])[0] if row[-1] is None] == before


def test_a_machine_may_be_called_otherwise_later(tmp_path: Path, three: dict[str, Path]) -> None:
    target = tmp_path / "fleet.db"
    unnamed = take(target, three["laptop"])
    named = take(target, three["laptop"], "laptop")

    assert unnamed.machine.startswith("machine-")
    assert (named.machine, named.new) == ("laptop", 0)
    assert by_machine(target) == {"laptop": (3, 118)}
    assert {row[-1] for row in everything(target)[1]} == {"laptop"}


ATTEMPT = gateway_rows.Attempt(
    at=NOON - timedelta(hours=1), agent="opencode", provider="openrouter", model="claude-opus-5-5",
    request_id="r-1", session="ses_1", message_id="chatcmpl-1", input=10, output=100, latency_ms=2_000,
)  # fmt: skip


@pytest.mark.parametrize("later_first", [False, True], ids=["in-order", "newer-export-first"])
def test_an_attempt_that_its_log_joined_later_is_one_request(
    tmp_path: Path, ledger: Ledger, later_first: bool
) -> None:
    box = ledger("box")
    gateway_rows.add(box, [ATTEMPT])
    early = tmp_path / "early.db"
    early.write_bytes(box.read_bytes())
    with schema.opened(box, write=True) as connection, schema.transaction(connection):
        names = rows.Names(connection)
        told = log_row(names, "msg_x", id=42, agent="opencode", source="opencode-db", session="ses_1",
                       request_id=None, message_id=None, latency_ms=2_000)  # fmt: skip
        joined = gateway_rows.adopted(connection, told, names, NOON_MS - 3_598_000)
        rows.write(connection, [joined], names)
        rollups.refresh(connection)
    target = tmp_path / "fleet.db"

    for source in [box, early] if later_first else [early, box]:
        take(target, source, "box")

    assert by_machine(target) == {"box": (1, 100)}


@pytest.mark.parametrize("log_first", [False, True], ids=["gateway-first", "log-first"])
@pytest.mark.parametrize("agent", ["claude-code", "opencode"])
def test_a_copied_log_of_a_turn_that_a_gateway_served_is_one_request(
    tmp_path: Path, ledger: Ledger, agent: str, log_first: bool
) -> None:
    box, copy = ledger("box"), ledger(
        "copy",
        [{"message": "chatcmpl-1", "id": 42, "agent": agent, "session": "ses_1", "request_id": "r-1",
          "provider": "unknown", "source": "transcript"}],
    )  # fmt: skip
    gateway_rows.add(box, [gateway_rows.Attempt(**{**fields(ATTEMPT), "agent": agent})])
    target = tmp_path / "fleet.db"

    for source, name in [(copy, "copy"), (box, "box")][:: 1 if log_first else -1]:
        take(target, source, name)

    assert by_machine(target) == {"box": (1, 100)}
    with schema.opened(target) as connection:
        assert connection.execute("SELECT provider FROM requests").fetchall() == [("openrouter",)]


def fields(attempt: gateway_rows.Attempt) -> dict[str, Any]:
    return {name: getattr(attempt, name) for name in gateway_rows.Attempt.__annotations__}


def test_two_requests_with_one_answer_id_stay_two(tmp_path: Path, ledger: Ledger) -> None:
    """A proxy writes a constant id: one machine saw the second request alone, the other one both."""
    one = ledger("one", [{"message": "msg_same", "request_id": "req_2"}])
    both = ledger(
        "both",
        [{"message": "msg_same", "request_id": "req_1"}, {"message": "msg_same", "request_id": "req_2"}],
    )
    for order in ((one, both), (both, one)):
        target = tmp_path / f"fleet-{order[0].stem}.db"
        for source in order:
            take(target, source, source.stem)
        with schema.opened(target) as connection:
            found = connection.execute("SELECT request_id FROM requests ORDER BY 1").fetchall()
        assert found == [("req_1",), ("req_2",)]


REQUESTS = "UPDATE request_rows SET "
HOSTILE = [
    pytest.param(f"{REQUESTS} input = 'many'", "request_rows, row 1: input", id="text-for-count"),
    pytest.param(f"{REQUESTS} output = -5", "request_rows, row 1: output", id="negative"),
    pytest.param(f"{REQUESTS} output = 9000000000000", "request_rows, row 1: output", id="too-many"),
    pytest.param(f"{REQUESTS} cost_usd = 9e999", "request_rows, row 1: cost_usd", id="infinite-money"),
    pytest.param(f"{REQUESTS} cost_usd = x'00'", "request_rows, row 1: cost_usd", id="blob"),
    pytest.param(f"{REQUESTS} ts = -1", "request_rows, row 1: ts", id="before-time"),
    pytest.param(f"{REQUESTS} request_id = hex(zeroblob(300))", "row 1: request_id", id="long-id"),
    pytest.param(f"{REQUESTS} status = 3", "request_rows, row 1: status", id="odd-status"),
    pytest.param(f"{REQUESTS} is_subagent = 7", "request_rows, row 1: is_subagent", id="odd-flag"),
    pytest.param(f"{REQUESTS} model = 99999", "request_rows, row 1: model", id="no-such-word"),
    pytest.param(
        "UPDATE names SET text = hex(zeroblob(3000)) WHERE text = 's-1'", "names, row ", id="long-word"
    ),
    pytest.param("UPDATE names SET text = 'x' WHERE text = 'failed'", "names: the words", id="other-words"),
    pytest.param("DELETE FROM names WHERE text = 'anthropic-api'", "names: words are missing", id="a-gap"),
    pytest.param(
        "UPDATE limit_hits SET text = hex(zeroblob(9000))", "limit_hits, row 1: text", id="long-text"
    ),
    pytest.param("UPDATE switches SET to_provider = x'c328'", "switches, row 1: to_provider", id="no-text"),
    pytest.param("DROP TABLE switches", "it has no table switches", id="no-table"),
    pytest.param("ALTER TABLE request_rows DROP COLUMN ttft_ms", "has no ttft_ms", id="no-column"),
    pytest.param(
        "DROP TABLE switches; CREATE VIEW switches AS SELECT * FROM limit_hits",
        "it has no table switches",
        id="a-view",
    ),
    pytest.param("PRAGMA user_version = 2", "is a ledger of version 2", id="too-old"),
    pytest.param("PRAGMA user_version = 9", "has version 9, this pf-tui knows", id="too-new"),
]


@pytest.mark.parametrize(("damage", "said"), HOSTILE)
def test_a_file_with_anything_wrong_in_it_changes_nothing(
    tmp_path: Path, three: dict[str, Path], damage: str, said: str
) -> None:
    target, path = three["desktop"], three["laptop"]
    with sqlite3.connect(path) as connection:
        connection.executescript(f"DROP VIEW requests; {damage}")
    connection.close()
    before = everything(target)

    with pytest.raises(StateFileUnusable) as caught:
        take(target, path, "laptop")

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert everything(target) == before


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def scribbled(data: bytes) -> bytes:
    return data[:4096] + b"\x55" * 4096 + data[8192:]


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        pytest.param(cut, "is cut short", id="cut"),
        pytest.param(lambda data: data[:50], "is cut short", id="no-header"),
        pytest.param(lambda data: b"", "is empty", id="empty"),
        pytest.param(
            lambda data: b"bash: pf-tui: command not found\n", "is no ledger", id="an-error-message"
        ),
        pytest.param(lambda data: b"SQLite format 3\0" + b"\xff" * 5000, "ledger", id="rubbish"),
        pytest.param(scribbled, "ledger", id="a-scribbled-page"),
    ],
)
def test_what_is_no_whole_ledger_is_refused_in_a_sentence(
    three: dict[str, Path], damage: Callable[[bytes], bytes], said: str
) -> None:
    path = three["laptop"]
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(StateFileUnusable, match=said) as caught:
        take(three["desktop"], path, "laptop")

    assert "\n" not in str(caught.value)


def test_a_folder_or_a_name_of_nothing_is_refused(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "is no file"), (tmp_path / "nothing.db", "is not there")):
        with pytest.raises(StateFileUnusable, match=said), foreign.opened(path):
            pass


def test_words_that_are_no_text_come_in_as_text(tmp_path: Path, three: dict[str, Path]) -> None:
    with sqlite3.connect(three["laptop"]) as connection:
        connection.execute("UPDATE request_rows SET request_id = CAST(x'72c328' AS TEXT) WHERE output = 100")
        connection.execute("UPDATE names SET text = CAST(x'732d31c3' AS TEXT) WHERE text = 's-1'")
    connection.close()
    target = tmp_path / "fleet.db"

    take(target, three["laptop"], "laptop")

    with schema.opened(target) as connection:
        found = connection.execute("SELECT request_id, session FROM requests WHERE output = 100").fetchall()
    assert found == [("r\ufffd(", "s-1\ufffd")]


@pytest.mark.parametrize("name", ["", "  ", "here", "-x", "a\x1b[31m", "x" * 65])
def test_a_name_must_be_one_that_can_be_shown(name: str) -> None:
    assert fleet.plain_name(name) is None
