"""What an agent or a person wrote is refused in one sentence however it is nested, numbered or lettered."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import pf_tui
from pf_tui.errors import StateFileUnusable
from pf_tui.integrations import claude_settings, install_plan, jsonc, toml_text
from pf_tui.launch import env as environments
from pf_tui.state import clouds
from pf_tui.state.paths import Paths
from tests.cli.conftest import Pf

SOURCE = Path(pf_tui.__file__).parent
DEEP = "[" * 100_000
READERS = ("json.loads", "json.load", "tomllib.loads")


def careless(tree: ast.AST) -> Iterator[int]:
    """Lines that catch what is no JSON or TOML, and not what is nested too deeply."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Try):
            continue
        calls = [
            ast.unparse(call.func)
            for line in node.body
            for call in ast.walk(line)
            if isinstance(call, ast.Call)
        ]
        caught = " ".join(
            ast.unparse(handler.type) if handler.type else "Exception" for handler in node.handlers
        )
        if not set(READERS) & set(calls) or "Error" not in caught:
            continue
        if "ValueError" in caught and "RecursionError" not in caught:
            yield node.lineno


OURS = {"drill/fake_upstream.py", "drill/rehearsal.py", "drill/wire_refusals.py"}
"""Read what this program wrote itself."""

ONE_VALUE = {"integrations/jsonc.py", "integrations/masked_text.py"}
"""Read one text or number, in which nothing can be nested."""


def test_whoever_catches_what_is_no_json_catches_what_is_too_deep() -> None:
    lines = {
        f"{name}:{line}"
        for path in SOURCE.rglob("*.py")
        for line in careless(ast.parse(path.read_bytes()))
        if (name := path.relative_to(SOURCE).as_posix()) not in OURS | ONE_VALUE
    }

    assert lines == set()


@pytest.mark.parametrize(
    "text", [f"a = {'[' * 5000}{']' * 5000}", "a = " + "9" * 5000, "a = " + "{b=" * 3000 + "1" + "}" * 3000]
)
def test_toml_of_any_depth_or_size_is_one_sentence(text: str) -> None:
    with pytest.raises(toml_text.TomlError):
        toml_text.parse(text)


def test_a_variable_or_a_file_of_any_depth_is_none(tmp_path: Path) -> None:
    (tmp_path / "login.json").write_text(DEEP)

    assert environments._own_content({"OPENCODE_CONFIG_CONTENT": DEEP}) == {}
    assert clouds._google_project({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "login.json")}) is None


def test_settings_larger_than_any_agents_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"a": "x" * install_plan.MOST_SETTINGS_BYTES}))

    with pytest.raises(StateFileUnusable, match="is larger than 512 KB"):
        install_plan.read(path, None)


def test_half_a_letter_in_an_agents_settings_is_kept_as_it_is() -> None:
    text = '{"env": {"A": "\\ud800"}, "x": "\u00e9"}'

    edited = jsonc.set_member(text, ("pf-tui",), {"kept": "\ud800", "name": "\u00e9"})
    routed = claude_settings.routed(text, "groq", {"A": "b"}, "helper")

    for after in (edited, routed):
        assert jsonc.parse(after.encode().decode())["x"] == "\u00e9"  # type: ignore[index]


def test_a_persons_own_list_is_bounded_as_well(pf: Pf, paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    config = {"version": 2, "providerPriority": [f"p{number}" for number in range(100_000)]}
    paths.config.write_text(json.dumps(config))

    shown, refused = pf("status"), pf("switch", "groq")

    assert (shown.code, refused.code) == (0, 4)
    for answer in (shown, refused):
        assert "at most 200 names" in answer.err
        assert len(answer.out + answer.err) < 9000
