"""Logs truncated, rotated, replaced or deleted; ingests killed, cancelled or run at once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.ingest import batches, lines, pipeline
from pf_tui.ingest.outcome import Progress
from pf_tui.ledger import schema
from tests.bench import corpus
from tests.ingest.conftest import Books
from tests.ingest.test_truth import told, used
from tests.patience import PATIENCE_S

LINE = (
    '{"type":"assistant","timestamp":"2026-11-24T12:00:%02d.000Z","sessionId":"s","cwd":"/home/dev/acme",'
    '"message":{"id":"msg_%s","model":"claude-opus-4-5","usage":{"input_tokens":%d,"output_tokens":7}}}\n'
)


def transcript(books: Books) -> Path:
    file = books.home / ".claude/projects/-home-dev-acme/s.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def inputs(books: Books) -> list[int]:
    return sorted(row[0] for row in books.rows("input"))


def test_a_row_that_was_added_is_read_alone(books: Books) -> None:
    file = transcript(books)
    file.write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()
    with file.open("a", encoding="utf-8") as log:
        log.write(LINE % (2, "b", 2))

    outcome = books.ingest()

    assert (outcome.files, outcome.bytes, outcome.rows_new) == (1, len(LINE % (2, "b", 2)), 1)
    assert inputs(books) == [1, 2]


def test_nothing_is_opened_when_nothing_changed(books: Books) -> None:
    transcript(books).write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()

    outcome = books.ingest()

    assert (outcome.files, outcome.bytes) == (0, 0)


@pytest.mark.parametrize("how", ["truncated", "replaced", "replaced with the same size and time", "rotated"])
def test_a_file_that_is_another_one_is_read_from_its_start(books: Books, how: str) -> None:
    file = transcript(books)
    file.write_text(LINE % (1, "a", 1) + LINE % (2, "b", 2), encoding="utf-8")
    books.ingest()
    stamp = file.stat()
    fresh = LINE % (3, "c", 3) + LINE % (4, "d", 4)
    if how == "truncated":
        file.write_text(LINE % (3, "c", 3), encoding="utf-8")
    elif how == "rotated":
        file.rename(file.with_name("s-1.jsonl"))
        file.write_text(LINE % (3, "c", 3), encoding="utf-8")
    else:
        other = file.with_suffix(".new")
        other.write_text(fresh, encoding="utf-8")
        other.replace(file)
        if "time" in how:
            os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

    books.ingest()

    assert inputs(books) == ([1, 2, 3, 4] if "replaced" in how else [1, 2, 3])


def test_a_file_overwritten_in_place_with_more_is_read_from_its_start(books: Books) -> None:
    """The same inode, and longer: only its first bytes tell."""
    file = transcript(books)
    file.write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()

    file.write_text(LINE % (3, "c", 3) + LINE % (4, "d", 4), encoding="utf-8")
    books.ingest()

    assert inputs(books) == [1, 3, 4]


def test_a_file_rewritten_behind_its_first_rows_is_read_from_its_start(books: Books) -> None:
    """The same inode, longer, and the same beginning: what stands where reading ended tells."""
    file = transcript(books)
    begin = LINE % (1, "a", 1) + LINE % (2, "b", 2)
    file.write_text(begin + LINE % (3, "c", 3), encoding="utf-8")
    books.ingest()

    with file.open("r+", encoding="utf-8") as log:
        log.write(begin + "".join(LINE % (number, f"more-{number}", number) for number in range(4, 8)))
    books.ingest()

    assert inputs(books) == [1, 2, 3, 4, 5, 6, 7]


def test_deleted_logs_keep_their_rows(books: Books) -> None:
    file = transcript(books)
    file.write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()
    file.unlink()

    books.ingest(full=True)

    assert inputs(books) == [1]


def test_a_skipped_row_is_forgotten_once_the_file_is_another_one(books: Books) -> None:
    file = transcript(books)
    file.write_text('{"output_tokens": broken\n' + LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()
    assert books.ask("SELECT line FROM skipped") == [(1,)]

    file.write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()

    assert books.ask("SELECT * FROM skipped") == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_cannot_be_read_is_named(books: Books) -> None:
    file = transcript(books)
    file.write_text(LINE % (1, "a", 1), encoding="utf-8")
    file.chmod(0)

    books.ingest()

    assert books.ask("SELECT path, why FROM skipped") == [(str(file), "cannot be read (Permission denied)")]


def test_a_file_of_carriage_returns_alone_is_read(books: Books) -> None:
    text = "".join(LINE % (n, f"m{n}", n) for n in range(1, 4)).replace("\n", "\r")
    transcript(books).write_bytes(text.encode())

    books.ingest()

    assert inputs(books) == [1, 2, 3]


def test_a_row_without_a_time_is_named_and_lost(books: Books) -> None:
    file = transcript(books)
    file.write_text((LINE % (1, "a", 1)).replace("2026-11-24T12:00:01.000Z", "yesterday"), encoding="utf-8")

    outcome = books.ingest()

    assert outcome.rows_skipped == 1
    assert books.ask("SELECT line, why FROM skipped") == [(1, "has no time that can be read")]


@pytest.mark.parametrize(
    "field",
    [
        '"id":"msg_a"',
        '"sessionId":"s"',
        '"model":"claude-opus-4-5"',
        '"cwd":"/home/dev/acme"',
        '"type":"assistant"',
    ],
)
@pytest.mark.parametrize("value", ["5", "null", "[1]", "{}", "true", '""', '"\\ud800"'])
def test_no_value_in_any_field_stops_an_ingest(books: Books, field: str, value: str) -> None:
    key = field.split(":", 1)[0]
    odd = (LINE % (1, "a", 1)).replace(field, f"{key}:{value}")
    transcript(books).write_text(odd + LINE % (2, "b", 2), encoding="utf-8")

    books.ingest()

    assert 2 in inputs(books)


def test_an_answer_whose_first_row_has_no_time_is_counted_by_its_next_row(books: Books) -> None:
    first = (LINE % (1, "a", 3)).replace('"timestamp":"2026-11-24T12:00:01.000Z",', "")
    transcript(books).write_text(first + LINE % (2, "a", 3), encoding="utf-8")

    outcome = books.ingest()

    assert inputs(books) == [3]
    assert outcome.rows_skipped == 1


def test_rows_parted_by_carriage_returns_alone_lose_only_what_is_broken(books: Books) -> None:
    rows = [LINE % (number, number, number) for number in range(1, 6)]
    rows[1] = rows[1].replace('"timestamp":"2026-11-24T12:00:02.000Z",', "")
    rows[2] = rows[2][:40] + "\n"
    file = transcript(books)
    file.write_text("".join(rows).replace("\n", "\r"), encoding="utf-8")
    books.ingest()
    assert inputs(books) == [1, 4, 5]

    more = (LINE % (6, 6, 6)).replace("\n", "\r")
    last = LINE % (7, 7, 7)
    for part in (more[:50], more[50:], "", rows[2].replace("\n", "\r"), last.strip()):
        with file.open("a", encoding="utf-8") as log:
            log.write(part)
        books.ingest()

    assert inputs(books) == [1, 4, 5, 6, 7]


@pytest.mark.parametrize("text", ["{" * 300_000, '{"a":' * 50_000, '{"a":"' * 50_000, "f(x) { y } " * 50_000])
def test_a_row_that_was_cut_off_within_code_costs_only_itself_and_no_minutes(books: Books, text: str) -> None:
    cut = '{"type":"assistant","message":{"usage":{"output_tokens":5},"content":"' + text
    file = transcript(books)
    file.write_text(cut + "\n" + LINE % (1, "a", 1) + cut, encoding="utf-8")

    books.ingest()

    assert inputs(books) == [1]
    assert books.ask("SELECT line FROM skipped WHERE lost") == [(1,), (3,)]


def test_a_line_or_document_beyond_any_request_is_named_and_not_held(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 400_000)
    long = (LINE % (2, "b", 2)).replace('"usage"', '"content":"' + "A" * 900_000 + '","usage"')
    file = transcript(books)
    file.write_text(LINE % (1, "a", 1) + long + LINE % (3, "c", 3), encoding="utf-8")
    chat = books.home / ".gemini/tmp/acme/chats/session-1.json"
    chat.parent.mkdir(parents=True)
    chat.write_text('{"messages": ["' + "A" * 900_000 + '"]}', encoding="utf-8")

    books.ingest()

    assert inputs(books) == [1, 3]
    skipped = sorted(books.ask("SELECT path, line, why FROM skipped"))
    assert skipped == [(str(file), 2, "is longer than 64 MB"), (str(chat), 0, "is longer than 64 MB")]
    assert books.ingest().files == 0


def test_more_broken_rows_than_are_told_apart_are_still_counted(books: Books) -> None:
    transcript(books).write_text('{"output_tokens": broken\n' * 500, encoding="utf-8")

    outcome = books.ingest()

    assert outcome.rows_skipped == 500
    assert books.ask("SELECT sum(count), count(*) FROM skipped") == [(500, 200)]


def test_a_file_name_that_is_no_text_is_read_like_any_other(books: Books) -> None:
    folder = transcript(books).parent
    name = os.fsencode(folder) + b"/\xff\xfe.jsonl"
    with open(name, "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write((LINE % (1, "a", 1)).encode() + b'{"output_tokens": broken\n')

    books.ingest()

    assert inputs(books) == [1]
    assert books.ask("SELECT count(*) FROM skipped WHERE line = 2") == [(1,)]
    assert books.ingest().files == 0


RUN = (
    "import sys; from pathlib import Path; from pf_tui import catalog; from pf_tui.ingest import pipeline\n"
    "pipeline.ingest(Path(sys.argv[1]), {'HOME': sys.argv[2]}, catalog.load(), workers=int(sys.argv[3]))"
)


def start(books: Books, workers: int = 1) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, str(books.path), str(books.home), str(workers)])


def test_two_processes_at_once_double_nothing(books: Books) -> None:
    truth = corpus.generate(books.home, 20, seed=3)

    processes = [start(books, workers) for workers in (1, 2, 1)]
    codes = [process.wait(timeout=PATIENCE_S) for process in processes]

    assert codes == [0, 0, 0]
    assert told(books) == used(truth)
    assert Counter(books.ask("SELECT sum(requests) FROM quarters")) == Counter(
        books.ask("SELECT count(*) FROM request_rows")
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_ingest_is_made_good_by_the_next(books: Books, workers: int) -> None:
    truth = corpus.generate(books.home, 8, seed=4)

    for after_ms in (150, 250, 350, 450, 600):
        process = start(books, workers)
        time.sleep(after_ms / 1000)  # anywhere in the middle: every moment must do
        process.send_signal(signal.SIGKILL)
        process.wait()
    books.ingest()

    assert told(books) == used(truth)
    assert books.ask("SELECT sum(requests) FROM sessions") == books.ask("SELECT count(*) FROM request_rows")


@pytest.mark.parametrize("workers", [1, 2])
def test_a_cancelled_ingest_keeps_what_it_read_and_goes_on_later(
    books: Books, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "BATCH_BYTES", 1_000_000)
    truth = corpus.generate(books.home, 8, seed=6)
    calls = iter(range(10_000))

    cancelled = books.ingest(workers=workers, is_cancelled=lambda: next(calls) > 6)
    kept = len(books.rows("id"))
    summed = books.ask("SELECT ifnull(sum(requests), 0) FROM quarters")[0][0]
    books.ingest()

    assert cancelled.cancelled
    assert kept == summed
    assert 0 < kept < len(truth.requests)
    assert told(books) == used(truth)


def ingest_beside(
    books: Books, program: str | None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> corpus.Truth:
    """Read four transcripts with a second process that runs `program`; None = it cannot even be started."""
    truth = corpus.generate(books.home, 4, seed=9)
    worker = folder / "python"
    if program is not None:
        worker.write_text(program, encoding="utf-8")
        worker.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(worker))
    monkeypatch.setattr(batches, "BATCH_BYTES", 200_000)
    books.ingest(workers=2)
    return truth


DYING = """#!{python}
import os, sys
os.read(int(sys.argv[-1]), 2 * {batches})
"""
"""A second process that takes so many batches and ends."""


@pytest.mark.parametrize("taken", [None, 0, 3, 1000])
def test_what_a_dying_second_process_took_is_read_all_the_same(
    books: Books, taken: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = None if taken is None else DYING.format(python=sys.executable, batches=taken)

    truth = ingest_beside(books, program, tmp_path, monkeypatch)

    assert told(books) == used(truth)


CHATTY = """#!{python}
import os, sys
sys.stdin.buffer.read()
os.read(int(sys.argv[-1]), 6)
os.write(1, {said!r})
"""
"""A second process on whose pipe somebody else writes: a start-up file of the person's Python, say."""


@pytest.mark.parametrize(
    "said", [b"welcome to my Python\n", (5).to_bytes(8, "little") + b"hello", b"\xff" * 8, b"no"]
)
def test_a_second_process_that_answers_nonsense_is_not_waited_for(
    books: Books, said: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = CHATTY.format(python=sys.executable, said=said)

    truth = ingest_beside(books, program, tmp_path, monkeypatch)

    assert told(books) == used(truth)


def test_the_second_process_runs_nothing_from_the_folder_one_is_in(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    truth = corpus.generate(books.home, 4, seed=9)
    for module in ("queue", "msgspec", "pf_tui"):
        (tmp_path / f"{module}.py").write_text("open('ran', 'w'); raise SystemExit('ran')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(batches, "BATCH_BYTES", 200_000)

    books.ingest(workers=2)

    assert not (tmp_path / "ran").exists()
    assert capfd.readouterr() == ("", "")
    assert told(books) == used(truth)


def test_names_that_are_no_text_pass_between_processes(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_BYTES", 1)
    for number in range(40):
        file = transcript(books).with_name(os.fsdecode(b"caf\xe9-%d.jsonl" % number))
        row = LINE.replace('"sessionId":"s","cwd":"/home/dev/acme",', r'"cwd":"/home/\udc80",')
        file.write_text(row % (1, f"a{number}", 1), encoding="utf-8")

    books.ingest(workers=1)
    alone = books.rows("id, session, project")
    books.change("DELETE FROM request_rows")
    books.ingest(workers=2, full=True)

    assert len(alone) == 40
    assert books.rows("id, session, project") == alone


def test_progress_ends_with_all_bytes(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_BYTES", 500_000)
    corpus.generate(books.home, 4, seed=6)
    seen: list[Progress] = []

    books.ingest(progress=seen.append)

    assert len(seen) > 3
    assert seen[-1].bytes_done == seen[-1].bytes_total
    assert [one.bytes_done for one in seen] == sorted(one.bytes_done for one in seen)


# the ledger's own file


def test_a_corrupt_ledger_is_set_aside_and_begun_anew(books: Books) -> None:
    transcript(books).write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.path.parent.mkdir(parents=True)
    books.path.write_bytes(b"not a ledger at all" * 100)

    books.ingest()

    assert inputs(books) == [1]
    (aside,) = books.path.parent.glob("*.corrupt-*")
    assert aside.read_bytes().startswith(b"not a ledger")


def test_a_newer_ledger_is_left_as_it_is(books: Books) -> None:
    transcript(books).write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()
    books.change("PRAGMA user_version = 99")
    before = books.path.read_bytes()

    with pytest.raises(StateFileUnusable, match="has version 99, this pf-tui knows"):
        books.ingest()

    assert books.path.read_bytes() == before


def test_a_ledger_locked_for_good_is_one_sentence(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    transcript(books).write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()
    monkeypatch.setattr(pipeline, "WAIT_S", 0.05)
    holder = sqlite3.connect(books.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    with pytest.raises(PfError, match=r"busy|locked"):
        books.ingest(full=True)

    holder.execute("ROLLBACK")
    holder.close()
    books.ingest(full=True)
    assert inputs(books) == [1]


def test_a_full_disk_is_one_sentence_and_loses_nothing(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that may not grow: sqlite says "database or disk is full"."""
    transcript(books).write_text(LINE % (1, "a", 1), encoding="utf-8")
    books.ingest()
    connect = schema.connect

    def full(path: Path, usual_s: float) -> sqlite3.Connection:
        connection = connect(path, usual_s)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(schema, "connect", full)
    truth = corpus.generate(books.home, 2, seed=9)
    with pytest.raises(PfError, match="full"):
        books.ingest()
    monkeypatch.setattr(schema, "connect", connect)

    books.ingest()

    assert len(books.rows("id")) == len(truth.requests) + truth.failures + 1
