"""All 45 cells at once, as `python -m tests.cells` does."""

from __future__ import annotations

from pathlib import Path

from tests import cells


async def test_every_cell_that_is_served_by_key_answers(tmp_path: Path) -> None:
    found = await cells.run(tmp_path)

    assert {cell: wrong for cell, wrong in found.items() if wrong} == {}
    assert len(found) == 45
