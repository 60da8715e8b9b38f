"""One look at a request body, and the two edits a route may need.

The body is parsed once, for model, stream and session; towards the upstream the very bytes go, with at
most the model's name replaced in place.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

import msgspec

from pf_tui.clients import CLIENTS
from pf_tui.errors import WrongUsage
from pf_tui.gateway.media import NO_MEDIA, Media, media_in
from pf_tui.json_values import list_in
from pf_tui.rules.clouds import VERTEX_VERSION
from pf_tui.rules.own_headers import PROJECT_HEADER

if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.vocabulary import Protocol

PROTOCOLS: Mapping[str, Protocol] = {
    "/v1/messages": "anthropic-messages",
    "/v1/messages/count_tokens": "anthropic-messages",
    "/v1/chat/completions": "openai-chat",
    "/v1/responses": "openai-responses",
    "/v1/responses/input_tokens": "openai-responses",
}
"""Path an agent calls -> protocol it speaks."""

COUNTING = ("/count_tokens", "/input_tokens")
"""How the paths end that count a request's tokens; OpenAI Chat has none."""

_HOUR = re.compile(rb'"ttl"\s*:\s*"1h"')
_MODEL = re.compile(rb'"model"\s*:\s*"((?:[^"\\]|\\.)*)"')
CACHE_LIFE_S = 300
"""How long a vendor keeps a prompt cache after its last use, unless the request asks for an hour."""

MOST_FOLDER = 4096
"""Characters of a path that a system opens."""

BYTES_PER_TOKEN = 3.5
"""A cautious guess of a conversation's length, good enough to pick a window that holds it."""


class Request(NamedTuple):
    """What the gateway needs to know of a request; `raw` is what is sent on. A tuple: quickly made."""

    path: str
    """/v1/messages …"""
    query: str
    protocol: Protocol
    raw: bytes
    model: str
    stream: bool
    session: str | None = None
    agent: AgentId | None = None
    is_subagent: bool = False
    counting: bool = False
    """Its tokens are to be counted: free, never benches anyone, never fails."""
    project: str | None = None
    """Folder the agent works in, where `pf-tui run` says so."""
    cache_void: bool = False
    """The prompt cache is lost anyway: the conversation has just been compacted, or is being."""
    cache_life_s: int = CACHE_LIFE_S
    media: Media = NO_MEDIA

    @property
    def tokens(self) -> int:
        """About how many tokens the conversation holds."""
        return int((len(self.raw) - self.media.size) / BYTES_PER_TOKEN) + self.media.tokens


def parse_request(path: str, query: str, raw: bytes, headers: Mapping[str, str]) -> Request:
    """Read a request.

    Args:
        headers: found by lower-case names.
    Raises:
        WrongUsage: the body is no JSON object with a model.
    """
    fields = _decoded(raw)
    agent, session, is_subagent = _who(headers)
    return Request(
        path=path,
        query=query,
        protocol=PROTOCOLS[path],
        raw=raw,
        model=fields.model,
        stream=fields.stream is True,
        session=session,
        agent=agent,
        is_subagent=is_subagent,
        counting=path.endswith(COUNTING),
        project=_project(headers.get(PROJECT_HEADER)),
        cache_void=_CACHE_VOID[0] in headers or _CACHE_VOID[1] in headers,
        cache_life_s=3600 if b'"ttl"' in raw and _HOUR.search(raw) else CACHE_LIFE_S,
        media=media_in(raw),
    )


def _project(header: str | None) -> str | None:
    """The folder an agent works in; None when none is named, or what is named can be no folder."""
    if not header:
        return None
    folder = os.fsdecode(unquote_to_bytes(header.encode("utf-8", "surrogateescape")))
    if not os.path.isabs(folder) or "\0" in folder or len(folder) > MOST_FOLDER:  # noqa: PTH117
        return None
    return folder


class _Fields(msgspec.Struct):
    """What is read of a body; the rest is checked to be JSON and skipped, which keeps 20 MB cheap."""

    model: str
    stream: bool | None = None


_DECODER = msgspec.json.Decoder(_Fields)


def _decoded(raw: bytes) -> _Fields:
    try:
        fields = _DECODER.decode(raw)
        fields.model.encode()
        return fields
    except UnicodeEncodeError as error:
        raise WrongUsage("the model's name is no text") from error
    except msgspec.ValidationError as error:
        raise WrongUsage("the request names no model") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WrongUsage("the request body is not JSON") from error


_CACHE_VOID = ("x-claude-code-compaction", "x-claude-code-context-compacted")
"""Claude Code's hints (CLAUDE_CODE_GATEWAY_HINT_HEADERS=1) that the prefix is new: a free moment to move."""


def with_model(raw: bytes, old: str, new: str) -> bytes:
    """The body with the top-level model's name replaced, every other byte as it was."""
    if old == new:
        return raw
    plain = json.dumps(old, ensure_ascii=False).encode()[1:-1]
    escaped_name = json.dumps(old).encode()[1:-1]
    matches = [m for m in _MODEL.finditer(raw) if m[1] in (plain, escaped_name)]
    match = (
        matches[0] if len(matches) == 1 else next((m for m in matches if _is_top_level(raw, m.start())), None)
    )
    if match is None:
        content = json.loads(raw)
        content["model"] = new
        return json.dumps(content, ensure_ascii=False).encode()
    name = json.dumps(new, ensure_ascii=False).encode()[1:-1]
    return raw[: match.start(1)] + name + raw[match.end(1) :]


def for_vertex(raw: bytes) -> bytes:
    """Messages as Vertex takes it: the model is in the path, the protocol's version in the body."""
    content = json.loads(raw)
    content.pop("model", None)
    return json.dumps({"anthropic_version": VERTEX_VERSION, **content}, ensure_ascii=False).encode()


def without_thinking(raw: bytes, protocol: Protocol, foreign: Callable[[dict[str, object]], bool]) -> bytes:
    """The body without the reasoning of earlier turns that another vendor signed: it would be refused.

    Args:
        foreign: told one reasoning block; True when the vendor now asked did not make it.
    """
    if protocol == "openai-chat" or not any(word in raw for word in (b"thinking", b"reasoning")):
        return raw
    content = json.loads(raw)
    if protocol == "openai-responses":
        is_changed = _drop_reasoning(content, foreign)
    else:
        is_changed = _drop_thinking(content, foreign)
    return json.dumps(content, ensure_ascii=False).encode() if is_changed else raw


def _drop_thinking(content: dict[str, object], foreign: Callable[[dict[str, object]], bool]) -> bool:
    changed = False
    for message in list_in(content, "messages"):
        if not isinstance(message, dict) or not isinstance(blocks := message.get("content"), list):
            continue
        remaining = [block for block in blocks if not (_is_thinking(block) and foreign(block))]
        if len(remaining) != len(blocks):
            message["content"] = remaining or [{"type": "text", "text": "…"}]
            changed = True
    return changed


def _drop_reasoning(content: dict[str, object], foreign: Callable[[dict[str, object]], bool]) -> bool:
    items = content.get("input")
    if not isinstance(items, list):
        return False
    remaining = [
        item
        for item in items
        if not (isinstance(item, dict) and item.get("type") == "reasoning" and foreign(item))
    ]
    content["input"] = remaining
    return len(remaining) != len(items)


def signature_of(block: Mapping[str, object]) -> str | None:
    """What the maker of a reasoning block signed it with; None when it is unsigned."""
    value = block.get("signature") or block.get("data") or block.get("encrypted_content")
    return value if isinstance(value, str) and value else None


def _is_thinking(block: object) -> bool:
    return isinstance(block, dict) and block.get("type") in ("thinking", "redacted_thinking")


_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]')


def _is_top_level(raw: bytes, offset: int) -> bool:
    """True when the key at `offset` belongs to the outermost object."""
    depth = 0
    for token in _STRUCTURE.finditer(raw, 0, offset + 1):
        if token.start() >= offset:
            break
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
    return depth == 1


def _who(headers: Mapping[str, str]) -> tuple[AgentId | None, str | None, bool]:
    """(agent, session, is a subagent) by the headers that the real clients send (measured)."""
    for header, agent, subagent_header in _BY_SESSION:
        if session := headers.get(header):
            return agent, session, subagent_header in headers
    user_agent, originator = headers.get("user-agent", ""), headers.get("originator", "")
    for client in _BY_NAME:
        if client.user_agent in user_agent or originator.startswith(client.user_agent):
            ids = (headers.get(header) for header in client.session_headers)
            return client.id, next((session for session in ids if session), None), False
    return None, None, False


_BY_SESSION = [
    (client.session_headers[0], client.id, client.subagent_header)
    for client in CLIENTS.values()
    if client.session_headers
]
_BY_NAME = [client for client in CLIENTS.values() if client.user_agent]
