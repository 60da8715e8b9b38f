"""What docstrings name exists: parameters under Args, exceptions under Raises."""

from __future__ import annotations

import builtins
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "pf_tui"

FUNCTION = re.compile(
    r'(?ms)^ *(?:async )?def (\w+)\(((?:(?!\bdef |\bclass ).)*?)\)(?: -> [^\n]*)?:\n +"""(.*?)"""'
)
"""Name, parameters with their annotations, docstring."""

NAME = re.compile(r"\*{0,2}(\w+)\s*(?=[:=,)]|$)")
HEADING = re.compile(r"(?:Args|Returns|Yields|Raises|Source):")
INLINE = re.compile(r"Args: (.*?)(?:\n\s*\n|$)", re.DOTALL)
RAISES = re.compile(r"\bRaises ([A-Z]\w+)")
CLASS = re.compile(r"^ *class (\w+)", re.MULTILINE)
BUILTIN = frozenset(name for name in dir(builtins) if name.endswith(("Error", "Exit", "Interrupt")))
LIBRARIES = frozenset(("Error", "Timeout", "ValidationError"))
"""sqlite3's, a socket's, msgspec's."""


def complaints(text: str, exceptions: Collection[str]) -> list[str]:
    """What a module's docstrings name that is not there."""
    wrong = []
    for name, parameters, docstring in FUNCTION.findall(text):
        known = {*NAME.findall(parameters), "self"}
        wrong += [f"{name}: no parameter `{entry}`" for entry in arguments(docstring) if entry not in known]
        raised = {*section(docstring, "Raises"), *RAISES.findall(docstring)}
        wrong += [f"{name}: no exception `{entry}`" for entry in raised if entry not in exceptions]
    return wrong


def arguments(docstring: str) -> Iterator[str]:
    """The parameters that it says something of, in a section or after "Args:" in its line."""
    yield from section(docstring, "Args")
    for line in INLINE.findall(docstring):
        for entry in line.split("; "):
            if match := re.match(r"(\w+(?:, \w+)*): ", entry):
                yield from match[1].split(", ")


def section(docstring: str, heading: str) -> Iterator[str]:
    """The names a section begins its entries with; what they say stands deeper, or behind."""
    lines = iter(docstring.splitlines())
    for line in lines:
        if line.strip() == f"{heading}:":
            break
    depth = None
    for line in lines:
        if not line.strip() or HEADING.match(line.strip()):
            return
        indent = len(line) - len(line.lstrip())
        depth = depth or indent
        if indent == depth and (match := re.match(r"\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*(?=:)", line.strip())):
            yield from (name.strip("*").rpartition(".")[2] for name in match[0].split(", "))


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    """Path below the package -> text."""
    return {
        str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")
    }


def test_docstrings_name_parameters_and_exceptions_that_exist(texts: dict[str, str]) -> None:
    exceptions = BUILTIN.union(LIBRARIES, *(CLASS.findall(text) for text in texts.values()))

    wrong = [f"{path} {line}" for path, text in texts.items() for line in complaints(text, exceptions)]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('def f(a):\n    """X.\n\n    Args:\n        b: nothing.\n    """\n', id="a-parameter"),
        pytest.param('def f(a):\n    """X. Args: b: nothing."""\n', id="in-one-line"),
        pytest.param('def f(a):\n    """X. Args: a: one; b: nothing."""\n', id="the-second-of-a-line"),
        pytest.param(
            'def f(a):\n    """X.\n\n    Raises:\n        OldError: never.\n    """\n', id="an-exception"
        ),
        pytest.param('def f(a):\n    """X. Raises OldError."""\n', id="an-exception-in-a-sentence"),
    ],
)
def test_what_is_not_there_is_refused(text: str) -> None:
    assert len(complaints(text, BUILTIN)) == 1


def test_what_is_there_is_accepted() -> None:
    text = (
        "def f(a: dict[str, int], *, b: int = 1) -> None:\n"
        '    """X.\n\n    Args:\n        a, b: a pair: one and\n            two: three.\n'
        "    Raises:\n        OSError: it is missing.\n            "
        '"""\n'
    )

    assert complaints(text, BUILTIN) == []
