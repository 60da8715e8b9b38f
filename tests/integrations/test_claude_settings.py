"""Claude Code's settings with a route or a status line in them, and as they were again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.integrations import claude_settings, jsonc

WORDS = ("/usr/bin/pf-tui",)
ROUTE = {
    "ANTHROPIC_BASE_URL": "https://openrouter.ai/api",
    "ANTHROPIC_API_KEY": "",
    "ANTHROPIC_AUTH_TOKEN": "",
}
HOME = {**ROUTE, "ANTHROPIC_BASE_URL": "https://api.anthropic.com"}
HELPER = "/usr/bin/pf-tui auth helper"
NAMES = {"claude-opus-5-5": "anthropic/claude-opus-5.5", "claude-sonnet-5-5": "anthropic/claude-sonnet-5.5"}

SETTINGS = {
    "nothing": "{}",
    "nothing-and-a-line": "{}\n",
    "two-spaces": '{\n  "model": "opus"\n}\n',
    "four-spaces": '{\n    "model": "opus",\n    "env": {\n        "FOO": "bar"\n    }\n}',
    "tabs": '{\n\t"env": {\n\t\t"FOO": "bar"\n\t},\n\t"model": "opus"\n}\n',
    "one-line": '{"model": "opus", "env": {"FOO": "bar"}}',
    "windows": '{\r\n  "model": "opus",\r\n  "env": {\r\n    "FOO": "bar"\r\n  }\r\n}\r\n',
    "comments": '{\n  // mine\n  "model": "opus", // the big one\n  /* env */ "env": {"FOO": "bar"},\n}\n',
    "own-key": '{\n  "env": {\n    "ANTHROPIC_API_KEY": "sk-ant-mine",\n    "FOO": "bar"\n  }\n}\n',
    "own-helper": '{\n  "apiKeyHelper": "vault",\n  "statusLine": {"type": "command", "command": ""}\n}\n',
    "own-names": '{\n  "modelOverrides": {"claude-opus-5-5": "claude-opus-5"},\n  "model": "opus"\n}\n',
    "own-url": '{"env": {"ANTHROPIC_BASE_URL": "https://corp", "ANTHROPIC_AUTH_TOKEN": "t"}, "z": [1,  2]}',
}


@pytest.mark.parametrize("text", SETTINGS.values(), ids=SETTINGS)
def test_a_route_goes_in_and_comes_out_without_a_trace(text: str) -> None:
    there = claude_settings.routed(text, "openrouter", ROUTE, HELPER, models=NAMES)
    back = claude_settings.routed(there, "anthropic-subscription", HOME, None, home=True)

    assert claude_settings.unrouted(there) == text
    assert claude_settings.unrouted(back) == text


@pytest.mark.parametrize("text", SETTINGS.values(), ids=SETTINGS)
def test_a_status_line_goes_in_and_comes_out_without_a_trace(text: str) -> None:
    with_ours = claude_settings.with_status_line(text, WORDS)

    assert claude_settings.with_status_line(with_ours, WORDS) == with_ours
    assert claude_settings.without_status_line(with_ours) == text


@pytest.mark.parametrize("text", SETTINGS.values(), ids=SETTINGS)
def test_a_route_empties_every_key_and_sets_the_helper(text: str) -> None:
    settings = jsonc.parse(claude_settings.routed(text, "openrouter", ROUTE, HELPER))

    assert {name: settings["env"][name] for name in ROUTE} == ROUTE
    assert settings["apiKeyHelper"] == HELPER


def test_the_same_route_twice_changes_nothing() -> None:
    once = claude_settings.routed(SETTINGS["own-key"], "openrouter", ROUTE, HELPER, models=NAMES)

    assert claude_settings.routed(once, "openrouter", ROUTE, HELPER, models=NAMES) == once
    assert claude_settings.rerouted(SETTINGS["own-key"], once) == once


def test_a_route_has_the_providers_model_names_and_the_way_on_has_none() -> None:
    named = {**ROUTE, "ANTHROPIC_DEFAULT_OPUS_MODEL": "claude-opus-5-5"}
    there = json.loads(text := claude_settings.routed("{}\n", "openrouter", named, HELPER, models=NAMES))
    on = json.loads(claude_settings.routed(text, "mine", ROUTE, HELPER))

    assert there["modelOverrides"] == NAMES
    assert there["env"]["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "claude-opus-5-5"
    assert "modelOverrides" not in on
    assert on["env"] == ROUTE


def test_a_persons_own_model_names_are_back_where_the_route_has_none() -> None:
    own = {"claude-opus-5-5": "claude-opus-5", "mine": "x"}
    aliases = {"ANTHROPIC_DEFAULT_OPUS_MODEL": "claude-opus-4-8"}
    named = {**ROUTE, "ANTHROPIC_DEFAULT_OPUS_MODEL": "claude-opus-5-5"}
    text = json.dumps({"modelOverrides": own, "env": aliases})

    there = claude_settings.routed(text, "openrouter", named, HELPER, models=NAMES)
    back = json.loads(claude_settings.routed(there, "anthropic-subscription", HOME, None, home=True))

    assert json.loads(there)["modelOverrides"] == {**own, **NAMES}
    assert back["modelOverrides"] == own
    assert back["env"]["ANTHROPIC_DEFAULT_OPUS_MODEL"] == "claude-opus-4-8"


def test_the_way_to_the_login_has_no_helper_and_an_address() -> None:
    there = claude_settings.routed(SETTINGS["own-key"], "openrouter", ROUTE, HELPER)

    settings = json.loads(claude_settings.routed(there, "anthropic-subscription", HOME, None, home=True))

    assert "apiKeyHelper" not in settings
    assert settings["env"]["ANTHROPIC_BASE_URL"] == "https://api.anthropic.com"
    assert settings["env"]["ANTHROPIC_API_KEY"] == ""


def test_the_way_home_gives_the_persons_own_key_and_helper_back() -> None:
    text = '{"apiKeyHelper": "vault get", "env": {"ANTHROPIC_API_KEY": "sk-ant-mine"}}'
    there = claude_settings.routed(text, "openrouter", ROUTE, HELPER)

    settings = json.loads(claude_settings.routed(there, "anthropic-api", HOME, HELPER, home=True, keys=True))

    assert settings["apiKeyHelper"] == "vault get"
    assert settings["env"]["ANTHROPIC_API_KEY"] == "sk-ant-mine"


def test_what_a_person_changes_in_between_stays() -> None:
    there = claude_settings.routed("{}\n", "openrouter", ROUTE, HELPER)
    edited = there.replace("https://openrouter.ai/api", "https://mine", 1).replace(
        f'"{HELPER}"', '"my own"', 1
    )

    settings = json.loads(claude_settings.unrouted(edited))

    assert settings["env"] == {"ANTHROPIC_BASE_URL": "https://mine"}
    assert settings["apiKeyHelper"] == "my own"
    assert "pf-tui" not in settings


def test_a_damaged_note_is_no_trouble() -> None:
    for note in ("7", "[]", '{"wrote": 1, "kept": []}', '{"wrote": {"env": 3}, "kept": {"env": "x"}}'):
        text = f'{{"pf-tui": {note}, "env": {{"FOO": "bar"}}}}'
        assert json.loads(claude_settings.unrouted(text)) == {"env": {"FOO": "bar"}}
        there = json.loads(claude_settings.routed(text, "openrouter", ROUTE, HELPER))
        assert there["env"]["FOO"] == "bar"


def test_a_status_line_that_is_no_command_is_left_alone() -> None:
    text = '{"statusLine": {"type": "text", "text": "hi"}}'

    assert claude_settings.with_status_line(text, WORDS) == text


def test_a_moved_program_is_found_again_and_the_wrapped_line_stays() -> None:
    old = claude_settings.with_status_line(
        '{"statusLine": {"type": "command", "command": "echo \'a b\'"}}', ("/old/pf-tui",)
    )

    new = json.loads(claude_settings.with_status_line(old, ("python3", "-m", "pf_tui")))

    command = new["statusLine"]["command"]
    assert command.startswith("python3 -m pf_tui statusline --wrap ")
    assert claude_settings.wrapped(command) == "echo 'a b'"


def test_env_that_is_no_object_is_told_with_its_place() -> None:
    with pytest.raises(jsonc.JsoncError, match='"env" is no object') as caught:
        claude_settings.routed('{\n  "env": []\n}', "openrouter", ROUTE, HELPER)

    assert caught.value.line == 2


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
variables = st.dictionaries(
    st.sampled_from(["FOO", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "Z"]),
    st.text(max_size=6),
    min_size=1,
    max_size=4,
)
people = st.fixed_dictionaries(
    {},
    optional={
        "model": values,
        "env": variables,
        "apiKeyHelper": st.text(min_size=1, max_size=6),
        "modelOverrides": st.dictionaries(st.just("claude-opus-5-5"), st.just("claude-opus-5"), min_size=1),
        "statusLine": st.just({"type": "command", "command": "mine --x 'y z'", "padding": 0}),
        "hooks": values,
    },
)


@given(people, st.sampled_from([None, 2, 4, "\t"]), st.booleans())
def test_any_settings_come_back_byte_for_byte(settings: dict[str, Any], indent: Any, newline: bool) -> None:
    text = json.dumps(settings, indent=indent, ensure_ascii=False) + ("\n" if newline else "")

    there = claude_settings.with_status_line(text, WORDS)
    there = claude_settings.routed(there, "openrouter", ROUTE, HELPER, models=NAMES)
    there = claude_settings.routed(there, "anthropic-api", HOME, HELPER, home=True, keys=True)
    there = claude_settings.routed(there, "anthropic-subscription", HOME, None, home=True)

    assert claude_settings.without_status_line(claude_settings.unrouted(there)) == text
