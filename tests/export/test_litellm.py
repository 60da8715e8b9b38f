"""The proxy's configuration asks whom the chain asks, and says what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog, snapshot
from pf_tui.catalog import SERVED_PROTOCOLS
from pf_tui.export import litellm, litellm_text
from pf_tui.export.litellm import CLOUDS
from pf_tui.records import replace
from pf_tui.rules import failover
from pf_tui.rules.failover import RouteRequest
from pf_tui.snapshot import Snapshot, StateFiles
from pf_tui.snapshot.provider_view import LedgerFigures
from pf_tui.state.config import Budgets, Config
from pf_tui.state.context import Context
from pf_tui.state.credentials import Credential
from pf_tui.state.health import Bench, Health
from tests.examples import examples

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CATALOG = catalog.load()
MODELS = [model.id for model in CATALOG.models.values() if CATALOG.chats(model.id)]
FOUR = ("anthropic-api", "openrouter", "zai-coding-plan", "openai-api")


def bare() -> StateFiles:
    return StateFiles(
        catalog=CATALOG,
        config=Config(),
        health=Health(),
        project=None,
        credentials={},
        figures=LedgerFigures(),
        events=(),
        installed=(),
        gateway=None,
        zone=UTC,
    )


def with_keys(*providers: str, **parts: Any) -> Snapshot:
    held = {
        name: Credential(state="present", source=f"env:{next(iter(CATALOG.providers[name].env), 'KEY')}")
        for name in providers
    }
    return snapshot.assemble(replace(bare(), **{"credentials": held, **parts}), NOON)


def read(now: Snapshot) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(litellm_text.text(litellm.proxy(now)))
    return content


def asked(content: Mapping[str, Any], name: str) -> list[str]:
    """ "provider.model" in the order a LiteLLM that reads this file asks, when everybody fails."""
    router = content["router_settings"]
    fallbacks = {group: others for entry in router["fallbacks"] for group, others in entry.items()}
    group = router["model_group_alias"].get(name, name)
    order: list[str] = []
    for part in (group, *fallbacks.get(group, [])):
        assert part == group or part not in fallbacks  # a fallback's own fallbacks would come in between
        deployments = [one for one in content["model_list"] if one["model_name"] == part]
        assert [one["litellm_params"]["order"] for one in deployments] == list(range(1, len(deployments) + 1))
        order += [one["model_info"]["id"].partition(".in.")[0] for one in deployments]
    return order


def routed(now: Snapshot, model: str) -> list[str]:
    listed = litellm.lasting(now.listed if now.auto_switch else now.listed[:1])
    routing = failover.route(
        RouteRequest(model=model, protocols=SERVED_PROTOCOLS),
        [one for one in listed if now.catalog.providers[one.provider].family not in CLOUDS],
        now.catalog,
        auto_switch=now.auto_switch,
        own_order=now.has_own_order,
    )
    return [f"{one.provider}.{one.model}" for one in routing.candidates]


PROVIDERS = sorted(CATALOG.providers)


@st.composite
def worlds(draw: st.DrawFn) -> Snapshot:
    listed = draw(st.lists(st.sampled_from(PROVIDERS), unique=True, min_size=1, max_size=8))
    held = {
        name: Credential(
            state=draw(st.sampled_from(["present", "present", "missing", "expired"])),
            source=draw(st.sampled_from(["env:A_KEY", "keyring", "auth.json"])),
            agent=draw(st.sampled_from([None, None, "opencode"])),
        )
        for name in listed
    }
    benches = tuple(
        Bench(provider=name, kind="rate", until=until, since=NOON, evidence={})
        for name in listed
        if (until := draw(st.sampled_from(["", "", NOON + timedelta(hours=1), None]))) != ""
    )
    config = Config(
        priority=draw(st.sampled_from([tuple(listed), None])),
        auto_switch=draw(st.sampled_from([True, True, True, False])),
        budgets={name: Budgets(daily_usd=draw(st.sampled_from([None, 0.5, 20.0]))) for name in listed},
    )
    return snapshot.assemble(
        replace(bare(), config=config, credentials=held, health=Health(benches=benches)), NOON
    )


@given(worlds())
@examples(15)
def test_the_order_is_the_chains_for_every_model(now: Snapshot) -> None:
    content = read(now)

    for model in MODELS:
        assert asked(content, model) == routed(now, model), model


@given(worlds())
@examples(5)
def test_every_provider_of_the_list_is_asked_or_left_out_with_a_reason(now: Snapshot) -> None:
    proxy = litellm.proxy(now)

    there = {one.provider for one in proxy.deployments}
    out = [one.provider for one in proxy.left_out]
    assert sorted([*there, *out]) == sorted(one.provider for one in now.listed)
    assert all(one.reason for one in proxy.left_out)
    assert len({one.id for one in proxy.deployments}) == len(proxy.deployments)
    assert not set(proxy.aliases) & {one.group for one in proxy.deployments}
    assert set(proxy.aliases.values()) <= {one.group for one in proxy.deployments}


@cache
def four() -> Snapshot:
    return with_keys(*FOUR, config=Config(priority=FOUR, budgets={FOUR[0]: Budgets(daily_usd=20)}))


def test_a_seller_is_a_deployment_with_its_key_by_name() -> None:
    first, second, *_ = [one for one in read(four())["model_list"] if one["model_name"] == "claude-opus-5-5"]

    assert first == {
        "model_name": "claude-opus-5-5",
        "litellm_params": {
            "model": "anthropic/claude-opus-5-5",
            "api_base": "https://api.anthropic.com",
            "api_key": "os.environ/ANTHROPIC_API_KEY",
            "order": 1,
            "max_budget": 20,
            "budget_duration": "1d",
        },
        "model_info": {"id": "anthropic-api.claude-opus-5-5"},
    }
    assert second["litellm_params"] == {
        "model": "anthropic/anthropic/claude-opus-5.5",
        "api_base": "https://openrouter.ai/api",
        "api_key": "os.environ/OPENROUTER_API_KEY",
        "order": 2,
    }
    assert second["model_info"]["base_model"] == "claude-opus-5-5"


def test_one_failure_is_one_request_and_a_rest() -> None:
    content = read(four())

    router = content["router_settings"]
    assert (router["num_retries"], router["allowed_fails"], router["cooldown_time"]) == (0, 0, 60)
    assert router["max_fallbacks"] >= max(len(next(iter(one.values()))) for one in router["fallbacks"])
    assert content["general_settings"]["master_key"] == "os.environ/LITELLM_MASTER_KEY"


def test_a_prompt_that_is_too_long_goes_to_larger_windows_alone() -> None:
    proxy = litellm.proxy(four())
    models = {one.group: (one.provider, one.model) for one in proxy.deployments if one.order == 1}

    for group, others in proxy.larger.items():
        provider, model = models[group]
        window = failover.window(CATALOG, model, provider)
        assert all(failover.window(CATALOG, models[one][1], models[one][0]) > window for one in others)
    assert proxy.larger["glm-4.7"]


def test_short_names_are_aliases_of_groups() -> None:
    aliases = read(four())["router_settings"]["model_group_alias"]

    assert aliases["opus"] == CATALOG.model("opus").id
    assert aliases["anthropic/claude-opus-5.5"] == "claude-opus-5-5"


def test_what_ends_by_itself_does_not_shape_a_configuration() -> None:
    def resting(until: datetime | None) -> Snapshot:
        bench = Bench(provider=FOUR[0], kind="rate", until=until, since=NOON, evidence={})
        return with_keys(*FOUR, config=four().config, health=Health(benches=(bench,)))

    assert litellm.proxy(resting(NOON + timedelta(hours=1))) == litellm.proxy(four())
    assert [one.provider for one in litellm.proxy(resting(None)).left_out] == [FOUR[0]]


def test_the_same_settings_give_the_same_bytes() -> None:
    again = with_keys(*FOUR, config=four().config)

    assert litellm_text.text(litellm.proxy(again)) == litellm_text.text(litellm.proxy(four()))


def test_comments_say_who_is_left_out_and_why() -> None:
    listed = ("anthropic-subscription", "bedrock", "groq", "openrouter")
    held = {
        name: Credential(state="present", source="keyring", agent="claude-code" if "sub" in name else None)
        for name in ("anthropic-subscription", "bedrock", "openrouter")
    }
    budgets = {"openrouter": Budgets(daily_tokens=1_000_000, monthly_usd=30)}
    config = Config(priority=listed, budgets=budgets)

    text = litellm_text.text(litellm.proxy(with_keys(credentials=held, config=config)))

    said = [line for line in text.splitlines() if line.startswith("# - ")]
    assert "# - anthropic-subscription: its login works in claude-code alone" in said
    assert any(line.startswith("# - bedrock: its address needs ") for line in said)
    assert "# - groq: no credential" in said
    assert "# - openrouter: your dailyTokens 1000000" in said
    assert (
        "# - openrouter: its key is in this machine's keyring; give it to the proxy as OPENROUTER_API_KEY"
        in said
    )


def test_no_secret_is_written_and_own_settings_that_are_not_are_named(
    context: Callable[..., Context],
) -> None:
    ctx = context(env={"MY_LAB_KEY": "secret-9"})
    ctx.paths.home.mkdir(mode=0o700, parents=True)
    ctx.paths.providers.write_text(
        "providers:\n  - id: my-lab\n    base_url: http://127.0.0.1:9\n    env: MY_LAB_KEY\n"
        "    protocols: [openai-chat]\n    models: [claude-opus-5-5]\n    headers: {X-Team: secret-9}\n"
        "    dialect: {limit_most: 8192}\n"
    )

    text = litellm_text.text(litellm.proxy(snapshot.take(ctx)))

    assert "os.environ/MY_LAB_KEY" in text
    assert "secret-9" not in text
    assert "# - my-lab: the headers of providers.yaml (X-Team); they may be secret" in text.splitlines()
    assert "# - my-lab: the dialect settings of providers.yaml" in text.splitlines()
