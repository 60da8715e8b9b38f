"""What a failure that a hook saw means: the catalog's table, and before it the person's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pf_tui.rules import failures
from pf_tui.rules.failures import Failure
from pf_tui.state import answer_rules
from pf_tui.state.context import Context


def read_answer(
    ctx: Context,
    *,
    status: int | None,
    headers: Mapping[str, str] | None = None,
    body: str = "",
    at: datetime,
    model: str | None = None,
) -> Failure:
    """The failure in a provider's answer (rules.failures.classify). Raises StateFileUnusable."""
    return failures.classify(
        status=status,
        headers=headers,
        body=body,
        now=at,
        model=model,
        meanings=ctx.catalog().meanings,
        rules=_rules(ctx),
    )


def read_agent_error(
    ctx: Context, word: str, text: str, at: datetime, *, status: int | None = None, model: str | None = None
) -> Failure:
    """The failure an agent reports after its own retries. Raises StateFileUnusable."""
    return failures.classify_agent_error(
        word, text, at, status=status, model=model, meanings=ctx.catalog().meanings, rules=_rules(ctx)
    )


def _rules(ctx: Context) -> tuple[failures.Rule, ...]:
    return answer_rules.parse(ctx.config().gateway.get("rules"), ctx.paths.config)
