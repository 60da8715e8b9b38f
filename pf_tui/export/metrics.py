"""What is measured, under the names of OpenTelemetry's GenAI conventions. Pure: figures in, Metrics out.

The ledger's sums fall when prices or providers become known later, so they are non-monotonic; counters and
histograms come from the life of the gateway that runs. Invariant: at most MOST series of a metric.
Source: OpenTelemetry semantic conventions for generative AI; what Prometheus does with a counter that falls.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime

from pf_tui.catalog import Catalog
from pf_tui.ledger.lifetime import Attempt, Lifetime
from pf_tui.ledger.totals import Totals
from pf_tui.records import record
from pf_tui.snapshot import Snapshot
from pf_tui.visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    Kind: TypeAlias = Literal["total", "counter", "gauge", "histogram"]
    """total = a sum that may fall; counter = one that never does."""

Attributes = tuple[tuple[str, str], ...]

MOST = 500
"""Series of one metric; the least of them are told together as OTHER."""
OTHER = "other"
LONGEST_TEXT = 120
"""Characters of an attribute: model names come from logs."""

DURATIONS_S = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Buckets of the conventions for operation.duration."""

FIRST_CHUNK_S = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Buckets of the conventions for time_to_first_chunk."""


@record
class Point:
    """One series at one moment."""

    attributes: Attributes
    value: float
    """Of a histogram the sum."""
    counts: tuple[int, ...] = ()
    """Of a histogram: how many fell into each bucket, the last one without an end."""


@record
class Metric:
    """All series of one name."""

    name: str
    """With dots."""
    unit: str
    """UCUM, as OTLP has it: s, {token}, USD, 1."""
    help: str
    kind: Kind
    points: tuple[Point, ...]
    since: datetime | None = None
    """When it began to count; None = it does not count."""
    bounds: tuple[float, ...] = ()
    """Of a histogram: the upper ends of its buckets."""


def measure(now: Snapshot, ledger: Lifetime, attempts: Iterable[Attempt]) -> tuple[Metric, ...]:
    """Everything that is exported; without a ledger or a gateway its metrics are absent.

    Args:
        ledger: all-time counts.
        attempts: the gateway's since it started; nothing when none runs.
    """
    figures = [*_ledger(now.catalog, ledger), *_limits(now)]
    if now.gateway is not None:
        figures += _gateway(now.catalog, attempts, now.gateway.since)
        figures.append(_in_flight(now))
    return tuple(metric for metric in figures if metric.points)


def _ledger(catalog: Catalog, ledger: Lifetime) -> list[Metric]:
    def total(name: str, unit: str, about: str, series: _Series) -> Metric:
        return Metric(
            name=f"pf_tui.ledger.{name}",
            unit=unit,
            help=about,
            kind="total",
            points=series.points(),
            since=ledger.since,
        )

    tokens: dict[str, _Series] = {name: _Series() for name in _TOKENS}
    requests, costs, unpriced = _Series(), _Series(), _Series()
    for part in ledger.parts:
        where = _where(catalog, part.provider, part.model, part.agent)
        for series, count in zip(tokens.values(), _counts(part.totals), strict=True):
            series.add(where, count)
        part_totals = part.totals
        other = part_totals.failed - part_totals.rate_limited
        for outcome, count in (
            ("ok", part_totals.requests - part_totals.failed),
            ("rate_limited", part_totals.rate_limited),
            ("failed", max(0, other)),
        ):
            if count:
                requests.add({**where, "pf_tui.outcome": outcome}, count)
        for basis, usd in (
            ("money", part_totals.cost_usd - part_totals.plan_usd),
            ("plan", part_totals.plan_usd),
        ):
            if usd:
                costs.add({**where, "pf_tui.cost.basis": basis}, usd)
        if part_totals.unpriced_tokens:
            unpriced.add(where, part_totals.unpriced_tokens)
    hits, switches = _Series(), _Series()
    for hit in ledger.hits:
        hits.add({"pf_tui.provider": hit.provider, "error.type": hit.kind}, hit.times)
    for switch in ledger.switches:
        switches.add({"pf_tui.provider": switch.provider}, switch.times)
    return [
        *(total(name, "{token}", about, tokens[name]) for name, about in _TOKENS.items()),
        total("requests", "{request}", "Requests, by how they went.", requests),
        total("cost", "USD", "What it cost; basis plan is a list price equivalent, not a bill.", costs),
        total(
            "unpriced_tokens", "{token}", "Tokens without a known price; they are not in the cost.", unpriced
        ),
        total("limit.hits", "{hit}", "How often a limit was hit, by what it was.", hits),
        total("switches", "{switch}", "How often another provider took over, by who did.", switches),
    ]


def _counts(part_totals: Totals | Attempt) -> tuple[int, int, int, int, int]:
    """The numbers of _TOKENS; the conventions' input holds what a cache read and wrote."""
    whole = part_totals.input + part_totals.cache_read + part_totals.cache_write
    return whole, part_totals.output, part_totals.cache_read, part_totals.cache_write, part_totals.reasoning


_TOKENS: Mapping[str, str] = {
    "input_tokens": "Input tokens, cached ones too.",
    "output_tokens": "Output tokens, reasoning too.",
    "cache_read.input_tokens": "Input tokens read from a prompt cache.",
    "cache_write.input_tokens": "Input tokens written to a prompt cache.",
    "reasoning.output_tokens": "Output tokens spent on reasoning.",
}
"""The conventions' names, and what each counts."""


def _gateway(catalog: Catalog, attempts: Iterable[Attempt], since: datetime) -> list[Metric]:
    tokens: dict[str, _Series] = {name: _Series() for name in _TOKENS}
    requests = _Series()
    durations, first_chunks = _Series(DURATIONS_S), _Series(FIRST_CHUNK_S)
    for request in attempts:
        where = _where(catalog, request.provider, request.model, request.agent) | {
            "gen_ai.operation.name": "chat"
        }
        if request.served_model:
            where["gen_ai.response.model"] = request.served_model
        for series, count in zip(tokens.values(), _counts(request), strict=True):
            series.add(where, count)
        attributes = {**where, "error.type": request.failure or "failed"} if request.failed else where
        requests.add(attributes, 1)
        if request.latency_ms is not None:
            durations.add(attributes, request.latency_ms / 1000)
        if request.ttft_ms is not None and not request.failed:
            first_chunks.add(where, request.ttft_ms / 1000)

    def counter(name: str, unit: str, about: str, series: _Series) -> Metric:
        return Metric(name=name, unit=unit, help=about, kind="counter", points=series.points(), since=since)

    def histogram(name: str, about: str, series: _Series) -> Metric:
        return Metric(
            name=name,
            unit="s",
            help=about,
            kind="histogram",
            points=series.points(),
            since=since,
            bounds=series.bounds,
        )

    return [
        *(
            counter(f"gen_ai.client.inference.usage.{name}", "{token}", about, tokens[name])
            for name, about in _TOKENS.items()
        ),
        counter("pf_tui.requests", "{request}", "Requests to providers since the gateway started.", requests),
        histogram("gen_ai.client.operation.duration", "From a request to the end of its answer.", durations),
        histogram("gen_ai.client.operation.time_to_first_chunk", "To the first text.", first_chunks),
    ]


def _limits(now: Snapshot) -> list[Metric]:
    series = _Series()
    for view in now.providers:
        for limit in view.limits:
            if limit.percent is not None:
                where = {"pf_tui.provider": view.id, "pf_tui.window": limit.window, "pf_tui.unit": limit.unit}
                if limit.model:
                    where["pf_tui.model_family"] = limit.model
                series.highest(where, limit.percent / 100)
    about = "The used share of a limit window or budget; 1 = used up."
    return [
        Metric(name="pf_tui.limit.utilization", unit="1", help=about, kind="gauge", points=series.points())
    ]


def _in_flight(now: Snapshot) -> Metric:
    """Providers without a request are told as nothing only where there is no other."""
    series = _Series()
    for request in now.gateway.live if now.gateway is not None else ():
        series.add({"pf_tui.provider": request.provider}, 1)
    return Metric(
        name="pf_tui.requests_in_flight",
        unit="{request}",
        help="Requests the gateway is serving now.",
        kind="gauge",
        points=series.points() or (Point(attributes=(), value=0),),
    )


def _where(catalog: Catalog, provider: str, model: str, agent: str) -> dict[str, str]:
    return {
        "gen_ai.provider.name": _vendor(catalog, provider),
        "gen_ai.request.model": model,
        "pf_tui.provider": provider,
        "pf_tui.agent": agent,
    }


def _vendor(catalog: Catalog, provider: str) -> str:
    """The word the conventions have for who is asked; else our own."""
    entry = catalog.providers.get(provider)
    return _VENDORS.get(entry.family if entry else "", provider)


_VENDORS: Mapping[str, str] = {
    "Anthropic": "anthropic",
    "OpenAI": "openai",
    "Google": "gcp.gemini",
    "Vertex": "gcp.vertex_ai",
    "AWS": "aws.bedrock",
    "Azure": "azure.ai.openai",
    "Cohere": "cohere",
    "DeepSeek": "deepseek",
    "Groq": "groq",
    "Mistral": "mistral_ai",
    "xAI": "x_ai",
}


class _Series:
    """Values by attributes, added up; with bounds they are counted into buckets too."""

    def __init__(self, bounds: tuple[float, ...] = ()) -> None:
        self.bounds = bounds
        self._values: dict[Attributes, float] = {}
        self._counts: dict[Attributes, list[int]] = {}

    def add(self, where: Mapping[str, str], value: float) -> None:
        key = self._key(where)
        self._values[key] = self._values.get(key, 0) + value
        if self.bounds:
            self._counts.setdefault(key, self._empty())[bisect_left(self.bounds, value)] += 1

    def highest(self, where: Mapping[str, str], value: float) -> None:
        """Keep the larger of two that stand for the same."""
        key = self._key(where)
        self._values[key] = max(value, self._values.get(key, value))

    def points(self) -> tuple[Point, ...]:
        """In the order of their attributes; the least of too many together."""
        first = sorted(self._values, key=lambda key: (-self._values[key], key))
        series = (
            {key: key for key in first} if len(first) <= MOST else {key: key for key in first[: MOST - 1]}
        )
        values: dict[Attributes, float] = {}
        counts: dict[Attributes, list[int]] = {}
        for key in first:
            group = series.get(key, _OTHERS)
            values[group] = values.get(group, 0) + self._values[key]
            if self.bounds:
                before = counts.setdefault(group, self._empty())
                counts[group] = [
                    number + more for number, more in zip(before, self._counts[key], strict=True)
                ]
        return tuple(
            Point(attributes=key, value=values[key], counts=tuple(counts.get(key, ())))
            for key in sorted(values)
        )

    def _key(self, where: Mapping[str, str]) -> Attributes:
        return tuple(sorted((name, visible(text)[:LONGEST_TEXT]) for name, text in where.items()))

    def _empty(self) -> list[int]:
        return [0] * (len(self.bounds) + 1)


_OTHERS: Attributes = (("pf_tui.provider", OTHER),)
