"""What real vendors refuse, for fake upstreams that are as strict. Pure.

Written from the vendors' SDK types, API descriptions and quoted reports, never from catalog/dialects.yaml:
a wrong fact there must not pass because it stands on both sides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

from pf_tui.drill import owner_refusals, vendor_refusals, wire_refusals
from pf_tui.drill.wire_refusals import MESSAGES, Body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

Check = Callable[["Protocol", Body], str | None]
"""(protocol, body) -> the vendor's sentence, or None when it takes the request."""


def refusal(vendor: str, protocol: Protocol, body: Body) -> tuple[int, bytes] | None:
    """How that vendor answers a request that it does not take: (status, error body); None = it takes it.

    Args:
        vendor: a provider's id: "xai-api", "groq" …; one that is unknown takes what its protocol takes.
    """
    sentence = _WIRE[protocol](body)
    if sentence is None and vendor in _VENDORS:
        sentence = _VENDORS[vendor](protocol, body)
    if sentence is None:
        return None
    status = 422 if vendor == "mistral-api" and "extra_forbidden" in sentence else 400
    return status, json.dumps(_shaped(vendor, protocol, status, sentence)).encode()


def _shaped(vendor: str, protocol: Protocol, status: int, sentence: str) -> object:
    """The error in the vendor's own shape."""
    if protocol == MESSAGES:
        return {"type": "error", "error": {"type": "invalid_request_error", "message": sentence}}
    if vendor == "xai-api":
        return {"code": "Client specified an invalid argument", "error": sentence}
    if vendor == "mistral-api":
        if status == 422:
            return {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "msg": sentence}]}}
        return {"object": "error", "message": sentence, "type": "invalid_request_error", "code": 3000}
    if vendor in ("google-api", "vertex-google"):
        return [{"error": {"code": 400, "message": sentence, "status": "INVALID_ARGUMENT"}}]
    if vendor == "cohere-api":
        return {"message": sentence, "id": "refused"}
    if vendor == "openrouter":
        return {"error": {"code": 400, "message": sentence}}
    if vendor == "zai-coding-plan":
        return {"error": {"code": "1210", "message": sentence}}
    return {"error": {"message": sentence, "type": "invalid_request_error", "param": None, "code": None}}


_WIRE: Mapping[str, Callable[[Body], str | None]] = {
    "anthropic-messages": wire_refusals.messages,
    "openai-chat": wire_refusals.chat,
    "openai-responses": wire_refusals.responses,
}


def _azure(protocol: Protocol, body: Body) -> str | None:
    """Claude in Foundry, the rest as OpenAI."""
    if protocol == MESSAGES:
        return owner_refusals.claude_cloud(protocol, body)
    return owner_refusals.openai(protocol, body)


_VENDORS: Mapping[str, Check] = {
    "anthropic-api": owner_refusals.anthropic,
    "vertex": owner_refusals.claude_cloud,
    "bedrock": owner_refusals.bedrock,
    "azure": _azure,
    "openai-api": owner_refusals.openai,
    "xai-api": vendor_refusals.xai,
    "openrouter": vendor_refusals.openrouter,
    "groq": vendor_refusals.groq,
    "mistral-api": vendor_refusals.mistral,
    "deepseek-api": vendor_refusals.deepseek,
    "google-api": vendor_refusals.gemini,
    "vertex-google": vendor_refusals.gemini,
    "cohere-api": vendor_refusals.cohere,
    "together": vendor_refusals.together,
    "zai-coding-plan": vendor_refusals.zai,
}

VENDORS: Collection[str] = tuple(_VENDORS)
"""Every vendor whose refusals are known."""
