"""What may stand in place of a settings file: each takes the file's path."""

from __future__ import annotations

import os
from pathlib import Path


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nothing")


def itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def link_out(path: Path) -> None:
    """The file itself, outside the folder of its project."""
    target = path.parent.parent.parent / "outside.json"
    path.rename(target)
    path.symlink_to(target)


def device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")
