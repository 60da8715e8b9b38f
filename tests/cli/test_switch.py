"""switch, undo, redo, bench, release, why and events: what they say and what they change."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pf_tui.state.paths import Paths
from tests.trusted import trusting

from .conftest import NOON, Pf


def active(pf: Pf) -> str | None:
    serving = pf("status", "--json").json["active"]
    return serving and str(serving["provider"])


def priority(paths: Paths) -> list[str]:
    order: list[str] = json.loads(paths.config.read_text())["providerPriority"]
    return order


def test_a_switch_says_who_serves_and_how_to_take_it_back(pf: Pf) -> None:
    answer = pf("switch", "groq")

    assert answer.code == 0
    assert answer.err == ""
    assert answer.out.startswith("switched to groq with ")
    assert answer.out.endswith(" (was openrouter); `pf-tui undo` takes it back\n")
    assert active(pf) == "groq"


def test_a_switch_to_the_one_that_serves_changes_nothing(pf: Pf, paths: Paths) -> None:
    pf("switch", "groq")
    before = paths.config.read_bytes()

    answer = pf("switch", "groq")

    assert answer.code == 0
    assert answer.out.endswith("; nothing was changed\n")
    assert paths.config.read_bytes() == before


def test_switch_next_takes_the_provider_that_policy_would_choose(pf: Pf) -> None:
    pf("switch", "groq")
    expected = pf("status", "--json").json["next"]["provider"]

    answer = pf("switch", "next", "--json")

    assert answer.json["to"] == expected
    assert active(pf) == expected


def test_switch_next_with_nobody_else_exits_5(pf: Pf) -> None:
    answer = pf("switch", "next", keys=False)

    assert answer.code == 5
    assert answer.out == ""
    assert answer.err.startswith("pf-tui: there is no next provider: ")
    assert "`pf-tui why` shows every reason" in answer.err


def test_switch_undo_takes_back_the_latest_switch_and_leaves_later_actions(pf: Pf, paths: Paths) -> None:
    pf("switch", "groq")
    pf("limits", "set", "groq", "--daily", "1M")

    answer = pf("switch", "--undo")

    assert answer.code == 0
    assert answer.out == (
        "undone: switch groq: openrouter → groq; `pf-tui redo` reverses it\nopenrouter serves now\n"
    )
    assert json.loads(paths.config.read_text())["usageLimits"]["groq"]["dailyTokens"] == 1_000_000


def test_switch_undo_stands_alone(pf: Pf) -> None:
    answer = pf("switch", "--undo", "groq")

    assert answer.code == 2
    assert answer.err == "pf-tui: --undo stands alone\n        `pf-tui switch --undo`\n"


def test_switch_with_a_model_makes_it_the_default(pf: Pf, paths: Paths) -> None:
    answer = pf("switch", "openrouter", "--model", "opus")

    assert "with claude-opus-5-5" in answer.out
    assert json.loads(paths.config.read_text())["defaultModel"] == "claude-opus-5-5"
    assert pf("status", "--json").json["active"]["model"] == "claude-opus-5-5"


@pytest.mark.parametrize("word", ["on", "off"])
def test_switch_auto_is_a_setting_of_its_own(pf: Pf, word: str) -> None:
    answer = pf("switch", "--auto", word, "--json")

    assert answer.code == 0
    assert answer.json["switched"] is False
    assert answer.json["auto_switch"] is (word == "on")
    assert pf("status", "--json").json["auto_switch"] is (word == "on")


def test_switch_in_the_project_leaves_ones_own_list_alone(pf: Pf, project: Path, paths: Paths) -> None:
    answer = pf("switch", "groq", "--project")

    text = (project / ".opencode" / "provider-fallback.local.md").read_text()
    assert "in this project" in answer.out
    assert "provider_priority:\n  - groq\n" in text
    assert not paths.config.exists()
    assert active(pf) == "groq"


def test_switch_in_the_project_keeps_the_spelling_of_its_file(pf: Pf, project: Path, paths: Paths) -> None:
    file = project / ".opencode" / "provider-fallback.local.md"
    file.parent.mkdir()
    file.write_text("---\n# ours\npriority_override:\n  - openrouter\n  - groq\ncolour: blue\n---\nNotes.\n")
    trusting(paths, file)

    pf("switch", "groq", "--project")

    text = file.read_text()
    assert "priority_override:\n  - groq\n  - openrouter\n" in text
    assert "provider_priority" not in text
    assert "# ours\n" in text
    assert "colour: blue\n" in text
    assert text.endswith("---\nNotes.\n")


def test_a_switch_outside_the_projects_list_says_both_ways_onto_it(pf: Pf, project: Path) -> None:
    pf("priority", "set", "openrouter", "--project")

    refused = pf("switch", "groq", "--project")
    forced = pf("switch", "groq", "--project", "--force")

    assert refused.code == 1
    assert refused.err == (
        "pf-tui: groq cannot serve now: not in this project's list\n"
        "        `pf-tui priority add groq --project` puts it on that list, "
        "`pf-tui switch groq --project --force` in front\n"
    )
    assert forced.code == 0
    assert active(pf) == "groq"


def test_ones_own_switch_says_when_the_projects_list_goes_first(pf: Pf) -> None:
    pf("switch", "groq", "--project")

    answer = pf("switch", "anthropic-api")

    assert answer.code == 0
    assert answer.out == "anthropic-api is first in your own list now; `pf-tui undo` takes it back\n"
    assert "but groq serves" in answer.err


@pytest.mark.parametrize(
    ("words", "sentence", "cure"),
    [
        pytest.param(("together",), "no credential", "`pf-tui auth set together`", id="no-key"),
        pytest.param(
            ("bedrock",), "no credential", "sign in with `aws configure sso`", id="login-of-another-tool"
        ),
    ],
)
def test_a_switch_without_credential_is_refused_with_its_cure(
    pf: Pf, paths: Paths, words: tuple[str, ...], sentence: str, cure: str
) -> None:
    answer = pf("switch", *words)

    assert answer.code == 1
    assert f"{words[0]} cannot serve now: {sentence}" in answer.err
    assert cure in answer.err
    assert not paths.config.exists()


def test_a_switch_to_a_benched_provider_is_refused_until_forced(pf: Pf) -> None:
    pf("bench", "groq", "--for", "30m")

    refused = pf("switch", "groq")
    forced = pf("switch", "groq", "--force")

    assert refused.code == 1
    assert refused.err.startswith("pf-tui: groq cannot serve now: benched (by hand), until 12:30\n")
    assert forced.code == 0
    assert active(pf) == "groq"


def test_a_bench_that_ends_another_day_says_which(pf: Pf) -> None:
    pf("bench", "groq", "--for", "3d")

    assert "until Fri 12:00" in pf("switch", "groq").err


def test_switch_to_what_is_asked_when_nothing_is_named(pf: Pf) -> None:
    answer = pf("switch")

    assert answer.code == 2
    assert "pf-tui: switch to what?" in answer.err


def test_a_model_that_a_provider_cannot_serve_is_refused(pf: Pf, paths: Paths) -> None:
    answer = pf("switch", "groq", "--model", "gpt-image-2", "--json")

    assert answer.code in (1, 3)
    assert not paths.config.exists()


def test_undo_and_redo_go_back_and_forth(pf: Pf) -> None:
    pf("switch", "groq")

    undone = pf("undo", "--json").json
    after_undo = active(pf)
    redone = pf("redo", "--json").json

    assert undone["undone"]["action"] == "switch"
    assert undone["undo"] == "pf-tui redo"
    assert after_undo == "openrouter"
    assert redone["redone"]["id"] == undone["undone"]["id"]
    assert active(pf) == "groq"


@pytest.mark.parametrize("verb", ["undo", "redo"])
def test_nothing_to_turn_round_exits_1(pf: Pf, verb: str) -> None:
    answer = pf(verb)

    assert answer.code == 1
    assert answer.err == f"pf-tui: there is nothing to {verb}\n        `pf-tui events` shows what happened\n"


def test_a_bench_moves_work_on_and_a_release_brings_it_back(pf: Pf) -> None:
    benched = pf("bench", "openrouter", "--for", "1h30m")
    while_benched = active(pf)
    released = pf("release", "openrouter")

    assert benched.out == (
        "openrouter rests until 13:30; `pf-tui release openrouter` ends it\nanthropic-api serves now\n"
    ) or benched.out.startswith("openrouter rests until 13:30;")
    assert while_benched != "openrouter"
    assert released.out == "openrouter may serve again\nopenrouter serves now\n"


def test_a_bench_ends_by_itself(pf: Pf) -> None:
    pf("bench", "openrouter", "--for", "30m")

    later = pf("status", "--json", now=NOON + timedelta(minutes=31)).json

    assert later["active"]["provider"] == "openrouter"


def test_a_bench_of_one_model_leaves_the_others(pf: Pf) -> None:
    pf("bench", "openrouter", "--model", "claude-sonnet-5-5")

    served = next(p for p in pf("status", "--json").json["providers"] if p["id"] == "openrouter")

    assert served["health"]["state"] == "benched" or served["serves"] != "claude-sonnet-5-5"
    assert pf("release", "openrouter", "--model", "claude-sonnet-5-5").code == 0


def test_releasing_who_is_not_benched_changes_nothing(pf: Pf) -> None:
    assert pf("release", "groq").out == "groq was not benched; nothing was changed\n"


@pytest.mark.parametrize("length", ["half an hour", "30", "-5m", "1x"])
def test_a_length_of_time_must_make_sense(pf: Pf, length: str) -> None:
    answer = pf("bench", "groq", f"--for={length}")

    assert answer.code == 2
    assert f"--for {length} is not a length of time" in answer.err
    assert "write 90s, 30m, 2h or 3d" in answer.err


def test_why_names_every_reason_in_order(pf: Pf) -> None:
    pf("priority", "set", "together,groq,openrouter")
    pf("bench", "groq", "--for", "30m")

    chain = pf("why", "--json").json["chain"]

    assert [(step["provider"], step["verdict"], step["code"]) for step in chain] == [
        ("together", "passed", "no-credential"),
        ("groq", "passed", "benched"),
        ("openrouter", "serves", None),
    ]


def test_why_says_whether_agents_are_led_to_the_gateway(pf: Pf) -> None:
    quiet = pf("why").out
    pf("gateway", "auto", "on")

    assert "use the gateway automatically" not in quiet
    assert "agents use the gateway automatically where they need it" in pf("why").out
    assert "agents use the gateway automatically where they need it" in pf("status").out
    for document in (pf("why", "--json").json, pf("status", "--json").json):
        assert document["gateway"] == {"auto": True, "url": None, "led": []}
    assert pf("gateway", "status", "--json").json["auto"] is True


def test_events_tell_what_happened_oldest_first(pf: Pf) -> None:
    pf("switch", "groq")
    pf("bench", "groq", "--for", "30m")
    pf("undo")

    told = pf("events").lines
    latest = pf("events", "-n", "1", "--json").json

    assert told == [
        "12:00  switch groq: openrouter → groq",
        "12:00  bench groq: groq → openrouter",
        "12:00  undo: openrouter → groq, undo of bench",
    ]
    assert [event["action"] for event in latest] == ["undo"]


def test_events_of_a_fresh_machine_say_so(pf: Pf) -> None:
    assert pf("events").out == "nothing has happened yet\n"
    assert pf("events", "--json").json == []
