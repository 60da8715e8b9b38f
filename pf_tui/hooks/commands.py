"""The seven commands inside an agent, answered without a model: they work when every quota is used up.

An answer is a few short lines: an agent shows it as plain text. Errors are answers too. A key is never
taken here: what is typed into an agent is kept in its transcript.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pf_tui import actions, snapshot
from pf_tui.documents import auth, words
from pf_tui.errors import PfError, WrongUsage
from pf_tui.hooks import GATEWAY_S, list_commands
from pf_tui.hooks import arguments as typing
from pf_tui.hooks.plain_lines import MAX_LINES, lines, used
from pf_tui.integrations import apply
from pf_tui.integrations.apply import Effect
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.state import files
from pf_tui.state.context import Context

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
    if (since := apply.paused(ctx)) is not None:
        moment = words.clock(since, ctx.now(), ctx.timezone())
        return f"pf-tui is paused since {moment}; nothing was done. In a terminal: pf-tui resume"
    try:
        return perform(ctx, typing.split(arguments))
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


def _status(ctx: Context, arguments: Sequence[str]) -> str:
    """`/provider-status [PROVIDER] [--reset]`."""
    typed_words = typing.read(arguments, "/provider-status [PROVIDER] [--reset]", flags=("--reset",))
    whose = typed_words.words[0] if typed_words.words else None
    rows = []
    if typed_words.options:
        with files.locked(ctx.paths, PATIENCE_S):
            actions.reset(ctx, whose)
        rows.append(f"benches and today's counters of {whose or 'all'} were cleared; {_TAKEN_BACK}")
    now = snapshot.take(ctx, keep_going=True)
    if whose:
        return lines([*rows, *_provider(ctx, now, auth.one_of(now, whose))])
    zone = ctx.timezone()
    if now.active is None:
        rows.append(f"no provider available: {now.choice.reason}")
    else:
        view = now.view(now.active.provider)
        rows.append(
            f"{view.id} serves {now.active.model or 'its own default model'}{_tightest(ctx, now, view)}"
        )
    rows.append(f"next: {now.next.provider}" if now.next else f"next: nobody ({now.next_reason})")
    resting = [view for view in now.providers if view.is_resting and view.rank is not None]
    for view in resting[:3]:
        until = f" until {words.clock(view.until, now.at, zone)}" if view.until else ""
        rows.append(f"{view.id}: {view.why or view.state}{until}")
    rows.append(f"today: {used(now.today.requests, now.today.tokens, now.today.cost_usd)}")
    if not now.auto_switch:
        rows.append(_auto_words(False))
    rows += now.problems[:2]
    return lines(rows)


def _provider(ctx: Context, now: Snapshot, view: ProviderView) -> list[str]:
    zone = ctx.timezone()
    until = f" until {words.clock(view.until, now.at, zone)}" if view.until else ""
    rank = f"number {view.rank}" if view.rank else "not in the list"
    rows = [
        f"{view.id} ({view.provider.name}): {view.why or view.state}{until}",
        f"{rank}, serves {view.serves or 'nothing that is asked for'}",
        f"credential: {_credential(view)}",
    ]
    rows += [_limit(ctx, now, view, rank) for rank in range(min(len(view.limits), 4))]
    rows.append(f"today: {used(view.today.requests, view.today.tokens, view.today.cost_usd)}")
    return rows


def _switch(ctx: Context, arguments: Sequence[str]) -> str:
    """`/provider-switch PROVIDER [MODEL]`, `next`, `undo`; `--force` and `--auto` as on the command line."""
    typed_words = typing.read(
        arguments, _SWITCH_USAGE, takes=("--model", "--auto"), flags=("--force", "--undo")
    )
    providers, auto = typed_words.words, typed_words.options.get("--auto")
    model = typed_words.options.get("--model") or (providers[1] if len(providers) > 1 else None)
    if auto not in (None, "on", "off"):
        raise WrongUsage(f"--auto {auto} is neither on nor off", _SWITCH_USAGE)
    if providers and providers[0] not in ("undo", "next"):
        actions.bring_up(ctx, providers[0], limit_s=GATEWAY_S)
    with files.locked(ctx.paths, PATIENCE_S):
        if providers[:1] == ("undo",) or "--undo" in typed_words.options:
            was_on = snapshot.take(ctx).auto_switch
            outcome = actions.undo(ctx, "switch")
            on = snapshot.take(ctx).auto_switch
            auto_line = [_auto_words(on)] if on != was_on else []
            serves = f"{outcome.to_provider or 'nobody'} serves again"
            return lines([serves, *auto_line, *_effects(outcome.effects)])
        if auto and not providers:
            actions.set_auto_switch(ctx, auto == "on")
        if not providers:
            return lines(_whom(snapshot.take(ctx), auto))
        if providers[0] == "next" and model is None:
            result = actions.switch_next(ctx, auto_switch=_on(auto))
        else:
            result = actions.switch(
                ctx, providers[0], model=model, force="--force" in typed_words.options, auto_switch=_on(auto)
            )
    model = f" with {result.model}" if result.model else ""
    if result.switched:
        was = (
            f" (was {result.from_provider})" if result.from_provider not in (None, result.to_provider) else ""
        )
        rows = [f"switched to {result.to_provider}{model}{was}"]
    else:
        rows = [f"{result.to_provider} is first already{model}; nothing was changed"]
    if auto:
        rows.append(_auto_words(auto == "on"))
    rows += _effects(result.effects)
    if result.note:
        rows.append(result.note)
    if result.switched:
        rows.append("/provider-switch undo takes it back")
    return lines(rows)


def _on(auto: str | None) -> bool | None:
    return None if auto is None else auto == "on"


def _auto_words(on: bool) -> str:
    if on:
        return "auto-switch is on: the first provider that can serve does"
    return "auto-switch is off: the first of the list serves, whatever its state"


def _whom(now: Snapshot, auto: str | None) -> list[str]:
    """Who serves and who could, for a switch that names nobody."""
    serves = now.active.provider if now.active else "nobody"
    ready = [view.id for view in now.providers if view.rank is not None and view.can_serve]
    others = ", ".join(provider for provider in ready if provider != serves) or "none"
    rows = [f"auto-switch is {auto}; {_TAKEN_BACK}"] if auto else []
    return [*rows, f"{serves} serves; ready: {others}", _SWITCH_USAGE]


def _auth(ctx: Context, arguments: Sequence[str]) -> str:
    """`/provider-auth [PROVIDER]`; the command line's other verbs are for a terminal, and said so."""
    now = snapshot.take(ctx, keep_going=True)
    verb = arguments[0] if arguments[:1] and arguments[0] in _AUTH_VERBS else ""
    arguments = [word for word in arguments[bool(verb) :] if not word.startswith("--")]
    if arguments:
        view = auth.one_of(now, arguments[0])
        rows = [f"{view.id}: {_credential(view)}"]
        if len(arguments) > 1:
            rows.append("key ignored: it would stay in the transcript. Use `pf-tui auth set PROVIDER`")
        if verb in ("check", "remove"):
            return lines([*rows, f"in a terminal: pf-tui auth {verb} {view.id}"])
        if verb in _SIGN_INS:
            return lines([*rows, *_sign_in(view, verb)])
        cure = auth.cure(view.provider)
        rows.append(f"in a terminal: {cure}" if not view.credential.usable else f"another one: {cure}")
        return lines(rows)
    if verb in _SIGN_INS:
        return lines([f"{verb} which provider? /provider-auth {verb} PROVIDER", _NO_SIGN_IN])
    views = [view for view in now.providers if view.credential.state != "missing"]
    rows = [f"{view.id}: {_credential(view)}" for view in views[: MAX_LINES - 2]]
    missing = len(now.providers) - len(views)
    rows.append(f"{missing} without a credential; in a terminal: pf-tui auth set PROVIDER")
    return lines(rows)


def _sign_in(view: ProviderView, verb: str) -> list[str]:
    """What pf-tui does instead of logging in itself, and the command of whoever owns the login."""
    provider = view.provider
    if provider.login_command is None:
        key = f"{view.id} has no login, it takes a key that does not expire"
        return [key, f"in a terminal: pf-tui auth set {view.id}, then pf-tui auth check {view.id}"]
    does = {
        "setup": "it uses the login that the agent keeps",
        "oauth": "the agent signs in by itself, pf-tui uses that login",
        "refresh": "the agent that owns the login renews it while it works",
    }
    return [f"{_NO_SIGN_IN}: {does[verb]}", f"in a terminal: {provider.login_command}"]


def _priority(ctx: Context, arguments: Sequence[str]) -> str:
    """`/provider-priority [A B C]`, `set A,B,C`, `add P`, `remove P`, `move P N`."""
    if arguments and arguments != ["show"]:
        with files.locked(ctx.paths, PATIENCE_S):
            _reorder(ctx, [part for word in typing.read(arguments, _ORDERS).words for part in _names(word)])
        now = snapshot.take(ctx)
        serves = now.active.provider if now.active else "nobody"
        return lines([f"the order is now {', '.join(now.own_priority)}", f"{serves} serves; {_TAKEN_BACK}"])
    now = snapshot.take(ctx, keep_going=True)
    views_in_order = [view for view in now.providers if view.rank is not None]
    views = [view for view in views_in_order if view.state != "no-credential"]
    active = now.active.provider if now.active else None
    rows = [
        f"{view.rank}. {view.id}: {view.state}{' (serves)' if view.id == active else ''}"
        for view in views[: MAX_LINES - 2]
    ]
    if len(views_in_order) > len(rows):
        rows.append(f"{len(views_in_order) - len(rows)} more, most without a credential")
    rows.append("/provider-priority A B C makes a new order")
    return lines(rows)


def _reorder(ctx: Context, providers: Sequence[str]) -> None:
    """Run a priority subcommand. Bare provider names replace the whole order."""
    match providers:
        case ["add", provider]:
            actions.add_to_priority(ctx, provider)
        case ["remove", provider]:
            actions.remove_from_priority(ctx, provider)
        case ["move", provider, rank] if rank.isascii() and rank.isdigit():
            actions.move_in_priority(ctx, provider, int(rank))
        case ["add" | "remove" | "move", *_]:
            raise WrongUsage(f"{providers[0]} what?", _ORDERS)
        case ["set", *names]:
            actions.set_priority(ctx, names)
        case _:
            actions.set_priority(ctx, providers)


def _names(word: str) -> list[str]:
    """The names of `a,b,c`."""
    return [part for part in word.split(",") if part]


def _limits(ctx: Context, arguments: Sequence[str]) -> str:
    """`/provider-limits [PROVIDER] [daily=1M] [monthly-usd=50]`; options as on the command line work too."""
    arguments = arguments[arguments[:1] in (["show"], ["set"]) :]
    names = [word for word in arguments[:1] if not word.startswith("-") and "=" not in word]
    settings, others = typing.budgets(arguments[len(names) :])
    names += others
    if len(names) > 1:
        raise WrongUsage(f"there is no limit called {names[1]}", f"name one of {', '.join(typing.BUDGETS)}")
    if settings:
        if not names:
            raise WrongUsage("whose limit?", "/provider-limits PROVIDER daily=1M")
        with files.locked(ctx.paths, PATIENCE_S):
            actions.set_budgets(ctx, names[0], settings)
    now = snapshot.take(ctx, keep_going=True)
    views = [auth.one_of(now, names[0])] if names else [view for view in now.providers if view.limits]
    rows = []
    for view in views:
        head = f"{view.id} " if len(views) > 1 else ""
        rows += [head + _limit(ctx, now, view, index) for index in range(len(view.limits))]
    if not rows:
        rows.append(
            f"{names[0]} has no known window and no budget"
            if names
            else "no provider has a known window or a budget yet"
        )
        rows.append("/provider-limits PROVIDER daily=1M sets a budget")
    if settings:
        rows.append(_TAKEN_BACK)
    return lines(rows)


COMMANDS: Mapping[str, Callable[[Context, Sequence[str]], str]] = {
    "provider-status": _status,
    "provider-switch": _switch,
    "provider-auth": _auth,
    "provider-models": list_commands.models,
    "provider-priority": _priority,
    "provider-limits": _limits,
    "provider-analytics": list_commands.analytics,
}
"""The original plugin's seven, by name."""

_SIGN_INS = ("setup", "oauth", "refresh")
_AUTH_VERBS = ("status", "check", "set", "remove", "import", *_SIGN_INS)
_NO_SIGN_IN = "pf-tui does not sign in for you and renews no token"
_SWITCH_USAGE = "/provider-switch PROVIDER, next or undo"
_ORDERS = "/provider-priority A B C, add P, remove P or move P 1"
_TAKEN_BACK = "pf-tui undo takes it back"


def _tightest(ctx: Context, now: Snapshot, view: ProviderView) -> str:
    tightest = view.tightest
    if tightest is None:
        return ""
    usage = f" · {words.percent(tightest.percent)} of {words.window_word(tightest.window, tightest.model)}"
    if tightest.runs_out_at:
        return f"{usage}, empty ~{words.clock(tightest.runs_out_at, now.at, ctx.timezone())}"
    if tightest.resets_at:
        return f"{usage}, resets {words.when(tightest.resets_at, now.at, ctx.timezone())}"
    return usage


def _limit(ctx: Context, now: Snapshot, view: ProviderView, index: int) -> str:
    limit = view.limits[index]
    what = words.window_word(limit.window, limit.model)
    if limit.source == "budget":
        what = f"{limit.unit} a {limit.window}"
    sentence = f"{what}: {words.percent(limit.percent)}"
    if limit.unit != "percent" and limit.limit:
        sentence += f" of {words.money(limit.limit) if limit.unit == 'usd' else words.short(limit.limit)}"
    if limit.resets_at:
        sentence += f", resets {words.when(limit.resets_at, now.at, ctx.timezone())}"
    if limit.runs_out_at:
        sentence += f", empty ~{words.clock(limit.runs_out_at, now.at, ctx.timezone())}"
    return (
        f"{sentence} ({limit.source}, {words.ago(limit.observed_at, now.at)})"
        if limit.source != "budget"
        else sentence
    )


def _credential(view: ProviderView) -> str:
    credential = view.credential
    return f"{credential.state}{f' ({credential.source})' if credential.source else ''}"


def _effects(effects: Sequence[Effect]) -> list[str]:
    return [f"{effect.agent}: {effect.text}" for effect in effects]
