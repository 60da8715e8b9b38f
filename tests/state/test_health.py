"""health.json: every bench says why and until when; foreign keys stay; a broken file is begun anew."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pf_tui.errors import PfError
from pf_tui.rules.benches import Bench
from pf_tui.state import health
from pf_tui.state.health import Health, SessionServed
from pf_tui.state.paths import Paths

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
BENCH = Bench(
    provider="groq",
    model="llama-3.3-70b-instruct",
    kind="rate",
    since=NOON,
    until=NOON + timedelta(minutes=5),
    source="hook",
    evidence={"status": 429},
    strikes=2,
)


def test_a_bench_comes_back_as_it_was_written(paths: Paths) -> None:
    health.change(paths, lambda old: replace(old, benches=(BENCH,)))

    assert health.read(paths).benches == (BENCH,)
    assert json.loads(paths.health.read_text())["benches"][0]["scope"] == "model"


def test_a_bench_of_a_family_comes_back_and_older_readers_keep_off(paths: Paths) -> None:
    family = replace(BENCH, model=None, family="opus")
    paths.home.mkdir(parents=True)
    paths.health.write_text(json.dumps({"version": 1, "benches": [health.bench_to_json(BENCH)]}))

    health.change(paths, lambda old: replace(old, benches=(*old.benches, family)))

    written = json.loads(paths.health.read_text())
    assert health.read(paths).benches == (BENCH, family)
    assert written["version"] == 2
    assert (written["benches"][1]["scope"], written["benches"][1]["family"]) == ("model", "opus")
    assert "model" not in written["benches"][1]


@pytest.mark.parametrize(
    ("provider", "model", "at", "benched"),
    [
        pytest.param("groq", "llama-3.3-70b-instruct", NOON, True, id="the-model"),
        pytest.param("groq", "gpt-oss-20b", NOON, False, id="another-model"),
        pytest.param("openrouter", "llama-3.3-70b-instruct", NOON, False, id="another-provider"),
        pytest.param("groq", "llama-3.3-70b-instruct", NOON + timedelta(minutes=5), False, id="ended"),
    ],
)
def test_a_bench_holds_for_what_it_names_until_it_ends(
    provider: str, model: str, at: datetime, benched: bool
) -> None:
    found = Health(benches=(BENCH,)).bench_for(provider, model, at)

    assert (found is not None) is benched


def test_unknown_keys_stay(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    entry = {**health.bench_to_json(BENCH), "colour": "red"}
    paths.health.write_text(json.dumps({"version": 1, "theirs": 5, "benches": [entry], "agents": {}}))

    health.change(
        paths, lambda old: replace(old, benches=(*old.benches, replace(BENCH, provider="together")))
    )

    content = json.loads(paths.health.read_text())
    assert content["theirs"] == 5
    assert content["benches"][0]["colour"] == "red"
    assert "colour" not in content["benches"][1]


def test_a_broken_file_is_set_aside_and_begun_anew(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    paths.health.write_text('{"benches": [')

    _, note = health.change(paths, lambda old: replace(old, benches=(BENCH,)))

    assert note is not None
    assert note.startswith("health.json line 1 column 14: is not JSON")
    assert "begun anew" in note
    assert [path.read_text() for path in paths.home.glob("health.json.corrupt-*")] == ['{"benches": [']
    assert health.read(paths).benches == (BENCH,)


def test_a_newer_file_is_read_only(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    paths.health.write_text('{"version": 9}')

    with pytest.raises(PfError, match="version 9, this pf-tui knows 2"):
        health.change(paths, lambda old: replace(old, benches=(BENCH,)))

    assert paths.health.read_text() == '{"version": 9}'


def test_entries_that_make_no_sense_are_dropped_and_the_rest_works(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    good = health.bench_to_json(BENCH)
    wrong = [5, {}, {**good, "since": "never"}, {**good, "until": "soon"}]
    paths.health.write_text(json.dumps({"benches": [*wrong, good], "agents": [], "sessions": {"a": 1}}))

    assert health.read(paths) == Health(benches=(BENCH,))


def test_two_agents_sessions_of_one_id_are_two(paths: Paths) -> None:
    first, second = (SessionServed(provider=name, since=NOON, pin=name) for name in ("groq", "zai"))
    health.change(paths, lambda old: replace(old, sessions={("codex", "s"): first}))
    alone = json.loads(paths.health.read_text())["sessions"]
    both = {("codex", "s"): first, ("opencode", "s"): second}
    health.change(paths, lambda old: replace(old, sessions=both))
    kept = health.read(paths).sessions
    health.change(paths, lambda old: replace(old, sessions={("opencode", "s"): second}))

    assert list(alone) == ["s"]  # as every earlier file has it
    assert kept == both
    assert health.read(paths).sessions == {("opencode", "s"): second}


def test_only_the_last_two_hundred_sessions_are_kept(paths: Paths) -> None:
    sessions = {
        ("codex", f"s{number}"): SessionServed(provider="groq", since=NOON + timedelta(seconds=number))
        for number in range(250)
    }

    health.change(paths, lambda old: replace(old, sessions=sessions))

    kept = health.read(paths).sessions
    assert len(kept) == 200
    assert ("codex", "s249") in kept
    assert ("codex", "s0") not in kept
