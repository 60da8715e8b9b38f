"""How clouds want a request: the model's name, the path, the body, the service that signs. Pure.

Bedrock's two hosts know the same model under two names; Vertex has the model and the verb in the path.
"""

from __future__ import annotations

import re

from pf_tui.catalog import Catalog, Provider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pf_tui.vocabulary import Protocol

VERTEX_VERSION = "vertex-2023-10-16"
"""What stands in the body where others have the header anthropic-version. Source: anthropic SDK 2.14.0."""

_PROFILE = r"(?:global|us|eu|au|jp|apac|us-gov)\."
"""Prefixes of inference profiles. Source: AWS, "Inference profiles"."""

_RUNTIME = r"https?://bedrock-runtime[.-]"
_OTHER_ROUTE = r"(?:openai\.gpt-oss|xai\.)"
"""Models that mantle serves under /v1 and not under /openai/v1. Source: AWS, "Responses API"."""


def carried(provider: Provider, model: str | None, catalog: Catalog) -> Sequence[str]:
    """The protocols over which the provider serves that model."""
    if not provider.carries or model is None:
        return provider.protocols
    entry = catalog.models.get(model)
    if entry is None:
        return provider.protocols
    return provider.carries.get(entry.family) or provider.carries.get("*", ())


def native_name(provider: Provider, base: str, native: str) -> str:
    """What the host at `base` calls the model, from the catalog's name for the provider."""
    if provider.family == "AWS":
        bare = re.sub(rf"^{_PROFILE}", "", native)
        if not re.match(_RUNTIME, base):
            return bare
        return native if bare != native else f"global.{native}"
    if provider.family == "Vertex" and "/" not in native and provider.form != "vertex":
        return f"google/{native}"
    return native


def host_base(provider: Provider, base: str, native: str) -> str:
    """The base address for that model: mantle has two for OpenAI's protocols."""
    if provider.family == "AWS" and re.match(_OTHER_ROUTE, native) and base.endswith("/openai/v1"):
        return base.removesuffix("/openai/v1") + "/v1"
    return base


def other_route(provider: str, url: str, status: int | None, body: bytes) -> str | None:
    """The other address of mantle for a model that it does not serve at this one; None = there is none."""
    if provider != "bedrock" or status not in (400, 404) or b"on this route" not in body:
        return None
    if "/openai/v1/" in url:
        return url.replace("/openai/v1/", "/v1/")
    return url.replace("/v1/", "/openai/v1/") if "/anthropic/" not in url and "/v1/" in url else None


def vertex_path(native: str, *, stream: bool) -> str:
    """What follows `…/publishers/anthropic/models`."""
    from urllib.parse import quote  # hooks load this room

    return f"/{quote(native, safe='@:.-_')}:{'streamRawPredict' if stream else 'rawPredict'}"


def service_of(url: str) -> str:
    """The service a signature is for. Source: the anthropic and openai SDKs' Bedrock clients."""
    return "bedrock" if re.match(_RUNTIME, url) else "bedrock-mantle"


def region_of(url: str) -> str | None:
    """The region a host of AWS stands in."""
    match = re.match(r"https?://bedrock-(?:mantle|runtime)\.([a-z0-9-]+)\.", url)
    return match[1] if match else None


def speaks(provider: Provider, protocol: Protocol) -> bool:
    """It has that protocol and an address for it."""
    return protocol in provider.protocols and bool(provider.base_urls.get(protocol))
