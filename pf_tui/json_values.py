"""JSON that others wrote, read within bounds and taken apart by the kind a reader needs; and indented. Pure.

A field that is missing, null or empty is the kind's empty value; a field of another kind raises TypeError,
whose words name the field and quote nothing. Where damage is passed over instead, a reader asks `isinstance`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

MOST = 1e24
"""Beyond it a number means nothing: it is more than all tokens of the world, or nanoseconds of all time."""

_MOST_DIGITS = 24

VALUE_BYTES = 64
"""Of memory for each comma and bracket: an empty object takes 72, with two of them before the next."""


_PLAIN = json.JSONEncoder(ensure_ascii=False)


class NumberOutOfRangeError(ValueError):
    """A number of a JSON text that no setting, moment or count can be; it quotes nothing of the text."""

    def __init__(self, number: str) -> None:
        super().__init__("a number is out of range")
        self.number = number

    def place_in(self, text: str) -> tuple[str, int, int]:
        """(what it is of, line, column) in the text it came from."""
        import re

        match = re.search(rf'(?:"((?:[^"\\\n]|\\.)*)"\s*:|[\[,])\s*(?={re.escape(self.number)})', text)
        at = match.end() if match else 0
        what = f'"{match[1]}"' if match and match[1] else "a number"
        return what, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def parse(text: str | bytes) -> object:
    """Plain data whose numbers can be compared, added and stored: JSON allows 1e999 and thousands of digits.

    Raises ValueError or RecursionError: it is no JSON, or a number is not between -MOST and MOST.
    """
    return json.loads(text, parse_int=_whole, parse_float=_real, parse_constant=_not_finite)


def indented(value: object, line: str = "\n") -> str:
    """As `json.dumps(value, indent=2)`, whose indenting is written in Python: 3 ms of `status --json`.

    An object that holds no other one is left to the encoder in C, with the new line in its separator.

    Args:
        line: a new line at the value's own depth.
    """
    if not isinstance(value, dict | list | tuple) or not value:
        return _PLAIN.encode(value)
    inner = f"{line}  "
    members = value.values() if isinstance(value, dict) else value
    if not any(isinstance(member, dict | list | tuple) for member in members):
        text = _flat_encoder(f",{inner}").encode(value)
    else:
        parts = [indented(member, inner) for member in members]
        if isinstance(value, dict):
            names = [_PLAIN.encode(str(name)) for name in value]
            parts = [f"{name}: {part}" for name, part in zip(names, parts, strict=True)]
        brackets = "{}" if isinstance(value, dict) else "[]"
        text = f"{brackets[0]}{f',{inner}'.join(parts)}{brackets[1]}"
    return f"{text[0]}{inner}{text[1:-1]}{line}{text[-1]}"


@lru_cache(maxsize=8)
def _flat_encoder(separator: str) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=False, separators=(separator, ": "))


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:  # int() takes a second for a million digits, or refuses them
        raise NumberOutOfRangeError(digits)
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if not -MOST < number < MOST:
        raise NumberOutOfRangeError(digits)
    return number


def _not_finite(word: str) -> float:
    raise NumberOutOfRangeError(word)


def bytes_when_read(raw: bytes | bytearray) -> int:
    """About how much memory the value of a JSON text takes, at the most.

    `[{},{},…` grows twentyfold; one picture character makes four bytes of every letter around it.
    """
    values = raw.count(b",") + raw.count(b"[") + raw.count(b"{")
    letters = len(raw) if raw.isascii() and b"\\u" not in raw else 4 * len(raw)
    return letters + VALUE_BYTES * values


def kind_name(value: object) -> str:
    """What a JSON value is, in words for an error sentence."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    kinds = {dict: "an object", list: "a list", str: "a text", int: "a number", float: "a number"}
    return kinds.get(type(value), type(value).__name__)


def object_in(entry: Mapping[str, object], key: str) -> dict[str, object]:
    """The object at `key`, itself: what is changed in it is changed in `entry`."""
    value = entry.get(key)
    if isinstance(value, dict):
        return value
    if value:
        raise TypeError(f"{key} is no object")
    return {}


def list_in(entry: Mapping[str, object], key: str) -> list[object]:
    """The list at `key`, itself."""
    return list_of(entry.get(key), key)


def list_of(value: object, name: str) -> list[object]:
    """`value` as the list it is."""
    if isinstance(value, list):
        return value
    if value:
        raise TypeError(f"{name} is no list")
    return []


def objects_in(entry: Mapping[str, object], key: str) -> list[dict[str, object]]:
    """The list of objects at `key`."""
    values = list_in(entry, key)
    objects = [value for value in values if isinstance(value, dict)]
    if len(objects) != len(values):
        raise TypeError(f"{key} is no list of objects")
    return objects


def text_in(entry: Mapping[str, object], key: str) -> str:
    """The text at `key`."""
    value = entry.get(key)
    if isinstance(value, str):
        return value
    if value:
        raise TypeError(f"{key} is no text")
    return ""


def optional_text(entry: Mapping[str, object], key: str) -> str | None:
    """The text at `key`; None where there is none."""
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def optional_whole(entry: Mapping[str, object], key: str) -> int | None:
    """The whole number at `key`, also written with `.0`; None where there is none."""
    value = entry.get(key)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError(f"{key} is no whole number")
    return value


def optional_number(entry: Mapping[str, object], key: str) -> float | None:
    """The number at `key`; None where there is none."""
    value = entry.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError(f"{key} is no number")
    return value


def texts_in(entry: Mapping[str, object], key: str) -> list[str]:
    """The list of texts at `key`."""
    values = list_in(entry, key)
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != len(values):
        raise TypeError(f"{key} is no list of texts")
    return texts
