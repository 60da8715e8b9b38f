"""Folders that are gone when their work is done."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pf_tui.errors import cannot_write


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """An empty one, removed with all that is in it. Raises PfError where none can be made."""
    import tempfile

    try:
        temporary = tempfile.TemporaryDirectory(prefix="pf-tui-")
    except OSError as error:
        raise cannot_write(Path(tempfile.gettempdir()), error) from error
    with temporary as name:
        yield Path(name)
