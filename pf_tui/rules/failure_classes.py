"""The classes of failure: whether another provider may help, what rests, how long. Data and records alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pf_tui.records import field, record
from pf_tui.rules.repairs import Repair

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from pf_tui.vocabulary import FailureKind, FailureScope, MeaningScope


@record
class FailureClass:
    """One line of the table of classes."""

    failover: bool
    bench: Literal["provider", "model", "none"]
    rest: timedelta | None = None
    """How long, where no reset is known; None = until cleared."""
    after: int = 1
    """How many in a row before a bench."""


CLASSES: Mapping[FailureKind, FailureClass] = {
    "rate": FailureClass(failover=True, bench="model", rest=timedelta(seconds=60)),
    "quota": FailureClass(failover=True, bench="provider", rest=timedelta(minutes=5)),
    "windowless": FailureClass(failover=True, bench="model", rest=timedelta(seconds=2)),
    "overload": FailureClass(failover=True, bench="model", rest=timedelta(seconds=10)),
    "server": FailureClass(failover=True, bench="provider", rest=timedelta(seconds=30), after=3),
    "auth": FailureClass(failover=True, bench="provider", rest=None),
    "account": FailureClass(failover=True, bench="provider", rest=None),
    "address": FailureClass(failover=True, bench="provider", rest=None),
    "model": FailureClass(failover=True, bench="model", rest=timedelta(hours=12)),
    "context": FailureClass(failover=True, bench="none"),
    "unsupported": FailureClass(failover=True, bench="none"),
    "request": FailureClass(failover=False, bench="none"),
    "network": FailureClass(failover=True, bench="provider", rest=timedelta(seconds=30), after=3),
    "timeout": FailureClass(failover=True, bench="provider", rest=timedelta(seconds=30), after=3),
}

WINDOWLESS_CAP = timedelta(seconds=60)
"""A 429 without any window rests 2 s, doubling to this."""

QUOTA_CAP = timedelta(hours=5)
"""A quota that names no reset rests 5 minutes, doubling to the length of the commonest window."""

MONTH_CAP = timedelta(days=32)
"""No quota is longer than a month; CAP holds for what is known to be a shorter window."""

BELIEVED = timedelta(minutes=5)
"""Of a retry-after for overload or a broken server: it passes by itself, whatever the header says."""

SHORTEST = timedelta(seconds=1)
"""What rests, rests this long: "retry-after: 0" and a reset that has just passed mean now."""

WHOLE_PROVIDER_AFTER = timedelta(seconds=60)
"""A longer retry-after is no per-model burst: the whole provider rests."""


@record
class Guess:
    """A rest where the answer names no end that holds: doubled with each strike (rules.benches)."""

    first: timedelta
    longest: timedelta


GUESSES = {
    "windowless": Guess(first=timedelta(seconds=2), longest=WINDOWLESS_CAP),
    "quota": Guess(first=timedelta(minutes=5), longest=QUOTA_CAP),
}

DAILY = Guess(first=timedelta(seconds=150), longest=QUOTA_CAP)
"""A daily quota that names a short wait: 5 minutes when that wait did not help."""

REPORTED_GUESS = Guess(first=timedelta(minutes=5), longest=QUOTA_CAP)
"""What an agent reports after its own minutes of retries is no burst."""


@record
class Failure:
    """What went wrong, and what follows."""

    kind: FailureKind
    failover: bool
    scope: FailureScope | None
    """What rests; None = nothing."""
    until: datetime | None
    """When it is back; None = until cleared (scope set), or nothing rests."""
    status: int | None = None
    message: str = ""
    """The provider's own reason, short, without secrets."""
    evidence: Mapping[str, object] = field(default_factory=dict)
    forever: bool = False
    """Rests until cleared by hand, by a success or by a new credential."""
    family: str | None = None
    """With scope "family": the word of the model ids it is about."""
    repair: Repair | None = None
    """What to leave out before asking the same provider once more."""
    meaning: str | None = None
    """Entry of the table that recognised it; None = by status alone."""
    at_once: bool = False
    """Rests the first time, though its class waits for several."""
    guess: Guess | None = None
    """Doubles `until` with each strike; None = it was named, or is the same each time."""

    @property
    def is_unread(self) -> bool:
        """Nothing recognised the answer; it was judged by its status, and is kept for a person's rule."""
        return self.meaning is None and "meaning" in self.evidence

    @property
    def after(self) -> int:
        """How many of these in a row before the bench."""
        return 1 if self.at_once else CLASSES[self.kind].after


def narrowed(scope: MeaningScope | Literal["none"] | None, family: str | None) -> FailureScope | None:
    """What rests; a family nobody can name is the model alone."""
    if scope is None or scope == "none" or scope == "request":
        return None
    return "model" if scope == "family" and family is None else scope


ACTIONS = ("stop", "continue", "bench-and-stop", "bench-and-continue")
"""What a person's rule may say: ask the next provider or not, let this one rest or not."""

SCOPES = ("provider", "family", "model")


@record
class Rule:
    """A person's own reading of an answer: goes before the table."""

    status: int | None = None
    pattern: str | None = None
    """Regular expression on the body."""
    then: str | None = "stop"
    """stop | continue | bench-and-stop | bench-and-continue; None = as its class says."""
    kind: FailureKind | None = None
    """None = what the table says."""
    scope: FailureScope | None = None
    rest: timedelta | None = None
    """How long, where the answer names no reset."""


CLAUDE_WORDS: Mapping[str, FailureKind] = {
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
}
"""What Claude Code calls a failure, in its log and in StopFailure -> our class."""

AGENT_WORDS: Mapping[str, FailureKind] = {
    **CLAUDE_WORDS,
    "usage_limit_exceeded": "quota",
    "rate_limit_exceeded": "rate",
    "unauthorized": "auth",
    "server_overloaded": "overload",
    "context_window_exceeded": "context",
    "bad_request": "request",
    "unknown": "server",
}
"""What agents call a failure (beside Claude Code's words Codex's codex_error_info) -> our class."""
