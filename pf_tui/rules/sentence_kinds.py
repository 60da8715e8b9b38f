"""What a sentence speaks of, where the table knows none of its phrases: a thing and what is wrong with it.

"Your team has consumed its monthly allocation" is a cap and that it is spent, whoever says it. Asked only of
answers that no entry fits, and only within what their status leaves open. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from pf_tui.catalog.meanings import Meaning

LONGEST = 400
"""Characters of a sentence; a longer text speaks of many things."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MONEY = _words(
    "credit credits balance funds wallet billing bill invoice invoices payment unpaid paid prepaid trial"
    " budget money"
    " subscription"
)
_CAP = _words("quota quotas allotment allocation allowance")
_LIMIT = _words("limit limits cap usage limited messages requests tokens token ceiling threshold maxed")
_OF_A_PLAN = _words(
    "plan tier subscription free team billing upgrade included day daily today"
    " week weekly month monthly friday period"
)
_SPENT = _words(
    "exhausted used gone depleted consumed spent hit reached exceeded exceeds exceed expired negative"
    " overdue unpaid out left end ended over insufficient sufficient low enough empty zero declined burned"
    " burnt remain remains remaining closed paused top 0 00 outstanding more"
    " disabled lapsed met"
)
_TOO_OFTEN = _words("many high slow quickly fast")
_BRIEF = _words("second seconds minute rps qps rpm tpm throughput burst concurrent concurrency parallel rate")
_MODEL = _words("model models engine deployment")
_ABSENT = _words(
    "not no invalid unknown unrecognized unrecognised retired unavailable denied disabled isn doesn"
    " cannot can only entitled such removed gone missing deprecated find couldn shut closed permissions"
    " preview restricted limited"
    " needs"
)
_OF_ANSWERS = _words("output response answer json parse parsed parsing")
_SIZED = _words(
    "context n_ctx ctx prompt input inputs tokens conversation request message messages sequence token"
)
_TOO_LARGE = _words(
    "exceeds exceed exceeded exceeding long longer large larger overflow overflows maximum limit big"
    " bigger beyond less fewer above max more"
    " fit"
)
_KEY = _words(
    "key apikey credential credentials authentication authorization bearer signature login token jwt oauth"
)
_BAD = _words(
    "invalid expired missing required provided unknown revoked wrong not must malformed incorrect"
    " unrecognized rejected bad deleted didn provide"
)
_WHO = _words("account org organization organisation user workspace access terms project tenant")
_PLACE = _words("ip vpn country countries jurisdiction region territory sanctioned")
_CLOSED = _words(
    "suspended locked banned blocked restricted deactivated disabled flagged unavailable accepted"
    " disallowed review frozen closed terminated prohibited unsupported verification unverified"
)
_KEPT_OUT = _CLOSED | _words("not don no denied detected sanctioned outside")
_FEATURE = _words(
    "field fields argument arguments parameter parameters property properties role image images picture"
    " pictures audio vision streaming stream tool tools function functions beta caching cache thinking"
    " reasoning effort schema format temperature logprobs seed prefill pdf document documents option"
    " options keyword developer stop sequences calling mode"
    " structured"
)
_NOT_TAKEN = _words(
    "supported support supports accept accepts allowed unsupported unexpected unknown extra unrecognized"
    " permitted available enabled cannot unavailable"
    " accepted"
)
_FIELD_NAME = r"\b(?!api_|x_)[a-z]{2,20}_[a-z_]{2,30}\b"
_TEXT_ALONE = ("only text", "text only", "text content only")
_CONTENT = _words("content prompt message messages request input")
_IMPROPER = _words("prohibited harmful unsafe disallowed inappropriate toxic violence sexual harm")
_OUTPUT = (" max tokens ", " max completion tokens ", " max output tokens ", " greater than 0 ")
_PERIODS = (("day", _words("day daily today")), ("month", _words("month monthly")))


def meaning_of(status: int, folded_text: str, text: str) -> Meaning | None:
    """The meaning of a sentence that the table does not know; None where it speaks of nothing known.

    Args:
        folded_text: the sentences as the table compares them.
        text: as they came, in which a field's name has its underscore.
    """
    if len(folded_text) > LONGEST:
        return None
    words = frozenset(folded_text.split())
    kind = _kind(status, words, folded_text, text)
    return None if kind is None else _meaning(kind, words)


def _kind(status: int, words: AbstractSet[str], folded_text: str, text: str) -> str | None:
    """The class; each status leaves some open."""
    improper = (words & _IMPROPER and words & _CONTENT) or words >= {"content", "blocked"}
    if status in (400, 403, 422, 451) and improper and not words & {"ip", "address"}:
        return "request"
    if status in (400, 404, 422, 501) and _is_of_a_feature(words, folded_text, text):
        return "unsupported"
    if status in (400, 413, 422, 500) and _is_too_long(words, folded_text):
        return "context"
    if status == 402 or (status in (400, 401, 403, 429) and _is_spent(words)):
        return "quota"
    if status in (400, 403, 500, 503) and words & _BRIEF and words & (_SPENT | _TOO_OFTEN):
        return "rate"
    if status in (400, 403, 404, 422) and words & _MODEL and words & _ABSENT and not words & _OF_ANSWERS:
        return "model"
    if status in (400, 401, 403) and _is_kept_out(words):
        return "account"
    if status == 400 and words & _KEY and words & _BAD and "json" not in words:
        return "auth"
    return None


def _is_of_a_feature(words: AbstractSet[str], folded_text: str, text: str) -> bool:
    """A field, or what a request may hold, that is not taken."""
    if any(phrase in folded_text for phrase in _TEXT_ALONE):
        return True
    refused = words & _NOT_TAKEN or " can t " in folded_text
    if not refused or words & _KEY - {"token"}:
        return False
    return bool(words & _FEATURE) or re.search(_FIELD_NAME, text) is not None


def _is_kept_out(words: AbstractSet[str]) -> bool:
    """The account is closed, or the place is not served."""
    closed = words & _WHO and words & _CLOSED and not words & _CONTENT
    return bool(closed or (words & _PLACE and words & _KEPT_OUT))


def _is_too_long(words: AbstractSet[str], folded_text: str) -> bool:
    size_words = words & _SIZED
    enough = bool(size_words - {"request", "message", "messages"}) or bool(words & {"long", "longer"})
    return bool(size_words and words & _TOO_LARGE and enough) and not any(
        phrase in folded_text for phrase in _OUTPUT
    )


def _is_spent(words: AbstractSet[str]) -> bool:
    """Money, or what a plan allows, is used up; what is counted by the second or minute is a rate."""
    a_period = any(words & names for _, names in _PERIODS) or "week" in words
    spent = bool(words & _SPENT) or "no" in words or ("many" in words and a_period)
    if not spent or words & (_BRIEF - {"rate"} | {"thinking"}):
        return False
    return bool(words & _MONEY or words & _CAP or (words & _LIMIT and words & _OF_A_PLAN))


def _meaning(kind: str, words: AbstractSet[str]) -> Meaning:
    if kind != "quota":
        return Meaning(id="", kind=kind)
    ends = next((period for period, names in _PERIODS if words & names), "named")
    if ends == "named" and words & _MONEY:
        ends = "cleared"
    return Meaning(id="", kind=kind, ends=ends)
