"""What providers' error answers mean: the table of catalog/answers.yaml as an index that finds its entry.

Matching is by whole words on folded text, never by regular expression: no body can make it slow.
Invariant: the first entry of the table that fits wins, so specific entries stand above general ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: the table as YAML has it, checked by `compiling`

    from pf_tui.catalog.entries import MeaningEntry, MeaningIndex
    from pf_tui.vocabulary import FailureKind, MeaningScope, WindowName

MOST_ANSWERS = 256
"""Answers whose meaning is kept in memory."""

GAP = 160
"""Characters of folded text that "…" in a phrase may stand for."""

_FOLD = {code: " " for code in range(128) if not chr(code).isalnum()} | {
    ord(mark): " " for mark in "’‘“”«»·•–—…。，：；（）、！？،؛؟।\u00a0"
}


_MARKS = "’·“”—…"
"""Signs of English sentences."""

_ASCII_FOLD = bytes(
    ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256)
)

KEYS = frozenset(("words", "codes", "status", "headers", "unless"))
"""How an entry is recognised; the other keys are the fields of a Meaning."""


@record
class Meaning:
    """What follows from an answer: an entry of the table."""

    id: str
    kind: FailureKind
    scope: MeaningScope | None = None
    """None = the class's own."""
    ends: str = "named"
    """named: retry-after or a reset in the answer, else the class's rest · day, week, month: its end
    · cleared: a new credential, a probe or a person · a number of seconds."""
    window: WindowName | None = None
    """The limit window it is about."""
    zone: str | None = None
    """Time zone of a reset without one."""
    repair: str | None = None
    """thinking | field | beta: what to leave out before asking the same provider once more."""


class Meanings:
    """The table, indexed by words and codes."""

    def __init__(self, meaning_index: MeaningIndex) -> None:
        """Args: meaning_index: what `index` made of the table."""
        self._entries = meaning_index["entries"]
        self._by_code = meaning_index["codes"]
        self._by_word = meaning_index["words"]
        self._wide = meaning_index["wide"]
        self._by_header = meaning_index["headers"]
        self._anchors = frozenset(self._by_word)
        self._header_names = sorted({name for entry in self._entries for name in entry.get("headers", ())})
        self._by_index: dict[int, Meaning] = {}
        self._memo: dict[object, Meaning | None] = {}
        """What was read of late: a storm repeats one answer."""

    def find(
        self,
        *,
        status: int | None,
        headers: Mapping[str, str],
        codes: Collection[str],
        text: str,
    ) -> Meaning | None:
        """The first entry that fits; None when the table does not know the answer.

        Args:
            headers: names in lower case.
            codes: folded values of the body's code-like fields.
            text: the body's sentences, folded.
        """
        header_values = tuple(headers.get(name) for name in self._header_names) if headers else ()
        key = (status, frozenset(codes), text, header_values)
        if key in self._memo:
            return self._memo[key]
        if len(self._memo) >= MOST_ANSWERS:
            self._memo.clear()
        meaning = self._memo[key] = self._find(status, headers, codes, text)
        return meaning

    def _find(
        self, status: int | None, headers: Mapping[str, str], codes: Collection[str], text: str
    ) -> Meaning | None:
        indexes: set[int] = set(self._by_header)
        numbered: set[int] = set()
        for code in codes:
            (numbered if code.strip().isdecimal() else indexes).update(self._by_code.get(code, ()))
        phrases: dict[int, list[list[str]]] = {}
        for word in self._anchors.intersection(text.split()):
            for index, parts in self._by_word[word]:
                if parts[0] not in text:  # hardly any is
                    continue
                if len(parts) == 1:
                    indexes.add(index)
                else:
                    phrases.setdefault(index, []).append(parts)
        if not text.isascii():
            for index, parts in self._wide:
                if parts[0] in text:
                    phrases.setdefault(index, []).append(parts)
        places_in_order = [(index, index in indexes) for index in sorted(indexes.union(phrases))]
        if numbered:  # vendors number their errors alike: 1300 is one's filter and another's rate limit
            places_in_order += [(index, True) for index in sorted(numbered)]
        for index, fits in places_in_order:
            entry = self._entries[index]
            if "status" in entry and status not in entry["status"]:
                continue
            if "headers" in entry and not _has(headers, entry["headers"]):
                continue
            if not fits and not any(_holds(text, parts) for parts in phrases[index]):
                continue
            if "unless" in entry and any(_holds(text, parts) for parts in entry["unless"]):
                continue
            meaning = self._by_index.get(index)
            if meaning is None:
                meaning = self._by_index[index] = _meaning(entry)
            return meaning
        return None


def index(entries: Iterable[dict[str, Any]]) -> MeaningIndex:
    """The table of catalog/answers.yaml as plain data that `find` needs no work to use."""
    entry_list = list(entries)
    common = _frequency(phrase for entry in entry_list for phrase in entry.get("words", ()))
    meaning_index: MeaningIndex = {"entries": [], "codes": {}, "words": {}, "wide": [], "headers": []}
    for number, entry in enumerate(entry_list):
        for code in entry.get("codes", ()):
            meaning_index["codes"].setdefault(fold(code), []).append(number)
        for phrase in entry.get("words", ()):
            parts = _parts(phrase)
            anchor = _anchor(parts, common)
            matching = (
                meaning_index["wide"] if anchor is None else meaning_index["words"].setdefault(anchor, [])
            )
            matching.append((number, list(parts)))
        if "headers" in entry and not entry.get("words") and not entry.get("codes"):
            meaning_index["headers"].append(number)
        plain: dict[str, Any] = {key: value for key, value in entry.items() if key not in ("words", "codes")}
        if "unless" in entry:
            plain["unless"] = [list(_parts(phrase)) for phrase in entry["unless"]]
        meaning_index["entries"].append(plain)  # type: ignore[arg-type] # its keys were checked before
    return meaning_index


def fold(text: str) -> str:
    """Lower case, every sign a space: "Rate_limit-exceeded!" -> " rate limit exceeded "."""
    if not text.isascii():
        for mark in _MARKS:
            text = text.replace(mark, " ")
    if text.isascii():  # ten times as fast
        return f" {b' '.join(text.encode().translate(_ASCII_FOLD).split()).decode()} "
    return f" {' '.join(text.lower().translate(_FOLD).split())} "


_CONDITIONS = ("status", "headers", "unless")


def _meaning(entry: MeaningEntry) -> Meaning:
    fields: dict[str, Any] = {key: value for key, value in entry.items() if key not in _CONDITIONS}
    return Meaning(**fields)


def _parts(phrase: str) -> tuple[str, ...]:
    """The folded pieces between gaps; the last one is open when the phrase ends in "*"."""
    parts = [fold(part) for part in phrase.split("…")]
    if phrase.rstrip().endswith("*"):
        parts[-1] = parts[-1].rstrip()
    if not phrase.isascii():
        parts = [part.strip() for part in parts]
    return tuple(parts)


def _whole_words(parts: tuple[str, ...]) -> list[str]:
    words = [word for part in parts for word in part.split()]
    return words if not parts or parts[-1].endswith(" ") else words[:-1]


def _frequency(phrases: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for phrase in phrases:
        for word in _whole_words(_parts(phrase)):
            counts[word] = counts.get(word, 0) + 1
    return counts


def _anchor(parts: tuple[str, ...], common: Mapping[str, int]) -> str | None:
    """The rarest complete word, by which a phrase is looked up; None for scripts without spaces."""
    words = _whole_words(parts)
    if not words or not all(word.isascii() for word in words):
        return None
    return min(words, key=lambda word: (common[word], -len(word)))


def _holds(text: str, parts: Sequence[str]) -> bool:
    """True when the pieces follow each other, each within GAP of the one before."""
    first, *rest = parts
    start = text.find(first)
    for _ in range(8):  # a repeated first piece must not make this quadratic
        if start < 0:
            return False
        end, fits = start + len(first), True
        for part in rest:
            position = text.find(part, end - 1, end + GAP + len(part))
            if position < 0:
                fits = False
                break
            end = position + len(part)
        if fits:
            return True
        start = text.find(first, start + 1)
    return False


def _has(headers: Mapping[str, str], codes: Mapping[str, str]) -> bool:
    return all(name in headers and value in headers[name].lower() for name, value in codes.items())
