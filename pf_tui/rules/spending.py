"""When a paid provider may follow a plan that is used up. Pure.

A person who puts a paid provider first has decided. Behind a plan that has a login it waits for a word,
unless `pf.paid` says that it need not.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pf_tui.records import record, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.catalog import Catalog, Provider
    from pf_tui.rules.eligibility import Eligibility
    from pf_tui.rules.failover import Choice

PAID = ("auto", "ask", "never")
"""A paid provider follows a plan by itself, once the person allows it, or never."""

HELD_REASONS = {
    "ask": "costs money: `pf-tui allow paid --today` lets it follow your plan",
    "never": "costs money, and no paid provider follows a plan (`pf-tui allow paid --ask`)",
}
"""Why a paid provider waits."""


@record
class Question:
    """What the person is asked: whether a paid provider may serve while the plan cannot."""

    plan: str
    back: datetime | None
    """When the plan serves again by itself."""
    provider: str
    """The first paid provider that could serve."""
    serves: bool = False
    """The plan serves still: the paid provider is the next move."""


def setting(paid: str, until: datetime | None, now: datetime) -> str:
    """The key of PAID that holds now.

    Args:
        until: until then the person has allowed it.
    """
    return "auto" if until is not None and now < until else paid


def costs(provider: Provider) -> bool:
    """A request there is billed: neither a plan nor a server of one's own."""
    return not provider.plan and provider.auth != "none"


def held_back(eligibilities: Sequence[Eligibility], catalog: Catalog, paid: str) -> list[Eligibility]:
    """The eligibilities, with why a paid provider may not follow the plans before it.

    Args:
        eligibilities: in order of priority.
        paid: a key of PAID.
    """
    if paid == "auto":
        return list(eligibilities)
    plans: list[str] = []
    judged = []
    for eligibility in eligibilities:
        provider = catalog.providers.get(eligibility.provider)
        if provider is not None and plans and costs(provider):
            judged.append(replace(eligibility, held_reason=HELD_REASONS[paid], after=tuple(plans)))
            continue
        if provider is not None and provider.plan and eligibility.enabled and eligibility.usable:
            plans.append(eligibility.provider)
        judged.append(eligibility)
    return judged


def question(
    choice: Choice, after: Choice, eligibilities: Sequence[Eligibility], paid: str
) -> Question | None:
    """What to ask the person: the next move would go from a plan to a paid provider.

    Args:
        choice: who serves; with nobody, the paid provider could serve now.
        after: who would serve without that provider.
        eligibilities: with why a paid provider is held back.
        paid: a key of PAID.
    """
    if paid != "ask" or (choice.provider is not None and after.provider is not None):
        return None
    waiting = next((skip.provider for skip in after.skipped if skip.code == "paid"), None)
    eligibility = next(
        (eligibility for eligibility in eligibilities if eligibility.provider == waiting), None
    )
    if eligibility is None:
        return None
    if choice.provider is not None:
        if choice.provider not in eligibility.after:
            return None
        return Question(plan=choice.provider, back=None, provider=eligibility.provider, serves=True)
    ends = [
        skip.until for skip in choice.skipped if skip.provider in eligibility.after and skip.until is not None
    ]
    return Question(plan=eligibility.after[0], back=min(ends, default=None), provider=eligibility.provider)
