"""The read side: one immutable Snapshot of everything a face shows, made from the shared files.

Standard library only: hooks and `status --json` take one too. A file people own that cannot be read
raises; with `keep_going` it becomes a sentence in `problems` and the rest is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from typing import TypeVar

from pf_tui.catalog import Catalog, Provider
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError, UnknownName
from pf_tui.integrations import apply
from pf_tui.ledger import reader as ledger
from pf_tui.ledger.reader import ProviderUsage
from pf_tui.records import field, record, replace
from pf_tui.rules import failover, limits, models, spending
from pf_tui.rules.benches import Bench
from pf_tui.rules.eligibility import ActiveBench, Eligibility, ExhaustedWindow, why_ineligible
from pf_tui.rules.failover import Choice, RouteRequest, Routing
from pf_tui.rules.limits import Limit, Reading
from pf_tui.rules.spending import Question
from pf_tui.state import clock, clouds, gateway, journal
from pf_tui.state.config import Budgets, Config
from pf_tui.state.context import Context
from pf_tui.state.credentials import MISSING, Credential
from pf_tui.state.gateway import Gateway
from pf_tui.state.health import Health
from pf_tui.state.journal import Event
from pf_tui.state.project import Project

EVENTS = 50
"""Events a snapshot carries; the events pane reads further back by itself."""

T = TypeVar("T")


@record
class Usage:
    """What was used of a provider since a moment; cost None = nobody can price any of it."""

    requests: int = 0
    tokens: int = 0
    cost_usd: float | None = 0.0
    unpriced_tokens: int = 0


@record
class ProviderView:
    """One provider as a face shows it."""

    provider: Provider
    rank: int | None
    """Place in the priority list, from 1; None = not in it."""
    enabled: bool
    credential: Credential
    state: str
    """ready | warning | limited | exhausted | benched | no-credential | disabled"""
    until: datetime | None
    """When that state ends by itself."""
    why: str | None
    bench: Bench | None
    """What keeps it from serving `serves`."""
    resting: tuple[Bench, ...]
    """Models and model families that rest there, whatever it serves."""
    limits: tuple[Limit, ...]
    serves: str | None
    """The catalog model it would serve now."""
    today: Usage
    month: Usage

    @property
    def id(self) -> str:
        return self.provider.id

    @property
    def tightest(self) -> Limit | None:
        """The window that says how long it lasts (rules.limits.tightest)."""
        return limits.tightest(self.limits, self.serves)


@record
class Serving:
    """Who serves and what."""

    provider: str
    model: str | None
    since: datetime | None
    reason: str


@record
class AgentView:
    """An agent pf-tui is installed into, and what it was last set to."""

    agent: str
    applied: str | None
    pending: str | None
    """The provider it will be set to at its next turn."""
    due: Serving | None = None
    """Who should serve it: the active provider, unless the model its session asks for rests there."""


@record
class StateFiles:
    """What was read from the files at one moment."""

    catalog: Catalog
    config: Config
    health: Health
    project: Project | None
    credentials: Mapping[str, Credential]
    figures: _LedgerFigures
    events: tuple[Event, ...]
    installed: tuple[str, ...]
    """Agents pf-tui is installed into."""
    gateway: Gateway | None
    zone: tzinfo | None
    """The local zone; None = the system's."""
    paused: datetime | None = None
    problems: tuple[str, ...] = ()


@record
class Snapshot:
    """Everything, at one moment."""

    at: datetime
    catalog: Catalog = field(compare=False)
    config: Config
    project: Project | None
    auto_switch: bool
    model: str | None
    """The model asked for: the project's or the person's default, as spelled there."""
    own_priority: tuple[str, ...]
    """The person's list."""
    priority: tuple[str, ...]
    """The list that holds here: the project's, else the person's."""
    active: Serving | None
    next: Serving | None
    """Who would serve if the active provider failed now."""
    next_reason: str
    choice: Choice
    paid: str
    """When a paid provider follows a plan: a key of rules.spending.PAID."""
    question: Question | None
    """What the person is asked: whether to spend while no plan can serve."""
    providers: tuple[ProviderView, ...]
    """In order of priority, then the others in catalog order."""
    agents: tuple[AgentView, ...]
    events: tuple[Event, ...]
    standings: tuple[Eligibility, ...]
    problems: tuple[str, ...]
    gateway: Gateway | None = None
    """The gateway that runs, with the requests in flight."""
    paused: datetime | None = None
    """Since when a person keeps pf-tui out of every agent; None = it is not paused."""
    today: Usage = Usage()
    """Every row of the ledger since midnight, those of providers nobody knows too."""
    month: Usage = Usage()
    files: StateFiles = field(compare=False, repr=False)
    """What it was made of."""

    def after(self, **written: object) -> Snapshot:
        """The snapshot with files that were written since, e.g. health=…; nothing is read again."""
        return assemble(replace(self.files, **written), self.at)

    def view(self, provider: str) -> ProviderView:
        """The view of one provider. Raises UnknownName."""
        for view in self.providers:
            if view.id == provider:
                return view
        raise UnknownName("provider", provider, self.catalog.providers, "pf-tui status")

    def standing(self, provider: str) -> Eligibility:
        """How a provider stands, in the list or not."""
        return next(standing for standing in self.standings if standing.provider == provider)

    @property
    def listed(self) -> tuple[Eligibility, ...]:
        """The providers of the list that holds here, in its order."""
        return tuple(self.standing(name) for name in self.priority if name in self.catalog.providers)

    @property
    def has_own_order(self) -> bool:
        """A person gave the order, here or everywhere; else it is the catalog's."""
        return _has_own_order(self.config, self.project)

    def route(self, request: RouteRequest, *, without: str | None = None) -> Routing:
        """Who is asked for a request now, in order; see `rules.failover.route`."""
        return failover.route(
            request,
            self.listed,
            self.catalog,
            auto_switch=self.auto_switch,
            own_order=self.has_own_order,
            without=without,
        )

    @property
    def notifies(self) -> bool:
        """Agents tell the person of switches; the project's word goes first, one switched off wants none."""
        if self.project is None:
            return self.config.notify_on_switch
        wanted = self.project.notify_on_switch
        return self.project.enabled and (self.config.notify_on_switch if wanted is None else wanted)


def take(ctx: Context, *, keep_going: bool = False) -> Snapshot:
    """Read the files and put them together.

    Args:
        keep_going: a file that cannot be used becomes a sentence in `problems`, its part a default.
    Raises:
        StateFileUnusable: unless keep_going.
    """
    return assemble(load(ctx, keep_going=keep_going), ctx.now())


def load(ctx: Context, *, keep_going: bool = False) -> StateFiles:
    """Read the files. Args and Raises as `take`."""
    problems: list[str] = []

    def attempt(read: Callable[[], T], default: T, *, always: bool = False) -> T:
        """Read one part; `always` is for what never stops a reader, as files of ours that can be rebuilt."""
        try:
            return read()
        except PfError as error:
            if not (keep_going or always):
                raise
            problems.append(str(error))
            return default

    now, zone = ctx.now(), ctx.timezone()
    catalog = attempt(ctx.catalog, None) or _plain_catalog()
    config = attempt(ctx.config, Config())
    health = attempt(ctx.health, Health(), always=True)
    project = attempt(ctx.project, None, always=ctx.who == "hook")  # an agent's turn goes on without it
    credentials = attempt(lambda: _credentials(ctx, catalog, config), None)
    if credentials is None:  # what stands elsewhere is known all the same
        credentials = _credentials(ctx, catalog, config, without_file=True)
    spans = (clock.day_start(now, zone), clock.month_start(now, zone))
    figures = attempt(lambda: _LedgerFigures.read(ctx, health, spans), _LedgerFigures(), always=True)
    events: tuple[Event, ...] = attempt(lambda: journal.tail(ctx.paths, EVENTS), (), always=True)
    return StateFiles(
        catalog=catalog,
        config=config,
        health=health,
        project=project,
        credentials=credentials,
        figures=figures,
        events=events,
        installed=apply.installed(ctx),
        gateway=gateway.read(ctx.paths),
        zone=zone,
        paused=apply.paused(ctx),
        problems=tuple(problems),
    )


def assemble(state: StateFiles, now: datetime) -> Snapshot:
    """Everything a face shows, from what was read. Pure."""
    catalog, config, project = state.catalog, state.config, state.project
    wanted, auto_switch, own, order = _decide(catalog, config, project)
    views, standings = [], []
    for provider in _ordered(catalog, order):
        view, standing = _view_of(provider, state, order, own, wanted, now)
        views.append(view)
        standings.append(standing)
    paid = spending.setting(config.paid, config.paid_until, now)
    listed = spending.held_back([one for one in standings if one.provider in order], catalog, paid)
    standings[: len(listed)] = listed
    ordered = _has_own_order(config, project)
    choice = failover.choose(listed, wanted, catalog, auto_switch=auto_switch, own_order=ordered)
    after = failover.choose(listed, wanted, catalog, own_order=ordered, without=choice.provider)
    problems = [*state.problems, *_name_problems(catalog, order, wanted)]
    if project is not None and project.warning:
        problems.insert(0, project.warning)
    return Snapshot(
        at=now,
        catalog=catalog,
        config=config,
        project=project,
        auto_switch=auto_switch,
        model=wanted,
        own_priority=own,
        priority=order,
        active=_serving(choice, _since(state.events, choice.provider)),
        next=_serving(after, None),
        next_reason=after.reason,
        choice=choice,
        paid=paid,
        question=spending.question(choice, listed, paid) if auto_switch else None,
        providers=tuple(views),
        agents=_agents(state, choice, listed if auto_switch else [], ordered, now),
        events=state.events,
        standings=tuple(standings),
        problems=tuple(problems),
        gateway=state.gateway,
        paused=state.paused,
        files=state,
        today=state.figures.all_today,
        month=_sum(state.figures.month.values()),
    )


@record
class _LedgerFigures:
    """What the ledger says that a snapshot needs."""

    readings: tuple[Reading, ...] = ()
    today: Mapping[str, ProviderUsage] = field(default_factory=dict)
    month: Mapping[str, ProviderUsage] = field(default_factory=dict)
    all_today: Usage = Usage()
    """Of every provider, also what was used before its counters were begun anew."""

    @classmethod
    def read(cls, ctx: Context, health: Health, spans: tuple[datetime, datetime]) -> _LedgerFigures:
        day, month = spans
        path = ctx.paths.ledger
        if not path.exists():
            return cls()
        with ledger.reading(path) as book:
            today = dict(book.usage_since(day))
            everything = _sum(today.values())
            for provider, moment in health.resets.items():
                if moment > day:
                    fresh = book.usage_since(moment, provider=provider).get(provider)
                    today[provider] = fresh or ProviderUsage()
            return cls(
                readings=tuple(book.latest_readings(ctx.now())),
                today=today,
                month=book.usage_since(month),
                all_today=everything,
            )


def _decide(
    catalog: Catalog, config: Config, project: Project | None
) -> tuple[str | None, bool, tuple[str, ...], tuple[str, ...]]:
    """(model asked for, auto-switch, the person's list, the list that holds here)."""
    own = config.priority if config.priority is not None else catalog.default_priority
    if project is None:
        return config.default_model, config.auto_switch, own, own
    auto = config.auto_switch if project.auto_switch is None else project.auto_switch
    wanted = project.default_model or config.default_model
    return wanted, auto and project.enabled, own, project.priority or own


def _has_own_order(config: Config, project: Project | None) -> bool:
    return config.priority is not None or bool(project is not None and project.priority)


def _ordered(catalog: Catalog, order: tuple[str, ...]) -> list[Provider]:
    listed = [catalog.providers[name] for name in order if name in catalog.providers]
    return listed + [provider for provider in catalog.providers.values() if provider.id not in order]


def _view_of(
    provider: Provider,
    state: StateFiles,
    order: tuple[str, ...],
    own: tuple[str, ...],
    wanted: str | None,
    now: datetime,
) -> tuple[ProviderView, Eligibility]:
    catalog, config, project, health = state.catalog, state.config, state.project, state.health
    book = state.figures
    dates = (clock.next_day(now, state.zone), clock.next_month(now, state.zone))
    credential = state.credentials.get(provider.id, MISSING)
    rank = order.index(provider.id) + 1 if provider.id in order else None
    serves = models.match_model(provider.id, wanted, catalog).model
    today, month = book.today.get(provider.id, ProviderUsage()), book.month.get(provider.id, ProviderUsage())
    budgets = _budgets(config, project, provider.id)
    known = (
        *limits.current(
            limits.since_release(
                [r for r in book.readings if r.provider == provider.id], health.released.get(provider.id)
            ),
            now,
        ),
        *_budget_limits(budgets, today, month, dates, now),
    )
    hidden = project is not None and rank is None and provider.id in own
    enabled = provider.enabled and not hidden
    standing = Eligibility(
        provider=provider.id,
        enabled=enabled,
        disabled_why="not in this project's list" if hidden else "disabled in providers.yaml",
        credential=credential.state,
        usable=credential.usable,
        credential_hint=_credential_hint(provider, credential),
        signing_hint=clouds.cannot_sign(provider, credential),
        login_of=credential.agent,
        rests=tuple(
            ActiveBench(kind=b.kind, until=b.until, model=b.model, family=b.family, why=bench_reason(b))
            for b in health.benches
            if b.provider == provider.id and b.holds(now)
        ),
        spent=tuple(
            ExhaustedWindow(
                window=limits.window_name(limit.window),
                resets_at=limit.resets_at,
                model_family=limit.model,
                budget=limit.source == "budget",
            )
            for limit in known
            if limit.exhausted(now)
        ),
    )
    refusal = why_ineligible(standing, serves)
    word = (
        refusal.code
        if refusal
        else limits.level(known, now, warn_at=config.warn_at, switch_at=config.switch_at, model=serves)
    )
    view = ProviderView(
        provider=provider,
        rank=rank,
        enabled=enabled,
        credential=credential,
        state=word,
        until=refusal.until if refusal else None,
        why=refusal.reason if refusal else None,
        bench=health.bench_for(provider.id, serves, now),
        resting=tuple(
            b for b in health.benches if b.provider == provider.id and not b.is_whole and b.holds(now)
        ),
        limits=known,
        serves=serves,
        today=_usage(today),
        month=_usage(month),
    )
    return view, standing


def bench_reason(bench: Bench) -> str:
    """A bench in a few words: "429 rate", "by hand", "Opus: 429 quota"."""
    if bench.kind == "manual":
        return "by hand"
    status = bench.evidence.get("status")
    words = f"{status} {bench.kind}" if status else bench.kind
    return f"{bench.family.capitalize()}: {words}" if bench.family else words


def _budgets(config: Config, project: Project | None, provider: str) -> Budgets:
    """The person's budgets; a project lowers them and never raises one, trusted or not."""
    budgets = config.budgets.get(provider, Budgets())
    if project is None:
        return budgets
    return replace(
        budgets,
        daily_requests=_lower(project.daily_requests, budgets.daily_requests),
        monthly_requests=_lower(project.monthly_requests, budgets.monthly_requests),
    )


def _lower(one: float | None, other: float | None) -> float | None:
    """The lower of two budgets; None = unlimited."""
    known = [budget for budget in (one, other) if budget is not None]
    return min(known, default=None)


def _budget_limits(
    budgets: Budgets,
    today: ProviderUsage,
    month: ProviderUsage,
    dates: tuple[datetime, datetime],
    now: datetime,
) -> tuple[Limit, ...]:
    tomorrow, next_month = dates
    rows = (
        ("day", "tokens", today.budget_tokens, budgets.daily_tokens, tomorrow),
        ("day", "requests", today.requests, budgets.daily_requests, tomorrow),
        ("day", "usd", today.cost_usd, budgets.daily_usd, tomorrow),
        ("month", "tokens", month.budget_tokens, budgets.monthly_tokens, next_month),
        ("month", "requests", month.requests, budgets.monthly_requests, next_month),
        ("month", "usd", month.cost_usd, budgets.monthly_usd, next_month),
    )
    return tuple(
        Limit(
            window=window,
            unit=unit,
            used=used or 0,
            limit=allowed,
            percent=100 * (used or 0) / allowed,
            resets_at=resets_at,
            source="budget",
            observed_at=now,
        )
        for window, unit, used, allowed, resets_at in rows
        if allowed
    )


def _credential_hint(provider: Provider, credential: Credential) -> str:
    if credential.state == "unknown" and credential.source == "auth.json":
        return "auth.json cannot be read"
    if credential.state == "unknown" and credential.source:
        name = credential.source.removeprefix("env:")
        return f"{name} may be for something else: pf-tui auth check {provider.id}"
    return ""


def _credentials(
    ctx: Context, catalog: Catalog, config: Config, *, without_file: bool = False
) -> dict[str, Credential]:
    from pf_tui.state import credentials

    return credentials.look_up(
        catalog.providers.values(), ctx.paths, config, ctx.env, ctx.now(), without_file=without_file
    )


def _plain_catalog() -> Catalog:
    from pf_tui import catalog

    return catalog.load()


def _agents(
    state: StateFiles, choice: Choice, listed: list[Eligibility], ordered: bool, now: datetime
) -> tuple[AgentView, ...]:
    views, led = [], state.health.agents
    for agent in state.installed:
        applied = led[agent].provider if agent in led else None
        due = _due(agent, state, choice, listed, ordered, now)
        pending = due.provider if due is not None and due.provider != applied else None
        views.append(AgentView(agent=agent, applied=applied, pending=pending, due=due))
    return tuple(views)


def _due(
    agent: str, state: StateFiles, choice: Choice, listed: list[Eligibility], ordered: bool, now: datetime
) -> Serving | None:
    """Who should serve an agent; a model its session asked for that rests at the active one decides."""
    asked = [
        model
        for bench in state.health.benches
        if bench.provider == choice.provider and not bench.is_whole and bench.holds(now)
        if bench.evidence.get("agent") == agent and isinstance(model := bench.evidence.get("asked"), str)
    ]
    if asked and CLIENTS[agent].led_by_settings:
        request = RouteRequest(model=asked[-1])
        first = failover.route(request, listed, state.catalog, own_order=ordered).first
        if first is not None:
            return Serving(
                provider=first.provider, model=first.model, since=None, reason=f"{asked[-1]} rests there"
            )
    return _serving(choice, None)


def _serving(choice: Choice, since: datetime | None) -> Serving | None:
    if choice.provider is None:
        return None
    return Serving(provider=choice.provider, model=choice.model, since=since, reason=choice.reason)


def _since(events: tuple[Event, ...], provider: str | None) -> datetime | None:
    """When the active provider began to serve, by the journal; None when that is further back."""
    began = None
    for event in reversed(events):
        active = event.after.get("active")
        if active is None:
            continue
        if active != provider:
            break
        began = event.ts
        if event.before.get("active") not in (None, provider):
            return began
    return began


def _name_problems(catalog: Catalog, order: tuple[str, ...], wanted: str | None) -> list[str]:
    problems = [
        f"{UnknownName('provider', name, catalog.providers)}; the priority list passes over it"
        for name in order
        if name not in catalog.providers
    ]
    if wanted is not None and catalog.find_model(wanted) is None:
        problems.append(f"the default model '{wanted}' is not in the catalog · `pf-tui models`")
    return problems


def _usage(found: ProviderUsage) -> Usage:
    return Usage(
        requests=found.requests,
        tokens=found.tokens,
        cost_usd=found.cost_usd,
        unpriced_tokens=found.unpriced_tokens,
    )


def _sum(parts: Iterable[ProviderUsage]) -> Usage:
    """Together; the cost is None when there is use and nobody can price any of it."""
    used = tuple(parts)
    priced = [part.cost_usd for part in used if part.cost_usd is not None]
    return Usage(
        requests=sum(part.requests for part in used),
        tokens=sum(part.tokens for part in used),
        cost_usd=sum(priced) if priced or not used else None,
        unpriced_tokens=sum(part.unpriced_tokens for part in used),
    )
