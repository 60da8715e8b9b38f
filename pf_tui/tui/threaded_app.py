"""What screens and sheets may ask of the app: its context, and work in threads whose errors are said.

It knows no screen: `app` composes the screens upon it.
"""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from textual import on

from pf_tui.errors import PfError, place_of
from pf_tui.sessions.records import Session
from pf_tui.snapshot import Snapshot
from pf_tui.state import cache
from pf_tui.state.context import Context
from pf_tui.tui import dashboard_words
from pf_tui.tui.ingest_runner import Logs
from pf_tui.tui.key_queue import QueuedKeysApp
from pf_tui.tui.ledger_view import LedgerView
from pf_tui.tui.messages import Announcement, RunAction, SessionsChanged, SnapshotChanged
from pf_tui.tui.refresher import Refresher

Verb = Callable[[], Announcement | None]
"""Something that changes files; what it returns is said in the last line."""


class ThreadedApp(QueuedKeysApp, inherit_bindings=False):
    """An app that follows the files, and does verbs and look-ups beside its own thread."""

    def __init__(self, ctx: Context, snapshot: Snapshot) -> None:
        super().__init__()
        self.ctx = ctx
        self.logs = Logs(ctx, self.post_message)
        self.feed = Refresher(ctx, self._tell, snapshot, "7d", "provider", self._tell_sessions)
        self._verbs = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pf-verb")

    def on_unmount(self) -> None:
        self.feed.stop()
        self.logs.stop()
        self._verbs.shutdown(wait=False, cancel_futures=True)

    def _tell(self, snapshot: Snapshot, report: LedgerView) -> None:
        self.post_message(SnapshotChanged(snapshot, report))

    def _tell_sessions(self, sessions: tuple[Session, ...]) -> None:
        self.post_message(SessionsChanged(sessions))

    def perform(self, verb: Verb, *, waits: bool = False) -> None:
        """Do a verb in the verbs' own thread, one after the other; the screen follows the files.

        Args:
            waits: for another program: it has a thread of its own, so that no key's verb waits behind it.
        """

        def do() -> None:
            message = self._outcome(verb)
            self.feed.look()
            if message is not None:
                self.post_message(message)

        run = copy_context().run  # widgets find their app through it
        if waits:
            threading.Thread(target=run, args=(do,), name="pf-waits", daemon=True).start()
            return
        with contextlib.suppress(RuntimeError):  # leaving
            self._verbs.submit(run, do)

    def look_up(self, look: Callable[[], None]) -> None:
        """Read something beside the snapshot in a thread; what it cannot read is said."""

        def do() -> None:
            message = self._outcome(look)
            if message is not None:
                self.post_message(message)

        run = copy_context().run  # widgets find their app through it
        threading.Thread(target=run, args=(do,), name="pf-look-up", daemon=True).start()

    def _outcome(self, work: Verb | Callable[[], None]) -> Announcement | None:
        """What is to be said after work in a thread, whose errors nobody else would see."""
        try:
            return work()
        except PfError as error:
            return Announcement(dashboard_words.error_words(error), "bad")
        except Exception as error:  # a mistake of ours: kept in crash.txt, and the dashboard goes on
            self.on_failure(error)
            words = (
                f"an error inside pf-tui: {type(error).__name__} at {place_of(error)} · please report this"
            )
            return Announcement(words, "bad")

    def on_failure(self, error: BaseException) -> None:
        """Keep the traceback of a mistake of ours in crash.txt."""
        text = "".join(traceback.format_exception(error))
        cache.keep(self.ctx.paths, "crash.txt", text.encode("utf-8", "replace"))

    def ask_history(self, period: str, by: str) -> None:
        """Have another part of the ledger read."""
        self.feed.ask(period, by)

    def soon(self, action: Callable[[], object]) -> None:
        """Do something in the app's own thread; may be called from any, also while the app ends."""
        self.post_message(RunAction(action))

    @property
    def ends(self) -> bool:
        """Threads send news until they are stopped; the screen may be gone by then."""
        return not self.screen_stack

    @on(RunAction)
    def _do(self, message: RunAction) -> None:
        if not self.ends:
            message.action()
