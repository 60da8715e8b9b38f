"""How an agent calls pf-tui: the words its settings start with, and the same as a line of a shell."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pf_tui.errors import PfError

NAME = "pf-tui"

IF_THERE = f"command -v {NAME} >/dev/null"
"""What a shell asks before it calls us by name; a machine without pf-tui notices nothing."""

_TEMPORARY = re.compile(
    r"(archive|builds|environments|sdists)-v\d+|\.tmp[\w-]*|pip-(build-env|install|req-build|unpack|wheel|ephem)-.*"
    r"|_MEI\w*|\.shiv|\.pex"
)
"""Folders that are cleared away: caches of uv, pip's builds, what one-file programs unpack."""


def words(env: Mapping[str, str], *, portable: bool = False, lasting: bool = True) -> tuple[str, ...]:
    """The program as an agent finds it, whatever its own PATH is.

    Args:
        portable: for a file that other machines share: the bare name, found on each one's PATH.
        lasting: it will stand in an agent's settings; else any place will do, to compare with.
    Raises:
        PfError: this pf-tui is installed in a temporary folder, and no other is on the PATH.
    """
    program = _script(env, lasting=lasting)
    if portable:
        return (NAME,)
    return (str(program),) if program is not None else (sys.executable, "-P", "-m", "pf_tui")


def in_shell(words: Sequence[str], *rest: str) -> str:
    """A line that calls us where pf-tui is, and does nothing where it is not."""
    if tuple(words) == (NAME,):
        return f"{IF_THERE} || exit 0; exec {shlex.join([NAME, *rest])}"
    return f"test -x {shlex.quote(words[0])} || exit 0; exec {shlex.join([*words, *rest])}"


def _script(env: Mapping[str, str], *, lasting: bool) -> Path | None:
    """Our script, in a place that stays; None when the interpreter alone has us."""
    import shutil

    beside = Path(sys.executable).parent / NAME
    folders = (env.get("PATH") or os.defpath).split(os.pathsep)
    on_path = (shutil.which(NAME, path=folder) for folder in folders if folder)
    candidates = [beside] if beside.is_file() else []
    candidates += [Path(path) for path in on_path if path]
    for candidate in candidates:
        if not lasting or not _vanishes(candidate, env):
            return candidate
    module = Path(__file__)
    if lasting and (candidates or _vanishes(module, env) or not _is_importable(module)):
        from pf_tui import called  # for an error alone

        where = candidates[0] if candidates else module
        raise PfError(
            f"this pf-tui is installed in a temporary folder ({where.parent}), so its path must not"
            " go into an agent's settings; nothing was changed",
            f"`uv tool install {called.source() or NAME}` (or pipx), then install again with that one",
        )
    return None


def _vanishes(location: Path, env: Mapping[str, str]) -> bool:
    """A cache, a build's temporary folder, or inside one file that is a whole program."""
    for path in (location, Path(os.path.realpath(location))):
        folders = [folder.name for folder in path.parents]
        if any(_TEMPORARY.fullmatch(name) for name in folders):
            return True
        if ".cache" in folders and "pipx" in folders:
            return True
        if any(folder.is_file() for folder in path.parents):
            return True
    cache = env.get("UV_CACHE_DIR")
    return bool(cache) and location.is_relative_to(Path(cache or "/"))


def _is_importable(module: Path) -> bool:
    """`python -P -m pf_tui` finds us without help from the environment."""
    import site

    folders = [Path(folder) for folder in (*site.getsitepackages(), site.getusersitepackages())]
    if any(module.is_relative_to(folder) for folder in folders):
        return True
    return any(folder.glob("*pf_tui*.pth") or folder.glob("__editable__*pf_tui*") for folder in folders)
