"""From an answer that nothing recognised to a rule, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from pf_tui import actions
from pf_tui.actions import answers
from pf_tui.state.context import Context
from tests.cli.conftest import Pf

ODD = json.dumps(
    {"error": {"message": "The hamster wheel of tenant 4711 stands still, come back with more seeds"}}
)


@pytest.fixture
def odd(context: Callable[..., Context]) -> Context:
    """A gateway has met an answer that no table knows."""
    ctx = context(env={"GROQ_API_KEY": "k"}, now=lambda: datetime.now(UTC)).as_("gateway")
    failure = answers.read_answer(ctx, status=507, body=ODD, at=ctx.now())
    assert failure.meaning is None
    actions.report_failure(ctx, "groq", failure, streak=3)
    return ctx


def test_an_unrecognised_answer_becomes_a_rule_and_is_read_by_it(odd: Context, pf: Pf) -> None:
    listed = pf("rules", "add")
    assert "groq: 507 The hamster wheel" in listed.out
    assert "taken for server" in listed.out

    added = pf("rules", "add", "1", "--class", "quota", "--scope", "provider", "--for", "1h")

    assert added.code == 0
    assert "is quota of the provider for 1h" in added.out
    again = ODD.replace("4711", "9")
    failure = answers.read_answer(odd, status=507, body=again, at=odd.now())
    assert (failure.kind, failure.scope) == ("quota", "provider")
    assert pf("rules", "add").out == "every failure so far was recognised\n"
    assert "quota of the provider" in pf("rules").out


def test_a_rule_is_removed_and_undo_brings_it_back(odd: Context, pf: Pf) -> None:
    pf("rules", "add", "1", "--class", "quota")
    assert pf("rules", "remove", "1").code == 0
    assert "no rules of your own" in pf("rules", "list").out

    pf("undo")

    assert json.loads(pf("rules", "--json").out)["rules"] == [
        {"status": 507, "text": "stands still, come back with more seeds", "class": "quota"}
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "9", "--class", "quota"), "there is no failure 9 to make a rule of"),
        (("add", "1"), "--class is missing"),
        (("remove", "3"), "there is no rule 3"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_cure(
    odd: Context, pf: Pf, words: tuple[str, ...], told: str
) -> None:
    answer = pf("rules", *words)

    assert answer.code == 2
    assert told in answer.err
