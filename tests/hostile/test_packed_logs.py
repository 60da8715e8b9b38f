"""Logs packed with zstd: what a few hundred bytes may become is bounded, and what came before it counts."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest

from pf_tui.ingest import compressed, files
from pf_tui.ingest.observed import ParsedLogs

zstandard = pytest.importorskip("zstandard", reason="pf-tui[zstd] is not installed")

MAGIC = b"\x28\xb5\x2f\xfd"
RUN_BYTES = 128 * 1024
"""Of one block: four bytes say how often another one is repeated."""

ROWS = b"".join(
    json.dumps({"timestamp": "2026-11-24T12:00:00.000Z", "type": kind, "payload": payload}).encode() + b"\n"
    for kind, payload in (
        ("session_meta", {"id": "a", "cwd": "/home/dev/acme"}),
        ("turn_context", {"model": "gpt-6.1-sol"}),
        (
            "event_msg",
            {
                "type": "token_count",
                "info": {
                    "total_token_usage": {"input_tokens": 70, "output_tokens": 7, "total_tokens": 77},
                    "last_token_usage": {"input_tokens": 70, "output_tokens": 7, "total_tokens": 77},
                },
            },
        ),
    )
)


def frame(*blocks: bytes, window: int = 0x38, flags: int = 0, more: bytes = b"") -> bytes:
    """A frame with these blocks. Source: RFC 8878, 3.1.1.

    Args:
        window: the window's descriptor; 0x38 = 128 KB.
    """
    return MAGIC + bytes((flags, window)) + more + b"".join(blocks) + b"\x01\0\0"


def runs(of: bytes, count: int) -> bytes:
    """Blocks that repeat one byte."""
    return ((RUN_BYTES << 3 | 1 << 1).to_bytes(3, "little") + of) * count


def packed(content: bytes) -> bytes:
    data: bytes = zstandard.ZstdCompressor().compress(content)
    return data


def bytes_passed_over(count: int) -> bytes:
    """A frame that holds nothing of the log."""
    return b"\x50\x2a\x4d\x18" + count.to_bytes(4, "little") + bytes(count)


BOMBS = {
    "500 bytes of empty lines": frame(runs(b"\n", 122)),
    "one line of 5 GB": frame(runs(b" ", 40_000)),
    "a hundred frames": frame(runs(b"\n", 1)) * 100,
    "frames that are passed over, then one": bytes_passed_over(0) * 1000 + frame(runs(b"\0", 900)),
}
REFUSED = {
    "a window of 2 TB": (frame(runs(b" ", 1), window=0xFF), compressed.WIDE),
    "a window of 16 MB": (frame(runs(b" ", 1), window=14 << 3), compressed.WIDE),
    "a dictionary nobody has": (frame(runs(b" ", 1), flags=1, more=b"\x07"), compressed.NOT_ZSTD),
    "a block of a kind that is none": (frame(b"\x07\0\0"), compressed.NOT_ZSTD),
    "no frame at all": (b"GIF89a" * 80, compressed.NOT_ZSTD),
}


def read(folder: Path, log: bytes) -> ParsedLogs:
    """What ingest has of this log."""
    path = folder / "rollout-a.jsonl.zst"
    path.write_bytes(log)
    logs = ParsedLogs()
    files.read(files.Job("codex", str(path), len(log), 0, 0), logs)
    return logs


def outcome(logs: ParsedLogs) -> tuple[int, list[str]]:
    """How many requests there were, and what is said of the log."""
    return len(logs.requests), [skipped.why for rows in logs.skipped.values() for skipped in rows]


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_ends_in_one_sentence_and_the_rows_before_it_count(bomb: bytes, tmp_path: Path) -> None:
    assert outcome(read(tmp_path, packed(ROWS) + bomb)) == (1, [compressed.TOO_MUCH])


@pytest.mark.parametrize("row", [b'{"token_count"}\n', b"\\u0041\n"])
def test_rows_that_are_none_are_not_looked_at_for_ever(row: bytes, tmp_path: Path) -> None:
    logs = read(tmp_path, packed(ROWS + row * 20_000) + bytes_passed_over(2**16))

    assert outcome(logs)[1][-1] == compressed.DAMAGED
    assert (len(logs.requests), logs.lost) == (1, compressed.MOST_DAMAGED + 1)


@pytest.mark.parametrize(("rest", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_unpacked_is_one_sentence(rest: bytes, sentence: str, tmp_path: Path) -> None:
    assert outcome(read(tmp_path, packed(ROWS) + rest)) == (1, [sentence])


def test_no_log_becomes_more_than_any_log_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "MOST_BYTES", 2 * 2**20)
    assert outcome(read(tmp_path, packed(ROWS) + bytes_passed_over(2**16) + frame(runs(b"\n", 20)))) == (
        1,
        [compressed.TOO_MUCH],
    )


def test_a_bomb_takes_no_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    try:
        read(tmp_path, frame(runs(b"\n", 1_000)))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert most < 2 * 2**20


def test_a_damaged_row_of_a_packed_log_is_named_by_its_own_line(tmp_path: Path) -> None:
    logs = read(tmp_path, packed(b"\n" * 70_000 + b'{"type": "event_msg", "info": "token_count"\n' + ROWS))

    assert [skipped.line for rows in logs.skipped.values() for skipped in rows] == [70_001]
