"""Which addresses a key may be sent to, and which variables can lead a request elsewhere. Pure.

A key's home is an address of its provider: the catalog's, or the base_url the person set in providers.yaml.
Invariant: addresses are compared whole; an address that is written in an unusual way is nobody's.
Patterns are compiled when they are first needed: every hook loads this module, and few need them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pf_tui.catalog import Provider

VENDOR_URL = "https://api.anthropic.com"
"""Where Claude Code goes when nothing says otherwise."""

BASE_URL = "ANTHROPIC_BASE_URL"

_ADDRESS = r"(https?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(/[A-Za-z0-9._~/-]*)?\Z"
"""Neither user name, query, escape, control nor blank: a browser and we read such an address alike."""

_PORTS = {"http": "80", "https": "443"}

_HARMLESS = (
    r"(ANTHROPIC_(MODEL|BETAS|SMALL_FAST_MODEL|DEFAULT_\w*MODEL|CUSTOM_MODEL_OPTION)(_\w+)?"
    r"|CLAUDE_CODE_API_KEY_HELPER_TTL_MS|NODE_(ENV|NO_WARNINGS)"
    r"|PYTHON(UNBUFFERED|DONTWRITEBYTECODE|UTF8|IOENCODING|HASHSEED|ASYNCIODEBUG))\Z"
)
"""Names that look like a way to a host or into a program, and are none."""

_LEADS_ELSEWHERE = (
    r"PROXY|CERT|KEYLOG|CA_?FILE|CA_?PATH|CA_?INFO|CA_?BUNDLE"
    r"|(^|_)(CA|TLS|SSL|MTLS)(_|\Z)"
    r"|^(ANTHROPIC|_CLAUDE|NODE|BUN|DENO|OPENSSL|SSL|LD|DYLD|PROVIDER_FALLBACK|PF_TUI|CODEX)_"
    r"|^(PYTHON|XDG_|GCONV_|GLIBC_)"
    r"|^CLAUDE_(CONFIG_DIR|CODE_(USE|SKIP|HOST|PROVIDER|OAUTH|LAUNCHER|RUNNER|CUSTOM|REMOTE|API|CLIENT)_)"
    r"|^CLAUDE_CODE_\w*(TOKEN|CRED|HEADER|URL|ENDPOINT|KEY)"
    r"|^CLAUDE_CODE_REMOTE\Z|^CLAUDE_(SECURESTORAGE|SESSION_INGRESS|BG|PTY|TRUSTED_DEVICE)_"
    r"|^(SESSION_INGRESS|SELF_HOSTED_RUNNER|KEYRING)_"
    r"|^CLAUDE_CODE_SHELL|^BASH_FUNC_|^AWS_(ENDPOINT|BEARER)|^AZURE_(OPENAI|RESOURCE|API)_"
    r"|^(HOSTALIASES|LOCALDOMAIN|RES_OPTIONS|RESOLV_HOST_CONF|HOME|USERPROFILE|GODEBUG)\Z"
    r"|^DBUS_SESSION_BUS_ADDRESS\Z"
    r"|^(PATH|SHELL|ENV|BASH_ENV|SHELLOPTS|BASHOPTS|ZDOTDIR|IFS|PS4|PROMPT_COMMAND)\Z"
)
"""Proxies, certificates, TLS, name resolution, other hosts and logins, what is loaded into the client, into
pf-tui or into the shell that asks it for a key, and where they keep their files. Source: the variables Claude
Code 2.1.330 counts among its own network and provider settings, what its runtime (Bun, Node), the C library
and bash read."""


def same_address(first: str, other: str) -> bool:
    """Two addresses are the same place; False when either is no plain one and they differ in a letter."""
    if first == other:
        return True
    canonical = _canonical(first)
    return canonical is not None and canonical == _canonical(other)


def belongs(provider: Provider, url: str) -> bool:
    """A key of `provider` may be sent to `url`."""
    return any(same_address(url, home) for home in homes(provider))


def homes(provider: Provider) -> tuple[str, ...]:
    """Every address of a provider that is known without placeholders."""
    urls: Iterable[str | None] = (provider.claude_code.env.get(BASE_URL), *provider.base_urls.values())
    return tuple(dict.fromkeys(url for url in urls if url and "{" not in url))


def leads_elsewhere(name: str) -> bool:
    """A variable of that name can change where a request goes, who can read it, or what carries it."""
    upper = name.upper()
    return bool(re.search(_LEADS_ELSEWHERE, upper)) and not re.match(_HARMLESS, upper)


def shown(url: str) -> str:
    """Scheme, host and port of an address somebody else wrote, fit for a sentence."""
    match = re.match(r"(https?://)(?:[^/?#@\s]*@)?([A-Za-z0-9._\[\]:-]{1,80})", url.strip())
    return f"{match[1]}{match[2]}" if match else "an address that is no plain http(s) URL"


def _canonical(url: str) -> tuple[str, str, str, str] | None:
    """(scheme, host, port, path without /v1); None for what is not plain."""
    match = re.match(_ADDRESS, url.strip(" "))
    if match is None:
        return None
    scheme, host, port, path = match.groups(default="")
    if "/../" in f"{path}/" or "/./" in f"{path}/" or "//" in path:
        return None
    path = path.rstrip("/").removesuffix("/v1")
    number = str(int(port)) if port else _PORTS[scheme]
    return scheme, host.lower(), number, path.rstrip("/")
