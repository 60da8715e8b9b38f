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
        model(entry)
        for entry in chosen(catalog, family=family, provider=provider, capability=capability, extras=extras)
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
    models = [model for model in catalog.models.values() if extras or not model.extra]
    if family is not None:
        choices = {name for model in catalog.models.values() for name in (model.family, model.subfamily)}
        group = _named("family", family, choices)
        models = [model for model in models if group in (model.family.casefold(), model.subfamily.casefold())]
    if capability is not None:
        choices = {name for model in catalog.models.values() for name in model.capabilities}
        ability = _named("capability", capability, choices)
        models = [model for model in models if ability in model.capabilities]
    if provider is not None:
        serving = catalog.provider(provider).id
        models = [model for model in models if catalog.serves(serving, model.id)]
    return models


def info(match: Resolved) -> dict[str, object]:
    """One model, with a note when it was asked for by another name."""
    return {**model(match.model), "note": match.note}


def model(model: Model) -> dict[str, object]:
    """The model object."""
    return {
        "id": model.id,
        "name": model.name,
        "family": model.family,
        "subfamily": model.subfamily,
        "tier": model.tier,
        "status": model.status,
        "successor": model.successor,
        "context": model.context,
        "context_max": model.context_max,
        "max_output": model.max_output,
        "capabilities": list(model.capabilities),
        "modalities": {"input": list(model.inputs), "output": list(model.outputs)},
        "price": price(model.price),
        "release_date": model.release_date,
        "extra": model.extra,
        "providers": {
            name: {
                "id": served_model.native_id,
                "context": served_model.context,
                "shutdown": served_model.shutdown,
                "retired": served_model.retired,
            }
            for name, served_model in model.providers.items()
        },
    }


def price(list_price: Price | None) -> dict[str, object]:
    """USD per million tokens; null = nobody published it."""
    return {
        "input": list_price.input if list_price else None,
        "output": list_price.output if list_price else None,
        "cache_read": list_price.cache_read if list_price else None,
        "cache_write": list_price.cache_write if list_price else None,
        "cache_write_1h": list_price.cache_write_1h if list_price else None,
    }


def _named(kind: str, name: str, choices: set[str]) -> str:
    names = {name.casefold() for name in choices}
    if name.casefold() not in names:
        raise UnknownName(kind, name, sorted(choices), "pf-tui models")
    return name.casefold()
