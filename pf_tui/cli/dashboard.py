"""Starts the dashboard; everything else about it lives in `pf_tui.tui`."""

from __future__ import annotations

import sys

from pf_tui.cli import diagnostics, world
from pf_tui.errors import WrongUsage


def run(folder: str | None, *, demo: bool = False, theme: str | None = None, mouse: bool = True) -> int:
    """Open the dashboard; returns the exit code."""

    def start() -> int:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise WrongUsage("the dashboard needs a terminal", "`pf-tui status` says the same in text")
        from pf_tui.tui import start

        if demo:
            from pf_tui.demo import stage

            with stage() as staged:
                return start.run(staged, theme=theme, mouse=mouse)
        return start.run(world.here(folder, "tui"), theme=theme, mouse=mouse)

    return diagnostics.guard(start, as_json=False)
