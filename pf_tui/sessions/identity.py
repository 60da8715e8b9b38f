"""What makes a process one process for ever: its pid with its start time, in its pid namespace.

Standard library alone and cheap: hooks ask it while an agent waits. Elsewhere than on Linux all is None.
"""

from __future__ import annotations

import os

PROC = "/proc"

_TERMINAL_MAJORS = {**dict.fromkeys(range(136, 144), "/dev/pts/"), 4: "/dev/tty"}


def start(pid: int, proc: str = PROC) -> str | None:
    """Clock ticks after boot; None when there is no such process, or only its exit status is left."""
    stat = fields(read(f"{proc}/{pid}/stat"))
    return stat[19] if stat is not None else None


def parent(pid: int, proc: str = PROC) -> int | None:
    """The process above; None for the first one."""
    stat = fields(read(f"{proc}/{pid}/stat"))
    return int(stat[1]) if stat is not None and stat[1].isdecimal() and int(stat[1]) > 1 else None


def terminal(pid: int, proc: str = PROC) -> str | None:
    """The terminal of a process (`/dev/pts/4`); None when it has none."""
    stat = fields(read(f"{proc}/{pid}/stat"))
    return terminal_of(stat[4]) if stat is not None else None


def terminal_of(field_7: str) -> str | None:
    """The device that a stat's field 7 stands for; None for no terminal."""
    number = int(field_7) if field_7.lstrip("-").isdecimal() else 0
    if number <= 0:
        return None
    major, minor = (number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00)
    prefix = _TERMINAL_MAJORS.get(major)
    if prefix is None:
        return None
    return f"{prefix}{minor + 256 * (major - 136)}" if major >= 136 else f"{prefix}{minor}"


def name(pid: int, proc: str = PROC) -> str:
    """What the process is called, 15 characters at most."""
    return read(f"{proc}/{pid}/comm").strip().decode("utf-8", "replace")


def domain(proc: str = PROC) -> str | None:
    """This machine and pid namespace, in Claude Code's words."""
    machine = read("/etc/machine-id").strip().decode("ascii", "replace")
    try:
        namespace = os.readlink(f"{proc}/self/ns/pid")  # noqa: PTH115 - a text is wanted
    except OSError:
        return None
    return f"linux:{machine}:{namespace}" if machine else None


def fields(raw: bytes) -> list[str] | None:
    """The fields of a stat from the state (field 3) on; None for a process that has ended."""
    words = raw[raw.rfind(b")") + 1 :].decode("ascii", "replace").split()
    return words if len(words) > 19 and words[0] not in ("Z", "X") else None


def read(path: str) -> bytes:
    """A small file of /proc; empty when it is gone or not ours to read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        whole = b""
        while part := os.read(handle, 65536):
            whole += part
            if len(part) < 4096:
                break
        return whole
    except OSError:
        return b""
    finally:
        os.close(handle)


def address(url: str) -> str | None:
    """Host and port of an address; never a name, a password or a query in it."""
    from pf_tui.rules.addresses import host_and_port

    host, port = host_and_port(url if "//" in url else f"//{url}")
    if not host:
        return None
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{port}" if port else host
