"""The nodes of a person's YAML as plain values, each of the kind its key wants.

A mistake is named with its line and column.

Invariant: no value of the file is repeated in a message, because a key may have been pasted there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from pf_tui.errors import StateFileUnusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from yaml.nodes import Node

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""A provider's id."""

_SECRET_KEYS = frozenset(("api_key", "apikey", "key", "token", "secret", "password", "access_token"))
_KINDS = {"map": "a mapping", "seq": "a list", "null": "nothing", "str": "text", "int": "a number",
          "float": "a number", "bool": "true or false"}  # fmt: skip


class NodeReader:
    """Reads the nodes of one file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mapping(self, node: Node, what: str, keys: tuple[str, ...]) -> dict[str, Node]:
        """The values of a mapping by key; each key known and there once."""
        if kind_of(node) == "null":
            return {}
        if kind_of(node) != "map":
            self.wrong(node, f"a mapping for {what}")
        values: dict[str, Node] = {}
        for key, value in node.value:
            name = self.text(key)
            if name in values:
                self.fail(key, f"{_shown(name)} stands here a second time in {what}")
            if name not in keys:
                self._unknown_key(key, name, what, keys)
            values[name] = value
        return values

    def _unknown_key(self, node: Node, name: str, what: str, keys: tuple[str, ...]) -> NoReturn:
        if name.lower().replace("-", "_") in _SECRET_KEYS:
            self.fail(
                node,
                "a key does not belong in this file",
                "name its variable under env, or use `pf-tui auth set PROVIDER`",
            )
        near = get_close_matches(name, keys, n=1, cutoff=0.5)
        hint = f'did you mean "{near[0]}"?' if near else f"it has: {', '.join(keys)}"
        self.fail(node, f"{what} has no setting {_shown(name)}", hint)

    def text(self, node: Node) -> str:
        """Text without blanks around it; a number as it is written."""
        if kind_of(node) in ("int", "float") and node.value:
            return str(node.value)  # a model called 4.5
        if kind_of(node) != "str" or not node.value.strip():
            self.wrong(node, "text")
        return str(node.value).strip()

    def boolean(self, node: Node) -> bool:
        """True or false in any of YAML's words."""
        if kind_of(node) != "bool":
            self.wrong(node, "true or false")
        return str(node.value).lower() in ("true", "yes", "on")

    def integer(self, node: Node) -> int:
        """A whole number above 0."""
        try:
            number = int(str(node.value).replace("_", ""))
        except ValueError:
            self.wrong(node, "a whole number")
        if kind_of(node) != "int" or number <= 0:
            self.wrong(node, "a whole number above 0")
        return number

    def number(self, node: Node) -> float:
        """A finite number, 0 or above."""
        if kind_of(node) not in ("int", "float"):
            self.wrong(node, "a number")
        try:
            number = float(str(node.value).replace("_", ""))
        except ValueError:  # .nan, .inf and YAML's 0x10 and 1:30
            number = float("nan")
        if not 0 <= number < float("inf"):
            self.fail(node, "a price is not negative" if number < 0 else "a price is a plain number")
        return number

    def pairs(self, node: Node, what: str) -> Iterator[tuple[str, Node]]:
        """The entries of a mapping whose keys are the person's own words."""
        if kind_of(node) != "map":
            self.wrong(node, what)
        for key, value in node.value:
            yield self.text(key), value

    def entries(self, node: Node) -> list[Node]:
        """The nodes of a list, or the one that stands alone."""
        return list(node.value) if kind_of(node) == "seq" else [node]

    def scalar(self, node: Node) -> object:
        """Text, a number, true or false."""
        read_scalar = {"bool": self.boolean, "int": self.integer}.get(kind_of(node), self.text)
        return read_scalar(node)

    def names(self, node: Node) -> list[str]:
        """One name or a list of names."""
        nodes = node.value if kind_of(node) == "seq" else [node]
        return list(dict.fromkeys(self.text(entry) for entry in nodes))

    def one_of(self, node: Node, words: tuple[str, ...], what: str) -> str:
        """One of `words`. Args: what: whose value it is, for the message."""
        word = self.text(node)
        if word not in words:
            near = get_close_matches(word, words, n=1, cutoff=0.5)
            self.fail(
                node,
                f"expected one of {', '.join(words)} for {what}",
                f'did you mean "{near[0]}"?' if near else "",
            )
        return word

    def wrong(self, node: Node, expectation: str) -> NoReturn:
        """Raises StateFileUnusable: another kind of value is expected."""
        self.fail(node, f"expected {expectation}, found {_KINDS.get(kind_of(node), 'something else')}")

    def fail(self, node: Node, why: str, hint: str = "") -> NoReturn:
        """Raises StateFileUnusable with the node's line and column."""
        mark = node.start_mark
        raise StateFileUnusable(self.path, why, hint, line=mark.line + 1, column=mark.column + 1)


def _shown(name: str) -> str:
    """A key of the file as a message may repeat it: not when it may be a secret that lost its place."""
    return f'"{name}"' if len(name) <= 24 and ID.fullmatch(name) else "of that name"


def kind_of(node: Node) -> str:
    """The node's kind by YAML's tag: map, seq, str, int, float, bool, null."""
    return str(node.tag).rpartition(":")[2]
