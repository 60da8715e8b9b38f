"""priority, limits, models, init: what is understood, what is written, what is said."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pf_tui.ledger import layout, reader, schema
from pf_tui.state.paths import Paths
from tests.ledger.test_views import enter
from tests.trusted import trusting

from .conftest import NOON, Pf, Turn


def stored(paths: Paths) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(paths.config.read_text())
    return content


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("1500000", 1_500_000),
        ("1M", 1_000_000),
        ("1.5M", 1_500_000),
        ("500K", 500_000),
        ("500k", 500_000),
        (".5m", 500_000),
        ("2G", 2_000_000_000),
        ("1_000", 1000),
        ("0", 0),
        ("0.0", 0),
        ("unlimited", 0),
        ("Unlimited", 0),
        ("none", 0),
    ],
)
def test_an_amount_is_understood_the_way_people_write_it(
    pf: Pf, paths: Paths, text: str, tokens: int
) -> None:
    answer = pf("limits", "set", "groq", "--daily", text)

    assert answer.code == 0
    assert stored(paths)["usageLimits"]["groq"] == {"dailyTokens": tokens}


@pytest.mark.parametrize("text", ["", "1.5X", "one", "-1", "1,5M", "1e6", "NaN", "inf", "1.2.3M", "５"])
def test_an_amount_that_is_none_is_refused_with_an_example(pf: Pf, paths: Paths, text: str) -> None:
    answer = pf("limits", "set", "groq", f"--daily={text}")

    assert answer.code == 2
    assert answer.err == (
        f"pf-tui: --daily {text} is not a number of tokens\n        write 1500000, 1500K or 1.5M\n"
    )
    assert not paths.config.exists()


def test_every_kind_of_budget_has_its_own_place(pf: Pf, paths: Paths) -> None:
    options = ("--daily", "1M", "--monthly", "10M", "--daily-requests", "100", "--monthly-requests", "2K")

    answer = pf("limits", "set", "groq", *options, "--daily-usd", "$2.50", "--monthly-usd", "20", "--json")

    assert answer.json["budgets"] == {
        "daily_tokens": 1_000_000,
        "monthly_tokens": 10_000_000,
        "daily_requests": 100,
        "monthly_requests": 2000,
        "daily_usd": 2.5,
        "monthly_usd": 20,
    }
    assert stored(paths)["usageLimits"] == {"groq": {"dailyTokens": 1_000_000, "monthlyTokens": 10_000_000}}
    assert stored(paths)["pf"]["usageLimits"]["groq"]["dailyUsd"] == 2.5


def test_a_budget_of_0_is_unlimited_and_never_used_up(
    pf: Pf, claude_code: Callable[..., Path], write: Callable[[str, Any], Path]
) -> None:
    write(
        "config.json",
        {"version": 2, "usageLimits": {"anthropic-api": {"dailyTokens": 0, "monthlyTokens": 0}}},
    )
    claude_code(Turn(NOON - timedelta(hours=1), output=5_000_000))
    pf("ingest")

    provider = next(p for p in pf("status", "--json").json["providers"] if p["id"] == "anthropic-api")

    assert provider["usage"]["today"]["tokens"] > 5_000_000
    assert provider["limits"] == []
    assert provider["health"]["state"] == "ready"


def test_a_used_up_budget_moves_work_on_until_local_midnight(
    pf: Pf, claude_code: Callable[..., Path]
) -> None:
    pf("switch", "anthropic-api")
    claude_code(Turn(NOON - timedelta(hours=1), output=2_000_000))
    pf("ingest")
    pf("limits", "set", "anthropic-api", "--daily", "1M")

    status = pf("status", "--json", env={"TZ": "America/New_York"}).json
    health = next(p for p in status["providers"] if p["id"] == "anthropic-api")["health"]

    assert health["state"] == "exhausted"
    assert health["until"] == "2026-11-25T05:00:00.000+00:00"
    assert status["active"]["provider"] != "anthropic-api"


def test_the_originals_order_of_words_sets_a_limit_as_well(pf: Pf, paths: Paths) -> None:
    answer = pf("limits", "groq", "--daily", "1M", "--monthly=10M")

    assert answer.code == 0
    limits = json.loads(paths.config.read_text())["usageLimits"]
    assert limits["groq"] == {"dailyTokens": 1_000_000, "monthlyTokens": 10_000_000}
    assert pf("limits", "groq", "--json").json["providers"][0]["id"] == "groq"


def test_limits_without_an_amount_name_the_options(pf: Pf) -> None:
    answer = pf("limits", "set", "groq")

    assert answer.code == 2
    assert "no limit was named" in answer.err
    assert "--monthly-usd" in answer.err


@pytest.mark.parametrize("spelling", ["template", "readme"])
def test_a_project_limits_requests_in_the_spelling_of_its_file(pf: Pf, project: Path, spelling: str) -> None:
    file = project / ".opencode" / "provider-fallback.local.md"
    file.parent.mkdir()
    head = {"template": "auto_switch: true\n", "readme": "auto_switch: true\ndaily_limit: 5\n"}[spelling]
    file.write_text(f"---\n{head}---\ntext\n")

    answer = pf("limits", "set", "groq", "--daily-requests", "100", "--project")

    assert answer.code == 0
    assert answer.out.startswith("every provider in this project: daily-requests 100;")
    assert "daily_limit: 100" in file.read_text()
    assert file.read_text().endswith("---\ntext\n")
    assert pf("undo").code == 0
    assert file.read_text() == f"---\n{head}---\ntext\n"


def test_a_project_has_no_token_budgets(pf: Pf) -> None:
    answer = pf("limits", "set", "groq", "--daily", "1M", "--project")

    assert answer.code == 2
    assert "a project's file limits requests only, not --daily" in answer.err


def test_the_list_is_set_added_to_moved_and_cut(pf: Pf, paths: Paths) -> None:
    pf("priority", "set", "groq, openrouter", "anthropic-api")
    pf("priority", "add", "together")
    pf("priority", "move", "together", "1")
    pf("priority", "remove", "openrouter")

    assert stored(paths)["providerPriority"] == ["together", "groq", "anthropic-api"]
    assert pf("undo").code == 0
    assert stored(paths)["providerPriority"] == ["together", "groq", "openrouter", "anthropic-api"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        pytest.param(("set", "groq,groq"), 2, "groq stands in the list twice", id="twice"),
        pytest.param(("set", ","), 2, "the priority list would be empty", id="empty"),
        pytest.param(("set", "groq,nosuch"), 3, "no provider is called 'nosuch'", id="unknown"),
        pytest.param(("add", "groq"), 2, "groq is number 18 already", id="there-already"),
        pytest.param(("move", "groq", "0"), 2, "position 0 does not exist", id="position-0"),
        pytest.param(("move", "groq", "x"), 2, "'x' is not a valid integer", id="no-number"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(
    pf: Pf, paths: Paths, words: tuple[str, ...], code: int, sentence: str
) -> None:
    answer = pf("priority", *words)

    assert answer.code == code
    assert sentence in answer.err
    assert not paths.config.exists()


def test_a_change_of_ones_own_list_shows_that_list_not_the_projects(pf: Pf) -> None:
    pf("priority", "set", "openrouter", "--project")

    answer = pf("priority", "set", "groq,together")

    assert [line.split()[-2] for line in answer.lines[1:3]] == ["groq", "together"]
    assert "so openrouter stays first here" in answer.err


def test_the_catalog_has_116_models_and_more_behind_all(pf: Pf) -> None:
    models = pf("models", "--json").json
    everything = pf("models", "--all", "--json").json

    assert len(models) == 116
    assert len(everything) > 116
    assert {model["id"] for model in models} < {model["id"] for model in everything}


def test_filters_of_models_narrow_together(pf: Pf) -> None:
    found = pf(
        "models", "--provider", "openrouter", "--capability", "vision", "--family", "CLAUDE", "--json"
    ).json

    assert found
    assert all(model["family"] == "Claude" and "vision" in model["capabilities"] for model in found)
    assert all("openrouter" in model["providers"] for model in found)


@pytest.mark.parametrize(
    ("spelling", "model"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("anthropic/claude-sonnet-4.5", "claude-sonnet-4-5-20250929"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5-20250929"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4-20250514"),
        ("claude-4-sonnet", "claude-sonnet-4-20250514"),
        ("claude-opus-5-5[1m]", "claude-opus-5-5"),
        ("OPUS", "claude-opus-5-5"),
    ],
)
def test_info_understands_every_spelling(pf: Pf, spelling: str, model: str) -> None:
    assert pf("models", "info", spelling, "--json").json["id"] == model


def test_info_of_a_retired_model_names_its_successor(pf: Pf) -> None:
    answer = pf("models", "info", "claude-sonnet-4-20250514", "--json").json

    assert answer["status"] == "retired"
    assert answer["successor"] == "claude-sonnet-5-5"
    assert "claude-sonnet-5-5" in answer["note"]


def test_init_writes_the_template_at_the_git_root_once(pf: Pf, project: Path) -> None:
    deep = project / "src" / "deep"
    deep.mkdir(parents=True)

    first = pf("init", "--dir", str(deep))
    second = pf("init")

    file = project / ".opencode" / "provider-fallback.local.md"
    assert first.code == 0
    assert file.is_file()
    assert second.code == 1
    assert f"{file} exists already; nothing was changed" in second.err
    assert pf("undo").code == 0
    assert not file.exists()


def test_init_in_the_home_directory_is_refused(pf: Pf, home: Path) -> None:
    answer = pf("init", "--dir", str(home))

    assert answer.code == 1
    assert "is the home directory, not a project" in answer.err


def test_a_project_that_is_disabled_leaves_the_choice_to_the_first(
    pf: Pf, project: Path, paths: Paths
) -> None:
    file = project / ".opencode" / "provider-fallback.local.md"
    file.parent.mkdir()
    file.write_text("---\nenabled: false\npriority_override: [together, groq]\n---\n")
    trusting(paths, file)

    status = pf("status", "--json").json

    assert status["auto_switch"] is False
    assert status["project"] == str(project)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_real_git_worktree_counts_as_a_project(pf: Pf, tmp_path: Path) -> None:
    repository, tree = tmp_path / "repo", tmp_path / "tree"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.com", "-C", str(repository)]
    repository.mkdir()
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(tree)], check=True)

    answer = pf("init", "--json", "--dir", str(tree))

    assert answer.json["path"].startswith(str(tree))


def test_a_plan_that_reports_nothing_is_guessed_from_its_own_past(pf: Pf, paths: Paths) -> None:
    plan, uses = "anthropic-subscription", [(NOON - timedelta(minutes=10), 500_000)]
    for days in (1, 2, 3):
        begin = NOON - timedelta(days=days)
        uses.append((begin + timedelta(hours=1), 1_000_000))
        reader.limit_hit(
            paths.ledger, plan, kind="quota", at=begin + timedelta(hours=2), until=begin + timedelta(hours=5),
            agent="claude-code", session=f"s-{days}",
        )  # fmt: skip
    with schema.opened(paths.ledger, write=True) as connection:
        enter(
            connection,
            [{"ts_ms": layout.milliseconds(at), "output": tokens, "provider": plan} for at, tokens in uses],
        )
    pf("ingest")

    text = pf("limits", plan)
    (limit,) = pf("limits", plan, "--json").json["providers"][0]["limits"]

    assert "~50 %" in text.out
    assert "500K of 1M tokens" in text.out
    assert "estimate, " in text.out
    assert (limit["window"], limit["unit"], limit["source"]) == ("5h", "tokens", "estimate")
    assert (limit["used"], limit["limit"], limit["percent"]) == (500_000, 1_000_000, 50.0)
    assert pf("why").out.count("exhausted") == 0
