"""Addresses with blanks ({region}, {resource}, {project} …): what fills them, what is missing. Pure.

Which variables hold a blank is data (providers.yaml, `blanks`); `state.clouds` reads them.
Invariant: a value that is no plain name stays out: a key goes to the address that is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pf_tui.catalog.records import Provider
from pf_tui.records import replace

_BLANK = r"\{([a-z]+)\}"
_PLAIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?\Z"
_PROJECT = r"[A-Za-z0-9][A-Za-z0-9.:-]{0,78}\Z"
"""Projects of a domain are written example.com:name; they stand in the path alone."""

_VERTEX_HOSTS = {
    "global": "aiplatform.googleapis.com",
    "us": "aiplatform.us.rep.googleapis.com",
    "eu": "aiplatform.eu.rep.googleapis.com",
}
"""Location -> host; every other location has `LOCATION-aiplatform.googleapis.com`."""

DEFAULT = "="
"""Begins, in a list of variables, the value that holds when none of them is set."""


def filled(provider: Provider, values: Mapping[str, str]) -> Provider:
    """The provider with its addresses filled as far as `values` go."""
    if not any("{" in url for url in provider.base_urls.values()):
        return provider
    known = {name: value for name, value in values.items() if is_plain(name, value)}
    if location := known.get("location"):
        known["host"] = _VERTEX_HOSTS.get(location, f"{location}-aiplatform.googleapis.com")

    def value_of(blank: re.Match[str]) -> str:
        return known.get(blank[1], blank[0])

    urls = {name: re.sub(_BLANK, value_of, url) for name, url in provider.base_urls.items()}
    return replace(provider, base_urls=urls)


def is_plain(blank: str, value: str) -> bool:
    """The value may stand in an address."""
    return re.match(_PROJECT if blank == "project" else _PLAIN, value) is not None


def missing(provider: Provider, url: str) -> tuple[str, ...]:
    """Variables to set so that this address is whole, the usual one for each blank."""
    names = re.findall(_BLANK, url)
    needed = [provider.blanks[name] for name in names if name in provider.blanks]
    return tuple(dict.fromkeys(held[0] for held in needed if not held[-1].startswith(DEFAULT)))
