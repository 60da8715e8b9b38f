"""The only room that writes to stderr, and the one that turns errors into exit codes.

Every error becomes one sentence with its cure, or with --json one object. Never a traceback: what
nobody expected names its own line in the source, so that it can be reported. Standard library alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from pf_tui import stdio
from pf_tui.called import spelled
from pf_tui.cli import output
from pf_tui.errors import PfError, place_of
from pf_tui.visible import escaped, visible

INTERRUPTED = 130
"""What shells report for a program that ctrl+c ended (128 + SIGINT)."""


def guard(action: Callable[[], int | None], *, as_json: bool) -> int:
    """Run `action` and return the exit code; whatever goes wrong is said on stderr."""
    try:
        code = action() or 0
        output.flush()
    except BrokenPipeError:
        return _reader_left()
    except KeyboardInterrupt:
        return INTERRUPTED
    except PfError as error:
        return fail(error, as_json=as_json)
    except Exception as error:
        pf_error = unexpected(error)
        if isinstance(error, OSError):
            _drop_what_cannot_be_sent()
        return fail(pf_error, as_json=as_json)
    return code


def fail(error: PfError, *, as_json: bool) -> int:
    """Say what went wrong; returns the error's exit code."""
    if as_json:
        import json

        content = {"error": {"code": error.code, "message": error.message, "hint": error.hint or None}}
        _write(escaped(json.dumps(content, ensure_ascii=False)))
    else:
        _write(f"{_styled('pf-tui:', '1;31')} {visible(spelled(error.message))}")
        if error.hint:
            _write(f"        {visible(spelled(error.hint))}")
    return error.code


def note(sentence: str) -> None:
    """Something worth knowing beside the data."""
    _write(f"{_styled('note:', '33')} {visible(spelled(sentence))}")


def progress(words: str) -> None:
    """One line that the next one replaces; nothing when stderr is no terminal."""
    if _understands_codes():
        _send(f"\r\x1b[2K{visible(words)}")


def unexpected(error: BaseException) -> PfError:
    """A mistake of ours as a sentence that can be reported; no values in it, they may be secret."""
    location = place_of(error)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return PfError(f"{where}{error.strerror.lower()} ({location})")
    return PfError(
        f"an error inside pf-tui: {type(error).__name__} at {location}",
        "please report this line; your files are as the last finished step left them",
    )


def _reader_left() -> int:
    """`pf-tui models | head`: the reader had enough, which is no failure."""
    stdio.discard(1)
    return 0


def _drop_what_cannot_be_sent() -> None:
    """A full disk behind stdout is told once, not again when the interpreter ends."""
    try:
        output.flush()
    except OSError:
        stdio.discard(1)


def _styled(words: str, style: str) -> str:
    if _understands_codes() and not os.environ.get("NO_COLOR"):
        return f"\x1b[{style}m{words}\x1b[0m"
    return words


def _understands_codes() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _write(words: str) -> None:
    try:
        output.flush()
    except (OSError, ValueError):
        stdio.discard(1)
    _send(words + "\n")


def _send(words: str) -> None:
    """To stderr; where nobody takes it the exit code says enough."""
    try:
        sys.stderr.write(words.encode("utf-8", "replace").decode("utf-8"))
        sys.stderr.flush()
    except (OSError, ValueError):
        stdio.discard(2)
