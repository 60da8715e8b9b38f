"""What the plugin is told for each event: routes, benches with evidence, refusals, answers."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pf_tui import actions
from pf_tui.actions.sessions import restore_pins
from pf_tui.errors import PfError
from pf_tui.hooks import opencode
from pf_tui.hooks.opencode import _RETRIED
from pf_tui.records import replace
from pf_tui.rules.benches import Bench
from pf_tui.sessions.evidence import Store
from pf_tui.state import config, health
from pf_tui.state import gateway as state_gateway
from pf_tui.state.context import Context
from pf_tui.state.files import write_json
from pf_tui.state.gateway import Gateway
from tests.conftest import NOON
from tests.hooks import odd_input

Make = Callable[..., Context]

PROVIDERS = """\
providers:
  - {id: alpha, name: A, base_url: https://alpha.example/v1, protocols: [openai-chat], env: [ALPHA_API_KEY]}
  - {id: beta, name: B, base_url: https://beta.example/v1, protocols: [openai-chat], env: [BETA_API_KEY]}
"""

HAS = {
    "available": {"alpha": ["m-alpha"], "beta": ["m-beta"], "ollama": ["llama"]},
    "bases": {"alpha": "https://alpha.example/v1", "beta": "https://beta.example/v1"},
    "defaults": {"beta": "m-beta"},
}


@pytest.fixture
def ctx(context: Make) -> Context:
    """alpha before beta, both in OpenCode."""
    made = context(who="hook", env={"ALPHA_API_KEY": "a", "BETA_API_KEY": "b"})
    made.paths.home.mkdir(parents=True)
    made.paths.providers.write_text(PROVIDERS)
    write_json(made.paths.config, {"version": 2, "providerPriority": ["alpha", "beta"]})
    return made


def told(ctx: Context, event: str, **data: Any) -> dict[str, Any]:
    """The plugin's instruction."""
    answer = opencode.handle(ctx, event, {**HAS, "session_id": "ses_1", **data})
    found: dict[str, Any] = json.loads(answer) if answer else {}
    return found


def turn(ctx: Context, provider: str = "alpha", model: str = "m-alpha", **data: Any) -> dict[str, Any]:
    return told(ctx, "chat.message", provider=provider, model=model, **data)


def failed(ctx: Context, status: int = 429, **data: Any) -> dict[str, Any]:
    given = {"provider": "alpha", "model": "m-alpha", "status": status, **data}
    return told(ctx, "request.failed", **given)


def test_a_turn_stays_where_it_is_while_its_provider_is_the_first(ctx: Context) -> None:
    assert turn(ctx) == {"active": "alpha"}


def test_a_turn_goes_to_the_first_of_the_list(ctx: Context) -> None:
    actions.switch(ctx, "beta")

    answer = turn(ctx)

    assert answer["route"] == {"providerID": "beta", "modelID": "m-beta"}
    assert answer["toast"]["message"] == "beta serves from here on"


@pytest.mark.parametrize(
    "other",
    [
        "whisper-large-v3-turbo",
        "canopylabs/orpheus-v1-english",
        "meta-llama/llama-guard-4-12b",
        "text-embedding-3-large",
        "gpt-image-1",
        "gpt-4o-transcribe",
        "rerank-v3.5",
        "flux-1.1-pro",
        "sora-2",
        "veo-3.1-generate",
        "bge-m3",
        "gpt-realtime",
        "gpt-4o-audio-preview",
        "mistral-ocr-latest",
        "qwen3-asr-flash",
        "stable-diffusion-3.5",
        "computer-use-preview",
        "davinci-002",
    ],
)
def test_a_turn_never_goes_to_a_model_that_only_listens(context: Make, other: str) -> None:
    """OpenCode's own default for groq is one for speech; others draw, speak, order or guard."""
    ctx = context(who="hook", env={"ANTHROPIC_API_KEY": "a", "GROQ_API_KEY": "g"})
    actions.switch(ctx, "groq")
    has = {"anthropic": ["claude-sonnet-5-5"], "groq": [other, "openai/gpt-oss-120b"]}
    data = {"available": has, "bases": {}, "defaults": {"groq": other}}

    answer = told(ctx, "chat.message", provider="anthropic", model="claude-sonnet-5-5", **data)

    assert answer["route"] == {"providerID": "groq", "modelID": "openai/gpt-oss-120b"}


def test_a_switch_takes_a_stand_in_that_opencode_has_when_it_lacks_ours(context: Make) -> None:
    ctx = context(who="hook", env={"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o"})
    actions.switch(ctx, "openai-api")
    has = {"anthropic": ["claude-opus-5-5"], "openai": ["text-embedding-3-small", "gpt-5.2"]}
    data = {"available": has, "bases": {}, "defaults": {}}

    answer = told(ctx, "chat.message", provider="anthropic", model="claude-opus-5-5", **data)

    assert answer["route"] == {"providerID": "openai", "modelID": "gpt-5.2"}


@pytest.mark.parametrize("pinned", [False, True])
def test_a_switch_to_a_provider_without_a_model_for_the_turn_says_so(context: Make, pinned: bool) -> None:
    ctx = context(who="hook", env={"ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o"})
    if pinned:
        restore_pins(ctx, {"ses_1": {"agent": "opencode", "pin": "openai-api"}})
    else:
        actions.switch(ctx, "openai-api")
    has = {"anthropic": ["claude-opus-5-5"], "openai": ["text-embedding-3-small"]}
    data = {"available": has, "bases": {}, "defaults": {}}

    answer = told(ctx, "chat.message", provider="anthropic", model="claude-opus-5-5", **data)

    assert "route" not in answer
    assert answer["toast"]["message"] == (
        "openai-api has no model in OpenCode that can stand in for claude-opus-5-5; anthropic-api serves"
    )


def test_a_benched_provider_is_passed_over_and_the_toast_says_why(ctx: Context) -> None:
    failed(ctx, headers={"retry-after": "7200"})

    answer = turn(ctx)

    assert answer["route"]["providerID"] == "beta"
    assert answer["toast"]["message"] == "beta serves from here on; alpha: benched (429 rate), back in 2h00"


def test_when_everybody_rests_a_turn_begins_with_one_sentence_that_says_so(ctx: Context) -> None:
    failed(ctx, headers={"retry-after": "7200"})
    actions.bench(ctx, "beta")

    answer = turn(ctx)

    assert "route" not in answer
    assert answer["toast"]["message"] == (
        "alpha: benched (429 rate), back in 2h00; no other provider that OpenCode has can serve: `pf-tui why`"
    )


@pytest.mark.parametrize("status", [401, 402, 500, 502, 503, 504, 529])
def test_another_session_at_a_resting_provider_is_refused_at_once(ctx: Context, status: int) -> None:
    hours = {"headers": {"retry-after": "7200"}}
    for tries in (1, 2, 3):
        failed(ctx, status, streak=tries, rounds=tries, **hours)

    assert "refuse" in failed(ctx, status, session_id="ses_2", **hours)


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "The model `m-alpha` does not exist", "code": "model_not_found"}}',
        "model: m-alpha not found",
        '{"error": {"message": "No endpoints found for m-alpha"}}',
    ],
)
def test_a_model_that_a_provider_does_not_have_is_asked_for_elsewhere(ctx: Context, body: str) -> None:
    answer = failed(ctx, 404, body=body)

    assert answer["benched"]
    assert "alpha does not serve this model" in answer["refuse"]
    assert turn(ctx)["route"] == {"providerID": "beta", "modelID": "m-beta"}


def test_a_second_request_at_a_resting_provider_is_refused_at_once_too(ctx: Context) -> None:
    failed(ctx, headers={"retry-after": "7200"})

    answer = failed(ctx, headers={"retry-after": "7200"})

    assert answer["benched"] is False
    assert "alpha is at its limit, back in 2h00" in answer["refuse"]


def test_a_model_picked_in_the_session_is_kept_while_it_can_serve(ctx: Context) -> None:
    actions.switch(ctx, "beta")
    assert "route" not in turn(ctx, picked=True)

    actions.bench(ctx, "alpha")
    assert turn(ctx, picked=True)["route"]["providerID"] == "beta"


def test_a_provider_that_pf_tui_does_not_know_is_left_alone(ctx: Context) -> None:
    actions.switch(ctx, "beta")

    assert turn(ctx, provider="ollama", model="llama") == {"active": "beta"}
    assert failed(ctx, provider="ollama", model="llama") == {}


def test_without_an_order_of_the_persons_own_opencodes_own_choice_stands(ctx: Context) -> None:
    ctx.paths.config.unlink()

    assert "route" not in turn(ctx, provider="beta", model="m-beta")
    actions.bench(ctx, "beta")
    assert turn(ctx, provider="beta", model="m-beta")["route"]["providerID"] == "alpha"


def test_a_provider_opencode_has_no_key_for_is_passed_over(ctx: Context) -> None:
    write_json(ctx.paths.config, {"version": 2, "providerPriority": ["groq", "beta", "alpha"]})

    assert turn(ctx)["route"]["providerID"] == "beta"


def test_our_own_key_is_not_what_counts(ctx: Context, context: Make) -> None:
    """OpenCode has its own key for beta; the environment has none."""
    bare = context(who="hook", env={"ALPHA_API_KEY": "a"})
    write_json(ctx.paths.config, {"version": 2, "providerPriority": ["beta", "alpha"]})

    assert turn(bare)["route"]["providerID"] == "beta"


def test_with_auto_switch_off_a_failure_moves_nothing(ctx: Context) -> None:
    actions.set_auto_switch(ctx, on=False)
    answer = failed(ctx, headers={"retry-after": "7200"})

    assert "auto-switch is off: `pf-tui switch next` moves on" in answer["refuse"]
    assert "route" not in turn(ctx)


def test_whoever_serves_is_a_model_of_its_own(ctx: Context) -> None:
    assert turn(ctx, provider="pf-tui-local", model="active")["route"] == {
        "providerID": "alpha",
        "modelID": "m-alpha",
    }


def test_the_same_model_is_looked_for_under_the_other_providers_name(ctx: Context) -> None:
    write_json(ctx.paths.config, {"version": 2, "providerPriority": ["openrouter", "anthropic-api"]})
    native = ctx.catalog().native_id("claude-sonnet-5-5", "openrouter")
    asked = ctx.catalog().native_id("claude-sonnet-5-5", "anthropic-api")
    available = {"anthropic": [asked], "openrouter": ["other/model", native]}

    answer = turn(ctx, provider="anthropic", model=asked, available=available, bases={})

    assert answer["route"] == {"providerID": "openrouter", "modelID": native}


def test_the_session_is_remembered_with_who_serves_it(ctx: Context) -> None:
    actions.switch(ctx, "beta")
    turn(ctx)

    assert ctx.health().sessions["opencode", "ses_1"].provider == "beta"


def test_a_session_that_was_moved_by_hand_goes_there_alone(ctx: Context) -> None:
    restore_pins(ctx, {"ses_1": {"agent": "opencode", "pin": "beta"}})

    assert turn(ctx)["route"] == {"providerID": "beta", "modelID": "m-beta"}
    assert "route" not in turn(ctx, session_id="ses_2")


def test_what_a_session_does_is_left_for_those_who_show_it(ctx: Context) -> None:
    asked = {
        "event": "permission.asked",
        "status": "busy",
        "waiting_for": "permission",
        "pid": 7,
        "at": 1_000,
    }
    opencode.handle(ctx, "session", {"session_id": "ses_1", "parent": "ses_0", "title": "SECRET", **asked})
    seen = Store(ctx.paths).all()[("opencode", "ses_1")]

    assert (seen.event, seen.status, seen.waiting_for) == ("permission.asked", "busy", "permission")
    assert (seen.pid, seen.at, seen.parent) == (7, 1.0, "ses_0")


def test_a_long_limit_ends_the_turn_and_says_what_follows(ctx: Context) -> None:
    answer = failed(ctx, headers={"retry-after": "7200"}, body='{"error":{"message":"Rate limit reached"}}')

    assert answer["benched"] is True
    assert answer["refuse"] == (
        "pf-tui: alpha is at its limit, back in 2h00; your next turn runs on beta (beta/m-beta)"
    )
    (bench,) = ctx.health().benches
    assert bench.until == NOON + timedelta(hours=2)
    assert bench.evidence == {
        "status": 429,
        "header": "retry-after: 7200",
        "text": "Rate limit reached",
        "meaning": "rate-words",
        "agent": "opencode",
        "session": "ses_1",
    }


def test_a_short_limit_is_left_to_opencodes_own_wait(ctx: Context) -> None:
    answer = failed(ctx, headers={"retry-after": "3"})

    assert "refuse" not in answer
    assert answer["benched"] is True
    assert ctx.health().benches[0].model == "m-alpha"


@pytest.mark.parametrize(
    ("status", "minutes", "matter"),
    [(429, 5, "is at its limit"), (500, 1, "does not answer"), (529, 1, "has too much to do")],
)
def test_a_failure_that_goes_on_ends_the_turn_while_somebody_else_could_serve(
    status: int, minutes: int, matter: str, ctx: Context
) -> None:
    tries = [failed(ctx, status, body="oops", streak=n, rounds=n) for n in (1, 2, 3)]

    assert ["refuse" in answer for answer in tries] == [False, False, True]
    assert re.fullmatch(
        rf"pf-tui: alpha {matter}, back in {minutes} min; your next turn runs on beta \(beta/m-beta\)",
        tries[2]["refuse"],
    )
    assert max(bench.until or NOON for bench in ctx.health().benches) == NOON + timedelta(minutes=minutes)
    assert turn(ctx)["route"] == {"providerID": "beta", "modelID": "m-beta"}


@pytest.mark.parametrize("status", [429, 500, 529])
def test_a_failure_that_goes_on_is_left_to_opencodes_own_retries_when_nobody_else_can(
    status: int, ctx: Context
) -> None:
    failed(ctx, 402, provider="beta", model="m-beta", body="payment required")

    assert not any("refuse" in failed(ctx, status, body="oops", streak=n, rounds=n) for n in range(1, 6))


def test_a_failure_that_goes_on_starts_the_gateway_where_it_may(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(ctx: Context, limit_s: float) -> Gateway | None:
        run_gateway(ctx)
        write_json(ctx.paths.home / "gateway-install.json", {"token": "tok"})
        return state_gateway.read(ctx.paths)

    monkeypatch.setattr("pf_tui.actions.gateway_start.start", start)
    config.change(ctx.paths, {"pf.gateway.auto": True})

    tries = [failed(ctx, 529, body="oops", streak=n, rounds=n) for n in (1, 2, 3)]

    assert [answer.get("gateway", {}).get("url") for answer in tries] == [None, None, "http://127.0.0.1:4100"]
    assert "refuse" not in tries[2]


@pytest.mark.parametrize(
    ("status", "body", "kind", "until"),
    [
        pytest.param(401, "invalid x-api-key", "auth", None, id="key-refused"),
        pytest.param(402, "payment required", "quota", None, id="no-credit"),
        pytest.param(400, "Your credit balance is too low", "quota", None, id="credit-as-400"),
        pytest.param(404, "model not found", "model", NOON + timedelta(hours=12), id="no-such-model"),
    ],
)
def test_a_failure_that_will_not_pass_is_benched_and_told(
    status: int, body: str, kind: str, until: datetime | None, ctx: Context
) -> None:
    answer = failed(ctx, status, body=body)

    assert [(bench.kind, bench.until) for bench in ctx.health().benches] == [(kind, until)]
    assert "your next turn runs on beta" in answer["refuse"]


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_request_that_is_itself_wrong_benches_nobody(status: int, ctx: Context) -> None:
    assert failed(ctx, status, body="messages: field required") == {"benched": False}
    assert ctx.health().benches == ()


def test_a_server_error_benches_after_three_in_a_row(ctx: Context) -> None:
    for streak in (1, 2):
        assert failed(ctx, 500, body="oops", streak=streak)["benched"] is False
    assert failed(ctx, 500, body="oops", streak=3)["benched"] is True


def test_one_prompt_is_one_strike(ctx: Context) -> None:
    for _ in range(4):
        failed(ctx, headers={"retry-after": "7200"})
    told(ctx, "session.error", provider="alpha", model="m-alpha", error={"name": "APIError", "status": 429})

    assert [bench.strikes for bench in ctx.health().benches] == [1]


def test_a_limit_without_an_end_that_outlasts_the_retries_rests_five_minutes_then_ten(
    ctx: Context, context: Make
) -> None:
    error = {"name": "APIError", "status": 429, "message": "Too many requests", "headers": {}}
    told(ctx, "session.error", provider="alpha", model="m-alpha", error=error)
    first = ctx.health().benches[0].until

    later = context(who="hook", env=dict(ctx.env), now=NOON + timedelta(minutes=6))
    told(later, "session.error", provider="alpha", model="m-alpha", error=error)

    assert first == NOON + timedelta(minutes=5)
    assert later.health().benches[0].until == NOON + timedelta(minutes=16)


def test_a_retry_that_is_hours_away_is_a_limit(ctx: Context) -> None:
    back = NOON + timedelta(hours=5)
    data = {"attempt": 1, "message": "Rate limit reached", "next": back.timestamp() * 1000}

    answer = told(ctx, "session.status", provider="alpha", model="m-alpha", **data)

    assert answer["benched"] is True
    assert abs((ctx.health().benches[0].until or NOON) - back) < timedelta(seconds=2)
    assert "your next turn runs on beta" in answer["toast"]["message"]


def test_a_turn_the_context_was_too_small_for_benches_nobody(ctx: Context) -> None:
    error = {"name": "ContextOverflowError", "message": "prompt is too long"}

    assert told(ctx, "session.error", provider="alpha", model="m-alpha", error=error) == {}


def run_gateway(ctx: Context) -> None:
    """gateway.json of a process that runs: this one."""
    content = {"pid": os.getpid(), "port": 4100, "since": "2026-11-24T11:00:00+00:00", "token": "tok"}
    write_json(ctx.paths.gateway, content)


PAGE = {
    "status": 200,
    "headers": {"content-type": "text/html"},
    "body": "<!doctype html><title>Hotel</title>",
}


@pytest.mark.parametrize(
    "page",
    [
        PAGE["body"],
        "\ufeff\r\n<!-- a hotel --><html lang=de><body>Anmelden",
        "<?xml version='1.0'?><html xmlns='x'>",
        "<head><meta http-equiv=refresh content='0;url=http://10.0.0.1'>",
        "<script>location = 'http://portal'</script>",
    ],
)
def test_a_web_page_in_place_of_an_answer_ends_the_turn_and_rests_a_minute(ctx: Context, page: str) -> None:
    """OpenCode alone takes it for an empty step and asks again without end."""
    answer = failed(ctx, **{**PAGE, "body": page})

    assert answer["benched"] is True
    assert answer["refuse"] == (
        "pf-tui: alpha answers with a web page, as a network does that wants a sign-in first, back in 1 min;"
        " your next turn runs on beta (beta/m-beta)"
    )
    assert turn(ctx)["route"]["providerID"] == "beta"
    (rest,) = ctx.health().benches
    assert (rest.kind, rest.until) == ("server", NOON + timedelta(seconds=60))


def test_a_web_page_ends_the_turn_when_nobody_else_can_serve_too(ctx: Context) -> None:
    actions.bench(ctx, "beta")

    assert "no other provider that OpenCode has can serve" in failed(ctx, **PAGE)["refuse"]


def test_a_failed_request_is_handed_to_a_gateway_that_runs(ctx: Context) -> None:
    run_gateway(ctx)

    answer = failed(ctx, headers={"retry-after": "7200"}, url="https://alpha.example/v1/chat/completions")

    assert answer["gateway"] == {"url": "http://127.0.0.1:4100", "token": "tok"}
    assert answer["until"] == (NOON + timedelta(hours=2)).timestamp() * 1000
    assert "refuse" not in answer


def test_nothing_is_benched_for_what_went_through_the_gateway(ctx: Context) -> None:
    run_gateway(ctx)
    through = {**HAS["bases"], "alpha": "http://127.0.0.1:4100/v1"}

    assert turn(ctx, bases=through) == {"active": "alpha"}
    assert failed(ctx, headers={"retry-after": "7200"}, bases=through) == {}
    assert ctx.health().benches == ()


def test_a_delivered_turn_lifts_the_bench_it_disproves(ctx: Context, context: Make) -> None:
    failed(ctx, 401, body="invalid key")
    began = NOON + timedelta(minutes=1)
    message = {
        "id": "msg_1",
        "role": "assistant",
        "providerID": "alpha",
        "modelID": "m-alpha",
        "tokens": {"input": 10, "output": 5, "reasoning": 0, "cache": {"read": 0, "write": 0}},
        "time": {"created": began.timestamp() * 1000, "completed": began.timestamp() * 1000 + 900},
    }
    later = context(who="hook", env=dict(ctx.env), now=NOON + timedelta(minutes=2))

    told(later, "message.updated", messages=[{**message, "served_by": "beta"}])
    assert later.health().benches, "what the gateway served says nothing about alpha"
    told(later, "message.updated", messages=[message])

    assert later.health().benches == ()


def test_a_turn_is_routed_although_the_disk_refuses(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.switch(ctx, "beta")

    def refuse(*_: object, **__: object) -> None:
        raise PfError("health.json cannot be written (read-only file system)")

    monkeypatch.setattr("pf_tui.state.health.change", refuse)

    assert turn(ctx)["route"]["providerID"] == "beta"


def test_a_command_is_answered_under_what_was_typed(ctx: Context) -> None:
    answer = told(ctx, "command.execute.before", command="provider-switch", arguments="beta")

    assert answer["answer"].startswith("/provider-switch beta\n\nswitched to beta")


def test_a_command_that_is_not_ours_is_left_to_opencode(ctx: Context) -> None:
    assert told(ctx, "command.execute.before", command="provider-of-mine", arguments="") == {}


@pytest.mark.parametrize("kind", ["rate", "quota", "auth", "model"])
def test_no_refusal_holds_a_word_that_opencode_retries_on(kind: str, ctx: Context) -> None:
    status = {"rate": 429, "quota": 402, "auth": 401, "model": 404}[kind]
    answer = failed(ctx, status, headers={"retry-after": "7200"}, body="Rate limit: too many requests, 429")

    assert re.search(_RETRIED, answer["refuse"]) is None


@pytest.mark.parametrize("event", [*opencode.EVENTS, "no.such.event"])
@pytest.mark.parametrize(
    "stdin", [*odd_input.WORDS, b'{"available": 5, "bases": [], "error": 7, "messages": {}}']
)
def test_any_input_is_survived(event: str, stdin: bytes, ctx: Context) -> None:
    odd_input.survived(ctx, "opencode", event, stdin)


def test_a_hook_imports_the_standard_library_alone() -> None:
    import subprocess

    program = (
        "import sys, pf_tui.hooks.opencode, pf_tui.hooks.opencode_usage, pf_tui.hooks.codex\n"
        "third = {n.split('.')[0] for n in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(n for n in third if not n.startswith('_') and n not in ('pf_tui', 'sitecustomize')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_clock_of_a_bench_is_ours_and_not_the_events(ctx: Context) -> None:
    """A `next` that makes no sense is no reset."""
    answer = told(ctx, "session.status", provider="alpha", model="m-alpha", message="Overloaded", next="soon")

    assert answer["benched"] is True
    assert (ctx.health().benches[0].until or datetime.max.replace(tzinfo=UTC)) < NOON + timedelta(minutes=5)


def test_one_turn_an_hour_tries_a_provider_without_credit(ctx: Context) -> None:
    empty = Bench(provider="alpha", kind="quota", since=NOON - timedelta(hours=2))
    health.change(ctx.paths, lambda old: replace(old, benches=(empty,)))

    routes = [turn(ctx, session_id=session).get("route") for session in ("a", "b", "c")]

    beta = {"providerID": "beta", "modelID": "m-beta"}
    assert routes == [None, beta, beta]  # no route: where it was going, to alpha
