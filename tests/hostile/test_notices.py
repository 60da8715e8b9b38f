"""No foreign name ends a notice's own sequence, or begins another: titles, OSC 9, desktops."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pf_tui.actions import notices
from pf_tui.ledger.totals import Totals
from pf_tui.state.context import Context
from pf_tui.state.paths import Paths
from pf_tui.tui import clipboard, notify
from pf_tui.tui.handlers import clipboard as handlers
from tests import readings
from tests.cli.conftest import NOON
from tests.hostile.test_terminal import MARKS, clean

ROOT = Path(__file__).parent.parent.parent

both = pytest.mark.parametrize("mark", MARKS.values(), ids=MARKS)

NOTICES: dict[str, Callable[[str], str]] = {
    "the dashboard's": lambda words: notify.osc9(words, tmux=False).removeprefix("\x1b]9;")[:-1],
    "the dashboard's in tmux": lambda words: (
        notify.osc9(words, tmux=True).removeprefix("\x1bPtmux;\x1b\x1b]9;").removesuffix("\x07\x1b\\")
    ),
    **{
        program: lambda words, program=program: "".join(  # type: ignore[misc]
            notices.desktop_words(
                words,
                {"DISPLAY": ":0"},
                platform="linux" if program == "notify-send" else "darwin",
                which=lambda name: program if name == program else None,
            )
        )
        for program in ("notify-send", "terminal-notifier", "osascript")
    },
}


@both
@pytest.mark.parametrize("shown", NOTICES.values(), ids=NOTICES)
def test_notices_by_osc_and_on_the_desktop(mark: str, shown: Callable[[str], str]) -> None:
    assert clean(shown(f"{mark} serves now: {mark}"))


@both
def test_names_on_their_way_into_a_notice(
    mark: str, paths: Paths, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider's, a model's and a reason's, from whatever file they come."""
    told: list[str] = []
    monkeypatch.setattr(notices, "send", lambda command, _: told.append("".join(command)))
    monkeypatch.setattr(notices, "_write_osc9", lambda words, _: told.append(words))
    monkeypatch.setattr(notices, "_which", lambda name, _: name)
    paths.home.mkdir(parents=True)
    wants = {"desktop": True, "osc9": True, "on": ["failover", "limit", "reset", "warn"]}
    paths.config.write_text(json.dumps({"version": 2, "pf": {"notify": wants}}))
    env = {"HOME": str(home), "TZ": "UTC", "DISPLAY": ":0"}
    ctx = Context(paths=paths, env=env, cwd=home, who="hook", clock=lambda: NOON)
    until = NOON + timedelta(hours=2)
    window = readings.reading(91, provider=mark, resets_at=until, model=mark)

    resting: Any = SimpleNamespace(provider=mark, kind="rate", until=until)
    event: Any = SimpleNamespace(after={"active": mark}, why=mark)

    notices.limit_hit(ctx, resting, serves=mark, moved=True)
    notices.returned(ctx, event)
    notices.readings(ctx, [window])

    assert len(told) >= 6
    assert all(clean(words) for words in told)


@both
def test_what_is_copied_is_one_line_of_text(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is pasted into a shell, where a line end in it would run what follows."""
    copied: list[str] = []
    monkeypatch.setattr(clipboard, "copy", lambda _, text: copied.append(text) or "")
    name = f"{mark}\nrm -rf ~\n"
    row = SimpleNamespace(name=name, totals=Totals(requests=1))
    screen: Any = SimpleNamespace(
        current="analytics",
        pane=SimpleNamespace(key=name),
        app=None,
        say=lambda _: None,
        shown_snapshot=lambda: None,
        report=SimpleNamespace(by="project", parts=[row]),
    )

    handlers._copy(screen, "")
    handlers._copy_row(screen, "")

    assert clean(copied[0])
    assert "\n" not in copied[0]
    assert clean(copied[1])
    assert json.loads(copied[1])["project"] == name


def test_no_other_line_of_ours_writes_a_title_or_a_notice() -> None:
    """OSC, and the old title sequence of screen: one module makes them, and its words are visible."""
    sources = {path: path.read_text() for path in (ROOT / "pf_tui").rglob("*.py")}
    sequences = re.compile(r"\\(?:x1b|033|u001b|N\{ESC)[]k]|\\x9d|\\x1bPtmux")

    assert [path.name for path, text in sources.items() if sequences.search(text)] == ["notices.py"]
    callers = [
        text for text in sources.values() if "write_control(" in text and "def write_control" not in text
    ]
    assert [re.findall(r"write_control\(app, (\w+)\(", text) for text in callers] == [["osc9"]]
