"""What an upstream's answer means: failure class, whether another provider may help, who rests how long.

Pure and table-driven: status, headers and body in, a Failure out. The classes are the agreed table of
the gateway's design; hooks classify with the same words.
Invariant: a request that is itself wrong never fails over: the next provider would charge for it too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pf_tui.records import field, record
from pf_tui.rules.masking import clean
from pf_tui.rules.reset_headers import CAP, reset_at, retry_after
from pf_tui.rules.reset_text import reset_from_text


@record
class FailureClass:
    """One line of the table."""

    failover: bool
    bench: str
    """provider | model | none"""
    rest: timedelta | None = None
    """How long, where no reset is known; None = until cleared."""
    after: int = 1
    """How many in a row before a bench."""


CLASSES: Mapping[str, FailureClass] = {
    "rate": FailureClass(failover=True, bench="model", rest=timedelta(seconds=60)),
    "quota": FailureClass(failover=True, bench="provider", rest=timedelta(minutes=5)),
    "windowless": FailureClass(failover=True, bench="model", rest=timedelta(seconds=2)),
    "overload": FailureClass(failover=True, bench="model", rest=timedelta(seconds=10)),
    "server": FailureClass(failover=True, bench="provider", rest=timedelta(seconds=30), after=3),
    "auth": FailureClass(failover=True, bench="provider", rest=None),
    "model": FailureClass(failover=True, bench="model", rest=timedelta(hours=12)),
    "context": FailureClass(failover=True, bench="none"),
    "request": FailureClass(failover=False, bench="none"),
    "network": FailureClass(failover=True, bench="provider", rest=timedelta(seconds=30), after=3),
    "timeout": FailureClass(failover=True, bench="provider", rest=timedelta(seconds=30), after=3),
}

WINDOWLESS_CAP = timedelta(seconds=60)
"""A 429 without any window rests 2 s, doubling to this."""

QUOTA_CAP = timedelta(hours=5)
"""A quota that names no reset rests 5 minutes, doubling to the length of the commonest window."""

WHOLE_PROVIDER_AFTER = timedelta(seconds=60)
"""A longer retry-after is no per-model burst: the whole provider rests."""


@record
class Failure:
    """What went wrong, and what follows."""

    kind: str
    """A key of CLASSES."""
    failover: bool
    scope: str | None
    """provider | model: what rests; None = nothing."""
    until: datetime | None
    """When it is back; None = until cleared (scope set), or nothing rests."""
    status: int | None = None
    message: str = ""
    """The provider's own reason, short, without secrets."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    forever: bool = False
    """Rests until cleared by hand, by a success or by a new credential."""

    @property
    def after(self) -> int:
        """How many of these in a row before the bench."""
        return CLASSES[self.kind].after


ACTIONS = ("stop", "continue", "bench-and-stop", "bench-and-continue")
"""What a person's rule may say: ask the next provider or not, let this one rest or not."""


@record
class Rule:
    """A person's own reading of an answer: goes before the table."""

    status: int | None = None
    pattern: str | None = None
    """Regular expression on the body."""
    then: str = "stop"
    """stop | continue | bench-and-stop | bench-and-continue"""


# Plain patterns: `re` compiles one when it is first asked, so that a hook pays only for those it asks.
_SPEND = r"(?i)enforced_spend_limit|spend(?:ing)? limit|spend cap|monthly budget"
_CREDIT = (
    r"(?i)credit balance is too low|insufficient (?:credit|balance|funds)|out of credits|payment required"
)
_QUOTA = (
    r"(?i)insufficient_quota|usage_limit_reached|usage limit reached|exceeded your current quota"
    r"|hit your [\w -]*limit|PerDay|per[ _]day|daily limit|weekly limit|quota exceeded for quota metric"
)
_CONTEXT = (
    r"(?i)prompt is too long|context[_ ]length|context window|maximum context|too many (?:input )?tokens"
    r"|input is too long|exceeds? the (?:model'?s )?(?:maximum|context)"
)
_MODEL = (
    r"(?i)model[_ ]not[_ ]found|model .{0,80}(?:does not exist|not found|not supported|is not available)"
    r"|unknown model|no endpoints found|unsupported model|decommissioned"
)
_OVERLOAD = r"(?i)overloaded|over capacity|server is busy|at capacity|temporarily unavailable"
_FILTER = r"(?i)content[_ ]filter|content policy|safety"
_RATE = r"(?i)rate[_ ]limit|too many requests|resource_exhausted"
_RETRY_INFO = r'"retryDelay"\s*:\s*"(\d+(?:\.\d+)?)s"'


def classify(
    *,
    status: int | None,
    headers: Mapping[str, str] | None = None,
    body: str = "",
    now: datetime,
    strikes: int = 0,
    rules: Sequence[Rule] = (),
) -> Failure:
    """Read a failed answer: an HTTP one, or an error that came as the first event of a stream.

    Args:
        status: None for an in-band error (the body then says what it is).
        headers: any case.
        body: the error body, or the error event's data.
        strikes: how often the same has happened in a row before, for the doubling rests.
        rules: the person's own, first match wins.
    """
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    kind, until = _kind(status, lower, body, now)
    failure = _failure(kind, until, status, lower, body, now, strikes)
    for rule in rules:
        if _matches(rule, status, body):
            return _by_rule(rule, failure, now)
    return failure


def transport(kind: str, now: datetime, text: str = "") -> Failure:
    """A failure without an answer: "network" (refused, reset) or "timeout" (no first byte)."""
    return _failure(kind, None, None, {}, text, now, 0)


def nonsense(status: int, text: str, now: datetime) -> Failure:
    """A good status whose content is no answer: a page of a proxy, broken JSON."""
    return _failure("server", None, status, {}, text, now, 0)


AGENT_WORDS: Mapping[str, str] = {
    "rate_limit": "rate",
    "billing_error": "quota",
    "authentication_failed": "auth",
    "oauth_org_not_allowed": "auth",
    "account_on_hold": "auth",
    "verification_required": "auth",
    "cloud_credential_error": "auth",
    "overloaded": "overload",
    "server_error": "server",
    "invalid_request": "request",
    "max_output_tokens": "request",
    "model_not_found": "model",
    "usage_limit_exceeded": "quota",
    "rate_limit_exceeded": "rate",
    "unauthorized": "auth",
    "server_overloaded": "overload",
    "context_window_exceeded": "context",
    "unknown": "server",
}
"""What agents call a failure (Claude Code's StopFailure, Codex's codex_error_info) -> our class."""


def classify_agent_error(word: str, text: str, now: datetime, *, status: int | None = None) -> Failure:
    """Read a failure as an agent reports it after its own retries; hooks use this.

    `until` is None where neither text nor status names a reset: the caller then benches by strikes.
    """
    kind = AGENT_WORDS.get(word, "server")
    if status is not None:
        by_status, _ = _kind(status, {}, text, now)
        if kind in ("server", "request") or by_status in ("quota", "context"):
            kind = by_status
        if kind == "windowless":
            kind = "rate"
    if kind == "rate" and re.search(_QUOTA, text):
        kind = "quota"
    if re.search(_CREDIT, text):
        kind = "quota"
    until = reset_from_text(text, now)
    known = CLASSES[kind]
    scope = {"provider": "provider", "model": "model"}.get(known.bench)
    if kind in ("rate", "quota"):
        scope = "provider"
    return Failure(
        kind=kind,
        failover=known.failover,
        scope=scope,
        until=min(until, now + CAP) if until else None,
        status=status,
        message=clean(text),
        evidence={"text": clean(text)} if text else {},
        forever=kind == "auth"
        or (kind == "quota" and until is None and re.search(_CREDIT, text) is not None),
    )


def is_credit(text: str) -> bool:
    """True when an account has run out of credit: no reset ends that, only the person does."""
    return re.search(_CREDIT, text) is not None


def reason_in(body: str) -> str:
    """The provider's own sentence inside an error body, else the body's beginning."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return clean(body)
    for _ in range(3):
        if isinstance(content, list) and content:
            content = content[0]
        if isinstance(content, dict):
            places = ("error", "message", "detail", "response")  # the last one: a failed event of Responses
            inner = next((content[name] for name in places if content.get(name) is not None), None)
            if isinstance(inner, str):
                return clean(inner)
            if inner is None:
                break
            content = inner
    return clean(body)


def _kind(
    status: int | None, headers: Mapping[str, str], body: str, now: datetime
) -> tuple[str, datetime | None]:
    """(class, reset if known)"""
    until = reset_at(headers, now)
    if found := re.search(_RETRY_INFO, body):
        until = max(until or now, now + min(timedelta(seconds=min(float(found[1]), 1e7)), CAP))
    until = until or _body_reset(body, now)
    if re.search(_CREDIT, body) and status in (None, 400, 402, 403, 429):
        return "quota", None
    if status == 402:
        return "quota", until
    if status == 429:
        return _limited(headers, body, until, now)
    if status in (529, 503) or (status in (None, 500, 502) and re.search(_OVERLOAD, body)):
        return "overload", until
    if status in (401, 403):
        return ("request", None) if re.search(_FILTER, body) and status == 403 else ("auth", None)
    if status == 404:
        return "model", None
    if status == 408:
        return "timeout", None
    if 300 <= (status or 0) < 400:
        return "server", None  # a key, or the gateway's token, must not follow a redirect
    if status is None:
        return _in_band(headers, body, until, now)
    if status >= 500:
        return "server", until
    if re.search(_CONTEXT, body):
        return "context", None
    if status in (400, 422) and re.search(_MODEL, body):
        return "model", None
    return "request", None


def _limited(
    headers: Mapping[str, str], body: str, until: datetime | None, now: datetime
) -> tuple[str, datetime | None]:
    if re.search(_SPEND, body):
        return "quota", _next_month(now)
    rejected = headers.get("anthropic-ratelimit-unified-status") == "rejected"
    if rejected or re.search(_QUOTA, body) or "usage_limit" in body:
        return "quota", until
    if until is not None or retry_after(headers, now) is not None:
        return "rate", until
    windows = any(name.startswith(("anthropic-ratelimit-", "x-ratelimit-", "x-codex-")) for name in headers)
    return ("rate" if windows else "windowless"), None


def _in_band(
    headers: Mapping[str, str], body: str, until: datetime | None, now: datetime
) -> tuple[str, datetime | None]:
    """An error event inside a stream that began with 200."""
    if re.search(_QUOTA, body) or re.search(_RATE, body) or re.search(_SPEND, body):
        return _limited(headers, body, until, now)
    if re.search(_CONTEXT, body):
        return "context", None
    if "authentication_error" in body or "permission_error" in body:
        return "auth", None
    if "invalid_request" in body:
        return "request", None
    if "not_found_error" in body:
        return "model", None
    return "server", until


def _body_reset(body: str, now: datetime) -> datetime | None:
    if "reset" not in body and "try again" not in body and "retry" not in body:
        return None
    until = reset_from_text(body, now, UTC)
    return min(until, now + CAP) if until and until > now else None


def _failure(
    kind: str,
    until: datetime | None,
    status: int | None,
    headers: Mapping[str, str],
    body: str,
    now: datetime,
    strikes: int,
) -> Failure:
    known = CLASSES[kind]
    scope = None if known.bench == "none" else known.bench
    if kind == "rate":
        per_model = until is None or until - now <= WHOLE_PROVIDER_AFTER
        scope = "model" if per_model else "provider"
    forever = kind == "auth" or (kind == "quota" and until is None and re.search(_CREDIT, body) is not None)
    if kind in _DOUBLING and until is None and not forever:
        first, longest = _DOUBLING[kind]
        until = now + min(first * 2 ** min(strikes, 16), longest)
    elif until is None and known.rest is not None and scope is not None and not forever:
        until = now + known.rest
    message = reason_in(body)
    seen: dict[str, Any] = {}
    if status is not None:
        seen["status"] = status
    telling = next((name for name in _TELLING if name in headers), None)
    if telling:
        seen["header"] = f"{telling}: {headers[telling]}"
    if message:
        seen["text"] = message
    return Failure(
        kind=kind,
        failover=known.failover,
        scope=scope,
        until=until,
        status=status,
        message=message,
        evidence=seen,
        forever=forever,
    )


_DOUBLING = {
    "windowless": (timedelta(seconds=2), WINDOWLESS_CAP),
    "quota": (timedelta(minutes=5), QUOTA_CAP),
}
"""First and longest rest of what names no reset."""

_TELLING = (
    "anthropic-ratelimit-unified-status",
    "retry-after",
    "retry-after-ms",
    "anthropic-ratelimit-unified-reset",
    "x-ratelimit-reset-requests",
    "x-ratelimit-reset-tokens",
    "x-codex-primary-used-percent",
)
"""Headers worth keeping as evidence, most telling first."""


def _next_month(now: datetime) -> datetime:
    """The coming 1st, 00:00 UTC: when a spend cap is lifted."""
    utc = now.astimezone(UTC)
    year, month = (utc.year + 1, 1) if utc.month == 12 else (utc.year, utc.month + 1)
    return datetime(year, month, 1, tzinfo=UTC)


def _matches(rule: Rule, status: int | None, body: str) -> bool:
    if rule.status is not None and rule.status != status:
        return False
    return rule.pattern is None or re.search(rule.pattern, body, re.IGNORECASE) is not None


def _by_rule(rule: Rule, failure: Failure, now: datetime) -> Failure:
    benches = rule.then.startswith("bench")
    return Failure(
        kind=failure.kind,
        failover=rule.then.endswith("continue"),
        scope=(failure.scope or "provider") if benches else None,
        until=(failure.until or now + timedelta(seconds=60)) if benches and not failure.forever else None,
        forever=benches and failure.forever,
        status=failure.status,
        message=failure.message,
        evidence={**failure.evidence, "rule": f"{rule.status or ''} {rule.pattern or ''}".strip()},
    )
