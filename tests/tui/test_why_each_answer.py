"""The why-sheet says of each kind of answer what `pf-tui why` says, with the dashboard's keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pf_tui import actions, snapshot
from pf_tui.documents import resting
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.tui import dashboard_words
from pf_tui.tui.dialogs.why import why_page
from pf_tui.tui.page import Space
from pf_tui.tui.times import Clock
from tests.cli.test_why_each_answer import ANSWERS, OPUS
from tests.conftest import NOON

KEYS = {"ANTHROPIC_API_KEY": "sk-ant-x", "OPENROUTER_API_KEY": "sk-or-x", "GROQ_API_KEY": "gsk-x"}
CHAIN = ("anthropic-api", "openrouter", "groq")


def after(context: Callable[..., Context], failed: dict[str, str]) -> Snapshot:
    """What is at noon, when each provider has just answered as named."""
    made = context(env=KEYS, now=NOON - timedelta(seconds=1)).as_("gateway")
    actions.set_priority(made, list(CHAIN))
    for provider, name in failed.items():
        actions.report_failure(made, provider, ANSWERS[name][1](made), model=OPUS, streak=3, session="5e55")
    return snapshot.take(context(env=KEYS, now=NOON))


def sheet(now: Snapshot, width: int) -> str:
    return why_page(now, Space(width=width, height=40, clock=Clock(now=now.at))).text()


@pytest.mark.parametrize("name", ANSWERS)
def test_the_sheet_says_what_the_command_says(name: str, context: Callable[..., Context]) -> None:
    now = after(context, {"anthropic-api": name})

    shown = " ".join(sheet(now, 120).split())

    for bench, sentence in resting.sentences(now.view("anthropic-api"), now.at, None):
        said = sentence.removeprefix("anthropic-api").lstrip(":, ")
        assert dashboard_words.cure(said, keys=bench.is_whole) in shown
        assert "pf-tui release" not in shown


@pytest.mark.parametrize("width", [44, 80, 120])
@pytest.mark.parametrize(
    "names",
    [
        ("used-up credit", "a refused key", "a missing model"),
        ("a family's week", "a broken server", "a closed account"),
        ("no network", "a limit per minute", "a wrong address"),
    ],
    ids=["cleared by hand", "some of it", "out of reach"],
)
def test_the_sheet_with_three_answers(
    names: tuple[str, ...], width: int, context: Callable[..., Context], grid: Any
) -> None:
    now = after(context, dict(zip(CHAIN, names, strict=True)))

    assert sheet(now, width) == grid


def test_a_key_is_named_only_where_it_does_what_the_command_does(context: Callable[..., Context]) -> None:
    whole = sheet(after(context, {"anthropic-api": "a five-hour window"}), 120)
    family = sheet(after(context, {"anthropic-api": "a family's week"}), 180)

    assert "b ends that now" in whole
    assert "`:release anthropic-api` ends that now" in family
