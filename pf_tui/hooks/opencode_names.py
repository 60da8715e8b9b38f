"""Which of our providers OpenCode means by its ids, and the other way round.

Several of ours share one id there ("anthropic" is a login or a key); what OpenCode is signed in with
tells them apart. A provider that a person wrote into OpenCode's own settings is known by its address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pf_tui.catalog import Catalog
from pf_tui.ingest import opencode as source
from pf_tui.rules import addresses


class Names:
    """OpenCode's providers of one moment, as ours."""

    def __init__(
        self,
        env: Mapping[str, str],
        catalog: Catalog,
        models: Mapping[str, Sequence[str]],
        bases: Mapping[str, str],
    ) -> None:
        """Args: models: OpenCode's provider id -> its model ids; bases: -> base URL, where one is set."""
        self._catalog = catalog
        self._models = models
        self._bases = bases
        shared: dict[str, tuple[tuple[str, str], ...]] = {}
        for provider in catalog.providers.values():
            if provider.opencode_id:
                shared[provider.opencode_id] = (
                    *shared.get(provider.opencode_id, ()),
                    (provider.id, provider.auth),
                )
        self._shared = shared
        self.logins = source.Providers(env, shared)
        self._native_ids: dict[str, str] | None = None

    def own_id(self, native_id: str) -> str | None:
        """Our id; None when pf-tui does not know that provider."""
        custom = self._catalog.providers.get(native_id)
        if custom is not None and custom.custom:
            return native_id
        if by_address := self._at(self._bases.get(native_id)):
            return by_address
        return self.logins(native_id) if native_id in self._shared else None

    def native_id(self, own_id: str) -> str | None:
        """OpenCode's id; None when OpenCode has neither login nor key for it."""
        if self._native_ids is None:
            self._native_ids = {}
            for name in self._models:
                if own_name := self.own_id(name):
                    self._native_ids.setdefault(own_name, name)
        return self._native_ids.get(own_id)

    def model(
        self,
        provider: str,
        native_provider: str,
        model: str | None,
        others: Sequence[str],
        *,
        any_will_do: bool,
    ) -> str | None:
        """The id under which OpenCode's provider has our model.

        Args:
            others: what will do as well, best first, by our ids or OpenCode's: the name asked for, models
                that can stand in for it, the provider's default there.
            any_will_do: nobody knows what was asked for, so every model is as good.
        """
        offered = [
            name for name in self._models.get(native_provider, ()) if self._catalog.may_chat(name, provider)
        ]
        native = self._catalog.native_id(model, provider) if model else None
        if native in offered:
            return native
        by_id: dict[str, str] = {}
        for name in offered:
            if (entry := self._catalog.find_model(name, provider)) is not None:
                by_id.setdefault(entry.id, name)
        if model in by_id:
            return by_id[model]
        for other in others:
            if other in offered or other in by_id:
                return other if other in offered else by_id[other]
        return next(iter(offered), None) if any_will_do else None

    def _at(self, url: str | None) -> str | None:
        """The provider whose address this is, a person's own before the catalog's; None when several fit."""
        if not url:
            return None
        fitting = addresses.at(url, self._catalog.providers.values())
        own = [provider.id for provider in fitting if provider.custom]
        catalog_ids = [entry.id for entry in fitting if not (entry.custom or entry.plan or entry.agent_only)]
        return next((ids[0] for ids in (own, catalog_ids) if len(ids) == 1), None)


def text_lists(value: object) -> dict[str, list[str]]:
    """{provider: [model ids]} from what the plugin sent; whatever else is in it is left out."""
    if not isinstance(value, dict):
        return {}
    return {
        str(name): [model for model in models if isinstance(model, str)]
        for name, models in value.items()
        if isinstance(models, list)
    }


def texts(value: object) -> dict[str, str]:
    """What the plugin sent as {name: text}; whatever else is in it is left out."""
    if not isinstance(value, dict):
        return {}
    return {str(name): text for name, text in value.items() if isinstance(text, str)}
