"""Which model an OpenCode turn runs on: the first provider of the list that can serve and that OpenCode has.

What counts here is OpenCode's own login or key, not ours. A person's own choice is kept while it can
serve: the model picked in the session, a provider pf-tui does not know, and, as long as nobody has
given pf-tui an order, whatever OpenCode is set to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pf_tui import actions
from pf_tui.errors import PfError
from pf_tui.hooks.opencode_names import Names, text_lists, texts
from pf_tui.hooks.reading import text
from pf_tui.records import record, replace
from pf_tui.rules import failover
from pf_tui.rules.eligibility import Eligibility, Skipped, why_ineligible
from pf_tui.rules.failover import Candidate, RouteRequest
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context


@record
class Route:
    """Where a turn goes."""

    provider: str | None
    """Our id of who serves it; None = a provider pf-tui does not know."""
    native_provider: str | None = None
    """OpenCode's ids, when it is another model than asked for."""
    model: str | None = None
    skipped: Skipped | None = None
    """Why the provider asked for does not serve."""
    lacking: str | None = None
    """Who was to serve, and has no model in OpenCode that could."""


@record
class Turn:
    """What OpenCode is about to do, and what it has."""

    names: Names
    asked_native_provider: str
    asked_model: str
    provider: str | None
    """Our id of the provider asked for."""
    picked: bool
    """The person chose this model in this session."""
    usual: bool
    """It is the default model of OpenCode's settings."""
    defaults: Mapping[str, str]


def turn(ctx: Context, now: Snapshot, data: Mapping[str, object]) -> Turn:
    """The turn that the plugin's event tells of."""
    native_provider = text(data, "provider")
    names = Names(ctx.env, now.catalog, text_lists(data.get("available")), texts(data.get("bases")))
    return Turn(
        names=names,
        asked_native_provider=native_provider,
        asked_model=text(data, "model"),
        provider=names.own_id(native_provider),
        picked=data.get("picked") is True,
        usual=data.get("usual") is True,
        defaults=texts(data.get("defaults")),
    )


def route(now: Snapshot, turn: Turn, *, local: str, pin: str | None = None) -> Route:
    """Who serves this turn.

    Args:
        pin: the provider that the person moved this session to.
        local: the plugin's own provider, which means "whoever serves".
    """
    lacking = None
    if pin is not None:
        if (pinned := _pinned(now, turn, pin)) is not None:
            return pinned
        lacking = pin if _lacks(now, turn, pin) else None
    anyone = turn.asked_native_provider == local
    if turn.provider is None and not anyone:
        return Route(provider=None, lacking=lacking)
    hindered = None if turn.provider is None else _hindrance(now, turn, turn.provider)
    free = hindered is None and not anyone
    if free and (turn.picked or not now.has_own_order):
        return Route(provider=turn.provider, lacking=lacking)
    turn_model = _wanted(now, turn)
    first = now.active.provider if now.active else None
    lacking = lacking or (first if _lacks(now, turn, first) else None)
    for candidate in _candidates(now, turn):
        if candidate.provider == turn.provider and hindered is None and _same(now, turn, candidate.model):
            return Route(provider=turn.provider, lacking=lacking)
        name = _name(now, turn, candidate, turn_model)
        if name is not None and name != (turn.asked_native_provider, turn.asked_model):
            native_provider, model = name
            return Route(
                provider=candidate.provider,
                native_provider=native_provider,
                model=model,
                skipped=hindered,
                lacking=lacking,
            )
    return Route(provider=turn.provider, skipped=hindered, lacking=lacking)


def probe(
    ctx: Context, now: Snapshot, turn: Turn, usual: Route, *, local: str, pin: str | None
) -> Route | None:
    """Where this turn goes when it tries a provider that rests until it is cleared; None for every other.

    Args:
        usual: where it goes else.
    """
    trial = actions.as_probe(now)
    if trial is None:
        return None
    to = route(trial, turn, local=local, pin=pin)
    if to.provider is None or to == usual:
        return None
    model = model_id(trial, to.provider, to.model or turn.asked_model)
    try:
        return to if actions.claim_probe(ctx, to.provider, model) else None
    except PfError:  # a lock or a disk that refuses: the turn goes its usual way
        return None


def _lacks(now: Snapshot, turn: Turn, provider: str | None) -> bool:
    """Whether OpenCode has that provider, but no model of it that could serve this turn."""
    if provider in (None, turn.provider) or turn.names.native_id(provider) is None:
        return False
    model = _wanted(now, turn)
    eligibility = _trusted(now.eligibility_of(provider))
    if why_ineligible(eligibility, model):
        return False
    candidates = failover.route(RouteRequest(model=model), [eligibility], now.catalog).candidates
    return not any(_name(now, turn, candidate, model) for candidate in candidates)


def goes_elsewhere(now: Snapshot, turn: Turn) -> bool:
    """Whether somebody else could serve this turn, whom OpenCode has as well."""
    model = _wanted(now, turn)
    return any(
        candidate.provider != turn.provider and _name(now, turn, candidate, model) is not None
        for candidate in _candidates(now, turn)
    )


def _candidates(now: Snapshot, turn: Turn) -> tuple[Candidate, ...]:
    routing = failover.route(
        RouteRequest(model=_wanted(now, turn)),
        _eligibilities(now, turn),
        now.catalog,
        auto_switch=now.auto_switch,
        own_order=now.has_own_order,
    )
    return tuple(routing.candidates)


def _pinned(now: Snapshot, turn: Turn, pin: str) -> Route | None:
    """The turn at the provider its session was moved to; None while that cannot serve it."""
    if pin not in now.catalog.providers or (pin != turn.provider and turn.names.native_id(pin) is None):
        return None
    if pin == turn.provider:
        return None if _hindrance(now, turn, pin) else Route(provider=pin)
    model = _wanted(now, turn)
    eligibilities = [_trusted(now.eligibility_of(pin))]
    for candidate in failover.route(RouteRequest(model=model), eligibilities, now.catalog).candidates:
        if name := _name(now, turn, candidate, model):
            return Route(provider=pin, native_provider=name[0], model=name[1])
    return None


def _name(now: Snapshot, turn: Turn, candidate: Candidate, model: str | None) -> tuple[str, str] | None:
    """(provider, model) as OpenCode calls a candidate; None when it has none of them."""
    native_provider = turn.names.native_id(candidate.provider)
    if native_provider is None:
        return None
    stand_ins = (*now.catalog.equivalents(model), *now.catalog.nearest(model)) if model else ()
    spare = [turn.asked_model, *stand_ins, turn.defaults.get(native_provider, "")]
    name = turn.names.model(
        candidate.provider, native_provider, candidate.model, spare, any_will_do=model is None
    )
    return None if name is None else (native_provider, name)


def model_id(now: Snapshot, provider: str | None, name: str) -> str:
    """The catalog's id of a model, the name itself where the catalog does not know it."""
    model = now.catalog.find_model(name, provider) if name else None
    return model.id if model is not None else name


def sentence(now: Snapshot, ctx: Context, to: Route) -> str:
    """`openrouter serves from here on; groq: benched (429 rate), back in 12 min`."""
    text = f"{to.provider} serves from here on"
    if to.skipped is not None:
        text += f"; {to.skipped.provider}: {to.skipped.reason}{_back(now, ctx, to.skipped)}"
    return text


def lacking(turn: Turn, to: Route) -> str:
    """`beta has no model in OpenCode that can stand in for gpt-5.2; alpha serves`."""
    serves = f"{to.provider} serves" if to.provider else f"{turn.asked_native_provider} serves"
    return f"{to.lacking} has no model in OpenCode that can stand in for {turn.asked_model}; {serves}"


def nobody(now: Snapshot, ctx: Context, skipped: Skipped) -> str:
    """`groq: benched (429 rate), back in 12 min; no other provider that OpenCode has can serve: …`."""
    return (
        f"{skipped.provider}: {skipped.reason}{_back(now, ctx, skipped)};"
        " no other provider that OpenCode has can serve: `pf-tui why`"
    )


def _back(now: Snapshot, ctx: Context, skipped: Skipped) -> str:
    from pf_tui.documents import words

    return f", back {words.when(skipped.until, now.at, ctx.timezone())}" if skipped.until else ""


def _hindrance(now: Snapshot, turn: Turn, provider: str) -> Skipped | None:
    """Why the provider asked for cannot serve the model asked for; OpenCode's credential counts."""
    if not now.auto_switch:
        return None
    return why_ineligible(_trusted(now.eligibility_of(provider)), model_id(now, provider, turn.asked_model))


def _eligibilities(now: Snapshot, turn: Turn) -> list[Eligibility]:
    """The list in order, as far as OpenCode has it; only the first when auto-switch is off."""
    provider_ids = now.priority if now.auto_switch else now.priority[:1]
    return [
        _trusted(now.eligibility_of(name))
        for name in provider_ids
        if name in now.catalog.providers and turn.names.native_id(name) is not None
    ]


def _trusted(eligibility: Eligibility) -> Eligibility:
    return replace(eligibility, usable=True)


def _wanted(now: Snapshot, turn: Turn) -> str | None:
    """The model asked for, as the catalog knows it; the person's default in place of OpenCode's own."""
    model = now.catalog.find_model(turn.asked_model, turn.provider) if turn.asked_model else None
    if now.model is not None and (turn.usual or model is None):
        return now.model
    return model.id if model is not None else None


def _same(now: Snapshot, turn: Turn, model: str | None) -> bool:
    """True when the model asked for is as good as the one the list would give."""
    if now.model is None or not turn.usual or turn.provider is None:
        return True
    return model is None or model_id(now, turn.provider, turn.asked_model) == model


def epoch_ms(at: datetime) -> int:
    """UTC ms, as JavaScript counts time."""
    return round(at.timestamp() * 1000)
