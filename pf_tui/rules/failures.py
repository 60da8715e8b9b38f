"""What an upstream's answer means: failure class, whether another provider may help, who rests how long.

Pure and table-driven: status, headers and body in, a Failure out. The body is read before the status, by the
table of catalog/answers.yaml; what it does not know falls back by status. Hooks classify with the same words.
Invariant: a request that is itself wrong never fails over: the next provider would charge for it too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from pf_tui.catalog.meanings import Meaning, Meanings, fold
from pf_tui.records import replace
from pf_tui.rules import error_body
from pf_tui.rules.error_body import ErrorBody
from pf_tui.rules.failure_classes import (
    ACTIONS,
    AGENT_WORDS,
    BELIEVED,
    CLASSES,
    DAILY,
    GUESSES,
    MONTH_CAP,
    REPORTED_GUESS,
    SCOPES,
    SHORTEST,
    WHOLE_PROVIDER_AFTER,
    Failure,
    FailureClass,
    Guess,
    Rule,
    narrowed,
)
from pf_tui.rules.families import FAMILIES, family_in, family_of
from pf_tui.rules.masking import beginning, clean
from pf_tui.rules.repairs import repair_for
from pf_tui.rules.reset_headers import CAP, moment_from, rejected_windows, reset_at
from pf_tui.rules.reset_text import PERIODS, period_end, reset_from_text
from pf_tui.rules.sentence_kinds import meaning_of
from pf_tui.rules.status_meaning import PAGE, by_quota_names, by_status, is_of_a_place
from pf_tui.rules.time_zones import zone_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import FailureKind, MeaningScope

__all__ = [
    "ACTIONS",
    "AGENT_WORDS",
    "CLASSES",
    "SCOPES",
    "Failure",
    "FailureClass",
    "Guess",
    "Rule",
    "classify",
    "classify_agent_error",
    "clean",
    "family_of",
    "nonsense",
    "reason_in",
    "reported",
    "transport",
]


def classify(
    *,
    status: int | None,
    meanings: Meanings,
    headers: Mapping[str, str] | None = None,
    body: str = "",
    now: datetime,
    rules: Sequence[Rule] = (),
    model: str | None = None,
) -> Failure:
    """Read a failed answer: an HTTP one, or an error that came as an event of a stream.

    Args:
        status: None for an in-band error (the body then says what it is).
        meanings: the table (Catalog.meanings).
        headers: any case.
        body: the error body, or the error event's data.
        rules: the person's own, first match wins.
        model: asked for; tells the family a family's window is about.
    """
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    answer = _Answer(status, lower, error_body.read(body), now, model)
    for rule in rules:
        if _matches(rule, status, body):
            return _by_rule(rule, answer, _read(answer, meanings))
    return answer.failure(_read(answer, meanings))


def transport(kind: FailureKind, now: datetime, text: str = "") -> Failure:
    """A failure without an answer: "network" (refused, reset) or "timeout" (no first byte)."""
    return _Answer(None, {}, _plain(text), now, None).failure(Meaning(id="", kind=kind))


def reported(kind: FailureKind, *, until: datetime | None = None, forever: bool = False) -> Failure:
    """A failure of the whole provider that somebody tells of in a word, after retries of their own."""
    return Failure(
        kind=kind,
        failover=CLASSES[kind].failover,
        scope="provider",
        until=until,
        forever=forever,
        at_once=True,
        guess=None if until or forever else REPORTED_GUESS,
    )


def nonsense(status: int, text: str, now: datetime, *, is_page: bool = False) -> Failure:
    """A good status whose content is no answer: a page of a proxy, broken JSON."""
    meaning = PAGE if is_page else Meaning(id="", kind="server")
    return _Answer(status, {}, _plain(text), now, None).failure(meaning)


def classify_agent_error(
    word: str,
    text: str,
    now: datetime,
    *,
    meanings: Meanings,
    status: int | None = None,
    model: str | None = None,
    rules: Sequence[Rule] = (),
) -> Failure:
    """Read a failure as an agent reports it after its own retries; hooks use this.

    `until` is None where neither text nor status names a reset: the rest then grows with each strike.
    """
    for rule in rules:
        if _matches(rule, status, text):
            return classify(status=status, meanings=meanings, body=text, now=now, rules=rules, model=model)
    body = error_body.read(text)
    meaning = meanings.find(status=status, headers={}, codes=body.codes, text=body.folded)
    meaning = _of_a_vendor(meaning, body, status)
    if meaning is None and status is None and AGENT_WORDS.get(word, "server") == "server":
        meaning = meaning_of(429, body.folded, body.text)
    kind = meaning.kind if meaning else AGENT_WORDS.get(word, "server")
    if meaning is None and status is not None and kind in ("server", "request"):
        kind = by_status(status, body, {}, now, model).kind
    kind = "rate" if kind == "windowless" else kind
    of_class = "provider" if kind in ("rate", "quota") else CLASSES[kind].bench
    scope = (meaning.scope if meaning else None) or of_class
    family = family_in(body.folded, model) if scope == "family" else None
    until = reset_from_text(body.text, now, _zone(meaning), window=meaning.window if meaning else None)
    if meaning is not None and until is None and meaning.ends in PERIODS:
        until = period_end(meaning.ends, now)
    ends = PAGE.ends if meaning is None and body.is_page else meaning.ends if meaning is not None else ""
    if until is None and ends.isdigit():
        until = now + timedelta(seconds=int(ends))
    if kind == "model" and until is None:
        until = now + (CLASSES[kind].rest or timedelta(hours=12))
    cleared = CLASSES[kind].rest is None and kind in ("auth", "account", "address")
    forever = cleared or (until is None and meaning is not None and meaning.ends == "cleared")
    return Failure(
        kind=kind,
        failover=CLASSES[kind].failover,
        scope=narrowed(scope, family),
        until=None if forever or until is None else min(max(until, now + SHORTEST), now + MONTH_CAP),
        status=status,
        message=clean(body.sentence or text),
        evidence=_reported_evidence(clean(text), kind, meaning),
        forever=forever,
        family=family,
        meaning=(meaning.id or None) if meaning else None,
        at_once=True,
        guess=None if forever or until is not None else REPORTED_GUESS,
    )


def _reported_evidence(text: str, kind: str, meaning: Meaning | None) -> dict[str, object]:
    is_read = meaning is not None and bool(meaning.id)
    return {} if not text else {"text": text, **({} if is_read else {"meaning": None, "class": kind})}


def reason_in(body: str) -> str:
    """The provider's own sentence inside an error body, else the body's beginning."""
    return clean(error_body.read(body).sentence or body)


_masked = lru_cache(maxsize=512)(clean)
"""A storm repeats one sentence; looking for keys in it costs more than all the rest (measured)."""

_OF_NO_REQUEST = ("rate", "quota", "overload", "auth", "account")
_TELLING = (
    "anthropic-ratelimit-unified-status",
    "retry-after",
    "retry-after-ms",
    "anthropic-ratelimit-unified-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-codex-primary-used-percent",
    "cf-mitigated",
    "x-amzn-errortype",
)
"""Headers worth keeping as evidence, most telling first."""


class _Answer:
    """One failed answer, taken apart."""

    def __init__(
        self,
        status: int | None,
        headers: Mapping[str, str],
        body: ErrorBody,
        now: datetime,
        model: str | None,
    ) -> None:
        self.status, self.headers, self.body = status, headers, body
        self.now, self.model = now, model

    def failure(self, meaning: Meaning) -> Failure:
        """What follows from an answer of that meaning."""
        kind, now = meaning.kind, self.now
        until = self._named(meaning)
        if kind == "rate" and until is None and meaning.ends == "named" and not self._has_windows():
            kind = "windowless"
        failure_class = CLASSES[kind]
        scope = meaning.scope or failure_class.bench
        if kind == "rate" and meaning.scope is None:
            burst = until is None or until - now <= WHOLE_PROVIDER_AFTER
            scope = "model" if burst else "provider"
        forever = kind in ("auth", "account", "address") and meaning.ends == "named"
        forever = forever or (until is None and meaning.ends == "cleared")
        family = self._family() if scope == "family" else None
        rests = narrowed(scope, family)
        guess = None if forever or rests is None else self._guess(kind, meaning, until)
        if not forever and rests is not None:
            until = self._rest(kind, meaning, until)
        repair = repair_for(meaning.repair, self.body) if meaning.repair else None
        message = _masked(beginning(self.body.sentence))
        return Failure(
            kind=kind,
            failover=failure_class.failover,
            scope=rests,
            until=None if forever or rests is None else until,
            status=self.status,
            message=message,
            evidence=self._evidence(meaning, message),
            forever=forever and scope is not None,
            family=family,
            repair=repair,
            meaning=meaning.id or None,
            at_once=failure_class.after > 1 and meaning.ends != "named",
            guess=guess,
        )

    def _named(self, meaning: Meaning) -> datetime | None:
        """The end the answer names, in headers, fields or words; never before now."""
        kind, now = meaning.kind, self.now
        if kind not in ("rate", "quota", "overload", "server"):
            return None
        window, body = meaning.window, self.body
        moments_left: list[datetime] = []
        if self.headers or body.waits or body.moments:
            moments = [reset_at(self.headers, now)]
            moments += [moment_from(value, now) for value in (*body.waits, *body.moments)]
            moments_left = [moment for moment in moments if moment is not None]
        if (not moments_left or kind == "quota") and (not body.is_page or kind in ("rate", "quota")):
            reset = reset_from_text(body.text, now, _zone(meaning) or UTC, window=window)
            if reset is not None:
                moments_left.append(reset)
        if not moments_left:
            return None
        if kind in ("overload", "server"):
            longest = BELIEVED
        else:
            longest = CAP if kind == "rate" or window in ("5h", "7d", "day") else MONTH_CAP
        return min(max(*moments_left, now + SHORTEST), now + longest)

    def _rest(self, kind: FailureKind, meaning: Meaning, until: datetime | None) -> datetime | None:
        """When it is back: as named, by the period, or by the class."""
        now = self.now
        if until is not None:
            return until
        if meaning.ends in PERIODS:
            return period_end(meaning.ends, now, _zone(meaning))
        if meaning.ends.isdigit():
            return now + timedelta(seconds=int(meaning.ends))
        rest = CLASSES[kind].rest
        return now + rest if rest is not None else None

    def _guess(self, kind: FailureKind, meaning: Meaning, until: datetime | None) -> Guess | None:
        """How the rest grows with strikes."""
        if until is not None:
            return DAILY if kind == "quota" and meaning.window == "day" else None
        return None if meaning.ends in PERIODS or meaning.ends.isdigit() else GUESSES.get(kind)

    def _family(self) -> str | None:
        for window in rejected_windows(self.headers):
            family = window.partition("_")[2]
            if family and family in (self.model or family):
                return family if family in FAMILIES else family_of(self.model)
        return family_in(self.body.folded, self.model)

    def _has_windows(self) -> bool:
        return any(
            name.startswith(("anthropic-ratelimit-", "x-ratelimit-", "x-codex-")) for name in self.headers
        )

    def _evidence(self, meaning: Meaning, message: str) -> dict[str, object]:
        evidence: dict[str, object] = {}
        if self.status is not None:
            evidence["status"] = self.status
        telling = next((name for name in _TELLING if name in self.headers), None) if self.headers else None
        if telling:
            evidence["header"] = f"{telling}: {self.headers[telling]}"
        if message:
            evidence["text"] = message
        if meaning.id:
            evidence["meaning"] = meaning.id
        elif message:  # a person may make a rule of it
            code = min(self.body.codes, default="")
            evidence |= {
                "meaning": None,
                "class": meaning.kind,
                **({"code": _masked(code, 60)} if code else {}),
            }
        return evidence


def _read(answer: _Answer, meanings: Meanings) -> Meaning:
    """The meaning of an answer: windows in its headers, then the table, then its status."""
    headers, body, status = answer.headers, answer.body, answer.status
    if headers.get("anthropic-ratelimit-unified-status") == "rejected" and status in (None, 400, 403, 429):
        windows = rejected_windows(headers)
        scope: MeaningScope | None = (
            "family" if windows and all("_" in window for window in windows) else None
        )
        return Meaning(id="unified-window", kind="quota", scope=scope)
    codes = body.codes
    if kind := headers.get("x-amzn-errortype") or headers.get("x-error-code"):
        codes = codes | {fold(kind.partition(":")[0])}
    meaning = meanings.find(status=status, headers=headers, codes=codes, text=body.folded)
    meaning = _of_a_vendor(meaning, body, status)
    if body.quotas and (meaning is None or meaning.kind in ("rate", "quota")):
        return by_quota_names(body.quotas)
    return meaning or by_status(status, body, headers, answer.now, answer.model)


def _of_a_vendor(meaning: Meaning | None, body: ErrorBody, status: int | None) -> Meaning | None:
    """The meaning, unless a page speaks of a prompt (the filter of a proxy), or a place in the request of a limit."""
    if meaning is None or (meaning.kind == "request" and body.is_page):
        return None
    if status in (400, 422) and meaning.kind in _OF_NO_REQUEST and is_of_a_place(body.sentence):
        return None
    return meaning


def _plain(text: str) -> ErrorBody:
    return ErrorBody(sentence=text, text=text, folded=fold(text[: error_body.SENTENCES]))


def _zone(meaning: Meaning | None) -> tzinfo | None:
    return zone_named(meaning.zone) if meaning and meaning.zone else None


def _matches(rule: Rule, status: int | None, body: str) -> bool:
    if rule.status is not None and rule.status != status:
        return False
    return rule.pattern is None or re.search(rule.pattern, body, re.IGNORECASE) is not None


def _by_rule(rule: Rule, answer: _Answer, meaning: Meaning) -> Failure:
    """The answer as the person's rule reads it; what the rule leaves open stays as the table says."""
    own = Meaning(
        id=meaning.id,
        kind=rule.kind or meaning.kind,
        scope=rule.scope or (meaning.scope if rule.kind in (None, meaning.kind) else None),
        ends=f"{rule.rest.total_seconds():.0f}"
        if rule.rest
        else meaning.ends
        if rule.kind is None
        else "named",
        window=meaning.window,
        zone=meaning.zone,
    )
    failure = answer.failure(own)
    evidence = {**failure.evidence, "rule": f"{rule.status or ''} {rule.pattern or ''}".strip()}
    if rule.then is None:
        return replace(failure, evidence=evidence, repair=None)
    benches = rule.then.startswith("bench")
    forever = benches and failure.forever
    until = failure.until or answer.now + (rule.rest or timedelta(seconds=60))
    return replace(
        failure,
        failover=rule.then.endswith("continue"),
        scope=(rule.scope or failure.scope or "provider") if benches else None,
        until=until if benches and not forever else None,
        forever=forever,
        repair=None,
        evidence=evidence,
    )
