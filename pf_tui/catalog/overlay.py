"""A person's providers.yaml laid over the catalog. Pure: plain data in, plain data out.

The overlay holds what the person wrote, checked and spelled out by `overlay_text`:
provider id -> {name, family, auth, env, protocols, base_url, base_urls, headers, enabled, default_model,
models: {name: {id, name, context, max_output, price}}, price, dialect: {protocol: settings}}, each key only
if it was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pf_tui.catalog import chat_names
from pf_tui.catalog.records import SERVED_PROTOCOLS
from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.catalog.entries import (
        ClaudeCodeEntry,
        ModelEntry,
        OwnModel,
        OwnProvider,
        PriceEntry,
        ProviderEntry,
        ServedEntry,
    )
    from pf_tui.catalog.records import Provider

OWN_CONTEXT = 128_000
"""Window assumed for a person's own model that names none, in tokens."""

_AZURE_OPENAI = r"https://([A-Za-z0-9-]+)\.openai\.azure\.com(?:/|\Z)"

_CLONED = {
    "anthropic-messages": "anthropic-api",
    "openai-chat": "openai-api",
    "openai-responses": "openai-api",
}
"""Whose models an own provider serves that lists none: those of the vendor whose protocol it speaks."""

_PLAIN_FIELDS = ("name", "family", "auth", "env", "protocols", "headers", "enabled", "default_model")


@record
class Overlay:
    """The checked content of a providers.yaml, as plain data."""

    providers: Mapping[str, OwnProvider]


def merge_providers(
    shipped_providers: Iterable[ProviderEntry], overlay: Overlay, known_name: Callable[[str], str | None]
) -> list[ProviderEntry]:
    """The shipped providers with the person's settings in them, then the person's own.

    Args:
        known_name: any spelling -> id of a shipped model, or None.
    """
    providers_out: list[ProviderEntry] = []
    defaults: dict[str, str] = {}
    for entry in shipped_providers:
        defaults[entry["id"]] = entry["default_model"]
        own = overlay.providers.get(entry["id"])
        providers_out.append(entry.copy() if own is None else _overridden(entry, own))
    for provider_id, own in overlay.providers.items():
        if provider_id not in defaults:
            providers_out.append(
                _own_provider(provider_id, own, defaults, default_rank=len(providers_out) + 1)
            )
    for entry in providers_out:
        if entry["id"] in overlay.providers and entry.get("default_model"):
            entry["default_model"] = known_name(entry["default_model"]) or entry["default_model"]
    return providers_out


def merge_models(
    shipped_models: Mapping[str, ModelEntry],
    overlay: Overlay,
    providers: Mapping[str, Provider],
    known_name: Callable[[str], str | None],
) -> dict[str, ModelEntry]:
    """The shipped models with the person's hosts and prices in them, then the person's own models.

    Args:
        providers: as merged.
        known_name: any spelling -> id of a shipped model, or None.
    """
    models = dict(shipped_models)
    for provider_id, own in overlay.providers.items():
        provider = providers[provider_id]
        price = own.get("price")
        for name, settings in own.get("models", {}).items():
            model_id = known_name(name) or name
            if model_id not in models:
                models[model_id] = _own_model(model_id, settings, price, provider)
            models[model_id] = _served_by(models[model_id], provider_id, name, settings, price)
        if "models" not in own:
            if provider.custom:
                _clone(models, provider, price)
            elif price:
                for model_id, entry in models.items():
                    if provider_id in entry["providers"]:
                        models[model_id] = _served_by(entry, provider_id, None, {}, price)
    return models


def serving_urls(base_url: str, protocols: Iterable[str]) -> dict[str, str]:
    """One base URL, written with or without /v1, as each protocol wants it.

    anthropic-messages goes without /v1; openai-* with it, unless the path already names another version
    (/v4, /v1beta/openai).
    """
    bare = base_url.rstrip("/")
    plain = bare.removesuffix("/v1")
    versioned = any(_is_version(segment) for segment in bare.split("/")[3:])
    openai = bare if versioned else f"{plain}/v1"
    return {
        protocol: plain
        if protocol == "anthropic-messages"
        else openai
        if protocol in SERVED_PROTOCOLS
        else bare
        for protocol in protocols
    }


def _is_version(segment: str) -> bool:
    return len(segment) > 1 and segment[0] == "v" and segment[1].isdigit()


def _overridden(entry: ProviderEntry, own: OwnProvider) -> ProviderEntry:
    """A shipped provider with the person's settings; a base URL also goes into Claude Code's settings."""
    entry_out: ProviderEntry = {**entry, **_copied(own)}
    urls = dict(entry.get("base_urls", {}))
    if "base_url" in own:
        routed_protocols = [protocol for protocol in entry_out["protocols"] if protocol in SERVED_PROTOCOLS]
        urls |= serving_urls(own["base_url"], routed_protocols or entry_out["protocols"])
        if resource := re.match(_AZURE_OPENAI, own["base_url"]):  # Claude has a host of its own there
            urls["anthropic-messages"] = f"https://{resource[1]}.services.ai.azure.com/anthropic"
    urls |= own.get("base_urls", {})
    entry_out["base_urls"] = urls
    entry_out["protocols"] = list(dict.fromkeys([*entry_out["protocols"], *own.get("base_urls", ())]))
    anthropic = urls.get("anthropic-messages")
    is_cloud = bool(entry.get("blanks"))  # Claude Code has its own way there
    if anthropic != entry.get("base_urls", {}).get("anthropic-messages") and anthropic and not is_cloud:
        native = entry.get("claude_code", {}).get("mode") == "native"
        entry_out["claude_code"] = _claude_code(anthropic, "native" if native else "anthropic-compatible")
    return entry_out


def _own_provider(
    provider_id: str, own: OwnProvider, defaults: Mapping[str, str], *, default_rank: int
) -> ProviderEntry:
    """A provider of the person's own. Args: defaults: default model of each shipped provider."""
    urls = dict(own.get("base_urls", {}))
    protocols = list(own.get("protocols", urls or SERVED_PROTOCOLS))
    if "base_url" in own:
        urls = serving_urls(own["base_url"], protocols) | urls
    anthropic = urls.get("anthropic-messages")
    vendor = next((_CLONED[protocol] for protocol in protocols if protocol in _CLONED), None)
    default_model = next(iter(own["models"])) if own.get("models") else vendor and defaults[vendor]
    entry: ProviderEntry = {
        "name": provider_id,
        "family": "Own",
        "auth": "api_key",
        "billing": "per token",
        **_copied(own),
        "id": provider_id,
        "protocols": protocols,
        "base_urls": urls,
        "claude_code": {"mode": "proxy"}
        if anthropic is None
        else _claude_code(anthropic, "anthropic-compatible"),
        "default_rank": default_rank,
        "custom": True,
    }
    if default_model and "default_model" not in own:
        entry["default_model"] = default_model
    return entry


def _copied(own: OwnProvider) -> ProviderEntry:
    """What goes into a provider's entry as it stands."""
    return {key: own[key] for key in _PLAIN_FIELDS if key in own}  # type: ignore[literal-required,return-value]


def _claude_code(base_url: str, mode: str) -> ClaudeCodeEntry:
    """All five variables, for the reason given in catalog/providers.yaml."""
    return {
        "mode": mode,
        "env": {
            "ANTHROPIC_BASE_URL": base_url,
            "ANTHROPIC_API_KEY": "",
            "ANTHROPIC_AUTH_TOKEN": "",
            "CLAUDE_CODE_USE_BEDROCK": "",
            "CLAUDE_CODE_USE_VERTEX": "",
        },
    }


def _served_by(
    entry: ModelEntry,
    provider_id: str,
    native: str | None,
    settings: OwnModel,
    price: PriceEntry | None,
) -> ModelEntry:
    """The model with what the person said of it at that provider."""
    offer = entry["providers"].get(provider_id)
    served_entry: ServedEntry = offer.copy() if offer is not None else {"id": native or ""}
    served_entry.pop("retired", None)
    if "id" in settings:
        served_entry["id"] = settings["id"]
    if "context" in settings:
        served_entry["context"] = settings["context"]
    if own_price := settings.get("price", price):
        served_entry["price"] = own_price
    return {**entry, "providers": {**entry["providers"], provider_id: served_entry}}


def _own_model(model_id: str, settings: OwnModel, price: PriceEntry | None, provider: Provider) -> ModelEntry:
    context = settings.get("context", OWN_CONTEXT)
    own_price = settings.get("price", price)
    entry: ModelEntry = {
        "id": model_id,
        "name": settings.get("name", model_id),
        "family": provider.family,
        "subfamily": provider.family.lower(),
        "tier": "balanced" if chat_names.may_chat(model_id) else "embedding",
        "status": "active",
        "context": context,
        "context_max": context,
        "capabilities": ["text", "code", "tools"],
        "inputs": ["text"],
        "outputs": ["text"],
        "providers": {},
        "custom": True,
    }
    if "max_output" in settings:
        entry["max_output"] = settings["max_output"]
    if own_price:
        entry["price"] = own_price
    if "context" not in settings:
        entry["note"] = f"window not given: {OWN_CONTEXT} tokens assumed"
    return entry


def _clone(models: dict[str, ModelEntry], provider: Provider, price: PriceEntry | None) -> None:
    """Let an own provider that lists no models serve its protocols' vendors' under the vendor's ids."""
    vendors = {_CLONED[protocol] for protocol in provider.protocols if protocol in _CLONED}
    for model_id, entry in models.items():
        for vendor in vendors & set(entry["providers"]):
            served_entry = entry["providers"][vendor].copy()
            if price:
                served_entry["price"] = price
            models[model_id] = {**entry, "providers": {**entry["providers"], provider.id: served_entry}}
