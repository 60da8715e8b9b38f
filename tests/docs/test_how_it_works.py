"""The page of walks names the modules that really do the work: each walk is gone, and looked at."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from pf_tui import __main__, actions
from pf_tui.actions import install, usage
from tests.hooks.claude import Client

PAGE = Path(__file__).parents[2] / "docs" / "how-it-works.md"
PACKAGE = Path(__main__.__file__).parent
NAMED = re.compile(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?|[a-z_]+\.py)`")
UNSEEN = ("__main__.py", "tui/", "tests/", "documents/commands.py")
"""What runs before a test can look, only under a key press (tests/tui presses them), or once in a process."""


def named_in(title: str) -> set[str]:
    """The modules and rooms of one walk that a test without a screen can see."""
    walk = PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    return {name for name in NAMED.findall(walk) if not name.startswith(UNSEEN)}


@contextmanager
def watched() -> Iterator[set[str]]:
    """The files of the package in which a function is called meanwhile, by any thread."""
    files: set[str] = set()

    def look(frame: FrameType, event: str, value: object) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            files.add(frame.f_code.co_filename)

    threading.setprofile(look)
    sys.setprofile(look)
    try:
        yield files
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def missing(title: str, files: set[str]) -> set[str]:
    """What a walk names and nothing passed through."""
    ran = {Path(name).relative_to(PACKAGE).as_posix() for name in files if name.startswith(f"{PACKAGE}/")}
    return {
        name for name in named_in(title) if name not in ran and not any(path.startswith(name) for path in ran)
    }


def test_every_module_of_the_page_is_there() -> None:
    names = NAMED.findall(PAGE.read_text(encoding="utf-8"))

    assert [
        name for name in names if not ((PACKAGE / name).exists() or (PACKAGE.parent / name).exists())
    ] == []


ROW = re.compile(r"^\| .+ \| `([\w/.]+)` `(\w+)` \| (.+) \|$", re.MULTILINE)
DECISIONS = [
    pytest.param(module, name, re.findall(r"`([\w/.]+)`", callers), id=name)
    for module, name, callers in ROW.findall(PAGE.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("module", "name", "callers"), DECISIONS)
def test_a_decision_is_made_where_the_table_says(module: str, name: str, callers: list[str]) -> None:
    assert re.search(rf"^ *def {name}\(", (PACKAGE / module).read_text(encoding="utf-8"), re.MULTILINE)
    for caller in callers:
        assert re.search(rf"(?<!def )\b{name}\(", (PACKAGE / caller).read_text(encoding="utf-8")), caller


@pytest.fixture
def client(home: Path, tmp_path: Path) -> Client:
    """One that has an answer in its transcript."""
    made = Client(home, tmp_path)
    actions.set_priority(made.ctx, ["anthropic-api", "openrouter"])
    made.transcript.parent.mkdir(parents=True)
    row = {
        "type": "assistant",
        "timestamp": made.ctx.now().isoformat(),
        "sessionId": "s",
        "cwd": "/work",
        "message": {
            "id": "msg_01AbCdEfGhIjKlMnOpQrStUv",
            "role": "assistant",
            "model": "claude-opus-5-5",
            "usage": {"input_tokens": 10, "output_tokens": 20},
        },
    }
    made.transcript.write_text(f"{json.dumps(row)}\n")
    return made


def fails(client: Client) -> None:
    install.install(client.ctx, "claude-code")
    client.fire("UserPromptSubmit", prompt="hi")
    client.fail()


def ingests(client: Client) -> None:
    usage.ingest(client.ctx)


def switches(client: Client) -> None:
    install.install(client.ctx, "claude-code")
    actions.switch(client.ctx, "openrouter")


def analyses(client: Client) -> None:
    assert __main__.run(["analytics", "7d"]) == 0
    assert __main__.run(["analytics", "7d", "--json"]) == 0


def adds_a_provider(client: Client) -> None:
    client.ctx.paths.providers.write_text(
        "providers:\n  - id: mine\n    name: Mine\n    base_url: http://localhost:9/v1\n    env: MINE_KEY\n"
    )
    assert __main__.run(["status"]) == 0


@pytest.mark.parametrize(
    ("title", "walk"),
    [
        pytest.param("A turn fails (Claude Code's StopFailure)", fails, id="failure"),
        pytest.param("`enter` on a provider", switches, id="enter"),
        pytest.param("A line of a transcript", ingests, id="line"),
        pytest.param("`pf-tui analytics 7d`", analyses, id="analytics"),
        pytest.param("A provider in `providers.yaml`", adds_a_provider, id="provider"),
    ],
)
def test_a_walk_passes_the_modules_it_names(
    title: str, walk: Callable[[Client], None], client: Client
) -> None:
    with watched() as files:
        walk(client)

    assert missing(title, files) == set()
