"""Text as it stands on a screen: golden output of every view, narrow, usual and wide.

`pytest --snapshot-update` rewrites the golden files; look at the difference before you keep it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from syrupy.assertion import SnapshotAssertion

from .conftest import NOON, Pf, Turn

VIEWS = [
    pytest.param(("status",), id="status"),
    pytest.param(("status", "groq"), id="status-of-one"),
    pytest.param(("status", "openrouter"), id="status-of-a-benched-one"),
    pytest.param(("why",), id="why"),
    pytest.param(("events",), id="events"),
    pytest.param(("auth",), id="auth"),
    pytest.param(("auth", "status", "anthropic-subscription"), id="auth-of-one"),
    pytest.param(("priority",), id="priority"),
    pytest.param(("limits",), id="limits"),
    pytest.param(("limits", "groq"), id="limits-of-one"),
    pytest.param(("models", "--family", "grok"), id="models"),
    pytest.param(("models", "info", "anthropic/claude-sonnet-4.5"), id="model"),
    pytest.param(("analytics", "7d"), id="analytics"),
    *(
        pytest.param(("analytics", "7d", "--view", view), id=f"analytics-{view}")
        for view in (
            "providers",
            "models",
            "projects",
            "agents",
            "sessions",
            "days",
            "blocks",
            "costs",
            "errors",
            "limits",
            "requests",
        )
    ),
    pytest.param(("analytics", "24h", "--compare"), id="analytics-compare"),
    pytest.param(
        ("analytics", "--from", "2026-11-22", "--to", "today", "--in", "lab"), id="analytics-of-project"
    ),
]


@pytest.mark.parametrize("width", [44, 80, 120])
@pytest.mark.parametrize("words", VIEWS)
def test_a_view_reads_well(used: Pf, words: tuple[str, ...], width: int, snapshot: SnapshotAssertion) -> None:
    answer = used(*words, width=width)

    assert answer.code == 0
    assert answer.err == ""
    assert "\x1b" not in answer.out
    assert answer.out == snapshot
    too_long = [line for line in answer.lines if cell_len(line) > width and "://" not in line]
    assert too_long == []


@pytest.mark.parametrize(
    "words", [("status",), ("why",), ("auth",), ("limits",), ("analytics", "all"), ("events",)]
)
def test_a_fresh_machine_is_told_what_to_do_next(
    pf: Pf, words: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    answer = pf(*words, width=80, keys=False)

    assert answer.code == 0
    assert answer.out == snapshot


def test_a_pipe_gets_every_name_whole(used: Pf) -> None:
    answer = used("models", width=None)

    assert "…" not in answer.out
    assert answer.lines[-1] == "116 models"


def test_usage_that_nobody_can_price_is_never_free(used: Pf) -> None:
    answer = used("analytics", "7d", "--view", "models")

    line = next(line for line in answer.lines if line.startswith("nobody-knows-1"))
    assert "$0" not in line
    assert "—" in line
    assert re.search(
        r"unpriced: 1.35K tokens of nobody-knows-1; `pf-tui prices update`", " ".join(answer.lines)
    )


def test_a_plans_cost_is_marked_as_list_price(
    pf: Pf, claude_code: Callable[..., Path], home: Path, write: Callable[[str, Any], Path]
) -> None:
    credentials = home / ".claude" / ".credentials.json"
    credentials.parent.mkdir(parents=True)
    expires = round((NOON + timedelta(hours=3)).timestamp() * 1000)
    credentials.write_text(
        f'{{"claudeAiOauth": {{"accessToken": "t", "refreshToken": "r", "expiresAt": {expires}}}}}'
    )
    claude_code(Turn(NOON - timedelta(hours=1), model="claude-opus-5-5", output=1_000_000))

    answer = pf("analytics", "30d", "--costs", keys=False)

    assert "anthropic-subscription" in answer.out
    assert "$20.00~" in answer.out
    assert "a plan has paid for it already" in answer.out
    assert re.search(r"Claude Max 5x +\$100.00 +\$100.00 +\$20.00 +0.2×", answer.out)
