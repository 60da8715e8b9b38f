"""Every face gives the same answer in every world: who is asked, how long it lasts, who rests.

The faces: the dashboard's first line, list and `w`, `status`, `why`, Claude Code's status line, slash
commands, MCP, `run`'s note, `drill`, the hooks' report of a failure, what Claude Code is set to, and the
gateway.
"""

from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pf_tui import actions, catalog, snapshot
from pf_tui.actions import install
from pf_tui.cli import status_view
from pf_tui.clients import STARTED, Client
from pf_tui.documents import history, matrix, status, words
from pf_tui.drill import rehearsal
from pf_tui.errors import NothingCanServe
from pf_tui.gateway import own_responses
from pf_tui.gateway.body import parse_request
from pf_tui.gateway.breaker import CircuitBreaker
from pf_tui.gateway.routing_state import RoutingState
from pf_tui.hooks import commands, status_line
from pf_tui.launch import plan as launch
from pf_tui.ledger import reader as ledger
from pf_tui.mcp_server import tools
from pf_tui.records import replace
from pf_tui.rules import failures, limits
from pf_tui.rules.benches import Bench
from pf_tui.rules.failover import RouteRequest, arrange, first_back
from pf_tui.rules.limits import Reading
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context
from pf_tui.text.lines import plain
from pf_tui.tui.dialogs.why import why_page
from pf_tui.tui.page import Space
from pf_tui.tui.panes import providers as providers_pane
from pf_tui.tui.panes import status as status_pane
from pf_tui.tui.times import Clock
from tests.conftest import NOON
from tests.examples import examples
from tests.gateway.test_breaker import ROUTE

CATALOG = catalog.load()
KEYED = {
    name: CATALOG.providers[name].env[0]
    for name in (
        "anthropic-api",
        "openai-api",
        "openrouter",
        "groq",
        "mistral-api",
        "deepseek-api",
        "zai-coding-plan",
        "xai-api",
    )
}
PATHS = {
    "anthropic-messages": "/v1/messages",
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
}
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "gpt-6.1-sol", "glm-5.3", "deepseek-v4-pro", None)
WINDOWS = ("5h", "7d")
WIDE = Space(width=240, height=60, clock=Clock(now=NOON))
CUT = 5
"""Letters that the list's column has for a model family; a longer one ends with a sign that it is cut."""

uses = st.fixed_dictionaries(
    {
        "window": st.sampled_from(WINDOWS),
        "family": st.sampled_from([None, None, "opus", "GPT_6.1"]),
        "used": st.integers(1, 100),
        "hours": st.integers(1, 160),
        "source": st.sampled_from(["official", "header", "estimate"]),
    }
)
"""Of one provider's window: what is used of it, in percent, and the hours until its reset."""


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A priority list, keys, benches, windows, a default model: what a person may have."""
    names = draw(st.permutations(sorted(KEYED)))
    order = names[: draw(st.integers(1, len(names)))]
    return {
        "order": order if draw(st.booleans()) else None,
        "keys": sorted(draw(st.sets(st.sampled_from(sorted(KEYED)), min_size=1))),
        "benched": sorted(draw(st.sets(st.sampled_from(sorted(KEYED)), max_size=3))),
        "windows": draw(st.dictionaries(st.sampled_from(names), st.lists(uses, max_size=3), max_size=4)),
        "model": draw(st.sampled_from(MODELS)),
    }


@contextmanager
def living(world: Mapping[str, Any]) -> Iterator[Context]:
    """The world's files in a home of their own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {"HOME": folder, "TZ": "UTC"}
        env |= {KEYED[name]: f"key-of-{name}-0123456789" for name in world["keys"]}
        here = Context.here("cli", env=env, cwd=home)
        ctx = Context(paths=here.paths, env=env, cwd=home, who="cli", clock=lambda: NOON)
        ctx.paths.home.mkdir(parents=True)
        config: dict[str, Any] = {"version": 2}
        if world["order"] is not None:
            config["providerPriority"] = list(world["order"])
        if world["model"] is not None:
            config["defaultModel"] = world["model"]
        ctx.paths.config.write_text(json.dumps(config))
        benches = [
            {
                "scope": "provider",
                "provider": name,
                "kind": "rate",
                "since": "2026-11-24T11:00:00+00:00",
                "until": "2026-11-24T18:00:00+00:00",
                "source": "test",
                "evidence": {},
                "strikes": 1,
            }
            for name in world["benched"]
        ]
        ctx.paths.health.write_text(json.dumps({"version": 1, "benches": benches}))
        ledger.limit_readings(
            ctx.paths.ledger,
            [
                Reading(
                    provider=name,
                    window=use["window"],
                    unit="percent",
                    used=use["used"],
                    limit=100.0,
                    resets_at=NOON + min(timedelta(hours=use["hours"]), limits.LENGTHS[use["window"]]),
                    source=use["source"],
                    observed_at=NOON - timedelta(minutes=2),
                    model=use["family"],
                )
                for name, windows in world["windows"].items()
                for use in windows
            ],
        )
        yield ctx


def name_after(pattern: str, text: str) -> str | None:
    """The provider that a face's text names; None where it says that there is none."""
    match = re.search(pattern, text)
    assert match is not None, text
    return match[1] if match[1] in CATALOG.providers else None


def top_line(now: Snapshot) -> str:
    """The dashboard's first line."""
    return "\n".join(plain(line) for line in status_pane.lines_for(now, WIDE))


def next_by_face(ctx: Context, now: Snapshot) -> dict[str, str | None]:
    """Face -> whom it names as next."""
    following = now.next.provider if now.next else None
    answer = commands.answer(ctx, "/provider-status", "") or ""
    serves = now.active.provider if now.active else None
    document, why = status.document(now)["next"], history.why(now)["next"]
    status_text = "\n".join(line.plain for line in status_view.overview(now, None, 240))
    return {
        "rule": following,
        "status --json": document["provider"] if document else None,
        "why --json": why["provider"] if why else None,
        "status": name_after(r"→ (\S+)|no provider available", status_text),
        "status line": name_after(r"→ (\S+)|no next provider", status_line._text(ctx, now, serves)),
        "slash command": name_after(r"next: (\S+)", answer),
        "mcp": name_after(r"(?:next: (\S+?)|no next provider|^no provider.*)(?:;|$)", tools.summary(now)),
        "dashboard": name_after(r"→ (\S+)|nobody (?:follows|serves)", top_line(now)),
        "w": name_after(r"if it failed now, (\S+) would|nobody would", why_page(now, WIDE).text()),
    }


@examples(60)
@given(worlds())
def test_no_two_faces_name_another_next(world: dict[str, Any]) -> None:
    with living(world) as ctx:
        now = snapshot.take(ctx)
        following = now.route(RouteRequest(model=now.model)).candidates[1:]

        names = next_by_face(ctx, now)

        assert names == dict.fromkeys(names, following[0].provider if following else None)


@examples(60)
@given(worlds())
def test_no_two_faces_name_another_that_serves(world: dict[str, Any]) -> None:
    with living(world) as ctx:
        now = snapshot.take(ctx)
        routing = now.route(RouteRequest(model=now.model))
        serving = [step["provider"] for step in history.chain(now) if step["verdict"] == "serves"]
        active = status.document(now)["active"]
        status_text = "\n".join(line.plain for line in status_view.overview(now, None, 240))
        answer = commands.answer(ctx, "/provider-status", "") or ""

        names = {
            "status --json": active["provider"] if active else None,
            "why": serving[0] if serving else None,
            "slash command": name_after(r"(\S+) serves|no provider", answer),
            "mcp": name_after(r"(\S+) serves|no provider", tools.summary(now)),
            "status": name_after(r"[●○] (\S+)", status_text),
            "dashboard": name_after(r"[●○▶] (\S+)", top_line(now)),
            "w": name_after(r"(\S+) serves|nobody serves", why_page(now, WIDE).text()),
        }

        assert names == dict.fromkeys(names, routing.first.provider if routing.first else None)
        if routing.first is None and (back := first_back(routing.skipped)) is not None:
            assert f"first back {back.provider} " in top_line(now)
            assert now.choice.first_back == back == own_responses.first_back(routing.skipped, NOON)


@examples(60)
@given(worlds())
def test_who_follows_a_failure_is_whom_every_face_named(world: dict[str, Any]) -> None:
    """A hook reports it; Claude Code is set to the same, or its effect names who serves it instead."""
    with living(world) as ctx:
        before = snapshot.take(ctx)
        if before.active is None:
            return
        install.install(ctx, "claude-code")
        installed_at = next(a.applied for a in snapshot.take(ctx).agents if a.agent == "claude-code")
        failure = failures.reported("quota")

        outcome = actions.report_failure(ctx, before.active.provider, failure)

        following = before.next.provider if before.next else None
        after = snapshot.take(ctx)
        assert outcome is not None
        assert outcome.to_provider == (after.active.provider if after.active else None) == following
        set_to = next(agent.applied for agent in after.agents if agent.agent == "claude-code")
        named = [effect.text for effect in outcome.effects]
        assert set_to in (installed_at, following) or any(f" {set_to} " in text for text in named)


@examples(60)
@given(worlds(), st.sampled_from(sorted(STARTED)))
def test_run_names_whom_the_gateway_asks_in_that_order(world: dict[str, Any], word: str) -> None:
    with living(world) as ctx:
        now = snapshot.take(ctx)
        client = STARTED[word]

        asked = asked_by_gateway(ctx, now, client)

        routing = matrix.route(now, client, now.model or "claude-sonnet-5-5")
        assert [(c["provider"], c["model"], c["protocol"]) for c in routing["candidates"]] == asked
        try:
            route = launch.launch_route(now, client)
        except NothingCanServe:
            assert not now.route(launch.request_of(now, client)).candidates
        else:
            assert rehearsal.agent_and_route(now, word) == (client, route)
            if now.model is not None:
                assert [route.provider, *route.then] == [provider for provider, *_ in asked]


def asked_by_gateway(ctx: Context, now: Snapshot, client: Client) -> list[tuple[str, str, str]]:
    """(provider, model, protocol) in the order in which the gateway asks for a new session."""
    state = RoutingState(ctx)
    plan = state.load()
    protocol = client.protocols[0]
    model = now.model or "claude-sonnet-5-5"
    body = json.dumps({"model": model, "messages": [], "input": "", "stream": True}).encode()
    request = parse_request(PATHS[protocol], "", body, {})
    routes, _ = arrange(
        plan.candidates(request, bearer=False).routes,
        state.breaker.blocked,
        first=plan.first,
        last_resort=plan.last_resort,
    )
    return [(route.provider, route.model, route.protocol) for route in routes]


@examples(60)
@given(worlds())
def test_no_two_faces_name_another_window(world: dict[str, Any]) -> None:
    """How long the active provider lasts: the window, its share, and when it is empty or begins anew."""
    with living(world) as ctx:
        now = snapshot.take(ctx)
        if now.active is None:
            return
        view = now.view(now.active.provider)
        limit = limits.tightest(view.limits, view.serves)
        if limit is None:
            return
        word, share = words.window_word(limit.window, limit.model), words.percent(limit.percent)
        mark = "" if limit.trusted else "~"
        pane = providers_pane.page_for(now, WIDE).text()
        row = next(line for line in pane.splitlines() if view.id in line)

        assert f"{share} of {word}" in (commands.answer(ctx, "/provider-status", "") or "")
        assert f"{share} of {word}" in "\n".join(x.plain for x in status_view.overview(now, None, 240))
        assert f", {limit.percent:.0f} % of {limit.window} used" in tools.summary(now)
        assert f"{word} {mark}{share}" in top_line(now)
        assert f"{mark}{share}" in row
        assert (limit.model[:CUT] if limit.model else word) in row
        if limit.runs_out_at is not None:
            line = status_line._text(ctx, now, view.id)
            assert f"empty ~{words.clock(limit.runs_out_at, NOON, ctx.timezone())}" in line


ANSWERS = (
    (429, {"retry-after": "30"}, '{"error":{"type":"rate_limit_error","message":"slow down"}}'),
    (429, {}, '{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}'),
    (401, {}, '{"error":{"type":"authentication_error","message":"invalid x-api-key"}}'),
    (403, {}, '{"error":{"message":"account suspended"}}'),
    (404, {}, '{"error":{"type":"not_found_error","message":"model: claude-opus-5-5"}}'),
    (500, {}, "{}"),
    (503, {}, '{"error":{"message":"overloaded"}}'),
    (529, {}, '{"error":{"type":"overloaded_error","message":"Overloaded"}}'),
    (402, {}, '{"error":{"message":"Insufficient credits"}}'),
)


@examples(60)
@given(st.lists(st.tuples(st.sampled_from(ANSWERS), st.integers(1, 60)), min_size=1, max_size=4))
def test_gateway_and_hooks_rest_the_same_for_as_long(
    answers: list[tuple[tuple[int, dict[str, str], str], int]],
) -> None:
    """The same answers in a row lead both to the same benches: who, what of it, until when, which strike."""
    at = NOON
    world = {
        "order": ["anthropic-api"],
        "keys": ["anthropic-api"],
        "benched": [],
        "windows": {},
        "model": None,
    }
    with living(world) as ctx:
        moving = replace(ctx, clock=lambda: at)
        breaker = CircuitBreaker(lambda: at, rng=WithoutJitter())
        for (code, headers, body), minutes in answers:
            failure = failures.classify(
                status=code, meanings=CATALOG.meanings, headers=headers, body=body, now=at, model=ROUTE.model
            )
            by_gateway = breaker.failed(ROUTE, failure, breaker.begin(ROUTE), "gateway")
            streak = failure.after if by_gateway is not None else 1
            outcome = actions.report_failure(
                moving, ROUTE.provider, failure, model=ROUTE.model, at=at, streak=streak
            )
            by_hook = outcome.bench if outcome else None
            assert decision(by_gateway) == decision(by_hook)
            at += timedelta(minutes=minutes)


class WithoutJitter(random.Random):
    """Adds nothing to an end."""

    def uniform(self, a: float, b: float) -> float:
        return a


def decision(bench: Bench | None) -> tuple[object, ...] | None:
    """What a bench says but for who saw it."""
    return bench and (bench.key, bench.since, bench.until, bench.strikes)
