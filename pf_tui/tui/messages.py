"""What the threads tell the app: one message per kind of news, posted, never called."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message

from pf_tui.sessions.records import Session
from pf_tui.snapshot import Snapshot
from pf_tui.tui.ledger_view import LedgerView


class SnapshotChanged(Message):
    """The files say something new."""

    def __init__(self, snapshot: Snapshot, report: LedgerView) -> None:
        super().__init__()
        self.snapshot, self.report = snapshot, report

    def can_replace(self, message: Message) -> bool:
        """A burst of changes is drawn once."""
        return isinstance(message, SnapshotChanged)


class SessionsChanged(Message):
    """The agents' sessions do something else than before."""

    def __init__(self, sessions: tuple[Session, ...]) -> None:
        super().__init__()
        self.sessions = sessions

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SessionsChanged)


class Announcement(Message):
    """A verb has been done, or refused: one sentence for the person."""

    def __init__(self, words: str, colour: str = "accent") -> None:
        super().__init__()
        self.words, self.colour = words, colour


class RunAction(Message):
    """Something for the app's own thread: how a look-up brings what it found."""

    def __init__(self, action: Callable[[], object]) -> None:
        super().__init__()
        self.action = action


class IngestProgress(Message):
    """How far the agents' logs have been read."""

    def __init__(self, bytes_done: int, total: int, seconds: float) -> None:
        super().__init__()
        self.done, self.total, self.seconds = bytes_done, total, seconds

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, IngestProgress)


class IngestEnded(Message):
    """The agents' logs have been read, or reading them was stopped."""

    def __init__(
        self, *, rows_new: int = 0, skipped: int = 0, cancelled: bool = False, problem: str = ""
    ) -> None:
        super().__init__()
        self.rows_new, self.skipped, self.cancelled, self.problem = rows_new, skipped, cancelled, problem
