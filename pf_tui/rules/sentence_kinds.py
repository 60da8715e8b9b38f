"""What a sentence speaks of, where the table knows none of its phrases: a thing and what is wrong with it.

"Your team has consumed its monthly allocation" is a cap and that it is spent, whoever says it. Asked only of
answers that no entry fits, and only within what their status leaves open. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from functools import lru_cache

from pf_tui.catalog.meanings import Meaning
from pf_tui.rules.sentence_languages import in_english

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import FailureKind

LONGEST = 400
"""Characters of a sentence; a longer text speaks of many things."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MONEY = _words(
    "credit credits balance funds wallet billing bill invoice invoices payment unpaid paid prepaid trial"
    " budget money spend spending"
    " subscription"
)
_CAP = _words("quota quotas allotment allocation allowance")
_LIMIT = _words(
    "limit limits cap usage limited messages requests tokens token ceiling threshold maxed"
    " interactions points"
)
_OF_A_PLAN = _words(
    "plan tier subscription free team billing upgrade included day daily today admin administrator"
    " week weekly month monthly friday period cycle premium"
)
_SPENT_WORDS = _words(
    "exhausted used gone depleted consumed spent hit reached exceeded exceeds exceed expired negative"
    " overdue unpaid out left end ended over insufficient sufficient low enough empty zero declined burned"
    " burnt remain remains remaining closed paused top 0 00 outstanding more"
    " disabled lapsed met finished inactive dry"
)
_USED_UP = _words("exhausted depleted insufficient exceeded reached expired overdue suspended negative spent")
"""What a server in trouble would not say of itself."""

_TOO_OFTEN = _words("many high slow quickly fast above")
_BRIEF = _words("second seconds minute rps qps rpm tpm throughput burst concurrent concurrency parallel rate")
_MODEL = _words("model models engine deployment")
_MAKERS = _words("gpt claude gemini grok glm kimi qwen deepseek mistral llama minimax")
_ABSENT = _words(
    "not no invalid unknown unrecognized unrecognised retired unavailable denied disabled isn doesn"
    " cannot can only entitled such removed gone missing deprecated find couldn shut closed permissions"
    " preview restricted limited"
    " needs forbidden paused stopped deleted off newer"
)
_OF_ANSWERS = _words("output response answer json parse parsed parsing")
_SIZE_WORDS = _words(
    "context n_ctx ctx prompt input inputs tokens conversation request message messages sequence token"
)
_TOO_LARGE = _words(
    "exceeds exceed exceeded exceeding long longer large larger overflow overflows maximum limit big"
    " bigger beyond less fewer above over max more"
    " fit"
)
_KEY = _words(
    "key apikey credential credentials authentication authorization bearer signature login token jwt oauth"
    " auth"
)
_ALSO_OTHERS = _words("key token signature login")
"""Of these, what a schema, a prompt or a text has as well."""

_OF_A_PERSON = _words("api access your you auth secret header account subscription")
_OVER = _words("expired revoked deleted")
_OF_A_SCHEMA = _words("schema properties property object json array")
_NOTHING = _words("empty blank")
_IN_A_REQUEST = _words(
    "model name prompt input messages message content body string list field array turn query"
)
_OF_A_MACHINE = _words("memory disk gpu cuda")
_BAD = _words(
    "invalid expired missing required provided unknown revoked wrong not must malformed incorrect"
    " unrecognized rejected bad deleted didn provide failed failure empty"
)
_WHO = _words("account org organization organisation user workspace access terms project tenant resource")
_PLACE_WORDS = _words("ip vpn country countries jurisdiction region territory sanctioned")
_CLOSED = _words(
    "suspended locked banned blocked restricted deactivated disabled flagged unavailable accepted"
    " disallowed review frozen closed terminated prohibited unsupported verification unverified"
    " hold blacklist blacklisted illegal"
)
_FOR_GOOD = _words("suspended banned deactivated disabled terminated frozen prohibited")
"""What is no limit's doing, also with 429."""

_KEPT_OUT = _CLOSED | _words("not don no denied detected sanctioned outside unable")
_FEATURE = _words(
    "field fields argument arguments parameter parameters property properties role image images picture"
    " pictures audio vision streaming stream tool tools function functions beta caching cache thinking"
    " reasoning effort schema format temperature logprobs seed prefill pdf document documents option"
    " options keyword developer stop sequences calling mode"
    " structured"
)
_REFUSAL_WORDS = _words(
    "supported support supports accept accepts allowed unsupported unexpected unknown extra unrecognized"
    " permitted available enabled cannot unavailable"
    " accepted recognized recognised implemented removed"
)
_FIELD_NAME = r"\b(?!api_|x_|model_)[a-z]{2,20}_[a-z_]{2,30}\b"
_DOES_NOT_SUPPORT = (
    r" (?:does not|doesn t|do not|don t) support (?!(?:the |this |that |any )?(?:\w+ )?models? )"
)
_TEXT_ALONE = ("only text", "text only", "text content only")
_CONTENT = _words("content prompt message messages request input")
_IMPROPER = _words(
    "prohibited harmful unsafe disallowed inappropriate toxic violence sexual harm sensitive cybersecurity"
    " violates violate violated violation"
)
_OUTPUT = (" max tokens ", " max completion tokens ", " max output tokens ", " greater than 0 ")
_PERIODS = (("day", _words("day daily today")), ("month", _words("month monthly")))
_LONG_PERIODS = (*_PERIODS, ("week", _words("week weekly")))


_MEASURES = _words("limit quota budget cap count length size")


@lru_cache(maxsize=256)
def meaning_of_name(status: int, folded_name: str, name: str) -> Meaning | None:
    """The meaning of a code that is made of words; one that names a limit means that it was exceeded."""
    words = folded_name.split()
    if len(words) < 2:
        return None
    return meaning_of(
        status, f"{folded_name}exceeded " if _MEASURES.intersection(words) else folded_name, name
    )


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
    if kind is None and (english := in_english(folded_text)) is not None:
        words = frozenset(english.split())
        kind = _kind(status, words, english, text)
    return None if kind is None else _meaning(kind, words)


def _kind(status: int, words: AbstractSet[str], folded_text: str, text: str) -> FailureKind | None:
    """The class; each status leaves some open."""
    if status in (400, 403, 422, 451) and _is_of_the_prompt(words):
        return "request"
    if status in (400, 422) and "schema" in words and words & _BAD and not words & _REFUSAL_WORDS:
        return "request"
    if status in (400, 404, 405, 422, 501) and _is_of_a_feature(words, folded_text, text):
        return "unsupported"
    if status in (400, 422) and _is_of_the_output(words, folded_text):
        return "unsupported"
    if status in (400, 413, 422, 500) and _is_too_long(words, folded_text):
        return "context"
    may_be_money = status in (400, 401, 403, 412, 429) or (status in (404, 500, 503) and words & _USED_UP)
    of_a_period = (
        status == 429
        and not words & _BRIEF
        and words & (_CAP | _LIMIT)
        and any(words & names for _, names in _LONG_PERIODS)
    )
    if status == 402 or of_a_period or (may_be_money and _is_spent(words)):
        return "quota"
    too_often = words & _BRIEF and words & (_SPENT_WORDS | _TOO_OFTEN)
    by_rate = (
        words >= {"many", "requests"}
        or ("rate" in words and words & {"limit", "limited"})
        or (words >= {"request", "limit"} and words & _USED_UP)
    )
    if status in (400, 403, 500, 503) and (too_often or by_rate):
        return "rate"
    if status in (400, 403, 429, 500, 502) and "overloaded" in words:
        return "overload"
    if status in (400, 403, 404, 422) and _is_of_a_model(status, words):
        return "model"
    if status in (400, 401, 403) and _is_kept_out(words):
        return "account"
    if status in (412, 429) and words & _WHO and words & _FOR_GOOD:
        return "account"
    return "auth" if status == 400 and _is_of_a_key(words) else None


def _is_of_the_prompt(words: AbstractSet[str]) -> bool:
    """What it says is refused, or it says nothing."""
    if words & {"ip", "address"} or (words & _WHO and words & _FOR_GOOD):
        return False
    if words & _NOTHING:
        return bool(words & _IN_A_REQUEST) and not words & (_MONEY | _CAP)
    return bool(words & _IMPROPER and words & _CONTENT) or words >= {"content", "blocked"}


def _is_of_a_model(status: int, words: AbstractSet[str]) -> bool:
    """It is not there, or not for this account; one that the request does not name is the request's."""
    if words >= {"endpoint", "paused"} or words >= {"endpoint", "stopped"}:
        return True
    if not words & _MODEL:
        return bool(words & _MAKERS and words & _ABSENT) and not words & (_WHO | _KEY)
    if words & _OF_ANSWERS or words >= {"missing", "parameter"}:
        return False
    return bool(words & _ABSENT) or (status == 403 and not _is_of_a_key(words))


def _is_of_a_key(words: AbstractSet[str]) -> bool:
    keys = words & _KEY
    if not (keys and words & _BAD) or words & _OF_A_SCHEMA:
        return False
    return bool(keys - _ALSO_OTHERS or words & (_OF_A_PERSON | _OVER))


def _is_of_a_feature(words: AbstractSet[str], folded_text: str, text: str) -> bool:
    """A field, or what a request may hold, that is not taken."""
    if any(phrase in folded_text for phrase in _TEXT_ALONE):
        return True
    names_a_field = re.search(_FIELD_NAME, text) is not None
    refused = (
        words & _REFUSAL_WORDS or " can t " in folded_text or (names_a_field and " not valid " in folded_text)
    )
    if not refused or words & _KEY - {"token"}:
        return False
    if re.search(_DOES_NOT_SUPPORT, folded_text) and not words & {"plan", "tier", "subscription"}:
        return True
    return bool(words & _FEATURE) or names_a_field


def _is_kept_out(words: AbstractSet[str]) -> bool:
    """The account is closed, or the place is not served."""
    closed = words & _WHO and (words & _CLOSED or words >= {"not", "enabled"}) and not words & _CONTENT
    return bool(closed or (words & _PLACE_WORDS and words & _KEPT_OUT))


def _is_too_long(words: AbstractSet[str], folded_text: str) -> bool:
    size_words = words & _SIZE_WORDS
    enough = bool(size_words - {"request", "message", "messages"}) or bool(words & {"long", "longer"})
    return bool(size_words and words & _TOO_LARGE and enough) and not any(
        phrase in folded_text for phrase in _OUTPUT
    )


def _is_of_the_output(words: AbstractSet[str], folded_text: str) -> bool:
    """More than the model may write is asked for."""
    return any(phrase in folded_text for phrase in _OUTPUT) and bool(
        words & (_TOO_LARGE - {"max"} | {"limited"})
    )


def _is_spent(words: AbstractSet[str]) -> bool:
    """Money, or what a plan allows, is used up; what is counted by the second or minute is a rate."""
    a_period = any(words & names for _, names in _PERIODS) or "week" in words
    spent = bool(words & _SPENT_WORDS) or "no" in words or ("many" in words and a_period)
    if not spent or words & (_BRIEF - {"rate"} | _OF_A_MACHINE | {"thinking"}):
        return False
    return bool(words & _MONEY or words & _CAP or (words & _LIMIT and words & _OF_A_PLAN))


def _meaning(kind: FailureKind, words: AbstractSet[str]) -> Meaning:
    if kind != "quota":
        return Meaning(id="", kind=kind)
    ends = next((period for period, names in _PERIODS if words & names), "named")
    if ends == "named" and words & _MONEY:
        ends = "cleared"
    return Meaning(id="", kind=kind, ends=ends)
