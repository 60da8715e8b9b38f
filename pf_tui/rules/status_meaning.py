"""What an answer means by its status, where the table of meanings does not know it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from pf_tui.catalog.meanings import Meaning, fold
from pf_tui.rules.error_body import ErrorBody
from pf_tui.rules.reset_headers import retry_after
from pf_tui.rules.sentence_kinds import meaning_of, meaning_of_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import FailureKind

_REQUEST_PATH = (
    r"\s*(?:messages|tools|system|input|thinking|contents|tool_choice|metadata|max_tokens)\b[.\[:]"
)
_NEW_WORD = r"(?<=[a-z])(?=[A-Z])"
_IN_A_STREAM = ("quota", "rate", "overload", "context", "auth", "account")
"""Classes that an event of a stream may be known by without a status."""

_ACCOUNT = frozenset(
    [
        "account",
        "organization",
        "organisation",
        "subscription",
        "billing",
        "workspace",
        "tenant",
        "membership",
    ]
)


PAGE = Meaning(id="", kind="server", ends="60")
"""A web page in place of an answer: a network's sign-in, mostly, which is over when somebody signed in."""


def by_quota_names(quotas: Sequence[str]) -> Meaning:
    """Google names the quota that is used up: per model or not, per minute or per day."""
    daily = any("perday" in name or "per_day" in name for name in quotas)
    per_model = any("permodel" in name or "per_model" in name or "base_model" in name for name in quotas)
    return Meaning(
        id="google-quota",
        kind="quota" if daily else "rate",
        scope="model" if per_model else None,
        window="day" if daily else "minute",
    )


_STATUS_KINDS: Mapping[int, FailureKind] = {
    402: "quota",
    405: "address",
    406: "unsupported",
    407: "server",
    408: "timeout",
    409: "server",
    410: "model",
    413: "unsupported",
    415: "unsupported",
    420: "rate",
    421: "server",
    423: "server",
    424: "server",
    425: "server",
    426: "unsupported",
    429: "rate",
    451: "account",
    498: "overload",
    501: "unsupported",
    503: "overload",
    511: "server",
    529: "overload",
}


def by_status(
    status: int | None, error_body: ErrorBody, headers: Mapping[str, str], now: datetime, model: str | None
) -> Meaning:
    """What an answer means that the table does not know."""
    if status is None:
        meaning = meaning_of(400, error_body.folded, error_body.text)
        if meaning is not None and meaning.kind in _IN_A_STREAM:
            return meaning
        return Meaning(
            id="", kind="request" if "invalid request error" in " ".join(error_body.codes) else "server"
        )
    if not (error_body.is_page or is_of_a_place(error_body.sentence)):
        meaning = meaning_of(status, error_body.folded, error_body.text) or _by_names(
            status, error_body.names
        )
        if meaning is not None:
            return meaning
    if status in (401, 403):
        if error_body.is_page:
            return Meaning(id="", kind="server", ends="300")
        if status == 403 and model and fold(model) in error_body.folded:
            return Meaning(id="", kind="model")
        return Meaning(id="", kind="rate" if retry_after(headers, now) else "auth")
    if status == 404:
        return _not_found(error_body, model)
    if kind := _STATUS_KINDS.get(status):
        return Meaning(id="", kind=kind)
    if status < 400 and error_body.is_page:
        return PAGE
    if status >= 500 or status < 400:
        return Meaning(id="", kind="server")  # a key, or the gateway's token, must not follow a redirect
    if error_body.is_page:
        return PAGE
    about_account = (
        error_body.is_structured and not error_body.param and _ACCOUNT.intersection(error_body.folded.split())
    )
    if about_account and len(error_body.text) < 400 and not is_of_a_place(error_body.sentence):
        return Meaning(id="", kind="account", ends="600")
    return Meaning(id="", kind="request")


def is_of_a_place(sentence: str) -> bool:
    """It begins with a place in the request: "messages.4.content.0: …"."""
    return re.match(_REQUEST_PATH, sentence) is not None


@lru_cache(maxsize=256)
def _by_names(status: int, names: tuple[str, ...]) -> Meaning | None:
    """What a code says in words: "organization_token_quota_exhausted", "MonthlyLimitReached"."""
    for name in names:
        meaning = meaning_of_name(status, fold(re.sub(_NEW_WORD, " ", name)), name)
        if meaning is not None:
            return meaning
    return None


def _not_found(error_body: ErrorBody, model: str | None) -> Meaning:
    """404: a model that is not there, or an address that is wrong."""
    names_model = " model " in error_body.folded or (model and fold(model) in error_body.folded)
    if error_body.is_page or (error_body.sentence and not names_model):
        return Meaning(id="", kind="address")
    return Meaning(id="", kind="model", ends="named" if names_model else "600")
