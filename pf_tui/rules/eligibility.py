"""Whether a provider can serve now, and why not. Pure: no clock, no file."""

from __future__ import annotations

from datetime import datetime

from pf_tui.records import record
from pf_tui.rules.benches import concerns, longest
from pf_tui.rules.limits import in_family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import CredentialState, SkipCode


@record
class ActiveBench:
    """A bench that still holds, as the rule needs it."""

    kind: str
    until: datetime | None
    """None = until cleared."""
    model: str | None = None
    family: str | None = None
    """Only models whose id holds this word; model and family None = the whole provider."""
    why: str = ""


@record
class ExhaustedWindow:
    """A window or budget at 100 % before its reset."""

    window: str
    resets_at: datetime | None
    model_family: str | None = None
    """Set when only models whose id holds this word are counted ("opus")."""
    budget: bool = False
    """The person's own budget, not the provider's window."""

    def concerns(self, model: str | None) -> bool:
        """True when it keeps its provider from serving `model`."""
        return self.model_family is None or in_family(self.model_family, model)


@record
class Eligibility:
    """How one provider of the priority list stands now."""

    provider: str
    enabled: bool = True
    disabled_why: str = "disabled in providers.yaml"
    credential: CredentialState = "present"
    usable: bool = True
    """The credential is good enough to be chosen without asking."""
    credential_hint: str = ""
    signing_hint: str = ""
    """Why the gateway cannot prove itself with this credential, with the cure; "" when it can."""
    login_of: str | None = None
    """Set when the credential is that agent's own login, which nobody else can use."""
    has_key: bool | None = None
    """Whether a key could be read; None = nobody looked, `usable` counts."""
    rests: tuple[ActiveBench, ...] = ()
    full_windows: tuple[ExhaustedWindow, ...] = ()
    held_reason: str = ""
    """Why a paid provider may not follow a plan now; "" when it may."""
    after: tuple[str, ...] = ()
    """The plans before it in the list, where it is held."""


@record
class Skipped:
    """A provider that was not chosen, and the reason."""

    provider: str
    code: SkipCode
    reason: str
    until: datetime | None = None
    kind: str = ""
    """Failure class of what it rests for, where it is known: a key of rules.failures.CLASSES."""

    @property
    def is_resting(self) -> bool:
        """It serves again by itself, or when a person releases it."""
        return self.code in ("benched", "exhausted")

    @property
    def is_absent(self) -> bool:
        """It cannot serve until a person gives it a credential or takes it up again."""
        return self.code in ("no-credential", "disabled")


def why_ineligible(eligibility: Eligibility, model: str | None) -> Skipped | None:
    """Why this provider cannot serve `model` now; None when it can."""
    if not eligibility.enabled:
        return Skipped(provider=eligibility.provider, code="disabled", reason=eligibility.disabled_why)
    if refusal := without_credential(eligibility):
        return refusal
    rests = [rest for rest in eligibility.rests if concerns(rest.model, rest.family, model)]
    if rests:
        rest = longest(rests)
        what = f"benched ({rest.why or rest.kind})"
        return Skipped(provider=eligibility.provider, code="benched", reason=what, until=rest.until)
    for window in eligibility.full_windows:
        if window.concerns(model):
            return Skipped(
                provider=eligibility.provider,
                code="exhausted",
                reason=f"{window.window} is used up",
                until=window.resets_at,
            )
    if eligibility.held_reason:
        return Skipped(provider=eligibility.provider, code="paid", reason=eligibility.held_reason)
    return None


def without_credential(eligibility: Eligibility) -> Skipped | None:
    """Why its credential cannot be used; None when it can."""
    if eligibility.usable:
        return None
    words = {"missing": "no credential", "expired": "the credential has expired"}
    reason = words.get(eligibility.credential, "the credential is not certain")
    if eligibility.credential_hint:
        reason += f" ({eligibility.credential_hint})"
    return Skipped(provider=eligibility.provider, code="no-credential", reason=reason)
