"""File change -> Snapshot -> screen, in a thread of its own: the one data flow of the dashboard.

It looks when the watch, a verb or the person says so, every two seconds at the files' stamps alone, at
each full minute, and when a bench or a window ends. What did not change is not read again. The agents'
sessions are looked at in the same thread, twice a second while they are on screen.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from pf_tui import actions, snapshot
from pf_tui.errors import PfError
from pf_tui.records import replace
from pf_tui.snapshot import Snapshot
from pf_tui.state import gateway, journal
from pf_tui.state.context import Context
from pf_tui.state.journal import Event
from pf_tui.state.paths import config_folders
from pf_tui.tui import ledger_view, watch
from pf_tui.tui.ledger_view import UNREAD, LedgerView
from pf_tui.tui.session_feed import SessionFeed, Sessions

SCAN_S = 2.0
LIVE_S = 1.0
"""While requests are in flight their age is shown in seconds."""
END_S = 1.0
"""How long the end waits for a look that is under way."""

REST = 2.0
"""After a look, this many times its length passes before the next one that nobody waits for."""

LONGEST_REST_S = 0.5

Tell = Callable[[Snapshot, LedgerView], None]


class Refresher:
    """Takes snapshots and hands them on. `look()`, `ask()` and `stop()` may be called from any thread."""

    def __init__(
        self,
        ctx: Context,
        tell: Tell,
        first: Snapshot,
        period: str,
        by: str,
        tell_sessions: Callable[[Sessions], None] | None = None,
    ) -> None:
        self._ctx, self._tell = ctx, tell
        self._sessions = SessionFeed(ctx, tell_sessions) if tell_sessions else None
        self._scan_at_s = 0.0
        """When the files' stamps are looked at next."""
        self._snapshot, self._report = first, UNREAD
        self._good = not first.problems
        """The last snapshot was made from files that could all be read."""
        self._events: tuple[Event, ...] = ()
        self._grouping = (period, by)
        self._awake = threading.Condition()
        self._reason = "begin"
        self._stopped = False
        self._paths = watch.looked_at(ctx, first.catalog)
        self._stamps: watch.Stamps = {}
        self._served = _served(first.gateway)
        folders = (ctx.paths.sessions, *(f / "sessions" for f in config_folders("claude-code", ctx.env)))
        self._directory = watch.DirectoryWatch(
            ctx.paths.home, lambda: self.look("watch"), folders if tell_sessions else (), self._hurry
        )
        self._thread = threading.Thread(target=self._run, name="pf-feed", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def look(self, reason: str = "verb") -> None:
        """Look at the files now."""
        with self._awake:
            if reason != "watch" or not self._reason:
                self._reason = reason
            self._awake.notify()

    def ask(self, period: str, by: str) -> None:
        """Read another part of the ledger."""
        self._grouping = (period, by)
        self.look("period")

    def show_sessions(self, shown: bool) -> None:
        """Whether the sessions are on screen: hidden ones are looked at less often."""
        if self._sessions is not None and self._sessions.shown != shown:
            self._sessions.shown = shown
            if shown:
                self.look("")

    def _hurry(self) -> None:
        """An agent or a hook told something of a session."""
        if self._sessions is not None:
            self._sessions.hurry()
            with self._awake:
                self._awake.notify()

    def stop(self) -> None:
        """End; waits for a look that is under way."""
        self._stopped = True
        self._directory.stop()
        self.look("stop")
        if self._thread.is_alive():
            self._thread.join(timeout=END_S)

    # -- the thread

    def _run(self) -> None:
        while not self._stopped:
            with self._awake:
                reason, self._reason = self._reason, ""
            start_s = time.monotonic()
            if reason or start_s >= self._scan_at_s or self._ctx.now() >= self._due():
                self._look(reason)
                self._scan_at_s = time.monotonic() + (LIVE_S if self._live else SCAN_S)
            self._look_at_sessions()
            end_s = time.monotonic()
            self._directory.keep_alive()
            with self._awake:
                if not self._reason:
                    self._awake.wait(self._pause_s())
                # A file that changes all the time leaves two thirds of the time free; no verb waits for that.
                rest_s = min(REST * (end_s - start_s), LONGEST_REST_S) - (time.monotonic() - end_s)
                if self._reason == "watch" and rest_s > 0:
                    self._awake.wait_for(lambda: self._reason != "watch", rest_s)

    def _pause_s(self) -> float:
        until_due = (self._due() - self._ctx.now()).total_seconds()
        until_sessions = self._sessions.wait_s() if self._sessions is not None else SCAN_S
        return max(0.005, min(self._scan_at_s - time.monotonic(), until_due, until_sessions))

    def _look_at_sessions(self) -> None:
        """What agents leave may be anything; a fault in one look is told once and the next look goes on."""
        if self._sessions is None or self._stopped:
            return
        try:
            self._sessions.look()
            return
        except PfError as error:
            problem = str(error)
        except Exception as error:
            problem = f"the agents' sessions cannot be read ({type(error).__name__} {_place_of(error)})"
        if problem not in self._snapshot.problems:
            self._snapshot = replace(self._snapshot, problems=(*self._snapshot.problems, problem))
            self._tell(self._snapshot, self._report)

    def _due(self) -> datetime:
        """When the screen changes although no file does: the next minute, or the end of a bench or window."""
        at = self._snapshot.at
        minute = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        ends = [view.until for view in self._snapshot.providers if view.until is not None]
        ends += [
            limit.resets_at
            for view in self._snapshot.providers
            for limit in view.limits
            if limit.resets_at is not None
        ]
        return min([minute, *(end for end in ends if end > at)])

    def _look(self, reason: str) -> None:
        if self._stopped:
            return
        stamps = watch.stamps(self._paths)
        changed_paths = {path for path, stamp in stamps.items() if self._stamps.get(path, ()) != stamp}
        due = self._ctx.now() >= self._due()
        is_regrouped = (self._report.period, self._report.by) != self._grouping or not self._report.loaded
        paths = self._ctx.paths
        gateway_only = changed_paths <= {paths.live, paths.gateway} and not due
        ledger = bool(changed_paths & {paths.ledger, paths.ledger.with_name(f"{paths.ledger.name}-wal")})
        if not (changed_paths or due or is_regrouped or self._live):
            return
        self._stamps = stamps
        if not gateway_only or reason == "begin":
            self._take()
        elif changed_paths or self._live:
            self._snapshot = replace(self._snapshot, gateway=gateway.read(paths), at=self._ctx.now())
        if is_regrouped or ledger or due:
            self._report = self._read_report()
        if paths.journal in changed_paths or not self._events:
            self._events = journal.tail(paths, ledger_view.EVENTS)
        self._report = replace(self._report, events=self._events)
        self._tell(self._snapshot, self._report)
        served_now = _served(self._snapshot.gateway)
        if served_now != self._served and self._sessions is not None:
            self._sessions.hurry()
        self._served = served_now

    @property
    def _live(self) -> bool:
        return self._snapshot.gateway is not None and bool(self._snapshot.gateway.live)

    def _take(self) -> None:
        """A new snapshot; a file that became unreadable leaves the last good one, and says what is wrong."""
        try:
            self._snapshot = snapshot.take(self._ctx)
            self._good = True
            self._paths = watch.looked_at(self._ctx, self._snapshot.catalog)
        except PfError:
            halved = snapshot.take(self._ctx, keep_going=True)
            if self._good:
                halved = replace(
                    self._snapshot, problems=halved.problems, at=halved.at, gateway=halved.gateway
                )
            self._snapshot = halved
        self._settle()

    def _read_report(self) -> LedgerView:
        period, by = self._grouping
        try:
            return ledger_view.take(self._ctx, period, by)
        except PfError as error:
            problems = tuple(dict.fromkeys((*self._snapshot.problems, str(error))))
            self._snapshot = replace(self._snapshot, problems=problems)
            return LedgerView(period=period, by=by, problem=str(error))

    def _settle(self) -> None:
        """A bench may have ended while no agent was running: bring the agents to whoever serves now."""
        returned = actions.left_by(self._snapshot) is not None
        if not returned and not any(agent.pending for agent in self._snapshot.agents):
            return
        try:
            actions.settle(self._ctx, self._snapshot)
        except PfError as error:
            self._snapshot = replace(self._snapshot, problems=(*self._snapshot.problems, str(error)))


def _place_of(error: Exception) -> str:
    """`in overview.py, line 12`: where a fault of our own is, for a report; what it says may quote a file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else ""


def _served(running: gateway.Gateway | None) -> frozenset[tuple[str | None, str, str | None]]:
    """Which sessions the gateway serves and served last, and from whom."""
    if running is None:
        return frozenset()
    requests = [(request.session, request.provider, request.model) for request in running.live]
    return frozenset([*requests, *((last.session, last.provider, last.model) for last in running.sessions)])
