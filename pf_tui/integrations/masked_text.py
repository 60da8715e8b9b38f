"""The person's settings fit to be shown: every secret in them masked, every other letter as it is. Pure.

A secret is what stands under a name like one (ANTHROPIC_API_KEY, Authorization), every value of an `env`,
`headers` or the like, the password in an address, and whatever looks like a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pf_tui.integrations import jsonc, toml_text
from pf_tui.rules import masking

OWN_MEMBER = "apiKeyHelper"
"""Called like a secret, and the command that fetches one."""

_SECRET_NAME = re.compile(
    r"KEY|TOKEN|SECRET|PASS(W|PHRASE)|CREDENTIAL|AUTHORIZATION|BEARER|COOKIE|SIGNATURE|PRIVATE", re.IGNORECASE
)
_HOLDERS = frozenset(
    {"env", "environment", "headers", "http_headers", "query_params", "headers_helper", "set"}
)
"""Objects whose every value may be one."""

_LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_MEMBER = re.compile(r'((?:"(?:[^"\\\n]|\\.)*"|[\w.-]+)\s*[:=]\s*)("(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')')
_USER_INFO = re.compile(r"(://)[^/@\s\"']+@")
_WORTH_HIDING = 4
"""Letters: "1", "on" and "opus" hide nothing."""


def secrets(content: bytes) -> frozenset[str]:
    """The values in a settings file (JSON or TOML) that are nobody else's business."""
    text = content.decode("utf-8", "replace")
    try:
        tree: object = jsonc.parse(text)
    except jsonc.JsoncError:
        try:
            tree = toml_text.parse(text)
        except toml_text.TomlError:
            return frozenset()
    return frozenset(value for value in _values(tree, hidden=False) if len(value) > _WORTH_HIDING)


def hide(line: str, hidden: frozenset[str]) -> str:
    """A line of such a file without them."""

    def literal(match: re.Match[str]) -> str:
        raw = match[0]
        return f"{raw[0]}{masking.MASK}{raw[-1]}" if _decoded(raw) in hidden else raw

    def member(match: re.Match[str]) -> str:
        name, raw = match[1], match[2]
        secret = len(raw) > 2 and OWN_MEMBER not in name and _SECRET_NAME.search(name)
        return f"{name}{raw[0]}{masking.MASK}{raw[-1]}" if secret else match[0]

    line = _MEMBER.sub(member, _LITERAL.sub(literal, line))
    return masking.by_shape(_USER_INFO.sub(rf"\1{masking.MASK}@", line))


def _values(tree: object, *, hidden: bool) -> Iterator[str]:
    if isinstance(tree, dict):
        for name, value in tree.items():
            below = hidden or name in _HOLDERS or (name != OWN_MEMBER and bool(_SECRET_NAME.search(name)))
            yield from _values(value, hidden=below)
    elif isinstance(tree, list):
        for value in tree:
            yield from _values(value, hidden=hidden)
    elif hidden and isinstance(tree, str):
        yield tree


def _decoded(raw: str) -> str:
    if raw[0] == "'":
        return raw[1:-1]
    try:
        return str(json.loads(raw))
    except ValueError:
        return raw[1:-1]
