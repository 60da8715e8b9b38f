"""choose(): who serves, and a reason for everyone passed over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog
from pf_tui.rules.eligibility import ActiveBench, Eligibility, ExhaustedWindow, why_ineligible
from pf_tui.rules.failover import RouteRequest, choose, route
from pf_tui.rules.models import NEAREST, match_model, window

CATALOG = catalog.load()
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BACK = NOON + timedelta(minutes=48)


def eligibility(provider: str, **facts: object) -> Eligibility:
    return Eligibility(provider=provider, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "code", "reason"),
    [
        pytest.param(
            eligibility("groq", credential="missing", usable=False),
            "no-credential",
            "no credential",
            id="no-credential",
        ),
        pytest.param(
            eligibility("groq", credential="expired", usable=False),
            "no-credential",
            "the credential has expired",
            id="expired",
        ),
        pytest.param(
            eligibility("groq", credential="unknown", usable=False, credential_hint="ask"),
            "no-credential",
            "the credential is not certain (ask)",
            id="maybe",
        ),
        pytest.param(
            eligibility("groq", rests=(ActiveBench(kind="rate", until=BACK, why="429 rate"),)),
            "benched",
            "benched (429 rate)",
            id="benched",
        ),
        pytest.param(
            eligibility("groq", full_windows=(ExhaustedWindow(window="today's budget", resets_at=BACK),)),
            "exhausted",
            "today's budget is used up",
            id="spent",
        ),
        pytest.param(
            eligibility("groq", enabled=False, disabled_why="not in this project's list"),
            "disabled",
            "not in this project's list",
            id="disabled",
        ),
    ],
)
def test_a_provider_that_cannot_serve_is_passed_over_with_its_reason(
    first: Eligibility, code: str, reason: str
) -> None:
    choice = choose([first, eligibility("openrouter")], None, CATALOG)

    assert choice.provider == "openrouter"
    assert [(p.provider, p.code, p.reason) for p in choice.skipped] == [("groq", code, reason)]


def test_a_model_no_one_there_serves_is_a_reason_too() -> None:
    # embeddings have no stand-in at a provider without any
    embedding = next(m.id for m in CATALOG.models.values() if m.subfamily == "embedding")
    choice = choose([eligibility("deepseek-api"), eligibility("openai-api")], embedding, CATALOG)

    assert choice.provider == "openai-api"
    assert choice.skipped[0].code == "model"


def test_a_bench_of_one_model_leaves_the_others_free() -> None:
    resting = eligibility(
        "anthropic-api", rests=(ActiveBench(kind="rate", until=BACK, model="claude-opus-5-5"),)
    )

    assert why_ineligible(resting, "claude-sonnet-5-5") is None
    assert why_ineligible(resting, "claude-opus-5-5") is not None


def test_a_weekly_opus_window_stops_only_opus() -> None:
    full_windows = eligibility(
        "anthropic-subscription",
        full_windows=(ExhaustedWindow(window="week", resets_at=BACK, model_family="opus"),),
    )

    assert why_ineligible(full_windows, "claude-sonnet-5-5") is None
    assert why_ineligible(full_windows, "claude-opus-5-5") is not None


def test_with_auto_switch_off_the_first_serves_usable_or_not() -> None:
    choice = choose(
        [eligibility("groq", usable=False), eligibility("openrouter")], None, CATALOG, auto_switch=False
    )

    assert choice.provider == "groq"


def test_nobody_says_how_many_and_why() -> None:
    choice = choose(
        [
            eligibility("groq", usable=False, credential="missing"),
            eligibility("openrouter", rests=(ActiveBench(kind="rate", until=BACK),)),
            eligibility("together", rests=(ActiveBench(kind="quota", until=None),)),
        ],
        None,
        CATALOG,
    )

    assert choice.provider is None
    assert choice.reason == "no provider can serve: 1 without a credential, 2 benched"
    assert choice.first_back is not None
    assert choice.first_back.provider == "openrouter"


def test_a_retired_model_is_served_by_its_successor() -> None:
    found = match_model("anthropic-api", "claude-sonnet-4-20250514", CATALOG)

    assert found.model == "claude-sonnet-5-5"
    assert "retired" in found.note


def test_a_stand_in_holds_the_conversation() -> None:
    model = match_model("groq", "claude-opus-5-5", CATALOG, min_context_tokens=120_000).model

    assert model is None or CATALOG.models[model].context >= 120_000


@given(
    st.lists(
        st.builds(
            Eligibility,
            provider=st.sampled_from(sorted(CATALOG.providers)),
            enabled=st.booleans(),
            usable=st.booleans(),
            rests=st.sampled_from(
                [(), (ActiveBench(kind="rate", until=BACK),), (ActiveBench(kind="auth", until=None),)]
            ),
        ),
        unique_by=lambda s: s.provider,
    )
)
def test_the_chosen_one_can_serve_and_everyone_before_has_a_reason(eligibilities: list[Eligibility]) -> None:
    choice = choose(eligibilities, None, CATALOG)

    order = [s.provider for s in eligibilities]
    expected = order if choice.provider is None else order[: order.index(choice.provider)]
    assert [p.provider for p in choice.skipped] == expected
    assert all(p.reason for p in choice.skipped)
    if choice.provider:
        chosen = eligibilities[order.index(choice.provider)]
        assert chosen.enabled
        assert chosen.usable
        assert not chosen.rests


MIXED = ("anthropic-api", "zai-coding-plan", "groq", "openrouter")
"""One that has the model, a stand-in, a stand-in on another protocol, and the model again."""


def order(*, own_order: bool = True, without: str | None = None, **facts: object) -> list[str]:
    eligibilities = [eligibility(name, **(facts if name == MIXED[0] else {})) for name in MIXED]
    request = RouteRequest(model="claude-opus-5-5")
    routing = route(request, eligibilities, CATALOG, own_order=own_order, without=without)
    return [one.provider for one in routing.candidates]


def test_the_same_model_elsewhere_goes_before_stand_ins() -> None:
    assert order() == ["anthropic-api", "openrouter", "zai-coding-plan", "groq"]


def test_who_follows_a_failure_is_who_serves_while_the_first_rests() -> None:
    benched = order(rests=(ActiveBench(kind="rate", until=BACK),))

    assert order(without="anthropic-api") == benched == ["openrouter", "zai-coding-plan", "groq"]


def test_a_stand_in_that_a_person_put_first_stays_first() -> None:
    eligibilities = [eligibility("zai-coding-plan"), eligibility("anthropic-api")]

    assert choose(eligibilities, "claude-opus-5-5", CATALOG).provider == "zai-coding-plan"
    assert choose(eligibilities, "claude-opus-5-5", CATALOG, own_order=False).provider == "anthropic-api"


def test_a_provider_with_nothing_of_the_tier_serves_the_nearest_and_says_so() -> None:
    found = match_model("deepseek-api", "claude-sonnet-5-5", CATALOG)

    assert found.model is not None
    assert found.distance == NEAREST
    assert "nearest to claude-sonnet-5-5" in found.note


@given(st.sampled_from(sorted(CATALOG.providers)), st.sampled_from(sorted(CATALOG.models)))
def test_a_conversation_is_never_given_to_a_model_that_cannot_hold_one(provider: str, wanted: str) -> None:
    found = match_model(provider, wanted, CATALOG)

    if CATALOG.chats(wanted) and found.model is not None:
        assert CATALOG.chats(found.model)


def test_a_passed_over_stand_in_says_who_has_the_model_itself() -> None:
    eligibilities = [
        eligibility("anthropic-api", rests=(ActiveBench(kind="rate", until=BACK),)),
        eligibility("zai-coding-plan"),
        eligibility("openrouter"),
    ]

    choice = choose(eligibilities, "claude-opus-5-5", CATALOG)

    assert choice.provider == "openrouter"
    assert choice.skipped[1].provider == "zai-coding-plan"
    assert choice.skipped[1].reason.endswith("openrouter serves claude-opus-5-5")


@pytest.mark.parametrize(
    ("asked", "provider", "served"),
    [
        ("gpt-5.2-codex", "openrouter", "gpt-5.3-codex"),
        ("openai/gpt-5.1-codex-max", "github-copilot", "gpt-5.3-codex"),
        ("o4-mini", "openrouter", "gpt-5.4-mini"),
        ("claude-opus-9", "openrouter", "claude-opus-5-5"),
        ("gpt-5.2-codex", "groq", "gpt-oss-120b"),
        ("gpt-5.2-codex", "openai-api", "gpt-5.2-codex"),
        ("gpt-5.2-codex", "anthropic-api", "claude-sonnet-5-5"),
    ],
)
def test_a_name_the_catalog_lacks_is_served_by_its_makers_nearest(
    asked: str, provider: str, served: str
) -> None:
    match = match_model(provider, asked, CATALOG)

    assert match.model == served
    assert match.note == "" or match.note.startswith(f"{asked} is not in the catalog")


def test_a_makers_own_model_goes_before_another_makers_default() -> None:
    anthropic, openrouter = eligibility("anthropic-api"), eligibility("openrouter")

    routing = route(RouteRequest(model="gpt-5.2-codex"), [anthropic, openrouter], CATALOG, own_order=False)

    assert [candidate.provider for candidate in routing.candidates] == ["openrouter", "anthropic-api"]


def test_a_stand_in_for_a_name_the_catalog_lacks_holds_the_conversation() -> None:
    small = match_model("openrouter", "gpt-5.2-codex", CATALOG)
    large = match_model("openrouter", "gpt-5.2-codex", CATALOG, min_context_tokens=900_000)

    assert small.model == "gpt-5.3-codex"
    assert large.model != small.model
    assert large.model is not None
    assert window(CATALOG, large.model, "openrouter") >= 900_000


def test_where_no_model_sees_pictures_that_is_the_reason() -> None:
    asked = RouteRequest(model="claude-opus-5-5", needs=frozenset({"vision"}))

    routing = route(asked, [eligibility("zai-coding-plan")], CATALOG)

    assert routing.candidates == ()
    assert [skip.reason for skip in routing.skipped] == [
        "has no model in place of claude-opus-5-5 that sees pictures"
    ]
