"""The demo's player as a process: `python -m pf_tui.demo FOLDER SEED`, started and ended by `stage`.

It ends when its standard input does, and then deletes the folder: so the demo leaves nothing behind even
when the dashboard was killed. SIGTERM stops the gateway of the story, as `pf-tui gateway stop` means it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sqlite3
import sys
from pathlib import Path

from pf_tui.demo import home
from pf_tui.demo.player import Player
from pf_tui.demo.session import remove
from pf_tui.errors import PfError

TICK_S = 0.5
"""live.json is replaced at most twice a second (state.paths)."""


def main() -> None:
    """Play until standard input ends."""
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    if not (folder / home.MARK).is_file():
        sys.exit(f"{folder} is no demo of pf-tui; `pf-tui --demo` makes one")
    try:
        player = Player(home.context(folder, os.environ), folder, seed)
        player.open_gateway()
        stops: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _: stops.append(number))
        while not _ended(TICK_S):
            with contextlib.suppress(PfError, sqlite3.Error, OSError):
                if stops:
                    player.close_gateway()
                    stops.clear()
                player.tick()
    finally:
        remove(folder)


def _ended(wait_s: float) -> bool:
    """Wait a moment; True when whoever started this is gone."""
    ready, _, _ = select.select([sys.stdin], [], [], wait_s)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1024)


if __name__ == "__main__":
    main()
