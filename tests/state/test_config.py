"""config.json: the original's shape in, the same shape and every foreign key out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.errors import StateFileUnusable
from pf_tui.state import config
from pf_tui.state.paths import Paths

ORIGINAL: dict[str, Any] = {
    "version": 2,
    "defaultModel": "claude-4-sonnet",
    "providerPriority": ["anthropic-subscription", "openrouter"],
    "usageLimits": {
        "openrouter": {"dailyTokens": 1000000, "monthlyTokens": 0},
        "groq": {"dailyTokens": 0, "monthlyTokens": "unlimited"},
    },
    "autoSwitch": False,
    "notifyOnSwitch": True,
    "somethingTheyAdded": {"kept": [1, 2]},
}


def write(paths: Paths, content: dict[str, Any]) -> None:
    paths.home.mkdir(parents=True, exist_ok=True)
    paths.config.write_text(json.dumps(content, indent=2))


def test_a_file_of_the_original_plugin_loads(paths: Paths) -> None:
    write(paths, ORIGINAL)

    settings = config.read(paths)

    assert settings.default_model == "claude-4-sonnet"
    assert settings.priority == ("anthropic-subscription", "openrouter")
    assert settings.auto_switch is False
    assert settings.budgets["openrouter"].daily_tokens == 1_000_000


def test_a_limit_of_zero_means_unlimited(paths: Paths) -> None:
    write(paths, ORIGINAL)

    settings = config.read(paths)

    assert settings.budgets["openrouter"].monthly_tokens is None
    assert "groq" not in settings.budgets


def test_a_change_keeps_unknown_keys_and_order(paths: Paths) -> None:
    write(paths, ORIGINAL)

    config.change(paths, {"autoSwitch": True, "pf.usageLimits.groq.dailyUsd": 2.5})

    content = json.loads(paths.config.read_text())
    assert list(content) == [*ORIGINAL, "pf"]
    assert content["somethingTheyAdded"] == {"kept": [1, 2]}
    assert config.read(paths).budgets["groq"].daily_usd == 2.5


def test_feeding_back_what_change_returned_restores_the_file(paths: Paths) -> None:
    write(paths, ORIGINAL)
    before = paths.config.read_text()

    old = config.change(paths, {"autoSwitch": True, "pf.usageLimits.groq.dailyUsd": 2.5, "defaultModel": "x"})
    config.change(paths, old)

    assert json.loads(paths.config.read_text()) == json.loads(before)


def test_reading_without_a_file_writes_nothing(paths: Paths) -> None:
    assert config.read(paths) == config.Config()
    assert not paths.home.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(
            {"usageLimits": {"groq": {"dailyTokens": 1e16}}},
            '"dailyTokens" is 1e+16; a number up to 1e+15 is needed',
            id="a-budget-nobody-has",
        ),
        pytest.param(
            {"autoSwitch": "yes"},
            'line 2 column 17: expected true or false for "autoSwitch", found a text',
            id="flag",
        ),
        pytest.param(
            {"providerPriority": "groq"},
            'expected a list of provider ids for "providerPriority", found a text',
            id="list",
        ),
        pytest.param(
            {"usageLimits": {"groq": {"dailyTokens": {}}}},
            'line 4 column 22: expected a number for "dailyTokens", found an object',
            id="number",
        ),
        pytest.param({"pf": []}, 'expected an object for "pf", found a list', id="object"),
        pytest.param(
            {"pf": {"thresholds": {"warn": 7}}}, '"warn" is 7; a share between 0 and 1 is needed', id="share"
        ),
    ],
)
def test_a_wrong_type_is_named_with_its_line(paths: Paths, content: dict[str, Any], sentence: str) -> None:
    write(paths, content)

    with pytest.raises(StateFileUnusable) as caught:
        config.read(paths)

    assert sentence in caught.value.message


def test_a_newer_version_is_read_but_never_written(paths: Paths) -> None:
    write(paths, {"version": 3, "providerPriority": ["groq"]})
    before = paths.config.read_bytes()

    assert config.read(paths).priority == ("groq",)
    with pytest.raises(StateFileUnusable, match="version 3, this pf-tui knows 2"):
        config.change(paths, {"autoSwitch": False})

    assert paths.config.read_bytes() == before


def test_a_broken_config_file_is_never_overwritten(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    paths.config.write_text('{"autoSwitch": tru')

    with pytest.raises(StateFileUnusable):
        config.change(paths, {"autoSwitch": False})

    assert paths.config.read_text() == '{"autoSwitch": tru'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ORIGINAL, "pf", "x"]), JSON))
def test_any_object_is_settings_or_one_sentence(content: dict[str, Any]) -> None:
    from pathlib import Path

    sentence = "config.json"
    try:
        config.parse(content, Path("config.json"))
    except StateFileUnusable as error:
        sentence = error.message

    assert sentence.startswith("config.json")


def test_when_a_session_goes_back_is_one_of_three_words(paths: Paths) -> None:
    parse, path = config.parse, paths.config

    assert parse({}, path).return_when == "cheap"
    assert parse({"pf": {"return": "never"}}, path).return_when == "never"
    with pytest.raises(StateFileUnusable, match='"return" is "soon"; one of cheap, now, never is needed'):
        parse({"pf": {"return": "soon"}}, path)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        pytest.param("1e999", "1e999", id="infinite"),
        pytest.param("-1e999", "-1e999", id="infinite-below"),
        pytest.param("1e25", "1e25", id="absurd"),
        pytest.param("7" * 401, "a number of 401 characters", id="hundreds-of-digits"),
        pytest.param("7" * 5000, "a number of 5000 characters", id="more-than-python-reads"),
        pytest.param("NaN", "NaN", id="none"),
        pytest.param("Infinity", "Infinity", id="a-word"),
    ],
)
@pytest.mark.parametrize("place", ["usageLimits", "somebodyElses"])
def test_a_number_that_nothing_can_be_is_refused_with_its_place(
    paths: Paths, number: str, shown: str, place: str
) -> None:
    paths.home.mkdir(parents=True)
    paths.config.write_text(f'{{"version": 2,\n "{place}": {{"groq": {{"dailyTokens": {number}}}}}}}\n')

    with pytest.raises(StateFileUnusable) as refused:
        config.read(paths)

    why = f'"dailyTokens" is {shown}; it must be between -1e+24 and 1e+24'
    assert refused.value.message.startswith("config.json line 2 column ")
    assert refused.value.message.endswith(f": {why}")
