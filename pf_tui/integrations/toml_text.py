"""Lines of our own at the head of a TOML file, taken out again byte for byte; nothing else is touched.

Ours end in `# pf-tui` and follow a heading that says how many they are; a key of the person's that must give
way is commented out in its place. Why not a TOML library that keeps comments: a switch in a hook edits this
file, and hooks import the standard library alone (tomlkit: 70 ms beside the 12 ms of a bare interpreter).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from pf_tui.records import record

MARK = "# pf-tui"
HEADING = "# pf-tui: `pf-tui uninstall codex` takes these lines out again"
BOM = "\ufeff"
"""What some editors begin a file with; it stays the first letter."""

_ASIDE = "#pf-tui# "
"""In front of each line of the person's that gave way."""

_PART = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_STRINGS = ('"""', "'''", '"', "'")


class TomlError(ValueError):
    """The text is no TOML; line and column count from 1 where they are known."""

    def __init__(self, why: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(why)
        self.why, self.line, self.column = why, line, column


@record
class Statement:
    """One `key = value` before the first table."""

    key: str
    start: int
    end: int
    """Behind its line's end."""


def parse(text: str) -> dict[str, object]:
    """The content. Raises TomlError."""
    import tomllib

    try:
        return tomllib.loads(text.removeprefix(BOM))
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        why = re.sub(r" \(at .*\)$", "", str(error)).lower()
        where = (int(match[1]), int(match[2])) if match else (None, None)
        raise TomlError(why, *where) from error
    except (ValueError, RecursionError) as error:  # a number of 5000 digits, a list in lists
        raise TomlError("holds a value that cannot be read") from error


def without(text: str) -> str:
    """The text as it was before us."""
    mark = BOM if text.startswith(BOM) else ""
    lines = text.removeprefix(BOM).splitlines(keepends=True)
    own_numbers = _numbers(lines)
    if not own_numbers:
        return text
    other_lines = [line for number, line in enumerate(lines) if number not in own_numbers]
    return mark + "".join(line.removeprefix(_ASIDE) for line in other_lines)


def our_lines(text: str) -> list[str]:
    """Our `key = value` lines."""
    lines = text.removeprefix(BOM).splitlines()
    return [lines[number] for number in sorted(_numbers(lines)) if not lines[number].startswith(HEADING)]


def _numbers(lines: Sequence[str]) -> set[int]:
    """Which lines are ours: each heading, and behind it as many with our mark as it says, before any table.

    The person's own lines may end in the same word. A heading of an earlier version says no number.
    """
    own_numbers: set[int] = set()
    remaining = 0
    for number, line in enumerate(lines):
        if line.startswith(HEADING):
            own_numbers.add(number)
            count = re.search(r"\((\d+) lines?\)", line[len(HEADING) :])
            remaining = int(count[1]) if count else len(lines)
        elif remaining and line.rstrip("\r\n").endswith(MARK):
            own_numbers.add(number)
            remaining -= 1
    return own_numbers


def with_lines(text: str, values: Mapping[str, object]) -> str:
    """The text with these dotted keys set at its head, in place of what stood there of ours.

    Raises:
        TomlError: the text is no TOML, or one of the keys cannot be set in it.
    """
    own = without(text)
    if not values:
        parse(own)
        return own
    newline = "\r\n" if "\r\n" in own else "\n"
    mark = BOM if own.startswith(BOM) else ""
    rest = own.removeprefix(BOM)
    for statement in reversed([statement for statement in statements(rest) if statement.key in values]):
        lines = rest[statement.start : statement.end].splitlines(keepends=True)
        rest = rest[: statement.start] + "".join(_ASIDE + line for line in lines) + rest[statement.end :]
    count = f"({len(values)} line{'s' if len(values) > 1 else ''})"
    head = [f"{HEADING} {count}", *(f"{key} = {literal(value)} {MARK}" for key, value in values.items())]
    new_text = mark + "".join(line + newline for line in head) + rest
    try:
        parse(new_text)
    except TomlError:
        parse(own)  # its own fault is told with its own lines
        raise
    return new_text


def statements(text: str) -> Iterator[Statement]:
    """Every `key = value` before the first table."""
    at = 0
    while at < len(text):
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end + 1
        stripped = text[at:line_end].strip(" \t\r\n\ufeff")
        if stripped.startswith("["):
            return
        if not stripped or stripped.startswith("#"):
            at = line_end
            continue
        begin = at + len(text[at:line_end]) - len(text[at:line_end].lstrip(" \t\ufeff"))
        key = _KEY.match(text, begin)
        end = _value_end(text, key.end() if key else begin)
        if key:
            yield Statement(key=_plain(key[0]), start=at, end=end)
        at = end


def literal(value: object) -> str:
    """A value in TOML; JSON's strings, numbers, booleans and lists are TOML as they are."""
    import json

    return json.dumps(value, ensure_ascii=False)


def _value_end(text: str, at: int) -> int:
    """Behind the end of the line that the value ends on; lists and long strings span lines."""
    depth = 0
    while at < len(text):
        sign = text[at]
        quote = next((quote for quote in _STRINGS if text.startswith(quote, at)), None)
        if quote:
            at = _string_end(text, at, quote)
            continue
        if sign == "#":
            at = _line_end(text, at)
            continue
        depth += (sign in "[{") - (sign in "]}")
        at += 1
        if sign == "\n" and depth <= 0:
            return at
    return at


def _string_end(text: str, at: int, quote: str) -> int:
    offset = at + len(quote)
    while offset < len(text):
        if text[offset] == "\\" and quote[0] == '"':
            offset += 2
        elif text.startswith(quote, offset):
            return offset + len(quote)
        elif text[offset] == "\n" and len(quote) == 1:
            return offset
        else:
            offset += 1
    return len(text)


def _line_end(text: str, at: int) -> int:
    """At the line's end, before the newline."""
    position = text.find("\n", at)
    return len(text) if position < 0 else position


def _plain(key: str) -> str:
    return ".".join(part.strip(" \t\"'") for part in key.split("."))
