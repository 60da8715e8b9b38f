"""What is declared is imported, and the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dependencies import ROOT, problems


def test_declared_is_imported_and_imported_is_declared() -> None:
    assert problems(ROOT) == []


@pytest.mark.parametrize(
    ("dependencies", "line", "said"),
    [
        ('"rich"', "import rich, click", "pf_tui/a.py imports click, which pyproject.toml does not declare"),
        (
            '"rich", "click>=8"',
            "from rich import box",
            "pyproject.toml declares click, which no file imports",
        ),
    ],
)
def test_a_difference_is_one_sentence(tmp_path: Path, dependencies: str, line: str, said: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[project]\ndependencies = [{dependencies}]")
    (tmp_path / "pf_tui").mkdir()
    (tmp_path / "pf_tui" / "a.py").write_text(line)

    assert problems(tmp_path) == [said]
