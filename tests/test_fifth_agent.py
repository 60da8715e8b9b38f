"""A fifth agent is one record, one module that reads its logs and one that installs into it: nothing else.

The package is put together anew from links, with those three additions, and its own commands are asked.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pf_tui.clients import CLIENTS
from pf_tui.launch import env
from pf_tui.records import replace

ROOT = Path(__file__).parent.parent

RECORD = """
        Client(
            id="acme-code",
            word="acme",
            name="Acme Code",
            program="acme",
            config_variable="ACME_HOME",
            config_folder="~/.acme",
            protocols=("openai-chat",),
            user_agent="acme-code",
            session_headers=("x-acme-session",),
            base_url_variable="ACME_BASE_URL",
            token_variable="ACME_TOKEN",
        ),
"""

READS = '''
"""Acme Code's logs: log/*.jsonl of its folder."""

import json

from pf_tui.ingest.observed import LoggedRequest
from pf_tui.ledger.request_id import identity
from pf_tui.state import paths

AGENT = "acme-code"
NEEDLES = (b'"tokens"',)
SUFFIXES = (".jsonl",)


def roots(env):
    folder = paths.config_folder(AGENT, env) / "log"
    if folder.is_dir():
        yield folder


def assumed(env, catalog):
    return "openrouter"


class Reader:
    def __init__(self, note):
        pass

    def note(self):
        return {}

    def read_line(self, line, path, logs):
        row = json.loads(line)
        number = identity(AGENT, row["id"])
        logs.add(LoggedRequest(number, row["at"], "s1", "/work", row["model"], row["tokens"], 10))
'''

INSTALLS = '''
"""What pf-tui puts into Acme Code: one command."""

from pf_tui.integrations import install_plan
from pf_tui.integrations.apply import Effect
from pf_tui.state import paths


def config_folder(env):
    return paths.config_folder("acme-code", env)


def _parts(ctx):
    return (install_plan.whole(config_folder(ctx.env) / "commands" / "pf.md", b"pf-tui status\\n"),)


def plan_install(ctx, *, project=False):
    return install_plan.install(ctx.paths, "acme-code", _parts(ctx))


def plan_uninstall(ctx, *, project=False):
    return install_plan.uninstall(ctx.paths, "acme-code", _parts(ctx))


def apply(ctx, provider, model):
    text = "needs `pf-tui run acme`"
    return Effect(agent="acme-code", when="never", how="gateway", text=text, applied=False)
'''

ASKS = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pf_tui
from pf_tui import __main__ as front
from pf_tui.sessions import overview
from pf_tui.sessions.processes import Processes

folder = Path(sys.argv[1])
assert Path(pf_tui.__file__).is_relative_to(folder)
overview.Processes = lambda: Processes(folder / "proc")
told = {}
for line in sys.stdin.read().splitlines():
    out, errors = io.TextIOWrapper(io.BytesIO()), io.StringIO()
    sys.argv = ["pf-tui", *line.split()]
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            front.run(sys.argv[1:])
        except SystemExit:
            pass
    out.flush()
    told[line] = [out.buffer.getvalue().decode(), errors.getvalue()]
print(json.dumps(told))
"""

LINES = (
    "install acme-code --dry-run",
    "install acme-code",
    "status --json",
    "analytics all --agent acme-code --json",
    "sessions --json",
    "doctor --json",
    "why --matrix --json",
    "run nobody",
)


def put_together(folder: Path) -> None:
    """The package with a fifth agent in `folder`."""
    for name in ("catalog", "styles", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    package = folder / "pf_tui"
    for source, place in (
        (ROOT / "pf_tui", package),
        (ROOT / "pf_tui" / "ingest", package / "ingest"),
        (ROOT / "pf_tui" / "integrations", package / "integrations"),
    ):
        place.mkdir()
        for entry in source.iterdir():
            if entry.name not in ("ingest", "integrations", "clients.py", "__pycache__"):
                (place / entry.name).symlink_to(entry)
    table = (ROOT / "pf_tui" / "clients.py").read_text(encoding="utf-8")
    end = table.index('        Client(\n            id="gemini"')
    (package / "clients.py").write_text(table[:end] + RECORD.lstrip("\n") + table[end:], encoding="utf-8")
    (package / "ingest" / "acme_code.py").write_text(READS.lstrip(), encoding="utf-8")
    (package / "integrations" / "acme_code.py").write_text(INSTALLS.lstrip(), encoding="utf-8")


def furnish(folder: Path) -> Path:
    """A home in which Acme Code was used, and a process of it."""
    home = folder / "home"
    (home / ".acme" / "log").mkdir(parents=True)
    row = {"id": "r1", "at": 1_795_000_000_000, "model": "gpt-6.1-sol", "tokens": 1234}
    (home / ".acme" / "log" / "a.jsonl").write_text(json.dumps(row) + "\n")
    (home / "bin").mkdir()
    (home / "bin" / "acme").write_text("#!/bin/sh\necho 1.2.3\n")
    (home / "bin" / "acme").chmod(0o755)
    process = folder / "proc" / "700"
    (folder / "proc" / "self" / "ns").mkdir(parents=True)
    (folder / "proc" / "self" / "ns" / "pid").symlink_to("pid:[4026531836]")
    (folder / "proc" / "stat").write_text("btime 1700000000\n")
    process.mkdir()
    fields = ["S", 1, 700, 700, 0, 700, *[0] * 13, 5000, 0, 0]
    (process / "stat").write_text(f"700 (acme) {' '.join(map(str, fields))}\n")
    (process / "comm").write_text("acme\n")
    (process / "environ").write_bytes(f"HOME={home}\0".encode())
    (process / "cwd").symlink_to(home)
    return home


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Command line -> what it said, from one process."""
    folder = tmp_path_factory.mktemp("fifth")
    put_together(folder)
    home = furnish(folder)
    world = {
        "HOME": str(home),
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "OPENROUTER_API_KEY": "k-openrouter",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "PYTHONPATH": str(folder),
        "TZ": "UTC",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASKS, str(folder)],
        input="\n".join(LINES),
        env=world,
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    answers: dict[str, list[str]] = json.loads(done.stdout)
    return answers


def document(told: dict[str, list[str]], line: str) -> Any:
    out, errors = told[line]
    assert out, errors
    return json.loads(out)


def test_it_can_be_installed(told: dict[str, list[str]]) -> None:
    assert "commands/pf.md" in told["install acme-code --dry-run"][0]
    [agent] = document(told, "status --json")["agents"]
    assert agent["agent"] == "acme-code"


def test_its_requests_are_counted_and_found_by_its_name(told: dict[str, list[str]]) -> None:
    totals = document(told, "analytics all --agent acme-code --json")["totals"]

    assert (totals["requests"], totals["input_tokens"]) == (1, 1234)


def test_its_sessions_are_seen(told: dict[str, list[str]]) -> None:
    [session] = document(told, "sessions --json")

    assert session["agent"] == "acme-code"


def test_doctor_knows_its_version(told: dict[str, list[str]]) -> None:
    assert "acme-code 1.2.3" in told["doctor --json"][0]


def test_it_is_a_column_of_what_works_with_what(told: dict[str, list[str]]) -> None:
    assert "acme-code" in told["why --matrix --json"][0]


def test_run_starts_it_behind_the_gateway(told: dict[str, list[str]]) -> None:
    client = replace(CLIENTS["opencode"], base_url_variable="ACME_BASE_URL", token_variable="ACME_TOKEN")

    setting = env.by_variables(client, "http://127.0.0.1:4100", "t", {})

    assert "acme" in told["run nobody"][1]
    assert setting.set == {"ACME_BASE_URL": "http://127.0.0.1:4100", "ACME_TOKEN": "t"}
