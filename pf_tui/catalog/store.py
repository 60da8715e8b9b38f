"""Where the shipped data lies, and reading it in its compiled form with the standard library alone.

A wheel carries the compiled form (hatch_build.py makes it). A checkout compiles the YAML when a file changed
and keeps the result in the cache directory; where that cannot be written it is compiled for this process.
"""

from __future__ import annotations

import json
import os
import sys
from binascii import crc32
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pf_tui.catalog.lookup import Catalog

if TYPE_CHECKING:
    from pf_tui.catalog.overlay import Overlay

_PACKAGE = Path(__file__).parent.parent
_SHIPPED = _PACKAGE / "_data"
_COMPILER = ("compiling.py", "names.py")
"""Code whose change makes a compiled form old, beside the YAML."""

SOURCES = ("providers.yaml", "models.yaml", "models-extra.yaml", "equivalents.yaml", "plans.yaml")

_parts: dict[tuple[Path, str], Any] = {}
"""What this process has read: the shipped data never changes under a running program."""


def data_root() -> Path:
    """The folder that holds catalog/ and styles/: inside the package in a wheel, else the checkout."""
    return _SHIPPED if (_SHIPPED / "catalog").is_dir() else _PACKAGE.parent


def styles_dir() -> Path:
    """The folder of the .tcss files."""
    return data_root() / "styles"


def load(overlay: Overlay | None = None, *, data_dir: Path | None = None) -> Catalog:
    """The shipped catalog, with a person's overlay laid over it. Reads providers now, the rest when asked for.

    Args:
        data_dir: a folder with the YAML files, instead of the shipped one.
    """
    return Catalog(partial(_part, data_dir or data_root() / "catalog"), overlay)


def _part(folder: Path, name: str) -> Any:
    """One part of the compiled form: "providers", "models" or "names"."""
    if (folder, name) not in _parts:
        try:
            _parts[folder, name] = json.loads((folder / "compiled" / f"{name}.json").read_bytes())
        except OSError:
            _parts[folder, name] = _cached(folder, name)
    return _parts[folder, name]


def _cached(folder: Path, name: str) -> Any:
    stamp = _stamp(folder)
    cache = _cache_dir()
    kept = None if cache is None else cache / f"catalog-{crc32(os.fsencode(folder)):08x}-{name}.json"
    if kept is not None:
        try:
            content = json.loads(kept.read_bytes())
            if content["stamp"] == stamp:
                return content["data"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
    from pf_tui.catalog import compiling

    compiled = compiling.compile_catalog(folder)
    for part, data in compiled.items():
        _parts[folder, part] = data
        if kept is not None:
            _keep(kept.with_name(kept.name.replace(f"-{name}.", f"-{part}.")), {"stamp": stamp, "data": data})
    return compiled[name]


def _stamp(folder: Path) -> list[Any]:
    """What the compiled form is made from: path, mtime_ns, size and inode of each file."""
    files = [folder / name for name in SOURCES] + [Path(__file__).with_name(name) for name in _COMPILER]
    stats = [(str(path), path.stat()) for path in files]
    return [[path, stat.st_mtime_ns, stat.st_size, stat.st_ino] for path, stat in stats]


def _cache_dir() -> Path | None:
    """$XDG_CACHE_HOME/pf-tui or ~/.cache/pf-tui; None without a home."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):
        return Path(base) / "pf-tui"
    home = os.environ.get("HOME") or (os.environ.get("USERPROFILE") if sys.platform == "win32" else None)
    return Path(home) / ".cache" / "pf-tui" if home else None


def _keep(path: Path, content: Any) -> None:
    """Write the cache file whole or not at all; a cache that cannot be written is no error."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)
