"""Odd requests at every provider: what is sent is what the strict stand-in takes."""

from __future__ import annotations

import json

import pytest

from pf_tui.drill.refusals import refusal
from pf_tui.translate import Exchange
from tests.odd_requests import ODD
from tests.translate.conftest import MESSAGES, target
from tests.translate.test_cells import CELLS

CLAUDES = (
    "claude-haiku-4-5",
    "claude-sonnet-4-5",
    "claude-opus-4-5",
    "claude-sonnet-4-6",
    "claude-opus-4-7",
    "claude-opus-4-8",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-fable-5",
    "claude-fable-5-1",
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
)

PLACES = [
    *(
        (provider, protocol, model)
        for provider, models in CELLS.items()
        for protocol, model in models.items()
    ),
    *(("anthropic-api", MESSAGES, model) for model in CLAUDES),
    *(("bedrock", MESSAGES, f"us.anthropic.{model}-v1:0") for model in CLAUDES),
    *(("openrouter", MESSAGES, f"anthropic/{model}") for model in CLAUDES),
]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_request_is_fitted_to_every_provider(name: str) -> None:
    source, body = ODD[name]
    raw = json.dumps(body).encode()
    refused = {}
    for provider, protocol, model in PLACES:
        dialect = target(provider, protocol, model)
        if dialect.owner and protocol == source:
            continue  # bytes pass: the client's own vendor answers for itself
        fitted = json.loads(Exchange(raw, source, dialect).body)
        if answer := refusal(provider, protocol, fitted):
            refused[f"{provider} {protocol} {model}"] = answer[1].decode()

    assert refused == {}
