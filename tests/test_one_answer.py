"""Every face names the same provider for the same request: no two answers in any world."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pf_tui import catalog, snapshot
from pf_tui.clients import STARTED
from pf_tui.documents import history, status
from pf_tui.errors import NothingCanServe
from pf_tui.gateway.body import parse_request
from pf_tui.gateway.routing_state import RoutingState
from pf_tui.launch import plan as launch
from pf_tui.rules.failover import RouteRequest, arrange
from pf_tui.state.context import Context
from tests.conftest import NOON
from tests.examples import examples

CATALOG = catalog.load()
KEYED = {
    "anthropic-api": "ANTHROPIC_API_KEY",
    "openai-api": "OPENAI_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "groq": "GROQ_API_KEY",
    "mistral-api": "MISTRAL_API_KEY",
    "deepseek-api": "DEEPSEEK_API_KEY",
    "zai-coding-plan": "ZAI_API_KEY",
    "xai-api": "XAI_API_KEY",
}
KEYED = {name: CATALOG.providers[name].env[0] for name in KEYED}
PATHS = {
    "anthropic-messages": "/v1/messages",
    "openai-chat": "/v1/chat/completions",
    "openai-responses": "/v1/responses",
}
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "gpt-6.1-sol", "glm-5.3", "deepseek-v4-pro", None)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """A priority list, keys, benches, a default model: what a person may have."""
    names = draw(st.permutations(sorted(KEYED)))
    order = names[: draw(st.integers(1, len(names)))]
    return {
        "order": order if draw(st.booleans()) else None,
        "keys": sorted(draw(st.sets(st.sampled_from(sorted(KEYED)), min_size=1))),
        "benched": sorted(draw(st.sets(st.sampled_from(sorted(KEYED)), max_size=3))),
        "model": draw(st.sampled_from(MODELS)),
    }


def context(home: Path, world: dict[str, Any]) -> Context:
    env = {"HOME": str(home), "TZ": "UTC"}
    env |= {KEYED[name]: f"key-of-{name}-0123456789" for name in world["keys"]}
    ctx = Context.here("cli", env=env, cwd=home)
    ctx = Context(paths=ctx.paths, env=env, cwd=home, who="cli", clock=lambda: NOON)
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
    return ctx


@examples(30)
@given(worlds())
def test_no_two_faces_name_another_next(world: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ctx = context(Path(folder), world)
        now = snapshot.take(ctx)

        told = {
            "status": status.document(now)["next"],
            "why": history.why(now)["next"],
        }
        names = {face: one["provider"] if one else None for face, one in told.items()}
        following = now.route(RouteRequest(model=now.model)).candidates[1:]

        expected = following[0].provider if following else None
        assert set(names.values()) == {expected}


@examples(30)
@given(worlds(), st.sampled_from(sorted(STARTED)))
def test_run_names_whom_the_gateway_asks_in_that_order(world: dict[str, Any], word: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ctx = context(Path(folder), world)
        now = snapshot.take(ctx)
        client = STARTED[word]
        state = RoutingState(ctx)
        plan = state.load()
        model = now.model or "claude-sonnet-5-5"
        protocol = client.protocols[0]
        body = json.dumps({"model": model, "messages": [], "input": "", "stream": True}).encode()
        request = parse_request(PATHS[protocol], "", body, {})
        routes = plan.candidates(request, bearer=False).routes
        asked, _ = arrange(routes, state.resting.blocked, first=plan.first)

        routing = now.route(
            RouteRequest(model=model, agent=client.id, protocols=(protocol,), tokens=request.tokens)
        )
        assert [one.provider for one in routing.candidates] == [route.provider for route in asked]
        assert [one.model for one in routing.candidates] == [route.model for route in asked]
        assert [one.protocol for one in routing.candidates] == [route.protocol for route in asked]

        try:
            taken = launch.launch_route(now, client)
        except NothingCanServe:
            assert not now.route(launch.request_of(now, client)).candidates
        else:
            order = [one.provider for one in now.route(launch.request_of(now, client)).candidates]
            assert [taken.provider, *taken.then] == order
