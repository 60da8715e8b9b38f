"""Names of tools and ids of calls in the form a vendor takes. Stateless: the same name gives the same form.

A call and its result carry one id, so a shortened id fits both; a shortened tool name is found again by
the table the request was written with.
"""

from __future__ import annotations

import re
from hashlib import sha256

from msgspec import Struct

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
_ALNUM = re.compile(r"[^a-zA-Z0-9]")

NAME_MOST = 64
"""Longest tool name that OpenAI's protocols take."""


class ToolName(Struct, frozen=True):
    """What the client calls a tool that goes by another name upstream."""

    name: str
    namespace: str | None = None
    custom: bool = False


def digest(text: str, letters: int) -> str:
    """A short name made of `text`, of digits and lower-case letters."""
    number = int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest(), "big")
    code = ""
    for _ in range(letters):
        number, digit = divmod(number, 36)
        code += _BASE36[digit]
    return code


def flat(name: str, namespace: str | None) -> str:
    """A name and its namespace as one word."""
    return f"{namespace}__{name}" if namespace else name


def tool_name(name: str, most: int = NAME_MOST, extra: str = "", letter_first: bool = False) -> str:
    """The name in letters, digits, `_` and `-` (and `extra`), not longer than `most`.

    A name that had to change ends in a hash of itself, so that two of them never meet.
    """
    bad = re.compile(f"[^a-zA-Z0-9_{re.escape(extra)}-]") if extra else _FOREIGN
    clean = bad.sub("_", name) or "tool"
    if letter_first and not (clean[0].isalpha() or clean[0] == "_"):
        clean = f"_{clean}"
    if clean == name and len(clean) <= most:
        return name
    return f"{clean[: most - 7]}_{digest(name, 6)}"


def call_id(raw_id: str, rule: str) -> str:
    """The id as `rule` wants it.

    Args:
        rule: "any", "word-N" (letters, digits, `_`, `-`, at most N) or "alnum-N" (exactly N alphanumerics).
    """
    kind, _, number = rule.partition("-")
    if kind == "any" or not number:
        return raw_id
    length = int(number)
    if kind == "alnum":
        return raw_id if len(raw_id) == length and not _ALNUM.search(raw_id) else digest(raw_id, length)
    clean = _FOREIGN.sub("_", raw_id)
    if clean == raw_id and 0 < len(raw_id) <= length:
        return raw_id
    return f"{clean[: max(0, length - 13)]}_{digest(raw_id, 12)}"[:length]
