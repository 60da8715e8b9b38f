"""No module needs, to run or for its annotations, a module that needs it: what two share lies below both."""

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
"""At a module's top, inside its functions, and for its annotations alone."""


def graph(texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Module -> modules that it imports, each by its dotted name."""
    return {name: set(imports(text, texts)) - {name} for name, text in texts.items()}


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


def test_no_module_needs_itself(texts: dict[str, str]) -> None:
    assert circle(graph(texts)) == []


CIRCLES = {
    "a-module-of-the-package": "from pf_tui import a\n",
    "a-name-of-the-module": "from pf_tui.a import name\n",
    "plain": "import pf_tui.a\n",
    "inside-a-function": "def f():\n    from pf_tui import c as d, a as e\n",
    "over-lines": "from pf_tui import (\n    c,\n    a,\n)\n",
    "for-an-annotation": "if TYPE_CHECKING:\n    from pf_tui.a import Thing\n",
}
"""Ways in which the second module may need the first."""


@pytest.mark.parametrize("text", CIRCLES.values(), ids=CIRCLES)
def test_a_circle_is_seen(text: str) -> None:
    texts = {"pf_tui.a": "from pf_tui.b import thing\n", "pf_tui.b": text, "pf_tui.c": ""}

    assert sorted(set(circle(graph(texts)))) == ["pf_tui.a", "pf_tui.b"]
