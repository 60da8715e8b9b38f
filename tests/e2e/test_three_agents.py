"""The story that the documentation's recording shows, told by the dashboard in this order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clients import program
from tests.e2e import three_agents

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400), pytest.mark.xdist_group("gateway-agents")]


def test_the_dashboard_tells_of_a_limit_a_move_and_the_return(tmp_path: Path) -> None:
    for name in ("claude", "codex", "opencode"):
        program(name)

    with three_agents.stage(tmp_path) as on:
        three_agents.play(on)
        head, *pieces = [json.loads(line) for line in on.camera.cast().splitlines()]

    told = [moment.what for moment in on.moments]
    assert told == ["busy", "limited", "the person allows paid providers", "moved", "returned"]
    assert (head["width"], head["height"]) == three_agents.SIZE
    assert all(kind == "o" and text for _, kind, text in pieces)
