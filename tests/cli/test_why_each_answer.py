"""What `pf-tui why` says after each kind of answer: who rests, for what, until when, and what ends it."""

# ruff: noqa: E501 - answers stay on one line, as they came

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from syrupy.assertion import SnapshotAssertion

from pf_tui import actions
from pf_tui.actions import answers
from pf_tui.rules import failures
from pf_tui.rules.failures import CLASSES, Failure
from pf_tui.state.context import Context
from tests.cli.conftest import KEYS, NOON, Pf

OPUS = "claude-opus-5-5"
EPOCH_S = int(NOON.timestamp())
UNIFIED = "anthropic-ratelimit-unified"


def answer(
    status: int, kind: str, message: str, headers: dict[str, str] | None = None
) -> Callable[[Context], Failure]:
    """An error of Anthropic's, as the rules read it."""
    body = json.dumps({"type": "error", "error": {"type": kind, "message": message}})

    def read(ctx: Context) -> Failure:
        return answers.read_answer(
            ctx, status=status, headers=headers or {}, body=body, at=ctx.now(), model=OPUS
        )

    return read


def broken(kind: str, text: str) -> Callable[[Context], Failure]:
    return lambda ctx: failures.transport(kind, ctx.now(), text)


ANSWERS: dict[str, tuple[str, Callable[[Context], Failure]]] = {
    "a limit per minute": ("rate", answer(429, "rate_limit_error", "This request would exceed your organization's rate limit of 30,000 input tokens per minute", {"retry-after": "30"})),
    "a limit without an end": ("windowless", answer(429, "rate_limit_error", "This request would exceed your account's rate limit. Please try again later.")),
    "a five-hour window": ("quota", answer(429, "rate_limit_error", "This request would exceed your account's rate limit.", {f"{UNIFIED}-status": "rejected", f"{UNIFIED}-5h-status": "rejected", f"{UNIFIED}-5h-reset": str(EPOCH_S + 9000)})),
    "a family's week": ("quota", answer(429, "rate_limit_error", "This request would exceed your account's rate limit.", {f"{UNIFIED}-status": "rejected", f"{UNIFIED}-7d-status": "allowed", f"{UNIFIED}-7d_opus-status": "rejected", f"{UNIFIED}-7d_opus-reset": str(EPOCH_S + 200_000)})),
    "a limit in words": ("quota", answer(429, "rate_limit_error", "You've hit your usage limit.")),
    "used-up credit": ("quota", answer(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.")),
    "too much to do": ("overload", answer(529, "overloaded_error", "Overloaded")),
    "a broken server": ("server", answer(500, "api_error", "Internal server error")),
    "a refused key": ("auth", answer(401, "authentication_error", "invalid x-api-key")),
    "a closed account": ("account", answer(403, "permission_error", "This organization has been disabled.")),
    "a wrong address": ("address", answer(404, "not_found_error", "404 page not found")),
    "a missing model": ("model", answer(404, "not_found_error", f"model: {OPUS}")),
    "no network": ("network", broken("network", "Connection refused")),
    "silence": ("timeout", broken("timeout", "silent for 300 s")),
    "a prompt too long": ("context", answer(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
    "a refused prompt": ("request", answer(400, "invalid_request_error", "Output blocked by content filtering policy")),
    "an unknown field": ("unsupported", answer(400, "invalid_request_error", "thinking: Extra inputs are not permitted")),
}  # fmt: skip


@pytest.fixture
def asking(context: Callable[..., Context], pf: Pf) -> Context:
    """Anthropic's API is first, OpenRouter second."""
    made = context(env=KEYS, now=NOON - timedelta(seconds=1)).as_("gateway")
    actions.set_priority(made, ["anthropic-api", "openrouter"])
    return made


def test_every_class_has_its_answer() -> None:
    assert {kind for kind, _ in ANSWERS.values()} == set(CLASSES)


@pytest.mark.parametrize("name", ANSWERS)
def test_why_after_an_answer(name: str, asking: Context, pf: Pf, snapshot: SnapshotAssertion) -> None:
    kind, read = ANSWERS[name]
    failure = read(asking)
    assert failure.kind == kind

    actions.report_failure(asking, "anthropic-api", failure, model=OPUS, streak=3, session="5e55")

    shown = pf("why", width=100)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == snapshot


def test_what_is_left_out_of_requests_is_told_until_it_is_released(asking: Context, pf: Pf) -> None:
    evidence = {"status": 400, "text": "`top_k` is deprecated for this model."}
    strip = ("top_k", "limit:8192", "beta:*")
    actions.remember_repair(asking, "groq", OPUS, strip, evidence)

    (repair,) = pf("why", "--json").json["repairs"]
    text = pf("why").out
    history = pf("events").out
    pf("release", "groq")

    assert (repair["provider"], repair["model"], repair["strip"]) == ("groq", OPUS, [*strip])
    assert "groq is asked without top_k, more than 8192 output tokens, betas" in " ".join(text.split())
    assert "refused top_k, more than 8192 output tokens, betas" in " ".join(history.split())
    assert pf("why", "--json").json["repairs"] == []
