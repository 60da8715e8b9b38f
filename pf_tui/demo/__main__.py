"""The demo's player as a process: `python -m pf_tui.demo FOLDER SEED`, started and ended by `temporary_home`.

It ends when its standard input does, and then deletes the folder: so the demo leaves nothing behind even
when the dashboard was killed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from pf_tui.demo import home, player
from pf_tui.demo.session import remove

TICK_S = 0.25


def main() -> None:
    """Play until standard input ends."""
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    if not (folder / home.MARK).is_file():
        sys.exit(f"{folder} is no demo of pf-tui; `pf-tui --demo` makes one")
    try:
        asyncio.run(player.play(home.context(folder, os.environ), folder, seed, _input_ended(), TICK_S))
    finally:
        remove(folder)


async def _input_ended() -> None:
    """Wait until whoever started this is gone."""
    loop, end_event = asyncio.get_running_loop(), asyncio.Event()
    number = sys.stdin.fileno()

    def look() -> None:
        if not os.read(number, 1024):
            loop.remove_reader(number)
            end_event.set()

    loop.add_reader(number, look)
    await end_event.wait()


if __name__ == "__main__":
    main()
