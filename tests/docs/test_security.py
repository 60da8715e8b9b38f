"""The page on security names a test for each promise, and each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)))

KINDS = (
    *("aliases", "Links, pipes", "another user owns", "non-ASCII", "Escapes", "raises a budget"),
    *("`ANTHROPIC_BASE_URL`", "moment of a switch", "`install --dry-run`", "words in MCP"),
    *("Endless bodies", "tiny events", "large value", "repeats the key or the prompt", "101"),
    *("Closed stdin", "another program holds", "Damaged pages", "full disk", "Early signals", "hook inputs"),
    *("`pf-tui serve`", "Origin and Host", "gateway token", "umask 000", "`auth.check`", "`destructiveHint`"),
    *("What is installed",),
)
"""What was tried when pf-tui was attacked."""


@pytest.mark.parametrize("kind", KINDS)
def test_what_got_through_once_is_a_row_with_its_test(kind: str) -> None:
    section = PAGE.partition("## Before and after")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|") and kind in line.split(" | ")[0]]

    assert rows
    assert all("`tests/" in row for row in rows)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_each_test_that_is_named_exists(file: str, name: str) -> None:
    source = (ROOT / file).read_text(encoding="utf-8")

    assert re.search(rf"def {name}\(" if name else r"def test_", source)


def test_every_file_of_hostile_tests_is_named() -> None:
    files = {f"tests/hostile/{path.name}" for path in (ROOT / "tests" / "hostile").glob("test_*.py")}

    assert files <= {file for file, _ in NAMED}
