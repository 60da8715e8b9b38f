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
    broken = any(result.state == "fail" for result in results)
    if as_json:
        output.document(
            {
                "ok": not broken,
                "checks": [
                    {
                        "id": result.id,
                        "state": result.state,
                        "message": result.message,
                        "fix": result.fix or None,
                    }
                    for result in results
                ],
            }
        )
    else:
        output.show(*(line for result in results for line in _lines(result, output.width())), *_sum(results))
    return 1 if broken else 0


def _lines(result: checks.Result, width: int) -> list[Text]:
    """Sign, name and message; the cure below."""
    style = look.STATE_STYLES[result.state]
    indent = " " * (_COLUMN + 2)
    first, *more = look.wrapped(
        result.message, width, indent=indent, style=look.FAINT if result.state == "skip" else ""
    )
    head = Text.assemble((_SIGNS[result.state], style), f" {result.id:<{_COLUMN}}")
    lines = [Text.assemble(head, first[len(indent) :]), *more]
    if result.fix:
        lines += look.wrapped(f"→ {result.fix}", width, indent=indent, style=style)
    return lines


def _sum(results: tuple[checks.Result, ...]) -> list[Text]:
    counts = {state: sum(result.state == state for result in results) for state in ("fail", "warn", "skip")}
    words = [f"{count} {state}" for state, count in counts.items() if count]
    sentence = (
        f"{len(results)} checks: {', '.join(words)}" if words else f"{len(results)} checks, all is well"
    )
    return [Text(), Text(sentence)]
