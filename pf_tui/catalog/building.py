"""Plain data of the compiled form -> records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pf_tui.catalog.records import (
    ClaudeCodeMode,
    LoginFile,
    Model,
    Price,
    PriceTier,
    Provider,
    ServedModel,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: a record's fields by name, each of its own type

    from pf_tui.catalog.entries import ModelEntry, PriceEntry, ProviderEntry, ServedEntry

_PROVIDER_TUPLES = ("env", "env_pointers", "env_all", "env_maybe", "protocols")
_MODEL_TUPLES = ("aliases", "capabilities", "inputs", "outputs")


def provider(plain: ProviderEntry) -> Provider:
    """One provider from its compiled entry."""
    fields: dict[str, Any] = dict(plain)  # lists become tuples in it
    for name in _PROVIDER_TUPLES:
        if name in fields:
            fields[name] = tuple(fields[name])
    for name in ("blanks", "carries"):
        if name in fields:
            fields[name] = {key: tuple(values) for key, values in fields[name].items()}
    if "logins" in fields:
        fields["logins"] = tuple(LoginFile(**login) for login in fields["logins"])
    if "claude_code" in fields:
        fields["claude_code"] = ClaudeCodeMode(**fields["claude_code"])
    return Provider(**fields)


def model(plain: ModelEntry) -> Model:
    """One model from its compiled entry."""
    fields: dict[str, Any] = dict(plain)  # as above
    for name in _MODEL_TUPLES:
        if name in fields:
            fields[name] = tuple(fields[name])
    if "price" in fields:
        fields["price"] = price(fields["price"])
    fields["providers"] = {host: _served(entry) for host, entry in fields.get("providers", {}).items()}
    return Model(**fields)


def price(plain: PriceEntry | None) -> Price | None:
    """A price from its compiled entry."""
    if plain is None:
        return None
    fields: dict[str, Any] = dict(plain)  # as above
    fields["tiers"] = tuple(PriceTier(**tier) for tier in fields.get("tiers", ()))
    return Price(**fields)


def _served(plain: ServedEntry) -> ServedModel:
    return ServedModel(
        native_id=plain["id"],
        context=plain.get("context"),
        shutdown=plain.get("shutdown"),
        retired=plain.get("retired", False),
        price=price(plain.get("price")),
    )


class ModelsById(Mapping[str, Model]):
    """Models by id; a record is made when it is first asked for (all 128 cost a hook 3 ms)."""

    def __init__(self, plain: Mapping[str, ModelEntry]) -> None:
        self.plain = plain
        self._records: dict[str, Model] = {}

    def __getitem__(self, model_id: str) -> Model:
        record = self._records.get(model_id)
        if record is None:
            record = self._records[model_id] = model(self.plain[model_id])
        return record

    def __contains__(self, model_id: object) -> bool:
        return model_id in self.plain

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain)

    def __len__(self) -> int:
        return len(self.plain)
