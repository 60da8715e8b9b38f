"""`pf-tui drill`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pf_tui.cli import output
from pf_tui.cli.grammar import as_json, word
from pf_tui.cli.look import FAINT
from pf_tui.documents import words
from pf_tui.rules.benches import Bench
from pf_tui.state.clock import to_text
from pf_tui.state.context import Context
from pf_tui.state.health import bench_to_json

if TYPE_CHECKING:
    from rich.text import Text

    from pf_tui.drill.outcome import Cost, DrillRequest, ObservedAnswer, Rehearsal, Step


@word("drill")
@click.option(
    "--fault", metavar="NAME", help="429, quota, 529, 401 … `--fault list` shows all; by default a limit."
)
@click.option(
    "--agent", metavar="AGENT", help="claude, opencode or codex; by default the agent that is served now."
)
@as_json
@click.pass_obj
def drill(ctx: Context, fault: str | None, agent: str | None, as_json: bool) -> None:
    """The gateway's own code decides, on a copy of your settings, against stand-ins on this machine."""
    import asyncio

    from pf_tui.drill import rehearsal as rehearsals

    if fault == "list":
        return _list(as_json=as_json)
    rehearsal = asyncio.run(rehearsals.rehearse(ctx, rehearsals.fault_called(fault), agent))
    if as_json:
        output.document(document(rehearsal))
        return None
    output.show(*_lines(rehearsal, ctx))
    return None


def document(rehearsal: Rehearsal) -> dict[str, object]:
    """The rehearsal as data."""
    return {
        "fault": {"name": rehearsal.fault.name, "says": rehearsal.fault.says},
        "agent": rehearsal.agent.id,
        "protocol": rehearsal.protocol,
        "model": rehearsal.model,
        "first": rehearsal.first,
        "chain": list(rehearsal.chain),
        "passed": [
            {"provider": skip.provider, "code": skip.code, "reason": skip.reason}
            for skip in rehearsal.skipped
        ],
        "steps": [
            {
                "title": step.title,
                "at": to_text(step.at),
                "asked": [
                    {
                        "provider": request.provider,
                        "model": request.model,
                        "served": request.failure is None,
                        "failure": request.failure,
                    }
                    for request in step.requests
                ],
                "benches": [bench_to_json(bench) for bench in step.benches],
                "seen": _seen_document(step.answer),
                "note": step.note,
            }
            for step in rehearsal.steps
        ],
        "costs": [
            {
                "provider": cost.provider,
                "model": cost.model,
                "turn_usd": cost.usd,
                "first_turn_usd": cost.cold_usd,
                "basis": cost.basis,
            }
            for cost in rehearsal.costs
        ],
        "turn": {
            "input": rehearsal.turn.input,
            "output": rehearsal.turn.output,
            "cache_read": rehearsal.turn.cache_read,
            "cache_write": rehearsal.turn.cache_write_5m,
            "own": rehearsal.turn_is_own,
        },
        "notes": list(rehearsal.notes),
    }


def _seen_document(observed_answer: ObservedAnswer | None) -> dict[str, object] | None:
    if observed_answer is None:
        return None
    return {
        "status": observed_answer.status,
        "provider": observed_answer.provider,
        "whole": observed_answer.whole,
        "said": observed_answer.error,
    }


def _lines(rehearsal: Rehearsal, ctx: Context) -> list[Text]:
    from rich.text import Text

    head = Text.assemble(
        ("rehearsal  ", "bold"),
        f"{rehearsal.first}: {rehearsal.fault.says}",
        (f"   {rehearsal.agent.name} asks for {rehearsal.model}; nothing leaves this machine", FAINT),
    )
    lines = [head, *_chain(rehearsal)]
    for number, step in enumerate(rehearsal.steps, start=1):
        lines += [Text(), *_step(number, step, rehearsal, ctx)]
    if rehearsal.costs:
        lines += [Text(), *_costs(rehearsal)]
    lines += [Text.assemble(("note  ", FAINT), note) for note in rehearsal.notes]
    return lines


def _chain(rehearsal: Rehearsal) -> list[Text]:
    """Who could be asked, in order, and why the others with a credential could not."""
    from rich.text import Text

    order = " → ".join(rehearsal.chain) or "nobody"
    lines = [Text.assemble(("chain      ", FAINT), order)]
    skipped = [skip for skip in rehearsal.skipped if not skip.is_absent]
    lines += [
        Text.assemble(("left out   ", FAINT), f"{skip.provider:<22} ", (skip.reason, FAINT))
        for skip in skipped
    ]
    return lines


def _step(number: int, step: Step, rehearsal: Rehearsal, ctx: Context) -> list[Text]:
    from rich.text import Text

    lines = [Text.assemble((f"{number}  ", FAINT), (step.title, "bold"))]
    for request in step.requests:
        bench = next((bench for bench in step.benches if bench.provider == request.provider), None)
        lines.append(_request_line(request, bench, step, ctx))
    if not step.requests:
        lines.append(Text.assemble("   ", ("no provider is asked: all are benched", FAINT)))
    lines.append(_answer_line(step.answer, rehearsal))
    if step.note:
        lines.append(Text.assemble("   ", (step.note, FAINT)))
    return lines


def _request_line(drill_request: DrillRequest, bench: Bench | None, step: Step, ctx: Context) -> Text:
    from rich.text import Text

    line = Text.assemble("   ", f"{drill_request.provider:<22} ")
    if drill_request.failure is None:
        return line.append("serves", "green").append(f" {drill_request.model}", FAINT)
    line.append(f"fails: {drill_request.failure}", "red")
    if bench is not None:
        what = f" with {bench.model}" if bench.model else ""
        end = words.clock(bench.until, step.at, ctx.timezone()) if bench.until else "you act"
        line.append(f"; rests{what} until {end}")
    return line


def _answer_line(observed_answer: ObservedAnswer | None, rehearsal: Rehearsal) -> Text:
    from rich.text import Text

    line = Text.assemble("   ", (f"{rehearsal.agent.name + ' sees':<22} ", FAINT))
    if observed_answer is None:
        return line
    if observed_answer.whole:
        return line.append("a whole answer")
    status = "a cut answer, then" if observed_answer.status == 200 else f"{observed_answer.status}:"
    return line.append(f"{status} {observed_answer.error or 'no sentence'}", "yellow")


def _costs(rehearsal: Rehearsal) -> list[Text]:
    from rich.text import Text

    tokens = rehearsal.turn.input + rehearsal.turn.cache_read + rehearsal.turn.cache_write_5m
    whose = "your usual request" if rehearsal.turn_is_own else "a usual request of an agent"
    cached, out = words.short(rehearsal.turn.cache_read), words.short(rehearsal.turn.output)
    counts_text = f"{words.short(tokens)} in ({cached} cached), {out} out"
    lines = [Text.assemble(("cost", "bold"), (f"  {whose}: {counts_text}", FAINT))]
    lines += [_cost(cost, first=cost is rehearsal.costs[0]) for cost in rehearsal.costs]
    return lines


def _cost(cost: Cost, *, first: bool) -> Text:
    from rich.text import Text

    line = Text.assemble("   ", f"{cost.provider:<22} {words.money(cost.usd):>9} a request")
    if cost.usd is None:
        return line.append(f"  no price is known for {cost.model} there", FAINT)
    if not first:
        line.append(f", {words.money(cost.cold_usd)} the first time: its prompt cache is cold", FAINT)
    return line.append("  list-price equivalent", FAINT) if cost.basis != "list" else line


def _list(*, as_json: bool) -> None:
    from pf_tui.drill.faults import FAULTS

    if as_json:
        output.document([{"name": fault.name, "says": fault.says} for fault in FAULTS.values()])
        return
    for fault in FAULTS.values():
        output.text(f"{fault.name:<20} {fault.says}")
