"""Starts the dashboard; everything else about it lives in `pf_tui.tui`.

The first paint comes before the rest of this room is imported.
"""

from __future__ import annotations

from pf_tui.tui import start


def run(folder: str | None, *, demo: bool = False, theme: str | None = None, mouse: bool = True) -> int:
    """Open the dashboard; returns the exit code."""
    refusal = start.refusal()
    screen = None if refusal else start.OpenTerminal(theme or "", last_screen=not demo)

    from pf_tui.cli import command_context, diagnostics
    from pf_tui.errors import WrongUsage

    def open_it() -> int:
        if start.in_a_browser():
            return start.run(command_context.here(folder, "tui"), theme=theme, mouse=mouse, opened=False)
        if screen is None:
            raise WrongUsage(refusal, "`pf-tui status` says the same in text")
        with screen:
            if demo:
                from pf_tui.demo import temporary_home

                with temporary_home() as staged:
                    return start.run(staged, theme=theme, mouse=mouse)
            return start.run(command_context.here(folder, "tui"), theme=theme, mouse=mouse)

    return diagnostics.guard(open_it, as_json=False)
