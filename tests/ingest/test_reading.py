"""Which lines of a file are decoded: every one that may matter, in the file's order, in any formatting."""

from __future__ import annotations

import re
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.ingest import lines as reading
from pf_tui.ingest.observed import ParsedLogs

NEEDLES = (b'"output_tokens"', b'"api_error"', b'"cost-state"')
PIECES = (
    *NEEDLES, b'"output_token', b"output_tokens", b"\\u005f", b"\\u001b[31m", b"\\u001b" * 9, b"\\u00",
    b"\\\\u0041", b"\xff", b"\0", b"{", b"}", b" ", b"\t", b"\r", b"plain words ", b"x" * 40,
)  # fmt: skip

lines_of_pieces = st.lists(
    st.lists(st.sampled_from(PIECES), max_size=12).map(lambda parts: b"{" + b"".join(parts)), max_size=12
)


def matters(line: bytes) -> bool:
    """The rule, said plainly."""
    return any(needle in line for needle in NEEDLES) or re.search(rb"\\u00[2-7]", line) is not None


def looks_whole(line: bytes) -> bool:
    tail = line[-64:].strip(b"\0 \t\r")
    return not tail or tail.endswith(b"}")


@given(lines=lines_of_pieces, block=st.sampled_from((32, 100, 1000)))
def test_every_line_that_may_matter_is_decoded_and_every_other_one_must_be_whole(
    lines: list[bytes], block: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("logs") / "log.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    taken: list[bytes] = []
    logs = ParsedLogs()

    with pytest.MonkeyPatch.context() as patch, FileIO(path) as file:
        patch.setattr(reading, "BLOCK_BYTES", block)
        end = reading.read_lines(file, str(path), 0, NEEDLES, lambda line, *_: taken.append(line), logs)

    assert end == path.stat().st_size
    assert taken == [line for line in lines if matters(line)]
    broken = [row.line for row in logs.skipped.get(str(path), []) if row.why == reading.NOT_JSON]
    assert broken == [
        number for number, line in enumerate(lines, start=1) if not matters(line) and not looks_whole(line)
    ]


def test_a_needle_written_as_escapes_behind_many_colours_is_found(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(
        b'{"text":"' + b"\\u001b[0m" * 50 + b'","output\\u005ftokens":1}\n{"text":"\\u001b[0m"}\n'
    )
    taken: list[bytes] = []

    with FileIO(path) as file:
        reading.read_lines(file, str(path), 0, NEEDLES, lambda line, *_: taken.append(line), ParsedLogs())

    assert [line.count(b"u001b") for line in taken] == [50]
