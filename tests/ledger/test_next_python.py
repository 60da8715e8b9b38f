"""What Python 3.14 refuses: a sequence for numbered or named placeholders of SQL (3.12 only warns of it)."""

from __future__ import annotations

import re
from pathlib import Path

import pf_tui

PACKAGE = Path(pf_tui.__file__).parent


def test_no_statement_has_numbered_placeholders() -> None:
    # 3.11 says nothing of it, so that no run of the statements there would show it
    assert [
        f"{path.relative_to(PACKAGE)}:{number}"
        for path in PACKAGE.rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"[=<>(,(] *\?\d", line)
    ] == []
