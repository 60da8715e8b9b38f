"""`pf-tui completion` and `reset-terminal`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pf_tui import called
from pf_tui.cli import output
from pf_tui.cli.grammar import as_json, word
from pf_tui.errors import PfError, WrongUsage
from pf_tui.regular_files import read_regular
from pf_tui.state.context import Context
from pf_tui.state.paths import user_home

RESET = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse and focus reports
    "\x1b[?2004l\x1b[?2026l\x1b[?2048l"  # bracketed paste, synchronised output, in-band resize
    "\x1b[<u\x1b[>4;0m"  # keyboard protocols
    "\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[0m\x1b(B\r"  # alternate screen, cursor, wrapping, colours, charset
)
"""What a killed full-screen program leaves switched on, switched off."""


_COMPLETION_FILES = {
    "bash": ("XDG_DATA_HOME", ".local/share", "bash-completion/completions/pf-tui"),
    "fish": ("XDG_CONFIG_HOME", ".config", "fish/completions/pf-tui.fish"),
}
"""Where a shell looks by itself: variable, its default below the home, the file."""

_MARK = "_PF_TUI_COMPLETE"


@word("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), required=False)
@click.pass_context
def completion(ctx: click.Context, shell: str | None) -> None:
    """Without a shell: sets up the one you use."""
    if shell is not None:
        output.block(_script(ctx, shell))
        return
    context: Context = ctx.obj
    shell_name = Path(context.env.get("SHELL", "")).name
    if shell_name == "zsh":
        output.text("zsh: put this line into ~/.zshrc, behind compinit:")
        output.text(f'eval "$({called.lasting()} completion zsh)"')
        return
    if shell_name not in _COMPLETION_FILES:
        raise WrongUsage(f"the shell '{shell_name}' cannot be set up", "name bash, zsh or fish")
    path = _set_up(context, shell_name, _script(ctx, shell_name))
    output.text(f"{shell_name}: written to {path}; it holds in new shells, delete the file to take it back")


def _script(ctx: click.Context, shell: str) -> str:
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell)
    assert maker is not None  # noqa: S101 - the three choices are the ones click knows
    root = ctx.find_root().command
    return (maker.source_template % maker(root, {}, "pf-tui", _MARK).source_vars()).strip()


def _set_up(context: Context, shell: str, script: str) -> Path:
    """Write the script where the shell looks. Raises PfError for a file of somebody else's."""
    variable, default, name = _COMPLETION_FILES[shell]
    folder = context.env.get(variable) or user_home(context.env) / default
    path = Path(folder) / name
    try:
        if path.exists() and _MARK.encode() not in read_regular(path):
            raise PfError(f"{path} is not ours; it was left as it is", "move it away")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{script}\n", encoding="utf-8")
    except OSError as error:
        raise PfError(
            f"{path} cannot be written ({error.strerror})", f"`pf-tui completion {shell}` prints it"
        ) from error
    return path


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
