"""The documents shown on the scripting page have the shape of the real ones."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pf_tui.__main__ import run
from pf_tui.demo import temporary_home
from pf_tui.state.context import Context

PAGE = Path(__file__).parents[2] / "docs" / "scripting.md"
SHOWN = re.findall(
    r"^`pf-tui ([^`]+)`\n\n```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    with temporary_home(play=False) as ctx:
        monkeypatch.chdir(ctx.cwd)
        yield ctx


def missing(shown: Any, real: Any, place: str = "") -> list[str]:
    """Keys of the page that the real document does not have."""
    if isinstance(shown, dict) and isinstance(real, dict):
        found = [f"{place}.{key}" for key in shown if key not in real]
        for key in shown.keys() & real.keys():
            found += missing(shown[key], real[key], f"{place}.{key}")
        return found
    if isinstance(shown, list) and isinstance(real, list) and shown and real:
        return min((missing(shown[0], one, f"{place}[]") for one in real), key=len)
    return []


def test_the_page_shows_documents() -> None:
    assert len(SHOWN) == 4


@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command.split()[0] for command, _ in SHOWN])
def test_every_field_shown_is_there(
    command: str, shown: str, home: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shlex.split(command)) == 0

    assert missing(json.loads(shown), json.loads(capsys.readouterr().out)) == []
