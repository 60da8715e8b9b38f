"""JSON with comments and trailing commas: read it, and edit one member so that every other byte stays.

OpenCode's opencode.json and opencode.jsonc are read this way by OpenCode itself; so is every plain JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from pf_tui import regular_files
from pf_tui.errors import PfError
from pf_tui.records import record

MAX_DEPTH = 200
"""No settings file comes near; deeper nesting would only exhaust the stack."""

_SPACE = re.compile(r"(?:[ \t\r\n\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_PLAIN = re.compile(r"[-+.\w]+")
_DECODER = json.JSONDecoder(strict=False)
"""Reads what is plain JSON, a hundred times as fast as we do with comments."""


class JsoncError(ValueError):
    """The text is no JSON with comments; line and column count from 1."""

    def __init__(self, why: str, text: str, at: int) -> None:
        super().__init__(why)
        self.why = why
        self.line = text.count("\n", 0, at) + 1
        self.column = at - text.rfind("\n", 0, at)


@record
class _Node:
    """A value and where it stands in the text."""

    start: int
    end: int
    value: object
    parts: tuple[_Member, ...] | None = ()
    """None = an object without a comment, whose members nobody has asked for."""


@record
class _Member:
    key: str
    start: int
    """Of the key's opening quote."""
    node: _Node
    comma: int | None
    """Where the comma after it ends; None = there is none."""


def parse(text: str) -> object:
    """The value. Raises JsoncError."""
    return _document(text).value


def set_member(text: str, path: Sequence[str], value: object) -> str:
    """The text with the member at `path` set; objects on the way are made.

    Raises:
        JsoncError: no JSON with comments, or something on the way is no object.
    """
    node = _document(text)
    for depth, key in enumerate(path):
        if not isinstance(node.value, dict):
            raise JsoncError(f"{_name(path[:depth])} is no object", text, node.start)
        member = next((member for member in reversed(_members(text, node)) if member.key == key), None)
        if member is None:
            for inner in reversed(path[depth + 1 :]):
                value = {inner: value}
            return _insert(text, node, key, value)
        node = member.node
    if node.value == value:
        return text
    return text[: node.start] + _written(value, _indent_at(text, node.start), text) + text[node.end :]


def raw(text: str, path: Sequence[str]) -> str | None:
    """The value at `path` letter by letter; None where there is none. Raises JsoncError."""
    node = _at(text, path)
    return None if node is None else text[node.start : node.end]


def set_raw(text: str, path: Sequence[str], value: str) -> str:
    """The text with the value at `path`, which is there, replaced letter by letter. Raises JsoncError."""
    node = _at(text, path)
    return text if node is None else text[: node.start] + value + text[node.end :]


def _at(text: str, path: Sequence[str]) -> _Node | None:
    node: _Node | None = _document(text)
    for key in path:
        members = reversed(_members(text, node)) if node is not None else ()
        node = next((member.node for member in members if member.key == key), None)
    return node


def remove_member(text: str, path: Sequence[str]) -> str:
    """The text without the member at `path`, and without the objects on the way that are then empty.

    Raises:
        JsoncError: no JSON with comments.
    """
    node = _document(text)
    holder: tuple[_Node, int] | None = None
    for depth, key in enumerate(path):
        members = _members(text, node)
        keys = [member.key for member in members]
        position = len(keys) - 1 - keys[::-1].index(key) if key in keys else None
        if position is None:
            return text
        if holder is None or len(members) > 1 or depth == 0:
            holder = (node, position)
        node = members[position].node
    if holder is None:
        return text
    return _cut(text, *holder)


def _insert(text: str, node: _Node, key: str, value: object) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    outer = _indent_at(text, node.start)
    members = _members(text, node)
    if not members:
        inner = outer + _unit(text)
        close = node.end - 1
        head = text[node.start + 1 : close].rstrip()
        body = f"{newline}{inner}{json.dumps(key)}: {_written(value, inner, text)}{newline}{outer}"
        return text[: node.start + 1] + head + body + text[close:]
    last = members[-1]
    if "\n" not in text[node.start : last.node.start] and not _indent_only(text, last.start):
        member_text = f"{json.dumps(key)}: {_dumped(value)}"
        if last.comma is None:
            return f"{text[: last.node.end]}, {member_text}{text[last.node.end :]}"
        return f"{text[: last.comma]} {member_text},{text[last.comma :]}"
    inner = _indent_at(text, last.start)
    line = f"{newline}{inner}{json.dumps(key)}: {_written(value, inner, text)}"
    if last.comma is None:
        at = last.node.end
        rest = _line_comment(text, at)
        return f"{text[:at]},{text[at:rest]}{line}{text[rest:]}"
    rest = _line_comment(text, last.comma)
    return f"{text[:rest]}{line},{text[rest:]}"


def _cut(text: str, node: _Node, index: int) -> str:
    members = _members(text, node)
    member = members[index]
    if index + 1 < len(members):
        following = members[index + 1].start
        between = text[_line_comment(text, member.comma or member.node.end) : following].lstrip()
        return text[: member.start] + between + text[following:]
    end = member.comma if member.comma is not None else member.node.end
    if index == 0:
        start = node.start + 1
        between = text[start : member.start]
        rest = _tail(text, end, node)
        return text[:start] + _comments_before(between, rest) + rest
    before = members[index - 1]
    start = before.node.end
    if before.comma is None:  # cannot be: two members have a comma between them
        return text[:start] + text[end:]
    comma = "," if member.comma is not None else ""
    return text[:start] + comma + _comments_before(text[before.comma : member.start], text[end:]) + text[end:]


def _comments_before(between: str, rest: str) -> str:
    """The comments before a member that goes; one to the end of its line has a line's end after it."""
    before = between.rstrip()
    open_ended = "//" in before.rpartition("\n")[2] and not rest.lstrip(" \t").startswith(("\n", "\r\n"))
    return f"{before}\n" if open_ended else before


def _tail(text: str, end: int, node: _Node) -> str:
    rest = text[end:]
    return rest.lstrip() if not text[end : node.end - 1].strip() else rest


def _document(text: str) -> _Node:
    node = _value(text, _skip(text, 0), 0)
    end = _skip(text, node.end)
    if end != len(text):
        raise JsoncError("something follows the closing brace", text, end)
    return node


def _value(text: str, at: int, depth: int) -> _Node:
    if depth > MAX_DEPTH:
        raise JsoncError("is nested too deeply", text, at)
    sign = text[at : at + 1]
    if sign in ("{", "["):
        plain = _plain(text, at, depth)
        if plain is not None:
            return plain
        return _object(text, at, depth) if sign == "{" else _list(text, at, depth)
    match = _STRING.match(text, at) or _PLAIN.match(text, at)
    if match is None:
        raise JsoncError("a value is missing" if sign else "ends too early", text, at)
    try:
        return _Node(start=at, end=match.end(), value=json.loads(match[0], strict=False))
    except ValueError as error:
        raise JsoncError(f"{match[0][:20]} is no value", text, at) from error


def _plain(text: str, at: int, depth: int) -> _Node | None:
    """The object or list at once, when no comment and no odd comma stands in it."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None
    if (
        text.count("[", at, end) + text.count("{", at, end) > MAX_DEPTH - depth
        and _depth(value) > MAX_DEPTH - depth
    ):
        return None
    return _Node(start=at, end=end, value=value, parts=None)


def _depth(value: object) -> int:
    """How deep lists and objects are nested in it."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def _members(text: str, node: _Node) -> tuple[_Member, ...]:
    """The members of an object; () of anything else."""
    if node.parts is None:
        return (_object(text, node.start, 0).parts or ()) if isinstance(node.value, dict) else ()
    return node.parts


def _object(text: str, start: int, depth: int) -> _Node:
    members: list[_Member] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "}":
        key = _STRING.match(text, at)
        if key is None:
            raise JsoncError("a key in quotes is missing", text, at)
        colon = _skip(text, key.end())
        if text[colon : colon + 1] != ":":
            raise JsoncError('":" is missing', text, colon)
        node = _value(text, _skip(text, colon + 1), depth + 1)
        after = _skip(text, node.end)
        comma = after + 1 if text[after : after + 1] == "," else None
        members.append(_Member(key=json.loads(key[0], strict=False), start=at, node=node, comma=comma))
        at = _skip(text, comma or after)
        if comma is None and text[at : at + 1] != "}":
            raise JsoncError('"," or "}" is missing', text, at)
    values = {member.key: member.node.value for member in members}
    return _Node(start=start, end=at + 1, value=values, parts=tuple(members))


def _list(text: str, start: int, depth: int) -> _Node:
    values: list[object] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "]":
        node = _value(text, at, depth + 1)
        values.append(node.value)
        at = _skip(text, node.end)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "]":
            raise JsoncError('"," or "]" is missing', text, at)
    return _Node(start=start, end=at + 1, value=values)


def _skip(text: str, at: int) -> int:
    """Past spaces and comments."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _line_comment(text: str, at: int) -> int:
    """Past a comment that stands behind a value in its own line: it belongs to that value."""
    match = re.compile(r"[ \t]*(?://[^\r\n]*|/\*[^\r\n]*?\*/)").match(text, at)
    return match.end() if match else at


def _written(value: object, indent: str, text: str) -> str:
    """The value as JSON in the file's own style, its lines below the first at `indent`."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{newline}{indent}".join(_dumped(value, _unit(text)).split("\n"))


def _dumped(value: object, indent: int | str | None = None) -> str:
    """Letters as themselves; where half of a surrogate pair is among them, all as escapes."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent)
    return text


def _unit(text: str) -> str:
    """One step of the file's indentation; two spaces when it shows none."""
    match = re.search(r'^([ \t]+)"', text, re.MULTILINE)
    return match[1] if match else "  "


def _indent_at(text: str, at: int) -> str:
    """The blanks that the line of `at` begins with."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _indent_only(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _name(path: Sequence[str]) -> str:
    return f'"{".".join(path)}"' if path else "the file"


def read_or_empty(path: Path) -> dict[str, object]:
    """A settings file; {} when it cannot be read: its agent says so itself."""
    try:
        content = parse(regular_files.read_regular(path).decode("utf-8"))
    except (OSError, ValueError, PfError):
        return {}
    return content if isinstance(content, dict) else {}
