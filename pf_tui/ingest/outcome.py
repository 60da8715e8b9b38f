"""What an ingest did, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from pf_tui.ledger.unread import UnreadStore


@dataclass(slots=True)
class Outcome:
    """What an ingest did."""

    files: int = 0
    bytes: int = 0
    rows_new: int = 0
    rows_skipped: int = 0
    seconds: float = 0.0
    cancelled: bool = False
    problems: list[str] = field(default_factory=list)
    """What went wrong this time."""
    unread: tuple[UnreadStore, ...] = ()
    """What is missing in every sum until it can be read."""

    def to_json(self) -> dict[str, object]:
        """The agreed shape."""
        return {
            "files": self.files,
            "bytes": self.bytes,
            "rows_new": self.rows_new,
            "rows_skipped": self.rows_skipped,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is."""

    bytes_done: int
    bytes_total: int
    seconds: float
