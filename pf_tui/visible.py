"""Text that is not ours, on its way to a terminal: what a terminal would obey or hide is made visible.

Project, model and session names, error texts, paths and branches come from repositories, logs and upstreams.
Control characters are shown as `^[`, other invisible ones as `\\u202e`, as GitHub's CLI does; a newline is
one of them, so no foreign word can begin a line of its own. JSON stays the same
document: its own escapes stand for them.
Standard library alone: hooks and the first paint come through here.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_HIDDEN = (
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2"  # prepended marks
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line separators, bidi, invisible operators
    "\u3164\ufeff\uffa0\ufff0-\uffff\ufdd0-\ufdef"  # fillers, byte order mark, annotations, non-characters
    "\ufe00-\ufe0d\U00013430-\U0001345f\U000110bd\U000110cd"  # variation selectors, format controls
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"  # shorthand, music, tags
    "\ud800-\udfff"  # half of a pair
    "]"
    "|(?<![©®\u203c-\u3299\U0001f000-\U0001faff])[\ufe0e\ufe0f]"  # a look that belongs to no picture
)
"""Compiled when a text asks for it: a millisecond that hardly a hook needs."""

MOST_MARKS = 8
"""Over and under one letter: Tibetan and Hebrew need up to six; thousands fill a screen from one cell."""

_FOREIGN_RUN = f"[^\x00-\u02ff]{{{MOST_MARKS + 1},}}"
"""Where so many marks may follow one another; the letters from U+0300 on by name take 15 ms to compile."""


def visible(text: str, *, keep: str = "") -> str:
    """The text as one line that a terminal can only show.

    Args:
        keep: control characters that are layout of our own, "\\n" for text of several lines.
    """
    without_layout = text
    for char in keep:
        without_layout = without_layout.replace(char, "")
    if _is_plain(without_layout):
        return text
    line = re.sub(_HIDDEN, lambda match: match[0] if match[0] in keep else _named(match[0]), text)
    return _unstacked(line, _named)


def _unstacked(text: str, name: Callable[[str], str]) -> str:
    """The same with the marks over and under one letter that no script needs as their names."""
    if sum(map("\u0300".__le__, text)) <= MOST_MARKS:  # of most texts
        return text
    return re.sub(_FOREIGN_RUN, lambda match: _with_few_marks(match[0], name), text)


def _with_few_marks(text: str, name: Callable[[str], str]) -> str:
    from unicodedata import category  # few texts have so many letters of other scripts in a row

    height, parts = 0, []
    for char in text:
        height = height + 1 if category(char) in ("Mn", "Me") else 0
        parts.append(name(char) if height > MOST_MARKS else char)
    return "".join(parts)


def escaped(document: str) -> str:
    """JSON with hidden characters as its own escapes: the same document, and nothing a terminal obeys.

    Args:
        document: as `json.dumps` writes it; its line ends are layout.
    """
    if _is_plain(document.replace("\n", "")):
        return document
    text = re.sub(_HIDDEN, lambda match: match[0] if match[0] == "\n" else _escape(match[0]), document)
    return _unstacked(text, _escape)


def _is_plain(text: str) -> bool:
    """Latin letters, and the marks that our own lines are made of."""
    if not text.isprintable():
        return False
    return text.isascii() or all(char < "\u0300" or "\u2010" <= char < "\u2fff" for char in text)


def _escape(char: str) -> str:
    return "".join(
        f"\\u{unit:04x}"
        for unit in memoryview(char.encode("utf-16-le", "surrogatepass")).cast("H")  # halves of a pair
    )


def _named(char: str) -> str:
    code = ord(char)
    if code < 0x20 or code == 0x7F:
        return f"^{chr(code ^ 0x40)}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
