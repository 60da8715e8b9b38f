"""A dashboard on this test's own home, driven by keys; what is on screen as text."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.pilot import Pilot
from textual.screen import Screen

from pf_tui import snapshot as snapshots
from pf_tui.state.context import Context
from pf_tui.tui import cli_runner, key_queue, main_screen, screenshot
from pf_tui.tui.app import Dashboard
from pf_tui.tui.main_screen import MainScreen
from tests import program
from tests.patience import PATIENCE_S

TWO = {"OPENROUTER_API_KEY": "sk-or-test", "GROQ_API_KEY": "gsk-test", "OPENAI_API_KEY": "sk-test"}
"""Environment of a person with three keys."""


class Driven:
    """A running dashboard and the hands on it."""

    def __init__(self, app: Dashboard, pilot: Pilot[None], ctx: Context) -> None:
        self.app, self.pilot, self.ctx = app, pilot, ctx

    @property
    def main_screen(self) -> MainScreen:
        return self.app.main_screen

    def text(self) -> str:
        """Everything on screen, sheets included."""
        return screenshot.text_of(self.app)

    def line(self, number: int) -> str:
        return self.text().splitlines()[number]

    def config(self) -> dict[str, Any]:
        """config.json as it stands."""
        content: dict[str, Any] = json.loads(self.ctx.paths.config.read_text())
        return content

    async def press(self, *keys: str) -> None:
        """Press keys, and wait until what they do is on screen."""
        for key in keys:
            await self.pilot.press(key)
            await self.pilot.pause()

    async def type(self, text: str) -> None:
        await self.press(*("space" if char == " " else char for char in text))

    async def until(self, holds: Callable[[], object], what: str) -> None:
        """Let the program go on until something can be seen."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s, f"never seen: {what}\n{self.text()}"
            await asyncio.sleep(LOOK_EVERY_S)
            await quiet(self.app)

    async def settled(self) -> None:
        """Wait until everything that was asked for is on screen."""
        await self.pilot.pause()

    async def see(self, words: str) -> None:
        await self.until(lambda: words in self.text(), words)


LOOK_EVERY_S = 0.005

OWN_THREADS = ("pf-look-up", "pf-verb", "pf-feed", "pf-logs")


async def quiet(app: Dashboard) -> None:
    """Wait until the app has nothing left to do: no message, no key, nothing to paint.

    The toolkit's own tests wait until the process uses no time, which says little on a busy machine.
    """
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined] # nothing else knows what is to be done at once
            continue
        if app._waiting and not app._exit:
            await asyncio.sleep(LOOK_EVERY_S)
        elif behind := [screen for screen in app.screen_stack if _to_paint(screen)]:
            behind[0]._on_timer_update()
        else:
            return


def _to_paint(screen: Screen[Any]) -> bool:
    if not screen.is_current or screen.app._batch_count:
        return False
    painted_on_top = screen._repaint_required or screen._scroll_required or screen._dirty_widgets
    return bool(
        screen._layout_required
        or screen._recompose_required
        or screen._callbacks
        or (screen is screen.app.screen and painted_on_top)
    )


Opened = Callable[..., contextlib.AbstractAsyncContextManager[Driven]]


class Forking:
    """`subprocess` as the command line sees it: `pf-tui` is forked, which takes a tenth of the time."""

    DEVNULL, PIPE, STDOUT = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
    SubprocessError, TimeoutExpired = subprocess.SubprocessError, subprocess.TimeoutExpired

    @staticmethod
    def run(
        words: list[str], *, timeout: float, check: bool, capture_output: bool = False, **given: Any
    ) -> subprocess.CompletedProcess[bytes]:
        assert words[:4] == [sys.executable, "-P", "-m", "pf_tui"]
        if capture_output:
            given |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with program.Process(*words[4:], **given) as process:
            out, err = process.communicate(timeout=timeout)
        return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.fixture
def dashboard(context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch) -> Opened:
    """`dashboard(size=(120, 40), env=…, config=…, live=True)`: the dashboard on real files."""

    @contextlib.asynccontextmanager
    async def opened(
        size: tuple[int, int] = (120, 40),
        *,
        env: dict[str, str] | None = None,
        config: dict[str, Any] | None = None,
        ctx: Context | None = None,
        shown: snapshots.Snapshot | None = None,
        live: bool = True,
        **more: Any,
    ) -> AsyncIterator[Driven]:
        ctx = ctx or context(env=TWO if env is None else env, who="tui")
        if config is not None:
            ctx.paths.home.mkdir(parents=True, exist_ok=True)
            ctx.paths.config.write_text(json.dumps(config))
        app = Dashboard(ctx, shown or snapshots.take(ctx, keep_going=True), live=live, **more)
        # what is said stays, and a sheet is waited for, however long a busy machine takes
        monkeypatch.setattr(main_screen, "SAID_S", PATIENCE_S)
        monkeypatch.setattr(main_screen, "STORY_S", PATIENCE_S)
        monkeypatch.setattr(key_queue, "OPENING_S", PATIENCE_S)
        monkeypatch.setattr(cli_runner, "subprocess", Forking)
        for place in ("textual.app.wait_for_idle", "textual.pilot.wait_for_idle"):
            monkeypatch.setattr(place, lambda *_: quiet(app))
        async with app.run_test(size=size) as pilot:
            screen = Driven(app, pilot, ctx)
            await screen.settled()
            if live:
                await screen.until(lambda: screen.main_screen.report.loaded, "the first look at the files")
            yield screen
        for thread in threading.enumerate():
            if thread.name.startswith(OWN_THREADS):  # none goes on in another test, or when the run ends
                await asyncio.to_thread(thread.join, PATIENCE_S)

    return opened


class Grid(SingleFileSnapshotExtension):
    """A screen as a text file: differences are read in review."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


@pytest.fixture
def grid(snapshot: Any) -> Any:
    """`assert text == grid`; `pytest --snapshot-update` draws them anew."""
    return snapshot.use_extension(Grid)
