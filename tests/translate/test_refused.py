"""A 400 that names a field: what is left out when the request is asked once more."""
# ruff: noqa: E501 - a vendor's sentence broken in the middle is harder to compare with the vendor's

from __future__ import annotations

import json
from typing import Any

import pytest

from pf_tui.drill.refusals import refusal
from pf_tui.translate import Exchange, refused_part
from tests.translate.conftest import request, target
from tests.translate.protocols import CHAT


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({"error": {"message": "context_management: Extra inputs are not permitted"}}, "context_management"),
        ({"error": {"message": "tools.0.custom.eager_input_streaming: Extra inputs are not permitted"}}, "tools.eager_input_streaming"),
        ({"error": {"message": "system.1.cache_control.ephemeral.scope: Extra inputs are not permitted"}}, "cache_control.scope"),
        ({"error": {"message": "Unexpected value(s) `context-1m-2025-08-07` for the `anthropic-beta` header."}}, "beta:context-1m-2025-08-07"),
        ([{"error": {"message": 'Invalid JSON payload received. Unknown name "store": Cannot find field.'}}], "store"),
        ({"error": {"message": "'messages.2' : for 'role:assistant' the property 'reasoning' is unsupported"}}, "reasoning"),
        ({"code": "x", "error": "Argument not supported: external_web_access"}, "external_web_access"),
        ({"error": {"message": "Unsupported parameter: 'temperature' is not supported with this model."}}, "temperature"),
        ({"error": {"message": "Unrecognized request argument supplied: metadata"}}, "metadata"),
        ({"message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"]}]}}, "stream_options"),
        ({"message": "unknown field: parameter 'parallel_tool_calls' is not a valid field"}, "parallel_tool_calls"),
        ({"error": {"message": "messages: text content blocks must be non-empty"}}, "empty:"),
        ({"error": {"message": "This model does not support the effort parameter."}}, "effort:"),
        ({"error": {"message": "Function tools with reasoning_effort are not supported for gpt-6.1-sol."}}, "effort:none"),
        ({"error": {"message": "This model does not support assistant message prefill."}}, "prefill:"),
        ({"error": {"message": 'tool_choice: type "tool" and "any" are not supported for this model.'}}, "tool_choice"),
        ({"error": {"message": "max_tokens: 64000 > 8192, which is the maximum allowed number"}}, "limit:8192"),
        ({"error": {"message": "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000"}}, None),
        ({"error": {"message": "`top_k` is deprecated for this model."}}, "top_k"),
        ({"error": {"message": "max_tokens: Field required"}}, None),
        ({"error": {"message": "prompt is too long: 3 tokens > 2 maximum"}}, None),
    ],
)  # fmt: skip
def test_the_refused_part_is_named(body: Any, part: str | None) -> None:
    assert refused_part(400, json.dumps(body).encode()) == part
    assert refused_part(429, json.dumps(body).encode()) is None


def test_what_was_refused_is_left_out_the_next_time() -> None:
    raw = request(CHAT, store=False, seed=7)
    lax = target("plain", CHAT, refused_fields=[], limit_field="max_tokens")
    found = refusal("google-api", CHAT, json.loads(Exchange(raw, CHAT, lax).body))
    assert found is not None
    refused = []
    for _ in range(5):
        if (part := refused_part(*found)) is None:
            break
        refused.append(part)
        body = json.loads(Exchange(raw, CHAT, target("plain", CHAT, refused_fields=refused)).body)
        if (found := refusal("google-api", CHAT, body)) is None:
            break

    assert found is None
    assert refused == ["seed", "store"]
