"""One provider as a face shows it: its windows, budgets, benches and use, and how it stands by the rules.

Standard library only: hooks take a snapshot too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from pf_tui.catalog import Catalog, Provider
from pf_tui.ledger import reader as ledger
from pf_tui.ledger.reader import ProviderUsage
from pf_tui.records import field, record, replace
from pf_tui.rules import limits, models
from pf_tui.rules.benches import Bench
from pf_tui.rules.eligibility import ActiveBench, Eligibility, ExhaustedWindow, why_ineligible
from pf_tui.rules.limits import Limit, Reading
from pf_tui.state import clock, clouds
from pf_tui.state.config import Budgets, Config
from pf_tui.state.context import Context
from pf_tui.state.credentials import MISSING, Credential
from pf_tui.state.health import Health

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.state.gateway import Gateway
    from pf_tui.state.journal import Event
    from pf_tui.state.project import Project
    from pf_tui.vocabulary import ProviderState, WindowName, WindowUnit


@record
class Usage:
    """What was used of a provider since a moment; cost None = nobody can price any of it."""

    requests: int = 0
    tokens: int = 0
    cost_usd: float | None = 0.0
    unpriced_tokens: int = 0


_NO_USE = Usage()
_UNUSED = ProviderUsage()
_UNLIMITED = Budgets()
"""Of most providers: made once, not for each of them in every hook."""


@record
class ProviderView:
    """One provider as a face shows it."""

    provider: Provider
    rank: int | None
    """Place in the priority list, from 1; None = not in it."""
    enabled: bool
    credential: Credential
    state: ProviderState
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
        """The provider's id."""
        return self.provider.id

    @property
    def is_resting(self) -> bool:
        """It serves again by itself, or when a person releases it."""
        return self.state in ("benched", "exhausted")

    @property
    def is_absent(self) -> bool:
        """It cannot serve until a person gives it a credential or takes it up again."""
        return self.state in ("no-credential", "disabled")

    @property
    def can_serve(self) -> bool:
        """It would be asked now, if its turn came."""
        return not self.is_resting and not self.is_absent

    @property
    def tightest(self) -> Limit | None:
        """The window that says how long it lasts (rules.limits.tightest)."""
        return limits.tightest(self.limits, self.serves)


@record
class LedgerFigures:
    """What the ledger says that a snapshot needs."""

    readings: tuple[Reading, ...] = ()
    today: Mapping[str, ProviderUsage] = field(default_factory=dict)
    month: Mapping[str, ProviderUsage] = field(default_factory=dict)
    all_today: Usage = _NO_USE
    """Of every provider, also what was used before its counters were begun anew."""

    @classmethod
    def read(cls, ctx: Context, health: Health, spans: tuple[datetime, datetime]) -> LedgerFigures:
        """Read them. Args: spans: when the local day and month began. Raises PfError."""
        day, month = spans
        path = ctx.paths.ledger
        if not path.exists():
            return cls()
        with ledger.reading(path) as figures:
            today = dict(figures.usage_since(day))
            everything = sum_of(today.values())
            for provider, moment in health.resets.items():
                if moment > day:
                    fresh = figures.usage_since(moment, provider=provider).get(provider)
                    today[provider] = fresh or ProviderUsage()
            return cls(
                readings=tuple(figures.latest_readings(ctx.now())),
                today=today,
                month=figures.usage_since(month),
                all_today=everything,
            )


@record
class StateFiles:
    """What was read from the files at one moment."""

    catalog: Catalog
    config: Config
    health: Health
    project: Project | None
    credentials: Mapping[str, Credential]
    figures: LedgerFigures
    events: tuple[Event, ...]
    installed: tuple[AgentId, ...]
    """Agents pf-tui is installed into."""
    gateway: Gateway | None
    zone: tzinfo | None
    """The local zone; None = the system's."""
    paused: datetime | None = None
    floors: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Tokens of the day and the month that the original plugin counted, for providers with a budget."""
    problems: tuple[str, ...] = ()


def view_of(
    provider: Provider,
    state: StateFiles,
    readings: Sequence[Reading],
    order: tuple[str, ...],
    own: tuple[str, ...],
    model: str | None,
    now: datetime,
) -> tuple[ProviderView, Eligibility]:
    """One provider for faces, and as the rules see it.

    Args:
        readings: the ledger's of this provider.
        order: the priority list that holds here.
        own: the person's own list.
        model: what the active request or setting names, by the catalog's id.
    """
    catalog, config, project, health = state.catalog, state.config, state.project, state.health
    figures = state.figures
    credential = state.credentials.get(provider.id, MISSING)
    rank = order.index(provider.id) + 1 if provider.id in order else None
    serves = models.match_model(provider.id, model, catalog).model
    today, month = (totals.get(provider.id, _UNUSED) for totals in (figures.today, figures.month))
    if readings and health.released:
        readings = limits.since_release(readings, lambda family: health.release_of(provider.id, family))
    shown_limits = (
        *(limits.current(readings, now) if readings else ()),
        *_budget_limits(_budgets(config, project, provider.id), today, month, provider.id, state, now),
    )
    hidden = project is not None and rank is None and provider.id in own
    enabled = provider.enabled and not hidden
    eligibility = Eligibility(
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
        full_windows=tuple(
            ExhaustedWindow(
                window=_in_words(limit.window),
                resets_at=limit.resets_at,
                model_family=limit.model,
                budget=limit.source == "budget",
            )
            for limit in shown_limits
            if limit.exhausted(now)
        ),
    )
    refusal = why_ineligible(eligibility, serves)
    word: ProviderState = (
        refusal.code  # type: ignore[assignment] # held_reason comes later, so it is never "paid"
        if refusal
        else limits.level(shown_limits, now, warn_at=config.warn_at, switch_at=config.switch_at, model=serves)
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
        limits=shown_limits,
        serves=serves,
        today=usage_of(today),
        month=usage_of(month),
    )
    return view, eligibility


def by_provider(readings: Iterable[Reading]) -> dict[str, list[Reading]]:
    """The readings of each provider that has any, in their order."""
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        groups.setdefault(reading.provider, []).append(reading)
    return groups


def bench_reason(bench: Bench) -> str:
    """A bench in a few words: "429 rate", "by hand", "Opus: 429 quota"."""
    if bench.kind == "manual":
        return "by hand"
    status = bench.evidence.get("status")
    words = f"{status} {bench.kind}" if status else bench.kind
    return f"{bench.family.capitalize()}: {words}" if bench.family else words


def _budgets(config: Config, project: Project | None, provider: str) -> Budgets:
    """The person's budgets; a project lowers them and never raises one, trusted or not."""
    budgets = config.budgets.get(provider, _UNLIMITED)
    if project is None:
        return budgets
    return replace(
        budgets,
        daily_requests=_lower(project.daily_requests, budgets.daily_requests),
        monthly_requests=_lower(project.monthly_requests, budgets.monthly_requests),
    )


def _lower(floor: float | None, other: float | None) -> float | None:
    """The lower of two budgets; None = unlimited."""
    budgets = [budget for budget in (floor, other) if budget is not None]
    return min(budgets, default=None)


def _budget_limits(
    budgets: Budgets,
    today: ProviderUsage,
    month: ProviderUsage,
    provider: str,
    state: StateFiles,
    now: datetime,
) -> tuple[Limit, ...]:
    """The windows of a person's budgets."""
    if not budgets:
        return ()
    tomorrow, next_month = clock.next_day(now, state.zone), clock.next_month(now, state.zone)
    floor = state.floors.get(provider, (0.0, 0.0))
    rows: tuple[tuple[WindowName, WindowUnit, float | None, float | None, datetime], ...] = (
        ("day", "tokens", max(today.budget_tokens, floor[0]), budgets.daily_tokens, tomorrow),
        ("day", "requests", today.requests, budgets.daily_requests, tomorrow),
        ("day", "usd", today.cost_usd, budgets.daily_usd, tomorrow),
        ("month", "tokens", max(month.budget_tokens, floor[1]), budgets.monthly_tokens, next_month),
        ("month", "requests", month.requests, budgets.monthly_requests, next_month),
        ("month", "usd", month.cost_usd, budgets.monthly_usd, next_month),
    )
    return tuple(
        Limit(
            window=window,
            unit=unit,
            used=use or 0,
            limit=allowed,
            percent=100 * (use or 0) / allowed,
            resets_at=resets_at,
            source="budget",
            observed_at=now,
        )
        for window, unit, use, allowed, resets_at in rows
        if allowed
    )


def _credential_hint(provider: Provider, credential: Credential) -> str:
    if credential.state == "unknown" and credential.source == "auth.json":
        return "auth.json cannot be read"
    if credential.state == "unknown" and credential.source:
        name = credential.source.removeprefix("env:")
        return f"{name} may be for something else: pf-tui auth check {provider.id}"
    return ""


def usage_of(provider_usage: ProviderUsage) -> Usage:
    """The ledger's sums of one provider."""
    if provider_usage is _UNUSED:
        return _NO_USE
    return Usage(
        requests=provider_usage.requests,
        tokens=provider_usage.tokens,
        cost_usd=provider_usage.cost_usd,
        unpriced_tokens=provider_usage.unpriced_tokens,
    )


def sum_of(parts: Iterable[ProviderUsage]) -> Usage:
    """Together; the cost is None when there is use and nobody can price any of it."""
    uses = tuple(parts)
    costs = [part.cost_usd for part in uses if part.cost_usd is not None]
    return Usage(
        requests=sum(part.requests for part in uses),
        tokens=sum(part.tokens for part in uses),
        cost_usd=sum(costs) if costs or not uses else None,
        unpriced_tokens=sum(part.unpriced_tokens for part in uses),
    )


def _in_words(window: WindowName) -> str:
    from pf_tui.rules import windows  # few are used up

    return windows.words(window)
