"""Requests and answers of the three protocols, and dialects to try them on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pf_tui.catalog import load
from pf_tui.translate import Dialect, dialect
from tests.translate.protocols import MESSAGES, RESPONSES

DATA = Path(__file__).parent / "data"
CATALOG = load()
CODEX = ("codex-0.169-responses-lite", "codex-0.169-responses-plain")
CLAUDE = "claude-code-2.1.330-messages"


def captured(name: str) -> bytes:
    """The body a real client sent."""
    return (DATA / f"{name}.json").read_bytes()


def target(provider: str, protocol: str, model: str = "model-x", **settings: Any) -> Dialect:
    """The shipped dialect of a provider, with settings over it."""
    entry = {**CATALOG.dialect(provider, protocol), **settings}
    return dialect(entry, provider, protocol, model)


def plain(protocol: str, **settings: Any) -> Dialect:
    """A dialect without rules, as the protocol's owner has it."""
    return dialect(settings, "plain", protocol, "model-x")


def request(protocol: str, *messages: Any, **more: Any) -> bytes:
    """A small request."""
    key = "input" if protocol == RESPONSES else "messages"
    turns = list(messages) or [{"role": "user", "content": "hi"}]
    limit = {"max_tokens": 1000} if protocol == MESSAGES else {}
    return json.dumps({"model": "asked", key: turns, **limit, **more}).encode()


def sent(stream: bytes) -> list[dict[str, Any]]:
    """The JSON of every event of a stream."""
    lines = [line[6:] for line in stream.decode().split("\n") if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]
