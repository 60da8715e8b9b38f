"""The Catalog: every provider and model, found by any spelling."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pf_tui.catalog import building
from pf_tui.catalog.records import Model, Plan, Provider, Resolved
from pf_tui.errors import UnknownName

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any  # Any: a part of the compiled form, each is of a shape of its own

    from pf_tui.catalog.entries import ModelEntry, ProviderEntry, ServedEntry
    from pf_tui.catalog.meanings import Meanings
    from pf_tui.catalog.overlay import Overlay
    from pf_tui.vocabulary import Protocol

DEARER = 2.0
"""A stand-in that costs more than this many times the asked-for model comes after those that do not."""

CHAT_TIERS = ("frontier", "balanced", "fast", "reasoning")
"""Tiers of models that hold a conversation; the others speak, draw or embed."""

_CHATTING = frozenset(CHAT_TIERS)

_NEAREST_TIERS: Mapping[str, tuple[str, ...]] = {
    "frontier": ("reasoning", "balanced", "fast"),
    "reasoning": ("frontier", "balanced", "fast"),
    "balanced": ("reasoning", "frontier", "fast"),
    "fast": ("balanced", "reasoning", "frontier"),
}
"""Where to look when nobody of the tier is left: the nearest in ability first."""


class Catalog:
    """All providers and models; look-ups by any spelling. Made by `load()`.

    providers: every Provider by id, in default order; a person's own come last.
    models: every Model by canonical id, the 116 first in catalog order, then extras, then the person's.
    """

    providers: Mapping[str, Provider]
    default_priority: tuple[str, ...]

    def __init__(self, load: Callable[[str], Any], overlay: Overlay | None = None) -> None:
        """Args: load: "providers", "models", "names", "dialects" or "answers" -> that part (`entries`)."""
        self._load = load
        self._overlay = overlay
        plain: Iterable[ProviderEntry] = load("providers")
        if overlay is not None:
            from pf_tui.catalog import overlay as overlays

            plain = overlays.merge_providers(plain, overlay, self._known_name)
        self.providers = {entry["id"]: building.provider(entry) for entry in plain}
        self.default_priority = tuple(self.providers)
        self._models: building.ModelsById | None = None
        self._index: dict[str, str] | None = None
        self._prefixes: frozenset[str] = frozenset()
        self._natives: dict[str, dict[str, str]] = {}
        self._meanings: Meanings | None = None

    @property
    def models(self) -> Mapping[str, Model]:
        """Every model by canonical id; read when first asked for."""
        return self._models_by_id()

    @property
    def meanings(self) -> Meanings:
        """What providers' error answers mean; read when first asked for."""
        if self._meanings is None:
            from pf_tui.catalog.meanings import Meanings

            self._meanings = Meanings(self._load("answers"))
        return self._meanings

    def provider(self, provider_id: str) -> Provider:
        """The provider of that id. Raises UnknownName (nearest names)."""
        provider = self.providers.get(provider_id) or self.providers.get(provider_id.strip().lower())
        if provider is None:
            raise UnknownName("provider", provider_id, self.providers, "pf-tui status")
        return provider

    def in_order(self, order: Sequence[str]) -> list[Provider]:
        """Every provider: those of a priority list first, in its order."""
        providers = [self.providers[name] for name in order if name in self.providers]
        return providers + [provider for provider in self.providers.values() if provider.id not in order]

    def problems_of(self, order: Iterable[str], model: str | None) -> list[str]:
        """What is wrong with the names in a priority list and of a default model."""
        problems = [
            f"{UnknownName('provider', name, self.providers)}; the priority list skips it"
            for name in order
            if name not in self.providers
        ]
        if model is not None and self.find_model(model) is None:
            problems.append(f"the default model '{model}' is not in the catalog · `pf-tui models`")
        return problems

    def model(self, name: str) -> Model:
        """The model that spelling means. Raises UnknownName (nearest names)."""
        model = self.find_model(name)
        if model is None:
            plain = self._models_by_id().plain
            short = [alias for entry in plain.values() for alias in entry.get("aliases", ())]
            raise UnknownName("model", name, [*plain, *short], "pf-tui models --all")
        return model

    def find_model(self, name: str, provider_id: str | None = None) -> Model | None:
        """Like `model()` but None when unknown. Never follows `successor`.

        Args:
            provider_id: who was called; its own model ids go before everybody's.
        """
        models = self._models_by_id()
        if provider_id is not None:
            native = self._native_ids(provider_id).get(name.strip().lower())
            if native is not None:
                return models[native]
        if name in models:
            return models[name]
        from pf_tui.catalog import names

        model_id = names.resolve(name, self._spellings(), self._prefixes)
        return None if model_id is None else models[model_id]

    def resolve(self, name: str, provider_id: str | None = None) -> Resolved | None:
        """The model that spelling means, with a note when its days are over; None when unknown."""
        model = self.find_model(name, provider_id)
        if model is None:
            return None
        if model.status == "retired":
            return Resolved(
                model=model, note=f"{model.id} is retired: served by {self.serving_model(model.id).id}"
            )
        if model.status == "deprecated" and model.successor:
            return Resolved(model=model, note=f"{model.id} is deprecated: {model.successor} follows it")
        return Resolved(model=model)

    def serving_model(self, name: str) -> Model:
        """The model itself, or the living one that follows a retired one. Raises UnknownName."""
        entry = self.model(name)
        visited_ids = set()
        while entry.status == "retired" and entry.successor and entry.id not in visited_ids:
            visited_ids.add(entry.id)
            entry = self._models_by_id()[entry.successor]
        return entry

    def native_id(self, model_id: str, provider_id: str) -> str | None:
        """What that provider calls the model; None when it does not serve it."""
        served_model = self._served(model_id, provider_id)
        return None if served_model is None else str(served_model["id"])

    def serves(self, provider_id: str, model_id: str) -> bool:
        """True when the provider lists the model and has not retired it."""
        served_model = self._served(model_id, provider_id)
        return served_model is not None and not served_model.get("retired", False)

    def lists_models(self, provider_id: str) -> bool:
        """True when it is known which models this provider serves: the list is closed."""
        return bool(self._native_ids(provider_id))

    def is_open(self, provider_id: str) -> bool:
        """True for an own server whose models nobody listed: it may have names that we never heard."""
        own = self._overlay.providers.get(provider_id) if self._overlay is not None else None
        return own is not None and "models" not in own and self.providers[provider_id].custom

    def chats(self, model_id: str) -> bool:
        """True for a model that holds a conversation in text; False for speech, images and embeddings."""
        entry = self._models_by_id().plain.get(model_id)
        return entry is not None and entry["tier"] in CHAT_TIERS

    def may_chat(self, name: str, provider_id: str | None = None) -> bool:
        """`chats` for any spelling; a name nobody knows may, unless it says what else it does."""
        model = self.find_model(name, provider_id)
        if model is not None:
            return self.chats(model.id)
        from pf_tui.catalog import chat_names  # of names that the catalog lacks alone

        return chat_names.may_chat(name)

    def nearest(self, model_id: str) -> tuple[str, ...]:
        """Chat models of other tiers, nearest tier first: who is left when the tier has nobody."""
        wanted_model = self._models_by_id().plain.get(model_id)
        tiers = _NEAREST_TIERS.get(wanted_model["tier"], ()) if wanted_model is not None else ()
        return tuple(other for tier in tiers for other in self.equivalents(model_id, tier))

    def equivalents(self, model_id: str, tier: str | None = None) -> tuple[str, ...]:
        """Models of the same tier, best first: same family, then the others. The model itself is not in it.

        The same model under another name comes first, then its own line (opus, sonnet …); a dearer one after
        those that are not; one without tools never for one that has them; the person's own models last.

        Args:
            tier: look in this tier instead of the model's own.
        """
        plain = self._models_by_id().plain
        wanted_model = plain.get(model_id)
        if wanted_model is None:
            return ()
        positions = self._positions(wanted_model, tier or wanted_model["tier"])
        needs_tools = "tools" in wanted_model.get("capabilities", ())
        able = [
            other
            for other in positions
            if other != model_id
            and other in plain
            and plain[other]["status"] != "retired"
            and (not needs_tools or "tools" in plain[other].get("capabilities", ()))
        ]
        return tuple(sorted(able, key=lambda other: positions[other]))

    def dialect(self, provider_id: str, protocol: Protocol) -> Mapping[str, object]:
        """What that provider takes of that protocol, as plain data for `translate.dialect`.

        A provider without an entry is taken for a compatible server; the person's own settings go over it.
        """
        dialects = self._load("dialects")
        entry = dialects.get(provider_id, {}).get(protocol)
        if entry is None:
            entry = dialects["compatible"].get(protocol, {})
        if self._overlay is not None:
            own = self._overlay.providers.get(provider_id, {}).get("dialect", {})
            entry = {**entry, **own.get("", {}), **own.get(protocol, {})}
        return dict(entry)

    def dialect_protocols(self, provider_id: str) -> frozenset[str]:
        """The protocols whose dialect at that provider is known; empty = nothing is known of it."""
        return frozenset(self._load("dialects").get(provider_id, ()))

    def plans(self, provider_id: str) -> tuple[Plan, ...]:
        """The flat plans of that provider and what they cost; empty when it has none."""
        return tuple(
            Plan(**plan) for plan in self._load("models")["plans"] if plan["provider"] == provider_id
        )

    def _positions(self, model_entry: ModelEntry, tier: str) -> dict[str, tuple[int, bool, int]]:
        """Each stand-in's place: how near it is, whether it is dearer, its place in equivalents.yaml."""
        plain = self._models_by_id().plain
        families = self._load("models")["equivalents"].get(tier, {})
        ceiling = _output_usd(model_entry) * DEARER
        positions: dict[str, tuple[int, bool, int]] = {}
        for family, lines in families.items():
            for line in lines:
                for model_id in line:
                    nearness = 1 if model_entry["id"] in line else 2 if family == model_entry["family"] else 3
                    dearer = nearness > 1 and _output_usd(plain.get(model_id)) > ceiling
                    positions[model_id] = (nearness, dearer, len(positions))
        own_name = model_entry.get("base_model") or model_entry["id"]
        for model_id, entry in plain.items():
            if own_name in (model_id, entry.get("base_model")):
                positions[model_id] = (0, False, len(positions))
            elif entry.get("custom") and tier == model_entry["tier"] and {tier, entry["tier"]} <= _CHATTING:
                positions[model_id] = (4, False, len(positions))
        return positions

    def _served(self, model_id: str, provider_id: str) -> ServedEntry | None:
        entry = self._models_by_id().plain.get(model_id)
        return None if entry is None else entry["providers"].get(provider_id)

    def _native_ids(self, provider_id: str) -> dict[str, str]:
        """What that provider calls its models, lower case -> id."""
        if provider_id not in self._natives:
            self._natives[provider_id] = {
                entry["providers"][provider_id]["id"].lower(): model_id
                for model_id, entry in self._models_by_id().plain.items()
                if provider_id in entry["providers"]
            }
        return self._natives[provider_id]

    def _models_by_id(self) -> building.ModelsById:
        if self._models is None:
            plain: Mapping[str, ModelEntry] = self._load("models")["models"]
            if self._overlay is not None:
                from pf_tui.catalog import overlay as overlays

                plain = overlays.merge_models(plain, self._overlay, self.providers, self._known_name)
            self._models = building.ModelsById(plain)
        return self._models

    def _known_name(self, name: str) -> str | None:
        """The id the shipped catalog gives that spelling."""
        from pf_tui.catalog import names

        part = self._load("names")
        return names.resolve(name, part["names"], frozenset(part["prefixes"]))

    def _spellings(self) -> dict[str, str]:
        """Folded spelling -> id, the person's own models included."""
        if self._index is None:
            from pf_tui.catalog import names

            part = self._load("names")
            self._index = dict(part["names"])
            self._prefixes = frozenset(part["prefixes"]) | {provider.lower() for provider in self.providers}
            for model_id, entry in self._models_by_id().plain.items():
                if entry.get("custom"):
                    for _, spelling in names.spellings(entry):
                        self._index.setdefault(spelling, model_id)
        return self._index


def _output_usd(entry: ModelEntry | None) -> float:
    """List price per million output tokens, to compare by; unknown counts as nothing."""
    price = entry.get("price") if entry is not None else None
    return price["output"] if price is not None else 0.0
