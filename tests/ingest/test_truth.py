"""What the ledger says of a made-up person's logs is what that person used: no difference at all."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price

from tests.bench import corpus
from tests.bench.corpus import KINDS, Request, Truth
from tests.ingest.conftest import Books

SEEDS = range(11, 17)


def told(books: Books) -> Counter[tuple]:
    """Every delivered request as the ledger has it."""
    columns = f"ts, session, project, model, {', '.join(KINDS)}, is_subagent"
    return Counter(books.rows(columns, "status = 'ok'"))


def used(truth: Truth) -> Counter[tuple]:
    """Every request as it was made."""
    return Counter(
        (one.ts_ms, one.session, one.project, one.model, *one.used, int(one.subagent))
        for one in truth.requests
    )


def list_price(one: Request) -> Decimal:
    """genai-prices' own answer; None of it is ours."""
    sent, made, _, read, five, hour, searches = one.used
    moment = datetime.fromtimestamp(one.ts_ms / 1000, UTC)
    context = {"fast": {"speed": "fast"}, "batch": {"processing": "batch"}}.get(one.mode)
    usage = Usage(
        input_tokens=sent + read + five + hour,
        cache_read_tokens=read,
        cache_write_tokens=five + hour,
        cache_write_1h_tokens=hour,
        output_tokens=made,
    )
    provider = "zai" if one.model.startswith("glm") else "anthropic"
    tokens = calc_price(
        usage, one.model, provider_id=provider, genai_request_timestamp=moment, price_context=context
    ).total_price
    plain = calc_price(usage, one.model, provider_id=provider, genai_request_timestamp=moment).total_price
    if one.mode == "batch" and tokens == plain:
        tokens /= 2
    return tokens + searches * Decimal("0.01")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_request_of_a_corpus_full_of_traps_is_told_exactly(books: Books, seed: int) -> None:
    truth = corpus.generate(books.home, 4, seed)

    books.ingest()

    assert told(books) == used(truth)
    assert len(books.rows("id", "status = 'failed'")) == truth.failures


@pytest.mark.parametrize("seed", SEEDS)
def test_every_lost_and_every_mended_row_is_named_by_file_and_line(books: Books, seed: int) -> None:
    truth = corpus.generate(books.home, 4, seed)

    outcome = books.ingest()

    named = books.ask("SELECT path, line, lost FROM skipped")
    assert {(path, line) for path, line, lost in named if lost} == truth.lost
    assert {(path, line) for path, line, lost in named if not lost} == truth.damaged
    assert outcome.rows_skipped == len(truth.lost)


def test_fifty_megabytes_have_no_difference_in_tokens_requests_or_cost(books: Books) -> None:
    truth = corpus.generate(books.home, 50, seed=77)

    books.ingest()

    assert told(books) == used(truth)
    ours = books.one("sum(cost_usd), sum(cost_usd IS NULL)")
    assert ours[0] == pytest.approx(float(sum(map(list_price, truth.requests))), rel=1e-12)
    assert ours[1] == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_one_process_and_two_say_the_same(books: Books, workers: int) -> None:
    truth = corpus.generate(books.home, 6, seed=5)

    books.ingest(workers=workers)

    assert told(books) == used(truth)


def test_reading_everything_again_changes_nothing(books: Books) -> None:
    truth = corpus.generate(books.home, 4, seed=21)
    books.ingest()
    before = books.rows()
    named = books.ask("SELECT * FROM skipped")

    again = books.ingest(full=True)

    assert again.rows_new == 0
    assert books.rows() == before
    assert books.ask("SELECT * FROM skipped") == named
    assert told(books) == used(truth)


def test_files_that_grow_bit_by_bit_end_up_the_same(books: Books) -> None:
    """A live transcript is read at any moment, also in the middle of a row."""
    truth = corpus.generate(books.home, 3, seed=33)
    files = {path: path.read_bytes() for path in books.home.rglob("*.jsonl")}
    for path in files:
        path.write_bytes(b"")

    for step in range(1, 8):
        for path, content in files.items():
            with path.open("ab") as file:
                file.write(content[file.tell() : len(content) * step // 7])
        books.ingest()

    assert told(books) == used(truth)
    assert {
        (path, line) for path, line in books.ask("SELECT path, line FROM skipped WHERE lost")
    } == truth.lost
