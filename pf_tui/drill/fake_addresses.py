"""providers.yaml with a fake upstream's address in the place of each vendor's."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pf_tui.catalog import SERVED_PROTOCOLS, Provider
from pf_tui.state import files
from pf_tui.state.paths import Paths


def has_route(provider: Provider | None) -> bool:
    """It speaks something the gateway serves, at an address that is known."""
    return provider is not None and any(
        protocol in provider.protocols and "{" not in provider.base_urls.get(protocol, "{")
        for protocol in SERVED_PROTOCOLS
    )


def providers_yaml(paths: Paths, urls: Mapping[str, str]) -> bytes:
    """The person's providers.yaml with some addresses replaced.

    Args:
        urls: the new base URL by provider id, without /v1.
    """
    import yaml

    text = files.read_text(paths.providers)
    content = yaml.safe_load(text) if text else None
    own = content.get("providers") if isinstance(content, dict) and "providers" in content else content
    if isinstance(own, dict):
        own = [{"id": name, **(entry or {})} for name, entry in own.items() if name != "version"]
    entries: dict[str, dict[str, object]] = {entry["id"]: dict(entry) for entry in own or ()}
    for name, url in urls.items():
        entry = entries.setdefault(name, {"id": name})
        if isinstance(own_urls := entry.get("base_urls"), dict):
            entry["base_urls"] = {
                protocol: url if protocol.startswith("anthropic") else f"{url}/v1" for protocol in own_urls
            }
        else:
            entry["base_url"] = url
    document = json.dumps({"version": 1, "providers": list(entries.values())}, default=str)
    return document.encode()  # JSON is YAML
