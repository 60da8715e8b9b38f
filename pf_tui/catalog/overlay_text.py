"""A person's providers.yaml -> Overlay, every mistake named with its line and column.

Never opens the file: the text is handed in. PyYAML is imported when something is parsed.
Invariant: no value of the file is repeated in a message, because a key may have been pasted there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from pf_tui import bounded_yaml
from pf_tui.catalog import overlay_dialect
from pf_tui.catalog.overlay import ROUTED, Overlay
from pf_tui.errors import StateFileUnusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (
        Any,  # Any: a setting, as the reader of its key gives it
        NoReturn,
    )

    from yaml.nodes import Node

    from pf_tui.catalog.entries import OwnProvider

VERSION = 1

BOUNDS = bounded_yaml.Bounds(values=100_000)
"""500 providers with 100 models each, which nobody has."""

_AUTH = ("api_key", "token", "oauth", "subscription", "iam", "service_account", "none")
_PROTOCOLS = {"anthropic": ("anthropic-messages",), "openai": ("openai-chat", "openai-responses")} | {
    name: (name,) for name in ROUTED
}
"""What a person may write -> protocols."""
_PRICE_KEYS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")
_SECRET_KEYS = frozenset(("api_key", "apikey", "key", "token", "secret", "password", "access_token"))
_SECRET_HEADERS = frozenset(("authorization", "x-api-key", "api-key", "cookie", "proxy-authorization"))
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL = re.compile(
    r"https?://(?P<login>[^/?#\s]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^/?#@:\s]+)(?::\d{1,5})?(?:/[^?#\s]*)?"
)
_KINDS = {"map": "a mapping", "seq": "a list", "null": "nothing", "str": "text", "int": "a number",
          "float": "a number", "bool": "true or false"}  # fmt: skip

Read = Callable[["Reader", "Node"], object]


def parse(text: str, path: Path) -> Overlay:
    """Check and understand the file.

    Raises:
        StateFileUnusable: with the line and column of the first thing that is not right.
    """
    return Reader(path).overlay(text)


class Reader:
    """Walks the YAML nodes, which know their place."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def overlay(self, text: str) -> Overlay:
        try:
            root = bounded_yaml.compose(text, BOUNDS)
        except bounded_yaml.BadYaml as bad:
            raise StateFileUnusable(self.path, bad.why, line=bad.line, column=bad.column) from bad
        if root is None:
            return Overlay(providers={})
        if _kind(root) == "seq":
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
        if _kind(node) == "map":
            yield from node.value
        elif _kind(node) == "seq":
            for entry in node.value:
                if _kind(entry) != "map":
                    self.wrong(entry, "a provider (a mapping with an id)")
                ids = [value for key, value in entry.value if key.value == "id"]
                if not ids:
                    self.fail(entry, "a provider needs an id", 'begin it with "- id: NAME"')
                yield ids[0], entry
        elif _kind(node) != "null":
            self.wrong(node, "a list or a mapping of providers")

    def _provider_id(self, node: Node) -> str:
        name = self.text(node)
        if not _ID.fullmatch(name):
            self.fail(node, "a provider's id is letters, digits, '-', '_' and '.', without spaces")
        return name

    def _provider(self, provider_id: str, node: Node, name_node: Node) -> OwnProvider:
        from pf_tui.catalog import load

        own = provider_id not in load().providers
        keys = self.mapping(node, f"provider {provider_id}", ("id", *_PROVIDER))
        if "id" in keys and self.text(keys.pop("id")) != provider_id:
            self.fail(name_node, "this provider has two ids", "write its id once")
        settings: dict[str, Any] = {name: _PROVIDER[name](self, value) for name, value in keys.items()}
        if own and not settings.get("base_url") and not settings.get("base_urls"):
            near = get_close_matches(provider_id, load().providers, n=1, cutoff=0.6)
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

    def mapping(self, node: Node, what: str, keys: tuple[str, ...]) -> dict[str, Node]:
        """The values of a mapping by key; each key known and there once."""
        if _kind(node) == "null":
            return {}
        if _kind(node) != "map":
            self.wrong(node, f"a mapping for {what}")
        values: dict[str, Node] = {}
        for key, value in node.value:
            name = self.text(key)
            if name in values:
                self.fail(key, f"{_shown(name)} stands here a second time in {what}")
            if name not in keys:
                self._unknown_key(key, name, what, keys)
            values[name] = value
        return values

    def _unknown_key(self, node: Node, name: str, what: str, keys: tuple[str, ...]) -> NoReturn:
        if name.lower().replace("-", "_") in _SECRET_KEYS:
            self.fail(
                node,
                "a key does not belong in this file",
                "name its variable under env, or use `pf-tui auth set PROVIDER`",
            )
        near = get_close_matches(name, keys, n=1, cutoff=0.5)
        hint = f'did you mean "{near[0]}"?' if near else f"it has: {', '.join(keys)}"
        self.fail(node, f"{what} has no setting {_shown(name)}", hint)

    def text(self, node: Node) -> str:
        if _kind(node) in ("int", "float") and node.value:
            return str(node.value)  # a model called 4.5
        if _kind(node) != "str" or not node.value.strip():
            self.wrong(node, "text")
        return str(node.value).strip()

    def boolean(self, node: Node) -> bool:
        if _kind(node) != "bool":
            self.wrong(node, "true or false")
        return str(node.value).lower() in ("true", "yes", "on")

    def integer(self, node: Node) -> int:
        try:
            number = int(str(node.value).replace("_", ""))
        except ValueError:
            self.wrong(node, "a whole number")
        if _kind(node) != "int" or number <= 0:
            self.wrong(node, "a whole number above 0")
        return number

    def number(self, node: Node) -> float:
        if _kind(node) not in ("int", "float"):
            self.wrong(node, "a number")
        try:
            number = float(str(node.value).replace("_", ""))
        except ValueError:  # .nan, .inf and YAML's 0x10 and 1:30
            number = float("nan")
        if not 0 <= number < float("inf"):
            self.fail(node, "a price is not negative" if number < 0 else "a price is a plain number")
        return number

    def pairs(self, node: Node, what: str) -> Iterator[tuple[str, Node]]:
        """The entries of a mapping whose keys are the person's own words."""
        if _kind(node) != "map":
            self.wrong(node, what)
        for key, value in node.value:
            yield self.text(key), value

    def entries(self, node: Node) -> list[Node]:
        """The nodes of a list, or the one that stands alone."""
        return list(node.value) if _kind(node) == "seq" else [node]

    def scalar(self, node: Node) -> object:
        """Text, a number, true or false."""
        read_scalar = {"bool": self.boolean, "int": self.integer}.get(_kind(node), self.text)
        return read_scalar(node)

    def names(self, node: Node) -> list[str]:
        """One name or a list of names."""
        nodes = node.value if _kind(node) == "seq" else [node]
        return list(dict.fromkeys(self.text(entry) for entry in nodes))

    def env(self, node: Node) -> list[str]:
        variables = self.names(node)
        for variable in variables:
            if not _VARIABLE.fullmatch(variable):
                self.fail(node, "env takes the names of environment variables, never a key itself")
        return variables

    def url(self, node: Node) -> str:
        url = self.text(node).rstrip("/")
        match = _URL.fullmatch(url)
        if match is None:
            self.fail(node, "a base URL begins with http:// or https:// and has a host, no ? and no #")
        if match["login"]:
            self.fail(node, "a login does not belong into a base URL", "use `pf-tui auth set PROVIDER`")
        return url

    def base_urls(self, node: Node) -> dict[str, str]:
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
        protocols: list[str] = []
        for entry in node.value if _kind(node) == "seq" else [node]:
            protocols += _PROTOCOLS[self.one_of(entry, tuple(_PROTOCOLS), "protocol")]
        return list(dict.fromkeys(protocols))

    def auth(self, node: Node) -> str:
        """One kind; a list of one is understood as well."""
        entries = node.value if _kind(node) == "seq" else [node]
        if len(entries) != 1:
            self.fail(node, "a provider has one auth", "write one provider for each kind")
        return self.one_of(entries[0], _AUTH, "auth")

    def one_of(self, node: Node, words: tuple[str, ...], what: str) -> str:
        word = self.text(node)
        if word not in words:
            near = get_close_matches(word, words, n=1, cutoff=0.5)
            self.fail(
                node,
                f"expected one of {', '.join(words)} for {what}",
                f'did you mean "{near[0]}"?' if near else "",
            )
        return word

    def headers(self, node: Node) -> dict[str, str]:
        if _kind(node) != "map":
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
        if _kind(node) == "map":
            entries = [(key, self._model(value)) for key, value in node.value]
        elif _kind(node) == "seq":
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
        keys = self.mapping(node, "a price", _PRICE_KEYS)
        price = {name: self.number(value) for name, value in keys.items()}
        for price_name in ("input", "output"):
            if price_name not in price:
                self.fail(node, f"a price needs {price_name}, in USD per million tokens")
        return price

    def prices(self, node: Node) -> dict[str, object]:
        """Model -> price; under "" one price for all."""
        if _kind(node) != "map":
            self.wrong(node, "a price, or a mapping of model to price")
        if any(key.value in _PRICE_KEYS for key, _ in node.value):
            return {"": self.price(node)}
        return {self.text(key): self.price(value) for key, value in node.value}

    def wrong(self, node: Node, expectation: str) -> NoReturn:
        self.fail(node, f"expected {expectation}, found {_KINDS.get(_kind(node), 'something else')}")

    def fail(self, node: Node, why: str, hint: str = "") -> NoReturn:
        mark = node.start_mark
        raise StateFileUnusable(self.path, why, hint, line=mark.line + 1, column=mark.column + 1)


_PROVIDER: Mapping[str, Read] = {
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

_MODEL: Mapping[str, Read] = {
    "id": Reader.text,
    "name": Reader.text,
    "context": Reader.integer,
    "max_output": Reader.integer,
    "price": Reader.price,
    "prices": Reader.price,
}


def _shown(name: str) -> str:
    """A key of the file as a message may repeat it: not when it may be a secret that lost its place."""
    return f'"{name}"' if len(name) <= 24 and _ID.fullmatch(name) else "of that name"


def _kind(node: Node) -> str:
    return str(node.tag).rpartition(":")[2]
