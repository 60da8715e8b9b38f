"""Only one module knows what Textual keeps to itself."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest
from textual import app, dom, driver, message_pump, screen, widget
from textual.drivers import linux_driver

import pf_tui.tui
from pf_tui.tui import textual_internals

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ROOM = Path(pf_tui.tui.__file__).parent
PARTS = (app, dom, driver, linux_driver, message_pump, screen, widget)
PRIVATE = {
    name for part in PARTS for name in re.findall(r"(?:self\.|def )(_[a-z]\w*)", inspect.getsource(part))
}
FILES = [path for path in sorted(ROOM.rglob("*.py")) if path != Path(textual_internals.__file__)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOM)))
def test_no_other_module_uses_a_private_part_of_textual(path: Path) -> None:
    used = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("textual"):
            used |= {part for part in (node.module or "").split(".") if part.startswith("_")}
            used |= {alias.name for alias in node.names if alias.name.startswith("_")}
        elif isinstance(node, ast.Attribute):
            used |= {node.attr} & PRIVATE if node.attr != "_exit" else set()  # os._exit
        elif isinstance(node, ast.ClassDef):
            used |= {part.name for part in node.body if isinstance(part, FUNCTIONS)} & PRIVATE

    assert not used


def test_every_part_names_its_upstream_issue_or_says_there_is_no_public_way() -> None:
    parts = [
        node
        for node in ast.parse(inspect.getsource(textual_internals)).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef)
    ]

    for part in parts:
        text = ast.get_source_segment(inspect.getsource(textual_internals), part) or ""
        assert re.search(r"Textualize/textual#\d+|public|can ring", text), part.name
