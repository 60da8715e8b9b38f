"""A project file that the person has accepted, for tests about what a project may do then."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pf_tui.state import trust
from pf_tui.state.paths import Paths


def trusting(paths: Paths, file: Path) -> Path:
    """Accept the file as `pf-tui trust` does."""
    print_ = trust.fingerprint(file.read_bytes())
    trust.accept(paths, file, print_, by="person", at=datetime(2026, 11, 24, 12, tzinfo=UTC))
    return file
