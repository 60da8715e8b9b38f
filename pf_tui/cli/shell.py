"""`pf-tui completion` and `reset-terminal`."""

from __future__ import annotations

import sys

import click

from pf_tui.cli import output
from pf_tui.cli.grammar import as_json, word
from pf_tui.errors import WrongUsage

RESET = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse and focus reports
    "\x1b[?2004l\x1b[?2026l\x1b[?2048l"  # bracketed paste, synchronised output, in-band resize
    "\x1b[<u\x1b[>4;0m"  # keyboard protocols
    "\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[0m\x1b(B\r"  # alternate screen, cursor, wrapping, colours, charset
)
"""What a killed full-screen program leaves switched on, switched off."""


@word("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Words, options, providers and models."""
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell)
    assert maker is not None  # noqa: S101 - the three choices are the ones click knows
    root = ctx.find_root().command
    script = maker.source_template % maker(root, {}, "pf-tui", "_PF_TUI_COMPLETE").source_vars()
    output.block(script.strip())


@word("reset-terminal")
@as_json
def reset_terminal(as_json: bool) -> None:
    """Cursor, mouse, screen and colours; nothing on it is erased."""
    try:
        with open("/dev/tty", "wb", buffering=0) as terminal:  # noqa: PTH123 - a device, not a path
            terminal.write(RESET.encode())
            _sane(terminal.fileno())
    except (OSError, ValueError) as error:
        raise WrongUsage("there is no terminal here", "run it in the terminal that is broken") from error
    if as_json:
        output.document({"reset": True})


def _sane(handle: int) -> None:
    """Echo, line editing and ctrl+c again, as `stty sane` does."""
    if sys.platform == "win32":
        return
    import termios

    try:
        settings = termios.tcgetattr(handle)
    except termios.error as error:
        raise OSError(*error.args) from error
    settings[0] |= termios.BRKINT | termios.ICRNL | termios.IXON
    settings[1] |= termios.OPOST | termios.ONLCR
    settings[3] |= (
        termios.ECHO | termios.ECHOE | termios.ECHOK | termios.ICANON | termios.ISIG | termios.IEXTEN
    )
    termios.tcsetattr(handle, termios.TCSANOW, settings)
