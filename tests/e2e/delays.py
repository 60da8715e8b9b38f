"""How long after an event every face is right: printed (`pytest -s`), never asserted.

Three onlookers of one home: the sessions asked for again and again (as soon as the agent's own files
tell it), the dashboard's feed at its own pace, and `pf-tui sessions --json` started anew until it is right.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Self

from pf_tui.documents import sessions as documents
from pf_tui.sessions.overview import Watch, overview
from pf_tui.sessions.records import Session
from pf_tui.state.context import Context
from pf_tui.state.paths import config_folders
from pf_tui.tui.session_feed import SessionFeed
from pf_tui.tui.watch import DirectoryWatch
from tests.clients import Machine

Row = dict[str, object]
"""A session as `sessions --json` tells it."""

Right = Callable[[list[Row]], bool]

PATIENCE_S = 90.0
LOOK_EVERY_S = 0.02
AGENT = "the agent"
"""When the agent itself wrote or told it, by the time in its own evidence."""

SCREEN = "its own screen"
"""When the agent's own terminal showed it: nobody who looks on can know more."""

COLUMNS = ("asked at once", "dashboard", "sessions --json")


class Faces:
    """The faces that look at one agent's sessions in one home; a context manager."""

    def __init__(self, box: Machine, agent: str) -> None:
        self.table: list[tuple[str, dict[str, float], float]] = []
        """(event, seconds by face, load of the machine)"""
        self.pane_states: list[tuple[float, list[Row]]] = []
        """What the dashboard was told, and when."""
        self._box, self._agent = box, agent
        self._ctx = Context.here("tui", env={"HOME": str(box.home)}, cwd=box.work)
        self._watch = Watch(self._ctx)
        self._feed = SessionFeed(self._ctx, self._tell)
        paths = self._ctx.paths
        paths.home.mkdir(parents=True, exist_ok=True)
        folders = (paths.sessions, *(f / "sessions" for f in config_folders("claude-code", self._ctx.env)))
        self._heard = DirectoryWatch(paths.home, int, folders, self._feed.hurry)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._heard.stop()
        self._thread.join()
        for event, delays, load in self.table:
            columns = (SCREEN, AGENT, *COLUMNS)
            cells = " | ".join(f"{delays[column]:.2f}" if column in delays else "" for column in columns)
            print(f"\n| {event} | {cells} | {load:.1f} |", end="")

    def sessions(self) -> list[Session]:
        """Those of this home: the machine may run others."""
        return [session for session in overview(self._ctx, self._watch) if self._is_ours(session)]

    def after(
        self,
        event: str,
        right: Right,
        *,
        begun: Callable[[], float] | None = None,
        do: Callable[[], object] = int,
        shows: Callable[[], bool] | None = None,
    ) -> Session | None:
        """Wait until every face is right, and note how long after the event each was.

        Args:
            begun: when the event happened (time.monotonic()), asked once all are right; by default the moment
                before `do`.
            shows: whether the agent's own screen shows it.
        """
        before = time.monotonic()
        do()
        at: dict[str, float] = {}
        latest: list[Session] = []
        program: subprocess.Popen[str] | None = None
        expected = set(COLUMNS) | ({SCREEN} if shows else set())
        while not expected <= at.keys():
            assert time.monotonic() < before + PATIENCE_S, (
                f"never after {event!r} in {self._missing(at)}: {latest}"
            )
            if shows and SCREEN not in at and shows():
                at[SCREEN] = time.monotonic()
            if COLUMNS[0] not in at:
                latest = self.sessions()
                self._note(at, COLUMNS[0], documents.document(latest), right)
            if COLUMNS[1] not in at and self.pane_states:
                moment, rows = self.pane_states[-1]
                if right(rows):
                    at[COLUMNS[1]] = max(moment, before)
            if COLUMNS[2] not in at:
                if program is None:
                    program = self._program()
                elif program.poll() is not None:
                    rows = [
                        row for row in json.loads(program.communicate()[0]) if row["agent"] == self._agent
                    ]
                    self._note(at, COLUMNS[2], rows, right)
                    program = None
            time.sleep(LOOK_EVERY_S)
        if latest:
            ago_s = (self._ctx.now() - latest[0].observed_at).total_seconds()
            at[AGENT] = min(time.monotonic() - ago_s, at[COLUMNS[0]])
        since = before if begun is None else begun()
        delays = {column: max(0.0, moment - since) for column, moment in {AGENT: since, **at}.items()}
        self.table.append((event, delays, os.getloadavg()[0]))
        return latest[0] if latest else None

    def _missing(self, at: Iterable[str]) -> str:
        return ", ".join(column for column in COLUMNS if column not in at)

    def _note(self, at: dict[str, float], column: str, rows: list[Row], right: Right) -> None:
        if right(rows):
            at[column] = time.monotonic()

    def _program(self) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "pf_tui", "sessions", "list", "--all", "--json"]
        return subprocess.Popen(
            words, cwd=self._box.work, env=self._box.env, stdout=subprocess.PIPE, text=True
        )

    def _is_ours(self, session: Session) -> bool:
        return session.agent == self._agent and (session.cwd or "").startswith(str(self._box.home))

    def _tell(self, sessions: tuple[Session, ...]) -> None:
        ours = [session for session in sessions if self._is_ours(session)]
        self.pane_states.append((time.monotonic(), documents.document(ours)))

    def _look_on(self) -> None:
        while not self._stop.wait(max(0.005, min(self._feed.wait_s(), LOOK_EVERY_S))):
            self._heard.keep_alive()
            self._feed.look()


def reads(state: str, waiting_for: str | None = None, by: str | None = None) -> Right:
    """There is one session, and it reads so."""
    return lambda rows: (
        [(row["state"], row["waiting_for"], row["by"] if by else None) for row in rows]
        == [(state, waiting_for, by)]
    )


def is_over(rows: list[Row]) -> bool:
    """No session runs: where no file tells of one that was killed, only who watched it shows it as ended."""
    return all(row["state"] == "ended" for row in rows)
