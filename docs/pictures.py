"""Makes the pictures of the documentation: `python -m docs.pictures`, or `make pictures`.

The real dashboard on the demo, which plays meanwhile: the recording takes its minute, the pictures are all of
one moment. Names on the command line make only those.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.segment import Segment
from textual.pilot import Pilot

from docs import drawing
from docs.drawing import Frame, Line
from pf_tui import snapshot
from pf_tui.demo import temporary_home
from pf_tui.records import replace
from pf_tui.sessions.overview import Watch, overview
from pf_tui.state import gateway
from pf_tui.state.context import Context
from pf_tui.tui import ledger_view, themes
from pf_tui.tui.app import Dashboard

HERE = Path(__file__).parent / "pictures"
AFTERNOON = 14
"""The hour of the person's clock, about: their day has to have been worked."""

LOOK_S = 0.05
SEED = 23
CAUGHT_S = 25.0
"""When the pictures are taken: the first provider has failed, the second one works."""


class Still(NamedTuple):
    """One picture."""

    name: str
    columns: int
    rows: int
    theme: str = themes.DARK
    keys: tuple[str, ...] = ()


SIZES = ((120, 40), (80, 24), (44, 24))
STILLS = (
    *(
        Still(f"dashboard-{columns}-{word}", columns, rows, theme)
        for columns, rows in SIZES
        for word, theme in (("dark", themes.DARK), ("light", themes.LIGHT))
    ),
    Still("narrow-12-rows", 44, 11),
    Still("analytics-120", 120, 40, keys=("4", "z")),
    Still("analytics-44", 44, 24, keys=("4",)),
    Still("lines-120", 120, 40, keys=("4", "z", "V")),
    Still("lines-44", 44, 24, themes.LIGHT, keys=("4", "V")),
    Still("limits-80", 80, 24, keys=("down", "down", "3", "z")),
    Still("limits-44", 44, 24, keys=("down", "down", "3")),
    Still("events-120", 120, 40, keys=("0", "z")),
    Still("why-120", 120, 40, keys=("w",)),
    Still("help-120", 120, 40, keys=("question_mark",)),
    Still("detail-120", 120, 40, keys=("right",)),
    Still("drill-120", 120, 40, keys=("d",)),
    Still("switch-80", 80, 24, keys=("s",)),
    Still("palette-80", 80, 24, keys=("ctrl+p",)),
)


class Act(NamedTuple):
    """What happens in the recording at a second."""

    at_s: float
    caption: str
    keys: tuple[str, ...] = ()


FILM = (120, 34)
FILM_S = 60.0
FRAME_S = 1.0
SAID_S = 6.0
"""As long as the dashboard's own messages stand; its timers do not run while a frame waits."""
ACTS = (
    Act(0, "who serves · how long it lasts → who is next · what it cost"),
    Act(6, "the 5-hour window fills up"),
    Act(14, "429: the limit is hit. The turn in flight goes on at the next provider"),
    Act(21, "w   why this provider?", ("w",)),
    Act(27, "the cost goes where the work goes", ("q",)),
    Act(31, "4   what did it cost?", ("4", "z")),
    Act(35, "V   the same as lines", ("V",)),
    Act(39, "3   how the window filled, up to the wall", ("V", "3")),
    Act(43, "the window has reset: the first provider serves again", ("z", "1")),
    Act(50, "enter   switch by hand, at once", ("down", "down", "enter")),
    Act(56, "u   and undo it", ("u",)),
)


class Stage:
    """The demo as it plays, from the moment its gateway serves."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        while gateway.read(ctx.paths) is None:
            time.sleep(LOOK_S)
        self._began_s = time.monotonic()

    @property
    def passed_s(self) -> float:
        return time.monotonic() - self._began_s

    def play(self, until_s: float) -> None:
        """Let the story go on up to that second."""
        time.sleep(max(0.0, until_s - self.passed_s))

    def hold(self) -> Context:
        """Stop everything where it is; returns the view of that moment."""
        running = gateway.read(self.ctx.paths)
        if running is not None:
            os.killpg(os.getpgid(running.pid), signal.SIGSTOP)
        now = self.ctx.now()
        return replace(self.ctx, clock=lambda: now)


@contextmanager
def set_up() -> Iterator[Stage]:
    """A stage whose person lives where it is early in the afternoon now."""
    hours = datetime.now(UTC).hour - AFTERNOON  # POSIX counts zones westwards
    with temporary_home(
        {"TZ": f"DEMO{hours:+d}", "LANG": "C.UTF-8", "PATH": os.environ["PATH"]}, seed=SEED
    ) as ctx:
        yield Stage(ctx)


def main(names: Sequence[str]) -> None:
    """Make the pictures named, or all."""
    HERE.mkdir(exist_ok=True)
    with set_up() as scene:
        scene.play(CAUGHT_S)
        held = scene.hold()
        for still in STILLS:
            if not names or still.name in names:
                _write(still.name, asyncio.run(_still(held, still)))
    if not names or "demo" in names:
        with set_up() as scene:
            _write("demo", asyncio.run(_film(scene)))


def _write(name: str, svg: str) -> None:
    path = HERE / f"{name}.svg"
    path.write_text(svg, encoding="utf-8")
    print(f"{path.name}  {len(svg) // 1024} KB")


async def _still(ctx: Context, still: Still) -> str:
    app = _dashboard(ctx, still.theme)
    async with app.run_test(size=(still.columns, still.rows)) as pilot:
        for key in still.keys:
            await pilot.press(key)
        await _looked_up()
        await _settled(app, pilot)
        return drawing.picture(_lines(app), _ground(app))


async def _film(scene: Stage) -> str:
    app = _dashboard(scene.ctx, themes.DARK)
    frames: list[Frame] = []
    acts, caption = list(ACTS), ""
    said: tuple[object, float] = (None, 0.0)
    async with app.run_test(size=FILM) as pilot:
        while (at_s := scene.passed_s) < FILM_S:
            if acts and acts[0].at_s <= at_s:
                act = acts.pop(0)
                caption = act.caption
                for key in act.keys:
                    await pilot.press(key)
                await _verbs_done(app)
            await _settled(app, pilot)
            if app.main_screen.notice is not said[0]:
                said = (app.main_screen.notice, at_s)
            elif app.main_screen.notice is not None and at_s - said[1] >= SAID_S:
                app.main_screen.notice = None
                await pilot.pause()
            frames.append(Frame(_lines(app), FRAME_S, caption))
            scene.play(at_s + FRAME_S)
        colour = app.theme_variables["ink-text"]
        return drawing.film(frames, _ground(app), colour, "a minute of pf-tui")


def _dashboard(ctx: Context, theme: str) -> Dashboard:
    first = snapshot.take(ctx, keep_going=True)
    return Dashboard(ctx, first, theme=theme, report=ledger_view.take(ctx, "7d", "provider"), live=False)


async def _settled(app: Dashboard, pilot: Pilot[None]) -> None:
    """Everything the files say is on screen."""
    now = snapshot.take(app.ctx, keep_going=True)
    screen = app.main_screen
    screen.take(now, ledger_view.take(app.ctx, screen.period, screen.by))
    home = app.ctx.env["HOME"]  # the machine may run sessions of others
    everyone = overview(app.ctx, Watch(app.ctx))
    screen.take_sessions(tuple(one for one in everyone if (one.project or "").startswith(home)))
    await pilot.pause()
    await pilot.pause()


async def _looked_up() -> None:
    """What a sheet asks for beside the snapshot is read in a thread of that name."""
    for thread in threading.enumerate():
        if thread.name == "pf-look-up":
            await asyncio.to_thread(thread.join, 10)


async def _verbs_done(app: Dashboard) -> None:
    """A verb that a key has called runs in a thread; it is done when the next one would be."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()

    def over() -> None:
        loop.call_soon_threadsafe(done.set)

    app.perform(over)
    await asyncio.wait_for(done.wait(), 10)


def _lines(app: Dashboard) -> list[Line]:
    """What is on screen, sheets included, line by line."""
    wide, high = app.size
    console = Console(
        width=wide, height=high, force_terminal=True, color_system="truecolor", legacy_windows=False
    )
    drawn = app.screen._compositor.render_update(
        full=True, screen_stack=app._background_screens, simplify=True
    )
    if drawn is None:
        raise AssertionError("the screen has nothing to draw")
    options = console.options.update(width=wide, height=high)
    segments = [segment for segment in console.render(drawn, options) if not segment.control]
    lines: list[Line] = [list(Segment.simplify(line)) for line in Segment.split_lines(segments)]
    return lines[:high]


def _ground(app: Dashboard) -> str:
    return app.theme_variables["background"]


if __name__ == "__main__":
    main(sys.argv[1:])
