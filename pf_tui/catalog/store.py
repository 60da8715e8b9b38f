"""Where the shipped data lies, and reading it in its compiled form with the standard library alone.

A wheel carries the compiled form (hatch_build.py makes it). A checkout compiles the YAML when a file changed
and keeps the result in the cache directory; where that cannot be written it is compiled for this process.
"""
# pathlib is not imported: it costs 10 ms, as much as the interpreter, and every hook loads this.
# ruff: noqa: PTH100, PTH105, PTH108, PTH110, PTH112, PTH116, PTH117, PTH118, PTH120, PTH123, PTH208

from __future__ import annotations

import json
import os
from binascii import crc32

from pf_tui.catalog.lookup import Catalog
from pf_tui.regular_files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any  # Any: each part is of a shape of its own: see `entries`

    from pf_tui.catalog.overlay import Overlay

COMPILED_FOLDER = "compiled"
"""Folder beside the YAML that holds the compiled form in a wheel."""

_HERE = os.path.dirname(os.path.abspath(__file__))
_PACKAGE = os.path.dirname(_HERE)
_WHEEL_DATA = os.path.join(_PACKAGE, "_data")
_COMPILER = ("compiling.py", "meanings.py", "names.py")
"""Code whose change makes a compiled form old, beside the YAML."""

_parts: dict[tuple[str, str], Any] = {}
"""What this process has read: the shipped data never changes under a running program."""


def data_root() -> Path:
    """The folder that holds catalog/ and styles/: inside the package in a wheel, else the checkout."""
    from pathlib import Path

    return Path(_data_root())


def styles_dir() -> Path:
    """The folder of the .tcss files."""
    return data_root() / "styles"


def load(overlay: Overlay | None = None, *, data_dir: Path | None = None) -> Catalog:
    """The shipped catalog, a person's overlay laid over it. Reads providers now, the rest when asked for.

    Args:
        data_dir: a folder with the YAML files, instead of the shipped one.
    """
    folder = os.path.join(_data_root(), "catalog") if data_dir is None else os.fspath(data_dir)
    return Catalog(lambda name: _part(folder, name), overlay)


def _data_root() -> str:
    return _WHEEL_DATA if os.path.isdir(os.path.join(_WHEEL_DATA, "catalog")) else os.path.dirname(_PACKAGE)


def _part(folder: str, name: str) -> Any:
    """One part of the compiled form: "providers", "models", "names", "dialects" or "answers"."""
    if (folder, name) not in _parts:
        try:
            _parts[folder, name] = _read_json(os.path.join(folder, COMPILED_FOLDER, f"{name}.json"))
        except OSError:
            _parts[folder, name] = _cached(folder, name)
    return _parts[folder, name]


def _cached(folder: str, name: str) -> object:
    """The part from the cache if it is of these very files, else compiled and kept there."""
    stamp = _stamp(folder)
    cache = _cache_dir()
    prefix = f"catalog-{crc32(os.fsencode(folder)):08x}"
    if cache is not None and _is_private(cache, f"{prefix}-{name}.json"):
        try:
            content = _read_json(os.path.join(cache, f"{prefix}-{name}.json"))
            if content["stamp"] == stamp:
                return content["data"]
        except (OSError, ValueError, KeyError, TypeError):
            pass
    from pathlib import Path

    from pf_tui.catalog import compiling

    document = compiling.compile_catalog(Path(folder))
    for part, data in document.items():
        _parts[folder, part] = data
        if cache is not None:
            _keep(cache, f"{prefix}-{part}.json", {"stamp": stamp, "data": data})
    return document[name]


def _make_private(folder: str) -> None:
    """Make a folder and those above it for its owner alone, whatever the umask is."""
    if not os.path.isdir(folder):
        _make_private(os.path.dirname(folder))
        os.mkdir(folder, 0o700)  # noqa: PTH102 - without pathlib, as all of this room


def _is_private(folder: str, name: str) -> bool:
    """Nobody else can have written it: the compiled form says where keys are sent."""
    try:
        stats = [os.stat(folder), os.stat(os.path.join(folder, name))]
    except OSError:
        return False
    own = os.getuid() if hasattr(os, "getuid") else 0
    return all(stat.st_uid == own and not stat.st_mode & 0o022 for stat in stats)


def _read_json(path: str) -> Any:
    return json.loads(read_regular(path))


def _stamp(folder: str) -> list[object]:
    """What the compiled form is made from: path, mtime_ns, size and inode of each file."""
    sources = sorted(name for name in os.listdir(folder) if name.endswith(".yaml"))
    files = [os.path.join(folder, name) for name in sources] + [
        os.path.join(_HERE, name) for name in _COMPILER
    ]
    stats = [(path, os.stat(path)) for path in files]
    return [[path, stat.st_mtime_ns, stat.st_size, stat.st_ino] for path, stat in stats]


def _cache_dir() -> str | None:
    """$XDG_CACHE_HOME/pf-tui or ~/.cache/pf-tui; None without a home, which is not made for a cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):
        home = os.environ.get("HOME") or os.environ.get("USERPROFILE")
        if not home or not os.path.isdir(home):
            return None
        base = os.path.join(home, ".cache")
    return os.path.join(base, "pf-tui")


def _keep(folder: str, name: str, content: object) -> None:
    """Write a cache file whole or not at all; a cache that cannot be written is no error."""
    draft = os.path.join(folder, f"{name}.{os.getpid()}")
    try:
        _make_private(folder)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, separators=(",", ":"))
        os.replace(draft, os.path.join(folder, name))
    except OSError:
        if os.path.exists(draft):
            os.unlink(draft)
