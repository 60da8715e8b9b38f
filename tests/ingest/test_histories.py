"""Small histories with one question each; what was used and what it cost is worked out by hand beside it."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from pf_tui.ledger import gateway_rows, overview, schema
from pf_tui.ledger.gateway_rows import Attempt
from pf_tui.ledger.period import period_of
from tests.ingest.conftest import Books
from tests.ingest.test_clients import PROJECT, database

SONNET, OPUS, GPT, GLM = "claude-sonnet-4-5-20250929", "claude-opus-4-6", "gpt-5", "glm-4.6"
CODEX_DAY = ".codex/sessions/2026/11/24"
NOW = datetime(2026, 12, 1, tzinfo=UTC)


class Used(NamedTuple):
    """One request: its model, its tokens by kind, and its price in millionths of a dollar."""

    model: str
    input: int
    output: int
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    micro_usd: float | None = None
    """Tokens by list price per million (None = nobody knows it): Sonnet 4.5 is 3, 15, 0.3, 3.75, 6."""


class History(NamedTuple):
    """What lies on disk, and what was used."""

    write: Callable[[Books], object]
    """Writes it, and reads it in between where that is the question."""
    used: tuple[Used, ...]
    env: Mapping[str, str] = {}
    days: Mapping[str, int] = {}
    """Requests by day, where that is the question."""
    unread: tuple[str, ...] = ()
    """Names of files that must be told as not read."""


def lines(books: Books, place: str, *rows: Mapping[str, object]) -> None:
    """Lay rows behind what a log holds already."""
    path = books.home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def turn(
    message: str, sent: int = 1000, made: int = 200, read: int = 0, *, at: str = "12:00:00",
    session: str = "a", model: str = SONNET, usage: Mapping[str, object] = {}, day: str = "2026-11-24",
    **more: object,
) -> dict[str, object]:  # fmt: skip
    """A row of a Claude Code transcript."""
    counts = {"input_tokens": sent, "output_tokens": made, "cache_read_input_tokens": read, **usage}
    return {
        "type": "assistant", "sessionId": session, "cwd": "/home/dev/acme", "timestamp": f"{day}T{at}.000Z",
        "requestId": f"req_{message}", "uuid": f"{session}-{message}-{made}", **more,
        "message": {"id": f"msg_{message}", "model": model, "usage": counts},
    }  # fmt: skip


def claude(books: Books, *rows: Mapping[str, object], file: str = f"{PROJECT}/a.jsonl") -> None:
    lines(books, file, *rows)


def total(session: str, **models: tuple[int, int]) -> dict[str, object]:
    """Claude Code's own running total of a session: input and output tokens by model."""
    use = {
        name.replace("_", "-"): {"inputTokens": sent, "outputTokens": made}
        for name, (sent, made) in models.items()
    }
    began = round(datetime(2026, 11, 24, 11, 59, tzinfo=UTC).timestamp() * 1000)
    when = {"startTime": began, "totalDuration": 600_000}
    return {"type": "cost-state", "sessionId": session, **when, "modelUsage": use}


def codex(kind: str, payload: Mapping[str, object], at: str = "12:00:00") -> dict[str, object]:
    return {"timestamp": f"2026-11-24T{at}.000Z", "type": kind, "payload": dict(payload)}


def thread(name: str, **more: object) -> dict[str, object]:
    return codex("session_meta", {"id": name, "cwd": "/home/dev/acme", "model_provider": "openai", **more})


def counted(whole: int, last: int, at: str = "12:00:00") -> dict[str, object]:
    """Codex's running total and its last request: so many tokens in, a tenth of them out."""
    info = {
        f"{name}_token_usage": {"input_tokens": tokens, "output_tokens": tokens // 10}
        for name, tokens in (("total", whole), ("last", last))
    }
    return codex("event_msg", {"type": "token_count", "info": info}, at)


def served(tier: str | None) -> dict[str, object]:
    settings = {"model": GPT, "model_provider_id": "openai", "service_tier": tier}
    return codex("event_msg", {"type": "thread_settings_applied", "thread_settings": settings})


MODEL = codex("turn_context", {"model": GPT})


def rollout(books: Books, name: str, *rows: Mapping[str, object]) -> None:
    lines(books, f"{CODEX_DAY}/rollout-{name}.jsonl", *rows)


def message(number: int, sent: int, made: int, *, session: str = "ses", created: int = 0) -> dict[str, Any]:
    """A row of OpenCode's `message`, told at noon and some seconds."""
    at = 1_795_521_600_000 + 1000 * (created or number)
    tokens = {"input": sent, "output": made, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    data = {
        "role": "assistant", "modelID": SONNET, "providerID": "anthropic", "tokens": tokens, "cost": 0,
        "time": {"created": at, "completed": at + 700}, "path": {"cwd": "/home/dev/acme"},
    }  # fmt: skip
    return {
        "id": f"msg_{session}_{number}", "session_id": session, "time_created": at, "time_updated": at,
        "data": data,
    }  # fmt: skip


def fork_of(row: dict[str, Any], session: str) -> dict[str, Any]:
    return {
        **row,
        "id": f"msg_{session}_{row['id']}",
        "session_id": session,
        "time_updated": row["time_updated"] + 9,
    }


# what each history is


def streamed(books: Books) -> None:
    writes = {"cache_creation_input_tokens": 400}
    claude(books, *(turn("1", made=made, read=10_000, usage=writes) for made in (1, 40, 200)))


def resumed(books: Books) -> None:
    claude(books, turn("1"), turn("2", made=100))
    copies = (turn("1", session="b"), turn("2", made=100, session="b"), turn("3", made=50, session="b"))
    claude(books, *copies, file=f"{PROJECT}/b.jsonl")


def branched(books: Books) -> None:
    for session, own in (("a", "2"), ("b", "3")):
        claude(
            books, turn("1", session=session), turn(own, session=session), file=f"{PROJECT}/{session}.jsonl"
        )


def compacted(books: Books) -> None:
    claude(books, turn("1"), turn("2"), total("a", **{SONNET.replace("-", "_"): (2000 + 5000, 400 + 800)}))


def beside(books: Books) -> None:
    claude(books, turn("1"), {**turn("1", isSidechain=True), "requestId": "req_replayed"})
    claude(books, turn("2", isSidechain=True), file=f"{PROJECT}/a/subagents/agent-1.jsonl")


def two_roots(books: Books) -> None:
    claude(books, turn("1"), turn("2"), file="work/projects/-home-dev-acme/a.jsonl")
    claude(books, turn("2"), turn("3"), file="private/projects/-home-dev-acme/a.jsonl")


def linked(books: Books) -> None:
    claude(books, turn("1"), file="elsewhere/a.jsonl")
    claude(books, turn("2"), file=f"{PROJECT}/b.jsonl")
    (books.home / ".claude/projects/-linked").symlink_to(books.home / "elsewhere")
    (books.home / ".claude/projects/-again").symlink_to(books.home / "elsewhere")


def in_regions(books: Books) -> None:
    claude(books, turn("1", model=OPUS, usage={"inference_geo": "us"}))
    claude(books, turn("2", model=OPUS, usage={"inference_geo": "eu"}))


def of_days(books: Books) -> None:
    days = ("2026-11-24", "2026-11-28")  # a Tuesday, a Saturday
    claude(books, *(turn(day, model="deepseek-v4-pro", at="02:00:00", day=day) for day in days))
    claude(books, turn("old", model="deepseek-chat", at="12:00:00", day="2025-08-01"))


def around_midnight(books: Books) -> None:
    claude(books, *(turn(at, at=at) for at in ("22:59:59", "23:00:00", "23:59:59")))


def half_written(books: Books) -> None:
    claude(books, turn("1"))
    path = books.home / PROJECT / "a.jsonl"
    text = json.dumps(turn("2")) + "\n"
    for part in (text[:70], text[70:-1], "\n"):
        with path.open("a", encoding="utf-8") as file:
            file.write(part)
        books.ingest()


def rewritten(books: Books) -> None:
    claude(books, turn("1"), turn("2"))
    books.ingest()
    path = books.home / PROJECT / "a.jsonl"
    path.unlink()
    claude(books, turn("2"), turn("3"))
    books.ingest()


def backwards(books: Books) -> None:
    claude(books, turn("1", at="12:00:00"))
    books.ingest()
    claude(books, turn("2", at="09:00:00"))


def switched(books: Books) -> None:
    claude(books, turn("1", model=SONNET), turn("2", model=GLM))
    claude(books, total("a", **{SONNET.replace("-", "_"): (2000, 400)}))


def seen_twice(books: Books) -> None:
    claude(books, turn("1"))
    at = datetime(2026, 11, 24, 11, 59, 58, tzinfo=UTC)
    attempt = Attempt(
        at,
        "claude-code",
        "openrouter",
        SONNET,
        "req_1",
        message_id="msg_1",
        session="a",
        input=1000,
        output=200,
    )
    books.ingest()
    assert gateway_rows.add(books.path, [attempt])


def compressed(books: Books) -> None:
    zstandard = pytest.importorskip("zstandard", reason="pf-tui[zstd] is not installed")
    rollout(books, "z", thread("z"), MODEL, counted(1000, 1000))
    plain = books.home / CODEX_DAY / "rollout-z.jsonl"
    plain.with_name("rollout-z.jsonl.zst").write_bytes(
        zstandard.ZstdCompressor().compress(plain.read_bytes())
    )
    plain.unlink()


def forked_thread(books: Books) -> None:
    rollout(books, "a", thread("a"), MODEL, counted(1000, 1000), counted(3000, 2000))
    copied = (thread("b", forked_from_id="a"), thread("a"), MODEL, counted(1000, 1000), counted(3000, 2000))
    rollout(books, "b", *copied, counted(3500, 500))


def next_to_it(books: Books) -> None:
    path = database(books, [message(1, 1000, 200)])
    with contextlib.closing(sqlite3.connect(path.with_name("opencode-next.db"))) as database_2:
        database_2.executescript("CREATE TABLE session_v2 (id TEXT); INSERT INTO session_v2 VALUES ('s')")


def earlier(books: Books) -> None:
    database(books, [message(1, 1000, 200, created=9000)])
    books.ingest()
    database(books, [message(2, 500, 100, created=1)])


PLAIN = Used(SONNET, 1000, 200, micro_usd=1000 * 3 + 200 * 15)
GPT_1000 = Used(GPT, 1000, 100, micro_usd=1000 * 1.25 + 100 * 10)

HISTORIES: Mapping[str, History] = {
    "an answer that streams in three rows of one message id": History(
        streamed,
        (Used(SONNET, 1000, 200, 10_000, 400, 0, 1000 * 3 + 200 * 15 + 10_000 * 0.3 + 400 * 3.75),),
    ),
    "a session resumed into a new file": History(
        resumed,
        (
            PLAIN,
            Used(SONNET, 1000, 100, micro_usd=1000 * 3 + 100 * 15),
            Used(SONNET, 1000, 50, micro_usd=1000 * 3 + 50 * 15),
        ),
    ),
    "a session that branched in two": History(branched, (PLAIN, PLAIN, PLAIN)),
    "a compaction without a row": History(
        compacted, (PLAIN, PLAIN, Used(SONNET, 5000, 800, micro_usd=5000 * 3 + 800 * 15))
    ),
    "a subagent, and a replay in a side chain": History(beside, (PLAIN, PLAIN)),
    "two configuration folders with a session in common": History(
        two_roots, (PLAIN, PLAIN, PLAIN), {"CLAUDE_CONFIG_DIR": "~/work, ~/private"}
    ),
    "a folder that two links lead to": History(linked, (PLAIN, PLAIN)),
    "the fast tier": History(
        lambda books: claude(books, turn("1", model=OPUS, usage={"speed": "fast"})),
        (Used(OPUS, 1000, 200, micro_usd=1000 * 30 + 200 * 150),),
    ),
    "cache writes for an hour and for five minutes": History(
        lambda books: claude(books, turn("1", usage={
            "cache_creation_input_tokens": 900,
            "cache_creation": {"ephemeral_5m_input_tokens": 600, "ephemeral_1h_input_tokens": 300},
        })),
        (Used(SONNET, 1000, 200, 0, 600, 300, 1000 * 3 + 200 * 15 + 600 * 3.75 + 300 * 6),),
    ),
    "a batch": History(
        lambda books: claude(books, turn("1", usage={"service_tier": "batch"})),
        (Used(SONNET, 1000, 200, micro_usd=(1000 * 3 + 200 * 15) / 2),),
    ),
    "a long context": History(  # above 200,000 tokens the whole request costs the higher price
        lambda books: claude(books, turn("1", sent=150_000, read=60_000)),
        (Used(SONNET, 150_000, 200, 60_000, micro_usd=150_000 * 6 + 200 * 22.5 + 60_000 * 0.6),),
    ),
    "inference that stays in a region": History(
        in_regions,
        (
            Used(OPUS, 1000, 200, micro_usd=(1000 * 5 + 200 * 25) * 1.1),
            Used(OPUS, 1000, 200, micro_usd=1000 * 5 + 200 * 25),
        ),
    ),
    "a region in the model's name": History(
        lambda books: claude(books, *(
            turn(area, model=f"{area}.anthropic.claude-sonnet-4-5-20250929-v1:0") for area in ("us", "global")
        )),
        (
            Used(SONNET, 1000, 200, micro_usd=1000 * 3.3 + 200 * 16.5),
            Used(SONNET, 1000, 200, micro_usd=1000 * 3 + 200 * 15),
        ),
        {"CLAUDE_CODE_USE_BEDROCK": "1"},
    ),
    "a weekend, and a price of another year": History(
        of_days,
        (
            Used("deepseek-v4-pro", 1000, 200, micro_usd=1000 * 1.32 + 200 * 3.96),
            Used("deepseek-v4-pro", 1000, 200, micro_usd=1000 * 0.66 + 200 * 1.98),
            Used("deepseek-v3.2", 1000, 200, micro_usd=1000 * 0.27 + 200 * 1.1),
        ),
    ),
    "a model that nobody knows": History(
        lambda books: claude(books, turn("1", model="mystery-9")), (Used("mystery-9", 1000, 200),)
    ),
    "a day that ends elsewhere": History(
        around_midnight, (PLAIN, PLAIN, PLAIN), {"TZ": "Europe/Vienna"}, {"2026-11-24": 1, "2026-11-25": 2}
    ),
    "a last line that is still being written": History(half_written, (PLAIN, PLAIN)),
    "a file that another one replaced": History(rewritten, (PLAIN, PLAIN, PLAIN)),
    "a clock that went back": History(backwards, (PLAIN, PLAIN)),
    "a provider switched within a turn": History(
        switched, (PLAIN, Used(GLM, 1000, 200, micro_usd=1000 * 0.6 + 200 * 2.2))
    ),
    "a turn that the gateway saw too": History(seen_twice, (PLAIN,)),
    "Codex: a count that is repeated": History(
        lambda books: rollout(
            books, "a", thread("a"), MODEL, *[counted(1000, 1000)] * 3, counted(2000, 1000)
        ),
        (GPT_1000, GPT_1000),
    ),
    "Codex: counts before the first turn": History(
        lambda books: rollout(books, "a", thread("a"), counted(1000, 1000), MODEL, counted(2000, 1000)),
        (GPT_1000, GPT_1000),
    ),
    "Codex: a fork that copies its parent": History(
        forked_thread,
        (
            GPT_1000,
            Used(GPT, 2000, 200, micro_usd=2000 * 1.25 + 200 * 10),
            Used(GPT, 500, 50, micro_usd=500 * 1.25 + 50 * 10),
        ),
    ),
    "Codex: flex, fast and standard": History(
        lambda books: rollout(
            books, "a", thread("a"), served("flex"), counted(1000, 1000), served("priority"),
            counted(2000, 1000), served(None), counted(3000, 1000),
        ),
        (
            Used(GPT, 1000, 100, micro_usd=(1000 * 1.25 + 100 * 10) / 2),
            Used(GPT, 1000, 100, micro_usd=(1000 * 1.25 + 100 * 10) * 2),
            GPT_1000,
        ),
    ),
    "Codex: a rollout that was compressed": History(compressed, (GPT_1000,)),
    "OpenCode: a fork that copies its parent": History(
        lambda books: database(books, [message(1, 1000, 200), fork_of(message(1, 1000, 200), "f"),
                                       message(2, 500, 100, session="f")]),
        (PLAIN, Used(SONNET, 500, 100, micro_usd=500 * 3 + 100 * 15)),
    ),
    "OpenCode: the tables of a second version beside it": History(
        next_to_it, (PLAIN,), unread=("opencode-next.db",)
    ),
    "OpenCode: a clock that went back": History(
        earlier, (PLAIN, Used(SONNET, 500, 100, micro_usd=500 * 3 + 100 * 15))
    ),
}  # fmt: skip


@pytest.mark.parametrize("question", HISTORIES)
def test_what_was_used_and_what_it_cost_is_told_exactly(books: Books, question: str) -> None:
    history = HISTORIES[question]
    books.env |= history.env
    history.write(books)
    books.ingest()
    outcome = books.ingest(full=True)

    kinds = "model, input, output, cache_read, cache_write_5m, cache_write_1h"
    rows = books.rows(f"{kinds}, cost_usd * 1e6", "status = 'ok'")
    assert sorted(rows) == [pytest.approx(used) for used in sorted(history.used)]
    assert tuple(os.path.basename(path) for path, _ in outcome.unread) == history.unread  # noqa: PTH119
    check_views(books, history)


def check_views(books: Books, history: History) -> None:
    """Every view adds up to the same."""
    with schema.opened(books.path) as connection:
        span = period_of("all", NOW, zone_of(books))
        views = overview.analytics(connection, span)
    sums = (
        len(history.used),
        sum(sum(used[1:6]) for used in history.used),
        pytest.approx(sum(used.micro_usd or 0 for used in history.used) / 1e6),
    )
    for groups in (views.providers, views.models, views.projects, views.agents, views.days):
        told = [(group.totals.requests, group.totals.total_tokens, group.totals.cost_usd) for group in groups]
        assert tuple(map(sum, zip(*told, strict=True))) == sums
    if history.days:
        assert {day.name: day.totals.requests for day in views.days} == history.days


def zone_of(books: Books) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(books.env["TZ"])
