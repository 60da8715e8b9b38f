"""How a person calls this pf-tui: sentences name a command that works for the way it was installed.

By name where the PATH has it; else by its place (`make run`, a virtual environment, `pip --user`), or by what
started it (`uvx`, `uv run`, `pipx run`, one file). JSON, files and agents' settings keep the bare name.
Standard library alone: what a hook or an error says comes through here.
"""

from __future__ import annotations

import functools
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "pf-tui"

BARE = (
    *("allow", "analytics", "auth", "gateway", "ingest", "install", "models", "redo", "resume", "run"),
    *("status", "switch", "trust", "undo", "uninstall", "why"),
)
"""Commands that sentences name without backticks."""

_QUOTED_NAME = rf"`{NAME}(?=[ `])"
_NAME_IN_TEXT = rf"{_QUOTED_NAME}|(?<![\w/.`-]){NAME}(?= (?:{'|'.join(BARE)})\b)"
_NAME_IN_HELP = rf"(?m:(?<=^Usage: ){NAME}|(?<=^  ){NAME}(?= ))|{_NAME_IN_TEXT}"
"""In a help page also its usage and its examples."""


def spelled(text: str, *, page: bool = False) -> str:
    """The text with each command as it can be typed here, also if it is so already.

    Args:
        page: it is a help page.
    """
    end = 0
    parts: list[str] = []
    for first, last, word in _spans(text, _NAME_IN_HELP if page else _NAME_IN_TEXT):
        parts += [text[end:first], word]
        end = last
    return "".join([*parts, text[end:]]) if parts else text


def quoted(text: str) -> list[tuple[int, int, str]]:
    """Where a line has our name between backticks, and what can be typed here; none where the name can be."""
    return _spans(text, _QUOTED_NAME)


def _spans(text: str, pattern: str) -> list[tuple[int, int, str]]:
    if NAME not in text or (word := name_here()) == NAME:
        return []
    import re

    ends = [match.end() for match in re.finditer(pattern, text)]
    return [(end - len(NAME), end, word) for end in ends if not text.endswith(word, 0, end)]


@functools.cache
def name_here() -> str:
    """The word for this process."""
    return name(os.environ, os.getcwd(), sys.argv[0], sys.executable, sys.prefix)  # noqa: PTH109 - no pathlib


def lasting() -> str:
    """The same for a file that is read in any working directory."""
    if name_here() == NAME:
        return NAME
    return name(os.environ, "/", sys.argv[0], sys.executable, sys.prefix)


def name(env: Mapping[str, str], cwd: str, started_as: str, python: str, prefix: str) -> str:
    """What a person types to call this pf-tui.

    Args:
        started_as: sys.argv[0].
        python: the interpreter.
        prefix: the environment that has our packages.
    """
    cached = any(part in prefix for part in ("/archive-v", "/environments-v", "/builds-v"))
    if "UV_RUN_RECURSION_DEPTH" in env or cached:  # these put their own folder on the PATH of what they start
        return _fetched("uvx", "--from", prefix) if cached else f"uv run {NAME}"
    if "/pipx/" in prefix and ("/.cache/" in prefix or "/pipx/.cache" in prefix):
        return _fetched("pipx run", "--spec", prefix)
    if any(_is_program(f"{folder}/{NAME}") for folder in (env.get("PATH") or os.defpath).split(os.pathsep)):
        return NAME
    archive = _archive(started_as)
    if archive:
        archive_name = _short(archive, cwd, env)
        return archive_name if os.access(archive, os.X_OK) else f"{_short(python, cwd, env)} {archive_name}"
    beside = os.path.join(os.path.dirname(python), NAME)  # noqa: PTH118, PTH120 - no pathlib
    for script in (started_as, beside):
        if os.path.basename(script) == NAME and os.path.isfile(script):  # noqa: PTH113, PTH119 - no pathlib
            return _short(os.path.abspath(script), cwd, env)  # noqa: PTH100 - a link stays what it is
    return f"{_short(python, cwd, env)} -m pf_tui"


def install_extra(name: str) -> str:
    """The command that brings one of our extras, for the way this pf-tui was installed."""
    from importlib.util import find_spec

    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - no pathlib
    source = _source(sys.prefix)
    requirement = f"{NAME}[{name}]"
    if source:
        requirement = f"{requirement} @ {source}" if "://" in source else f"{requirement} @ file://{source}"
    if "/pipx/" in sys.prefix:
        return f"pipx install --force '{requirement}'"
    if "/uv/tools/" in sys.prefix:
        return f"uv tool install --force '{requirement}'"
    python = _short(sys.executable, os.getcwd(), os.environ)  # noqa: PTH109 - no pathlib
    pip = f"{python} -m pip install" if find_spec("pip") else f"uv pip install --python {python}"
    if os.path.isfile(f"{root}/pyproject.toml"):  # noqa: PTH113 - no pathlib
        return f"{pip} --editable '{root}[{name}]'"
    return f"{pip} '{requirement}'"


def source() -> str:
    """The folder, file or address this was installed from; "" for an index."""
    return _source(sys.prefix)


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113 - no pathlib


def _fetched(runner: str, option: str, prefix: str) -> str:
    """A program that is fetched for each start: again from where it came."""
    source = _source(prefix)
    return f"{runner} {option} {source} {NAME}" if source else f"{runner} {NAME}"


def _source(prefix: str) -> str:
    """The folder or address this was installed from; "" for an index."""
    import glob
    import json
    import shlex

    for path in glob.glob(f"{glob.escape(prefix)}/lib/python3*/site-packages/pf_tui-*/direct_url.json"):  # noqa: PTH207
        try:
            with open(path, encoding="utf-8") as file:  # noqa: PTH123 - no pathlib
                url = json.load(file)["url"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return ""
        if isinstance(url, str):
            from urllib.parse import unquote

            return shlex.quote(unquote(url.removeprefix("file://")))
    return ""


def _archive(started_as: str) -> str:
    """The one file that is the whole program; "" when it is none."""
    path = os.path.abspath(__file__)  # noqa: PTH100 - no pathlib
    while (parent := os.path.dirname(path)) != path:  # noqa: PTH120 - no pathlib
        if os.path.isfile(parent):  # noqa: PTH113 - no pathlib
            return parent
        path = parent
    unpacked = started_as.endswith((".pyz", ".pex", ".shiv"))
    return os.path.abspath(started_as) if unpacked and os.path.isfile(started_as) else ""  # noqa: PTH100, PTH113


def _short(path: str, cwd: str, env: Mapping[str, str]) -> str:
    """A path as a person would type it: below the working directory, below ~, else whole."""
    import shlex

    home = env.get("HOME", "").rstrip("/")
    if cwd != "/" and path.startswith(f"{cwd}/"):
        below = path[len(cwd) + 1 :]
        return shlex.quote(below if "/" in below else f"./{below}")
    if home and path.startswith(f"{home}/"):
        return f"~/{shlex.quote(path[len(home) + 1 :])}"
    return shlex.quote(path)
