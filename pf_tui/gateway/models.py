"""GET /v1/models: what can be asked for here, in a shape that both families of clients read."""

from __future__ import annotations

from typing import Any

from pf_tui.gateway.routing_state import RoutingPlan
from pf_tui.rules.failover import SERVED_PROTOCOLS
from pf_tui.rules.models import window


def listed(plan: RoutingPlan) -> dict[str, Any]:
    """Every model that a provider with a key of ours serves, under the catalog's ids."""
    found: dict[str, dict[str, Any]] = {}
    for standing in plan.standings:
        provider = plan.catalog.providers[standing.provider]
        if standing.provider not in plan.keys and provider.auth != "none":
            continue
        if not standing.enabled or not any(name in provider.protocols for name in SERVED_PROTOCOLS):
            continue
        for model in plan.catalog.models.values():
            if (
                model.id in found
                or not plan.catalog.chats(model.id)
                or not plan.catalog.serves(provider.id, model.id)
            ):
                continue
            found[model.id] = {
                "type": "model",
                "object": "model",
                "id": model.id,
                "display_name": model.name,
                "created_at": f"{model.release_date or '2026-01-01'}T00:00:00Z",
                "created": 0,
                "owned_by": provider.id,
                "context_length": window(plan.catalog, model.id, provider.id),
            }
    items = list(found.values())
    return {
        "object": "list",
        "data": items,
        "has_more": False,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
    }
