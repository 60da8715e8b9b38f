"""YAML that people edit, parsed when it changed and kept as JSON beside the state.

A hook cannot pay 25 ms for a YAML parser at every prompt; the cache is keyed by
(path, mtime_ns, size, inode) and may be deleted at any time.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pf_tui.errors import PfError
from pf_tui.state import files
from pf_tui.state.paths import Paths

_FORMAT = 1
"""Raised when the cached shape changes, so that an old cache is not believed."""


def cached(paths: Paths, path: Path, parse: Callable[[str], Any]) -> Any:
    """`parse(text)` of the file, or its cached result; None when there is no such file.

    Args:
        parse: text -> plain JSON data; may raise StateFileUnusable, which is never cached.
    """
    stamp = files.identity(path)
    if stamp is None:
        return None
    key = [_FORMAT, str(path), *stamp]
    store = paths.cache / f"{zlib.crc32(os.fsencode(path)):08x}.json"
    try:
        kept = json.loads(store.read_bytes())
        if kept["key"] == key:
            return kept["data"]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    text = files.read_text(path)
    if text is None:
        return None
    parsed = parse(text)
    _keep(paths, store, {"key": key, "data": parsed})
    return parsed


def _keep(paths: Paths, store: Path, content: dict[str, Any]) -> None:
    """Write the cache if there is a state directory to keep it in; reading alone never creates one."""
    if not paths.home.is_dir():
        return
    try:
        paths.cache.mkdir(mode=0o700, exist_ok=True)
        files.write_json(store, content)
    except (OSError, PfError):
        return
