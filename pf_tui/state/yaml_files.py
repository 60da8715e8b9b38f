"""YAML that people edit, parsed when it changed and kept as JSON beside the state.

A hook cannot pay 25 ms for a YAML parser at every prompt. The cache is keyed by what the file looks like
from outside, holds what is wrong with a bad file as well, and may be deleted at any time.
"""

from __future__ import annotations

import json
import os
from binascii import crc32
from collections.abc import Callable, Sequence
from pathlib import Path

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.regular_files import read_regular
from pf_tui.state import files
from pf_tui.state.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    T = TypeVar("T")

_FORMAT = 2
"""Raised when the cached shape changes, so that an old cache is not believed."""

PERSONS_BYTES = 1024 * 1024
"""A person's own YAML; 500 providers with all their models have half of it."""


def cached(paths: Paths, path: Path, stamp: Sequence[int], load: Callable[[], T]) -> T:
    """What `load` makes of the file, or what it made of it before, a refusal included.

    Args:
        stamp: changes whenever the file does.
        load: gives plain JSON data, or raises StateFileUnusable.
    Raises:
        StateFileUnusable: the file is bad, now or when it was last looked at.
    """
    key = [_FORMAT, str(path), *stamp]
    store = paths.cache / f"{crc32(os.fsencode(path)):08x}.json"
    try:
        content = json.loads(read_regular(store))
        if content["key"] == key:
            if "bad" in content:
                raise _refusal(path, content["bad"])
            data: T = content["data"]
            return data
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    try:
        data = load()
    except StateFileUnusable as bad:
        _keep(paths, store, {"key": key, "bad": [bad.why, bad.hint, bad.line, bad.column]})
        raise
    _keep(paths, store, {"key": key, "data": data})
    return data


def _refusal(path: Path, bad: Sequence[object]) -> StateFileUnusable:
    why, hint, line, column = bad
    return StateFileUnusable(
        path,
        str(why),
        str(hint),
        line=line if isinstance(line, int) else None,
        column=column if isinstance(column, int) else None,
    )


def _keep(paths: Paths, store: Path, content: dict[str, object]) -> None:
    """Write the cache if there is a state directory to keep it in; reading alone never creates one."""
    if not paths.home.is_dir():
        return
    try:
        paths.cache.mkdir(mode=0o700, exist_ok=True)
        files.write_json(store, content)
    except (OSError, PfError):
        return
