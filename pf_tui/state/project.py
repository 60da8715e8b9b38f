"""A project's own settings: YAML front matter of .opencode/provider-fallback.local.md.

Both spellings are read: the template's (`provider_priority`) and the original README's
(`priority_override`, `daily_limit`, `monthly_limit`). Text, comments and unknown keys stay as they are.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.records import record
from pf_tui.state import files, yaml_files
from pf_tui.state.paths import PROJECT_FILE, Paths, find_project_file, project_root

_MARK = "\ufeff"
_FENCE = re.compile(r"\A(?:\ufeff)?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)

TEMPLATE = """\
---
# pf-tui settings of this project; a line left out follows your own settings.
enabled: true
# default_model: claude-sonnet-5-5
# auto_switch: true
# notify_on_switch: true
# Only these providers serve here, in this order:
# provider_priority:
#   - anthropic-subscription
#   - openrouter
# Requests per provider in this project (0 = unlimited):
# daily_limit: 1000
# monthly_limit: 25000
---

# Provider fallback in this project

Notes for people and agents; pf-tui reads only the settings above.
"""


MAX_DEPTH = 20
"""No setting nests like that."""


@record
class Project:
    """What a project overrides; None = the person's own setting holds."""

    path: Path
    enabled: bool = True
    default_model: str | None = None
    auto_switch: bool | None = None
    notify_on_switch: bool | None = None
    priority: tuple[str, ...] | None = None
    daily_requests: float | None = None
    monthly_requests: float | None = None

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.path.parent.parent


def read(paths: Paths, cwd: Path, env: Mapping[str, str]) -> Project | None:
    """Settings of the project `cwd` lies in; None without a project file. Raises StateFileUnusable."""
    path = find_project_file(cwd, env)
    if path is None:
        return None
    settings = yaml_files.cached(paths, path, lambda text: front_matter(text, path))
    return None if settings is None else parse(settings, path)


def front_matter(text: str, path: Path) -> dict[str, Any]:
    """The settings in the file's front matter, as plain data. Raises StateFileUnusable (line, column)."""
    match = _FENCE.match(text)
    if match is None:
        if re.match(r"\A(?:\ufeff)?---[ \t]*\r?$", text, re.MULTILINE):
            raise StateFileUnusable(path, "the front matter has no closing ---", line=1)
        return {}
    import yaml

    try:
        content = yaml.load(match[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "is not YAML"
        raise StateFileUnusable(
            path,
            str(problem),
            line=mark.line + 2 if mark else None,
            column=mark.column + 1 if mark else None,
        ) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise StateFileUnusable(path, f"expected settings, found {files.json_kind(content)}", line=2)
    return {str(key): value for key, value in content.items() if _plain(value)}


def parse(settings: Mapping[str, Any], path: Path) -> Project:
    """Check the known keys. Raises StateFileUnusable with the line of the bad one."""
    priority_key = (
        "provider_priority" if settings.get("provider_priority") is not None else "priority_override"
    )
    return Project(
        path=path,
        enabled=_flag(settings, "enabled", path) is not False,
        default_model=_text(settings, "default_model", path),
        auto_switch=_flag(settings, "auto_switch", path),
        notify_on_switch=_flag(settings, "notify_on_switch", path),
        priority=_names(settings, priority_key, path),
        daily_requests=_count(settings, "daily_limit", path),
        monthly_requests=_count(settings, "monthly_limit", path),
    )


def create(cwd: Path, env: Mapping[str, str]) -> Path:
    """Write the template into the project. Raises PfError when it has a file already."""
    path = project_root(cwd, env) / PROJECT_FILE
    if path.exists():
        raise PfError(f"{path} exists already; nothing was changed", "edit it, or delete it first")
    _make_folder(path)
    files.write_bytes(path, TEMPLATE.encode(), mode=0o644)
    return path


def change(paths: Paths, cwd: Path, env: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Set front-matter keys (None removes), in the spelling the file already uses.

    Returns `{"path", "text"}` with the file's old text (None = there was none), for undo.
    """
    path = find_project_file(cwd, env) or project_root(cwd, env) / PROJECT_FILE
    with files.locked(paths):
        old = _stored(path)
        mark = _MARK if old is not None and old.startswith(_MARK) else ""
        new = mark + edited(old.removeprefix(_MARK) if old is not None else TEMPLATE, path, settings)
        _make_folder(path)
        files.write_bytes(path, new.encode(), mode=None)
        return {"path": str(path), "text": old}


def restore(paths: Paths, path: Path, text: str | None) -> str | None:
    """Put an old text back (None removes the file); returns what stood there, for redo."""
    with files.locked(paths):
        current = _stored(path)
        if text is None:
            path.unlink(missing_ok=True)
        else:
            _make_folder(path)
            files.write_bytes(path, text.encode(), mode=None)
        return current


def _stored(path: Path) -> str | None:
    """The file's text with the byte order mark that some editors put in front."""
    text = files.read_text(path)
    if text is None:
        return None
    with path.open("rb") as file:
        return (_MARK if file.read(3) == _MARK.encode() else "") + text


def edited(text: str, path: Path, settings: Mapping[str, Any]) -> str:
    """`text` with some front-matter keys set; comments, order and the body stay. Pure."""
    existing = front_matter(text, path)
    match = _FENCE.match(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    matter, body = (match[1], text[match.end() :]) if match else ("", text)
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        document = yaml.load(matter.replace("\r\n", "\n")) if matter.strip() else None
    except MarkedYAMLError as error:  # stricter than what reads it: a key that stands there twice
        mark = error.problem_mark
        line, column = (mark.line + 2, mark.column + 1) if mark else (None, None)
        why = "a key stands there twice" if "duplicate" in str(error.problem) else "cannot be edited as YAML"
        raise StateFileUnusable(path, why, line=line, column=column) from error
    if document is None:
        from ruamel.yaml.comments import CommentedMap

        # a front matter of comments only: keep them above the first key
        document, comments = CommentedMap(), matter.replace("\r\n", "\n")
    else:
        comments = ""
    for key, value in settings.items():
        name = "priority_override" if key == "provider_priority" and _prefers_old(existing) else key
        if value is None:
            document.pop(name, None)
        elif isinstance(value, (list, tuple)):
            document[name] = list(value)
        else:
            document[name] = value
    out = io.StringIO()
    if document:
        yaml.dump(document, out)
    dumped = (comments + out.getvalue()).replace("\n", newline)
    return f"---{newline}{dumped}---{newline}{body if match else newline + body}"


def _prefers_old(existing: Mapping[str, Any]) -> bool:
    return "priority_override" in existing and "provider_priority" not in existing


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.cannot_write(path, error) from error


def _plain(value: object, depth: int = 0) -> bool:
    """JSON can hold it; dates of YAML and anchors that hold themselves are no settings of ours."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, list):
        return all(_plain(item, depth + 1) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _plain(item, depth + 1) for key, item in value.items())
    return value is None or isinstance(value, str | int | float | bool)


def _bad(key: str, expected: str, value: object, path: Path) -> StateFileUnusable:
    line = None
    if text := files.read_text(path):
        found = re.search(rf"^{re.escape(key)}\s*:", text, re.MULTILINE)
        line = text.count("\n", 0, found.start()) + 1 if found else None
    return StateFileUnusable(
        path, f"expected {expected} for {key}, found {files.json_kind(value)}", line=line
    )


def _flag(settings: Mapping[str, Any], key: str, path: Path) -> bool | None:
    value = settings.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise _bad(key, "true or false", value, path)


def _text(settings: Mapping[str, Any], key: str, path: Path) -> str | None:
    value = settings.get(key)
    if value is None or isinstance(value, str):
        return value
    raise _bad(key, "a text", value, path)


def _count(settings: Mapping[str, Any], key: str, path: Path) -> float | None:
    value = settings.get(key)
    if value is None or value == "unlimited":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _bad(key, "a number of requests", value, path)
    return value if value > 0 else None


def _names(settings: Mapping[str, Any], key: str, path: Path) -> tuple[str, ...] | None:
    value = settings.get(key)
    if value is None:
        return None
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",") if name.strip()]
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _bad(key, "a list of provider ids", value, path)
    return tuple(dict.fromkeys(value)) or None
