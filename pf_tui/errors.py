"""What can go wrong, as one family. Every error says what, where and how to cure it.

PfError                    exit 1: it was tried and failed
├── WrongUsage             exit 2: the words or values given make no sense
├── UnknownName            exit 3: no such provider, model or period (nearest names in the message)
├── StateFileUnusable      exit 4: a state file cannot be used (file, line, column named)
└── NothingCanServe        exit 5: a provider had to be chosen and none can serve

Only `cli/` and `tui/` put these into words on screen; rooms below raise them with `from`.
Invariant: neither message nor hint ever holds a secret.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class PfError(Exception):
    """Something was tried and failed.

    Args:
        message: what and where, one sentence, lower case, no full stop.
        hint: one thing to do, as a command where there is one.
    """

    code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} · {self.hint}" if self.hint else self.message


class WrongUsage(PfError):  # noqa: N818 - the names read as sentences: raise WrongUsage(...)
    """The words or values given make no sense."""

    code = 2


class UnknownName(PfError):  # noqa: N818
    """No provider, model or period of that name.

    Args:
        kind: "provider", "model", "period" …
        name: what was asked for.
        names: every valid name; the nearest go into the hint.
        lister: the command that lists them all.
    """

    code = 3

    def __init__(self, kind: str, name: str, names: Iterable[str], lister: str = "") -> None:
        from difflib import get_close_matches  # 3 ms that only a mistyped name should pay

        self.nearest = tuple(get_close_matches(name, list(names), n=3, cutoff=0.4))
        parts = [f"nearest: {', '.join(self.nearest)}"] if self.nearest else []
        if lister:
            parts.append(f"`{lister}` lists all")
        super().__init__(f"no {kind} is called '{name}'", "; ".join(parts))


class StateFileUnusable(PfError):  # noqa: N818
    """A file people own cannot be read; nothing was written over it."""

    code = 4

    def __init__(
        self, path: Path, why: str, hint: str = "", *, line: int | None = None, column: int | None = None
    ) -> None:
        self.path, self.why, self.line, self.column = path, why, line, column
        where = path.name
        if line is not None:
            where += f" line {line}"
            if column is not None:
                where += f" column {column}"
        super().__init__(f"{where}: {why}", hint or f"correct {path}; the file was left as it is")


class NothingCanServe(PfError):  # noqa: N818
    """A provider had to be chosen and none can serve."""

    code = 5


def cannot_read(path: Path, error: OSError) -> StateFileUnusable:
    """The disk's refusal to give a file, as a sentence with its cure."""
    return StateFileUnusable(path, f"cannot be read ({_words_of(error)})", f"check {path}")


def cannot_write(path: Path, error: OSError) -> PfError:
    """The disk's refusal as a sentence with its cure."""
    hints = {
        errno.EROFS: "the disk is read-only; everything that only reads still works",
        errno.EACCES: f"give yourself write permission on {_closest(path)}",
        errno.EPERM: f"give yourself write permission on {_closest(path)}",
        errno.ENOSPC: "free some disk space; the old file is untouched",
        errno.EDQUOT: "your disk quota is used up; the old file is untouched",
    }
    hint = hints.get(error.errno or 0, "the old file is untouched")
    return PfError(f"{path} cannot be written ({_words_of(error)})", hint)


def _closest(path: Path) -> Path:
    """The folder that refuses: the one a file is in, or the nearest that exists where one is to be made."""
    return next(
        (folder for folder in (path.parent if path.suffix else path, *path.parents) if folder.is_dir()), path
    )


def _words_of(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def place_of(error: BaseException) -> str:
    """Where in our own source an error came up (`pf_tui/room/file.py:12`); no value: it may be secret."""
    location = "an unknown place"
    step = error.__traceback__
    while step is not None:
        path = step.tb_frame.f_code.co_filename
        if f"{os.sep}pf_tui{os.sep}" in path:
            location = f"pf_tui{path.rpartition(f'{os.sep}pf_tui')[2]}:{step.tb_lineno}"
        step = step.tb_next
    return location
