"""With the gateway on, every turn is seen twice; the ledger has it once, served by whom the gateway says."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.ledger import gateway_rows
from pf_tui.ledger.gateway_rows import Attempt
from tests.ingest.conftest import Books

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
SESSION = "4c1c7c1e-0000-4000-a000-000000000001"
BOTH_ORDERS = pytest.mark.parametrize("first", ["gateway", "log"])

Step = Callable[[], object]


def in_order(first: str, gateway: Step, log: Step) -> None:
    for step in (gateway, log) if first == "gateway" else (log, gateway):
        step()


def stamp(after_s: float) -> str:
    return (AT + timedelta(seconds=after_s)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms(after_s: float) -> int:
    return round((AT + timedelta(seconds=after_s)).timestamp() * 1000)


class Turn:
    """One Claude Code request: how its transcript tells it and how the gateway does."""

    def __init__(self, books: Books, message_id: str, request_id: str = "req_1", blocks: int = 2) -> None:
        self.books, self.message_id, self.request_id, self.blocks = books, message_id, request_id, blocks
        self.file = books.home / ".claude/projects/-home-dev-acme" / f"{SESSION}.jsonl"

    def log(self) -> None:
        """The transcript's lines, and an ingest of them."""
        usage = {"input_tokens": 11, "output_tokens": 57, "cache_read_input_tokens": 3400}
        self.write(
            *(
                {
                    "type": "assistant",
                    "timestamp": stamp(2 + block * 0.1),
                    "requestId": self.request_id,
                    "isSidechain": True,
                    "message": {"id": self.message_id, "model": "claude-opus-4-5", "usage": usage},
                }
                for block in range(self.blocks)
            )
        )

    def write(self, *rows: dict[str, Any]) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps({"sessionId": SESSION, "cwd": "/home/dev/acme", **row}) + "\n")
        self.books.ingest()

    def gateway(self, **facts: Any) -> None:
        """The attempts as the gateway writes them."""
        whole = {
            "at": AT, "agent": "claude-code", "provider": "openrouter", "model": "claude-opus-4-5-20251101",
            "served_model": "anthropic/claude-opus-4.5", "session": SESSION, "request_id": self.request_id,
            "message_id": self.message_id, "input": 11, "output": 57, "cache_read": 3400, "latency_ms": 2100,
            "ttft_ms": 700,
        }  # fmt: skip
        assert gateway_rows.add(self.books.path, [Attempt(**{**whole, **facts})])


@BOTH_ORDERS
@pytest.mark.parametrize("message_id", ["msg_01abc", "chatcmpl-constant"])
def test_a_turn_through_the_gateway_is_one_row(books: Books, first: str, message_id: str) -> None:
    turn = Turn(books, message_id)

    in_order(first, turn.gateway, turn.log)

    row = books.one(
        "source, provider, attribution, served_model, session, project, input, output, cache_read,"
        " latency_ms, ttft_ms, is_subagent, status"
    )
    assert row == (
        "gateway", "openrouter", "gateway", "anthropic/claude-opus-4.5", SESSION, "/home/dev/acme", 11, 57,
        3400, 2100, 700, 1, "ok",
    )  # fmt: skip


@BOTH_ORDERS
def test_it_costs_what_the_provider_that_served_it_takes(books: Books, first: str) -> None:
    turn = Turn(books, "msg_01abc")

    in_order(first, turn.gateway, turn.log)
    books.ingest()

    cost, basis = books.one("cost_usd, cost_basis")
    assert basis == "list"
    assert cost == pytest.approx((11 * 5 + 57 * 25 + 3400 * 0.5) / 1e6)


@BOTH_ORDERS
def test_both_orders_leave_the_same_row(books: Books, first: str) -> None:
    turn = Turn(books, "msg_01abc")

    in_order(first, turn.gateway, turn.log)
    turn.gateway()
    books.ingest(full=True)

    (row,) = books.rows()
    assert row[1:] == (
        "claude-code", "gateway", ms(0), SESSION, "/home/dev/acme", "openrouter", "claude-opus-4-5-20251101",
        "anthropic/claude-opus-4.5", 11, 57, 0, 3400, 0, 0, 0, pytest.approx(0.00318), "list", "ok", None,
        2100, 700, "req_1", "msg_01abc", 1, "gateway", None, str(books.home / ".claude"), None,
    )  # fmt: skip


@BOTH_ORDERS
def test_attempts_that_failed_before_stay_rows_of_their_own(books: Books, first: str) -> None:
    turn = Turn(books, "msg_01abc")

    def gateway() -> None:
        turn.gateway(
            provider="anthropic-api",
            failure="rate",
            answered=False,
            message_id=None,
            input=0,
            output=0,
            cache_read=0,
        )
        turn.gateway(ordinal=2, at=AT + timedelta(seconds=0.3))

    in_order(first, gateway, turn.log)

    assert books.rows("provider, status, failure, output") == [
        ("anthropic-api", "failed", "rate", 0),
        ("openrouter", "ok", None, 57),
    ]


@BOTH_ORDERS
def test_a_failure_that_was_passed_on_is_one_row(books: Books, first: str) -> None:
    turn = Turn(books, "")

    def gateway() -> None:
        turn.gateway(failure="rate", message_id=None, input=0, output=0, cache_read=0)

    def log() -> None:
        turn.write(
            {
                "type": "assistant",
                "timestamp": stamp(1),
                "requestId": "req_1",
                "isApiErrorMessage": True,
                "error": "rate_limit",
                "apiErrorStatus": 429,
                "message": {
                    "model": "<synthetic>",
                    "usage": {"output_tokens": 0},
                    "content": [{"type": "text", "text": "API Error: Request rejected (429)"}],
                },
            }
        )

    in_order(first, gateway, log)

    assert books.rows("provider, status, failure, session") == [("openrouter", "failed", "rate", SESSION)]


@BOTH_ORDERS
def test_what_the_gateway_could_not_count_the_transcript_does(books: Books, first: str) -> None:
    """The client went away before the last event: the gateway saw no usage."""
    turn = Turn(books, "msg_01abc")

    in_order(first, lambda: turn.gateway(input=0, output=0, cache_read=0), turn.log)
    books.ingest()

    assert books.one("provider, input, output, cache_read, cost_basis") == (
        "openrouter",
        11,
        57,
        3400,
        "list",
    )


@BOTH_ORDERS
def test_what_an_advisor_used_is_counted_beside_the_answer(books: Books, first: str) -> None:
    turn = Turn(books, "msg_01", blocks=0)
    step = {"type": "advisor_message", "model": "claude-haiku-4-5", "input_tokens": 500, "output_tokens": 90}
    usage = {"input_tokens": 11, "output_tokens": 57, "iterations": [{"type": "message"}, step]}
    message = {"id": "msg_01", "model": "claude-opus-4-5", "usage": usage}
    line = {"type": "assistant", "timestamp": stamp(2), "requestId": turn.request_id, "message": message}

    in_order(first, turn.gateway, lambda: turn.write(line))

    told = books.rows("input, output, source")
    assert sorted(told) == [(11, 57, "gateway"), (500, 90, "transcript")]


def test_requests_of_foreign_gateways_with_one_id_for_all_stay_apart(books: Books) -> None:
    turn = Turn(books, "chatcmpl-0", request_id="req_always_the_same", blocks=3)

    turn.log()

    assert len(books.rows()) == 3


def test_a_request_only_the_gateway_saw_is_counted(books: Books) -> None:
    """Compaction, titles: no row in any log."""
    turn = Turn(books, "msg_01abc")
    turn.log()

    turn.gateway(message_id="msg_02", request_id="req_2")

    assert [row[0] for row in books.rows("message_id")] == ["msg_02", "msg_01abc"]


class OpenCode:
    """OpenCode's database with one session."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.path = books.home / ".local/share/opencode/opencode.db"
        self.path.parent.mkdir(parents=True)
        with sqlite3.connect(self.path) as db:
            db.execute("CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT)")
            db.execute(
                "CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER,"
                " time_updated INTEGER, data TEXT)"
            )
            db.execute("INSERT INTO session VALUES ('ses_1', NULL, '/home/dev/acme')")

    def turn(self, mid: str, begin_s: float, end_s: float, output: int, **more: Any) -> None:
        """A finished assistant message."""
        data = {
            "role": "assistant", "modelID": "mock-large", "providerID": "pf-tui",
            "tokens": {"input": 100, "output": output, "reasoning": 0, "cache": {"read": 0, "write": 0}},
            "time": {"created": ms(begin_s), "completed": ms(end_s)}, **more,
        }  # fmt: skip
        with sqlite3.connect(self.path) as db:
            db.execute(
                "INSERT OR REPLACE INTO message VALUES (?, 'ses_1', ?, ?, ?)",
                (mid, ms(begin_s), ms(end_s), json.dumps(data)),
            )

    def attempt(self, number: int, after_s: float, output: int, **facts: Any) -> None:
        """What the gateway saw of one."""
        whole = {
            "at": AT + timedelta(seconds=after_s), "agent": "opencode", "provider": f"provider-{number}",
            "model": "mock-large", "session": "ses_1", "request_id": f"req_{number}", "input": 100,
            "output": output, "message_id": f"chatcmpl-{number}", "latency_ms": 900,
        }  # fmt: skip
        assert gateway_rows.add(self.books.path, [Attempt(**{**whole, **facts})])


@BOTH_ORDERS
def test_opencode_turns_are_joined_by_session_time_and_tokens(books: Books, first: str) -> None:
    client = OpenCode(books)

    def gateway() -> None:
        client.attempt(1, 0.2, 50)
        client.attempt(2, 1.4, 60)
        client.attempt(3, 20, 70)

    def log() -> None:
        client.turn("msg_a", 0, 1.2, 50)
        client.turn("msg_b", 1.3, 2.5, 60)
        client.turn("msg_c", 19.8, 21.5, 70)
        books.ingest()

    in_order(first, gateway, log)
    client.turn("msg_b", 1.3, 2.6, 60)
    books.ingest(full=True)

    assert books.rows("provider, message_id, output, attribution, project") == [
        ("provider-1", "msg_a", 50, "gateway", "/home/dev/acme"),
        ("provider-2", "msg_b", 60, "gateway", "/home/dev/acme"),
        ("provider-3", "msg_c", 70, "gateway", "/home/dev/acme"),
    ]


@BOTH_ORDERS
def test_an_opencode_turn_after_failed_tries_is_one_delivery(books: Books, first: str) -> None:
    client = OpenCode(books)

    def gateway() -> None:
        client.attempt(1, 0.2, 0, failure="rate", answered=False, input=0, message_id=None)
        client.attempt(2, 0.4, 50, request_id="req_1", ordinal=2)

    def log() -> None:
        client.turn("msg_a", 0, 1.5, 50)
        books.ingest()

    in_order(first, gateway, log)

    assert books.rows("provider, status, output") == [
        ("provider-1", "failed", 0),
        ("provider-2", "ok", 50),
    ]


@BOTH_ORDERS
def test_another_opencode_session_at_the_same_time_is_not_taken_for_it(books: Books, first: str) -> None:
    client = OpenCode(books)

    def log() -> None:
        client.turn("msg_a", 0, 1.5, 50)
        books.ingest()

    in_order(first, lambda: client.attempt(1, 0.2, 50, session="ses_other"), log)

    assert len(books.rows()) == 2


@BOTH_ORDERS
def test_a_codex_answer_is_known_by_its_response_id(books: Books, first: str) -> None:
    file = books.home / ".codex/sessions/2026/11/24/rollout-1.jsonl"
    usage = {"input_tokens": 1234, "cached_input_tokens": 200, "output_tokens": 56}

    def log() -> None:
        file.parent.mkdir(parents=True)
        rows = [
            {
                "type": "session_meta",
                "payload": {"id": "thread-1", "cwd": "/home/dev/acme", "model_provider": "pf"},
            },
            {"type": "turn_context", "payload": {"model": "gpt-5-codex"}},
            {"type": "token_usage_record", "payload": {"response_id": "resp_1", "usage": usage}},
        ]
        file.write_text("".join(json.dumps({"timestamp": stamp(1), **row}) + "\n" for row in rows), "utf-8")
        books.ingest()

    def gateway() -> None:
        attempt = Attempt(
            at=AT, agent="codex", provider="openai-api", model="gpt-5-codex", session="thread-1",
            request_id="r", message_id="resp_1", input=1034, cache_read=200, output=56, latency_ms=800,
        )  # fmt: skip
        assert gateway_rows.add(books.path, [attempt])

    in_order(first, gateway, log)

    assert books.one("provider, attribution, input, cache_read, output, project, latency_ms") == (
        "openai-api", "gateway", 1034, 200, 56, "/home/dev/acme", 800,
    )  # fmt: skip


def test_a_batch_that_cannot_be_written_is_handed_back(tmp_path: Path) -> None:
    """The gateway keeps it and tries again."""
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as newer:
        newer.execute("PRAGMA user_version = 99")

    assert not gateway_rows.add(
        tmp_path / "ledger.db",
        [Attempt(at=AT, agent="codex", provider="openai-api", model="gpt-5", request_id="r")],
    )
