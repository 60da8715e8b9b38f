"""Which user of this machine is at the other end of a connection; Linux alone says so.

Source: Linux, Documentation/networking/proc_net_tcp.rst.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pf_tui.regular_files import read_regular

TABLE = Path("/proc/net/tcp")
"""One line for each socket of IPv4: its own end, the other one, its owner."""

_OWN_END, _OTHER_END, _OWNER = 1, 2, 7


def user_of(peer: tuple[str, int], own: tuple[str, int], table: Path = TABLE) -> int | None:
    """The user whose program opened a connection; None where nobody can say.

    Args:
        peer: address and port of the other end.
        own: of ours.
    """
    try:
        ends = [_as_written(peer), _as_written(own)]
        lines = read_regular(table).decode("ascii", "replace").splitlines()[1:]
        for line in lines:
            fields = line.split()
            if fields[_OWN_END : _OTHER_END + 1] == ends:
                return int(fields[_OWNER])
    except (OSError, ValueError, IndexError):
        return None
    return None


def _as_written(end: tuple[str, int]) -> str:
    """`127.0.0.1`, 8300 as the kernel writes it. Raises ValueError for what is no IPv4 address."""
    address, port = end
    number = int.from_bytes(bytes(map(int, address.split("."))), sys.byteorder)
    return f"{number:08X}:{port:04X}"
