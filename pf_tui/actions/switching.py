"""Switch: put a provider first, and bring the agents to whoever serves."""

from __future__ import annotations

from collections.abc import Sequence

from pf_tui import snapshot
from pf_tui.actions.gateway_start import bring_up
from pf_tui.actions.journalling import write_down
from pf_tui.actions.returning import left_by, note_return
from pf_tui.catalog import Provider
from pf_tui.clients import CLIENTS
from pf_tui.errors import NothingCanServe, PfError
from pf_tui.integrations import apply
from pf_tui.integrations.apply import Effect
from pf_tui.json_values import optional_text
from pf_tui.ledger import reader as ledger
from pf_tui.records import record, replace
from pf_tui.rules import failover
from pf_tui.rules.eligibility import Skipped, why_ineligible
from pf_tui.rules.failover import RouteRequest
from pf_tui.rules.models import match_model
from pf_tui.snapshot import AgentView, Snapshot
from pf_tui.state import files, health
from pf_tui.state.clock import time_of_day
from pf_tui.state.context import Context
from pf_tui.state.health import AgentSetting, Health, SessionServed
from pf_tui.state.journal import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

PASSIVE = ("apply",)
"""Events that follow from a switch and do not end a run of them."""


@record
class SwitchOutcome:
    """What a switch did."""

    switched: bool
    from_provider: str | None
    to_provider: str
    model: str | None
    effects: tuple[Effect, ...] = ()
    note: str | None = None
    """Something the person should know, e.g. that another provider serves until a key is there."""


def switch(
    ctx: Context,
    provider_id: str,
    *,
    model: str | None = None,
    force: bool = False,
    in_project: bool = False,
    why: str = "asked for",
    to_next: bool = False,
    auto_switch: bool | None = None,
) -> SwitchOutcome:
    """Move a provider to the front of the priority list.

    Args:
        model: also make this the default model (any spelling).
        force: although it has no credential or is benched; a bench of it is lifted.
        in_project: write the project's file instead of config.json.
        to_next: it is a step of `switch_next`, which the journal tells apart.
        auto_switch: also turn automatic switching on or off, which one undo takes back together.
    Raises:
        UnknownName: no such provider or model.
        PfError: it cannot serve, with the cure; nothing was changed.
        StateFileUnusable: config or project file.
    """
    catalog = ctx.catalog()
    provider = catalog.provider(provider_id)
    model_id = catalog.model(model).id if model else None
    missing = bring_up(ctx, provider.id)
    with files.locked(ctx.paths):
        before = snapshot.take(ctx)
        refusal = _refusal(before, provider, model_id)
        if refusal and not force:
            raise PfError(
                f"{provider.id} cannot serve now: {refusal.reason}{_until(ctx, refusal)}",
                cure(provider, refusal),
            )
        if model_id and match_model(provider.id, model_id, catalog).model is None:
            raise PfError(
                f"{provider.id} does not serve {model_id} and has no equivalent",
                f"`pf-tui models --provider {provider.id}`",
            )
        benches = _lift_benches(ctx, provider.id) if refusal and force else []
        undo = _put_first(ctx, before, provider.id, model_id, in_project=in_project, auto_switch=auto_switch)
        if benches:
            undo["benches"] = benches
        changed = any(undo.values())
        health_after = {"health": ctx.health()} if benches else {}
        after = before.after(config=ctx.config(), project=ctx.project(), **health_after)
        provider_now = after.active.provider if after.active else None
        if changed:
            write_down(
                ctx,
                "switch",
                why=why,
                before={"active": _active(before), "model": before.model},
                after={
                    "active": provider_now,
                    "first": provider.id,
                    "model": after.model,
                    **({"next": True} if to_next else {}),
                    **({} if auto_switch is None else {"autoSwitch": auto_switch}),
                },
                undo=undo,
            )
        effects = settle(ctx, after, why=why, moved_from=_active(before))
    note = None
    if after.paused:
        note = "pf-tui is paused: no agent follows before `pf-tui resume`"
    elif in_project and after.project is not None and after.project.warning:
        note = after.project.warning
    elif missing is not None:
        note = missing
    elif provider_now != provider.id:
        note = (
            f"{provider.id} is first now, but {provider_now or 'no provider'} serves:"
            f" {_why_not(after, provider.id)}"
        )
    return SwitchOutcome(
        switched=changed,
        from_provider=_active(before),
        to_provider=provider.id,
        model=after.active.model if after.active and provider_now == provider.id else model_id,
        effects=effects,
        note=note,
    )


def switch_next(
    ctx: Context, *, why: str = "asked for the next one", auto_switch: bool | None = None
) -> SwitchOutcome:
    """Switch to the provider that policy would choose if the active one failed now.

    Asked again and again it goes round all that can serve: a switch puts a provider first, so those of the
    journal's latest run of such switches are passed over until every other one has had its turn.
    Raises:
        NothingCanServe: there is no other provider that can serve.
    """
    now = snapshot.take(ctx)
    if now.next is None:
        raise NothingCanServe(
            f"there is no next provider: {now.next_reason}", "`pf-tui why` shows every reason"
        )
    return switch(ctx, _next_in_turn(now), why=why, to_next=True, auto_switch=auto_switch)


def _next_in_turn(now: Snapshot) -> str:
    """Whoever is ready and has not been visited; when all have been, the one visited longest ago."""
    visits = [*_visited(now.events), _active(now)]
    for first in range(len(visits)):
        later = visits[first:]
        eligibilities = [eligibility for eligibility in now.listed if eligibility.provider not in later]
        choice = failover.choose(eligibilities, now.model, now.catalog, own_order=now.has_own_order)
        if choice.provider is not None:
            return choice.provider
    return now.next.provider if now.next else ""


def _visited(events: Sequence[Event]) -> list[str | None]:
    """Who served in the latest run of `switch_next`, oldest first."""
    run: list[str | None] = []
    for event in reversed(events):
        if event.action in PASSIVE:
            continue
        if event.action != "switch" or not event.after.get("next"):
            break
        run[:0] = [optional_text(event.before, "active"), optional_text(event.after, "first")]
    return run


def settle(
    ctx: Context, now: Snapshot | None = None, *, why: str = "bench over", moved_from: str | None = None
) -> tuple[Effect, ...]:
    """Apply the active provider to every installed agent. Returns one Effect per agent changed.

    Faces and hooks call it without arguments when a bench may have ended; that is journalled as "apply".

    Args:
        moved_from: the provider that served before, when the caller has journalled the move itself.
    """
    now = now or snapshot.take(ctx)
    if now.active is None:
        return ()
    if moved_from is None and left_by(now) is not None:
        note_return(ctx)
    catalog = ctx.catalog()
    settings = {agent.agent: agent.applied for agent in now.agents}
    effects: list[Effect] = []
    providers: dict[AgentId, str] = {}
    direct: dict[AgentId, str | None] = {}
    for view in now.agents:
        agent, due = view.agent, view.due or now.active
        provider = catalog.provider(due.provider)
        if not view.stranded and settings.get(agent) == provider.id and moved_from in (None, provider.id):
            continue
        effect, serves = _lead(ctx, now, view, provider, due.model)
        effects.append(effect)
        through = effect.applied and effect.how == "gateway"
        direct[agent] = (view.direct or view.applied or _own_login(now, agent)) if through else None
        is_new = settings.get(agent) != serves or direct[agent] != view.direct or view.stranded
        if effect.applied and is_new:
            providers[agent] = serves
    if providers:
        moment = ctx.now()
        set_to: dict[str, AgentSetting] = {
            agent: AgentSetting(
                provider=serves,
                since=moment,
                direct=direct[agent],
                gateway=apply.door(ctx) if direct[agent] else None,
            )
            for agent, serves in providers.items()
        }
        health.change(ctx.paths, lambda old: replace(old, agents={**old.agents, **set_to}))
        for agent in sorted(providers):
            ledger.applied(ctx.paths.ledger, agent, providers[agent], moment)
        if moved_from is None:
            moved_agent = next(
                (a for a in sorted(providers) if settings.get(a) not in (None, providers[a])), None
            )
            if moved_agent is not None:  # being set for the first time is no move
                ledger.switch(
                    ctx.paths.ledger,
                    settings[moved_agent],
                    providers[moved_agent],
                    why=why,
                    who=ctx.who,
                    at=moment,
                )
            write_down(
                ctx,
                "apply",
                why=why,
                before={agent: settings.get(agent) for agent in sorted(providers)},
                after=dict(sorted(providers.items())),
            )
    # after the settings: the ledger may be held
    if moved_from is not None and moved_from != now.active.provider:
        ledger.switch(ctx.paths.ledger, moved_from, now.active.provider, why=why, who=ctx.who, at=ctx.now())
    return tuple(effects)


def _own_login(now: Snapshot, agent: str) -> str | None:
    """The provider that is the agent's own sign-in."""
    return next(
        (provider.id for provider in now.catalog.providers.values() if provider.agent_only == agent), None
    )


def _lead(
    ctx: Context, now: Snapshot, view: AgentView, provider: Provider, model: str | None
) -> tuple[Effect, str]:
    """Set an agent to `provider`, else to the next one that it can use; (effect, who serves it).

    Where only the gateway is missing it goes back to whom it reached without it, or stays there.
    """
    agent = view.agent
    effect = apply.apply(ctx, agent, provider, model)
    if effect.applied or not CLIENTS[agent].led_by_settings:
        return effect, provider.id
    others = now.route(RouteRequest(model=now.model), without=provider.id).candidates
    if effect.how == "gateway":
        last = view.direct or view.applied
        others = tuple(sorted(others, key=lambda candidate: candidate.provider != last))
    for other in others:
        then = apply.apply(ctx, agent, now.catalog.providers[other.provider], other.model)
        if then.applied:
            stays = then.how == "none" or (other.provider == view.applied and view.direct is None)
            when = "goes on serving" if stays else f"serves {then.text}"
            return replace(then, text=f"{effect.text}; there {other.provider} {when}"), other.provider
    return effect, provider.id


def remember_session(ctx: Context, session: str, agent: str, provider: str) -> None:
    """Note which provider serves this session, for the failure that may follow."""
    key = (agent, session)
    entry = ctx.health().sessions.get(key)
    if entry and entry.provider == provider:
        return
    at = ctx.now()

    def edit(old: Health) -> Health:
        before = old.sessions.get(key)
        session_served = SessionServed(provider=provider, since=at, pin=before.pin if before else None)
        return replace(old, sessions={**old.sessions, key: session_served})

    health.change(ctx.paths, edit)


def cure(provider: Provider, refusal: Skipped) -> str:
    """The one thing to do so that this provider can serve."""
    if refusal.code == "no-credential":
        if provider.login_command:
            return f"sign in with `{provider.login_command}`; `--force` puts it first all the same"
        return f"`pf-tui auth set {provider.id}`; `--force` puts it first all the same"
    if refusal.code == "benched":
        return f"`pf-tui release {provider.id}`, or `--force`"
    if refusal.code == "exhausted":
        return f"`pf-tui limits {provider.id}` shows the window; `--force` puts it first all the same"
    if refusal.code == "disabled" and provider.enabled:
        return (
            f"`pf-tui priority add {provider.id} --project` puts it on that list,"
            f" `pf-tui switch {provider.id} --project --force` in front"
        )
    if refusal.code == "disabled":
        return f"enable {provider.id} in providers.yaml"
    return f"`pf-tui models --provider {provider.id}`"


def _refusal(now: Snapshot, provider: Provider, wanted_model: str | None) -> Skipped | None:
    model = match_model(provider.id, wanted_model or now.model, now.catalog).model
    refusal = why_ineligible(now.eligibility_of(provider.id), model)
    return None if refusal is not None and refusal.code == "paid" else refusal  # they decide


def _until(ctx: Context, refusal: Skipped) -> str:
    """`, until 15:40`; "" where nobody knows when."""
    return f", until {time_of_day(refusal.until, ctx.now(), ctx.timezone())}" if refusal.until else ""


def _lift_benches(ctx: Context, provider: str) -> list[dict[str, object]]:
    """Drop every bench of the provider; returns them in the file's shape, for undo."""
    benches = [health.bench_to_json(bench) for bench in ctx.health().benches if bench.provider == provider]
    if benches:
        health.change(
            ctx.paths,
            lambda old: replace(old, benches=tuple(b for b in old.benches if b.provider != provider)),
        )
    return benches


def _put_first(
    ctx: Context,
    before: Snapshot,
    provider: str,
    model: str | None,
    *,
    in_project: bool,
    auto_switch: bool | None,
) -> dict[str, object]:
    """Write the new order; returns what undo needs, {} when nothing had to be moved."""
    order = [provider, *(other for other in before.priority if other != provider)]
    if in_project:
        settings: dict[str, object] = {"provider_priority": order}
        if model:
            settings["default_model"] = model
        if auto_switch is not None:
            settings["auto_switch"] = auto_switch
        from pf_tui.state import project

        old = project.change(ctx.paths, ctx.cwd, ctx.env, settings, ctx.now())
        return {"project": old}
    settings = {}
    if list(before.own_priority) != [provider, *(o for o in before.own_priority if o != provider)]:
        settings["providerPriority"] = [provider, *(o for o in before.own_priority if o != provider)]
    if model and model != before.model:
        settings["defaultModel"] = model
    if auto_switch is not None and auto_switch != before.config.auto_switch:
        settings["autoSwitch"] = auto_switch
    if not settings:
        return {}
    return {"config": ctx.change_config(settings)}


def _active(now: Snapshot) -> str | None:
    return now.active.provider if now.active else None


def _why_not(now: Snapshot, provider: str) -> str:
    return next(
        (p.reason for p in now.choice.skipped if p.provider == provider), "the project's own order goes first"
    )
