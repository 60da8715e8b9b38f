"""`pf-tui` as a process of its own without an interpreter's start: forked from one that has read the code.

    program.run("status", "--json", env=env)                      as subprocess.run
    program.Process("gateway", "run", env=env, stdout=…)          as subprocess.Popen
    program.command("mcp")                                        the words of such a start

Such a process has its own environment, folder, descriptors and signals; it can be killed at any instant. It
starts in a tenth of the time. What a start from nothing reads is tried with `python -m pf_tui` itself
(tests/cli/test_imports.py), closed descriptors with FRESH (tests/hostile/test_machine.py). No limit of our
own is reached because a machine is busy: see tests/patience.py.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.patience import LIMITS, PATIENCE_S, PAUSES, raise_limits

ROOT = Path(__file__).parent.parent
_SHORT = {
    place: limit for place, limit in LIMITS.items() if place.startswith(("pf_tui.hooks.", "pf_tui.state."))
}
_PATIENT = f"""
import importlib
for place, limit in {_SHORT}.items():
    module, _, name = place.rpartition(".")
    setattr(importlib.import_module(module), name, limit)
from pf_tui import __main__
__main__.main()
"""
FRESH = [sys.executable, "-c", _PATIENT]
"""`pf-tui` from nothing, for what only an interpreter of its own shows; hooks' limits are out of reach."""

NUMBER = struct.Struct("!i")
READY = b"ready\n"
LEFT_OUT = ("pf_tui.tui", "pf_tui.demo")
"""Seldom wanted, and long to read."""

OTHERS = (
    "aiohttp.web", "click", "keyring.backends.null", "msgspec", "mcp.server", "ruamel.yaml", "sqlite_utils",
    "stringzilla", "uvicorn", "uvloop", "yaml",
)  # fmt: skip
"""What our own modules read when they need it."""


class Process(subprocess.Popen[Any]):
    """A forked `pf-tui`."""

    def __init__(
        self, *words: str, env: Mapping[str, str], cwd: Path | str | None = None, **more: Any
    ) -> None:
        self._line: socket.socket | None = None
        super().__init__([sys.executable, "-m", "pf_tui", *words], env=dict(env), cwd=cwd, **more)

    def _execute_child(self, args: list[str], *given: Any) -> None:
        """Popen's own seam: start what `args` says, with the ends of the pipes in `given`."""
        cwd, env, umask = given[4], given[5], given[19]
        p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite = given[9:15]
        ends = [end if end != -1 else usual for end, usual in ((p2cread, 0), (c2pwrite, 1), (errwrite, 2))]
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(_place())
        asked = json.dumps([args[3:], env, os.fspath(cwd or Path.cwd()), umask]).encode()
        socket.send_fds(self._line, [NUMBER.pack(len(asked)) + asked], ends)
        self.pid = NUMBER.unpack(_exactly(self._line, NUMBER.size))[0]
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)  # type: ignore[attr-defined]

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        assert self._line is not None
        if wait_flags == os.WNOHANG and not select.select([self._line], [], [], 0)[0]:
            return 0, 0
        told = self._line.recv(NUMBER.size)
        self._line.close()
        return self.pid, NUMBER.unpack(told)[0] if told else signal.SIGKILL

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):  # type: ignore[attr-defined]
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid == self.pid:
                        self._handle_exitstatus(status)  # type: ignore[attr-defined]
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode


def run(
    *words: str,
    env: Mapping[str, str],
    cwd: Path | str | None = None,
    input: str | bytes | None = None,  # noqa: A002 - as subprocess.run has it
    check: bool = False,
    text: bool = True,
    umask: int = -1,
) -> subprocess.CompletedProcess[Any]:
    """`pf-tui words`, to its end."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with Process(*words, env=env, cwd=cwd, text=text, umask=umask, **pipes) as process:
        try:
            out, err = process.communicate(input, timeout=PATIENCE_S)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    if check:
        done.check_returncode()
    return done


RELAY = """
import json, os, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect(sys.argv[1])
asked = json.dumps([sys.argv[2:], dict(os.environ), os.getcwd(), -1]).encode()
socket.send_fds(line, [len(asked).to_bytes(4, "big") + asked], [0, 1, 2])
line.recv(4)
sys.exit(os.waitstatus_to_exitcode(int.from_bytes(line.recv(4), "big")))
"""


def command(*words: str) -> list[str]:
    """A command line that is `pf-tui words`, for those who start it themselves."""
    return [sys.executable, "-I", "-S", "-c", RELAY, _place(), *words]


def _place() -> str:
    """Where the process that forks listens; it ends, with all it has forked, when this one does."""
    with _STARTING:
        return _started()


_STARTING = threading.Lock()
"""A dashboard's threads ask for processes as well as tests."""


@functools.cache
def _started() -> str:
    folder = tempfile.mkdtemp(prefix="pf-tui-fork-")
    env = {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
    code = f"from tests import program; program.serve({folder!r})"
    server = subprocess.Popen(
        [sys.executable, "-c", code], env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    if server.stdout.readline() != READY:
        raise ConnectionError(f"the process that forks has ended with {server.wait()}")
    return os.path.join(folder, "line")  # noqa: PTH118 - an address


def serve(folder: str) -> None:
    """Read the code, then fork whatever is asked for until nobody can ask any more."""
    sys.path[0] = str(ROOT)
    _read_code()
    running: dict[int, socket.socket] = {}
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(os.path.join(folder, "line"))  # noqa: PTH118 - an address
    listening.listen()
    os.write(1, READY)
    while True:
        ready, _, _ = select.select([0, listening, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _tell_ends(running)
        if listening in ready:
            line, _ = listening.accept()
            _fork(line, running)
        if 0 in ready:
            break
    for pid in running:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    listening.close()
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(folder, "line"))  # noqa: PTH108, PTH118 - an address
        os.rmdir(folder)  # noqa: PTH106 - empty by now; whatever else lies there is not ours


def _fork(line: socket.socket, running: dict[int, socket.socket]) -> None:
    """Do what is asked for on a line, and tell there its number and, when it has ended, how."""
    head, handles, _, _ = socket.recv_fds(line, NUMBER.size, 3)
    words, env, cwd, umask = json.loads(_exactly(line, NUMBER.unpack(head)[0]))
    pid = os.fork()
    if pid == 0:
        _become(words, env, cwd, umask, handles)
    for one in handles:
        os.close(one)
    running[pid] = line
    line.sendall(NUMBER.pack(pid))


def _read_code() -> None:
    import pf_tui
    from pf_tui import called, catalog

    for name in OTHERS:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(pf_tui.__path__, "pf_tui."):
        if not module.name.startswith(LEFT_OUT) and not module.name.endswith("__main__"):
            with contextlib.suppress(ImportError):  # of an extra
                importlib.import_module(module.name)
    called.name_here = lambda: called.NAME  # type: ignore[assignment] # whatever this machine's PATH has
    raise_limits({place: limit for place, limit in LIMITS.items() if not place.startswith(LEFT_OUT)})
    raise_limits(PAUSES)
    shipped = catalog.load()
    _ = shipped.providers, shipped.models
    gc.collect()
    gc.freeze()


def _tell_ends(running: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with running.pop(ended[0]) as line, contextlib.suppress(OSError):
                line.sendall(NUMBER.pack(ended[1]))


def _become(words: list[str], env: dict[str, str], cwd: str, umask: int, handles: list[int]) -> None:
    """In the fork: be `pf-tui words`; does not return."""
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for place in range(3):
            os.dup2(handles[place], place)
        os.closerange(3, 1024)
        os.environ.clear()
        os.environ.update(env)
        time.tzset()
        os.chdir(cwd)
        if umask >= 0:
            os.umask(umask)
        from pf_tui import __main__ as front

        sys.argv = [str(front.__file__), *words]
        try:
            front.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        threading._shutdown()  # type: ignore[attr-defined] # what the interpreter does at its end
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
    finally:
        os._exit(code)


def _exactly(line: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        part = line.recv(size - len(got))
        if not part:
            raise ConnectionError("the process that forks has ended")
        got += part
    return got
