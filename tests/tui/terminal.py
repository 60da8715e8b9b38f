"""A real pseudo-terminal with a program in it: what a person would see, when, and how many bytes it took.

Times are taken when bytes come out of the terminal, before they are drawn, so drawing costs nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pyte

from tests.patience import PATIENCE_S

_UNKNOWN = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b[PX^_].*?\x1b\\", re.DOTALL)
"""Sequences pyte does not know (keyboard protocols, queries, device strings)."""

_BEFORE_SEQUENCES = re.compile(rb"(?=\x1b\[)")

_QUERIES = ((b"\x1b[?2026$p", b"\x1b[?2026;2$y"), (b"\x1b[?2048$p", b"\x1b[?2048;0$y"))
"""What a terminal is asked at the start, and what this one answers."""


PAUSE_S = 0.03
"""So long without output, and what has come is drawn; drawing at once would delay reading."""


class Terminal:
    """`with Terminal(words, env) as terminal:` — the program runs in it and is ended with it."""

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        *,
        columns: int = 120,
        rows: int = 40,
        cwd: Path | None = None,
    ) -> None:
        self.words, self.columns, self.rows, self.cwd = list(words), columns, rows, cwd
        self.env = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", **env}
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.output = bytearray()
        """Everything the program wrote."""
        self._waiting: deque[tuple[float, bytes]] = deque()
        """Written and not drawn yet."""
        self.began = self.last_output = 0.0
        self.code: int | None = None

    def __enter__(self) -> Self:
        self.began = time.perf_counter()
        gate, opener = os.pipe()
        self.pid, self.handle = pty.fork()
        if self.pid == 0:
            os.close(opener)
            os.read(gate, 1)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
            with contextlib.suppress(OSError):
                os.chdir(self.cwd or os.curdir)
                os.execve(self.words[0], self.words, self.env)
            os._exit(127)
        self.settings_before = self.settings()
        """As they were before the program ran."""
        os.close(gate)
        os.close(opener)
        fcntl.ioctl(self.handle, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.code is None:
                with contextlib.suppress(OSError):
                    os.kill(self.pid, number)
                self.ends(3.0 if number == signal.SIGTERM else PATIENCE_S)
        os.close(self.handle)

    # -- what a person does

    def send(self, keys: str | bytes) -> float:
        """Type; returns the moment."""
        moment = time.perf_counter()
        os.write(self.handle, keys.encode() if isinstance(keys, str) else keys)
        return moment

    def resize(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self.screen.resize(rows, columns)
        fcntl.ioctl(self.handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    # -- what a person sees

    def text(self) -> str:
        while self._waiting:
            self._draw_one()
        return "\n".join(line.rstrip() for line in self.screen.display)

    def see(self, words: str, timeout_s: float = PATIENCE_S) -> float:
        """Wait until the words (a pattern) are on screen; returns the moment the bytes came."""
        return self.until(lambda: re.search(words, self.text()) is not None, words, timeout_s)

    def until(self, holds: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> float:
        """Wait until something holds; it is asked after each piece of output, drawn when no more comes."""
        deadline, moment = time.perf_counter() + timeout_s, self.last_output
        while True:
            if not self._waiting and holds():
                return moment
            while self._waiting:
                moment = self._draw_one()
                waiting, self._waiting = self._waiting, deque()
                seen = holds()
                self._waiting = waiting
                if seen:
                    return moment
            if time.perf_counter() > deadline:
                raise AssertionError(f"never seen: {what}\n{self.text()}")
            came = self.listen(0.05)
            while came is not None and time.perf_counter() < deadline:
                came = self.listen(PAUSE_S)
            if not self._waiting and self._ended() and not holds():
                raise AssertionError(f"ended (code {self.code}) before {what}\n{self.text()}")

    def quiet(self, seconds: float, timeout_s: float = PATIENCE_S) -> None:
        """Wait until nothing has been written for so long."""
        deadline = time.perf_counter() + timeout_s
        while time.perf_counter() - self.last_output <= seconds:
            assert time.perf_counter() < deadline, f"never quiet for {seconds:g} s\n{self.text()}"
            self.listen(0.05)

    def listen(self, wait_s: float) -> float | None:
        """Take what was written; the moment it came, None for nothing."""
        try:
            ready, _, _ = select.select([self.handle], [], [], wait_s)
            data = os.read(self.handle, 65_536) if ready else b""
        except OSError:
            data = b""
        if not data:
            return None
        moment = self.last_output = time.perf_counter()
        for query, answer in _QUERIES:
            if query in data:
                self.send(answer)
        self.output += data
        self._waiting.append((moment, data))
        return moment

    def _draw_one(self) -> float:
        moment, data = self._waiting.popleft()
        for part in _BEFORE_SEQUENCES.split(_UNKNOWN.sub(b"", data)):
            try:
                self._stream.feed(part)
            except (TypeError, UnboundLocalError):  # pyte at a sequence that a kill cut and the next one ends
                self._stream = pyte.ByteStream(self.screen)
        return moment

    def listen_for(self, seconds: float) -> int:
        """Bytes written within so many seconds."""
        before, deadline = len(self.output), time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            self.listen(min(left, 0.1))
        return len(self.output) - before

    # -- the process

    def ends(self, timeout_s: float = PATIENCE_S) -> int | None:
        """Wait for its end; the exit code, negative for a signal, None while it runs."""
        deadline = time.perf_counter() + timeout_s
        while not self._ended() and time.perf_counter() < deadline:
            self.listen(0.05)
        while self.listen(0.0) is not None:
            pass
        return self.code

    def _ended(self) -> bool:
        if self.code is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def processes(self) -> list[psutil.Process]:
        """The program and what it started."""
        own = psutil.Process(self.pid)
        return [own, *own.children(recursive=True)]

    def settings(self) -> list[object]:
        """The terminal's own settings: echo, line editing …"""
        return termios.tcgetattr(self.handle)
