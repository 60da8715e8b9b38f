"""The machine of files that this room's tests look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pf_tui.state.context import Context
from tests.sessions.machine import Machine


@pytest.fixture
def machine(context: Callable[..., Context], tmp_path: Path) -> Machine:
    """A machine on which nothing runs yet."""
    return Machine(context(), tmp_path / "machine")
