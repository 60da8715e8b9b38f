"""A call's arguments as JSON text: followed while they come, mended when they do not parse.

Invariant: text that parses to an object is never changed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping

import msgspec

from pf_tui.json_values import object_in, texts_in
from pf_tui.translate.growing_text import GrowingText
from pf_tui.translate.schemas import with_own_enums

_MARKS = re.compile(r'["\\{}\[\]]')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
_FENCE = re.compile(r"```[a-zA-Z]*")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
MOST_MENDED = 2**18
"""A longer text that is no JSON is not guessed at: a literal of Python's takes a hundred times its length."""

MOST_UNDECIDED = 64
"""After so much blank space behind the first bracket it is held until it is whole."""

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Scan:
    """Follows JSON text piece by piece: is it inside a string, how deep, is the value whole."""

    __slots__ = ("closers", "complete", "escaped", "in_string")

    def __init__(self, in_string: bool = False, escaped: bool = False) -> None:
        self.closers = bytearray()  # not a list: a megabyte of brackets is eight of places
        self.in_string, self.escaped = in_string, escaped
        self.complete = False

    def feed(self, chunk: str) -> int:
        """Take the next chunk; returns where in it the value ended, -1 if it did not."""
        position, end = 0, -1
        if self.escaped and chunk:
            self.escaped = False
            position = 1
        for mark in _MARKS.finditer(chunk, position):
            if mark.start() < position:
                continue
            letter = mark[0]
            if letter == "\\":
                if self.in_string:
                    position = mark.start() + 2
                    self.escaped = position > len(chunk)
            elif letter == '"':
                self.in_string = not self.in_string
            elif self.in_string:
                continue
            elif letter in "{[":
                self.closers += b"}" if letter == "{" else b"]"
            elif self.closers:
                self.closers.pop()
                if not self.closers and not self.complete:
                    self.complete, end = True, mark.end()
        return end

    def ending(self) -> str:
        """What would close every bracket that is open."""
        return self.closers[::-1].decode()


def parsed(text: str) -> dict[str, object] | None:
    """The object the text is; None when it is none."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def object_text(value: object) -> str:
    """An object as JSON text; what is none is {}: a call without arguments."""
    return msgspec.json.encode(value if isinstance(value, Mapping) else {}).decode()


def mended(text: str, schema: Mapping[str, object] | None = None) -> str:
    """The arguments as JSON text of an object; what parses comes back as it is.

    Args:
        schema: of the tool; a lone value is put under its only sensible property.
    """
    if not text.strip():
        return "{}"
    if parsed(text) is not None:
        return text
    for candidate in _candidates(text) if len(text) <= MOST_MENDED else ():
        if (value := _object(candidate)) is not None:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if text.lstrip().startswith("{"):
        return "{}"  # an object nobody can read: the tool's own check says what is missing
    return json.dumps(_by_schema(text, schema or {}), ensure_ascii=False, separators=(",", ":"))


def retyped(text: str, schema: Mapping[str, object]) -> str:
    """Arguments whose enums were asked for as text, in the kinds of the tool's own schema."""
    value = parsed(text)
    own = with_own_enums(value, schema, schema)
    return text if own == value else object_text(own)


def _candidates(text: str) -> list[str]:
    """The text, and what it may have been meant as, the nearest first."""
    bare = text.strip()
    if fence := _FENCE.match(bare):
        bare = bare[fence.end() :].strip().removesuffix("```").rstrip()
    valid = _STRING.sub(lambda match: _CONTROL.sub(_escape, match[0]), bare)
    pruned = _TRAILING_COMMA.sub(r"\1", valid)
    candidates = [bare, valid, pruned]
    if bare.startswith("{}"):
        candidates += [bare[2:], valid[2:]]
    scan = Scan()
    scan.feed(pruned)
    if (
        scan.closers and not scan.in_string
    ):  # a string that was cut stays cut: half a file must not be written
        candidates.append(_TRAILING_COMMA.sub(r"\1", pruned + scan.ending()))
    start, end = pruned.find("{"), pruned.rfind("}")
    if 0 <= start < end:
        candidates.append(pruned[start : end + 1])
    return candidates


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}"


def _object(text: str) -> dict[str, object] | None:
    """The object of a text that may be JSON, JSON in a JSON string, several objects, or a Python literal."""
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
        if isinstance(value, str):
            value, end = json.JSONDecoder(strict=False).raw_decode(value)[0], len(text)
        if isinstance(value, dict):
            rest = text[end:].strip()
            if not rest or rest == text[:end].strip():
                return value
            if not value:
                return _object(rest)
            if set(rest) <= set("}]`"):
                return value
            return None
    except (ValueError, RecursionError):
        pass
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else None


def _by_schema(text: str, schema: Mapping[str, object]) -> dict[str, object]:
    """A lone value under the property that was meant: the only required one, else the first."""
    properties = object_in(schema, "properties")
    required_names = [name for name in texts_in(schema, "required") if name in properties]
    name = required_names[0] if len(required_names) == 1 else next(iter(properties), None)
    if name is None:
        return {}
    value: object = text
    try:
        decoded = json.loads(text)
        schema_of_value = properties[name]
        kind = schema_of_value.get("type") if isinstance(schema_of_value, Mapping) else None
        if kind != "string" or isinstance(decoded, str):
            value = decoded
    except (ValueError, RecursionError):
        pass
    return {name: value}


class ArgumentStream:
    """Arguments on their way to a client: passed on while they are sound JSON, else held until whole.

    Holds nothing of a sound call but a comma or a last brace that may have to go.
    """

    def __init__(self, schema: Mapping[str, object] | None = None, *, enums: bool = False) -> None:
        """Args:
        enums: those of the schema were asked for as text; held until whole, then as the schema has them.
        """
        self._schema, self._enums = schema, enums
        self._scan = Scan()
        self._whole = GrowingText()
        self._passed_on = GrowingText()
        self._pending = ""
        self._way = "hold" if enums else ""
        """"" undecided, "pass", "hold", "over" (whole: what follows is no part of it)."""

    def feed(self, chunk: str) -> str:
        """What may be passed on with this chunk."""
        if not len(self._whole):
            chunk = chunk.lstrip()
        self._whole.add(chunk)
        if self._way == "":
            chunk = str(self._whole)
            begin = chunk[1:].lstrip()
            if not begin and len(chunk) < MOST_UNDECIDED:
                return ""
            self._way = "pass" if chunk[0] == "{" and begin[:1] in ('"', "}") else "hold"
        if self._way == "over" and chunk.strip() and self._is_brace_with(""):
            self._start_again(chunk)  # {} came first, the true object behind it
        if self._way != "pass":
            return ""
        inside, is_escaped = self._scan.in_string, self._scan.escaped
        end = self._scan.feed(chunk)
        chunk, rest = (chunk, "") if end < 0 else (chunk[:end], chunk[end:])
        if _ODD.search(chunk):
            chunk = _sound(chunk, inside, is_escaped)
        if self._pending:
            begin = chunk.lstrip()
            if not begin:
                return ""
            chunk, self._pending = (chunk if begin[0] in "}]" else f",{chunk}"), ""
        if end >= 0:
            chunk, self._pending, self._way = chunk[:-1], "}", "over"
            if rest.strip() and self._is_brace_with(chunk):
                self._start_again(rest)
                return ""
        elif not self._scan.in_string and chunk.rstrip().endswith(","):
            chunk, self._pending = chunk.rstrip()[:-1], ","
        if chunk:
            self._passed_on.add(chunk)
        return chunk

    def _is_brace_with(self, chunk: str) -> bool:
        """What was passed on, with that chunk, is a brace alone."""
        return len(self._passed_on) <= MOST_UNDECIDED and f"{self._passed_on}{chunk}".strip() == "{"

    def _start_again(self, chunk: str) -> None:
        self._whole, self._way, self._pending = GrowingText(chunk), "hold", ""

    def finish(self) -> str:
        """The rest, when the call is whole."""
        if self._way == "over":
            return self._pending
        text = str(self._passed_on)
        whole = mended(str(self._whole), self._schema)
        if self._enums:
            return retyped(whole, self._schema or {})
        if whole.startswith(text):
            return whole[len(text) :]
        ending = self._scan.ending()
        return ending if not self._scan.in_string and parsed(text + ending) is not None else ""


_ODD = re.compile(r"[\x00-\x1f]|,\s*[}\]]")
"""Raw control characters, which no string may hold, and commas behind the last entry."""

_UNSOUND = re.compile(r"[\x00-\x1f,]")
_CLOSER = re.compile(r"\s*[}\]]")


def _sound(chunk: str, inside: bool, escaped: bool) -> str:
    """The chunk with control characters of strings escaped, and without commas behind the last entry."""
    out, scan = [], Scan(inside, escaped)
    begin = 0
    for mark in _UNSOUND.finditer(chunk):
        scan.feed(chunk[begin : mark.start()])
        out.append(chunk[begin : mark.start()])
        begin, letter = mark.end(), mark[0]
        if scan.in_string and letter < " ":
            out.append(_ESCAPES.get(letter) or f"\\u{ord(letter):04x}")
        elif scan.in_string or letter != "," or not _CLOSER.match(chunk, begin):
            out.append(letter)
        scan.feed(letter)
    return "".join([*out, chunk[begin:]])


def plain_input(arguments: str) -> str:
    """The text inside the one-string object that stands for a custom tool's input."""
    value = parsed(arguments)
    if value is None:
        value = parsed(mended(arguments)) or {}
    text = value.get("input")
    if isinstance(text, str):
        return text
    return next((item for item in value.values() if isinstance(item, str)), arguments if not value else "")
