"""What real clients wrote (trimmed), and what the ledger makes of it."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
from collections import Counter
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.conftest import Books

DATA = Path(__file__).parent / "data"
PROJECT = ".claude/projects/-home-dev-acme"


def put(books: Books, sample: str, place: str) -> Path:
    """A client's file where that client keeps it."""
    target = books.home / place
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(DATA / sample, target)
    return target


# Claude Code 2.1.330


def test_a_session_and_its_subagent_are_what_the_clients_own_total_says(books: Books) -> None:
    put(books, "claude-session.jsonl", f"{PROJECT}/9c7b77f7.jsonl")
    put(books, "claude-subagent.jsonl", f"{PROJECT}/9c7b77f7/subagents/agent-a7.jsonl")

    books.ingest()

    sums = books.one("sum(input), sum(output), sum(cache_read), sum(cache_write_5m), sum(is_subagent) > 0")
    assert sums == (182, 57, 23800, 840, 1)
    assert not books.rows("id", "source = 'cost-state'")


def test_compaction_leaves_no_row_but_is_counted(books: Books) -> None:
    put(books, "claude-compact.jsonl", f"{PROJECT}/f938148e.jsonl")

    books.ingest()

    assert books.one("sum(input), sum(output), sum(cache_read), sum(cache_write_5m)") == (55, 35, 17000, 600)
    assert books.one("input, output", "source = 'cost-state'") == (22, 14)


def test_what_compaction_took_is_made_anew_as_the_session_goes_on(books: Books) -> None:
    file = put(books, "claude-compact.jsonl", f"{PROJECT}/f938148e.jsonl")
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    totals = [place for place, line in enumerate(lines) if '"cost-state"' in line]

    for upto in (totals[0] + 1, totals[1] + 1, len(lines)):
        file.write_text("".join(lines[:upto]), encoding="utf-8")
        books.ingest()
        state = json.loads(lines[max(place for place in totals if place < upto)])["modelUsage"][
            "claude-opus-5-5"
        ]
        assert books.one("sum(input), sum(output)") == (state["inputTokens"], state["outputTokens"])


def test_a_running_total_does_not_bring_back_a_history_that_was_let_go(books: Books) -> None:
    from datetime import UTC, datetime

    from pf_tui.ledger import upkeep

    file = put(books, "claude-compact.jsonl", f"{PROJECT}/f938148e.jsonl")
    books.ingest()
    upkeep.reset(books.path, datetime(2026, 11, 24, tzinfo=UTC))
    lines = file.read_text(encoding="utf-8").splitlines()
    answer = json.loads(next(line for line in lines if '"assistant"' in line))
    answer["message"]["id"], answer["timestamp"] = "msg_new", "2026-11-24T12:00:00.000Z"
    total = json.loads(next(line for line in reversed(lines) if '"cost-state"' in line))
    use = total["modelUsage"]["claude-opus-5-5"]
    use["inputTokens"], use["outputTokens"] = use["inputTokens"] + 11, use["outputTokens"] + 7
    use["cacheReadInputTokens"] += 3400
    use["cacheCreationInputTokens"] += 120
    use["cacheCreationEphemeral5mInputTokens"] += 120
    with file.open("a", encoding="utf-8") as log:
        log.write(json.dumps(answer) + "\n" + json.dumps(total) + "\n")

    books.ingest()

    assert books.rows("source, input, output, cache_read") == [("transcript", 11, 7, 3400)]


ORIGINAL = "f938148e-7b85-44b6-bd1e-cb9bb4cfca71"
COPIES = ("00000000-7b85", "ffffffff-7b85")


def compacted(books: Books, session: str) -> None:
    """A session with two requests of a compaction that have no rows, or a copy of it under another id."""
    text = (DATA / "claude-compact.jsonl").read_text(encoding="utf-8").replace(ORIGINAL, session)
    file = books.home / f"{PROJECT}/{session}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("order", list(permutations((ORIGINAL, *COPIES))))
@pytest.mark.parametrize("together", [0, 1, 2, 3])
def test_what_compaction_took_is_counted_once_whatever_copies_are_read_when(
    books: Books, order: tuple[str, ...], together: int
) -> None:
    for place, session in enumerate(order, start=1):
        compacted(books, session)
        if place >= together:
            books.ingest()
            assert books.one("sum(input), sum(output)") == (55, 35)
    books.ingest(full=True)

    assert books.one("sum(input), sum(output)") == (55, 35)
    assert books.rows("input, output", "source = 'cost-state'") == [(22, 14)]


def served(books: Books, total: tuple[int, int], *answers: tuple[str, int, int]) -> None:
    """A session that asked for Opus all along, and what answered under which name."""
    rows: list[dict[str, Any]] = [
        {
            "type": "assistant", "uuid": f"u{number}", "sessionId": "s", "cwd": "/home/dev/acme",
            "timestamp": f"2026-11-23T10:00:{number:02d}.000Z",
            "message": {
                "id": f"id-{number}", "model": model, "usage": {"input_tokens": sent, "output_tokens": made},
            },
        }
        for number, (model, sent, made) in enumerate(answers)
    ]  # fmt: skip
    use = {"claude-opus-5-5": {"inputTokens": total[0], "outputTokens": total[1]}}
    when = {"startTime": 1795428000000, "totalDuration": 60_000}
    rows.append({"type": "cost-state", "sessionId": "s", **when, "modelUsage": use})
    file = books.home / PROJECT / "s.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_a_turn_served_under_another_name_is_one_row(books: Books) -> None:
    served(books, (60, 6), ("glm-4.6", 10, 1), ("glm-4.6", 50, 5))

    books.ingest()

    assert books.rows("model, input, output") == [("glm-4.6", 10, 1), ("glm-4.6", 50, 5)]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (("claude-opus-5-5", "claude-haiku-5-5"), ("deepseek-v4-pro", "deepseek-v4-flash")),
        (("claude-opus-5-5", "claude-haiku-5-5"), ("glm-4.6", "claude-haiku-5-5")),
        (("claude-opus-5-5[1m]", "claude-opus-5-5"), ("claude-opus-5-5", "kimi-k2")),
    ],
)
def test_two_models_served_under_other_names_are_a_row_each(
    books: Books, asked: tuple[str, str], names: tuple[str, str]
) -> None:
    served(books, (60, 6), (names[0], 60, 6), (names[1], 30, 3))
    file = books.home / PROJECT / "s.jsonl"
    *rows, state = file.read_text(encoding="utf-8").splitlines()
    uses = [{"inputTokens": 60, "outputTokens": 6}, {"inputTokens": 30, "outputTokens": 3}]
    total = {**json.loads(state), "modelUsage": dict(zip(asked, uses, strict=True))}
    file.write_text("\n".join([*rows, json.dumps(total)]) + "\n", encoding="utf-8")

    books.ingest()

    assert books.one("count(*), sum(input), sum(output)") == (2, 90, 9)


def test_a_session_that_went_to_another_vendor_and_back_counts_each_turn_once(books: Books) -> None:
    served(books, (100, 10), ("claude-opus-5-5", 40, 4), ("deepseek-chat", 50, 5), ("claude-opus-5-5", 10, 1))

    books.ingest()

    assert books.one("count(*), sum(input), sum(output)") == (3, 100, 10)


def test_compaction_by_who_serves_under_another_name_is_priced_as_that(books: Books) -> None:
    served(books, (90, 8), ("glm-4.6", 60, 5))

    books.ingest()

    assert books.rows("source, model, input, output") == [
        ("transcript", "glm-4.6", 60, 5),
        ("cost-state", "glm-4.6", 30, 3),
    ]


def test_what_a_copy_of_a_session_went_on_to_use_is_counted_too(books: Books) -> None:
    compacted(books, ORIGINAL)
    compacted(books, COPIES[1])
    file = books.home / f"{PROJECT}/{COPIES[1]}.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines()
    answer = json.loads(next(line for line in lines if '"assistant"' in line))
    answer["message"]["id"], answer["timestamp"] = "msg_new", "2026-11-24T12:00:00.000Z"
    total = json.loads(next(line for line in reversed(lines) if '"cost-state"' in line))
    total["modelUsage"]["claude-opus-5-5"]["inputTokens"] += 11 + 30  # the new answer and a compaction
    with file.open("a", encoding="utf-8") as log:
        log.write(json.dumps(answer) + "\n" + json.dumps(total) + "\n")

    books.ingest()

    assert books.one("sum(input)") == (55 + 11 + 30,)


def test_retries_against_one_wall_are_one_hit_with_what_waiting_took(books: Books) -> None:
    put(books, "claude-429_plain.jsonl", f"{PROJECT}/a.jsonl")

    books.ingest()

    ((kind, waited, text),) = books.ask("SELECT kind, waited_ms, text FROM limit_hits")
    assert (kind, waited) == ("rate", 178_200)
    assert text.startswith("429 This request would exceed")
    assert books.one("count(*)", "status = 'failed' AND failure = 'rate'") == (11,)


@pytest.mark.parametrize("first", ["original", "copy"])
@pytest.mark.parametrize("names", [("1-original", "2-copy"), ("2-original", "1-copy")])
@pytest.mark.parametrize("projects", [("-a", "-b"), ("-b", "-a")])
@pytest.mark.parametrize("separately", [True, False])
def test_walls_copied_into_a_resumed_session_are_hits_of_the_session_they_are_counted_in(
    books: Books, first: str, names: tuple[str, str], projects: tuple[str, str], separately: bool
) -> None:
    texts = ("You've hit your session limit · resets 3pm (UTC)", "API Error: 529 Overloaded",
             "Claude AI usage limit reached|1795400000")  # fmt: skip
    row = (
        '{"type":"assistant","uuid":"u%d","timestamp":"2026-11-24T12:00:%02d.000Z","sessionId":"%s","cwd":"/home/%s",'
        '"isApiErrorMessage":true,"error":"rate_limit","message":{"model":"<synthetic>","id":"m",'
        '"content":[{"type":"text","text":"%s"}],"usage":{"output_tokens":0}}}\n'
    )

    def write(session: str, project: str) -> None:
        file = books.home / ".claude/projects" / f"-home-{project}" / f"{session}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [row % (n, 17 * n, session, project, text) for n, text in enumerate(texts)]
        file.write_text("".join(lines), encoding="utf-8")

    both = [(names[0], f"work{projects[0]}"), (names[1], f"work{projects[1]}")]
    for one in both if first == "original" else reversed(both):
        write(*one)
        if separately:
            books.ingest(workers=1)
    books.ingest(workers=1)

    ((counted, walls),) = books.ask(
        "SELECT session, count(*) FROM requests WHERE failure = 'quota' GROUP BY session"
    )
    assert walls == 2
    assert books.ask("SELECT kind, session FROM limit_hits ORDER BY kind") == [
        ("overload", counted),
        ("quota", counted),
    ]


def test_a_wall_read_bit_by_bit_is_still_one_hit(books: Books) -> None:
    file = put(books, "claude-429_plain.jsonl", f"{PROJECT}/a.jsonl")
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)

    for upto in range(1, len(lines) + 1):
        file.write_text("".join(lines[:upto]), encoding="utf-8")
        books.ingest()

    assert books.ask("SELECT kind, waited_ms FROM limit_hits") == [("rate", 178_200)]


@pytest.mark.parametrize(
    ("sample", "kinds"),
    [
        ("claude-401.jsonl", {"auth": 11}),
        ("claude-credit400.jsonl", {"quota": 1}),
        ("claude-529_fallback.jsonl", {"overload": 2}),
        ("claude-cut_then_ok.jsonl", {"network": 1}),
    ],
)
def test_failures_have_their_class(books: Books, sample: str, kinds: dict[str, int]) -> None:
    put(books, sample, f"{PROJECT}/a.jsonl")

    books.ingest()

    assert Counter(row[0] for row in books.rows("failure", "status = 'failed'")) == kinds


def test_the_blocks_of_a_foreign_answer_are_one_request(books: Books) -> None:
    """Third-party endpoints give ids of their own, the client ties the blocks together."""
    file = put(books, "claude-session.jsonl", f"{PROJECT}/a.jsonl")
    foreign = file.read_text(encoding="utf-8").replace('"id": "msg_mock_', '"id": "chatcmpl-')
    file.write_text(foreign, encoding="utf-8")

    books.ingest()

    assert len(books.rows("id", "source = 'transcript' AND status = 'ok'")) == 5


def answer(books: Books, name: str, *rows: dict[str, Any]) -> None:
    """A transcript of these answers; each may say more than time and usage."""
    file = books.home / PROJECT / f"{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, told in enumerate(rows):
        usage = {"input_tokens": 10, "output_tokens": told.pop("output", 5)}
        row = {
            "type": "assistant", "uuid": f"{name}-{number}", "sessionId": name, "cwd": "/home/dev/acme",
            "timestamp": f"2026-11-23T10:00:{number:02d}.000Z",
            "message": {"id": told.pop("id"), "model": "claude-opus-4-6", "usage": usage},
            **told,
        }  # fmt: skip
        lines.append(json.dumps(row) + "\n")
    file.write_text("".join(lines), encoding="utf-8")


@pytest.mark.parametrize("message", ["msg_1", "msg_01XFDUDYJgAACzvnptvVoYEL", "constant"])
@pytest.mark.parametrize("together", [True, False])
def test_requests_with_one_constant_id_are_told_apart_by_their_request_ids(
    books: Books, message: str, together: bool
) -> None:
    rows = [{"id": message, "requestId": f"req_{number}"} for number in range(5)]
    if together:
        answer(books, "a", *rows)
        books.ingest()
    else:
        for number, row in enumerate(rows):
            answer(books, f"s{number}", row)
            books.ingest()

    books.ingest(full=True)

    assert books.one("count(*), sum(output)") == (5, 25)


def test_a_side_chain_that_replays_an_answer_under_a_new_request_id_is_no_second_request(
    books: Books,
) -> None:
    answer(
        books,
        "a",
        {"id": "msg_1", "requestId": "req_1"},
        {"id": "msg_1", "requestId": "req_2", "isSidechain": True},
    )

    books.ingest()

    assert books.one("count(*)") == (1,)


def test_a_foreign_answer_that_grows_or_is_resumed_counts_once(books: Books) -> None:
    grows = [{"id": "20261123", "requestId": "r1", "output": output} for output in (1, 4, 9)]
    answer(books, "a", *(dict(row) for row in grows))
    answer(books, "b", *(dict(row) for row in grows), {"id": "20261124", "requestId": "r2"})

    books.ingest()

    assert books.one("count(*), sum(output)") == (2, 14)


def test_blocks_that_follow_on_each_other_are_one_foreign_answer(books: Books) -> None:
    answer(
        books,
        "a",
        {"id": "constant", "output": 1, "parentUuid": "question"},
        {"id": "constant", "output": 9, "parentUuid": "a-0"},
        {"id": "constant", "output": 3, "parentUuid": "tool-result"},
    )

    books.ingest()

    assert [row[0] for row in books.rows("output")] == [9, 3]


def test_folders_that_are_links_are_read_and_loops_end(books: Books) -> None:
    elsewhere = books.home / "elsewhere/-home-dev-acme"
    elsewhere.mkdir(parents=True)
    put(books, "claude-session.jsonl", "elsewhere/-home-dev-acme/a.jsonl")
    projects = books.home / ".claude/projects"
    projects.mkdir(parents=True)
    (projects / "-home-dev-acme").symlink_to(elsewhere)
    (elsewhere / "round").symlink_to(projects)

    books.ingest()

    assert len(books.rows("id", "source = 'transcript' AND status = 'ok'")) == 5


@pytest.mark.parametrize(
    ("folder", "env"),
    [
        ("mine", {"CLAUDE_CONFIG_DIR": "~/mine"}),
        ("xdg/claude", {"XDG_CONFIG_HOME": "{home}/xdg"}),
        (".config/Claude/local-agent-mode-sessions/a/b/local_c/.claude", {}),
        ("Library/Application Support/Claude/local-agent-mode-sessions/a/b/local_c/.claude", {}),
    ],
)
def test_every_folder_that_claude_writes_to_is_read_and_named(
    books: Books, folder: str, env: dict[str, str]
) -> None:
    put(books, "claude-session.jsonl", f"{folder}/projects/-home-dev-acme/a.jsonl")
    books.env |= {name: value.format(home=books.home) for name, value in env.items()}

    books.ingest()

    assert books.ask("SELECT DISTINCT root FROM requests WHERE source = 'transcript'") == [
        (str(books.home / folder),)
    ]


def test_several_configuration_folders_are_read(books: Books) -> None:
    put(books, "claude-compact.jsonl", "one/projects/-home-dev-acme/a.jsonl")
    put(books, "claude-session.jsonl", "two/projects/-home-dev-acme/b.jsonl")
    books.env["CLAUDE_CONFIG_DIR"] = f"{books.home}/one, {books.home}/two"

    books.ingest()

    assert books.one("count(DISTINCT session)") == (2,)


# Codex 0.169.0


def test_a_codex_response_is_a_row_with_its_limits(books: Books) -> None:
    put(books, "codex-rollout.jsonl", ".codex/sessions/2026/11/23/rollout-1.jsonl")
    (books.home / ".codex/auth.json").write_text('{"OPENAI_API_KEY": "sk-x"}', encoding="utf-8")
    rollout = books.home / ".codex/sessions/2026/11/23/rollout-1.jsonl"
    rollout.write_text(rollout.read_text(encoding="utf-8").replace('"pfmock"', '"openai"'), encoding="utf-8")

    books.ingest()

    assert books.one("provider, attribution, model, input, cache_read, output, reasoning, project") == (
        "openai-api", "agent", "gpt-5-mock", 1034, 200, 56, 7, "/home/dev/acme",
    )  # fmt: skip
    assert books.ask("SELECT time_window, used, resets_at, source FROM limit_readings ORDER BY 1") == [
        ("5h", 42.5, 1795400000000, "rollout"),
        ("7d", 17.0, 1795900000000, "rollout"),
    ]


def test_a_provider_of_ones_own_is_not_taken_for_openai(books: Books) -> None:
    put(books, "codex-rollout.jsonl", ".codex/sessions/2026/11/23/rollout-1.jsonl")
    (books.home / ".codex/auth.json").write_text('{"tokens": {}}', encoding="utf-8")

    books.ingest()

    assert books.one("provider") == ("unknown",)
    assert books.ask("SELECT * FROM limit_readings") == []


def test_a_usage_limit_of_codex_is_a_hit_with_its_reset(books: Books) -> None:
    put(books, "codex-usage-limit.jsonl", ".codex/sessions/2026/11/23/rollout-2.jsonl")

    books.ingest()

    ((kind, ts, until),) = books.ask("SELECT kind, ts, until FROM limit_hits")
    assert kind == "quota"
    assert ts < until <= ts + 86_400_000
    assert books.one("status, failure") == ("failed", "quota")


def rollout(books: Books, name: str, *rows: dict[str, Any]) -> None:
    """A rollout of an older version."""
    file = books.home / ".codex/sessions/2026/10/01" / f"rollout-{name}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def count(minute: int, total: int, last: int | None) -> dict[str, Any]:
    info: dict[str, Any] = {"total_token_usage": {"input_tokens": total, "total_tokens": total}}
    if last is not None:
        info["last_token_usage"] = {"input_tokens": last, "output_tokens": 0, "total_tokens": last}
    payload = {"type": "token_count", "info": info}
    return {"timestamp": f"2026-10-01T10:{minute:02d}:00Z", "type": "event_msg", "payload": payload}


def meta(thread: str, **more: Any) -> dict[str, Any]:
    payload = {"id": thread, "cwd": "/home/dev/acme", "model_provider": "openai", **more}
    return {"timestamp": "2026-10-01T10:00:00Z", "type": "session_meta", "payload": payload}


TURN = {"timestamp": "2026-10-01T10:00:00Z", "type": "turn_context", "payload": {"model": "gpt-5-codex"}}


def test_repeated_snapshots_count_once_and_each_turn_has_its_model(books: Books) -> None:
    mini = {**TURN, "payload": {"model": "gpt-5-mini"}}
    one, other = count(1, 100, 100), count(3, 150, 50)
    rollout(books, "a", meta("a"), TURN, one, one, mini, other, other)

    books.ingest()

    assert books.rows("model, input") == [("gpt-5-codex", 100), ("gpt-5-mini", 50)]


def test_early_versions_told_only_the_running_total(books: Books) -> None:
    rollout(books, "a", meta("a"), TURN, count(1, 100, None), count(2, 130, None))

    books.ingest()

    assert [row[0] for row in books.rows("input")] == [100, 30]


def test_a_forks_copy_of_its_parents_history_is_not_counted_again(books: Books) -> None:
    """The whole history, stamped anew, before the fork's own first request."""
    rollout(books, "a", meta("a"), TURN, count(1, 100, 100), count(2, 150, 50))
    rollout(
        books,
        "b",
        meta("b", forked_from_id="a", thread_source="subagent"),
        meta("a"),
        TURN,
        count(30, 150, 0),
        count(30, 100, 100),
        count(30, 150, 50),
        count(31, 170, 20),
    )

    books.ingest()

    assert books.rows("session, input, is_subagent") == [("a", 100, 0), ("a", 50, 0), ("b", 20, 1)]


def test_what_was_counted_before_a_model_was_named_is_of_the_first_one_named(books: Books) -> None:
    rollout(books, "a", meta("a"), count(1, 100, 100))
    books.ingest()
    rollout(books, "a", meta("a"), count(1, 100, 100), TURN, count(2, 150, 50))
    books.ingest()

    assert books.rows("model, input") == [("gpt-5-codex", 100), ("gpt-5-codex", 50)]


def test_a_fast_turn_costs_what_fast_costs(books: Books) -> None:
    def settings(tier: str | None) -> dict[str, Any]:
        told = {"model": "gpt-5", "model_provider_id": "openai", "service_tier": tier}
        payload = {"type": "thread_settings_applied", "thread_settings": told}
        return {"timestamp": "2026-10-01T10:00:00Z", "type": "event_msg", "payload": payload}

    million = 1_000_000
    rollout(
        books,
        "a",
        meta("a"),
        settings("priority"),
        count(1, million, million),
        settings(None),
        count(2, 2 * million, million),
    )

    books.ingest()

    assert books.rows("service_tier, cost_usd") == [("priority", 2.5), (None, 1.25)]


def test_a_window_of_an_old_rollout_says_when_it_resets_by_seconds_left(books: Books) -> None:
    row = count(1, 100, 100)
    row["payload"]["rate_limits"] = {
        "primary": {"used_percent": 40.0, "window_minutes": 299, "resets_in_seconds": 600}
    }
    (books.home / ".codex").mkdir()
    (books.home / ".codex/auth.json").write_text('{"tokens": {"a": 1}}', encoding="utf-8")
    rollout(books, "a", meta("a"), TURN, row)

    books.ingest()

    ((at, resets),) = books.ask("SELECT observed_at, resets_at FROM limit_readings WHERE time_window = '5h'")
    assert resets == at + 600_000


def test_a_rollout_that_is_compressed_is_read_or_said(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    rollout(books, "a", meta("a"), TURN, count(1, 100, 100))
    plain = next((books.home / ".codex").rglob("rollout-a.jsonl"))
    plain.rename(plain.with_name("rollout-a.jsonl.zst"))

    books.ingest()

    ((path, why),) = books.ask("SELECT path, why FROM skipped")
    assert path.endswith("rollout-a.jsonl.zst")
    assert why == "is compressed; install pf-tui[zstd], then `pf-tui ingest --full` reads it"


def test_two_threads_that_happen_to_count_alike_are_two(books: Books) -> None:
    rollout(books, "a", meta("a"), TURN, count(1, 100, 100))
    rollout(books, "b", meta("b"), TURN, count(1, 100, 100))

    books.ingest()

    assert len(books.rows()) == 2


def test_codex_home_is_honoured(books: Books) -> None:
    put(books, "codex-rollout.jsonl", "elsewhere/sessions/2026/11/23/rollout-1.jsonl")
    books.env["CODEX_HOME"] = str(books.home / "elsewhere")

    books.ingest()

    assert len(books.rows()) == 1


# Gemini CLI 0.61.0


def test_a_gemini_chat(books: Books) -> None:
    put(books, "gemini-chat.jsonl", ".gemini/tmp/acme/chats/session-1.jsonl")
    (books.home / ".gemini/projects.json").write_text(
        '{"projects": {"/home/dev/acme": "acme"}}', encoding="utf-8"
    )

    books.ingest()

    assert books.one("agent, model, input, cache_read, output, reasoning, project, source") == (
        "gemini", "gemini-2.5-flash", 1034, 200, 63, 7, "/home/dev/acme", "chats",
    )  # fmt: skip


def test_a_patch_that_repeats_messages_counts_nothing_twice(books: Books) -> None:
    file = put(books, "gemini-chat.jsonl", ".gemini/tmp/acme/chats/session-1.jsonl")
    message = next(line for line in file.read_text(encoding="utf-8").splitlines() if '"tokens"' in line)
    with file.open("a", encoding="utf-8") as chat:
        chat.write(json.dumps({"$set": {"messages": [json.loads(message)]}}) + "\n")

    books.ingest()

    assert len(books.rows()) == 1


def test_a_chat_of_an_older_version_is_one_document(books: Books) -> None:
    file = put(books, "gemini-chat.jsonl", ".gemini/tmp/acme/chats/session-1.jsonl")
    messages = [
        json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if '"tokens"' in line
    ]
    file.unlink()
    old = file.with_suffix(".json")
    old.write_text(json.dumps({"sessionId": "s", "messages": messages}, indent=2), encoding="utf-8")
    books.ingest()
    more = {**messages[0], "id": "another"}
    old.write_text(json.dumps({"sessionId": "s", "messages": [*messages, more]}, indent=2), encoding="utf-8")

    books.ingest()

    assert len(books.rows()) == 2


# OpenCode 1.18.33


def database(books: Books, rows: list[dict[str, Any]], path: Path | None = None) -> Path:
    """opencode.db with its real schema and these messages."""
    path = path or books.home / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA foreign_keys = OFF")
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'message'").fetchone():
            db.executescript((DATA / "opencode-schema.sql").read_text(encoding="utf-8"))
        for row in rows:
            db.execute(
                "INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?)",
                (
                    row["id"],
                    row["session_id"],
                    row["time_created"],
                    row["time_updated"],
                    json.dumps(row["data"]),
                ),
            )
    return path


def messages() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DATA / "opencode-messages.json").read_text(encoding="utf-8"))
    return found


def test_delivered_turns_of_opencode(books: Books) -> None:
    database(books, messages())

    books.ingest()

    delivered = [row["data"] for row in messages() if row["data"].get("tokens", {}).get("output")]
    assert delivered
    assert books.rows("input, output, reasoning, cache_read, latency_ms, project") == [
        (
            one["tokens"]["input"], one["tokens"]["output"] + one["tokens"]["reasoning"],
            one["tokens"]["reasoning"], one["tokens"]["cache"]["read"],
            one["time"]["completed"] - one["time"]["created"], "/home/dev/acme",
        )
        for one in delivered
    ]  # fmt: skip


def test_what_nobody_prices_but_opencode_does_is_as_reported(books: Books) -> None:
    database(books, messages())

    books.ingest()

    cost, basis = books.rows("cost_usd, cost_basis")[0]
    assert (cost, basis) == (0.004002, "reported")


def test_the_database_is_read_while_it_is_written_and_only_what_changed(books: Books) -> None:
    rows = messages()
    path = database(books, rows[:4])
    books.ingest()
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE message SET time_updated = time_updated")

    quiet = books.ingest()
    writer.execute("COMMIT")
    database(books, rows)
    books.ingest()
    writer.close()

    assert quiet.problems == []
    assert len(books.rows()) == sum(bool(row["data"].get("tokens", {}).get("output")) for row in rows)


def forked(row: dict[str, Any], number: int) -> dict[str, Any]:
    """The copy a fork has of a message: a new id in a new session, made later."""
    return {
        **row,
        "id": f"msg_fork_{number}_{row['id']}",
        "session_id": f"ses_fork_{number}",
        "time_created": row["time_created"] + 60_000,
        "time_updated": row["time_updated"] + 60_000,
    }


@pytest.mark.parametrize("later", [True, False])
def test_a_forks_copies_count_once(books: Books, later: bool) -> None:
    rows = messages()
    path = database(books, rows)
    if later:
        books.ingest()
        before = len(books.rows())
    database(books, [forked(row, number) for row in rows for number in (1, 2)], path)
    books.ingest()
    books.ingest(full=True)

    delivered = [row for row in rows if row["data"].get("tokens", {}).get("output")]
    assert len(books.rows("id", "status = 'ok'")) == len(delivered)
    assert not later or len(books.rows("id", "status = 'ok'")) <= before


def test_a_subagent_of_the_same_millisecond_is_another_request(books: Books) -> None:
    row = next(row for row in messages() if row["data"].get("tokens", {}).get("output"))
    aside = {**row, "id": "msg_aside", "session_id": "ses_aside"}
    path = database(books, [row, aside])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        columns = {name: kind for _, name, kind, *_ in db.execute("PRAGMA table_info(session)")}
        given = {name: 0 if "INT" in kind.upper() else "" for name, kind in columns.items()}
        given |= {"id": "ses_aside", "parent_id": row["session_id"]}
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute(f"INSERT INTO session VALUES ({', '.join('?' * len(given))})", list(given.values()))

    books.ingest()

    assert sorted(books.rows("is_subagent, output")) == [
        (0, books.rows("output")[0][0]),
        (1, books.rows("output")[0][0]),
    ]


@pytest.mark.parametrize("table", ["session_v2", "session_message"])
def test_tables_of_opencode_2_are_named_not_taken_for_nothing(books: Books, table: str) -> None:
    path = books.home / ".local/share/opencode/opencode-next.db"
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute(f"CREATE TABLE {table} (id TEXT, data TEXT)")
        db.execute(f"INSERT INTO {table} VALUES ('a', '{{}}')")
        db.commit()

    outcome = books.ingest()

    assert outcome.unread == ((str(path), "OpenCode 2 tables found, not read"),)
    assert books.ask("SELECT path, why FROM skipped") == [(str(path), "OpenCode 2 tables found, not read")]


def test_the_database_of_another_channel_is_read_too(books: Books) -> None:
    database(books, messages(), books.home / ".local/share/opencode/opencode-beta.db")

    books.ingest()

    assert books.rows()


STRANGE = '{"role":"assistant","modelID":"m","time":{"created":1},"usage":{"in":5,"out":7}}'
SHAPES = {
    "no-message-table": "CREATE TABLE turn (id TEXT); INSERT INTO turn VALUES ('a');",
    "other-columns": "CREATE TABLE message (id TEXT, body TEXT); INSERT INTO message VALUES ('a', '{}');",
    "odd-name": 'CREATE TABLE "turn ""x""" (id TEXT); INSERT INTO "turn ""x""" VALUES (1);',
    "turns-in-a-new-table-beside": "CREATE TABLE message (id, session_id, time_created, time_updated, data);"
    "CREATE TABLE session (id); INSERT INTO session VALUES ('s');"
    "CREATE TABLE turn (id TEXT); INSERT INTO turn VALUES ('a');",
    "other-counts": "CREATE TABLE message (id, session_id, time_created, time_updated, data);"
    f"INSERT INTO message VALUES ('a', 's', 1, 1, '{STRANGE}');",
    "other-roles": "CREATE TABLE message (id, session_id, time_created, time_updated, data);"
    """INSERT INTO message VALUES ('a', 's', 1, 1, '{"kind":"model","tokens":{"input":3}}');""",
    "other-names-of-counts": "CREATE TABLE message (id, session_id, time_created, time_updated, data);"
    """INSERT INTO message VALUES ('a', 's', 1, 1, '"""
    """{"role":"assistant","time":{"created":1},"tokens":{"in":3}}');""",
    "counts-in-objects": "CREATE TABLE message (id, session_id, time_created, time_updated, data);"
    """INSERT INTO message VALUES ('a', 's', 1, 1, '"""
    """{"role":"assistant","time":{"created":1},"tokens":{"input":{"text":3}}}');""",
    "packed": "CREATE TABLE message (id, session_id, time_created, time_updated, data);"
    "INSERT INTO message VALUES ('a', 's', 1, 1, x'1f8b080000');",
    "other-moments": "CREATE TABLE message (id, session_id, time_created, time_updated, data);"
    """INSERT INTO message VALUES ('a', 's', 1, 1, '{"role":"assistant","at":1,"tokens":{"input":3}}');""",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_store_of_unknown_shape_is_named_and_not_taken_for_nothing(books: Books, shape: str) -> None:
    path = books.home / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(SHAPES[shape])

    outcome = books.ingest()

    assert outcome.unread == ((str(path), "turns of a shape that is not known, not read"),)
    assert books.ask("SELECT path, line, why FROM skipped") == [
        (str(path), 0, "turns of a shape that is not known, not read")
    ]
    assert books.rows() == []
    assert books.ingest().unread == outcome.unread, "it goes on being said"


@pytest.mark.parametrize("tables", ["", "CREATE TABLE other (id TEXT);", "CREATE TABLE message (x);"])
def test_a_store_without_a_row_is_no_problem(books: Books, tables: str) -> None:
    path = books.home / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(f"CREATE TABLE session (id); {tables}")

    assert books.ingest().unread == ()


def test_known_turns_beside_unknown_ones_are_counted_and_the_others_named(books: Books) -> None:
    path = database(books, messages())
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("INSERT INTO message VALUES ('new', 's', 1, 1, ?)", (STRANGE,))

    outcome = books.ingest()

    assert outcome.unread == ((str(path), "turns of a shape that is not known, not read"),)
    assert books.rows("id", "status = 'ok'")


CLAUDE_TURN = '{"type":"assistant","timestamp":"2026-11-24T12:00:00Z","message":{"id":"msg_1","usage":%s}}\n'
CODEX_TURN = (
    '{"type":"event_msg","timestamp":"2026-11-24T12:00:00Z","payload":{"type":"token_count","info":%s}}\n'
)
GEMINI_TURN = '{"type":"gemini","timestamp":"2026-11-24T12:00:00Z","tokens":%s}\n'
UNKNOWN_TURNS = {
    "claude-other-counts": (f"{PROJECT}/s.jsonl", CLAUDE_TURN % '{"output_tokens":null,"made":5}'),
    "claude-no-counts": (f"{PROJECT}/s.jsonl", CLAUDE_TURN % '{"in":3,"out":5}'),
    "claude-other-rows": (f"{PROJECT}/s.jsonl", '{"kind":"turn","message":{"role":"assistant","made":5}}\n'),
    "codex-other-totals": (".codex/sessions/2026/11/24/rollout-1.jsonl", CODEX_TURN % '{"tokens":{"in":3}}'),
    "codex-other-counts": (
        ".codex/sessions/2026/11/24/rollout-1.jsonl", CODEX_TURN % '{"last_token_usage":{"in":3,"out":5}}',
    ),
    "codex-counts-in-objects": (
        ".codex/sessions/2026/11/24/rollout-1.jsonl",
        CODEX_TURN % '{"last_token_usage":{"input_tokens":{"a":3}}}',
    ),
    "gemini-other-counts": (".gemini/tmp/acme/chats/session-1.jsonl", GEMINI_TURN % '{"in":3,"out":5}'),
}  # fmt: skip


@pytest.mark.parametrize("shape", UNKNOWN_TURNS)
def test_a_log_of_turns_of_unknown_shape_is_named_and_not_taken_for_nothing(books: Books, shape: str) -> None:
    place, text = UNKNOWN_TURNS[shape]
    file = books.home / place
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")

    first, again = books.ingest(), books.ingest()

    assert first.unread == again.unread == ((str(file), "turns of a shape that is not known, not read"),)
    assert books.rows() == []


def test_a_transcript_of_unknown_shape_is_read_once_it_has_turns_we_know(books: Books) -> None:
    file = books.home / PROJECT / "s.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(CLAUDE_TURN % '{"in":3,"out":5}', encoding="utf-8")
    assert books.ingest().unread

    with file.open("a", encoding="utf-8") as log:
        log.write(CLAUDE_TURN % '{"input_tokens":3,"output_tokens":5}')

    assert books.ingest().unread == ()
    assert books.rows("input, output") == [(3, 5)]


def test_a_turn_of_unknown_shape_is_named_until_it_is_another_one(books: Books) -> None:
    rows = messages()
    path = database(books, rows[:4])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("INSERT INTO message VALUES ('new', 's', 1, 1, ?)", (STRANGE,))
    assert books.ingest().unread

    database(books, rows[4:], path)
    assert books.ingest().unread, "later turns do not make it readable"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE message SET data = ? WHERE id = 'new'", (json.dumps(rows[3]["data"]),))

    assert books.ingest().unread == ()
    assert books.one("count(*)", "message_id = 'new'") == (1,)


def test_a_damaged_turn_is_named_until_it_is_whole(books: Books) -> None:
    rows = messages()
    path = database(books, rows[:4])
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("INSERT INTO message VALUES ('new', 's', 1, 1, '{\"role\":\"assistant\",')")
    told = "SELECT why FROM skipped"
    books.ingest()
    database(books, rows[4:], path)
    books.ingest()

    assert books.ask(told) == [("message new is not JSON",)], "later turns do not make it whole"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE message SET data = ? WHERE id = 'new'", (json.dumps(rows[3]["data"]),))
    books.ingest()

    assert books.ask(told) == []


def test_a_database_that_is_none_is_named_until_it_is_one(books: Books) -> None:
    path = books.home / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 99)

    first, again = books.ingest(), books.ingest()

    assert first.unread == again.unread == ((str(path), "cannot be read (file is not a database)"),)
    path.unlink()
    assert books.ingest().unread == ()
    database(books, messages())
    assert books.ingest().unread == ()
    assert books.rows("id", "status = 'ok'")


def test_a_locked_database_is_passed_over_this_time(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pf_tui.ingest.opencode.BUSY_S", 0.01)
    path = database(books, messages())
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")

    locked = books.ingest()
    holder.execute("COMMIT")
    holder.close()
    books.ingest()

    assert "locked" in locked.problems[0]
    assert books.rows()


@pytest.mark.parametrize("name", ["OPENCODE_DB", "XDG_DATA_HOME"])
def test_the_database_is_found_where_the_environment_says(books: Books, name: str) -> None:
    folder = books.home / "elsewhere" / "opencode"
    path = database(books, messages(), folder / "opencode.db")
    books.env[name] = str(path) if name == "OPENCODE_DB" else str(folder.parent)

    books.ingest()

    assert books.rows()


def test_failed_turns_have_class_and_hit(books: Books) -> None:
    errors = json.loads((DATA / "opencode-errors.json").read_text(encoding="utf-8"))
    database(
        books,
        [
            {
                "id": f"msg_{place}",
                "session_id": "ses_1",
                "time_created": data["time"]["created"],
                "time_updated": data["time"]["created"],
                "data": data,
            }
            for place, data in enumerate(errors)
        ],
    )

    books.ingest()

    kinds = Counter(row[0] for row in books.rows("failure", "status = 'failed'"))
    assert kinds["rate"] >= 1
    assert kinds["auth"] >= 1
    assert kinds["quota"] >= 1
    assert books.ask("SELECT count(*) FROM limit_hits WHERE kind IN ('rate', 'quota')")[0][0] >= 2


def test_legacy_message_files_are_read_once_and_again_when_they_change(books: Books) -> None:
    folder = books.home / ".local/share/opencode/storage/message/ses_1"
    folder.mkdir(parents=True)
    for row in messages():
        (folder / f"{row['id']}.json").write_text(
            json.dumps({"id": row["id"], **row["data"]}), encoding="utf-8"
        )
    (folder / "broken.json").write_text("{", encoding="utf-8")

    first, again = books.ingest(), books.ingest()

    assert first.rows_new == sum(bool(row["data"].get("tokens", {}).get("output")) for row in messages())
    assert (first.rows_skipped, again.files) == (1, 0)


def test_the_antigravity_plugins_cached_quota_is_a_reading(books: Books) -> None:
    folder = books.home / "config"
    folder.mkdir()
    books.env["OPENCODE_CONFIG_DIR"] = str(folder)
    quota = {"claude": {"remainingFraction": 0.25, "resetTime": "2026-11-24T17:00:00Z"}}
    account = {"refreshToken": "secret", "cachedQuota": quota, "cachedQuotaUpdatedAt": 1795500000000}
    (folder / "antigravity-accounts.json").write_text(
        json.dumps({"accounts": [account], "activeIndex": 0}), encoding="utf-8"
    )

    books.ingest()

    columns = "provider, model, used, allowed, resets_at, observed_at"
    assert books.ask(f"SELECT {columns} FROM limit_readings") == [
        ("opencode-antigravity-auth", "claude", 75.0, 100.0, 1795539600000, 1795500000000)
    ]
    assert b"secret" not in books.path.read_bytes()
