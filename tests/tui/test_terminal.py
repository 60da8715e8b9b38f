"""The dashboard in a real pseudo-terminal: manners at the start, at rest, in a storm and at the end."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.terminal import Terminal

CONFIG = {"version": 2, "providerPriority": ["openrouter", "groq"]}
ALTERNATE_OFF, CURSOR_ON, MOUSE_OFF = b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"

Open = Callable[..., Terminal]


@pytest.fixture
def world(home: Path) -> dict[str, str]:
    """The environment of a person with two keys."""
    state = home / ".opencode" / "provider-fallback"
    state.mkdir(parents=True)
    (state / "config.json").write_text(json.dumps(CONFIG))
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "OPENROUTER_API_KEY": "sk-or-test",
        "GROQ_API_KEY": "gsk-test",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "TZ": "UTC",
    }


@pytest.fixture
def dashboard(world: dict[str, str], tmp_path: Path) -> Open:
    """`with dashboard(columns=…, rows=…) as terminal:` — `pf-tui` in a terminal of its own."""

    def opened(
        *words: str, columns: int = 120, rows: int = 40, env: dict[str, str] | None = None
    ) -> Terminal:
        program = [sys.executable, "-m", "pf_tui", *words]
        return Terminal(program, {**world, **(env or {})}, columns=columns, rows=rows, cwd=tmp_path)

    return opened


def cli(world: dict[str, str], *words: str) -> None:
    subprocess.run([sys.executable, "-m", "pf_tui", *words], env=world, check=True, capture_output=True)


def test_a_switch_made_elsewhere_is_followed_live(dashboard: Open, world: dict[str, str]) -> None:
    with dashboard() as terminal:
        terminal.see("● openrouter")
        cli(world, "switch", "groq")
        terminal.see("● groq")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["TERM", "HUP"])
def test_a_signal_ends_it_and_the_terminal_is_as_before(dashboard: Open, number: int) -> None:
    with dashboard() as terminal:
        terminal.see("¹Providers")
        terminal.quiet(0.3)
        terminal.signal(number)

        assert terminal.ends() == 128 + number
        tail = bytes(terminal.output[-2000:])
        assert ALTERNATE_OFF in tail
        assert CURSOR_ON in tail
        assert MOUSE_OFF in tail
        assert terminal.settings() == terminal.settings_before


def test_q_leaves_with_0_and_the_terminal_as_before(dashboard: Open) -> None:
    with dashboard() as terminal:
        terminal.see("¹Providers")
        terminal.send("q")

        assert terminal.ends() == 0
        assert terminal.settings() == terminal.settings_before
        assert terminal.output.rstrip().endswith(b"\x1b[?1004l") or ALTERNATE_OFF in terminal.output[-2000:]


def test_reset_terminal_brings_back_what_kill_9_left(
    dashboard: Open, world: dict[str, str], tmp_path: Path
) -> None:
    program = f"{sys.executable} -m pf_tui"
    script = f"{program}; {program} reset-terminal; echo it-was-reset; read -r _"
    with Terminal(["/bin/sh", "-mc", script], world, cwd=tmp_path) as terminal:
        terminal.see("¹Providers")
        terminal.quiet(0.3)
        child = next(one for one in terminal.processes()[1:] if "pf_tui" in one.cmdline())
        child.kill()
        terminal.see("it-was-reset")

        reset = bytes(terminal.output).rpartition(b"it-was-reset")[0]
        assert ALTERNATE_OFF in reset[-600:]
        assert MOUSE_OFF in reset[-600:]
        echo = termios.ECHO | termios.ICANON | termios.ISIG
        assert terminal.settings()[3] & echo == echo  # type: ignore[operator]


def test_at_rest_it_writes_nothing(dashboard: Open) -> None:
    with dashboard() as terminal:
        terminal.see("¹Providers")
        terminal.quiet(6.0)  # six seconds without a byte must come, between two ticks of the minute


def test_old_mouse_reports_past_column_95_are_dropped(dashboard: Open) -> None:
    with dashboard(columns=160) as terminal:
        terminal.see("¹Providers")
        terminal.quiet(0.3)
        terminal.send(b"\x1b[M\x20\xc0\x30\x1b[M\x23\xf0\x25")
        terminal.send("2")
        terminal.send("w")
        terminal.see("Why")

        assert terminal.ends(0.1) is None


def test_a_storm_of_sizes_ends_in_a_whole_screen(dashboard: Open) -> None:
    with dashboard() as terminal:
        terminal.see("¹Providers")
        for place in range(60):
            terminal.resize(20 + place * 7 % 150, 3 + place * 5 % 60)
            terminal.listen(0.005)
        terminal.resize(100, 30)

        def whole() -> bool:
            lines = terminal.text().splitlines()
            return lines[0].startswith(" ● openrouter") and "╯" in lines[-2] and "? keys" in lines[-1]

        terminal.until(whole, "a whole screen of 100x30")
        assert [len(line) for line in terminal.screen.display] == [100] * 30


@pytest.mark.parametrize("by", ["signal", "key"])
def test_suspended_and_continued_it_is_there_again(dashboard: Open, by: str) -> None:
    with dashboard() as terminal:
        terminal.see("¹Providers")
        terminal.quiet(0.3)
        if by == "key":
            terminal.send(b"\x1a")
        else:
            terminal.signal(signal.SIGTSTP)
        terminal.until(lambda: ALTERNATE_OFF in terminal.output, "the screen given back")
        mark = len(terminal.output)
        terminal.signal(signal.SIGCONT)
        terminal.until(lambda: b"\x1b[?1049h" in terminal.output[mark:], "the screen taken again")
        terminal.see("¹Providers")
        terminal.send("w")
        terminal.see("Why")


def test_the_last_screen_is_shown_before_the_toolkit_is_there(dashboard: Open, world: dict[str, str]) -> None:
    with dashboard() as terminal:
        terminal.see("¹Providers")
        terminal.quiet(0.3)
        terminal.send("q")
        terminal.ends()
    # a toolkit that cannot be imported shows what is drawn without it
    broken = Path(world["HOME"]) / "broken"
    (broken / "textual").mkdir(parents=True)
    (broken / "textual" / "__init__.py").write_text("import time\ntime.sleep(3600)\n")
    with dashboard(env={"PYTHONPATH": str(broken)}) as terminal:
        terminal.see("reading …")
        assert terminal.text().startswith(" ● openrouter")
        assert "¹Providers" in terminal.text()


def test_a_terminal_that_cannot_draw_is_told_in_a_sentence(dashboard: Open) -> None:
    with dashboard(env={"TERM": "dumb"}) as terminal:
        assert terminal.ends() == 2
        assert "the dashboard cannot draw on a terminal of the kind 'dumb'" in terminal.text()
        assert "status` says the same in text" in terminal.text()


@pytest.mark.parametrize(
    ("kind", "colours"),
    [("xterm-256color", rb"38;5;\d+"), ("xterm-16color", rb"\x1b\[(?:\d;)*[39][0-7][;m]")],
    ids=["256", "16"],
)
def test_a_terminal_with_few_colours_gets_no_others(dashboard: Open, kind: str, colours: bytes) -> None:
    for _ in range(2):  # the second start draws the frame that the first one kept
        with dashboard(env={"TERM": kind, "COLORTERM": ""}) as terminal:
            terminal.see("¹Providers")
            terminal.quiet(0.5)
            terminal.send("q")
            terminal.ends()

            assert b"38;2;" not in terminal.output
            assert re.search(colours, terminal.output)


def test_without_a_mouse_none_is_asked_for(dashboard: Open) -> None:
    with dashboard("--no-mouse") as terminal:
        terminal.see("¹Providers")
        terminal.quiet(0.3)

        assert b"\x1b[?1003h" not in terminal.output


def test_no_color_draws_without_colours(dashboard: Open) -> None:
    with dashboard(env={"NO_COLOR": "1"}) as terminal:
        terminal.see("¹Providers")
        terminal.quiet(0.5)
        named = {
            code for codes in re.findall(rb"\x1b\[([\d;]*)m", terminal.output) for code in codes.split(b";")
        }

        assert b"2" in named, "what matters less is dimmed"
        assert not {code for code in named if code and 30 <= int(code) <= 107 and code not in (b"39", b"49")}


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("providers.yaml", b"providers: [\n", "providers.yaml"),
        ("config.json", b'{"version": 2, "providerPriority": "x"}', "config.json line 1 column 36"),
        ("auth.json", b"[]", "auth.json line 1 column 1"),
        ("health.json", b"[1,2", "health.json line 1 column 5"),
        ("ledger.db", b"garbage" * 1000, "ledger.db"),
    ],
)
def test_it_opens_on_any_broken_file_and_names_it(
    dashboard: Open, world: dict[str, str], name: str, content: bytes, sentence: str
) -> None:
    (Path(world["HOME"]) / ".opencode" / "provider-fallback" / name).write_bytes(content)
    with dashboard() as terminal:
        terminal.see("¹Providers")
        terminal.see(rf"! {sentence}")


def test_without_a_home_directory_there_is_a_first_screen_all_the_same(dashboard: Open) -> None:
    with dashboard(env={"HOME": "/nonexistent/person"}) as terminal:
        terminal.see("¹Providers")


def test_a_broken_file_keeps_the_old_screen_and_is_named_with_its_line(
    dashboard: Open, world: dict[str, str]
) -> None:
    config = Path(world["HOME"]) / ".opencode" / "provider-fallback" / "config.json"
    with dashboard() as terminal:
        terminal.see("● openrouter")
        config.write_text('{"version": 2,\n "providerPriority": [\n')
        terminal.see("config.json line 3 column 1")
        assert terminal.text().startswith(" ● openrouter")
        assert "2 of 25" in terminal.text()

        config.write_text(json.dumps({"version": 2, "providerPriority": ["groq", "openrouter"]}))
        terminal.see("● groq")
        terminal.until(lambda: "config.json line" not in terminal.text(), "the problem gone")
