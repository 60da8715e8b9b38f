"""YAML of people's files, read as plain data within bounds: no text can cost more than it says.

Aliases, anchors and tags are off (488 bytes of aliases can stand for gigabytes), depth, values and numbers
are bounded, a key stands once. PyYAML is imported when something is parsed.
Invariant: no value of the file is repeated in a message, because a key may have been pasted there.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable, Iterator

from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (  # Any: PyYAML's C and Python loaders and their events, and what YAML holds
        Any,
        NoReturn,
    )

    from yaml.nodes import Node

MAX_DEPTH = 20
"""No setting nests like that."""

MAX_NUMBER = 10**15
"""Every whole number up to here is exact in JSON and in SQLite."""

MAX_DIGITS = 32
"""Characters of a number; Python itself refuses to convert 4300 digits, and nobody means a hundred."""


@record
class Bounds:
    """How much one file may hold."""

    values: int
    """Mappings, lists, keys and values together."""
    depth: int = MAX_DEPTH


class BadYaml(Exception):  # noqa: N818 - read as a sentence: raise BadYaml(...)
    """What is wrong, and where: line and column from 1, None = not known."""

    def __init__(self, why: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(why)
        self.why, self.line, self.column = why, line, column


@record
class ParsedYaml:
    """Plain data, and the line (from 1) where each key of the outermost mapping stands."""

    data: Any
    lines: dict[str, int]


def parse(text: str, bounds: Bounds) -> ParsedYaml:
    """The one document in `text`. Raises BadYaml."""
    import yaml

    _refuse_unseen_lines(text)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with _mistakes(text):
        reader = _Reader(loader(text), bounds)
        try:
            return reader.document()
        finally:
            reader.loader.dispose()


def compose(text: str, bounds: Bounds) -> Node | None:
    """The one document in `text` as nodes, which know their place. Raises BadYaml."""
    import yaml

    _refuse_unseen_lines(text)
    check(text, bounds)
    with _mistakes(text):
        return yaml.compose(text, Loader=yaml.SafeLoader)


def _refuse_unseen_lines(text: str) -> None:
    """What begins a line to PyYAML and to no editor: a setting could stand in what looks like a comment."""
    if not text.isascii() and (match := re.search("[\x85\u2028\u2029]", text)):
        before = text[: match.start()]
        column = match.start() - before.rfind("\n")
        raise BadYaml("a line end that editors do not show", before.count("\n") + 1, column)


@contextlib.contextmanager
def _mistakes(text: str) -> Iterator[None]:
    """PyYAML's errors as BadYaml."""
    import yaml

    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (None, None) if mark is None else (mark.line + 1, mark.column + 1)
        raise BadYaml(_problem(error.problem or error.context or "is not YAML"), line, column) from error
    except yaml.YAMLError as error:  # a character YAML forbids: no mark, its position in the text
        line, column = place_of_control(text)
        raise BadYaml("a character that YAML does not allow", line, column) from error
    except RecursionError as error:
        raise BadYaml("is nested too deeply") from error


def check(text: str, bounds: Bounds) -> None:
    """Refuse a text that leaves the bounds, before anything builds objects from it. Raises BadYaml.

    Mistakes of syntax, numbers and keys are left to whoever parses it: that one knows more words for them.
    """
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events: Iterable[Any] = yaml.parse(text, Loader=loader)
    depth = values = 0
    try:
        for event in events:
            values += isinstance(event, yaml.NodeEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            why = _out_of_bounds(yaml, event, bounds, values, depth)
            if why:
                raise BadYaml(why, event.start_mark.line + 1, event.start_mark.column + 1)
    except yaml.YAMLError:
        return


def place_of_control(text: str) -> tuple[int | None, int | None]:
    """Line and column of the first character that no YAML may hold."""
    import yaml

    match = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if match is None:
        return None, None
    before = text[: match.start()]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


class _Reader:
    """Walks the parser's events, which come one by one: a bound is met before what lies beyond is read."""

    def __init__(self, loader: Any, bounds: Bounds) -> None:
        import yaml

        self.loader, self._bounds = loader, bounds
        self._yaml = yaml
        self._values = 0
        self._lines: dict[str, int] = {}

    def document(self) -> ParsedYaml:
        yaml = self._yaml
        self.loader.get_event()
        if self.loader.check_event(yaml.StreamEndEvent):
            return ParsedYaml(data=None, lines={})
        self.loader.get_event()
        data = self._value(self.loader.get_event(), 0)
        self.loader.get_event()
        if not self.loader.check_event(yaml.StreamEndEvent):
            self._fail(self.loader.get_event(), "a second document begins here")
        return ParsedYaml(data=data, lines=self._lines)

    def _value(self, event: Any, depth: int) -> Any:
        yaml = self._yaml
        self._values += 1
        if why := _out_of_bounds(yaml, event, self._bounds, self._values, depth):
            self._fail(event, why)
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := self.loader.get_event(), yaml.SequenceEndEvent):
                items.append(self._value(event, depth + 1))
            return items
        return self._mapping(depth)

    def _mapping(self, depth: int) -> dict[str, Any]:
        yaml = self._yaml
        content: dict[str, Any] = {}
        while not isinstance(event := self.loader.get_event(), yaml.MappingEndEvent):
            key_event = event
            if not isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
                self._fail(event, "a key is one word")
            self._value(event, depth + 1)
            key = event.value
            if key in content:
                self._fail(key_event, "a key stands here a second time")
            content[key] = self._value(self.loader.get_event(), depth + 1)
            if depth == 0:
                self._lines[key] = key_event.start_mark.line + 1
        return content

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            self._fail(event, "half of a surrogate pair is no text")
        if not event.implicit[0]:
            return text
        kind = self.loader.resolve(self._yaml.ScalarNode, text, (True, False)).rpartition(":")[2]
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in ("true", "yes", "on")
        if kind not in ("int", "float"):
            return text
        number = _number(self.loader, self._yaml, kind, text) if len(text) <= MAX_DIGITS else math.inf
        if not -MAX_NUMBER <= number <= MAX_NUMBER:
            self._fail(event, "a number that large, or none at all, is no setting")
        return number

    def _fail(self, event: Any, why: str) -> NoReturn:
        mark = event.start_mark
        raise BadYaml(why, mark.line + 1, mark.column + 1)


def _out_of_bounds(yaml: Any, event: Any, bounds: Bounds, values: int, depth: int) -> str:
    """Why reading ends at this event; "" when it goes on."""
    if isinstance(event, yaml.AliasEvent):
        return "aliases (*name) are not read"
    if getattr(event, "anchor", None) is not None:
        return "anchors (&name) are not read"
    if getattr(event, "tag", None) is not None:
        return "tags (!name) are not read"
    if values > bounds.values:
        return f"holds more than {bounds.values} values"
    return "is nested too deeply" if depth > bounds.depth else ""


def _number(loader: Any, yaml: Any, kind: str, text: str) -> float:
    """YAML's 0x10, 1_000 and 1:30 are numbers too; what cannot be converted is NaN."""
    build = loader.construct_yaml_int if kind == "int" else loader.construct_yaml_float
    try:
        number: float = build(yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", text))
    except (ValueError, OverflowError):
        return math.nan
    return number


def _problem(why: str) -> str:
    """PyYAML's problem without the words of the file it quotes; its own '<stream end>' stays."""
    if "'\\t'" in why:
        return "a tab stands where YAML wants spaces"
    return re.sub(
        r"'[^']*'", lambda match: match[0] if match[0][1] == "<" or len(match[0]) < 4 else "a word", why
    )
