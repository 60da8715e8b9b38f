"""Who serves, who is next, and why each one before was passed over. Pure: no clock, no file.

Invariant: every provider walked past leaves a reason; nothing is chosen without a credential.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pf_tui.catalog import Catalog
from pf_tui.records import record


@record
class ActiveBench:
    """A bench that still holds, as the rule needs it."""

    kind: str
    until: datetime | None
    """None = until cleared."""
    model: str | None = None
    """None = the whole provider."""
    why: str = ""


@record
class ExhaustedWindow:
    """A window or budget at 100 % before its reset."""

    window: str
    resets_at: datetime | None
    model_family: str | None = None
    """Set when only models whose id holds this word are counted ("opus")."""


@record
class Eligibility:
    """How one provider of the priority list stands now."""

    provider: str
    enabled: bool = True
    disabled_why: str = "disabled in providers.yaml"
    credential: str = "present"
    """present | missing | expired | unknown"""
    usable: bool = True
    """The credential is good enough to be chosen without asking."""
    credential_hint: str = ""
    rests: tuple[ActiveBench, ...] = ()
    spent: tuple[ExhaustedWindow, ...] = ()


@record
class Skipped:
    """A provider that was not chosen, and the reason."""

    provider: str
    code: str
    """disabled | no-credential | benched | exhausted | model"""
    reason: str
    until: datetime | None = None


@record
class Choice:
    """The provider that serves, the model it serves, and who was passed over on the way."""

    provider: str | None
    model: str | None
    reason: str
    passed: tuple[Skipped, ...] = ()

    @property
    def first_back(self) -> Skipped | None:
        """The passed-over provider that is back first, if any has an end."""
        ending = [p for p in self.passed if p.until is not None]
        return min(ending, key=lambda p: (p.until is None, p.until)) if ending else None


def choose(
    standings: Sequence[Eligibility],
    wanted: str | None,
    catalog: Catalog,
    *,
    auto_switch: bool = True,
    min_context_tokens: int = 0,
    without: str | None = None,
) -> Choice:
    """Walk the priority list and take the first provider that can serve.

    Args:
        standings: in order of priority.
        wanted: the model asked for, any spelling; None = each provider's own default.
        auto_switch: off = the first of the list, usable or not, is the one.
        min_context_tokens: the conversation so far; an equivalent with a smaller window is no equivalent.
        without: who would serve if this provider failed now; it keeps its place in the counting.
    Returns:
        provider None when nobody can serve; `reason` then says so with counts.
    """
    if not auto_switch and standings:
        first = standings[0]
        model, _ = model_served(first.provider, wanted, catalog, min_context_tokens)
        return Choice(
            provider=first.provider, model=model, reason="auto-switch is off: the first of the list serves"
        )
    passed: list[Skipped] = []
    for place, standing in enumerate(standings, start=1):
        if standing.provider == without:
            continue
        model, how = model_served(standing.provider, wanted, catalog, min_context_tokens)
        if refusal := why_ineligible(standing, model):
            passed.append(refusal)
        elif model is None and wanted is not None:
            passed.append(Skipped(provider=standing.provider, code="model", reason=how))
        else:
            reason = (
                "first in priority"
                if place == 1
                else f"{_ordinal(place)} in priority, the first that can serve"
            )
            return Choice(
                provider=standing.provider,
                model=model,
                reason=f"{reason}; {how}" if how else reason,
                passed=tuple(passed),
            )
    return Choice(provider=None, model=None, reason=_nobody(passed), passed=tuple(passed))


def why_ineligible(standing: Eligibility, model: str | None) -> Skipped | None:
    """Why this provider cannot serve `model` now; None when it can."""
    if not standing.enabled:
        return Skipped(provider=standing.provider, code="disabled", reason=standing.disabled_why)
    if not standing.usable:
        words = {"missing": "no credential", "expired": "the credential has expired"}
        reason = words.get(standing.credential, "the credential is not certain")
        if standing.credential_hint:
            reason += f" ({standing.credential_hint})"
        return Skipped(provider=standing.provider, code="no-credential", reason=reason)
    rests = [rest for rest in standing.rests if rest.model is None or rest.model == model]
    if rests:
        longest = max(rests, key=lambda rest: (rest.until is None, rest.until))
        what = f"benched ({longest.why or longest.kind})"
        return Skipped(provider=standing.provider, code="benched", reason=what, until=longest.until)
    for spent in standing.spent:
        if spent.model_family is None or (model is not None and spent.model_family in model):
            return Skipped(
                provider=standing.provider,
                code="exhausted",
                reason=f"{spent.window} is used up",
                until=spent.resets_at,
            )
    return None


def model_served(
    provider: str, wanted: str | None, catalog: Catalog, min_context_tokens: int = 0
) -> tuple[str | None, str]:
    """The catalog model this provider would serve for `wanted`, and a note when it is not the same.

    The same model first, then its successor when it is retired, then the equivalent of the same tier
    whose window holds the conversation. (None, why) when there is none.
    """
    known = catalog.providers.get(provider)
    if wanted is None:
        return (known.default_model if known else None), ""
    asked = catalog.find_model(wanted, provider)
    if asked is None:
        default = known.default_model if known else None
        if default is None:
            return None, f"does not serve {wanted}"
        return default, f"{wanted} is not in the catalog, so its own default serves"
    living = catalog.serving_model(asked.id)
    for model in dict.fromkeys((asked.id, living.id)):
        if catalog.serves(provider, model):
            return model, "" if model == asked.id else f"{asked.id} is retired, {model} follows it"
    for model in catalog.equivalents(living.id):
        if catalog.serves(provider, model) and _window(catalog, model, provider) >= min_context_tokens:
            return model, f"{model} stands in for {living.id}"
    return None, f"does not serve {living.id} and has no equivalent"


def _window(catalog: Catalog, model_id: str, provider: str) -> int:
    model = catalog.models[model_id]
    served = model.providers.get(provider)
    return (served.context if served else None) or model.context


def _nobody(passed: Sequence[Skipped]) -> str:
    if not passed:
        return "the priority list is empty"
    words = {
        "no-credential": "without a credential",
        "benched": "benched",
        "exhausted": "used up",
        "disabled": "disabled",
        "model": "without the model",
    }
    counts = [
        f"{count} {word}" for code, word in words.items() if (count := sum(p.code == code for p in passed))
    ]
    return f"no provider can serve: {', '.join(counts)}"


def _ordinal(place: int) -> str:
    small = {2: "second", 3: "third", 4: "fourth", 5: "fifth"}
    return small.get(place, f"number {place}")
