"""The seven commands as a person reads their answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pf_tui import actions
from pf_tui.hooks import commands
from pf_tui.ledger import gateway_rows
from pf_tui.ledger import reader as ledger
from pf_tui.ledger.gateway_rows import Attempt
from pf_tui.state.context import Context
from tests import readings
from tests.patience import PATIENCE_S

Make = Callable[..., Context]
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def ctx(context: Make) -> Context:
    made = context(
        env={"ANTHROPIC_API_KEY": "k1", "OPENROUTER_API_KEY": "k2", "GROQ_API_KEY": "k3"}, who="hook"
    )
    actions.set_priority(made, ["anthropic-api", "openrouter", "groq"])
    return made


def ask(ctx: Context, line: str) -> str:
    """What `/provider-…` answers."""
    command, _, arguments = line.partition(" ")
    told = commands.answer(ctx, command, arguments)
    assert told is not None
    return told


def test_status_says_who_serves_and_who_is_next(ctx: Context) -> None:
    assert ask(ctx, "/provider-status").splitlines() == [
        "anthropic-api serves claude-sonnet-5-5",
        "next: openrouter",
        "today: 0 requests, 0 tokens, $0.00",
    ]


def test_status_says_who_rests_and_how_long_a_window_lasts(ctx: Context) -> None:
    resets_at = NOON + timedelta(hours=1, minutes=30)
    reading = readings.reading(62, provider="anthropic-api", resets_at=resets_at)
    ledger.limit_readings(ctx.paths.ledger, [reading])
    actions.bench(ctx, "openrouter", until=NOON + timedelta(minutes=30))

    told = ask(ctx, "/provider-status").splitlines()

    assert told[0] == "anthropic-api serves claude-sonnet-5-5 · 62 % of 5h, resets in 1h30"
    assert told[2] == "openrouter: benched (by hand) until 12:30"


def test_status_of_one_provider(ctx: Context) -> None:
    assert ask(ctx, "/provider-status groq").splitlines()[:3] == [
        "groq (Groq): ready",
        "number 3, serves llama-3.3-70b-instruct",
        "credential: present (env:GROQ_API_KEY)",
    ]


def test_with_nobody_to_serve_the_reason_is_told(context: Make) -> None:
    assert ask(context(), "/provider-status").startswith("no provider available: no provider can serve")


def test_a_switch_is_done_and_can_be_taken_back(ctx: Context) -> None:
    assert ask(ctx, "/provider-switch groq").splitlines() == [
        "switched to groq with llama-3.3-70b-instruct (was anthropic-api)",
        "/provider-switch undo takes it back",
    ]
    assert ask(ctx, "/provider-switch undo") == "anthropic-api serves again"
    assert ask(ctx, "/provider-switch next").startswith("switched to openrouter")


def test_a_switch_with_a_model(ctx: Context) -> None:
    assert ask(ctx, "/provider-switch openrouter opus").startswith(
        "switched to openrouter with claude-opus-5-5"
    )


def test_a_switch_names_what_is_ready_when_nothing_is_named(ctx: Context) -> None:
    assert ask(ctx, "/provider-switch").splitlines()[0] == "anthropic-api serves; ready: openrouter, groq"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("/provider-switch openruter", "nearest: openrouter", id="misspelt"),
        pytest.param(
            "/provider-switch together", "together cannot serve now: no credential", id="no-credential"
        ),
        pytest.param("/provider-switch groq --fast", "--fast is not known here", id="unknown-option"),
        pytest.param("/provider-status nope", "no provider is called 'nope'", id="unknown-provider"),
        pytest.param("/provider-models nope", "no family is called 'nope'", id="unknown-family"),
        pytest.param("/provider-priority groq groq", "groq stands in the list twice", id="twice"),
        pytest.param("/provider-limits groq daily=much", "daily much is not a number", id="no-number"),
        pytest.param("/provider-limits groq hourly=1", "there is no limit called hourly", id="unknown-limit"),
        pytest.param("/provider-limits daily=1M", "whose limit?", id="nobodys"),
        pytest.param("/provider-analytics 9d", "no period is called '9d'", id="unknown-period"),
        pytest.param("/provider-status 'half", "no provider is called ''half'", id="half-a-quote"),
    ],
)
def test_a_mistake_is_answered_with_its_cure(ctx: Context, line: str, words: str) -> None:
    assert words in ask(ctx, line)


def test_auth_says_where_credentials_are_and_takes_none(ctx: Context) -> None:
    told = ask(ctx, "/provider-auth groq gsk_0123456789")

    assert "groq: present (env:GROQ_API_KEY)" in told
    assert "key ignored" in told
    assert "gsk_" not in told
    assert not ctx.paths.auth.exists()


def test_priority_makes_a_new_order(ctx: Context) -> None:
    assert ask(ctx, "/provider-priority groq, openrouter").splitlines() == [
        "the order is now groq, openrouter",
        "groq serves; pf-tui undo takes it back",
    ]
    assert ask(ctx, "/provider-priority").splitlines()[0] == "1. groq: ready (serves)"


@pytest.mark.parametrize("words", ["daily=1M", "--daily 1M", "--daily=1000K", "daily=1_000_000"])
def test_a_budget_is_set_in_any_spelling(ctx: Context, words: str) -> None:
    assert ask(ctx, f"/provider-limits groq {words}").splitlines() == [
        "tokens a day: 0 % of 1M, resets Wed 00:00",
        "pf-tui undo takes it back",
    ]
    assert ask(ctx, "/provider-limits groq daily=unlimited").startswith("groq has no known window")


def test_status_reset_clears_benches_and_says_how_to_take_it_back(ctx: Context) -> None:
    actions.bench(ctx, "anthropic-api")

    told = ask(ctx, "/provider-status --reset").splitlines()

    assert told[:2] == [
        "benches and today's counters of all were cleared; pf-tui undo takes it back",
        "anthropic-api serves claude-sonnet-5-5",
    ]


@pytest.mark.parametrize("line", ["/provider-status groq --reset", "/provider-status --reset groq"])
def test_status_resets_one_provider_alone(ctx: Context, line: str) -> None:
    for one in ("anthropic-api", "groq"):
        actions.bench(ctx, one)

    assert ask(ctx, line).splitlines()[1] == "groq (Groq): ready"
    assert [bench.provider for bench in ctx.health().benches] == ["anthropic-api"]


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("set groq,openrouter", "groq, openrouter"),
        ("set groq, openrouter", "groq, openrouter"),
        ("set groq openrouter", "groq, openrouter"),
        ("add together", "anthropic-api, openrouter, groq, together"),
        ("remove openrouter", "anthropic-api, groq"),
        ("move groq 1", "groq, anthropic-api, openrouter"),
    ],
)
def test_priority_takes_the_words_of_the_command_line(ctx: Context, words: str, order: str) -> None:
    assert ask(ctx, f"/provider-priority {words}").splitlines()[0] == f"the order is now {order}"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/provider-priority show", "1. anthropic-api: ready (serves)"),
        ("/provider-limits set groq --daily 1M", "tokens a day: 0 % of 1M"),
        ("/provider-limits show groq", "groq has no known window and no budget"),
        ('/provider-limits "groq --daily 1M"', "tokens a day: 0 % of 1M"),
        ('/provider-priority "set groq,openrouter"', "the order is now groq, openrouter"),
        ("/provider-models info claude-opus-5-5", "claude-opus-5-5 (active)"),
        ("/provider-models --family glm", "glm-"),
        ("/provider-auth status", "groq: present (env:GROQ_API_KEY)"),
        ("/provider-auth check groq", "in a terminal: pf-tui auth check groq"),
        ("/provider-switch groq --model llama-3.3-70b-instruct", "switched to groq"),
        ("/provider-switch --auto off", "auto-switch is off; pf-tui undo takes it back"),
    ],
)
def test_the_words_of_the_command_line_work_in_an_agent(ctx: Context, line: str, words: str) -> None:
    assert words in ask(ctx, line)


def test_an_option_that_was_not_understood_changes_nothing(ctx: Context) -> None:
    assert "--fast is not known here" in ask(ctx, "/provider-status groq --fast")
    assert "--auto maybe is neither on nor off" in ask(ctx, "/provider-switch groq --auto maybe")
    assert "--model needs a value" in ask(ctx, "/provider-switch groq --model")
    assert "there is no limit called openrouter" in ask(ctx, "/provider-limits groq openrouter --daily 1M")
    assert ask(ctx, "/provider-priority").splitlines()[0] == "1. anthropic-api: ready (serves)"
    assert ask(ctx, "/provider-limits").startswith("no provider has")


def test_analytics_shows_the_view_that_is_asked_for(ctx: Context) -> None:
    gateway_rows.add(
        ctx.paths.ledger,
        [
            Attempt(
                at=NOON - timedelta(hours=1),
                agent="codex",
                provider="groq",
                model="llama-3.3-70b-instruct",
                request_id="r1",
                input=1_000_000,
            )
        ],
    )

    assert ask(ctx, "/provider-analytics 7d --view models").splitlines()[2].startswith("llama-3.3")
    assert ask(ctx, "/provider-analytics 7d --view costs").splitlines()[2].startswith("groq: 1 requests, 1M")
    assert ask(ctx, "/provider-analytics 7d --view errors").splitlines()[2:] == [
        "no request failed in this period"
    ]
    assert "no view is called 'pies'" in ask(ctx, "/provider-analytics 7d --view pies")
    assert ask(ctx, "/provider-analytics reset") == (
        "history is deleted in a terminal only: pf-tui analytics reset"
    )


def test_analytics_of_an_empty_machine(ctx: Context) -> None:
    ctx.paths.ledger.unlink(missing_ok=True)

    assert ask(ctx, "/provider-analytics") == "nothing is in the ledger yet; in a terminal: pf-tui ingest"


def test_no_answer_is_longer_than_a_few_lines(ctx: Context) -> None:
    for line in (
        *(f"/{name}" for name in commands.COMMANDS),
        "/provider-models gpt",
        "/provider-models claude",
        "/provider-status anthropic-api",
    ):
        assert len(ask(ctx, line).splitlines()) <= commands.MAX_LINES, line


def test_a_command_of_someone_else_is_no_business_of_ours(ctx: Context) -> None:
    assert commands.answer(ctx, "review", "") is None
    assert commands.typed("/review") is None
    assert commands.typed("what does /provider-status do?") is None


NEEDS = """
import sys
bare = {*sys.modules}  # a machine's sitecustomize brings what it likes
import json
from pf_tui import hooks
env, names = json.loads(sys.argv[1])
for name in names:
    event = {"command_name": name, "command_args": ""}
    assert hooks.run("claude-code", "UserPromptExpansion", json.dumps(event).encode(), env)[0]
known = (*sys.stdlib_module_names, "pf_tui")
print(json.dumps([name for name in {*sys.modules} - bare if name.split(".")[0] not in known]))
"""


def test_the_commands_need_the_standard_library_alone(ctx: Context) -> None:
    command = [sys.executable, "-c", NEEDS, json.dumps([dict(ctx.env), list(commands.COMMANDS)])]
    for _ in range(2):  # in a checkout the first look at the catalog reads YAML, and keeps what it read
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)

    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/provider-auth setup openrouter", "pf-tui auth set openrouter, then pf-tui auth check openrouter"),
        ("/provider-auth oauth anthropic-subscription", "in a terminal: claude /login"),
        ("/provider-auth refresh anthropic-oauth", "the agent that owns the login renews it while it works"),
        ("/provider-auth refresh openrouter", "it takes a key that does not expire"),
        ("/provider-auth setup", "setup which provider? /provider-auth setup PROVIDER"),
        ("/provider-auth setup openrouter --key sk-or-typed-here", "key ignored"),
        ("/provider-models family claude", "claude-opus-5-5"),
        ("/provider-models capability vision", "claude-opus-5-5"),
        ("/provider-models capability", "capability of what?"),
        ("/provider-models providers", "openrouter "),
        ("/provider-models providers groq", "llama-3.3-70b-instruct"),
        ("/provider-models providers claude-opus-5-5", "served by anthropic-oauth"),
        ("/provider-models list --filter opus", "claude-opus-5-5"),
        ("/provider-models --filter=grok", "grok"),
        ("/provider-models list --filter nosuchmodel", "no model matches: nosuchmodel"),
    ],
)
def test_every_form_of_the_original_is_answered(ctx: Context, line: str, words: str) -> None:
    told = ask(ctx, line)

    assert words in told
    assert "sk-or-typed-here" not in told


def test_analytics_in_every_view_and_beside_the_period_before(ctx: Context) -> None:
    attempts = [
        Attempt(
            at=NOON - timedelta(minutes=number + 1),
            agent="codex",
            provider="groq",
            model="gpt-6.1-sol",
            request_id=f"r{number}",
            session="5e55-1",
            input=1000,
            failure=kind,
        )
        for number, kind in enumerate((None, "rate", "overload"))
    ]
    gateway_rows.add(ctx.paths.ledger, attempts)
    hour = timedelta(hours=1)
    ledger.limit_hit(
        ctx.paths.ledger, "groq", kind="quota", at=NOON - hour, until=NOON + hour, agent=None, session=None
    )

    told = {
        view: ask(ctx, f"/provider-analytics 7d --view {view}")
        for view in ("summary", "errors", "limits", "sessions", "machines", "blocks", "requests")
    }
    compared = ask(ctx, "/provider-analytics 7d --compare")

    assert "groq: rate 1 times" in told["errors"]
    assert "groq: overload 1 times" in told["errors"]
    assert "groq: quota until 13:00" in told["limits"]
    assert all(view.startswith("7d: 3 requests") for view in told.values())
    assert "before: 0 requests" in compared
    assert "groq: 3 requests" in compared


def test_one_undo_takes_a_switch_with_auto_switch_back(ctx: Context) -> None:
    before = ctx.paths.config.read_bytes()

    told = ask(ctx, "/provider-switch groq --auto off")
    back = ask(ctx, "/provider-switch undo")

    assert "auto-switch is off: the first of the list serves, whatever its state" in told
    assert "auto-switch is on: the first provider that can serve does" in back
    assert ctx.paths.config.read_bytes() == before


def test_a_refused_switch_leaves_auto_switch_alone(ctx: Context) -> None:
    told = ask(ctx, "/provider-switch together --auto off")

    assert "together cannot serve now" in told
    assert ctx.config().auto_switch
