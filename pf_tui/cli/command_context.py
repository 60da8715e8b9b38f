"""Where a command runs: the Context of this process, and the project it looks at."""

from __future__ import annotations

from pf_tui.errors import WrongUsage
from pf_tui.state.context import Context
from pf_tui.state.paths import expand


def here(folder: str | None = None, who: str = "cli") -> Context:
    """The Context of this process; `folder` is --dir.

    Raises:
        WrongUsage: --dir names no folder.
        PfError: no home directory is known.
    """
    if folder is None:
        return Context.here(who)
    path = expand(folder)
    if not folder or not path.is_dir():
        raise WrongUsage(f"--dir '{folder}' is not a folder", "name the project's folder")
    return Context.here(who, cwd=path.resolve())
