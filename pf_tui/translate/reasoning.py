"""Whose reasoning is whose: marks on what we hand to a client, and what a vendor wants back by call id.

Invariant: reasoning never goes to a vendor that did not make it.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from msgspec import Struct

MARK = "pf-tui:"
"""Begins the signature of a thinking block, or the encrypted content of a reasoning item, that we wrote."""

ANTHROPIC = "anthropic"
"""Maker of what Claude signs, on whichever cloud: one host takes what another signed.
Source: "Extended thinking", Claude docs (signatures are compatible across platforms)."""

_ANTHROPIC_SIGNATURE = re.compile(r"E[g-v][A-Za-z0-9+/]+=*")
_OPENAI_SIGNATURE = re.compile(r"gAAAA[A-Za-z0-9_=-]+")


def marked(maker: str, signature: str, item_id: str = "") -> str:
    """The signature as it is handed to a client of another protocol."""
    return f"{MARK}{maker}:{item_id}:{signature}"


def read_mark(signature: str) -> tuple[str, str, str]:
    """(maker, the vendor's own signature, item id) of a signature that a client sent back.

    Without our mark the form tells the maker: Claude's signatures are protobuf, OpenAI's Fernet; else "".
    """
    if signature.startswith(MARK):
        maker, _, rest = signature[len(MARK) :].partition(":")
        item_id, _, own = rest.partition(":")
        return maker, own, item_id
    if _ANTHROPIC_SIGNATURE.fullmatch(signature):
        return ANTHROPIC, signature, ""
    if _OPENAI_SIGNATURE.fullmatch(signature):
        return "openai", signature, ""
    return "", signature, ""


class Thought(Struct, frozen=True):
    """What came with a call and must go back with it."""

    text: str = ""
    signature: str = ""


class ReasoningStore:
    """Reasoning by vendor and call id, the latest ones. Bounded by number and by size.

    Args:
        most: calls that are remembered.
        most_characters: of reasoning text in all.
    """

    def __init__(self, most: int = 4096, most_characters: int = 16_000_000) -> None:
        self._most, self._most_characters = most, most_characters
        self._thoughts: OrderedDict[tuple[str, str], Thought] = OrderedDict()
        self._characters = 0

    def keep(self, maker: str, call_id: str, text: str = "", signature: str = "") -> None:
        """Remember what came with a call."""
        if not text and not signature:
            return
        key = (maker, call_id)
        if (old := self._thoughts.pop(key, None)) is not None:
            self._characters -= len(old.text) + len(old.signature)
        self._thoughts[key] = Thought(text, signature)
        self._characters += len(text) + len(signature)
        while len(self._thoughts) > self._most or (
            self._characters > self._most_characters and self._thoughts
        ):
            _, oldest = self._thoughts.popitem(last=False)
            self._characters -= len(oldest.text) + len(oldest.signature)

    def find(self, maker: str, call_id: str) -> Thought | None:
        """What came with that call from that vendor."""
        thought = self._thoughts.get((maker, call_id))
        if thought is not None:
            self._thoughts.move_to_end((maker, call_id))
        return thought

    def __len__(self) -> int:
        return len(self._thoughts)
