"""`pf-tui limits`: windows that providers report, and a person's own budgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from pf_tui import actions, snapshot
from pf_tui.actions import readings as reads
from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import Group, as_json, in_project, maybe_provider, provider_argument, subword
from pf_tui.cli.values import REQUESTS, TOKENS, USD, Unlimited
from pf_tui.documents import settings, words
from pf_tui.errors import PfError, WrongUsage
from pf_tui.snapshot import Snapshot
from pf_tui.state.config import Budgets
from pf_tui.state.context import Context

if TYPE_CHECKING:
    from rich.text import Text

    from pf_tui.ledger.headroom import Headroom

_OPTIONS = {
    "daily_tokens": "--daily",
    "monthly_tokens": "--monthly",
    "daily_requests": "--daily-requests",
    "monthly_requests": "--monthly-requests",
    "daily_usd": "--daily-usd",
    "monthly_usd": "--monthly-usd",
}

limits = Group("limits", "show", implied="set")


@subword(limits, "show")
@maybe_provider
@click.option("--refresh", is_flag=True, help="Ask LiteLLM proxies when the budget of the key begins anew.")
@as_json
@click.pass_obj
def show(ctx: Context, provider: str | None, refresh: bool, as_json: bool) -> None:
    """~ marks an estimate; a pace says when a window is used up if work goes on like this."""
    now = snapshot.take(ctx, keep_going=not as_json)
    if provider is not None:
        provider = now.catalog.provider(provider).id
    if refresh:
        _refresh(ctx, now, provider)
        now = snapshot.take(ctx, keep_going=not as_json)
    headroom = reads.headroom(ctx)
    if as_json:
        output.document(settings.limits(now, provider, headroom))
        return
    output.show(*_windows(now, provider, ctx, headroom, output.width()))
    for problem in now.problems:
        diagnostics.note(problem)


@subword(limits, "set")
@provider_argument
@click.option("--daily", "daily_tokens", type=TOKENS, help="Tokens a day: 500K, 1M; 0 or unlimited = none.")
@click.option("--monthly", "monthly_tokens", type=TOKENS, help="Tokens a month.")
@click.option("--daily-requests", type=REQUESTS, help="Requests a day.")
@click.option("--monthly-requests", type=REQUESTS, help="Requests a month.")
@click.option("--daily-usd", type=USD, help="USD a day.")
@click.option("--monthly-usd", type=USD, help="USD a month.")
@in_project
@as_json
@click.pass_obj
def set_(
    ctx: Context, /, provider: str, in_project: bool, as_json: bool, **numbers: float | Unlimited | None
) -> None:
    """A used-up budget counts like a provider's own limit: the next provider serves.

    Tokens are input, output and cache writes. A day ends at local midnight.
    """
    budgets = {
        name: None if isinstance(value, Unlimited) else value
        for name, value in numbers.items()
        if value is not None
    }
    if not budgets:
        raise WrongUsage("no limit was named", f"name one of {', '.join(_OPTIONS.values())}")
    provider = ctx.catalog().provider(provider).id
    if in_project:
        foreign = [_OPTIONS[name] for name in budgets if not name.endswith("requests")]
        if foreign:
            raise WrongUsage(
                f"a project's file limits requests only, not {' or '.join(foreign)}",
                "use --daily-requests and --monthly-requests, or leave --project out",
            )
        actions.set_project_requests(ctx, budgets)
    else:
        actions.set_budgets(ctx, provider, budgets)
    now = snapshot.take(ctx)
    if as_json:
        output.document(settings.budgeted(now, provider))
        return
    changes = ", ".join(
        f"{_OPTIONS[name].removeprefix('--')} {_amount(name, value)}" for name, value in budgets.items()
    )
    whose = "every provider in this project" if in_project else provider
    output.text(f"{whose}: {changes}; `pf-tui undo` takes it back")


def _refresh(ctx: Context, now: Snapshot, only: str | None) -> None:
    """Ask about every key whose budget was seen, or about the one that is named; what fails is said."""
    from pf_tui import key_budget
    from pf_tui.rules.litellm import WINDOW

    providers = [
        view.provider
        for view in now.providers
        if view.id == only or (only is None and any(limit.window == WINDOW for limit in view.limits))
    ]
    if not providers:
        diagnostics.note("no key's budget is known yet; name the proxy: `pf-tui limits PROVIDER --refresh`")
    for provider in providers:
        try:
            actions.note_readings(ctx, [key_budget.ask(ctx, provider)])
        except PfError as error:
            diagnostics.note(f"{error.message}; {error.hint}" if error.hint else error.message)


def _amount(name: str, value: float | None) -> str:
    if value is None:
        return "unlimited"
    return words.money(value) if name.endswith("usd") else words.short(value)


def _windows(
    now: Snapshot, provider: str | None, ctx: Context, headroom: Mapping[str, Headroom], width: int
) -> list[Text]:
    from rich.text import Text

    from pf_tui.cli.look import FAINT, heading, wrapped
    from pf_tui.cli.status_view import limit_lines

    views = [view for view in now.providers if view.limits and provider in (None, view.id)]
    lines: list[Text] = []
    for view in views:
        lines += [heading(view.id, view.state), *limit_lines(view.limits, now, ctx.timezone(), width)]
        if view.id in headroom:
            lines += wrapped(
                f"{words.turns(headroom[view.id])} ({words.window_word(headroom[view.id].window)})", width
            )
        lines.append(Text())
    if not views:
        whose = f"{provider} has" if provider else "no provider has"
        none = "no known window and no budget" if provider else "a known window or a budget yet"
        lines += wrapped(f"{whose} {none}", width)
        lines += wrapped(
            "windows appear when an agent has used a plan; "
            "`pf-tui limits set PROVIDER --daily 1M` sets a budget",
            width,
            style=FAINT,
        )
        return lines
    if provider and not now.config.budgets.get(provider, Budgets()):
        lines += wrapped(
            f"no budget of your own: `pf-tui limits set {provider} --daily 1M`", width, style=FAINT
        )
    return lines if lines[-1].plain else lines[:-1]
