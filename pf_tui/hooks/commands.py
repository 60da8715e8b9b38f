"""The seven commands inside an agent, answered without a model: they work when every quota is used up.

An answer is a few short lines: an agent shows it as plain text. Errors are answers too. A key is never
taken here: what is typed into an agent is kept in its transcript.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence

from pf_tui import actions, snapshot
from pf_tui.agents.effects import Effect
from pf_tui.documents import auth, words
from pf_tui.errors import PfError, WrongUsage
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.state import files
from pf_tui.state.context import Context

MAX_LINES = 9
"""More does not read well where agents show it."""

PATIENCE_S = 4.0
"""How long an action waits for the state lock; an agent gives up on a hook after its own limit."""


def answer(ctx: Context, command: str, arguments: str) -> str | None:
    """What a command says; None when it is none of ours.

    Args:
        command: "provider-status", with or without a slash and a plugin's name before a colon.
        arguments: as typed behind it.
    """
    perform = COMMANDS.get(name(command))
    if perform is None:
        return None
    try:
        return perform(ctx, _split(arguments))
    except PfError as error:
        return f"{error.message}\n{error.hint}" if error.hint else error.message


def name(command: str) -> str:
    """The command's bare name."""
    return command.strip().removeprefix("/").rpartition(":")[2]


def typed(prompt: str) -> tuple[str, str] | None:
    """(command, arguments) when a prompt is one of the seven, typed where no command file knows it."""
    if not prompt.startswith("/"):
        return None
    first, _, rest = prompt.strip().partition(" ")
    return (name(first), rest.strip()) if name(first) in COMMANDS else None


def _status(ctx: Context, given: Sequence[str]) -> str:
    now = snapshot.take(ctx, keep_going=True)
    if given:
        return _provider(ctx, now, auth.one_of(now, given[0]))
    zone = ctx.timezone()
    lines = []
    if now.active is None:
        lines.append(f"nobody can serve: {now.choice.reason}")
    else:
        view = now.view(now.active.provider)
        lines.append(
            f"{view.id} serves {now.active.model or 'its own default model'}{_tightest(ctx, now, view)}"
        )
    lines.append(f"next: {now.next.provider}" if now.next else f"next: nobody ({now.next_reason})")
    resting = [
        view for view in now.providers if view.state in ("benched", "exhausted") and view.rank is not None
    ]
    for view in resting[:3]:
        until = f" until {words.clock(view.until, now.at, zone)}" if view.until else ""
        lines.append(f"{view.id}: {view.why or view.state}{until}")
    lines.append(f"today: {_used(now.today.requests, now.today.tokens, now.today.cost_usd)}")
    if not now.auto_switch:
        lines.append("auto-switch is off: the first of the list serves, whatever its state")
    lines += now.problems[:2]
    return _lines(lines)


def _provider(ctx: Context, now: Snapshot, view: ProviderView) -> str:
    zone = ctx.timezone()
    until = f" until {words.clock(view.until, now.at, zone)}" if view.until else ""
    place = f"number {view.rank}" if view.rank else "not in the list"
    lines = [
        f"{view.id} ({view.provider.name}): {view.why or view.state}{until}",
        f"{place}, serves {view.serves or 'nothing that is asked for'}",
        f"credential: {_credential(view)}",
    ]
    lines += [_limit(ctx, now, view, place) for place in range(min(len(view.limits), 4))]
    lines.append(f"today: {_used(view.today.requests, view.today.tokens, view.today.cost_usd)}")
    return _lines(lines)


def _switch(ctx: Context, given: Sequence[str]) -> str:
    """`/provider-switch PROVIDER [MODEL]`, `next`, `undo`; `--force` as on the command line."""
    wanted = [word for word in given if not word.startswith("-")]
    force = "--force" in given
    if unknown := [
        word for word in given if word.startswith("-") and word not in ("--force", "--model", "--undo")
    ]:
        raise WrongUsage(f"{unknown[0]} is not known here", "/provider-switch PROVIDER, next or undo")
    with files.locked(ctx.paths, PATIENCE_S):
        if wanted[:1] == ["undo"] or "--undo" in given:
            undone = actions.undo(ctx, "switch")
            return _lines([f"{undone.to_provider or 'nobody'} serves again", *_effects(undone.effects)])
        if not wanted:
            now = snapshot.take(ctx)
            serves = now.active.provider if now.active else "nobody"
            ready = [view.id for view in now.providers if view.rank is not None and view.state in _CAN_SERVE]
            others = ", ".join(one for one in ready if one != serves) or "none"
            return _lines([f"{serves} serves; ready: {others}", "/provider-switch PROVIDER, next or undo"])
        if wanted[0] == "next" and len(wanted) == 1:
            done = actions.switch_next(ctx)
        else:
            done = actions.switch(ctx, wanted[0], model=wanted[1] if len(wanted) > 1 else None, force=force)
    model = f" with {done.model}" if done.model else ""
    if done.switched:
        was = f" (was {done.from_provider})" if done.from_provider not in (None, done.to_provider) else ""
        lines = [f"switched to {done.to_provider}{model}{was}"]
    else:
        lines = [f"{done.to_provider} is first already{model}; nothing was changed"]
    lines += _effects(done.effects)
    if done.note:
        lines.append(done.note)
    if done.switched:
        lines.append("/provider-switch undo takes it back")
    return _lines(lines)


def _auth(ctx: Context, given: Sequence[str]) -> str:
    now = snapshot.take(ctx, keep_going=True)
    if given:
        view = auth.one_of(now, given[0])
        lines = [f"{view.id}: {_credential(view)}"]
        if len(given) > 1:
            lines.append("a key typed here would be kept in the transcript; it was not taken")
        cure = auth.cure(view.provider)
        lines.append(f"in a terminal: {cure}" if not view.credential.usable else f"another one: {cure}")
        return _lines(lines)
    held = [view for view in now.providers if view.credential.state != "missing"]
    lines = [f"{view.id}: {_credential(view)}" for view in held[: MAX_LINES - 2]]
    missing = len(now.providers) - len(held)
    lines.append(f"{missing} without a credential; in a terminal: pf-tui auth set PROVIDER")
    return _lines(lines)


def _models(ctx: Context, given: Sequence[str]) -> str:
    from pf_tui.documents import models

    catalog = ctx.catalog()
    if not given:
        families: dict[str, int] = {}
        for one in models.chosen(catalog):
            families[one.family] = families.get(one.family, 0) + 1
        told = ", ".join(f"{family} {count}" for family, count in families.items())
        return _lines([told, "/provider-models FAMILY lists one; everything: pf-tui models"])
    if found := catalog.find_model(given[0]):
        served = ", ".join(found.providers) or "nobody"
        price = (
            f"${found.price.input:g} in, ${found.price.output:g} out per million tokens"
            if found.price
            else "no price"
        )
        size = f"{words.window(found.context)} tokens of context"
        return _lines([f"{found.id} ({found.status}): {size}, {price}", f"served by {served}"])
    current = [one for one in models.chosen(catalog, family=given[0]) if one.status in ("active", "preview")]
    lines = [
        f"{one.id}  {words.window(one.context)}"
        + (f"  ${one.price.input:g}/${one.price.output:g}" if one.price else "")
        for one in current[: MAX_LINES - 1]
    ]
    rest = len(current) - len(lines)
    lines.append(f"{rest} more, and older ones: pf-tui models --family {given[0].lower()}")
    return _lines(lines if rest > 0 else lines[:-1])


def _priority(ctx: Context, given: Sequence[str]) -> str:
    if given:
        wanted = [part for word in given for part in word.split(",") if part]
        with files.locked(ctx.paths, PATIENCE_S):
            actions.set_priority(ctx, wanted)
        now = snapshot.take(ctx)
        serves = now.active.provider if now.active else "nobody"
        return _lines(
            [f"the order is now {', '.join(now.own_priority)}", f"{serves} serves; pf-tui undo takes it back"]
        )
    now = snapshot.take(ctx, keep_going=True)
    ranked = [view for view in now.providers if view.rank is not None]
    known = [view for view in ranked if view.state != "no-credential"]
    active = now.active.provider if now.active else None
    lines = [
        f"{view.rank}. {view.id}: {view.state}{' (serves)' if view.id == active else ''}"
        for view in known[: MAX_LINES - 2]
    ]
    if len(ranked) > len(lines):
        lines.append(f"{len(ranked) - len(lines)} more, most without a credential")
    lines.append("/provider-priority A B C makes a new order")
    return _lines(lines)


def _limits(ctx: Context, given: Sequence[str]) -> str:
    """`/provider-limits [PROVIDER] [daily=1M] [monthly-usd=50]`; options as on the command line work too."""
    names = [word for word in given if not word.startswith("-") and "=" not in word]
    settings = _budgets([word for word in given if word not in names[:1]])
    if settings:
        if not names:
            raise WrongUsage("whose limit?", "/provider-limits PROVIDER daily=1M")
        with files.locked(ctx.paths, PATIENCE_S):
            actions.set_budgets(ctx, names[0], settings)
    now = snapshot.take(ctx, keep_going=True)
    views = [auth.one_of(now, names[0])] if names else [view for view in now.providers if view.limits]
    lines = []
    for view in views:
        head = f"{view.id} " if len(views) > 1 else ""
        lines += [head + _limit(ctx, now, view, place) for place in range(len(view.limits))]
    if not lines:
        lines.append(
            f"{names[0]} has no known window and no budget"
            if names
            else "no provider has a known window or a budget yet"
        )
        lines.append("/provider-limits PROVIDER daily=1M sets a budget")
    if settings:
        lines.append("pf-tui undo takes it back")
    return _lines(lines)


def _analytics(ctx: Context, given: Sequence[str]) -> str:
    from pf_tui.ledger import query, schema

    span = query.span_of(given[0] if given else "24h", ctx.now(), ctx.timezone())
    if not ctx.paths.ledger.exists():
        return "nothing is in the ledger yet; in a terminal: pf-tui ingest"
    with schema.opened(ctx.paths.ledger) as connection:
        found = query.analytics(connection, span)
    sums = found.totals
    failed = f", {sums.failed} failed" if sums.failed else ""
    unpriced = f", {words.short(sums.unpriced_tokens)} tokens unpriced" if sums.unpriced_tokens else ""
    lines = [
        f"{span.name}: {_used(sums.requests, sums.total_tokens, sums.cost_usd)}{failed}{unpriced}",
        f"{found.fallback.fallbacks} fallbacks, {found.fallback.limit_hits} limit hits",
    ]
    lines += [
        f"{part.name}: {_used(part.sums.requests, part.sums.total_tokens, part.sums.cost_usd)}"
        for part in found.providers[: MAX_LINES - 3]
    ]
    return _lines(lines)


COMMANDS: Mapping[str, Callable[[Context, Sequence[str]], str]] = {
    "provider-status": _status,
    "provider-switch": _switch,
    "provider-auth": _auth,
    "provider-models": _models,
    "provider-priority": _priority,
    "provider-limits": _limits,
    "provider-analytics": _analytics,
}
"""The original plugin's seven, by name."""

_CAN_SERVE = ("ready", "warning", "limited")
_BUDGETS = {
    "daily": "daily_tokens",
    "monthly": "monthly_tokens",
    "daily-requests": "daily_requests",
    "monthly-requests": "monthly_requests",
    "daily-usd": "daily_usd",
    "monthly-usd": "monthly_usd",
}
"""What a person writes -> the budget's name."""

_SIZES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "b": 1_000_000_000}


def _budgets(given: Sequence[str]) -> dict[str, float | None]:
    """`daily=1M`, `--daily 1M` or `--daily=1M` as settings; None = unlimited. Raises WrongUsage."""
    queue = iter(given)
    settings: dict[str, float | None] = {}
    for word in queue:
        option, equals, value = word.removeprefix("--").partition("=")
        if option not in _BUDGETS:
            raise WrongUsage(f"there is no limit called {option}", f"name one of {', '.join(_BUDGETS)}")
        settings[_BUDGETS[option]] = _amount(option, value if equals else next(queue, ""))
    return settings


def _amount(option: str, value: str) -> float | None:
    text = value.casefold().replace("_", "").removeprefix("$")
    if text in ("unlimited", "none"):
        return None
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)([kmgb]?)", text)
    if found is None:
        raise WrongUsage(
            f"{option} {value or '(nothing)'} is not a number", "write 1500000, 1500K, 1.5M or unlimited"
        )
    return float(found[1]) * _SIZES[found[2]] or None


def _tightest(ctx: Context, now: Snapshot, view: ProviderView) -> str:
    tightest = view.tightest
    if tightest is None:
        return ""
    told = f" · {words.percent(tightest.percent)} of {words.window_word(tightest.window, tightest.model)}"
    if tightest.runs_out_at:
        return f"{told}, empty ~{words.clock(tightest.runs_out_at, now.at, ctx.timezone())}"
    if tightest.resets_at:
        return f"{told}, resets {words.when(tightest.resets_at, now.at, ctx.timezone())}"
    return told


def _limit(ctx: Context, now: Snapshot, view: ProviderView, place: int) -> str:
    limit = view.limits[place]
    what = words.window_word(limit.window, limit.model)
    if limit.source == "budget":
        what = f"{limit.unit} a {limit.window}"
    told = f"{what}: {words.percent(limit.percent)}"
    if limit.unit != "percent" and limit.limit:
        told += f" of {words.money(limit.limit) if limit.unit == 'usd' else words.short(limit.limit)}"
    if limit.resets_at:
        told += f", resets {words.when(limit.resets_at, now.at, ctx.timezone())}"
    if limit.runs_out_at:
        told += f", empty ~{words.clock(limit.runs_out_at, now.at, ctx.timezone())}"
    return (
        f"{told} ({limit.source}, {words.ago(limit.observed_at, now.at)})"
        if limit.source != "budget"
        else told
    )


def _used(requests: int, tokens: int, cost_usd: float | None) -> str:
    return f"{words.number(requests)} requests, {words.short(tokens)} tokens, {words.money(cost_usd)}"


def _credential(view: ProviderView) -> str:
    held = view.credential
    return f"{held.state}{f' ({held.source})' if held.source else ''}"


def _effects(done: Sequence[Effect]) -> list[str]:
    return [f"{effect.agent}: {effect.text}" for effect in done]


def _split(arguments: str) -> list[str]:
    try:
        return shlex.split(arguments)
    except ValueError:
        return arguments.split()


def _lines(lines: Sequence[str]) -> str:
    shown = [line for line in lines if line]
    if len(shown) > MAX_LINES:
        more = len(shown) - MAX_LINES + 1
        shown = [*shown[: MAX_LINES - 1], f"{more} more lines in a terminal: pf-tui status"]
    return "\n".join(shown)
