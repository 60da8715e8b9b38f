"""How long the demo needs before its dashboard can open, and what its player costs while it plays.

Baseline: a bare `python -c pass` in the same run. Budget: the home is ready within 0.5 s.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import psutil

RUNS = 7
PLAY_S = 10.0

_READY = """
import time
began = time.perf_counter()
from pf_tui.demo import temporary_home
loaded = time.perf_counter()
with stage(play=False):
    print(loaded - began, time.perf_counter() - loaded)
"""
_PLAYING = """
import sys
from pf_tui.demo import temporary_home
with temporary_home() as ctx:
    print(ctx.env["HOME"], flush=True)
    sys.stdin.readline()
"""


def main() -> None:
    """Print the table."""
    bare = [_timed([sys.executable, "-c", "pass"]) for _ in range(RUNS)]
    ready = [_ready() for _ in range(RUNS)]
    rows = [
        ("python -c pass", bare),
        ("import pf_tui.demo", [loaded for loaded, _ in ready]),
        ("home ready", [prepared for _, prepared in ready]),
    ]
    print(f"{'':22}{'min ms':>9}{'median ms':>11}")
    for name, times in rows:
        print(f"{name:22}{min(times) * 1000:9.1f}{statistics.median(times) * 1000:11.1f}")
    cpu, rss = _player()
    print(f"player, {PLAY_S:.0f} s: {cpu:.1f} % of one core, {rss:.0f} MB")


def _timed(words: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(words, check=True)
    return time.perf_counter() - began


def _ready() -> tuple[float, float]:
    """Seconds for the import, and for the home."""
    said = subprocess.check_output([sys.executable, "-c", _READY], text=True).split()
    return float(said[0]), float(said[1])


def _player() -> tuple[float, float]:
    """Per cent of a core and MB of the player, after its start."""
    with subprocess.Popen(
        [sys.executable, "-c", _PLAYING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as player_process:
        assert player_process.stdout is not None
        assert player_process.stdin is not None
        player_process.stdout.readline()
        [player] = psutil.Process(player_process.pid).children()
        time.sleep(1.0)
        before = player.cpu_times()
        time.sleep(PLAY_S)
        after = player.cpu_times()
        rss = player.memory_info().rss / 1_048_576
        player_process.stdin.close()
    used = after.user + after.system - before.user - before.system
    return 100 * used / PLAY_S, rss


if __name__ == "__main__":
    main()
