"""The screen as SVG and as text, with everything that looks like a secret blotted out.

No pane draws a secret; evidence and a project's name are texts of others, so they are looked through again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pf_tui.errors import PfError
from pf_tui.state import files
from pf_tui.state.paths import make_private
from pf_tui.tui.textual_internals import strips

if TYPE_CHECKING:
    from textual.app import App

_SECRETS = re.compile(
    r"""\b(?:sk|pk|rk|gsk|xai|key|ghp|gho|github_pat|glpat|AKIA|ASIA|AIza|ya29)[-_A-Za-z0-9]{16,}
      | \beyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]+)*
      | \b(?=\S*\d)(?=\S*[A-Z])[A-Za-z0-9+_-]{32,}={0,2}
      | [\w.+-]+@[\w-]+\.[\w.]+""",
    re.VERBOSE,
)
"""Keys by their beginnings, tokens, anything long and random, and addresses of people."""


def masked(text: str) -> str:
    """The text with each secret as dots, no cell wider or narrower."""
    return _SECRETS.sub(lambda match: "•" * len(match[0]), text)


def capture(app: App[None]) -> tuple[str, str]:
    """(SVG, plain text) of what is on screen now, sheets included."""
    return _masked_svg(app.export_screenshot(title="pf-tui")), text_of(app)


def text_of(app: App[None]) -> str:
    """The plain text of what is on screen now, sheets included."""
    below, above = (strips(screen) for screen in (app.screen_stack[0], app.screen))
    lines = [_over(under.text, over.text).rstrip() for under, over in zip(below, above, strict=False)]
    return masked("\n".join(lines)) + "\n"


def save(folder: Path, name: str, picture: str, text: str) -> Path:
    """Write both files. Raises PfError when the disk refuses."""
    try:
        make_private(folder)
        path = folder / f"{name}.svg"
        files.write_private(path, picture.encode())
        files.write_private(path.with_suffix(".txt"), text.encode())
    except OSError as error:
        raise PfError(f"{folder} cannot be written ({error.strerror})", "nothing was saved") from error
    return path


def short(path: Path, env: Mapping[str, str]) -> str:
    """The path with ~ for the home directory."""
    home = env.get("HOME", "")
    text = str(path)
    return f"~{text.removeprefix(home)}" if home and text.startswith(f"{home}/") else text


def _masked_svg(svg: str) -> str:
    """Only what is drawn: ids, clip paths and fonts of the picture are long and random too."""
    return re.sub(r"(<text[^>]*>)([^<]*)(</text>)", lambda m: f"{m[1]}{masked(m[2])}{m[3]}", svg)


def _over(under: str, over: str) -> str:
    """A dialog's line over the line below it: blanks of the dialog's screen let it through."""
    return over if over.strip() else under
