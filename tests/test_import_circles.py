"""No module needs, to run, a module that needs it: what two share lies in a third below both."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pf_tui"

IMPORT = re.compile(
    r"^ *from (pf_tui[\w.]*) import (\([^)]*\)|[^\n#]*)|^ *import (pf_tui[\w.]*)", re.MULTILINE
)
"""At a module's top and inside its functions: both run."""

FOR_ANNOTATIONS = re.compile(r"^if TYPE_CHECKING:\n(?:(?:[ \t].*)?\n)+", re.MULTILINE)

ANNOTATED = frozenset(("pf_tui.tui",))
"""Rooms where annotations may go round: a screen starts dialogs and handlers, and these name their screen."""


def graph(texts: Mapping[str, str], *, annotations: bool) -> dict[str, set[str]]:
    """Module -> modules that it imports, each by its dotted name."""
    return {
        name: set(imports(text if annotations else FOR_ANNOTATIONS.sub("", text), texts)) - {name}
        for name, text in texts.items()
    }


def imports(text: str, names: Mapping[str, str]) -> Iterator[str]:
    """The modules of `names` that a text imports: of `from package import member` the member."""
    for module, members, plain in IMPORT.findall(text):
        for member in re.findall(r"(\w+)(?: as \w+)?", members) or [""]:
            dotted = f"{module}.{member}" if f"{module}.{member}" in names else module or plain
            if dotted in names:
                yield dotted


def circle(modules: Mapping[str, set[str]]) -> list[str]:
    """One circle, its first module at its end again; [] = there is none."""
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Dotted name -> text."""
    return {
        ".".join(("pf_tui", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): (
            path.read_text(encoding="utf-8")
        )
        for path in PACKAGE.rglob("*.py")
    }


def test_no_module_needs_itself_to_run(texts: dict[str, str]) -> None:
    assert circle(graph(texts, annotations=False)) == []


def test_annotations_go_round_in_named_rooms_alone(texts: dict[str, str]) -> None:
    modules = {
        name: imported
        for name, imported in graph(texts, annotations=True).items()
        if ".".join(name.split(".")[:2]) not in ANNOTATED
    }

    assert circle(modules) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("from pf_tui import a\n", id="a-module-of-the-package"),
        pytest.param("from pf_tui.a import name\n", id="a-name-of-the-module"),
        pytest.param("import pf_tui.a\n", id="plain"),
        pytest.param("def f():\n    from pf_tui import c as d, a as e\n", id="inside-a-function"),
        pytest.param("from pf_tui import (\n    c,\n    a,\n)\n", id="over-lines"),
    ],
)
def test_a_circle_is_seen(text: str) -> None:
    texts = {"pf_tui.a": "from pf_tui.b import thing\n", "pf_tui.b": text, "pf_tui.c": ""}

    assert sorted(set(circle(graph(texts, annotations=False)))) == ["pf_tui.a", "pf_tui.b"]


def test_an_annotation_runs_nothing() -> None:
    only = "if TYPE_CHECKING:\n    from typing import Any\n\n    from pf_tui.a import Thing\n\nX = 1\n"
    texts = {"pf_tui.a": "from pf_tui.b import X\n", "pf_tui.b": only}

    assert circle(graph(texts, annotations=False)) == []
    assert circle(graph(texts, annotations=True)) != []
