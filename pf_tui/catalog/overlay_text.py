"""A person's providers.yaml -> Overlay, every mistake named with its line and column.

Never opens the file: the text is handed in. PyYAML is imported when something is parsed.
Invariant: no value of the file is repeated in a message, because a key may have been pasted there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from pf_tui import bounded_yaml
from pf_tui.catalog import overlay_dialect
from pf_tui.catalog.overlay import Overlay
from pf_tui.catalog.overlay_nodes import ID, NodeReader, kind_of
from pf_tui.catalog.records import SERVED_PROTOCOLS
from pf_tui.errors import StateFileUnusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (
        Any,  # Any: a setting, as the reader of its key gives it
    )

    from yaml.nodes import Node

    from pf_tui.catalog.entries import OwnProvider

VERSION = 1

BOUNDS = bounded_yaml.Bounds(values=100_000)
"""500 providers with 100 models each, which nobody has."""

_AUTH = ("api_key", "token", "oauth", "subscription", "iam", "service_account", "none")
_PROTOCOLS = {"anthropic": ("anthropic-messages",), "openai": ("openai-chat", "openai-responses")} | {
    name: (name,) for name in SERVED_PROTOCOLS
}
"""What a person may write -> protocols."""
_PRICE_KEYS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
_SECRET_HEADERS = frozenset(("authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"))
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL = re.compile(
    r"https?://(?P<login>[^/?#\s]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#@:\s]+)(?::\d{1,5})?(?:/[^?#\s]*)?"
)

ReadValue = Callable[["Reader", "Node"], object]


def parse(text: str, path: Path, known_ids: Collection[str]) -> Overlay:
    """Check and understand the file.

    Args:
        known_ids: the catalog's own providers; a provider that is none of them needs an address.
    Raises:
        StateFileUnusable: with the line and column of the first thing that is not right.
    """
    return Reader(path, known_ids).overlay(text)


class Reader(NodeReader):
    """Walks the YAML nodes, which know their place."""

    def __init__(self, path: Path, known_ids: Collection[str]) -> None:
        super().__init__(path)
        self._known_ids = known_ids

    def overlay(self, text: str) -> Overlay:
        """The whole file."""
        try:
            root = bounded_yaml.compose(text, BOUNDS)
        except bounded_yaml.BadYaml as bad:
            raise StateFileUnusable(self.path, bad.why, line=bad.line, column=bad.column) from bad
        if root is None:
            return Overlay(providers={})
        if kind_of(root) == "seq":
            return Overlay(providers=self._providers(root))
        keys = self.mapping(root, "the file", ("version", "providers"))
        if "version" in keys:
            version = self.integer(keys["version"])
            if version > VERSION:
                self.fail(
                    keys["version"], f"version {version} is newer than this pf-tui understands ({VERSION})"
                )
        return Overlay(providers=self._providers(keys["providers"]) if "providers" in keys else {})

    def _providers(self, node: Node) -> dict[str, OwnProvider]:
        """A list of providers with ids, or a mapping id -> settings."""
        providers: dict[str, OwnProvider] = {}
        for name_node, entry in self._named(node):
            provider_id = self._provider_id(name_node)
            if provider_id in providers:
                self.fail(name_node, f"the provider '{provider_id}' stands here a second time")
            providers[provider_id] = self._provider(provider_id, entry, name_node)
        return providers

    def _named(self, node: Node) -> Iterator[tuple[Node, Node]]:
        if kind_of(node) == "map":
            yield from node.value
        elif kind_of(node) == "seq":
            for entry in node.value:
                if kind_of(entry) != "map":
                    self.wrong(entry, "a provider (a mapping with an id)")
                ids = [value for key, value in entry.value if key.value == "id"]
                if not ids:
                    self.fail(entry, "a provider needs an id", 'begin it with "- id: NAME"')
                yield ids[0], entry
        elif kind_of(node) != "null":
            self.wrong(node, "a list or a mapping of providers")

    def _provider_id(self, node: Node) -> str:
        name = self.text(node)
        if not ID.fullmatch(name):
            self.fail(node, "a provider's id is letters, digits, '-', '_' and '.', without spaces")
        return name

    def _provider(self, provider_id: str, node: Node, name_node: Node) -> OwnProvider:
        own = provider_id not in self._known_ids
        keys = self.mapping(node, f"provider {provider_id}", ("id", *_PROVIDER))
        if "id" in keys and self.text(keys.pop("id")) != provider_id:
            self.fail(name_node, "this provider has two ids", "write its id once")
        settings: dict[str, Any] = {name: _PROVIDER[name](self, value) for name, value in keys.items()}
        if own and not settings.get("base_url") and not settings.get("base_urls"):
            near = get_close_matches(provider_id, self._known_ids, n=1, cutoff=0.6)
            hint = (
                f"did you mean {near[0]}? Else add base_url: https://…" if near else "add base_url: https://…"
            )
            self.fail(name_node, f"provider {provider_id} is not in the catalog and has no base_url", hint)
        urls = settings.get("base_urls")
        if own and urls and "base_url" not in settings:
            for protocol in settings.get("protocols", ()):
                if protocol not in urls:
                    self.fail(keys["protocols"], f"base_urls has no URL for {protocol}")
        prices = settings.pop("prices", None)
        if prices is not None and "" in prices:
            settings["price"] = prices[""]
        elif prices is not None:
            models = settings.setdefault("models", {})
            for name, price in prices.items():
                models[name] = {**models.get(name, {}), "price": price}
        return settings  # type: ignore[return-value] # each value was read by its key

    def env(self, node: Node) -> list[str]:
        """Names of environment variables."""
        variables = self.names(node)
        for variable in variables:
            if not _VARIABLE.fullmatch(variable):
                self.fail(node, "env takes the names of environment variables, never a key itself")
        return variables

    def url(self, node: Node) -> str:
        """An http or https address without login, query and fragment."""
        url = self.text(node).rstrip("/")
        match = _URL.fullmatch(url)
        if match is None:
            self.fail(node, "a base URL begins with http:// or https:// and has a host, no ? and no #")
        if match["login"]:
            self.fail(node, "a login does not belong into a base URL", "use `pf-tui auth set PROVIDER`")
        return url

    def base_urls(self, node: Node) -> dict[str, str]:
        """Protocol -> address; a vendor's word stands for its protocols."""
        from pf_tui.catalog.overlay import serving_urls

        urls: dict[str, str] = {}
        for name, value in self.mapping(node, "base_urls", tuple(_PROTOCOLS)).items():
            for protocol in _PROTOCOLS[name]:
                # what a person writes for openai is the SDK's base_url and taken as it is
                url = self.url(value)
                urls[protocol] = (
                    serving_urls(url, (protocol,))[protocol] if protocol == "anthropic-messages" else url
                )
        return urls

    def protocols(self, node: Node) -> list[str]:
        """Protocols, each once; a vendor's word stands for its own."""
        protocols: list[str] = []
        for entry in node.value if kind_of(node) == "seq" else [node]:
            protocols += _PROTOCOLS[self.one_of(entry, tuple(_PROTOCOLS), "protocol")]
        return list(dict.fromkeys(protocols))

    def auth(self, node: Node) -> str:
        """One kind; a list of one is understood as well."""
        entries = node.value if kind_of(node) == "seq" else [node]
        if len(entries) != 1:
            self.fail(node, "a provider has one auth", "write one provider for each kind")
        return self.one_of(entries[0], _AUTH, "auth")

    def headers(self, node: Node) -> dict[str, str]:
        """Name -> content of a header that holds no key."""
        if kind_of(node) != "map":
            self.wrong(node, "a mapping of headers")
        headers: dict[str, str] = {}
        for key, value in node.value:
            name = self.text(key)
            if name.lower() in _SECRET_HEADERS:
                self.fail(
                    key,
                    f"a key does not belong in this file ({name.lower()})",
                    "use `pf-tui auth set PROVIDER`",
                )
            content = self.text(value)
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not content.isprintable():
                self.fail(key, "not a header's name and one line of text")
            headers[name] = content
        return headers

    def models(self, node: Node) -> dict[str, object]:
        """A list of names, or a mapping name -> settings."""
        models: dict[str, object] = {}
        if kind_of(node) == "map":
            entries = [(key, self._model(value)) for key, value in node.value]
        elif kind_of(node) == "seq":
            entries = [(entry, {}) for entry in node.value]
        else:
            self.wrong(node, "a list of models, or a mapping of model to its settings")
        for name_node, settings in entries:
            name = self.text(name_node)
            if name in models:
                self.fail(name_node, f"the model '{name}' stands here a second time")
            models[name] = settings
        return models

    def _model(self, node: Node) -> dict[str, object]:
        keys = self.mapping(node, "a model", tuple(_MODEL))
        settings = {name: _MODEL[name](self, value) for name, value in keys.items()}
        if "prices" in settings:
            settings["price"] = settings.pop("prices")
        return settings

    def price(self, node: Node) -> dict[str, float]:
        """Kind of token -> USD per million; input and output are needed."""
        keys = self.mapping(node, "a price", _PRICE_KEYS)
        price = {name: self.number(value) for name, value in keys.items()}
        for price_name in ("input", "output"):
            if price_name not in price:
                self.fail(node, f"a price needs {price_name}, in USD per million tokens")
        return price

    def prices(self, node: Node) -> dict[str, object]:
        """Model -> price; under "" one price for all."""
        if kind_of(node) != "map":
            self.wrong(node, "a price, or a mapping of model to price")
        if any(key.value in _PRICE_KEYS for key, _ in node.value):
            return {"": self.price(node)}
        return {self.text(key): self.price(value) for key, value in node.value}


_PROVIDER: Mapping[str, ReadValue] = {
    "name": Reader.text,
    "family": Reader.text,
    "auth": Reader.auth,
    "env": Reader.env,
    "protocols": Reader.protocols,
    "base_url": Reader.url,
    "base_urls": Reader.base_urls,
    "headers": Reader.headers,
    "enabled": Reader.boolean,
    "models": Reader.models,
    "prices": Reader.prices,
    "default_model": Reader.text,
    "dialect": overlay_dialect.read,
}
"""What a provider may say, and how each is read."""

_MODEL: Mapping[str, ReadValue] = {
    "id": Reader.text,
    "name": Reader.text,
    "context": Reader.integer,
    "max_output": Reader.integer,
    "price": Reader.price,
    "prices": Reader.price,
}
