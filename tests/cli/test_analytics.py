"""analytics: every view sums to the same totals; periods, filters, comparison, reset and export."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pf_tui import actions
from pf_tui.cli.analytics_lists import FAILURE_WORDS
from pf_tui.rules import failures
from pf_tui.rules.failures import CLASSES
from pf_tui.state.context import Context
from pf_tui.state.paths import Paths

from .conftest import KEYS, NOON, Pf, Turn

SUMMED = (
    "requests", "failed", "input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens",
    "cache_write_tokens", "total_tokens", "unpriced_tokens",
)  # fmt: skip
FIRST_VERSION = Path(__file__).parent.parent / "ledger" / "data" / "version-1.sql"
OTHER = "0therses-0000-4000-8000-000000000002"


@pytest.fixture
def history(claude_code: Callable[..., Path]) -> None:
    claude_code(
        Turn(NOON - timedelta(minutes=30)),
        Turn(NOON - timedelta(hours=3), model="claude-opus-5-5", project="/home/dev/lab", session=OTHER),
        Turn(NOON - timedelta(days=3), output=700),
        Turn(NOON - timedelta(days=20), model="nobody-knows-1"),
        Turn(NOON - timedelta(days=100)),
        Turn(NOON - timedelta(hours=2), failed="You've hit your session limit · resets 3pm (UTC)"),
    )


@pytest.mark.usefixtures("history")
class TestTotals:
    @pytest.mark.parametrize("period", ["1h", "24h", "7d", "30d", "90d", "all"])
    def test_every_list_sums_to_the_totals(self, pf: Pf, period: str) -> None:
        found = pf("analytics", period, "--json").json
        sessions = pf("analytics", period, "--view", "sessions", "--json").json["by_session"]
        blocks = pf("analytics", period, "--view", "blocks", "--json").json["blocks"]
        lists = [found[name] for name in ("by_provider", "by_model", "by_project", "by_agent", "by_day")]

        for parts in (*lists, sessions, blocks):
            for field in SUMMED:
                assert sum(part[field] for part in parts) == found["totals"][field], field
            known = [part["cost_usd"] for part in parts if part["cost_usd"] is not None]
            assert sum(known) == pytest.approx(found["totals"]["cost_usd"] or 0, abs=1e-5)

    @pytest.mark.parametrize(
        ("period", "requests"), [("1h", 1), ("24h", 3), ("7d", 4), ("30d", 5), ("90d", 5), ("all", 6)]
    )
    def test_a_period_holds_what_happened_in_it(self, pf: Pf, period: str, requests: int) -> None:
        assert pf("analytics", period, "--json").json["totals"]["requests"] == requests

    def test_the_lines_of_requests_add_up_to_the_totals(self, pf: Pf) -> None:
        totals = pf("analytics", "all", "--json").json["totals"]
        rows = [json.loads(line) for line in pf("analytics", "all", "--view", "requests", "--json").lines]

        assert len(rows) == totals["requests"]
        assert sum(row["input"] for row in rows) == totals["input_tokens"]
        assert sum(row["output"] for row in rows) == totals["output_tokens"]
        assert sum(row["cache_read"] for row in rows) == totals["cache_read_tokens"]

    def test_without_a_period_it_is_the_last_seven_days(self, pf: Pf) -> None:
        found = pf("analytics", "--json").json

        assert found["period"] == "7d"
        assert found["from"] == "2026-11-17T12:00:00+00:00"
        assert found["to"] == "2026-11-24T12:00:00+00:00"

    def test_explicit_days_are_local_and_whole(self, pf: Pf) -> None:
        found = pf(
            "analytics", "--from", "2026-11-21", "--to", "2026-11-21", "--json", env={"TZ": "Asia/Kathmandu"}
        ).json

        assert found["period"] == "custom"
        assert found["from"] == "2026-11-21T00:00:00+05:45"
        assert found["to"] == "2026-11-22T00:00:00+05:45"
        assert found["timezone"] == "Asia/Kathmandu"
        assert found["totals"]["requests"] == 1
        assert [day["day"] for day in found["by_day"]] == ["2026-11-21"]

    def test_a_moment_may_stand_in_place_of_a_day(self, pf: Pf) -> None:
        found = pf("analytics", "--from", "2026-11-24T11:00", "--to", "2026-11-24T11:31", "--json").json

        assert found["totals"]["requests"] == 1

    @pytest.mark.parametrize(
        ("words", "code", "sentence"),
        [
            pytest.param(
                ("--from", "2026-11-30", "--to", "2026-11-01"), 2, "ends before it begins", id="order"
            ),
            pytest.param(("--from", "tomorrow"), 2, "--from tomorrow is not a day", id="no-day"),
            pytest.param(("7d", "--from", "today"), 2, "name two periods", id="two-periods"),
            pytest.param(("--view", "everything"), 2, "'everything' is not one of 'summary'", id="no-view"),
            pytest.param(("--in", "shopp"), 3, "no project is called 'shopp'", id="no-project"),
            pytest.param(("--session", "zzz"), 3, "no session is called 'zzz'", id="no-session"),
        ],
    )
    def test_a_period_or_filter_that_makes_no_sense_says_so(
        self, pf: Pf, words: tuple[str, ...], code: int, sentence: str
    ) -> None:
        answer = pf("analytics", *words)

        assert answer.code == code
        assert sentence in answer.err

    @pytest.mark.parametrize(
        ("words", "requests"),
        [
            pytest.param(("--in", "lab"), 1, id="end-of-path"),
            pytest.param(("--in", "/home/dev/lab"), 1, id="path"),
            pytest.param(("--in", "/home/dev/lab/"), 1, id="path-with-slash"),
            pytest.param(("--agent", "claude-code"), 6, id="agent"),
            pytest.param(("--agent", "codex"), 0, id="another-agent"),
            pytest.param(("--session", OTHER), 1, id="session"),
            pytest.param(("--session", "0therses"), 1, id="first-letters"),
            pytest.param(("--in", "shop", "--agent", "claude-code", "--session", "5e55"), 5, id="all-three"),
        ],
    )
    def test_a_filter_narrows_totals_lists_and_rows_alike(
        self, pf: Pf, words: tuple[str, ...], requests: int
    ) -> None:
        found = pf("analytics", "all", *words, "--json").json
        rows = pf("analytics", "all", *words, "--view", "requests", "--json").lines
        exported = pf("export", "requests", *words).lines

        assert found["totals"]["requests"] == requests
        assert sum(part["requests"] for part in found["by_model"]) == requests
        assert len(rows) == requests
        assert exported == rows

    def test_csv_is_a_table_with_a_heading(self, pf: Pf) -> None:
        table = [*csv.reader(io.StringIO(pf("analytics", "all", "--view", "models", "--csv").out))]

        assert table[0][:3] == ["model", "requests", "failed"]
        assert {row[0] for row in table[1:]} >= {"claude-sonnet-5-5", "nobody-knows-1"}
        unpriced = next(row for row in table if row[0] == "nobody-knows-1")
        assert unpriced[table[0].index("cost_usd")] == ""

    def test_the_running_block_says_its_pace_and_where_that_ends(self, pf: Pf) -> None:
        running = pf("analytics", "24h", "--view", "blocks", "--json").json["blocks"][-1]

        assert running["active"] is True
        assert running["start"] == "2026-11-24T09:00:00+00:00"
        assert running["end"] == "2026-11-24T14:00:00+00:00"
        assert running["projected_usd"] > running["cost_usd"] > 0

    def test_failures_and_limit_hits_are_listed(self, pf: Pf) -> None:
        errors = pf("analytics", "7d", "--view", "errors", "--json").json["errors"]
        hits = pf("analytics", "7d", "--view", "limits", "--json").json["limit_hits"]

        assert [(row["kind"], row["count"]) for row in errors] == [("quota", 1)]
        assert [(hit["kind"], hit["until"]) for hit in hits] == [("quota", "2026-11-24T15:00:00+00:00")]

    def test_compare_sets_providers_side_by_side_for_the_same_work(self, pf: Pf) -> None:
        compared = pf("analytics", "24h", "--costs", "--compare", "--json").json["compare"]
        rows = {row["provider"]: row for row in compared["providers"]}

        served = rows["anthropic-api"]
        assert served["requests"] == 3
        assert served["rate_limited_rate"] == pytest.approx(1 / 3, abs=1e-6)
        assert served["same_work_usd"] == pytest.approx(served["cost_usd"], rel=1e-6)
        assert served["same_work_share"] == 1
        assert rows["openrouter"]["requests"] == 0
        assert rows["openrouter"]["same_work_usd"] > 0
        assert "groq" not in rows
        assert compared["previous"]["totals"]["requests"] == 0

    def test_compare_of_all_time_has_no_period_before(self, pf: Pf) -> None:
        assert pf("analytics", "all", "--compare", "--json").json["compare"]["previous"] is None


def test_every_failure_class_has_words() -> None:
    assert set(FAILURE_WORDS) == set(CLASSES)


def test_a_broken_row_costs_only_itself_and_is_named(pf: Pf, claude_code: Callable[..., Path]) -> None:
    log = claude_code(Turn(NOON - timedelta(hours=1)))
    with log.open("ab") as file:
        file.write(b'{"type":"assistant","output_tokens": broken\n')
    claude_code(Turn(NOON - timedelta(minutes=1)))

    found = pf("analytics", "--json").json

    assert found["totals"]["requests"] == 2
    assert [(row["path"], row["line"]) for row in found["skipped"]["files"]] == [(str(log), 2)]


def test_minutes_saved_are_what_the_limit_still_had_to_run(pf: Pf, context: Callable[..., Context]) -> None:
    pf("switch", "anthropic-api")
    hook = context(env=KEYS, who="hook")
    actions.report_failure(hook, "anthropic-api", failures.reported("quota", until=NOON + timedelta(hours=3)))

    compared = pf("analytics", "1h", "--compare", "--json", now=NOON + timedelta(minutes=1)).json["compare"]

    row = next(row for row in compared["providers"] if row["provider"] == "anthropic-api")
    assert row["minutes_saved"] == pytest.approx(180)
    assert row["limit_hits"] == 1


def test_analytics_reads_what_is_new_first(pf: Pf, claude_code: Callable[..., Path]) -> None:
    claude_code(Turn(NOON - timedelta(hours=1)))
    first = pf("analytics", "--json").json["totals"]["requests"]
    claude_code(Turn(NOON - timedelta(minutes=1)))

    assert (first, pf("analytics", "--json").json["totals"]["requests"]) == (1, 2)


def test_deleted_logs_stay_counted(pf: Pf, claude_code: Callable[..., Path]) -> None:
    log = claude_code(Turn(NOON - timedelta(hours=1)))
    pf("ingest")
    log.unlink()

    assert pf("analytics", "--json").json["totals"]["requests"] == 1


def test_ingest_says_what_it_read(pf: Pf, claude_code: Callable[..., Path]) -> None:
    claude_code(Turn(NOON - timedelta(hours=1)), Turn(NOON - timedelta(hours=2)))

    first = pf("ingest", "--json").json
    again = pf("ingest", "--json").json
    full = pf("ingest", "--full", "--reprice", "--json").json

    assert (first["files"], first["rows_new"], first["rows_skipped"]) == (1, 2, 0)
    assert first["bytes"] > 0
    assert (again["files"], again["rows_new"]) == (0, 0)
    assert (full["files"], full["rows_new"]) == (1, 0)
    assert pf("ingest").out.startswith("nothing new since the last time (")


def ingest_one(pf: Pf, claude_code: Callable[..., Path]) -> None:
    """One request of an hour ago is in the ledger."""
    claude_code(Turn(NOON - timedelta(hours=1)))
    pf("ingest")


class TestReset:
    def test_it_asks_and_a_no_changes_nothing(
        self, pf: Pf, claude_code: Callable[..., Path], paths: Paths, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import click

        monkeypatch.setattr(click, "confirm", lambda *_a, **_k: False)
        ingest_one(pf, claude_code)

        answer = pf("analytics", "reset", tty=True)

        assert answer.code == 1
        assert "nothing was changed" in answer.err
        assert pf("analytics", "--json").json["totals"]["requests"] == 1

    def test_without_a_terminal_it_wants_force(self, pf: Pf, claude_code: Callable[..., Path]) -> None:
        ingest_one(pf, claude_code)

        answer = pf("analytics", "reset")

        assert answer.code == 2
        assert "`pf-tui analytics reset --force`" in answer.err

    def test_force_leaves_a_backup_and_old_rows_do_not_come_back(
        self, pf: Pf, claude_code: Callable[..., Path], paths: Paths
    ) -> None:
        ingest_one(pf, claude_code)

        answer = pf("analytics", "reset", "--force", "--json")
        claude_code(Turn(NOON - timedelta(minutes=5)))

        backup = Path(answer.json["backup"])
        with sqlite3.connect(backup) as copy:
            assert copy.execute("SELECT count(*) FROM requests").fetchone() == (1,)
        assert backup.stat().st_mode & 0o777 == 0o600
        assert pf("analytics", "all", "--json").json["totals"]["requests"] == 1
        assert [event["action"] for event in pf("events", "--json").json] == ["analytics-reset"]

    def test_nothing_to_reset_is_no_failure(self, pf: Pf) -> None:
        assert pf("analytics", "reset", "--force").out == "there is no history yet; nothing was changed\n"


class TestExport:
    def test_the_ledger_is_one_whole_file(
        self, pf: Pf, claude_code: Callable[..., Path], project: Path
    ) -> None:
        ingest_one(pf, claude_code)

        answer = pf("export", "ledger", "copy.db", "--json")

        copy = project / "copy.db"
        assert answer.json == {"path": str(copy), "bytes": copy.stat().st_size, "requests": 1}
        with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as ledger:
            assert ledger.execute("SELECT model FROM requests").fetchall() == [("claude-sonnet-5-5",)]
        assert sorted(path.name for path in project.iterdir()) == [".git", "copy.db"]

    def test_an_existing_file_is_not_written_over(
        self, pf: Pf, claude_code: Callable[..., Path], project: Path
    ) -> None:
        ingest_one(pf, claude_code)
        (project / "copy.db").write_text("mine")

        refused = pf("export", "ledger", "copy.db")
        kept = (project / "copy.db").read_text()
        forced = pf("export", "ledger", "copy.db", "--force")

        assert refused.code == 2
        assert "exists already; nothing was written" in refused.err
        assert kept == "mine"
        assert forced.code == 0

    def test_no_history_is_one_sentence(self, pf: Pf) -> None:
        answer = pf("export", "ledger", "copy.db")

        assert answer.code == 1
        assert "there is no history yet" in answer.err

    def test_a_folder_that_is_not_there_is_one_sentence(
        self, pf: Pf, claude_code: Callable[..., Path]
    ) -> None:
        ingest_one(pf, claude_code)

        answer = pf("export", "ledger", "no/such/copy.db")

        assert answer.code == 1
        assert "cannot be written (no such file or directory)" in answer.err


class TestWhereNothingCanBeWritten:
    """A state directory that refuses: reads go on."""

    def test_the_logs_are_read_for_this_once(
        self, pf: Pf, claude_code: Callable[..., Path], paths: Paths
    ) -> None:
        claude_code(Turn(NOON - timedelta(hours=1)))
        paths.home.parent.mkdir(parents=True)
        paths.home.write_text("a file where the directory should be")

        answer = pf("analytics", "--json")

        assert answer.code == 0
        assert answer.json["totals"]["requests"] == 1
        assert "the logs were read for this run only; nothing was stored" in answer.err

    def test_a_damaged_ledger_is_set_aside_and_said(
        self, pf: Pf, claude_code: Callable[..., Path], paths: Paths
    ) -> None:
        claude_code(Turn(NOON - timedelta(hours=1)))
        paths.home.mkdir(parents=True)
        paths.ledger.write_bytes(b"this is no database" * 1000)

        answer = pf("analytics", "--json")

        assert answer.code == 0
        assert answer.json["totals"]["requests"] == 1
        assert "ledger.db was damaged; it was set aside as ledger.db.corrupt-" in answer.err
        assert [*paths.home.glob("ledger.db.corrupt-*")]

    def test_a_page_damaged_in_the_middle_is_found(
        self, pf: Pf, claude_code: Callable[..., Path], paths: Paths
    ) -> None:
        claude_code(*(Turn(NOON - timedelta(minutes=n)) for n in range(400)))
        pf("ingest")
        with sqlite3.connect(paths.ledger) as ledger:
            ledger.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = paths.ledger.stat().st_size
        with paths.ledger.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(size - 4096))
        claude_code(Turn(NOON))

        answer = pf("analytics", "--json", now=NOON + timedelta(minutes=1))

        assert answer.code in (0, 4)
        assert "an error inside pf-tui" not in answer.err
        if answer.code == 0:
            assert answer.json["totals"]["requests"] == 401

    def test_a_ledger_of_the_first_version_keeps_its_history(self, pf: Pf, paths: Paths) -> None:
        paths.home.mkdir(parents=True)
        with sqlite3.connect(paths.ledger) as ledger:
            ledger.executescript(FIRST_VERSION.read_text(encoding="utf-8"))

        answer = pf("analytics", "all", "--json")

        assert (answer.code, answer.err) == (0, "")
        assert answer.json["totals"]["requests"] == 5
        assert sum(one["requests"] for one in answer.json["by_provider"]) == 5

    def test_a_newer_ledger_is_left_alone(self, pf: Pf, paths: Paths) -> None:
        paths.home.mkdir(parents=True)
        with sqlite3.connect(paths.ledger) as ledger:
            ledger.execute("PRAGMA user_version = 99")
        before = paths.ledger.read_bytes()

        answer = pf("analytics", "--json")

        assert answer.code == 4
        assert "has version 99, this pf-tui knows" in answer.error["message"]
        assert paths.ledger.read_bytes() == before


def test_the_counters_of_the_original_follow_the_ledger(
    pf: Pf, claude_code: Callable[..., Path], paths: Paths
) -> None:
    claude_code(
        Turn(NOON - timedelta(hours=1), input=10, output=20, cache_read=1000, cache_write=5),
        Turn(NOON - timedelta(days=2), input=1, output=1, cache_read=0, cache_write=0),
    )
    pf("ingest")

    content = json.loads(paths.usage.read_text())

    assert content["version"] == 2
    assert content["lastReset"] == {"daily": "2026-11-24", "monthly": "2026-11"}
    assert content["providers"]["anthropic-api"] == {"dailyTokens": 35, "monthlyTokens": 37}


def test_counters_begun_anew_by_hand_stay_so(pf: Pf, claude_code: Callable[..., Path], paths: Paths) -> None:
    claude_code(Turn(NOON - timedelta(hours=1), input=10, output=20, cache_read=0, cache_write=0))
    pf("ingest")
    pf("status", "--reset")
    claude_code(Turn(NOON + timedelta(minutes=1), input=1, output=1, cache_read=0, cache_write=0))
    pf("ingest", now=NOON + timedelta(minutes=2))

    assert json.loads(paths.usage.read_text())["providers"]["anthropic-api"] == {
        "dailyTokens": 2,
        "monthlyTokens": 32,
    }


def test_the_year_a_row_is_from_does_not_matter(pf: Pf, claude_code: Callable[..., Path]) -> None:
    claude_code(Turn(datetime(2025, 1, 1, tzinfo=UTC)), Turn(NOON - timedelta(hours=1)))

    found = pf("analytics", "all", "--json").json

    assert [day["day"] for day in found["by_day"]] == ["2025-01-01", "2026-11-24"]
    assert found["from"] is None
