"""What is installed is what was tested: every file pinned, what runs pinned by its hash, no host named."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def plain(name: str) -> str:
    """A package's name as every index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> dict[str, str]:
    """Package name -> version."""
    return {
        plain(name): version for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    }


def test_every_file_that_runs_has_a_hash() -> None:
    entries = re.split(r"\n(?=\S)", REQUIREMENTS.strip())

    assert len(entries) > 50
    for entry in entries:
        assert re.match(r"[\w.-]+==", entry), entry[:60]
        assert "--hash=sha256:" in entry, entry[:60]


def test_each_dependency_and_what_builds_the_checkout_is_in_the_list() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = [*project["project"]["dependencies"], *project["build-system"]["requires"], "editables", "pip"]
    names = {plain(re.match(r"[\w.-]+", entry)[0]) for entry in declared}  # type: ignore[index]

    assert names <= set(pinned(REQUIREMENTS))


def test_the_list_and_the_constraints_say_the_same_versions() -> None:
    runs, tested = pinned(REQUIREMENTS), pinned(CONSTRAINTS)

    differ = {
        name: (runs[name], tested[name]) for name in runs if name in tested and runs[name] != tested[name]
    }
    assert differ == {}, "`make requirements` writes the list anew"


@pytest.mark.parametrize("text", [REQUIREMENTS, CONSTRAINTS, MAKEFILE], ids=["list", "constraints", "make"])
def test_no_host_is_named(text: str) -> None:
    assert "://" not in text
    assert "index-url" not in text
    assert '"resolved"' not in text


def test_make_installs_by_hash_and_takes_nothing_unpinned() -> None:
    installs = [
        line.strip() for line in MAKEFILE.splitlines() if "pip" in line.lower() and " install " in line
    ]

    assert len(installs) == 4
    for line in installs:
        by_hash = "--require-hashes" in line
        checkout = "--no-deps" in line and "--no-build-isolation" in line
        assert by_hash or checkout or "--constraint constraints.txt" in line, line
        assert "--upgrade" not in line


def test_the_dashboard_is_installed_without_the_tools_for_tests() -> None:
    asked = subprocess.run(
        ["make", "--dry-run", "--always-make", "run", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "--require-hashes" in asked.stdout
    assert "--group dev" not in asked.stdout


def test_each_agent_of_the_end_to_end_tests_is_one_exact_version() -> None:
    named = re.search(r"^AGENTS := (.+)$", MAKEFILE, re.MULTILINE)

    assert named is not None
    for agent in named[1].split():
        assert re.fullmatch(r"(@[\w-]+/)?[\w-]+@\d+\.\d+\.\d+", agent), agent
