"""pf.gateway in config.json: what is read, and the sentence for what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pf_tui.errors import StateFileUnusable
from pf_tui.gateway.settings import Settings, parse
from pf_tui.rules.failures import Rule


def test_nothing_set_is_the_defaults() -> None:
    settings = parse({}, Path("config.json"))

    assert settings == Settings()
    assert (settings.limits.first_byte_s, settings.limits.answer_s, settings.limits.stall_s) == (60, 300, 300)


def test_a_model_that_thinks_may_be_silent_for_longer_unless_the_person_said_how_long() -> None:
    ours, own = parse({}, Path("config.json")), parse({"stallS": 30}, Path("config.json"))

    assert ours.limits_of("groq", 900).stall_s == 900
    assert ours.limits_of("groq", 60).stall_s == 300
    assert own.limits_of("groq", 900).stall_s == 30


@pytest.mark.parametrize("value", [-1, 61, True, "3"])
def test_a_short_wait_is_a_number_of_seconds(value: object) -> None:
    with pytest.raises(StateFileUnusable, match="a number of seconds from 0 to 60"):
        parse({"shortWaitS": value}, Path("config.json"))


def test_a_provider_may_have_limits_of_its_own() -> None:
    settings = parse({"stallS": 30, "providers": {"openrouter": {"firstByteS": 20}}}, Path("config.json"))

    own, others = settings.limits_of("openrouter"), settings.limits_of("groq")
    assert (own.first_byte_s, own.stall_s) == (20, 30)
    assert (others.first_byte_s, others.stall_s) == (60, 30)


def test_rules_take_a_text_as_it_is_and_a_pattern_as_one() -> None:
    content = {
        "rules": [
            {"status": 400, "text": "no (capacity)", "then": "continue"},
            {"pattern": "no .*city", "then": "stop"},
        ]
    }

    assert parse(content, Path("config.json")).rules == (
        Rule(status=400, pattern=r"no\ \(capacity\)", then="continue"),
        Rule(pattern="no .*city", then="stop"),
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"port": 99999}, '"port" is 99999; a port number (0 to 65535) is needed'),
        ({"firstByteS": 0}, '"firstByteS" is 0; a number of seconds above 0 is needed'),
        ({"passThrough": "yes"}, 'expected true or false for "passThrough", found a text'),
        ({"providers": []}, 'expected an object for "providers", found a list'),
        ({"rules": {}}, 'expected a list for "rules", found an object'),
        ({"rules": [{"then": "stop"}]}, 'a gateway rule needs "status", "text" or "pattern"'),
        (
            {"rules": [{"status": 400, "then": "retry"}]},
            '"then" is "retry"; one of stop, continue, bench-and-stop, bench-and-continue is needed',
        ),
        ({"rules": [{"pattern": "(", "then": "stop"}]}, "the pattern '(' of a gateway rule is none"),
    ],
)
def test_a_wrong_setting_is_named(content: dict[str, Any], why: str, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"pf": {"gateway": content}}))

    with pytest.raises(StateFileUnusable) as raised:
        parse(content, path)
    assert why in raised.value.message
