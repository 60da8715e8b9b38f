"""Whether to spend: a row that is answered by a key, or put off until the plan's window ends."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pf_tui import actions
from pf_tui import snapshot as snapshots
from pf_tui.rules import failures
from pf_tui.state.context import Context
from tests.patience import PATIENCE_S
from tests.tui.conftest import Opened

KEYS = {"ZAI_API_KEY": "k", "OPENROUTER_API_KEY": "k"}
ASKS = {
    "version": 2,
    "providerPriority": ["zai-coding-plan", "openrouter"],
    "pf": {"paid": "ask"},
}
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def ctx(context: Callable[..., Context]) -> Context:
    return context(env=KEYS, who="tui", now=lambda: NOON)


def use_up(ctx: Context) -> None:
    actions.report_failure(
        ctx, "zai-coding-plan", failures.reported("quota", until=ctx.now() + timedelta(hours=3))
    )


@pytest.mark.parametrize("size", [(120, 24), (80, 24), (44, 24)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_question_shows_the_keys_that_answer_it(
    dashboard: Opened, ctx: Context, size: tuple[int, int], grid: Any
) -> None:
    async with dashboard(size, ctx=ctx, config=ASKS) as screen:
        await screen.settled()
        early = [row for row in screen.text().splitlines() if " ? " in row and "P" in row]
        use_up(ctx)
        await screen.see("cannot serve" if size[0] > 44 else "spend on openrouter?")
        late = [row for row in screen.text().splitlines() if " ? " in row and "P" in row]

    assert "\n".join((*early, *late)) + "\n" == grid


async def test_an_early_question_that_was_put_off_comes_back_when_it_matters(
    dashboard: Opened, ctx: Context
) -> None:
    async with dashboard(ctx=ctx, config=ASKS) as screen:
        await screen.see("openrouter would be next, and costs money")
        await screen.press("escape")
        await screen.see("not asked again before")
        await screen.until(lambda: "would be next, and" not in screen.text(), "the question is away")

    async with dashboard(ctx=ctx) as screen:
        assert "would be next, and" not in screen.text()
        use_up(ctx)
        await screen.see("openrouter could, and costs money")
        await screen.press("escape")
        await screen.until(lambda: "could, and costs" not in screen.text(), "the question is away")
        assert snapshots.take(ctx).active is None
        await screen.press("w")
        await screen.see("could, and costs money: P allows it")


async def test_what_was_put_off_can_be_answered_and_undone(dashboard: Opened, ctx: Context) -> None:
    async with dashboard(ctx=ctx, config=ASKS) as screen:
        use_up(ctx)
        await screen.see("openrouter could, and costs money")
        await screen.press("x")
        await screen.until(lambda: "could, and costs" not in screen.text(), "the question is away")
        await screen.press("u")
        await screen.see("openrouter could, and costs money")
        await screen.press("escape", "P")
        await screen.until(lambda: snapshots.take(ctx).active, "openrouter serves")


async def test_a_click_on_the_key_puts_the_question_off(dashboard: Opened, ctx: Context) -> None:
    async with dashboard(ctx=ctx, config=ASKS) as screen:
        await screen.see("openrouter would be next, and costs money")
        rows = screen.text().splitlines()
        row = next(number for number, text in enumerate(rows) if "not now" in text)
        await screen.pilot.click(offset=(rows[row].index("esc not now"), row))
        await screen.until(lambda: "would be next, and" not in screen.text(), "the question is away")


def test_the_question_is_asked_once_in_a_window(context: Callable[..., Context]) -> None:
    now = NOON
    ctx = context(env=KEYS, now=lambda: now)
    actions.set_priority(ctx, ["zai-coding-plan", "openrouter"])
    actions.set_paid(ctx, "ask")
    use_up(ctx)
    until = actions.put_off_question(ctx)

    assert until == NOON + timedelta(hours=3)
    assert snapshots.take(ctx).open_question is None
    assert snapshots.take(ctx).question is not None
    now = NOON + timedelta(hours=3, minutes=1)
    actions.report_failure(ctx, "zai-coding-plan", failures.reported("quota", until=now + timedelta(hours=3)))
    assert snapshots.take(ctx).open_question is not None


async def test_the_answer_waits_for_nobody_else(dashboard: Opened, ctx: Context) -> None:
    """A session is being sent on by a program that does not end, a keyring asks to be unlocked."""
    free = threading.Event()
    async with dashboard(ctx=ctx, config=ASKS) as screen:
        await screen.see("openrouter would be next, and costs money")
        for _ in range(3):
            screen.app.perform(lambda: free.wait(PATIENCE_S) and None, waits=True)
        await screen.press("P")
        await screen.until(lambda: "paidUntil" in screen.config()["pf"], "the answer is written down")
        free.set()
