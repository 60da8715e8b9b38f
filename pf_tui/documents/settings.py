"""The priority and limits documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pf_tui.documents import status
from pf_tui.ledger.headroom import Headroom
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.state.config import BUDGET_FIELDS, Budgets


def priority(now: Snapshot) -> dict[str, object]:
    """The list that holds here, where it comes from, and how its providers stand."""
    return {
        "priority": list(now.priority),
        "source": _source(now),
        "project": str(now.project.root) if now.project else None,
        "providers": [
            {
                "id": view.id,
                "name": view.provider.name,
                "rank": view.rank,
                "health": status.health(view),
            }
            for view in now.providers
            if view.rank is not None
        ],
    }


def reordered(before: Sequence[str], after: Sequence[str], now: Snapshot) -> dict[str, object]:
    """What a change of the list did."""
    return {
        "changed": list(before) != list(after),
        "before": list(before),
        "priority": list(after),
        "active": now.active.provider if now.active else None,
        "undo": "pf-tui undo" if list(before) != list(after) else None,
    }


def limits(
    now: Snapshot, only: str | None = None, headroom: Mapping[str, Headroom] | None = None
) -> dict[str, object]:
    """Windows and budgets. Without `only`: of every provider in the list or with a limit.

    Args:
        headroom: provider -> the turns its tightest window holds, where enough is known.
    """
    headrooms = headroom or {}
    views = now.providers if only is None else (now.view(only),)
    shown_views = [view for view in views if only or view.rank is not None or view.limits]
    return {
        "providers": [
            {
                **_limited(view, now.config.budgets.get(view.id, Budgets())),
                "headroom": {"window": headrooms[view.id].window, "turns": headrooms[view.id].turns}
                if view.id in headrooms
                else None,
            }
            for view in shown_views
        ]
    }


def budgeted(now: Snapshot, provider: str) -> dict[str, object]:
    """What `limits set` left: the provider's budgets and windows as they stand."""
    return {
        **_limited(now.view(provider), now.config.budgets.get(provider, Budgets())),
        "undo": "pf-tui undo",
    }


def _limited(view: ProviderView, own: Budgets) -> dict[str, object]:
    return {
        "id": view.id,
        "name": view.provider.name,
        "rank": view.rank,
        "health": status.health(view),
        "limits": [status.limit(limit) for limit in view.limits],
        "budgets": {name: status.whole(getattr(own, name)) for name in BUDGET_FIELDS},
    }


def _source(now: Snapshot) -> str:
    if now.project is not None and now.project.priority is not None:
        return "project"
    return "catalog" if now.config.priority is None else "config"
