"""switch, undo, redo: what they say and what they change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pf_tui.state.paths import Paths

from .conftest import Pf


def active(pf: Pf) -> str | None:
    serving = pf("status", "--json").json["active"]
    return serving and serving["provider"]


def test_a_switch_says_who_serves_and_how_to_take_it_back(pf: Pf) -> None:
    answer = pf("switch", "groq")

    assert answer.code == 0
    assert answer.out == "switched to groq with llama-4-maverick (was openrouter); `pf-tui undo` takes it back\n"
    assert active(pf) == "groq"
