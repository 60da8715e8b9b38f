"""Keeps the ledger fresh while the dashboard is open: watches the agents' logs, has a process read them.

The process (`ingest_child`) lives while agents are at work and ends by itself. Cancelling stops it and
nothing is read again by itself until somebody asks.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from textual.message import Message

from pf_tui.errors import PfError
from pf_tui.state import files
from pf_tui.state.context import Context
from pf_tui.tui.messages import IngestEnded, IngestProgress

STEP_MS, DEBOUNCE_MS = 100, 300
"""A row that an agent appends is on screen within a second: a third of it goes here."""

LOOK_S = 30.0
"""How often to look without being told: file systems without events, and agents that came anew."""

SETTINGS_S = 2.0
"""How often to try again while a file of settings keeps the logs from being read."""

END_S = 0.5
"""How long the process that reads may take to end by itself."""

DATABASE_MS = 500
"""How often OpenCode's database is looked at."""

Stamp = tuple[object, ...]
Post = Callable[[Message], object]


def roots(env: Mapping[str, str]) -> tuple[Path, ...]:
    """The folders in which agents write, as far as they exist."""
    from pf_tui.ingest import files as logs  # not before the first frame

    return tuple(logs.folders(env))


def database_stamp(env: Mapping[str, str]) -> Stamp:
    """OpenCode's databases from outside, () when there is none.

    Their folder holds far more than logs, so it is not watched.
    """
    from pf_tui.ingest import opencode

    return tuple(
        files.identity(file)
        for path in opencode.databases(env)
        for file in (path, path.with_name(f"{path.name}-wal"))
    )


class Logs:
    """`start()`, `read()`, `cancel()` and `stop()` may be called from any thread."""

    def __init__(self, ctx: Context, post: Post) -> None:
        self._ctx, self._post = ctx, post
        self._child: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._paused = False
        self._busy = False

    @property
    def busy(self) -> bool:
        """A reading is under way."""
        return self._busy

    def start(self) -> None:
        """Read what is new, and from now on whatever comes."""
        threading.Thread(target=self._watch, name="pf-logs", daemon=True).start()

    def read(self) -> None:
        """Read now, also after a cancel."""
        self._paused = False
        self._go()

    def cancel(self) -> bool:
        """Stop reading; True when something was being read."""
        if not self._busy:
            return False
        self._paused = True
        self._send("stop")
        return True

    def stop(self) -> None:
        """End everything."""
        self._stop.set()
        with self._lock:
            child, self._child = self._child, None
        if child is not None and child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()
            try:
                child.wait(timeout=END_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    # -- watching

    def _watch(self) -> None:
        message = ""
        while not self._stop.is_set():
            start_s = time.monotonic()
            try:
                folders, database = roots(self._ctx.env), database_stamp(self._ctx.env)
            except PfError as error:
                if str(error) != message:
                    message = str(error)
                    self._post(IngestEnded(problem=message))
                self._stop.wait(SETTINGS_S)  # it may be corrected at any moment
                continue
            message = ""
            if (folders or database) and not self._paused:
                self._go()
            with contextlib.suppress(OSError):  # no events here: the look every LOOK_S remains
                if folders:
                    self._follow(folders, database)
            self._stop.wait(max(0.0, LOOK_S - (time.monotonic() - start_s)))

    def _follow(self, folders: tuple[Path, ...], database: Stamp) -> None:
        """Tell of changes until the folders are others."""
        import watchfiles

        last_look_s = time.monotonic()
        for changes in watchfiles.watch(
            *folders,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            rust_timeout=DATABASE_MS if database else int(LOOK_S * 1000),
            yield_on_timeout=True,
            stop_event=self._stop,
            raise_interrupt=False,
        ):
            if self._stop.is_set():
                return
            before, database = database, database_stamp(self._ctx.env)
            if (changes or database != before) and not self._paused:
                self._go()
            if time.monotonic() - last_look_s > LOOK_S:
                last_look_s = time.monotonic()
                if roots(self._ctx.env) != folders:
                    return

    # -- the process

    def _go(self) -> None:
        if not self._stop.is_set() and not self._send("go"):
            self._begin()
            self._send("go")

    def _send(self, word: str) -> bool:
        with self._lock:
            child = self._child
            if child is None or child.stdin is None:
                return False
            try:
                child.stdin.write(f"{word}\n")
                child.stdin.flush()
            except (OSError, ValueError):
                self._child = None
                return False
            return True

    def _begin(self) -> None:
        env = {**self._ctx.env, "PROVIDER_FALLBACK_HOME": str(self._ctx.paths.home)}
        try:
            child = subprocess.Popen(
                [sys.executable, "-P", "-m", "pf_tui.tui.ingest_child"],
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            self._post(IngestEnded(problem=f"the agents' logs cannot be read ({error.strerror})"))
            return
        with self._lock:
            self._child = child
        threading.Thread(target=self._hear, args=(child,), name="pf-logs-hear", daemon=True).start()

    def _hear(self, child: subprocess.Popen[str]) -> None:
        """Pass on what the process tells, until it ends."""
        if child.stdout is None:
            return
        ended = True
        for line in child.stdout:
            message = json.loads(line)
            ended = "total" not in message
            self._busy = not ended
            if ended:
                self._post(
                    IngestEnded(
                        rows_new=message["new"],
                        skipped=message["skipped"],
                        cancelled=message["cancelled"],
                        problem=message["problem"],
                    )
                )
            else:
                self._post(IngestProgress(message["done"], message["total"], message["seconds"]))
        with self._lock:
            if self._child is child:
                self._child = None
        code = child.wait()
        self._busy = False
        if not ended and not self._stop.is_set():
            self._post(
                IngestEnded(problem=f"reading the agents' logs ended midway (exit {code}); it is tried again")
            )
