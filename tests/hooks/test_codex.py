"""Codex's hooks: a turn that failed benches its provider, commands need no model, usage is written down."""

from __future__ import annotations

import json
import sqlite3
import sys
import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.errors import PfError
from pf_tui.hooks import codex
from pf_tui.records import replace
from pf_tui.rules import failures
from pf_tui.rules.benches import Bench
from pf_tui.state import config, health
from pf_tui.state.context import Context
from pf_tui.state.files import write_json
from pf_tui.state.health import AgentSetting
from tests import program
from tests.conftest import NOON
from tests.hooks import odd_input
from tests.patience import PATIENCE_S, eventually

Make = Callable[..., Context]

PROVIDERS = """\
providers:
  - {id: alpha, name: A, base_url: https://a.example/v1, protocols: [openai-responses], env: [ALPHA_API_KEY]}
  - {id: beta, name: B, base_url: https://b.example/v1, protocols: [openai-responses], env: [BETA_API_KEY]}
"""

CONFIG = """\
model = "m"
model_provider = "alpha"
[model_providers.alpha]
name = "alpha"
base_url = "https://a.example/v1"
env_key = "ALPHA_API_KEY"
"""

THREAD = "01a205d0-70a7-7120-87bf-fa2ea7863960"
USED_UP = "You've hit your usage limit. Upgrade to Pro or try again at 3:20 PM."


@pytest.fixture
def ctx(context: Make, home: Path) -> Context:
    """Codex set to alpha, beta beside it, pf-tui installed."""
    made = context(who="hook", env={"ALPHA_API_KEY": "a", "BETA_API_KEY": "b"})
    made.paths.home.mkdir(parents=True)
    made.paths.providers.write_text(PROVIDERS)
    write_json(made.paths.config, {"version": 2, "providerPriority": ["alpha", "beta"]})
    (home / ".codex").mkdir()
    (home / ".codex" / "config.toml").write_text(CONFIG)
    install.install(made, "codex")
    return made


@pytest.fixture
def rollout(home: Path) -> Path:
    """Where the session's rollout is."""
    path = home / ".codex" / "sessions" / "2026" / "11" / "24" / f"rollout-2026-11-24T12-00-00-{THREAD}.jsonl"
    path.parent.mkdir(parents=True)
    return path


def row(at: datetime, kind: str, **payload: Any) -> str:
    return json.dumps({"timestamp": at.isoformat().replace("+00:00", "Z"), "type": kind, "payload": payload})


def head(provider: str = "alpha") -> list[str]:
    meta = {"id": THREAD, "cwd": "/work", "model_provider": provider, "cli_version": "0.169.0"}
    return [row(NOON, "session_meta", **meta), row(NOON, "turn_context", model="m", cwd="/work")]


def delivered(at: datetime, response: str = "resp_1") -> str:
    usage = {"input_tokens": 100, "cached_input_tokens": 40, "output_tokens": 7, "reasoning_output_tokens": 2}
    return row(at, "token_usage_record", usage=usage, response_id=response)


def windows(at: datetime, percent: float, resets: datetime) -> str:
    primary = {"used_percent": percent, "window_minutes": 300, "resets_at": int(resets.timestamp())}
    return row(
        at, "event_msg", type="token_count", info=None, rate_limits={"limit_id": "codex", "primary": primary}
    )


def broken(at: datetime, info: Any = "usage_limit_exceeded", message: str = USED_UP) -> str:
    return row(at, "event_msg", type="task_complete", error={"message": message, "codex_error_info": info})


def told(ctx: Context, event: str, **data: Any) -> dict[str, Any]:
    answer = codex.handle(ctx, event, {"session_id": THREAD, "cwd": str(ctx.cwd), **data})
    found: dict[str, Any] = json.loads(answer) if answer else {}
    return found


def ended(ctx: Context, rollout: Path, *lines: str, event: str = "SessionEnd", **data: Any) -> dict[str, Any]:
    rollout.write_text("\n".join([*head(), *lines]) + "\n")
    return told(ctx, event, transcript_path=str(rollout), **data)


def test_a_used_up_plan_is_benched_until_its_windows_reset(ctx: Context, rollout: Path) -> None:
    back = NOON + timedelta(hours=4)

    ended(ctx, rollout, windows(NOON, 100.0, back), broken(NOON))

    (bench,) = ctx.health().benches
    assert (bench.provider, bench.kind, bench.until) == ("alpha", "quota", back)
    assert bench.evidence["session"] == THREAD
    assert "usage limit" in bench.evidence["text"]
    assert 'model_provider = "beta"' in (ctx.cwd.parent / "person/.codex/config.toml").read_text()


def test_without_windows_the_text_says_when_it_is_back(ctx: Context, rollout: Path) -> None:
    ended(ctx, rollout, broken(NOON))

    assert ctx.health().benches[0].until == NOON + timedelta(hours=3, minutes=20)


def test_the_next_prompt_says_what_happened_and_what_to_do(ctx: Context, rollout: Path) -> None:
    answer = ended(ctx, rollout, broken(NOON), event="UserPromptSubmit", prompt="and now?")

    assert answer == {
        "systemMessage": "pf-tui: alpha is out (quota, back 15:20); "
        "beta serves from your next start of Codex (`codex resume` keeps the session)"
    }


def test_a_failure_is_one_strike_however_often_it_is_seen(ctx: Context, rollout: Path) -> None:
    for event in ("UserPromptSubmit", "UserPromptSubmit", "SessionEnd"):
        ended(ctx, rollout, broken(NOON), event=event)

    assert [bench.strikes for bench in ctx.health().benches] == [1]


def test_a_failure_that_a_person_has_released_since_rests_nobody_again(
    ctx: Context, context: Make, rollout: Path
) -> None:
    ended(ctx, rollout, broken(NOON))
    later = context(who="hook", env=dict(ctx.env), now=NOON + timedelta(minutes=1))
    actions.release(later, "alpha")

    ended(later, rollout, broken(NOON), event="UserPromptSubmit")

    assert later.health().benches == ()


def test_a_failure_that_was_followed_by_an_answer_is_none(ctx: Context, rollout: Path) -> None:
    ended(ctx, rollout, broken(NOON), delivered(NOON + timedelta(seconds=5)))

    assert ctx.health().benches == ()


def test_a_failure_of_yesterday_whose_limit_is_over_benches_nobody(
    ctx: Context, context: Make, rollout: Path
) -> None:
    tomorrow = context(who="hook", env=dict(ctx.env), now=NOON + timedelta(days=1))

    ended(tomorrow, rollout, broken(NOON))

    assert tomorrow.health().benches == ()


def test_retries_that_ended_in_429_are_a_limit_of_five_minutes(ctx: Context, rollout: Path) -> None:
    message = "exceeded retry limit, last status: 429 Too Many Requests"
    info = {"response_too_many_failed_attempts": {"http_status_code": 429}}

    ended(ctx, rollout, broken(NOON, info, message))

    (bench,) = ctx.health().benches
    assert (bench.kind, bench.until) == ("rate", NOON + timedelta(minutes=5))
    assert bench.evidence["status"] == 429


@pytest.mark.parametrize("info", ["context_window_exceeded", "bad_request"])
def test_a_request_that_is_itself_wrong_benches_nobody(info: str, ctx: Context, rollout: Path) -> None:
    ended(ctx, rollout, broken(NOON, info, "the input is too long"))

    assert ctx.health().benches == ()


def test_a_finished_turn_is_in_the_ledger_under_its_provider(ctx: Context, rollout: Path) -> None:
    ended(ctx, rollout, delivered(NOON), windows(NOON, 12.5, NOON + timedelta(hours=3)), event="Stop")

    with sqlite3.connect(ctx.paths.ledger) as connection:
        requests = connection.execute(
            "SELECT agent, provider, model, input, output, reasoning, cache_read FROM requests"
        ).fetchall()
        readings = connection.execute("SELECT provider, time_window, used FROM limit_readings").fetchall()
    assert requests == [("codex", "alpha", "m", 60, 7, 2, 40)]
    assert readings == [("alpha", "5h", 12.5)]


def test_notify_finds_the_rollout_by_the_thread(ctx: Context, rollout: Path) -> None:
    rollout.write_text("\n".join([*head(), delivered(NOON)]) + "\n")

    codex.handle(ctx, "notify", {"type": "agent-turn-complete", "thread-id": THREAD, "cwd": "/work"})

    with sqlite3.connect(ctx.paths.ledger) as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (1,)


def test_a_thread_name_is_no_pattern(ctx: Context, rollout: Path) -> None:
    rollout.write_text("\n".join([*head(), delivered(NOON)]) + "\n")

    codex.handle(ctx, "notify", {"thread-id": "*", "cwd": "/work"})

    assert not ctx.paths.ledger.exists()


def test_a_finished_turn_lifts_the_bench_it_disproves(ctx: Context, context: Make, rollout: Path) -> None:
    actions.report_failure(ctx, "alpha", failures.reported("auth", forever=True))
    later = context(who="hook", env=dict(ctx.env), now=NOON + timedelta(minutes=2))

    ended(later, rollout, delivered(NOON + timedelta(minutes=1)), event="Stop")

    assert later.health().benches == ()


def test_the_first_line_says_who_serves_and_who_is_next(ctx: Context) -> None:
    assert told(ctx, "SessionStart", source="startup") == {
        "systemMessage": "pf-tui: alpha serves, next: beta"
    }
    assert ctx.health().sessions["codex", THREAD].provider == "alpha"


def test_a_person_who_wants_no_notices_gets_none(ctx: Context) -> None:
    write_json(
        ctx.paths.config, {"version": 2, "providerPriority": ["alpha", "beta"], "notifyOnSwitch": False}
    )

    assert told(ctx, "SessionStart", source="startup") == {}


@pytest.mark.parametrize(
    "prompt", ["/provider-switch beta", "provider-switch beta", "  /provider-switch beta "]
)
def test_a_command_is_done_and_goes_to_no_model(prompt: str, ctx: Context) -> None:
    answer = told(ctx, "UserPromptSubmit", prompt=prompt)

    assert answer["decision"] == "block"
    assert answer["reason"].startswith("switched to beta")


@pytest.mark.parametrize(
    "prompt", ["please run /provider-switch beta", "provider-switching is what?", "", "/help"]
)
def test_any_other_prompt_goes_to_the_model(prompt: str, ctx: Context) -> None:
    assert "decision" not in told(ctx, "UserPromptSubmit", prompt=prompt)


def test_a_long_rollout_is_read_at_both_ends(
    ctx: Context, rollout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pf_tui.hooks import codex_rollout

    monkeypatch.setattr(codex_rollout, "WHOLE_BYTES", 4000)
    monkeypatch.setattr(codex_rollout, "HEAD_BYTES", 1000)
    monkeypatch.setattr(codex_rollout, "TAIL_BYTES", 1000)
    filler = [row(NOON, "response_item", text="x" * 200) for _ in range(100)]

    ended(ctx, rollout, *filler, broken(NOON))

    assert [bench.provider for bench in ctx.health().benches] == ["alpha"]


def test_the_persons_own_notify_is_started_as_codex_would(tmp_path: Path, home: Path) -> None:
    import subprocess

    target = tmp_path / "told"
    event = json.dumps({"type": "agent-turn-complete", "thread-id": "x"})
    own = [sys.executable, "-c", f"import sys; open({str(target)!r}, 'w').write(sys.argv[-1])", "mine"]

    done = subprocess.run(
        [*program.FRESH, "hook", "codex", "notify", *own, event],
        env={"HOME": str(home), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    told = eventually(lambda: target.exists() and target.read_text(), "the person's own notify")
    assert told == event


@pytest.mark.parametrize("event", [*codex.EVENTS, "PreToolUse", "nonsense"])
@pytest.mark.parametrize(
    "stdin", [*odd_input.WORDS, b'{"transcript_path": "/nowhere", "prompt": 5, "thread-id": []}']
)
def test_any_input_is_survived(event: str, stdin: bytes, ctx: Context) -> None:
    odd_input.survived(ctx, "codex", event, stdin)


def test_where_the_gateway_does_not_start_codex_goes_back_to_the_direct_route(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _, second = PROVIDERS.rpartition("openai-responses")
    ctx.paths.providers.write_text(f"{first}openai-chat{second}")
    config.change(ctx.paths, {"providerPriority": ["beta", "alpha"], "pf.gateway.auto": True})
    led = AgentSetting(provider="beta", since=NOON, direct="alpha")
    health.change(ctx.paths, lambda old: replace(old, agents={"codex": led}))

    def refuse(*_: object, **__: object) -> None:
        raise PfError("the gateway did not start: port 4141 is taken")

    monkeypatch.setattr("pf_tui.actions.gateway_start.start", refuse)

    line = told(ctx, "SessionStart", source="startup")["systemMessage"]

    assert "the gateway did not start: port 4141 is taken" in line
    assert "\n" not in line
    agent = ctx.health().agents["codex"]
    assert (agent.provider, agent.direct) == ("alpha", None)


CREDIT = "You exceeded your current quota, please check your plan and billing details."


def without_credit(ctx: Context, *, probed: bool = False) -> None:
    """Alpha has been out of credit for two hours, and Codex is set to beta."""
    rests = Bench(
        provider="alpha", kind="quota", since=NOON - timedelta(hours=2), probed=NOON if probed else None
    )
    health.change(ctx.paths, lambda old: replace(old, benches=(rests,)))
    actions.settle(ctx)


def set_to(home: Path) -> str:
    return str(tomllib.loads((home / ".codex" / "config.toml").read_text())["model_provider"])


def test_the_start_after_an_hour_asks_a_provider_that_had_no_credit(
    ctx: Context, home: Path, rollout: Path
) -> None:
    without_credit(ctx)
    assert set_to(home) == "beta"

    ended(ctx, rollout, delivered(NOON))

    assert set_to(home) == "alpha"
    line = told(ctx, "SessionStart", source="startup")["systemMessage"]
    assert line.startswith(
        "pf-tui: alpha serves; beta is the active one; this session asks whether it serves again"
    )
    assert not actions.claim_probe(ctx, "alpha", None)  # one an hour, of all agents together

    told(ctx, "UserPromptSubmit", prompt="hi")

    assert set_to(home) == "beta"  # the session after this one goes its usual way


def test_a_probe_that_is_answered_brings_the_provider_back(ctx: Context, home: Path, rollout: Path) -> None:
    without_credit(ctx, probed=True)

    ended(ctx, rollout, delivered(NOON), event="Stop")
    told(ctx, "UserPromptSubmit", prompt="more", transcript_path=str(rollout))

    assert ctx.health().benches == ()
    assert set_to(home) == "alpha"


def test_a_probe_that_fails_says_who_serves_the_next_start(ctx: Context, home: Path, rollout: Path) -> None:
    without_credit(ctx, probed=True)

    line = ended(ctx, rollout, broken(NOON, CREDIT), event="UserPromptSubmit", prompt="again")[
        "systemMessage"
    ]

    assert line == "pf-tui: alpha cannot serve yet; beta serves from your next start"
    assert set_to(home) == "beta"


def test_no_start_asks_while_no_hour_has_passed(ctx: Context, home: Path, rollout: Path) -> None:
    without_credit(ctx, probed=True)

    ended(ctx, rollout, delivered(NOON))

    assert set_to(home) == "beta"
