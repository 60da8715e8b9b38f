"""Modules stay small enough to be read in one sitting: what outgrows the bound is two rooms."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "pf_tui"

MOST_LINES = 400

LONGER: dict[str, str] = {}
"""Module -> why it is one room all the same."""


def test_no_module_outgrows_its_room() -> None:
    lines = {
        path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for path in PACKAGE.rglob("*.py")
    }

    assert {path: count for path, count in lines.items() if count > MOST_LINES and path not in LONGER} == {}
    assert {path for path in LONGER if lines.get(path, 0) <= MOST_LINES} == set()
