"""What an address says: host and port, whether that is this machine, and whose providers are there. Pure.

Invariant: what a browser and a client could read differently (backslash, blank, control) is no address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pf_tui.catalog import Provider

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""What this machine calls itself."""

LOOPBACK_IN_URL = ("127.0.0.1", "localhost", "[::1]")
"""The same as it stands in an address."""

_SCHEME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-")
_NUMERIC = frozenset("0123456789abcdefABCDEF:.")
"""Letters of an address between brackets."""


def host_and_port(url: str) -> tuple[str, int | None]:
    """(host in small letters without brackets, port or None); ("", None) for what is no address.

    By hand: every other hook asks, and a pattern for it took 0.5 ms to compile.
    """
    scheme, slashes, rest = url.strip(" ").partition("//")
    authority = rest
    for end in "/?#":
        authority = authority.partition(end)[0]
    user, _, address = authority.rpartition("@")
    if not slashes or not _is_scheme(scheme) or "@" in user or "\\" in authority or _has_blank(authority):
        return "", None
    if address.startswith("["):
        host, bracket, tail = address[1:].partition("]")
        is_host = bool(bracket) and _NUMERIC.issuperset(host)
        colon, port = tail[:1], tail[1:]
    else:
        host, colon, port = address.partition(":")
        is_host = "[" not in host and "]" not in host
    is_port = colon == ":" and port.isdecimal() and len(port) <= 5 and int(port) <= 65_535
    if not host or not is_host or (colon and not is_port):
        return "", None
    return host.lower(), int(port) if colon else None


def _is_scheme(text: str) -> bool:
    """`https:`, or nothing before the two slashes."""
    name = text[:-1]
    return not text or (text.endswith(":") and name[:1].isalpha() and _SCHEME.issuperset(name))


def _has_blank(text: str) -> bool:
    return len(text.split()) > 1 or text.strip() != text


def is_loopback(host: str | None) -> bool:
    """A host is this machine. Args: host: with or without the brackets of an address."""
    return bool(host) and (str(host).strip("[]").lower() in LOOPBACK)


def is_here(url: str, port: int | None) -> bool:
    """An address is that port of this machine."""
    host, its_port = host_and_port(url)
    return port is not None and its_port == port and is_loopback(host)


def is_own_request(hosts: Sequence[str], origins: Sequence[str], target: str, port: int) -> bool:
    """A request to a server of ours names this server alone, and no page of another one asks.

    A name that was made to point here, another spelling of this machine, a page of another port or scheme,
    two headers where a program sends one, and a target that names a host of its own (a proxy's) are not ours.

    Args:
        hosts, origins: every header of that name.
        target: as it stands in the first line.
        port: the one that is listened on.
    """
    if len(hosts) != 1 or len(origins) > 1 or target[:1] != "/":
        return False
    name, colon, number = hosts[0].rpartition(":")
    if name not in LOOPBACK_IN_URL or not colon or number != str(port):
        return False
    return not origins or origins[0] == f"http://{hosts[0]}"


def at(url: str, providers: Iterable[Provider]) -> list[Provider]:
    """The providers that have an address with that host and port."""
    host_port = host_and_port(url)
    if not host_port[0]:
        return []
    return [
        provider
        for provider in providers
        if any(host_and_port(base) == host_port for base in provider.base_urls.values())
    ]
