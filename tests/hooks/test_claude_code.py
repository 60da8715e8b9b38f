"""What Claude Code's hooks do to the state, and what the person is told."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pf_tui import actions
from pf_tui.actions import install
from pf_tui.errors import PfError
from pf_tui.ledger import reader as ledger
from pf_tui.records import replace
from pf_tui.rules.benches import Bench
from pf_tui.state import config, gateway, health
from pf_tui.state.context import Context
from tests import readings
from tests.hooks.claude import LIMITED, SESSION, Client, delivered, failed, rest
from tests.trusted import trusting

FIVE = timedelta(minutes=5)


@pytest.fixture
def client(home: Path, tmp_path: Path) -> Client:
    made = Client(home, tmp_path)
    actions.set_priority(made.ctx, ["anthropic-api", "openrouter"])
    return made


@pytest.fixture
def installed(client: Client) -> Client:
    install.install(client.ctx, "claude-code")
    return client


def settings(client: Client) -> dict[str, object]:
    content: dict[str, object] = json.loads(
        (Path(client.env["HOME"]) / ".claude" / "settings.json").read_text()
    )
    return content


def test_a_rate_limit_benches_five_minutes_and_the_next_serves(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")

    client.fail()

    (bench,) = client.benches()
    assert (bench.provider, bench.kind, rest(bench), bench.source) == ("anthropic-api", "rate", FIVE, "hook")
    assert bench.evidence["status"] == 429
    assert client.active() == "openrouter"


def test_the_provider_of_the_prompt_is_blamed_not_the_one_of_now(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    actions.switch(client.ctx, "openrouter")

    client.fail()

    assert [bench.provider for bench in client.benches()] == ["anthropic-api"]


def test_without_a_remembered_prompt_the_active_one_is_blamed(client: Client) -> None:
    client.fail()

    assert [bench.provider for bench in client.benches()] == ["anthropic-api"]


def test_one_outage_is_one_strike_however_many_sessions_run_into_it(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")

    for number in range(8):
        client.fail(prompt=f"p{number}")
        client.fail(prompt=f"p{number}")

    (bench,) = client.benches()
    assert (bench.strikes, rest(bench)) == (1, FIVE)


def test_a_turn_that_is_told_again_after_a_release_rests_nobody(client: Client) -> None:
    client.writes(failed(LIMITED))
    client.fail()
    actions.release(client.ctx, "anthropic-api")

    client.fail()

    assert client.benches() == ()


def test_a_reset_in_the_transcript_is_how_long_it_rests(client: Client) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=2)).replace(minute=0, second=0, microsecond=0)
    client.writes(failed(f"You've hit your 5-hour limit · resets {soon:%-I:%M%p} (UTC)".replace("PM", "pm")))

    client.fail(text="")

    (bench,) = client.benches()
    assert (bench.kind, bench.until) == ("quota", soon)


@pytest.mark.parametrize(
    ("error", "text", "kind"),
    [
        pytest.param("authentication_failed", "Not logged in · Please run /login", "auth", id="refused"),
        pytest.param("billing_error", "Credit balance is too low", "quota", id="no-credit"),
    ],
)
def test_what_no_reset_ends_rests_until_cleared(client: Client, error: str, text: str, kind: str) -> None:
    client.fail(error, text)

    (bench,) = client.benches()
    assert (bench.kind, bench.until) == (kind, None)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        pytest.param("invalid_request", "Prompt is too long", id="our-own-mistake"),
        pytest.param("max_output_tokens", "", id="too-long-an-answer"),
        pytest.param(
            "model_not_found", "There's an issue with the selected model (my-typo).", id="unknown-name"
        ),
    ],
)
def test_a_wrong_request_benches_nobody(client: Client, error: str, text: str) -> None:
    client.fail(error, text)

    assert client.benches() == ()
    assert client.log() == ""


def test_a_model_that_is_not_there_rests_alone(client: Client) -> None:
    client.fail(
        "model_not_found", "There's an issue with the selected model (claude-opus-5-5). It may not exist"
    )

    (bench,) = client.benches()
    assert (bench.model, bench.kind) == ("claude-opus-5-5", "model")


@pytest.mark.parametrize(
    ("error", "text", "family"),
    [
        pytest.param(
            "model_not_found",
            "There's an issue with the selected model (claude-sonnet-5-5). It may not exist",
            None,
            id="model-not-there",
        ),
        pytest.param("rate_limit", "You've hit your Sonnet limit · resets in 3 hours", "sonnet", id="family"),
    ],
)
def test_what_the_session_asks_for_decides_where_its_next_turn_goes(
    installed: Client, error: str, text: str, family: str | None
) -> None:
    """The default model still serves at the active provider; the session's own does not."""
    client = installed
    config.change(client.ctx.paths, {"defaultModel": "claude-opus-5-5"})
    client.fire("UserPromptSubmit", prompt="hi")
    client.writes({**failed(text, error=error), "requestedModel": "claude-sonnet-5-5"})

    client.fail(error, text)
    client.fire("UserPromptSubmit", prompt="again")

    assert [bench.family for bench in client.benches()] == [family]
    assert client.active() == "anthropic-api"
    assert client.ctx.health().agents["claude-code"].provider == "openrouter"
    actions.release(client.ctx, "anthropic-api")
    client.fire("UserPromptSubmit", prompt="again")
    assert client.ctx.health().agents["claude-code"].provider == "anthropic-api"


def test_the_model_that_was_really_asked_for_rests_where_ours_has_another_name(client: Client) -> None:
    client.env["ZAI_API_KEY"] = "planted-3"
    actions.set_priority(client.ctx, ["zai-coding-plan", "openrouter"])

    client.fail(
        "model_not_found", "There's an issue with the selected model (claude-opus-5-5). It may not exist"
    )

    (bench,) = client.benches()
    assert (bench.provider, bench.model) == ("zai-coding-plan", "glm-5.3")
    assert client.active() == "openrouter"


def test_a_machine_without_network_benches_for_half_a_minute(client: Client) -> None:
    client.fail(
        "server_error",
        "API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)",
    )

    (bench,) = client.benches()
    assert bench.kind == "network"
    assert rest(bench) == pytest.approx(timedelta(seconds=30), abs=timedelta(seconds=1))


def test_a_prompt_that_fails_twice_strikes_one_provider(client: Client) -> None:
    client.fail(prompt="p1")
    client.fail(prompt="p1")

    assert [bench.provider for bench in client.benches()] == ["anthropic-api"]
    assert client.active() == "openrouter"


def test_the_address_in_an_overload_is_not_taken_for_its_status(client: Client) -> None:
    client.fail(
        "server_error",
        "API Error: Repeated 529 Overloaded errors. The API is at capacity — this is usually temporary."
        " Try again in a moment. If it persists, check your inference gateway (127.0.0.1:36493).",
    )

    (bench,) = client.benches()
    assert (bench.kind, bench.evidence["status"]) == ("overload", 529)


@pytest.mark.parametrize("fields", [{}, {"error": {}, "prompt_id": 5}, {"prompt": "x" * 10_000_000}])
def test_a_failure_that_says_nothing_benches_nobody(client: Client, fields: dict[str, object]) -> None:
    client.fire("StopFailure", **fields)

    assert client.benches() == ()


def test_the_evidence_holds_no_key(client: Client) -> None:
    client.fail(text="429 for sk-ant-planted-1-and-more")

    assert "planted" not in client.ctx.paths.health.read_text()


def test_behind_the_gateway_nothing_is_benched(client: Client) -> None:
    client.ctx.paths.gateway.write_text(
        json.dumps({"pid": 1, "port": 4100, "since": "2026-11-24T12:00:00+00:00", "token": "t"})
    )
    client.env["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:4100"

    client.fail()

    assert client.benches() == ()


def test_a_foreign_address_is_not_blamed_on_us(client: Client) -> None:
    client.env |= {"ANTHROPIC_BASE_URL": "https://llm.example.com", "CLAUDE_PID": "1"}
    client.fire("UserPromptSubmit", prompt="hi")

    client.fail()

    assert client.benches() == ()


def test_the_address_says_who_serves_a_real_session(client: Client) -> None:
    client.env |= {"ANTHROPIC_BASE_URL": "https://openrouter.ai/api", "CLAUDE_PID": "1"}
    client.fire("UserPromptSubmit", prompt="hi")

    client.fail()

    assert [bench.provider for bench in client.benches()] == ["openrouter"]


def test_a_session_starts_with_a_line_to_the_person(client: Client) -> None:
    assert client.told("SessionStart", source="startup") == "pf-tui: anthropic-api serves · next openrouter"


def test_a_limit_near_its_end_is_told_at_the_start(client: Client) -> None:
    now = datetime.now(UTC)
    resets_at = now + timedelta(hours=1, minutes=30)
    reading = readings.reading(91, provider="anthropic-api", at=now, resets_at=resets_at)
    ledger.limit_readings(client.ctx.paths.ledger, [reading])

    assert "91 % of the 5-hour window, resets in 1h" in client.told("SessionStart", source="startup")


def test_a_quiet_person_gets_no_line(client: Client) -> None:
    client.ctx.paths.config.write_text(json.dumps({"version": 2, "notifyOnSwitch": False}))

    assert client.told("SessionStart", source="startup") == ""


@pytest.mark.parametrize("front", ["notify_on_switch: false", "enabled: false"])
def test_a_project_may_be_quiet_on_its_own(client: Client, front: str) -> None:
    (client.work / ".opencode").mkdir()
    file = client.work / ".opencode" / "provider-fallback.local.md"
    file.write_text(f"---\n{front}\n---\n")
    trusting(client.ctx.paths, file)
    client.fire("UserPromptSubmit", prompt="hi")
    actions.switch(client.ctx, "openrouter")

    assert client.told("SessionStart", source="startup") == ""
    assert client.told("UserPromptSubmit", prompt="again") == ""
    assert "openrouter serves" in client.told("UserPromptSubmit", prompt="/provider-status")


def test_a_project_that_orders_for_itself_is_told(client: Client) -> None:
    (client.work / ".opencode").mkdir()
    file = client.work / ".opencode" / "provider-fallback.local.md"
    file.write_text("---\nprovider_priority: [openrouter]\n---\n")
    trusting(client.ctx.paths, file)

    told = client.told("SessionStart", source="startup")

    assert told == "pf-tui: openrouter serves · no next provider · by this project's settings"


def test_the_next_prompt_says_who_serves_now_and_why(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    client.fail()

    told = client.told("UserPromptSubmit", prompt="again")

    assert told.startswith(
        "pf-tui: openrouter serves this session now (anthropic-api: benched (429 rate) until "
    )
    assert client.told("UserPromptSubmit", prompt="and again") == ""


def test_a_command_is_answered_where_it_is_expanded_and_where_it_is_typed(client: Client) -> None:
    expanded = client.told(
        "UserPromptExpansion", command_name="provider-fallback:provider-status", command_args=""
    )
    typed = client.told("UserPromptSubmit", prompt="/provider-status")

    assert expanded == typed
    assert expanded.splitlines()[0].startswith("anthropic-api serves ")


def test_other_commands_and_prompts_go_on_their_way(client: Client) -> None:
    assert client.fire("UserPromptExpansion", command_name="review", command_args="") == ""
    assert client.fire("UserPromptSubmit", prompt="/usr/bin is a folder") == ""
    assert client.fire("UserPromptSubmit", prompt="say /provider-status") == ""


def test_a_turns_usage_is_in_the_ledger_once(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    client.writes(delivered("msg_01"), delivered("msg_01"), delivered("msg_02"))

    client.fire("Stop")
    client.fire("Stop")
    client.fire("SessionEnd", reason="other")

    with ledger.reading(client.ctx.paths.ledger) as book:
        used = book.usage_since(datetime.now(UTC) - timedelta(hours=1))
    assert {name: (use.requests, use.tokens) for name, use in used.items()} == {
        "anthropic-api": (2, 2 * 3538)
    }


def test_a_subagents_usage_comes_from_its_own_file(client: Client, tmp_path: Path) -> None:
    own = tmp_path / "agent-1.jsonl"
    client.fire("UserPromptSubmit", prompt="hi")
    own.write_text(json.dumps(delivered("msg_09", isSidechain=True)) + "\n")

    client.fire("SubagentStop", agent_transcript_path=str(own))

    with ledger.reading(client.ctx.paths.ledger) as book:
        assert book.usage_since(datetime.now(UTC) - timedelta(hours=1))["anthropic-api"].requests == 1


def test_usage_from_before_a_move_stays_with_who_served_it(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    client.writes(delivered("msg_01", at=datetime.now(UTC) - timedelta(minutes=10)))
    actions.switch(client.ctx, "openrouter")
    client.fire("UserPromptSubmit", prompt="again")
    client.writes(delivered("msg_02"))

    client.fire("Stop")

    with ledger.reading(client.ctx.paths.ledger) as book:
        used = book.usage_since(datetime.now(UTC) - timedelta(hours=1))
    assert {name: use.requests for name, use in used.items()} == {"openrouter": 1}


def test_an_answer_after_the_bench_began_ends_it(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    client.fail()
    client.writes(delivered("msg_01", at=datetime.now(UTC) + timedelta(seconds=45)))

    client.fire("Stop")

    assert client.benches() == ()


def test_an_answer_that_was_on_its_way_ends_no_bench(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    client.fail()
    client.writes(delivered("msg_01"))

    client.fire("Stop")

    assert len(client.benches()) == 1


def test_nothing_is_written_into_settings_that_we_were_not_installed_into(client: Client, home: Path) -> None:
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text("{}")
    client.fire("SessionStart", source="startup")

    client.fail()
    client.fire("UserPromptSubmit", prompt="hi")

    assert (home / ".claude" / "settings.json").read_text() == "{}"


def test_a_failure_leads_the_settings_to_the_next_provider(installed: Client) -> None:
    installed.fire("UserPromptSubmit", prompt="hi")

    installed.fail()

    env = settings(installed)["env"]
    assert isinstance(env, dict)
    assert env["ANTHROPIC_BASE_URL"] == "https://openrouter.ai/api"
    assert env["ANTHROPIC_API_KEY"] == env["ANTHROPIC_AUTH_TOKEN"] == ""
    assert str(settings(installed)["apiKeyHelper"]).endswith("auth helper")


def test_when_the_bench_is_over_the_next_session_goes_home(installed: Client) -> None:
    installed.fire("UserPromptSubmit", prompt="hi")
    installed.fail()
    actions.release(installed.ctx, "anthropic-api")
    installed.fire("SessionStart", source="resume")

    env = settings(installed)["env"]
    assert isinstance(env, dict)
    assert env["ANTHROPIC_BASE_URL"] == "https://api.anthropic.com"


@pytest.fixture
def led(home: Path, tmp_path: Path) -> Client:
    """Claude Code led to a gateway that is gone: Mistral serves, which speaks Chat alone."""
    made = Client(home, tmp_path, MISTRAL_API_KEY="mk-planted-3")
    actions.set_priority(made.ctx, ["openrouter", "mistral-api"])
    install.install(made.ctx, "claude-code")
    here = gateway.Gateway(host="127.0.0.1", port=4321, pid=os.getpid(), since=made.ctx.now())
    gateway.write(made.ctx.paths, here, "t" * 40)
    actions.set_gateway_auto(made.ctx, True)
    actions.switch(made.ctx, "mistral-api")
    assert address(made) == here.url
    made.ctx.paths.gateway.unlink()
    made.env |= {"CLAUDE_PROJECT_DIR": str(tmp_path), "ANTHROPIC_BASE_URL": here.url}
    return made


def address(client: Client) -> object:
    env = settings(client)["env"]
    assert isinstance(env, dict)
    return env["ANTHROPIC_BASE_URL"]


def test_where_the_gateway_does_not_start_the_session_goes_back_to_the_direct_route(
    led: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PfError("the gateway did not start: port 4141 is taken")

    monkeypatch.setattr("pf_tui.actions.gateway_start.start", refuse)

    line = led.told("SessionStart", source="startup")

    assert line == (
        "pf-tui: openrouter serves (mistral-api is the active one) · next openrouter"
        " · the gateway did not start: port 4141 is taken"
    )
    assert address(led) == "https://openrouter.ai/api"
    applied = led.ctx.health().agents["claude-code"]
    assert (applied.provider, applied.direct) == ("openrouter", None)


def test_where_the_gateway_starts_the_session_stays_behind_it(
    led: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begins(ctx: Context, **_: object) -> None:
        here = gateway.Gateway(host="127.0.0.1", port=5555, pid=os.getpid(), since=ctx.now())
        gateway.write(ctx.paths, here, "t" * 40)

    monkeypatch.setattr("pf_tui.actions.gateway_start.start", begins)

    led.fire("SessionStart", source="startup")

    assert address(led) == "http://127.0.0.1:5555"
    assert led.ctx.health().agents["claude-code"].direct == "openrouter"


def test_settings_that_a_person_leads_elsewhere_are_believed(installed: Client, home: Path) -> None:
    actions.switch(installed.ctx, "openrouter")
    text = (home / ".claude" / "settings.json").read_text()
    (home / ".claude" / "settings.json").write_text(
        text.replace("https://openrouter.ai/api", "https://api.anthropic.com")
    )

    installed.fire("ConfigChange", source="user_settings")

    assert installed.ctx.health().agents["claude-code"].provider.startswith("anthropic-")


def test_the_client_that_goes_on_by_itself_ends_the_bench(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")
    client.fail(text=f"{LIMITED} You've hit your 5-hour limit")

    client.fire("Notification", notification_type="quota_auto_resume_fired", message="resumed")

    assert client.benches() == ()


def test_sessions_are_remembered_by_provider(client: Client) -> None:
    client.fire("UserPromptSubmit", prompt="hi")

    assert client.ctx.health().sessions["claude-code", SESSION].provider == "anthropic-api"


def test_a_prompt_right_after_a_switch_waits_until_the_client_has_read_it(
    installed: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.env |= {"ANTHROPIC_BASE_URL": "https://api.anthropic.com", "CLAUDE_PID": "1"}
    waited: list[float] = []
    monkeypatch.setattr("pf_tui.hooks.claude_code.time.sleep", waited.append)
    actions.switch(installed.ctx, "openrouter")

    installed.fire("UserPromptSubmit", prompt="hi")

    assert len(waited) == 1
    assert 0 < waited[0] <= 1.7
    assert installed.ctx.health().sessions["claude-code", SESSION].provider == "openrouter"


def test_a_prompt_long_after_a_switch_waits_for_nothing(
    installed: Client, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed.env |= {"ANTHROPIC_BASE_URL": "https://api.anthropic.com", "CLAUDE_PID": "1"}
    waited: list[float] = []
    monkeypatch.setattr("pf_tui.hooks.claude_code.time.sleep", waited.append)
    actions.switch(installed.ctx, "openrouter")
    os.utime(home / ".claude" / "settings.json", (1, 1))

    installed.fire("UserPromptSubmit", prompt="hi")

    assert waited == []
    assert installed.ctx.health().sessions["claude-code", SESSION].provider == "anthropic-api"


def test_one_turn_an_hour_tries_a_provider_without_credit(installed: Client) -> None:
    empty = Bench(provider="anthropic-api", kind="quota", since=datetime.now(UTC) - timedelta(hours=2))
    health.change(installed.ctx.paths, lambda old: replace(old, benches=(empty,)))
    installed.fire("SessionStart", source="startup")
    assert applied(installed) == "openrouter"

    serves = []
    for session in ("a", "b", "c"):
        installed.fire("UserPromptSubmit", prompt="hi", session_id=session)
        serves.append(installed.ctx.health().sessions["claude-code", session].provider)

    assert serves == ["anthropic-api", "openrouter", "openrouter"]
    assert applied(installed) == "openrouter"
    installed.fire("StopFailure", error="billing_error", session_id="a", error_details="no credit")
    assert [(bench.kind, bench.strikes) for bench in installed.benches()] == [("quota", 1)]

    installed.writes(delivered(at=datetime.now(UTC)))
    installed.fire("Stop", session_id="a")

    assert installed.benches() == ()
    assert applied(installed) == "anthropic-api"


def applied(client: Client) -> str:
    return client.ctx.health().agents["claude-code"].provider
