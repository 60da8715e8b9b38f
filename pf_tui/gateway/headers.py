"""Which headers travel on: the client's to an upstream, an upstream's to the client.

Invariant: credential headers of the client never leave; a provider's key leaves on its own route alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from multidict import CIMultiDict, CIMultiDictProxy

from pf_tui.gateway.routing import Route
from pf_tui.rules.masking import ValueMask
from pf_tui.rules.own_headers import TOKEN_HEADER

CREDENTIALS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "cookie",
        "chatgpt-account-id",
        "openai-organization",
        "openai-project",
    }
)
"""What a client proves itself with: never sent on, unless its own login is passed through."""

_LOGIN = frozenset({"authorization", "chatgpt-account-id"})
"""What an agent's own login consists of; x-api-key may hold our token."""

_OF_THE_HOP = frozenset(
    {
        "host",
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
        "content-length",
        "content-encoding",
        "expect",
        "accept-encoding",
    }
)
_NOT_BACK = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "set-cookie",
        "alt-svc",
        "proxy-authenticate",
    }
)
_DEFAULT_AGENT = "pf-tui"


def request_headers(route: Route, inbound: Iterable[tuple[str, str]]) -> CIMultiDict[str]:
    """The headers one upstream gets: the client's, without its credentials, with that provider's own."""
    stays = _stays_with_us if route.credential else _stays_unless_login
    headers = CIMultiDict([(name, value) for name, value in inbound if not stays(name)])
    for name, value in route.credential.items():
        if value:
            headers[name] = value
    for name, value in route.headers.items():
        headers[name] = value
    if route.form == "vertex":  # the version stands in the body
        headers.popall("anthropic-version", None)
    if "user-agent" not in headers:
        headers["user-agent"] = _DEFAULT_AGENT
    headers["accept-encoding"] = "identity"
    return headers


def route_secrets(route: Route) -> tuple[str, ...]:
    """What a request on this route proves itself with."""
    own = [value for name, value in route.headers.items() if _may_be_secret(name)]
    return tuple(value.rpartition(" ")[2] for value in (*route.credential.values(), *own))


_MASKS: dict[int, tuple[Route, ValueMask]] = {}
"""Of the routes in use, which come again with every request; each is kept, so that its id stays its own."""

MOST_MASKS = 64


def route_mask(route: Route) -> ValueMask:
    """Masks all credentials that this upstream can know."""
    cached = _MASKS.get(id(route))
    if cached is None:
        if len(_MASKS) >= MOST_MASKS:
            _MASKS.clear()
        cached = _MASKS[id(route)] = (route, ValueMask(route_secrets(route)))
    return cached[1]


def _may_be_secret(name: str) -> bool:
    lower = name.lower()
    return lower in CREDENTIALS or any(word in lower for word in ("key", "token", "secret", "auth", "pass"))


def login_values(inbound: Iterable[tuple[str, str]]) -> list[str]:
    """The credentials a client sent along: values, without the word that says which kind they are."""
    return [
        value.rpartition(" ")[2]
        for name, value in inbound
        if name.lower() in CREDENTIALS or name.lower() == TOKEN_HEADER
    ]


@lru_cache(maxsize=256)
def _stays_with_us(name: str) -> bool:
    lower = name.lower()
    return lower in _OF_THE_HOP or lower in CREDENTIALS or lower.startswith("x-pf-")


@lru_cache(maxsize=256)
def _stays_unless_login(name: str) -> bool:
    return _stays_with_us(name) and name.lower() not in _LOGIN


def response_headers(headers: CIMultiDictProxy[str] | CIMultiDict[str], *, decoded: bool) -> CIMultiDict[str]:
    """The upstream's headers that the client gets."""
    return CIMultiDict(
        [
            (name, value)
            for name, value in headers.items()
            if not _ends_here(name, decoded) and value.isprintable()
        ]
    )


@lru_cache(maxsize=256)
def _ends_here(name: str, decoded: bool) -> bool:
    lower = name.lower()
    return lower in _NOT_BACK or (decoded and lower == "content-encoding")
