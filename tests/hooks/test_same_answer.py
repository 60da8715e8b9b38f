"""One answer means the same to the gateway, to a hook that hears of it, and in what `pf-tui why` says."""

# ruff: noqa: E501 - answers stay on one line, as they came

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions, snapshot
from pf_tui.actions import answers
from pf_tui.documents import resting
from pf_tui.rules.failures import classify_agent_error
from tests.hooks.claude import Client, failed
from tests.rules.test_answers_in_the_wild import MEANINGS, NOW, read
from tests.rules.test_collected_answers import FIRST
from tests.rules.test_collected_later import FOURTH, SECOND, THIRD
from tests.rules.test_collected_worldwide import EIGHTH, FIFTH, NINTH, SEVENTH, SIXTH, TENTH

OPUS = "claude-opus-5-5"
SHOWN: list[tuple[int, Any]] = [
    (403, {"error": {"message": "Le quota de ce jeton est épuisé", "type": "new_api_error"}}),
    (402, {"message": "You have reached the limit.", "reason": "MONTHLY_REQUEST_COUNT"}),
    (403, {"error": {"message": "用户已被封禁"}}),
    (401, {"error": {"message": "このトークンは有効期限が切れています"}}),
    (403, {"code": "personal-team-blocked:spending-limit", "error": "You have run out of credits or need a Grok subscription."}),
    (404, {"error": {"message": "Modelo gpt-9 não encontrado"}}),
    (400, {"error": {"message": "La clave de API no es válida"}}),
    (403, {"error": {"message": "Доступ из вашей страны запрещён"}}),
    (503, {"error": {"message": "Servidor saturado, intente más tarde"}}),
    (404, {"success": False, "errors": [{"code": 7003, "message": "Could not route to /client/v4/accounts/x/ai/v1, perhaps your object identifier is invalid?"}]}),
    (400, {"error": {"message": "不適切なコンテンツが検出されました"}}),
    (400, {"error": {"message": "Contexto demasiado largo: 250000 tokens"}}),
]  # fmt: skip
AS_ONE = {"windowless": "rate"}
"""An agent that failed has retried; whether a window was named says nothing then."""


def printed(status: int, body: Any) -> str:
    """As Claude Code prints an answer after its own retries."""
    return f"API Error: {status} {body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)}"


def test_a_hook_reads_each_collected_answer_as_the_gateway_does() -> None:
    answers_read = [
        (read(status, {}, body), printed(status, body), status)
        for *_, group in FIRST + SECOND + THIRD + FOURTH + FIFTH + SIXTH + SEVENTH + EIGHTH + NINTH + TENTH
        for status, body in group
    ]

    unlike = [
        (failure.kind, heard.kind, text)
        for failure, text, status in answers_read
        if (heard := classify_agent_error("unknown", text, NOW, meanings=MEANINGS, status=status, model=OPUS))
        and AS_ONE.get(failure.kind, failure.kind) != AS_ONE.get(heard.kind, heard.kind)
    ]

    assert not unlike


@pytest.mark.parametrize(("status", "body"), SHOWN)
def test_why_says_the_same_after_the_hook_and_after_the_gateway(
    status: int, body: Any, tmp_path: Path
) -> None:
    homes = [tmp_path / "hook", tmp_path / "gateway"]
    for home in homes:
        home.mkdir()
    heard, asked = [Client(home, tmp_path) for home in homes]
    for client in (heard, asked):
        actions.set_priority(client.ctx, ["anthropic-api", "openrouter"])

    heard.writes(failed(printed(status, body), status, "unknown"))  # names the model
    heard.fail("unknown", printed(status, body))
    ctx = asked.ctx.as_("gateway")
    failure = answers.read_answer(
        ctx, status=status, body=json.dumps(body, ensure_ascii=False), at=datetime.now(UTC), model=OPUS
    )
    actions.report_failure(ctx, "anthropic-api", failure, model=OPUS, streak=3)

    assert said(heard) == said(asked)
    assert bool(said(asked)) == (failure.scope is not None)


def said(client: Client) -> list[tuple[str, str]]:
    """Class and sentence of each rest, without the moment it ends: the two were told at different ones."""
    now = snapshot.take(client.ctx)
    return [
        (bench.kind, sentence.partition(":")[2].partition(";")[0])
        for bench, sentence in resting.sentences(now.view("anthropic-api"), now.at, None)
    ]
