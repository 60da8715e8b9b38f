"""A person's own reading of answers: from a failure that nothing recognised to a rule in config.json."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from pf_tui.actions.journalling import write_down
from pf_tui.errors import WrongUsage
from pf_tui.json_values import objects_in
from pf_tui.records import record
from pf_tui.rules.failures import Rule
from pf_tui.state import answer_rules, files, journal
from pf_tui.state.context import Context

LOOK_BACK = 400
"""Events of the journal in which failures are looked for."""

SHORTEST = 8
"""Characters of a fragment that says enough to recognise an answer by."""


@record
class UnreadFailure:
    """An answer that the table of meanings did not know, as the journal keeps it."""

    at: datetime
    provider: str
    status: int | None
    header: str | None
    code: str | None
    text: str
    kind: str
    """What it was taken for, by its status alone."""

    @property
    def fragment(self) -> str:
        """The longest run of plain words in its text: numbers, quotes and ids change from time to time."""
        runs = re.findall(r"[A-Za-z][A-Za-z ,']*[A-Za-z]", self.text)
        return max((run for run in runs if len(run) >= SHORTEST), key=len, default="")


def unread(ctx: Context) -> tuple[UnreadFailure, ...]:
    """Failures that nothing recognised, newest first, each once; without those a rule of yours reads."""
    own = rules(ctx)
    unread_answers: dict[tuple[str, int | None, str], UnreadFailure] = {}
    for event in reversed(journal.tail(ctx.paths, LOOK_BACK)):
        evidence = event.evidence
        if "meaning" not in evidence or evidence["meaning"] is not None:
            continue
        bench = event.after.get("bench")
        provider = bench.get("provider") if isinstance(bench, dict) else event.after.get("provider")
        failure = _failure(event.ts, str(provider or ""), evidence)
        if not any(_reads(rule, failure) for rule in own):
            unread_answers.setdefault((failure.provider, failure.status, failure.text), failure)
    return tuple(unread_answers.values())


def rules(ctx: Context) -> tuple[Rule, ...]:
    """The person's rules, in their order. Raises StateFileUnusable."""
    return answer_rules.parse(ctx.config().gateway.get("rules"), ctx.paths.config)


def add_rule(
    ctx: Context,
    failure: UnreadFailure,
    *,
    kind: str,
    scope: str | None = None,
    rest: timedelta | None = None,
    text: str | None = None,
) -> dict[str, object]:
    """Make a rule of a failure; returns it as it stands in config.json.

    Raises:
        WrongUsage: neither status nor text would recognise the answer.
        StateFileUnusable: config.json.
    """
    words = text or failure.fragment
    if not words and failure.status is None:
        raise WrongUsage("this answer has no status and no plain words", "--text says what it is known by")
    rule: dict[str, object] = {}
    if failure.status is not None:
        rule["status"] = failure.status
    if words:
        rule["text"] = words
    rule["class"] = kind
    if scope is not None:
        rule["scope"] = scope
    if rest is not None:
        rule["restS"] = round(rest.total_seconds())
    _write(ctx, [*_stored(ctx), rule], f"rule for {failure.provider}: {words or failure.status}", rule)
    return rule


def remove_rule(ctx: Context, number: int) -> dict[str, object]:
    """Take a rule away, by its place from 1; returns it. Raises WrongUsage, StateFileUnusable."""
    rules = _stored(ctx)
    if not 1 <= number <= len(rules):
        raise WrongUsage(
            f"there is no rule {number}; there are {len(rules)}", "`pf-tui rules list` shows them"
        )
    rule = rules.pop(number - 1)
    _write(ctx, rules, f"rule {number} removed", rule)
    return dict(rule)


def stored_rules(ctx: Context) -> list[dict[str, object]]:
    """The rules as they stand in the file. Raises StateFileUnusable."""
    return [dict(rule) for rule in _stored(ctx)]


def _stored(ctx: Context) -> list[dict[str, object]]:
    rules(ctx)  # what is no rule is said with its line
    return objects_in(ctx.config().gateway, "rules")


def _write(ctx: Context, new: list[dict[str, object]], why: str, rule: Mapping[str, object]) -> None:
    with files.locked(ctx.paths):
        old = ctx.change_config({"pf.gateway.rules": new or None})
        write_down(ctx, "rules", why=why, after={"rule": dict(rule)}, undo={"config": old})


def _failure(at: datetime, provider: str, evidence: Mapping[str, object]) -> UnreadFailure:
    status = evidence.get("status")
    words = {name: str(evidence[name]) for name in ("header", "code") if evidence.get(name)}
    return UnreadFailure(
        at=at,
        provider=provider,
        status=status if isinstance(status, int) else None,
        header=words.get("header"),
        code=words.get("code"),
        text=str(evidence.get("text") or ""),
        kind=str(evidence.get("class") or ""),
    )


def _reads(rule: Rule, unread_failure: UnreadFailure) -> bool:
    if rule.status is not None and rule.status != unread_failure.status:
        return False
    return rule.pattern is None or re.search(rule.pattern, unread_failure.text, re.IGNORECASE) is not None
