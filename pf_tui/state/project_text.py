"""The text of a project's file: which settings it holds, and how to change some of them. Pure."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from pf_tui import json_values
from pf_tui.errors import StateFileUnusable
from pf_tui.state import settings_table
from pf_tui.state.setting_kinds import MAX_NAME, MAX_NAMES, Kind

MAX_VALUES = 2_000
"""Everything in the front matter together."""

_MARK = "\ufeff"
_FENCE = re.compile(r"\A---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_SETTINGS = {
    name: setting
    for setting in settings_table.PROJECT
    for name in (setting.project, setting.old_project)
    if name
}
_OLD = {setting.project: setting.old_project for setting in settings_table.PROJECT if setting.old_project}


def settings(text: str, path: Path) -> dict[str, object]:
    """The settings we know, checked; a key without a value is left out.

    Raises:
        StateFileUnusable: with the line of what is wrong.
    """
    content, lines = front_matter(text, path)
    settings_by_name: dict[str, object] = {}
    for key, value in content.items():
        if value is None or key not in _SETTINGS:
            continue
        plain_value = _Value(key=key, value=value, path=path, line=lines.get(key)).checked(
            _SETTINGS[key].kind
        )
        if plain_value is not None:
            settings_by_name[key] = plain_value
    return settings_by_name


def front_matter(text: str, path: Path) -> tuple[dict[str, object], dict[str, int]]:
    """The front matter as plain data, and the line of each key. Raises StateFileUnusable (line, column)."""
    text = text.removeprefix(_MARK)
    match = _FENCE.match(text)
    if match is None:
        if re.match(r"\A---[ \t]*\r?$", text, re.MULTILINE):
            raise StateFileUnusable(path, "the front matter has no closing ---", line=1)
        return {}, {}
    from pf_tui import bounded_yaml

    try:
        front_matter_yaml = bounded_yaml.parse(match[1], bounded_yaml.Bounds(values=MAX_VALUES))
    except bounded_yaml.BadYaml as bad:
        line = None if bad.line is None else bad.line + 1
        raise StateFileUnusable(path, bad.why, line=line, column=bad.column) from bad
    if front_matter_yaml.data is None:
        return {}, {}
    if not isinstance(front_matter_yaml.data, dict):
        raise StateFileUnusable(
            path, f"expected settings, found {json_values.kind_name(front_matter_yaml.data)}", line=2
        )
    return front_matter_yaml.data, {key: line + 1 for key, line in front_matter_yaml.lines.items()}


def edited(text: str, path: Path, changes: Mapping[str, object]) -> str:
    """`text` with some front-matter keys set; comments, order and the body stay.

    Raises:
        StateFileUnusable: what stands there is no sound front matter.
    """
    existing, _ = front_matter(text, path)
    mark, text = (_MARK, text[1:]) if text.startswith(_MARK) else ("", text)
    match = _FENCE.match(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    matter, body = (match[1], text[match.end() :]) if match else ("", text)
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        document = yaml.load(matter.replace("\r\n", "\n")) if matter.strip() else None
    except YAMLError as error:  # stricter than what reads it
        error_mark = getattr(error, "problem_mark", None)
        line, column = (error_mark.line + 2, error_mark.column + 1) if error_mark else (None, None)
        raise StateFileUnusable(path, "cannot be edited as YAML", line=line, column=column) from error
    if document is None:
        from ruamel.yaml.comments import CommentedMap

        # a front matter of comments only: keep them above the first key
        document, comments = CommentedMap(), matter.replace("\r\n", "\n")
    else:
        comments = ""
    for key, value in changes.items():
        old = _OLD.get(key)
        name = old if old in existing and key not in existing else key
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
    return f"{mark}---{newline}{dumped}---{newline}{body if match else newline + body}"


class _Value:
    """One value of the file, and where it stands."""

    def __init__(self, *, key: str, value: object, path: Path, line: int | None) -> None:
        self.key, self.value, self._path, self._line = key, value, path, line

    def checked(self, kind: Kind) -> object:
        """The value as JSON keeps it; None when it sets nothing. Raises StateFileUnusable."""
        names = kind.type == "names"
        if names and isinstance(self.value, str):
            self.value = [name.strip() for name in self.value.split(",") if name.strip()]
        if not kind.has_type(self.value):
            raise self._fail(
                f"expected {kind.expected} for {self.key}, found {json_values.kind_name(self.value)}"
            )
        if not kind.has_bounds(self.value):
            raise self._fail(f"{self.key} is {self.value}; {kind.needed} is needed")
        if isinstance(self.value, str) and len(self.value) > MAX_NAME:
            raise self._fail(f"{self.key} has more than {MAX_NAME} characters")
        items = self.value if isinstance(self.value, list) else []
        if len(items) > MAX_NAMES:
            raise self._fail(f"{self.key} has more than {MAX_NAMES} names")
        if any(len(name) > MAX_NAME for name in items):
            raise self._fail(f"a name in {self.key} has more than {MAX_NAME} characters")
        return list(kind.parse(self.value)) or None if names else kind.parse(self.value)

    def _fail(self, why: str) -> StateFileUnusable:
        return StateFileUnusable(self._path, why, line=self._line)
