"""Addresses with blanks ({region}, {resource}, {project} …): what fills them, what is missing. Pure.

Which variables hold a blank is data (providers.yaml, `blanks`); `state.clouds` reads them.
Invariant: a value that is no plain name stays out: a key goes to the address that is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.catalog.records import Provider
from pf_tui.records import replace

_PLAIN_CHARS, _PROJECT_CHARS = 64, 79

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
    plain_values = {name: value for name, value in values.items() if is_plain(name, value)}
    if location := plain_values.get("location"):
        plain_values["host"] = _VERTEX_HOSTS.get(location, f"{location}-aiplatform.googleapis.com")

    urls = dict(provider.base_urls)
    for name, value in plain_values.items():
        urls = {protocol: url.replace(f"{{{name}}}", value) for protocol, url in urls.items()}
    return replace(provider, base_urls=urls)


def is_plain(blank: str, value: str) -> bool:
    """The value may stand in an address: a name of letters, digits and inner hyphens.

    Projects of a domain are written example.com:name; they stand in the path alone. No pattern: compiling
    one takes a hook as long as reading the catalog.
    """
    if blank == "project":
        return len(value) <= _PROJECT_CHARS and value[:1].isalnum() and _is_of(value, ".:-")
    ends = value[:1].isalnum() and value[-1:].isalnum()
    return len(value) <= _PLAIN_CHARS and ends and _is_of(value, "-")


def _is_of(value: str, marks: str) -> bool:
    """ASCII letters, digits and these marks alone."""
    return value.isascii() and all(char.isalnum() or char in marks for char in value)


def missing(provider: Provider, url: str) -> tuple[str, ...]:
    """Variables to set so that this address is whole, the usual one for each blank."""
    names = [part.partition("}")[0] for part in url.split("{")[1:]]
    hints = [provider.blanks[name] for name in names if name in provider.blanks]
    return tuple(dict.fromkeys(blank[0] for blank in hints if not blank[-1].startswith(DEFAULT)))


def why_incomplete(provider: Provider, url: str) -> str:
    """What this address lacks, and the cure."""
    names = " and ".join(missing(provider, url))
    return f"its address needs {names}: set it" if names else "its address is not whole: see providers.yaml"
