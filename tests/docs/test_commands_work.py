"""The commands that the pages show are run, page by page, on the demo's home."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pf_tui.__main__ import run
from pf_tui.demo import scenario, temporary_home
from pf_tui.state.context import Context
from tests.docs.test_pages import TYPED, WRITTEN, Typed, _words

ELSEWHERE = {
    "": "the dashboard has its own tests",
    "--demo": "the dashboard has its own tests",
    "--theme": "the dashboard has its own tests",
    "--no-mouse": "the dashboard has its own tests",
    "run": "starts a real agent",
    "export otlp": "sends to a receiver",
    "export ledger": "may write a database to stdout",
    "rules add": "wants a failure that nothing recognised",
    "completion": "writes for the shell of whoever runs the tests",
    "man": "wants man, and writes below the home of whoever runs the tests",
    "serve": "serves until it is stopped",
    "mcp": "serves until it is stopped",
    "gateway": "starts and stops processes",
    "auth check": "makes a request",
    "auth set": "asks, and this machine has no keyring",
    "auth import": "this machine has no keyring",
    "prices update": "makes a request",
    "analytics reset": "asks",
    "events --follow": "goes on until it is stopped",
    "install": "looks for real agents and asks",
    "import": "wants a file of the original plugin, or another machine's ledger",
    "doctor": "finds what this machine lacks",
    "trust": "wants a project that has a settings file",
    "reset-terminal": "wants a terminal",
    "sessions focus": "wants a session that runs",
    "sessions resume": "wants a session that runs",
    "sessions list": "may go on until it is stopped",
    "switch openruter": "shows what a mistake looks like",
    "switch mistral-api": "wants a key of its own, and starts a gateway",
}
"""Commands that are not run here, and why."""


def is_run_here(typed: Typed) -> bool:
    words = _words(typed.text)
    usage = (words and words[0].isupper()) or "…" in typed.text or "[OPTIONS]" in typed.text
    first, two = words[0] if words else "", " ".join(words[:2])
    if {"--session", "--refresh", "--machine"} & set(words):  # one that runs; a provider; a second machine
        return False
    return not usage and two not in ELSEWHERE and (first not in ELSEWHERE or first == "install")


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    with temporary_home(play=False) as ctx:
        monkeypatch.chdir(ctx.cwd)
        yield ctx


HERE = [page for page in WRITTEN if page.name != "catalog.md"]
"""tests/catalog runs that page, with the providers.yaml that it shows."""


@pytest.mark.parametrize("page", HERE, ids=lambda page: page.name)
def test_what_a_page_shows_works_as_it_stands(
    page: Path, home: Context, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for typed in (one for one in TYPED if one.page == page.name and is_run_here(one)):
        words = [word.replace("PROVIDER", scenario.PRIORITY[1]) for word in _words(typed.text)]
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))

        code = run(words)

        told = capsys.readouterr()
        assert code == 0, f"{page.name}:{typed.line}: {typed.text}\n{told.err}"


def test_most_of_what_is_shown_is_run() -> None:
    here = [typed for typed in TYPED if is_run_here(typed)]

    assert len(here) > 60
