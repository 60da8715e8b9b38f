"""The models documents: the catalog as data, filtered the way people ask."""

from __future__ import annotations

from pf_tui.catalog import Catalog, Model, Price, Resolved
from pf_tui.errors import UnknownName


def document(
    catalog: Catalog,
    *,
    family: str | None = None,
    provider: str | None = None,
    capability: str | None = None,
    extras: bool = False,
) -> list[dict[str, object]]:
    """Models in catalog order: the 116, a person's own, and with `extras` what lies beside them."""
    return [
        model(one)
        for one in chosen(catalog, family=family, provider=provider, capability=capability, extras=extras)
    ]


def chosen(
    catalog: Catalog,
    *,
    family: str | None = None,
    provider: str | None = None,
    capability: str | None = None,
    extras: bool = False,
) -> list[Model]:
    """The models that pass every filter.

    Args:
        family: family or sub-family, any case.
        provider: only models that provider serves.
        capability: text, vision, code, thinking …
    Raises:
        UnknownName: no such family, provider or capability.
    """
    models = [one for one in catalog.models.values() if extras or not one.extra]
    if family is not None:
        known = {name for one in catalog.models.values() for name in (one.family, one.subfamily)}
        wanted = _named("family", family, known)
        models = [one for one in models if wanted in (one.family.casefold(), one.subfamily.casefold())]
    if capability is not None:
        known = {name for one in catalog.models.values() for name in one.capabilities}
        wanted = _named("capability", capability, known)
        models = [one for one in models if wanted in one.capabilities]
    if provider is not None:
        serving = catalog.provider(provider).id
        models = [one for one in models if catalog.serves(serving, one.id)]
    return models


def info(resolved: Resolved) -> dict[str, object]:
    """One model, with a note when it was asked for by another name."""
    return {**model(resolved.model), "note": resolved.note}


def model(one: Model) -> dict[str, object]:
    """The model object."""
    return {
        "id": one.id,
        "name": one.name,
        "family": one.family,
        "subfamily": one.subfamily,
        "tier": one.tier,
        "status": one.status,
        "successor": one.successor,
        "context": one.context,
        "context_max": one.context_max,
        "max_output": one.max_output,
        "capabilities": list(one.capabilities),
        "modalities": {"input": list(one.inputs), "output": list(one.outputs)},
        "price": price(one.price),
        "release_date": one.release_date,
        "extra": one.extra,
        "providers": {
            name: {
                "id": served.native_id,
                "context": served.context,
                "shutdown": served.shutdown,
                "retired": served.retired,
            }
            for name, served in one.providers.items()
        },
    }


def price(listed: Price | None) -> dict[str, object]:
    """USD per million tokens; null = nobody published it."""
    return {
        "input": listed.input if listed else None,
        "output": listed.output if listed else None,
        "cache_read": listed.cache_read if listed else None,
        "cache_write": listed.cache_write if listed else None,
        "cache_write_1h": listed.cache_write_1h if listed else None,
    }


def _named(kind: str, asked: str, known: set[str]) -> str:
    names = {name.casefold() for name in known}
    if asked.casefold() not in names:
        raise UnknownName(kind, asked, sorted(known), "pf-tui models")
    return asked.casefold()
