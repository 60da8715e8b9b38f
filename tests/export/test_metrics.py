"""What is measured, and OpenMetrics text of it, read back by Prometheus's own parser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pf_tui import snapshot
from pf_tui.export import metrics, openmetrics
from pf_tui.export.metrics import MOST, Metric
from pf_tui.ledger import layout, lifetime, schema, upkeep
from pf_tui.ledger.lifetime import Attempt, Count, Lifetime, Part
from pf_tui.ledger.totals import Totals
from pf_tui.records import replace
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.state.gateway import Gateway, LiveRequest
from pf_tui.visible import visible

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SINCE = NOON - timedelta(hours=2)
ABOUT = (("service.instance.id", "i-1"), ("service.name", "pf-tui"))

Make = Callable[..., Context]


@pytest.fixture
def now(context: Make) -> Snapshot:
    live = LiveRequest(id="1", agent="codex", session=None, provider="groq", model="gpt-oss-120b", since=NOON)
    gateway = Gateway(host="127.0.0.1", port=4100, pid=1, since=SINCE, live=(live,))
    return replace(snapshot.take(context()), gateway=gateway)


def part(model: str = "claude-opus-5-5", provider: str = "anthropic-api", **sums: float) -> Part:
    return Part(provider, model, "claude-code", Totals()._replace(**sums))


def attempt(**own: Any) -> Attempt:
    plain = Attempt("groq", "gpt-oss-120b", None, "codex", None, False, 10, 5, 2, 30, 4, 1500, 200)
    return plain._replace(**own)


BOOK = Lifetime(
    since=NOON - timedelta(days=9),
    parts=(
        part(
            requests=10, failed=3, rate_limited=2, input=100, output=50, reasoning=20, cache_read=1000,
            cache_write=200, cost_usd=3.5, plan_usd=1.5, unpriced_tokens=7,
        ),
    ),
    hits=(Count("anthropic-api", "rate", 2),),
    switches=(Count("groq", "", 4),),
)  # fmt: skip


def read(told: tuple[Metric, ...]) -> dict[str, Any]:
    """Family name -> family, as Prometheus reads them."""
    text = openmetrics.text(told, ABOUT)
    assert text.endswith("# EOF\n")
    return {family.name: family for family in text_string_to_metric_families(text)}


def by(label: str, family: Any, suffix: str = "") -> dict[str, float]:
    """The values of a family added up by one label."""
    sums: dict[str, float] = {}
    for sample in family.samples:
        if sample.name == family.name + suffix:
            name = sample.labels.get(label, "")
            sums[name] = sums.get(name, 0) + sample.value
    return sums


def test_the_ledgers_sums_may_fall_so_they_are_gauges(now: Snapshot) -> None:
    families = read(metrics.measure(now, BOOK, ()))

    ledger = {name: family for name, family in families.items() if name.startswith("pf_tui_ledger_")}
    assert {family.type for family in ledger.values()} == {"gauge"}
    sums = {name: sum(sample.value for sample in family.samples) for name, family in ledger.items()}
    assert sums == {
        "pf_tui_ledger_input_tokens": 1300,
        "pf_tui_ledger_output_tokens": 50,
        "pf_tui_ledger_cache_read_input_tokens": 1000,
        "pf_tui_ledger_cache_write_input_tokens": 200,
        "pf_tui_ledger_reasoning_output_tokens": 20,
        "pf_tui_ledger_requests": 10,
        "pf_tui_ledger_cost_usd": 3.5,
        "pf_tui_ledger_unpriced_tokens": 7,
        "pf_tui_ledger_limit_hits": 2,
        "pf_tui_ledger_switches": 4,
    }
    assert by("pf_tui_outcome", ledger["pf_tui_ledger_requests"]) == {"ok": 7, "rate_limited": 2, "failed": 1}
    assert by("pf_tui_cost_basis", ledger["pf_tui_ledger_cost_usd"]) == {"money": 2.0, "plan": 1.5}


def test_the_gateways_life_is_counted_under_the_conventions_names(now: Snapshot) -> None:
    life = [attempt(), attempt(served_model="gpt-oss-20b"), attempt(failed=True, failure="rate", output=0)]

    families = read(metrics.measure(now, Lifetime(None), life))

    tokens = families["gen_ai_client_inference_usage_input_tokens"]
    assert tokens.type == "counter"
    assert by("pf_tui_provider", tokens, "_total") == {
        "groq": 3 * 44
    }  # input holds what the cache read and wrote
    assert {sample.value for sample in tokens.samples if sample.name.endswith("_created")} == {
        SINCE.timestamp()
    }
    first = next(sample for sample in tokens.samples if "gen_ai_response_model" in sample.labels)
    assert first.labels == {
        "gen_ai_operation_name": "chat",
        "gen_ai_provider_name": "groq",
        "gen_ai_request_model": "gpt-oss-120b",
        "gen_ai_response_model": "gpt-oss-20b",
        "pf_tui_agent": "codex",
        "pf_tui_provider": "groq",
    }
    assert by("error_type", families["pf_tui_requests"], "_total") == {"": 2, "rate": 1}
    assert families["pf_tui_requests_in_flight"].samples[0].value == 1


def test_durations_are_histograms(now: Snapshot) -> None:
    life = [attempt(latency_ms=10), attempt(latency_ms=11), attempt(latency_ms=500_000)]

    family = read(metrics.measure(now, Lifetime(None), life))["gen_ai_client_operation_duration_seconds"]

    reached = {
        sample.labels["le"]: sample.value for sample in family.samples if sample.name.endswith("_bucket")
    }
    assert (reached["0.01"], reached["0.02"], reached["81.92"], reached["+Inf"]) == (1, 2, 2, 3)
    assert [s.value for s in family.samples if s.name.endswith("_sum")] == [pytest.approx(500.021)]


def test_a_reader_of_the_older_text_takes_it_too(now: Snapshot) -> None:
    text = openmetrics.text(metrics.measure(now, BOOK, [attempt()]), ABOUT)

    families = {family.name: family for family in parser.text_string_to_metric_families(text)}

    assert families["pf_tui_ledger_requests"].type == "gauge"
    assert families["gen_ai_client_operation_duration_seconds"].type == "histogram"


def test_without_a_gateway_or_a_ledger_there_is_still_an_exposition(context: Make) -> None:
    assert list(read(metrics.measure(snapshot.take(context()), Lifetime(None), ()))) == ["target_info"]


@given(st.integers(min_value=1, max_value=3 * MOST))
def test_a_metric_has_a_bound_of_series_and_loses_nothing(count: int) -> None:
    series = metrics._Series()
    for number in range(count):
        series.add({"model": f"m-{number}"}, number + 1)

    points = series.points()

    assert len(points) == min(count, MOST)
    assert sum(point.value for point in points) == count * (count + 1) / 2


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_name_of_a_log_is_read_back(model: str, provider: str) -> None:
    series = metrics._Series()
    series.add({"gen_ai.request.model": model, "pf_tui.provider": provider}, 1)
    told = Metric(name="pf_tui.x", unit="1", help="x", kind="gauge", points=series.points())

    (sample,) = read((told,))["pf_tui_x_ratio"].samples

    assert sample.labels["gen_ai_request_model"] == visible(model)[: metrics.LONGEST_TEXT]


def test_a_window_is_a_share(context: Make) -> None:
    ctx = context(env={"GROQ_API_KEY": "k"})
    ctx.paths.home.mkdir(mode=0o700, parents=True)
    ctx.paths.config.write_text('{"usageLimits": {"groq": {"dailyTokens": 1000}}}')

    family = read(metrics.measure(snapshot.take(ctx), Lifetime(None), ()))["pf_tui_limit_utilization_ratio"]

    assert [(sample.labels["pf_tui_provider"], sample.value) for sample in family.samples] == [("groq", 0.0)]


def test_what_another_machine_did_is_exported_there(context: Make) -> None:
    from tests.test_snapshot import use

    ctx = context()
    use(ctx, "groq", NOON - timedelta(days=3), output=100, requests=2)
    with schema.opened(ctx.paths.ledger, write=True) as connection:
        before = lifetime.lifetime(connection)
        number = connection.execute("INSERT INTO names (text) VALUES ('box') RETURNING id").fetchone()[0]
        connection.execute("UPDATE request_rows SET machine = ? WHERE ts % 2 = 1", (number,))
        connection.commit()
        upkeep.rebuild_rollups(connection)
        after = lifetime.lifetime(connection)

    assert [one.totals.requests for one in before.parts] == [2]
    assert [one.totals.requests for one in after.parts] == [1]
    assert before.since == datetime(2026, 11, 21, tzinfo=UTC)


def test_only_the_gateways_own_attempts_are_its_life(context: Make) -> None:
    from tests.test_snapshot import use

    ctx = context()
    use(ctx, "groq", NOON, output=100, requests=3)
    with schema.opened(ctx.paths.ledger, write=True) as connection:
        gateway = layout.NAME["gateway"]
        connection.execute(
            "UPDATE request_rows SET source = ?, latency_ms = 40 WHERE ts % 3 != 0", (gateway,)
        )
        connection.commit()
        rows = list(lifetime.attempts(connection, NOON + timedelta(milliseconds=2)))
        every = list(lifetime.attempts(connection, NOON))

    assert (len(rows), len(every)) == (1, 2)
    assert every[0].provider == "groq"
    assert (every[0].latency_ms, every[0].failed) == (40, False)
