"""`pf-tui man`: the manual page, wherever this pf-tui was installed, and where `man pf-tui` finds it.

An installer of tools keeps the page in a folder of its own, where man does not look: uv does, pipx links it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import click

from pf_tui.catalog.store import data_root
from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import word
from pf_tui.errors import PfError
from pf_tui.state.context import Context
from pf_tui.state.paths import user_home

PAGE = "pf-tui.1"
LOOK_LIMIT_S = 20.0


@word("man")
@click.option(
    "--link", "does", flag_value="link", help="Link the page into ~/.local/share/man, for `man pf-tui`."
)
@click.option("--unlink", "does", flag_value="unlink", help="Take that link out again.")
@click.pass_obj
def man(ctx: Context, does: str | None) -> int:
    """Every command with its examples, the same as `pf-tui COMMAND --help`."""
    link = _link_path(ctx)
    if does == "unlink":
        output.text(f"{link} was taken out" if _unlink(link) else f"{link} is not there; nothing was changed")
        return 0
    page = data_root() / "docs" / PAGE
    if not page.is_file():
        raise PfError(f"the manual page {page} is missing", "install pf-tui again")
    program = shutil.which("man", path=ctx.env.get("PATH"))
    if does == "link":
        _link(link, page)
        output.text(f"{link} leads to {page}; `pf-tui man --unlink` takes it out again")
        if program is not None and not _finds(ctx, program):
            folder = link.parent.parent
            diagnostics.note(
                f'man does not look there yet: put `export MANPATH="{folder}:"` into your profile'
            )
        return 0
    if program is None:
        raise PfError(
            "there is no `man` on this machine", f"`pf-tui --help` says the same; the page is {page}"
        )
    return min(subprocess.run([program, str(page)], env=dict(ctx.env), check=False).returncode, 1)


def is_linked(ctx: Context) -> bool:
    """`pf-tui man --link` has made its link, and nobody took it out."""
    return _is_ours(_link_path(ctx))


def _link_path(ctx: Context) -> Path:
    return user_home(ctx.env) / ".local" / "share" / "man" / "man1" / PAGE


def _finds(ctx: Context, program: str) -> bool:
    """Whether `man pf-tui` would show a page."""
    try:
        answer = subprocess.run(
            [program, "-w", "pf-tui"],
            env=dict(ctx.env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LOOK_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _link(link: Path, page: Path) -> None:
    """Raises PfError for a file of somebody else's."""
    if os.path.lexists(link) and not _is_ours(link):
        raise PfError(f"{link} is not ours; it was left as it is", "move it away")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(page)
    except OSError as error:
        raise PfError(
            f"{link} cannot be written ({error.strerror})", "`pf-tui man` shows the page"
        ) from error


def _unlink(link: Path) -> bool:
    if not os.path.lexists(link):
        return False
    if not _is_ours(link):
        raise PfError(f"{link} is not ours; it was left as it is", "it is no link that `pf-tui man` made")
    try:
        link.unlink()
    except OSError as error:
        raise PfError(f"{link} cannot be taken out ({error.strerror})") from error
    return True


def _is_ours(link: Path) -> bool:
    """A link to a page of ours, also of one that is gone; pipx makes its own."""
    return link.is_symlink() and link.readlink().parts[-2:] == ("docs", PAGE)
