"""The program that called us, read for one decision and never kept.

Linux tells by /proc. Elsewhere `ps` gives the words as one line, and a beginning is not known.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from pf_tui.records import record

MAX_STEPS = 8
"""Shells and wrappers between the agent and us."""

PS_S = 2.0
_OWN_PROGRAMS = ("python", "pf-tui", "sh", "bash", "dash", "zsh", "env")
"""What a command that runs `pf-tui auth helper` may begin with."""


@record
class Process:
    """One program above us."""

    pid: int
    words: tuple[str, ...]
    """Its command line; one word with everything in it where the system tells no more."""
    exact: bool = True
    """False when `words` is such a line."""
    cwd: Path | None = None
    age_s: float | None = None
    """Seconds since it began; None = not known."""

    def is_program(self, name: str) -> bool:
        """It is an agent of that name, or an interpreter that runs it."""
        first = self.words if self.exact else tuple(self.words[0].split()[:2]) if self.words else ()
        return any(name in Path(word).name.lower() or f"/{name}" in word.lower() for word in first[:2])


class Unreadable(Exception):  # noqa: N818 - raised as a word of a sentence
    """The system does not tell who called us."""


def caller(proc: Path = Path("/proc")) -> Process | None:
    """The nearest program above us that is neither pf-tui nor the shell that starts it.

    Raises:
        Unreadable: a program is there and its command line is not for us to see.
    """
    pid = os.getppid()
    for _ in range(MAX_STEPS):
        if pid <= 0:
            return None
        process, parent = _look(pid, proc)
        if not _is_ours(process.words):
            return process
        pid = parent
    return None


def _look(pid: int, proc: Path) -> tuple[Process, int]:
    folder = proc / str(pid)
    try:
        status = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        words = (folder / "cmdline").read_bytes()
        parent, ticks = int(status[1]), int(status[19])
    except (OSError, IndexError, ValueError) as error:
        if proc.joinpath("self").exists():
            raise Unreadable from error
        return _ask_ps(pid)
    split = tuple(part.decode("utf-8", "surrogateescape") for part in words.split(b"\0"))
    try:
        cwd: Path | None = Path(os.readlink(folder / "cwd"))  # noqa: PTH115 - the link's text is meant
    except OSError:
        cwd = None
    return Process(pid=pid, words=split[:-1] if words else (), cwd=cwd, age_s=_age(ticks)), parent


def _age(ticks: int) -> float | None:
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    if clock is None:
        return None
    age = time.clock_gettime(clock) - ticks / os.sysconf("SC_CLK_TCK")
    return age if age >= 0 else None


def _ask_ps(pid: int) -> tuple[Process, int]:
    import subprocess  # 14 ms that Linux never needs

    command = ["ps", "-ww", "-o", "ppid=,command=", "-p", str(pid)]
    try:
        process = subprocess.run(command, capture_output=True, timeout=PS_S, check=True)
        parent, _, line = process.stdout.decode("utf-8", "replace").strip().partition(" ")
        return Process(pid=pid, words=(line.strip(),), exact=False), int(parent)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise Unreadable from error


def _is_ours(words: tuple[str, ...]) -> bool:
    """pf-tui, or a shell that does nothing but start its key helper."""
    line = " ".join(words)
    if "auth helper" not in line and "pf-tui" not in line and "pf_tui" not in line:
        return False
    first = Path(words[0]).name if words else ""
    return first.startswith(_OWN_PROGRAMS) or words[0] == sys.executable
