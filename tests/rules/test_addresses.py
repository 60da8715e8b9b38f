"""Whose address it is: host and port as every client reads them, or no address at all."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog
from pf_tui.rules import addresses

HOSTS = st.sampled_from(["api.example.com", "LOCALHOST", "127.0.0.1", "[::1]", "10.0.0.7", "a-b.example"])
PORTS = st.none() | st.integers(0, 65_535)


@given(st.sampled_from(["http", "https"]), HOSTS, PORTS, st.sampled_from(["", "/", "/v1", "/a?b=@c", "#d"]))
def test_a_plain_address_is_read_as_the_standard_library_reads_it(
    scheme: str, host: str, port: int | None, rest: str
) -> None:
    url = f"{scheme}://{host}{'' if port is None else f':{port}'}{rest}"

    assert addresses.host_and_port(url) == (urlsplit(url).hostname, urlsplit(url).port)


@given(
    st.lists(
        st.sampled_from(
            ["http", "ftp:", "1:", "//", "/", "@", ":", "[", "]", "::1", "a.b", "8080", "99999", "?"]
        )
        | st.sampled_from(["#", "\\", " ", "\n", "\u3000", "ä", "k", "٣", "-"]),
        max_size=8,
    ).map("".join)
)
def test_every_address_is_what_its_grammar_says(url: str) -> None:
    grammar = (
        r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@\\\s]*@)?"
        r"(\[[0-9A-Fa-f:.]+\]|[^/?#:@\[\]\\\s]+)(?::(\d{1,5}))?(?=[/?#]|\Z)"
    )
    match = re.match(grammar, url.strip(" "))
    port = int(match[2]) if match and match[2] else None
    is_address = match is not None and (port is None or port <= 65_535)

    host = match[1].strip("[]").lower() if match and is_address else ""
    assert addresses.host_and_port(url) == (host, port if is_address else None)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:4100",
        "http://",
        "http://evil.example\\@127.0.0.1:4100",
        "http://127.0.0.1 .evil.example",
        "http://127.0.0.1\n:4100",
        "http://127.0.0.1:99999",
        "http://[::1",
        "http://a:b:4100",
    ],
)
def test_what_two_readers_could_read_differently_is_nobodys(url: str) -> None:
    assert addresses.host_and_port(url) == ("", None)
    assert not addresses.is_here(url, 4100)


@pytest.mark.parametrize("url", ["http://127.0.0.1:4100@evil.example/", "http://u:p@evil.example:4100"])
def test_a_user_name_is_no_host(url: str) -> None:
    assert addresses.host_and_port(url)[0] == "evil.example"
    assert not addresses.is_here(url, 4100)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machine_has_three_names(host: str) -> None:
    assert addresses.is_here(f"http://{host}:4100/v1", 4100)
    assert not addresses.is_here(f"http://{host}:4101/v1", 4100)
    assert not addresses.is_here(f"http://{host}", None)


def test_a_provider_is_found_by_host_and_port_alone() -> None:
    known = catalog.load().providers

    found = addresses.at("https://openrouter.ai/anything", known.values())

    assert [one.id for one in found] == ["openrouter"]
    assert addresses.at("https://openrouter.ai:8443", known.values()) == []
