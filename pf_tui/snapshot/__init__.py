"""The read side: one immutable Snapshot of everything a face shows, made from the shared files.

Standard library only: hooks and `status --json` take one too. A file people own that cannot be read
raises; with `keep_going` it becomes a sentence in `problems` and the rest is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo

from pf_tui import catalog as catalogs
from pf_tui.catalog import Catalog
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError, UnknownName
from pf_tui.integrations import apply
from pf_tui.ledger import queue
from pf_tui.records import field, record, replace
from pf_tui.rules import failover, limits, spending
from pf_tui.rules.eligibility import Eligibility, Skipped, why_ineligible
from pf_tui.rules.failover import Choice, RouteRequest, Routing
from pf_tui.rules.spending import Question
from pf_tui.snapshot.provider_view import (
    LedgerFigures,
    ProviderView,
    StateFiles,
    Usage,
    bench_reason,
    by_provider,
    sum_of,
    view_of,
)
from pf_tui.state import clock, gateway, journal
from pf_tui.state.config import Config
from pf_tui.state.context import Context
from pf_tui.state.credentials import Credential
from pf_tui.state.gateway import Gateway
from pf_tui.state.health import Health
from pf_tui.state.journal import Event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from pf_tui.state.project import Project

    T = TypeVar("T")
    from pf_tui.clients import AgentId

__all__ = [
    "EVENTS",
    "AgentView",
    "ProviderView",
    "Serving",
    "Snapshot",
    "StateFiles",
    "Usage",
    "assemble",
    "bench_reason",
    "load",
    "take",
]

EVENTS = 50
"""Events a snapshot carries; the events pane reads further back by itself."""


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

    agent: AgentId
    applied: str | None
    pending: str | None
    """The provider it will be set to at its next turn."""
    direct: str | None = None
    """Who served it last without the gateway, where its settings lead there."""
    stranded: bool = False
    """Its settings lead to the gateway, and that does not run there or is not wanted any more."""
    due: Serving | None = None
    """Who should serve it: the active provider, unless the model its session asks for rests there."""


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
    eligibilities: tuple[Eligibility, ...]
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

    def after(self, **value: object) -> Snapshot:
        """The snapshot with files that were written since, e.g. health=…; nothing is read again."""
        return assemble(replace(self.files, **value), self.at)

    def view(self, provider: str) -> ProviderView:
        """The view of one provider. Raises UnknownName."""
        for view in self.providers:
            if view.id == provider:
                return view
        raise UnknownName("provider", provider, self.catalog.providers, "pf-tui status")

    def eligibility_of(self, provider: str) -> Eligibility:
        """How a provider stands, in the list or not."""
        return next(eligibility for eligibility in self.eligibilities if eligibility.provider == provider)

    @property
    def open_question(self) -> Question | None:
        """The question, while the person has not put it off."""
        quiet = [self.config.paid_ask_at]
        if self.question is not None and self.question.serves:
            quiet.append(self.config.paid_ask_ahead_at)
        is_put_off = any(until is not None and self.at < until for until in quiet)
        return None if is_put_off else self.question

    @property
    def listed(self) -> tuple[Eligibility, ...]:
        """The providers of the list that holds here, in its order."""
        return tuple(self.eligibility_of(name) for name in self.priority if name in self.catalog.providers)

    @property
    def has_own_order(self) -> bool:
        """A person gave the order, here or everywhere; else it is the catalog's."""
        return _has_own_order(self.config, self.project)

    def refusal(self, provider: str) -> Skipped | None:
        """Why a provider of the list is not the next to serve; None when it is ready."""
        refusal = why_ineligible(self.eligibility_of(provider), self.view(provider).serves)
        without_model = (skip for skip in self.choice.skipped if skip.code == "model")
        return refusal or next((skip for skip in without_model if skip.provider == provider), None)

    @property
    def last_resort(self) -> frozenset[str]:
        """Who is nearly used up: new sessions of the gateway begin elsewhere."""
        switch_at = self.config.switch_at
        return frozenset(
            view.id for view in self.providers if limits.is_nearly_used_up(view.limits, switch_at)
        )

    def route(
        self, request: RouteRequest, *, without: str | None = None, new_session: bool = False
    ) -> Routing:
        """Who is asked for a request now, or for one that begins a session; see `rules.failover.route`."""
        return failover.route(
            request,
            self.listed,
            self.catalog,
            auto_switch=self.auto_switch,
            own_order=self.has_own_order,
            without=without,
            last_resort=self.last_resort if new_session else frozenset(),
        )

    @property
    def notifies(self) -> bool:
        """Agents tell the person of switches; the project's word goes first, one switched off wants none."""
        if self.project is None:
            return self.config.notify_on_switch
        setting = self.project.notify_on_switch
        return self.project.enabled and (self.config.notify_on_switch if setting is None else setting)


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

    def attempt(load: Callable[[], T], default: T, *, always: bool = False) -> T:
        """Read one part; `always` is for what never stops a reader, as files of ours that can be rebuilt."""
        try:
            return load()
        except PfError as error:
            if not (keep_going or always):
                raise
            problems.append(str(error))
            return default

    now, zone = ctx.now(), ctx.timezone()
    catalog = attempt(ctx.catalog, None) or catalogs.load()
    config = attempt(ctx.config, Config())
    health = attempt(ctx.health, Health(), always=True)
    project = attempt(ctx.project, None, always=ctx.who == "hook")  # an agent's turn goes on without it
    credentials = attempt(lambda: _credentials(ctx, catalog, config), None)
    if credentials is None:  # what stands elsewhere is known all the same
        credentials = _credentials(ctx, catalog, config, without_file=True)
    spans = (clock.day_start(now, zone), clock.month_start(now, zone))
    figures = attempt(lambda: LedgerFigures.read(ctx, health, spans), LedgerFigures(), always=True)
    if full := queue.problem(ctx.paths.ledger):
        problems.append(f"{full} · {queue.FULL_HINT}")
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
        floors=_floors(ctx, config, now, zone),
        problems=tuple(problems),
    )


def _floors(
    ctx: Context, config: Config, now: datetime, zone: tzinfo | None
) -> Mapping[str, tuple[float, float]]:
    """Read only where a budget of tokens asks for it."""
    if not any(budget.daily_tokens or budget.monthly_tokens for budget in config.budgets.values()):
        return {}
    from pf_tui.state import usage

    return usage.floors(ctx.paths, now.astimezone(zone).date(), also=now.date())


def assemble(state: StateFiles, now: datetime) -> Snapshot:
    """Everything a face shows, from what was read. Pure."""
    catalog, config, project = state.catalog, state.config, state.project
    model, auto_switch, own, order = _decide(catalog, config, project)
    readings = by_provider(state.figures.readings)
    views, eligibilities = [], []
    for provider in catalog.in_order(order):
        view, eligibility = view_of(provider, state, readings.get(provider.id, ()), order, own, model, now)
        views.append(view)
        eligibilities.append(eligibility)
    paid = spending.setting(config.paid, config.paid_until, now)
    in_priority = spending.held_back(
        [eligibility for eligibility in eligibilities if eligibility.provider in order], catalog, paid
    )
    eligibilities[: len(in_priority)] = in_priority
    own_order = _has_own_order(config, project)
    choice = failover.choose(in_priority, model, catalog, auto_switch=auto_switch, own_order=own_order)
    after = failover.choose(in_priority, model, catalog, own_order=own_order, without=choice.provider)
    problems = [*state.problems, *catalog.problems_of(order, model)]
    if project is not None and project.warning:
        problems.insert(0, project.warning)
    return Snapshot(
        at=now,
        catalog=catalog,
        config=config,
        project=project,
        auto_switch=auto_switch,
        model=model,
        own_priority=own,
        priority=order,
        active=_serving(choice, journal.serving_since(state.events, choice.provider)),
        next=_serving(after, None),
        next_reason=after.reason,
        choice=choice,
        paid=paid,
        question=spending.question(choice, after, in_priority, paid) if auto_switch else None,
        providers=tuple(views),
        agents=_agents(state, choice, in_priority if auto_switch else [], own_order, now),
        events=state.events,
        eligibilities=tuple(eligibilities),
        problems=tuple(problems),
        gateway=state.gateway,
        paused=state.paused,
        files=state,
        today=state.figures.all_today,
        month=sum_of(state.figures.month.values()),
    )


def _decide(
    catalog: Catalog, config: Config, project: Project | None
) -> tuple[str | None, bool, tuple[str, ...], tuple[str, ...]]:
    """(model asked for, auto-switch, the person's list, the list that holds here)."""
    own = config.priority if config.priority is not None else catalog.default_priority
    if project is None:
        return config.default_model, config.auto_switch, own, own
    auto = config.auto_switch if project.auto_switch is None else project.auto_switch
    model = project.default_model or config.default_model
    return model, auto and project.enabled, own, project.priority or own


def _has_own_order(config: Config, project: Project | None) -> bool:
    return config.priority is not None or bool(project is not None and project.priority)


def _credentials(
    ctx: Context, catalog: Catalog, config: Config, *, without_file: bool = False
) -> dict[str, Credential]:
    from pf_tui.state import credentials

    return credentials.look_up(
        catalog.providers.values(), ctx.paths, config, ctx.env, ctx.now(), without_file=without_file
    )


def _agents(
    state: StateFiles, choice: Choice, eligibilities: list[Eligibility], ordered: bool, now: datetime
) -> tuple[AgentView, ...]:
    views, led = [], state.health.agents
    for agent in state.installed:
        setting, direct, url = (
            (led[agent].provider, led[agent].direct, led[agent].gateway) if agent in led else (None,) * 3
        )
        stranded = direct is not None and (
            state.gateway is None
            or not state.config.leads_to_gateway
            or (url is not None and url != state.gateway.url)
        )
        due = _due(agent, state, choice, eligibilities, ordered, now)
        pending = due.provider if due is not None and (due.provider != setting or stranded) else None
        views.append(
            AgentView(
                agent=agent, applied=setting, pending=pending, direct=direct, stranded=stranded, due=due
            )
        )
    return tuple(views)


def _due(
    agent: AgentId,
    state: StateFiles,
    choice: Choice,
    eligibilities: list[Eligibility],
    ordered: bool,
    now: datetime,
) -> Serving | None:
    """Who should serve an agent; a model its session asked for that rests at the active one decides."""
    models = [
        model
        for bench in state.health.benches
        if bench.provider == choice.provider and not bench.is_whole and bench.holds(now)
        if bench.evidence.get("agent") == agent and isinstance(model := bench.evidence.get("asked"), str)
    ]
    if models and CLIENTS[agent].led_by_settings:
        request = RouteRequest(model=models[-1])
        first = failover.route(request, eligibilities, state.catalog, own_order=ordered).first
        if first is not None:
            return Serving(
                provider=first.provider, model=first.model, since=None, reason=f"{models[-1]} rests there"
            )
    return _serving(choice, None)


def _serving(choice: Choice, since: datetime | None) -> Serving | None:
    if choice.provider is None:
        return None
    return Serving(provider=choice.provider, model=choice.model, since=since, reason=choice.reason)
