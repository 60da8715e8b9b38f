"""What a verb did, as a document: switch, undo, bench, release, auto-switch."""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui.actions import SwitchOutcome, UndoOutcome
from pf_tui.documents.status import moment
from pf_tui.integrations.apply import Effect
from pf_tui.rules.benches import Bench
from pf_tui.snapshot import Snapshot
from pf_tui.state import health


def switched(switch_outcome: SwitchOutcome) -> dict[str, object]:
    """A switch; `switched` is false when everything stood that way already."""
    return {
        "switched": switch_outcome.switched,
        "from": switch_outcome.from_provider,
        "to": switch_outcome.to_provider,
        "model": switch_outcome.model,
        "effect": effects(switch_outcome.effects),
        "note": switch_outcome.note,
        "undo": "pf-tui switch --undo" if switch_outcome.switched else None,
    }


def auto_switched(now: Snapshot, *, changed: bool) -> dict[str, object]:
    """Auto-switch was turned on or off: the switch document, with what holds now."""
    serves = now.active.provider if now.active else None
    return {
        "switched": False,
        "from": serves,
        "to": serves,
        "model": now.active.model if now.active else None,
        "effect": [],
        "auto_switch": now.auto_switch,
        "undo": "pf-tui undo" if changed else None,
    }


def turned(undo_outcome: UndoOutcome, verb: str, now: Snapshot) -> dict[str, object]:
    """An undo or redo: the switch document, with the action it was about."""
    return {
        "switched": undo_outcome.from_provider != undo_outcome.to_provider,
        "from": undo_outcome.from_provider,
        "to": undo_outcome.to_provider,
        "model": now.active.model if now.active else None,
        "effect": effects(undo_outcome.effects),
        f"{verb}ne": {
            "id": undo_outcome.event.id,
            "action": undo_outcome.event.action,
            "ts": moment(undo_outcome.event.ts),
            "why": undo_outcome.event.why,
        },
        "undo": "pf-tui redo" if verb == "undo" else "pf-tui undo",
    }


def benched(bench: Bench, now: Snapshot) -> dict[str, object]:
    """A bench by hand, and who serves now."""
    return {
        "benched": health.bench_to_json(bench),
        "active": now.active.provider if now.active else None,
        "model": now.active.model if now.active else None,
        "undo": "pf-tui undo",
    }


def released(provider: str, count: int, now: Snapshot) -> dict[str, object]:
    """Benches lifted, and who serves now."""
    return {
        "provider": provider,
        "released": count,
        "active": now.active.provider if now.active else None,
        "model": now.active.model if now.active else None,
        "undo": "pf-tui undo" if count else None,
    }


def effects(effects_in: Sequence[Effect]) -> list[dict[str, object]]:
    """What happens to each agent, when and by what means."""
    return [
        {
            "agent": effect.agent,
            "when": effect.when,
            "how": effect.how,
            "applied": effect.applied,
            "text": effect.text,
        }
        for effect in effects_in
    ]
