"""Law 2: what agents wait for starts on the standard library alone. Seen from a fresh interpreter."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pf_tui.state.paths import Paths
from tests.patience import PATIENCE_S

from .conftest import KEYS

HEAVY = (
    "aiohttp", "click", "genai_prices", "httpx2", "keyring", "mcp", "msgspec", "opentelemetry", "orjson",
    "pydantic", "rich", "ruamel", "sqlite_utils", "stringzilla", "textual", "uvloop", "watchfiles", "yaml",
)  # fmt: skip
"""Every package we depend on: each costs more than the whole program may take here."""

SLOW = (
    "_hashlib", "argparse", "ast", "asyncio", "base64", "concurrent", "configparser", "copy", "dataclasses",
    "decimal", "difflib", "email", "hashlib", "http", "importlib.metadata", "inspect", "locale", "logging",
    "multiprocessing", "random", "shutil", "signal", "ssl", "subprocess", "tempfile", "textwrap", "threading",
    "traceback", "typing", "urllib.request", "uuid",
)  # fmt: skip
"""Parts of the standard library that cost as much, a hook's budget being 40 ms on top of an interpreter."""

CACHE: dict[str, str] = {}
"""Where the compiled catalog lies."""

PROBE = """
import sys
sys.argv = ["pf-tui", *{words!r}]
from pf_tui.__main__ import run
code = run(sys.argv[1:])
sys.stdout.flush()
print("\\nmodules:", *sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture(autouse=True, scope="module")
def _compiled_catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A checkout parses its YAML at the first run of a machine; the wheel brings the compiled form."""
    folder = tmp_path_factory.mktemp("compiled")
    CACHE["XDG_CACHE_HOME"] = str(folder)
    loaded(folder, ["status", "--json"])
    yield
    CACHE.clear()


def loaded(home: Path, words: list[str], stdin: str = "", code: int = 0) -> set[str]:
    """The modules that are there when the words have been done."""
    answer = subprocess.run(
        [sys.executable, "-c", PROBE.format(words=words)],
        env={"HOME": str(home), "PATH": os.environ.get("PATH", ""), "TZ": "UTC", **KEYS, **CACHE},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert answer.returncode == code, answer.stderr[-2000:]
    return set(answer.stderr.rpartition("\nmodules: ")[2].split()) - bare()


@functools.cache
def bare() -> frozenset[str]:
    """What an interpreter that does nothing has loaded: a machine's sitecustomize brings what it likes."""
    said = subprocess.check_output([sys.executable, "-c", "import sys; print(*sys.modules)"], text=True)
    return frozenset(said.split())


def third_party(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] in HEAVY}


EVENT = json.dumps(
    {
        "session_id": "s-1",
        "transcript_path": "/nowhere.jsonl",
        "cwd": "/",
        "hook_event_name": "UserPromptSubmit",
        "prompt": "hello",
    }
)
STATUS_LINE = json.dumps(
    {"session_id": "s-1", "cwd": "/", "model": {"id": "claude-opus-5-5"}, "workspace": {}}
)

LIGHT = [
    pytest.param(["--version"], "", 3, id="version"),
    pytest.param(["status", "--json"], "", 86, id="status"),
    pytest.param(["status", "groq", "--json"], "", 86, id="status-of-one"),
    pytest.param(["statusline"], STATUS_LINE, 65, id="statusline"),
    *(
        pytest.param(["hook", "claude-code", event], EVENT, most, id=f"hook-{event}")
        for event, most in (
            ("SessionStart", 65),
            ("UserPromptSubmit", 64),
            ("Stop", 72),
            ("StopFailure", 82),
            ("SessionEnd", 63),
            ("Notification", 50),
            ("ConfigChange", 50),
        )
    ),
    pytest.param(["hook", "codex", "Stop"], EVENT, 74, id="hook-codex"),
    pytest.param(["hook", "opencode", "session.error"], EVENT, 92, id="hook-opencode"),
    pytest.param(["hook", "opencode", "session.idle"], EVENT, 74, id="hook-opencode-idle"),
]


@pytest.mark.parametrize(("words", "stdin", "most"), LIGHT)
def test_what_agents_wait_for_loads_little(home: Path, words: list[str], stdin: str, most: int) -> None:
    """No package, no slow part of the standard library, and few modules of ours: each is 0.15 ms of CPU."""
    modules = loaded(home, words, stdin)

    assert third_party(modules) == set()
    assert {name for name in SLOW if name in modules} == set()
    assert len([name for name in modules if name.partition(".")[0] == "pf_tui"]) <= most


def test_a_key_helper_needs_no_package(home: Path) -> None:
    assert third_party(loaded(home, ["auth", "helper"])) == set()


def test_a_used_state_directory_needs_no_package_either(home: Path, paths: Paths) -> None:
    for words in (["switch", "groq"], ["bench", "openrouter"], ["ingest"], ["init"]):
        subprocess.run(
            [sys.executable, "-m", "pf_tui", *words],
            env={"HOME": str(home), "PATH": os.environ.get("PATH", ""), "TZ": "UTC", **KEYS, **CACHE},
            cwd=home.parent,
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
        )

    modules = loaded(home, ["status", "--json"])

    assert third_party(modules) == set()


@pytest.mark.parametrize(
    "words",
    [
        ["why", "--json"],
        ["events", "--json"],
        ["priority", "--json"],
        ["limits", "--json"],
        ["auth", "--json"],
        ["models", "--json"],
        ["switch", "groq", "--json"],
    ],
)
def test_json_of_other_words_needs_click_at_most(home: Path, words: list[str]) -> None:
    assert {name.partition(".")[0] for name in third_party(loaded(home, words))} <= {"click"}


def test_no_word_but_the_dashboard_needs_textual(home: Path) -> None:
    for words in (["status"], ["analytics", "--json"], ["models"]):
        assert "textual" not in loaded(home, words)
