"""`pf-tui rules`."""

from __future__ import annotations

from datetime import timedelta

import click

from pf_tui.actions import answer_rules as verbs
from pf_tui.actions.answer_rules import UnreadFailure
from pf_tui.cli import output
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.cli.values import DURATION
from pf_tui.documents import words
from pf_tui.errors import WrongUsage
from pf_tui.json_values import optional_number
from pf_tui.rules.failures import CLASSES, SCOPES
from pf_tui.state.clock import to_text
from pf_tui.state.context import Context

rules = Group("rules", "list")


@subword(rules, "list")
@as_json
@click.pass_obj
def list_(ctx: Context, as_json: bool) -> None:
    """They go before the table of meanings; the first that fits decides."""
    rules = verbs.stored_rules(ctx)
    if as_json:
        output.document({"rules": rules, "unread": [_failure(answer) for answer in verbs.unread(ctx)]})
        return
    for number, rule in enumerate(rules, start=1):
        output.text(f"{number:>3}  {_words(rule)}")
    if not rules:
        output.text("no rules of your own; `pf-tui rules add` makes one of a failure that was not recognised")


@subword(rules, "add")
@click.argument("number", type=click.IntRange(min=1), metavar="N", required=False)
@click.option("--class", "kind", type=click.Choice(sorted(CLASSES)), help="What such an answer means.")
@click.option("--scope", type=click.Choice(SCOPES), help="What rests; else as the class says.")
@click.option("--for", "rest", type=DURATION, help="How long where no reset is named: 30m, 2h, 3d.")
@click.option("--text", help="Words to know it by; else the longest plain words of the answer.")
@as_json
@click.pass_obj
def add(
    ctx: Context,
    number: int | None,
    kind: str | None,
    scope: str | None,
    rest: timedelta | None,
    text: str | None,
    as_json: bool,
) -> None:
    """Without N: the failures that nothing recognised, newest first. With N: a rule of that one."""
    unread = verbs.unread(ctx)
    if number is None:
        _list(ctx, unread, as_json=as_json)
        return
    if number > len(unread):
        raise WrongUsage(f"there is no failure {number} to make a rule of", "`pf-tui rules add` lists them")
    if kind is None:
        raise WrongUsage("--class is missing", f"one of {', '.join(sorted(CLASSES))}")
    rule = verbs.add_rule(ctx, unread[number - 1], kind=kind, scope=scope, rest=rest, text=text)
    if as_json:
        output.document({"added": rule, "rules": verbs.stored_rules(ctx), "undo": "pf-tui undo"})
        return
    output.text(f"from now on {_words(rule)}; `pf-tui undo` takes it back")


@subword(rules, "remove")
@click.argument("number", type=click.IntRange(min=1), metavar="N")
@as_json
@click.pass_obj
def remove(ctx: Context, number: int, as_json: bool) -> None:
    """N is its place in `pf-tui rules list`."""
    rule = verbs.remove_rule(ctx, number)
    if as_json:
        output.document({"removed": rule, "rules": verbs.stored_rules(ctx), "undo": "pf-tui undo"})
        return
    output.text(f"gone: {_words(rule)}; `pf-tui undo` brings it back")


def _list(ctx: Context, unread: tuple[UnreadFailure, ...], *, as_json: bool) -> None:
    if as_json:
        output.document({"rules": verbs.stored_rules(ctx), "unread": [_failure(answer) for answer in unread]})
        return
    now, zone = ctx.now(), ctx.timezone()
    for number, answer in enumerate(unread, start=1):
        status = f"{answer.status} " if answer.status else ""
        taken_as = f" · taken for {answer.kind}" if answer.kind else ""
        sentence = f"{answer.provider}: {status}{answer.text}".strip()
        output.text(f"{number:>3}  {words.clock(answer.at, now, zone)}  {sentence}{taken_as}")
    if unread:
        output.text("`pf-tui rules add 1 --class quota --for 1h` makes a rule of the first")
    else:
        output.text("every failure so far was recognised")


def _words(rule: dict[str, object]) -> str:
    """`422 with "over budget" is quota of the provider for 1h`."""
    known_by = [str(rule["status"])] if rule.get("status") else []
    known_by += [f'with "{rule[key]}"' for key in ("text", "pattern") if rule.get(key)]
    means = rule.get("class") or rule.get("then")
    scope = f" of the {rule['scope']}" if rule.get("scope") else ""
    length = f" for {words.span(timedelta(seconds=rest))}" if (rest := optional_number(rule, "restS")) else ""
    return f"{' '.join(known_by)} is {means}{scope}{length}"


def _failure(unread_failure: UnreadFailure) -> dict[str, object]:
    return {
        "at": to_text(unread_failure.at),
        "provider": unread_failure.provider,
        "status": unread_failure.status,
        "header": unread_failure.header,
        "code": unread_failure.code,
        "text": unread_failure.text,
        "class": unread_failure.kind,
    }
