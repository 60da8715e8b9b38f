"""What an address says: host and port, whether that is this machine, and whose providers are there. Pure.

Patterns are texts: hooks load this room, and few of them ask it.
Invariant: what a browser and a client could read differently (backslash, blank, control) is no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pf_tui.catalog import Provider

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""What this machine calls itself."""

LOOPBACK_IN_URL = ("127.0.0.1", "localhost", "[::1]")
"""The same as it stands in an address."""

_AUTHORITY = (
    r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@\\\s]*@)?"
    r"(\[[0-9A-Fa-f:.]+\]|[^/?#:@\[\]\\\s]+)(?::(\d{1,5}))?(?=[/?#]|\Z)"
)


def host_and_port(url: str) -> tuple[str, int | None]:
    """(host in small letters without brackets, port or None); ("", None) for what is no address."""
    match = re.match(_AUTHORITY, url.strip(" "))
    if match is None:
        return "", None
    port = int(match[2]) if match[2] else None
    return ("", None) if port is not None and port > 65_535 else (match[1].strip("[]").lower(), port)


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
    there = host_and_port(url)
    if not there[0]:
        return []
    return [
        provider
        for provider in providers
        if any(host_and_port(base) == there for base in provider.base_urls.values())
    ]
