"""JSON with comments, edited so that every other byte stays."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pf_tui.integrations.jsonc import JsoncError, parse, remove_member, set_member

FILE = """{
  // the model I like
  "model": "opus", // big
  /* servers */
  "mcp": {
    "mine": { "url": "http://x", }, // trailing commas are fine
  },
}
"""


def test_comments_and_trailing_commas_are_read() -> None:
    assert parse(FILE) == {"model": "opus", "mcp": {"mine": {"url": "http://x"}}}


def test_a_comment_sign_in_a_text_is_no_comment() -> None:
    assert parse('{"url": "http://x", "glob": "/* a */"}') == {"url": "http://x", "glob": "/* a */"}


def test_a_member_is_added_at_the_files_own_indent() -> None:
    assert set_member(FILE, ("mcp", "pf-tui"), {"a": 1}) == FILE.replace(
        "fine\n", 'fine\n    "pf-tui": {\n      "a": 1\n    },\n'
    )


def test_a_value_is_replaced_in_its_place() -> None:
    assert set_member(FILE, ("model",), "sonnet") == FILE.replace('"opus"', '"sonnet"')


def test_setting_what_is_there_changes_nothing() -> None:
    assert set_member(FILE, ("mcp", "mine", "url"), "http://x") == FILE


def test_objects_on_the_way_are_made_and_go_again() -> None:
    there = set_member("{}\n", ("a", "b", "c"), 1)

    assert parse(there) == {"a": {"b": {"c": 1}}}
    assert remove_member(there, ("a", "b", "c")) == "{}\n"


def test_comments_of_what_stays_survive_a_removal() -> None:
    left = remove_member(FILE, ("model",))

    assert parse(left) == {"mcp": {"mine": {"url": "http://x"}}}
    assert "/* servers */" in left


def test_removing_what_is_not_there_changes_nothing() -> None:
    assert remove_member(FILE, ("mcp", "nobody")) == FILE


@pytest.mark.parametrize(
    ("text", "why", "place"),
    [
        pytest.param("{", "a key in quotes is missing", (1, 2), id="cut-off"),
        pytest.param('{\n  "a" 1\n}', '":" is missing', (2, 7), id="no-colon"),
        pytest.param('{"a": 1 "b": 2}', '"," or "}" is missing', (1, 9), id="no-comma"),
        pytest.param('{"a": [1 2]}', '"," or "]" is missing', (1, 10), id="no-comma-in-a-list"),
        pytest.param('{"a": nope}', "nope is no value", (1, 7), id="a-bare-word"),
        pytest.param("{} {}", "something follows the closing brace", (1, 4), id="two-documents"),
        pytest.param("", "ends too early", (1, 1), id="empty"),
        pytest.param("[" * 300, "is nested too deeply", (1, 202), id="deep"),
    ],
)
def test_a_mistake_is_told_with_line_and_column(text: str, why: str, place: tuple[int, int]) -> None:
    with pytest.raises(JsoncError) as caught:
        parse(text)

    assert caught.value.why == why
    assert (caught.value.line, caught.value.column) == place


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=4), values, max_size=4)
indents = st.sampled_from([None, 2, 4, "\t"])


@given(objects, indents)
def test_every_plain_json_is_read(content: dict[str, Any], indent: Any) -> None:
    assert parse(json.dumps(content, indent=indent)) == content


@given(objects, indents, st.text(min_size=5, max_size=6), values)
def test_what_is_added_is_taken_out_without_a_trace(
    content: dict[str, Any], indent: Any, name: str, value: Any
) -> None:
    text = json.dumps(content, indent=indent, ensure_ascii=False)

    there = set_member(text, (name,), value)

    assert parse(there) == {**content, name: value}
    assert remove_member(there, (name,)) == text


@given(objects, indents)
def test_any_member_can_be_taken_out(content: dict[str, Any], indent: Any) -> None:
    text = json.dumps(content, indent=indent)
    for name in content:
        left = parse(remove_member(text, (name,)))
        assert left == {key: value for key, value in content.items() if key != name}


@given(st.text(max_size=60))
def test_any_text_is_json_or_a_told_mistake(text: str) -> None:
    with contextlib.suppress(JsoncError):
        parse(text)
