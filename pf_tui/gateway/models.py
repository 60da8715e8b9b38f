"""GET /v1/models: what can be asked for here, in a shape that both families of clients read."""

from __future__ import annotations

from collections.abc import Callable

from pf_tui.catalog import Model
from pf_tui.gateway.routing_plan import RoutingPlan
from pf_tui.rules.models import window


def listed(
    plan: RoutingPlan, is_blocked: Callable[[str, str], bool] = lambda _provider, _model: False
) -> object:
    """Every model that a provider of ours serves, under the catalog's ids, as it will be served now.

    The window is the one of the provider that is asked first: an agent that compacts by it does so in time.

    Args:
        is_blocked: told a provider and a model; True while that provider rests from it.
    """
    rows: dict[str, dict[str, object]] = {}
    resting: dict[str, dict[str, object]] = {}
    for eligibility in plan.eligibilities:
        provider = plan.catalog.providers[eligibility.provider]
        has_credential = eligibility.provider in plan.keys or eligibility.provider in plan.signers
        if not has_credential and provider.auth != "none":
            continue
        if not eligibility.enabled or not provider.is_routable:
            continue
        for model in plan.catalog.models.values():
            if not plan.catalog.chats(model.id) or not plan.catalog.serves(provider.id, model.id):
                continue
            target_rows = resting if is_blocked(provider.id, model.id) else rows
            target_rows.setdefault(model.id, _entry(plan, provider.id, model))
    items = list({**resting, **rows}.values())
    return {
        "object": "list",
        "data": items,
        "has_more": False,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
    }


def _entry(plan: RoutingPlan, provider: str, model: Model) -> dict[str, object]:
    return {
        "type": "model",
        "object": "model",
        "id": model.id,
        "display_name": model.name,
        "created_at": f"{model.release_date or '2026-01-01'}T00:00:00Z",
        "created": 0,
        "owned_by": provider,
        "context_length": window(plan.catalog, model.id, provider),
    }
