"""An installed pf-tui reads the compiled catalog from inside the package."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, unpacked; no other package beside it."""
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    site = out / "site"
    zipfile.ZipFile(next(out.glob("*.whl"))).extractall(site)
    return site


def test_a_wheel_needs_no_yaml_no_home_and_no_checkout(installed: Path, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); sys.modules['yaml'] = None; "
        "from pf_tui.catalog import data_root, load; c = load(); "
        "print(len(c.providers), len(c.models), c.model('sonnet').id, data_root())"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=tmp_path,
        env={},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["25", "128", "claude-sonnet-5-5", str(installed / "pf_tui" / "_data")]


def test_a_wheel_carries_each_part_and_the_files_people_read(installed: Path) -> None:
    folder = installed / "pf_tui" / "_data" / "catalog"

    assert {file.name for file in (folder / "compiled").iterdir()} == {
        *("providers.json", "models.json", "names.json", "dialects.json", "answers.json"),
    }
    assert (folder / "models.yaml").read_bytes() == (ROOT / "catalog" / "models.yaml").read_bytes()


def test_a_wheel_brings_what_agents_and_terminals_are_given(installed: Path) -> None:
    agents, data = installed / "pf_tui" / "integrations" / "data", installed / "pf_tui" / "_data"
    manual = next(installed.glob("*.data")) / "data" / "share" / "man" / "man1" / "pf-tui.1"

    assert manual.read_bytes() == (ROOT / "docs" / "pf-tui.1").read_bytes()
    installed = ROOT / "pf_tui" / "integrations" / "data"
    for ours, here in ((agents, installed), (data / "styles", ROOT / "styles")):
        names = [path.relative_to(here) for path in here.rglob("*") if path.is_file()]
        assert names
        assert all((ours / name).is_file() for name in names)


def test_building_leaves_nothing_in_the_checkout(installed: Path) -> None:
    assert installed.is_dir()
    assert not (ROOT / "pf_tui" / "_data").exists()
    assert not (ROOT / "catalog" / "compiled").exists()
