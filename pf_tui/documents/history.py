"""What happened (events) and why things stand as they do (why)."""

from __future__ import annotations

from collections.abc import Iterable

from pf_tui.documents import resting, status
from pf_tui.snapshot import Snapshot
from pf_tui.state import clock
from pf_tui.state.journal import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias, TypedDict

    StateDecision: TypeAlias = Literal["serves", "passed", "ready"]

    class Step(TypedDict):
        """How one provider of the list stands."""

        rank: int
        provider: str
        verdict: StateDecision
        model: str | None
        code: str | None
        reason: str | None
        until: str | None
        resting: object


_EVENT_FIELDS = ("id", "ts", "who", "action", "why", "before", "after")


def events(journal_events: Iterable[Event]) -> list[dict[str, object]]:
    """The journal's lines, oldest first."""
    return [event(item) for item in journal_events]


def event(event: Event) -> dict[str, object]:
    """One line of the journal, without what only undo needs."""
    line = event.to_json()
    fields = {name: line[name] for name in _EVENT_FIELDS}
    if event.evidence:
        fields["evidence"] = line["evidence"]
    if event.of:
        fields["of"] = event.of
    return fields


def why(now: Snapshot) -> dict[str, object]:
    """The chain from first to last: who was skipped and why, who serves, who follows."""
    return {
        "active": status.serving(now.active),
        "next": status.serving(now.next),
        "reason": now.choice.reason,
        "next_reason": now.next_reason,
        "auto_switch": now.auto_switch,
        "paid": now.paid,
        "question": status.question(now),
        "classes": classes(now),
        "gateway": status.leading(now),
        "resume": now.config.resumes_sessions,
        "model": now.model,
        "project": str(now.project.root) if now.project else None,
        "chain": chain(now),
        "repairs": repairs(now),
        "problems": list(now.problems),
    }


def repairs(now: Snapshot) -> list[dict[str, object]]:
    """Parts of requests that the gateway leaves out where a provider refused them."""
    return [
        {
            "provider": repair.provider,
            "model": repair.model,
            "strip": list(repair.strip),
            "since": clock.to_text(repair.since),
            "text": resting.repair_sentence(repair),
        }
        for repair in now.files.health.repairs
    ]


def classes(now: Snapshot) -> list[dict[str, object]]:
    """Request classes that are served elsewhere than the conversation, through the gateway."""
    return [
        {"class": name, "provider": rule.provider, "model": rule.model}
        for name, rule in now.config.classes.items()
    ]


def chain(now: Snapshot) -> list[Step]:
    """One step per provider of the list.

    `verdict` is serves, passed (with code and reason) or ready (it would serve if asked).
    """
    steps: list[Step] = []
    for view in now.providers:
        if view.rank is None:
            continue
        refusal = now.refusal(view.id)
        serves = now.active is not None and now.active.provider == view.id
        verdict: StateDecision = "serves" if serves else "passed" if refusal else "ready"
        steps.append(
            {
                "rank": view.rank,
                "provider": view.id,
                "verdict": verdict,
                "model": view.serves,
                "code": refusal.code if refusal else None,
                "reason": now.choice.reason if serves else refusal.reason if refusal else None,
                "until": status.moment(refusal.until) if refusal else None,
                "resting": status.resting(view),
            }
        )
    return steps
