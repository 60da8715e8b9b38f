"""`pf-tui doctor`: every check, each finding with its cure."""

from __future__ import annotations

import click
from rich.text import Text

from pf_tui.cli import look, output
from pf_tui.cli.grammar import as_json, word
from pf_tui.integrations import doctor as checks
from pf_tui.state.context import Context

_SIGNS = {"ok": "✓", "warn": "!", "fail": "✗", "skip": "·"}
_COLUMN = 18


@word("doctor")
@as_json
@click.pass_obj
def doctor(ctx: Context, as_json: bool) -> int:
    """Looks and changes nothing. Ends with 1 when something does not work."""
    results = checks.run(ctx)
    broken = any(one.state == "fail" for one in results)
    if as_json:
        output.document(
            {
                "ok": not broken,
                "checks": [
                    {"id": one.id, "state": one.state, "message": one.message, "fix": one.fix or None}
                    for one in results
                ],
            }
        )
    else:
        output.show(*(line for one in results for line in _lines(one, output.width())), *_sum(results))
    return 1 if broken else 0


def _lines(one: checks.Result, width: int) -> list[Text]:
    """Sign, name and message; the cure below."""
    style = look.STATE_STYLES[one.state]
    indent = " " * (_COLUMN + 2)
    first, *more = look.wrapped(
        one.message, width, indent=indent, style=look.FAINT if one.state == "skip" else ""
    )
    head = Text.assemble((_SIGNS[one.state], style), f" {one.id:<{_COLUMN}}")
    lines = [Text.assemble(head, first[len(indent) :]), *more]
    if one.fix:
        lines += look.wrapped(f"→ {one.fix}", width, indent=indent, style=style)
    return lines


def _sum(results: tuple[checks.Result, ...]) -> list[Text]:
    counts = {state: sum(one.state == state for one in results) for state in ("fail", "warn", "skip")}
    words = [f"{count} {state}" for state, count in counts.items() if count]
    told = f"{len(results)} checks: {', '.join(words)}" if words else f"{len(results)} checks, all is well"
    return [Text(), Text(told)]
