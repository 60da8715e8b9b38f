"""The wheel, installed with pip from a package index into an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import STARTED_WITH

ROOT = Path(__file__).parents[2]


@pytest.mark.e2e
def test_pip_installs_the_wheel_and_what_it_needs(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile"]
    installed = subprocess.run(
        [*pip, "--constraint", ROOT / "constraints.txt", next(tmp_path.glob("*.whl"))],
        env={**STARTED_WITH, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode and "Could not find a version" in installed.stderr:
        pytest.skip("no package index can be reached from here")
    assert installed.returncode == 0, installed.stderr

    status = subprocess.check_output(
        [environment / "bin" / "pf-tui", "status", "--json"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "GROQ_API_KEY": "k"},
    )
    assert json.loads(status)["active"]["provider"] == "groq"
