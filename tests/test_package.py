"""The wheel carries its data and runs from outside the checkout, on its own dependencies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    return next(out.glob("*.whl"))


def test_the_wheel_carries_catalog_and_styles_inside_the_package_and_the_manual_page(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    outside = [name for name in names if not name.startswith("pf_tui/") and ".dist-info/" not in name]
    assert [name.partition(".data/")[2] for name in outside] == ["data/share/man/man1/pf-tui.1"]
    assert any(name.startswith("pf_tui/_data/catalog/") for name in names)
    assert any(name.startswith("pf_tui/_data/styles/") and name.endswith(".tcss") for name in names)


def test_the_wheel_carries_what_goes_into_agents_and_the_demo(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = [path for path in (ROOT / "pf_tui" / "integrations" / "data").rglob("*") if path.is_file()]

    assert data
    assert {str(path.relative_to(ROOT)) for path in data} <= names
    assert "pf_tui/demo/__main__.py" in names
    assert "pf_tui/py.typed" in names


@pytest.fixture
def environment(wheel: Path, tmp_path: Path) -> Path:
    """An environment of its own: the wheel, and of the packages here only what it asks for, and theirs."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False)
    packages = next(place.glob("lib/python3*/site-packages"))
    for needed in asked_for(wheel):
        for file in needed.files or ():
            top = packages / file.parts[0]
            if file.parts[0] != ".." and not top.exists():
                top.symlink_to(str(needed.locate_file(file.parts[0])))
    pip = [sys.executable, "-m", "pip", "--python", place, "install", "--quiet", "--no-compile"]
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run([*pip, "--no-index", "--no-deps", wheel], check=True, env=env, capture_output=True)
    return place


def asked_for(wheel: Path) -> list[Distribution]:
    """The distributions a wheel needs, with what they need in turn, on this Python and without extras."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        waiting = [(line, "") for line in _requires(archive.read(name).decode())]
    found: dict[tuple[str, str], Distribution] = {}
    while waiting:
        line, extra = waiting.pop()
        requirement = Requirement(line)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        for wanted in ("", *requirement.extras):
            if (requirement.name, wanted) not in found:
                found[requirement.name, wanted] = distribution(requirement.name)
                waiting += [(needed, wanted) for needed in found[requirement.name, wanted].requires or ()]
    return list(found.values())


def _requires(metadata: str) -> list[str]:
    lines = metadata.partition("\n\n")[0].splitlines()
    return [line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist: ")]


def test_the_wheel_runs_in_an_environment_with_its_own_dependencies_alone(
    environment: Path, tmp_path: Path
) -> None:
    python = environment / "bin" / "python"
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "GROQ_API_KEY": "k"}

    def run(*words: str) -> str:
        done = subprocess.run(
            [environment / "bin" / "pf-tui", *words],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert json.loads(run("status", "--json"))["active"]["provider"] == "groq"
    assert len(json.loads(run("models", "--json"))) == 116
    assert json.loads(run("switch", "groq", "--json"))["to"] == "groq"
    assert "groq" in run("status")
    assert json.loads(run("analytics", "--json"))["totals"]["requests"] == 0
    assert "pf-tui.js" in run("install", "opencode", "--dry-run")
    demo = (
        "from pf_tui.demo import temporary_home\n"
        "with temporary_home() as ctx: print(ctx.paths.ledger.stat().st_size)"
    )
    assert int(subprocess.check_output([python, "-c", demo], cwd=tmp_path, env=env)) > 100_000
    screen = "from pf_tui.tui.app import Dashboard; print(*map(str, Dashboard.CSS_PATH))"
    styles = subprocess.check_output([python, "-c", screen], cwd=tmp_path, env=env, text=True).split()
    assert styles
    assert all(Path(style).is_file() and environment in Path(style).parents for style in styles)
