"""The chain of this machine as groups of a LiteLLM proxy. Pure: a Snapshot in, a Proxy out.

LiteLLM asks the deployments of a group by `order`, then the group's fallbacks; a fallback brings its own
fallbacks along. So a stand-in that comes after the model's own sellers is a group by itself, which has none:
who is asked is then, for every model, who `rules.failover.route` says, in that order.
Source: LiteLLM proxy 1.108.7, run against fake upstreams.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pf_tui.catalog import SERVED_PROTOCOLS, Catalog, Model, Provider
from pf_tui.records import record, replace
from pf_tui.rules import failover
from pf_tui.rules.eligibility import Eligibility, Skipped
from pf_tui.rules.failover import Candidate, RouteRequest, Routing
from pf_tui.rules.models import SAME
from pf_tui.snapshot import Snapshot
from pf_tui.state import settings_table
from pf_tui.state.config import Budgets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

Chain = tuple[Candidate, ...]


@record
class Deployment:
    """One model at one provider, in one group."""

    group: str
    """The name an agent asks for, or a stand-in's own."""
    id: str
    """Comes back as the header x-litellm-model-id."""
    provider: str
    model: str
    """Catalog id."""
    wire: str
    """What LiteLLM calls it: the protocol's word, a slash, the provider's own name."""
    api_base: str
    key: str | None
    """The variable that holds the key; None = a server without one."""
    order: int
    max_budget_usd: float | None = None
    budget_days: int = 1
    base_model: str | None = None
    """The name prices are looked up by, where the provider calls it otherwise."""

    @property
    def stand_in(self) -> bool:
        """It is a group by itself that others fall back to."""
        return self.group == _stand_in_group(self.model, self.provider)


@record
class Proxy:
    """A whole configuration, and what it lacks."""

    deployments: tuple[Deployment, ...]
    aliases: dict[str, str]
    """Another spelling -> group."""
    fallbacks: dict[str, tuple[str, ...]]
    larger: dict[str, tuple[str, ...]]
    """Group -> whom to ask when the prompt is too long for it."""
    left_out: tuple[Skipped, ...]
    notes: tuple[str, ...]
    """What the person set that LiteLLM cannot be told."""


def proxy(now: Snapshot) -> Proxy:
    """The proxy that asks whom this chain asks, for every chat model that anybody in it serves."""
    return _Plan(now).result()


def lasting(eligibilities: tuple[Eligibility, ...]) -> tuple[Eligibility, ...]:
    """The same providers without what ends by itself: a configuration outlives a rest and a window."""
    return tuple(
        replace(
            eligibility,
            rests=tuple(rest for rest in eligibility.rests if rest.until is None),
            full_windows=(),
        )
        for eligibility in eligibilities
    )


class _Plan:
    """Collects groups; each is made once."""

    def __init__(self, now: Snapshot) -> None:
        self._now = now
        self._catalog: Catalog = now.catalog
        self._unfit_providers = {skip.provider: skip for skip in self._unfit(now)}
        eligibilities = lasting(now.listed if now.auto_switch else now.listed[:1])
        self._eligibilities = [
            eligibility for eligibility in eligibilities if eligibility.provider not in self._unfit_providers
        ]
        self._deployments: list[Deployment] = []
        self._stand_ins: dict[tuple[str, str], str] = {}
        self._aliases: dict[str, str] = {}
        self._fallbacks: dict[str, tuple[str, ...]] = {}
        self._larger: dict[str, tuple[str, ...]] = {}

    def result(self) -> Proxy:
        chains: dict[tuple[Chain, Chain], str] = {}
        skipped: dict[str, Skipped] = {}
        laid_out = [(model, self._route(model.id)) for model in self._models()]
        for model, routing in sorted(laid_out, key=lambda pair: _is_stand_in_first(*pair)):
            for skip in routing.skipped:
                skipped.setdefault(skip.provider, skip)
            chain = _named(routing.candidates)
            if not chain:
                continue
            larger = self._larger_than(model.id, chain[0])
            group = chains.setdefault((_plain(chain), _plain(larger)), model.id)
            if group == model.id:
                self._add_group(model.id, chain, larger)
            else:
                self._aliases[model.id] = group
        self._add_spellings([model for model, _ in laid_out])
        used_providers = {deployment.provider for deployment in self._deployments}
        return Proxy(
            deployments=tuple(sorted(self._deployments, key=lambda deployment: deployment.stand_in)),
            aliases=self._aliases,
            fallbacks=self._fallbacks,
            larger=self._larger,
            left_out=tuple(self._left_out(used_providers, skipped)),
            notes=tuple(self._notes(used_providers)),
        )

    def _models(self) -> list[Model]:
        return [model for model in self._catalog.models.values() if self._catalog.chats(model.id)]

    def _route(self, model: str, *, larger_than: int = 0) -> Routing:
        request = RouteRequest(model=model, protocols=SERVED_PROTOCOLS, larger_than=larger_than)
        return failover.route(
            request,
            self._eligibilities,
            self._catalog,
            auto_switch=self._now.auto_switch,
            own_order=self._now.has_own_order,
        )

    def _larger_than(self, model: str, first: Candidate) -> Chain:
        """Who is left when the prompt is longer than the first one's window; nobody knows where that is 0."""
        if not first.context:
            return ()
        return _named(self._route(model, larger_than=first.context).candidates)

    def _add_group(self, name: str, chain: Chain, larger: Chain) -> None:
        """The deployments up to the last seller of the model itself; the stand-ins after it fall back."""
        sellers = [index for index, candidate in enumerate(chain, start=1) if candidate.distance == SAME]
        head = max(sellers, default=1)
        for index, candidate in enumerate(chain[:head], start=1):
            self._deployments.append(self._deployment(name, candidate, index))
        if chain[head:]:
            self._fallbacks[name] = tuple(self._stand_in(candidate) for candidate in chain[head:])
        if larger:
            self._larger[name] = tuple(self._stand_in(candidate) for candidate in larger)

    def _stand_in(self, candidate: Candidate) -> str:
        """The group of that one deployment."""
        pair = (candidate.provider, str(candidate.model))
        if pair not in self._stand_ins:
            self._stand_ins[pair] = _stand_in_group(str(candidate.model), candidate.provider)
            self._deployments.append(self._deployment(self._stand_ins[pair], candidate, 1))
        return self._stand_ins[pair]

    def _deployment(self, group: str, candidate: Candidate, order: int) -> Deployment:
        provider, model = self._catalog.providers[candidate.provider], str(candidate.model)
        if candidate.protocol is None:
            raise AssertionError("a route asked for over a protocol has one")
        native = self._catalog.native_id(model, provider.id) or model
        budget, days = _budget(self._now.config.budgets.get(provider.id, Budgets()))
        own = f"{provider.id}.{model}"
        return Deployment(
            group=group,
            id=own if group == model else f"{own}.in.{group}",
            provider=provider.id,
            model=model,
            wire=f"{_WIRES[candidate.protocol]}/{native}",
            api_base=provider.base_urls[candidate.protocol],
            key=self._key(provider),
            order=order,
            max_budget_usd=budget,
            budget_days=days,
            base_model=model if native != model else None,
        )

    def _key(self, provider: Provider) -> str | None:
        """The variable the key stands in here, else the first its provider is known by."""
        source = self._now.view(provider.id).credential.source or ""
        name = source.removeprefix("env:")
        if source.startswith("env:") and _VARIABLE.fullmatch(name):
            return name
        if provider.auth == "none":
            return None
        names = [name for name in provider.env if name not in provider.env_pointers]
        return next(iter(names), re.sub(r"\W", "_", provider.id, flags=re.ASCII).upper() + "_API_KEY")

    def _add_spellings(self, models: list[Model]) -> None:
        """Short names and the names sellers use, where they mean one model alone."""
        groups = {deployment.group for deployment in self._deployments}
        targets_by_spelling: dict[str, set[str]] = {}
        for model in models:
            group = self._aliases.get(model.id, model.id)
            if group in groups:
                natives = (served_model.native_id for served_model in model.providers.values())
                for spelling in (*model.aliases, *natives):
                    targets_by_spelling.setdefault(spelling, set()).add(group)
        for spelling, targets in targets_by_spelling.items():
            if len(targets) == 1 and spelling not in groups:
                self._aliases.setdefault(spelling, next(iter(targets)))

    def _unfit(self, now: Snapshot) -> Iterator[Skipped]:
        """Who could be asked by pf-tui's gateway and not by LiteLLM."""
        for eligibility in now.listed:
            provider = now.catalog.providers[eligibility.provider]
            complete = any("{" not in url for url in provider.base_urls.values())
            if provider.family in CLOUDS and complete and eligibility.usable:
                why = "LiteLLM reaches this cloud by settings of its own, which this file does not write"
                yield Skipped(provider=provider.id, code="protocol", reason=why)

    def _has_own_dialect(self, provider: Provider, protocol: Protocol) -> bool:
        return self._catalog.dialect(provider.id, protocol) != self._catalog.dialect("", protocol)

    def _left_out(self, used_providers: set[str], skipped: dict[str, Skipped]) -> Iterator[Skipped]:
        for eligibility in self._now.listed:
            name = eligibility.provider
            if name in used_providers:
                continue
            if name in self._unfit_providers:
                yield self._unfit_providers[name]
            elif not self._now.auto_switch and name not in {
                eligibility.provider for eligibility in self._eligibilities
            }:
                yield Skipped(provider=name, code="disabled", reason="auto-switch is off: the first serves")
            elif name in skipped and skipped[name].code != "model":
                yield skipped[name]
            else:
                why = "the catalog knows no model of it; list its models in providers.yaml"
                yield Skipped(provider=name, code="model", reason=why)

    def _notes(self, used_providers: set[str]) -> Iterator[str]:
        for name in (view.provider for view in self._now.listed if view.provider in used_providers):
            provider, view = self._catalog.providers[name], self._now.view(name)
            source = view.credential.source or ""
            if not source.startswith("env:") and (key := self._key(provider)):
                where = "this machine's keyring" if source == "keyring" else source or "no variable"
                yield f"{name}: its key is in {where}; give it to the proxy as {key}"
            budgets = self._now.config.budgets.get(name, Budgets())
            budget_field = "daily_usd" if budgets.daily_usd else "monthly_usd"
            for setting in settings_table.BUDGETS:
                value = getattr(budgets, setting.field)
                if setting.field != budget_field and value:
                    yield f"{name}: your {setting.name} {value:.12g}"
            if provider.custom and any(self._has_own_dialect(provider, word) for word in _WIRES):
                yield f"{name}: the dialect settings of providers.yaml"
            if provider.headers:
                names = ", ".join(provider.headers)
                yield f"{name}: the headers of providers.yaml ({names}); they may be secret"


CLOUDS = ("AWS", "Azure", "Vertex")
"""Families that sign requests, or take a key in a header of their own."""

_WIRES: Mapping[Protocol, str] = {
    "anthropic-messages": "anthropic",
    "openai-chat": "openai",
    "openai-responses": "openai/responses",
}
"""LiteLLM's word for each protocol."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_DAY, _MONTH = 1, 30
"""Days of LiteLLM's `budget_duration`."""


def _is_stand_in_first(model: Model, routing: Routing) -> bool:
    """Models that somebody sells are named first; the others may be aliases of theirs."""
    first = routing.first
    return first is None or first.model != model.id


def _named(candidates: tuple[Candidate, ...]) -> Chain:
    return tuple(candidate for candidate in candidates if candidate.model is not None)


def _plain(chain: Chain) -> Chain:
    """The chain without why each stands where it does: two names for one order are one group."""
    return tuple(replace(candidate, note="", distance=SAME) for candidate in chain)


def _stand_in_group(model: str, provider: str) -> str:
    return f"{model}@{provider}"


def _budget(budgets: Budgets) -> tuple[float | None, int]:
    """(USD, days); a deployment has room for one."""
    if budgets.daily_usd:
        return budgets.daily_usd, _DAY
    return budgets.monthly_usd or None, _MONTH
