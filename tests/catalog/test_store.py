"""Where the data lies, what loading costs, and what happens when the cache cannot be used."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pf_tui.catalog import data_root, load, store, styles_dir

ROOT = Path(__file__).parents[2]
PROBE = "from pf_tui.catalog import load; c = load(); print(len(c.providers), len(c.models))"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped YAML files in a folder of their own."""
    return Path(shutil.copytree(data_root() / "catalog", tmp_path / "catalog"))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "pf-tui"


def forget() -> None:
    """As a new process begins."""
    store._parts.clear()


def run(code: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_checkout_keeps_its_data_at_the_top() -> None:
    assert data_root() == ROOT
    assert styles_dir() == ROOT / "styles"


def test_the_compiled_form_is_kept_and_believed(folder: Path, cache: Path) -> None:
    load(data_dir=folder)
    kept = sorted(cache.iterdir())
    forget()
    for file in kept:
        content = json.loads(file.read_text())
        if file.name.endswith("-providers.json"):
            content["data"] = content["data"][:3]
            file.write_text(json.dumps(content))

    assert len(kept) == 5
    assert len(load(data_dir=folder).providers) == 3


def test_a_changed_file_is_compiled_again(folder: Path, cache: Path) -> None:
    load(data_dir=folder)
    forget()
    plans = folder / "plans.yaml"
    plans.write_text(plans.read_text().replace("Claude Pro,", "Claude Pro Plus,"))

    names = [plan.name for plan in load(data_dir=folder).plans("anthropic-subscription")]

    assert "Claude Pro Plus" in names


@pytest.mark.parametrize("content", ["", "{", "[]", '{"stamp": 1}', "\x00\x00"], ids=repr)
def test_a_broken_cache_is_made_again(folder: Path, cache: Path, content: str) -> None:
    load(data_dir=folder)
    for file in cache.iterdir():
        file.write_text(content)
    forget()

    assert len(load(data_dir=folder).models) == 128


def test_a_cache_that_is_a_file_is_no_error(folder: Path, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("in the way")
    forget()

    assert len(load(data_dir=folder).providers) == 25


def test_no_home_is_no_error() -> None:
    assert run(PROBE) == "25 128"


def test_a_home_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    assert run(PROBE, HOME=str(tmp_path / "nobody")) == "25 128"
    assert not (tmp_path / "nobody").exists()


def test_a_typing_mistake_in_the_data_is_named(folder: Path, cache: Path) -> None:
    plans = folder / "models.yaml"
    plans.write_text(plans.read_text().replace("  tier: frontier", "  teir: frontier", 1))
    forget()

    with pytest.raises(ValueError, match="has unknown keys: teir"):
        load(data_dir=folder)


def test_loading_needs_the_standard_library_alone(tmp_path: Path) -> None:
    run(PROBE, HOME=str(tmp_path))
    code = (
        "import sys; before = set(sys.modules); from pf_tui.catalog import load; c = load(); "
        "c.find_model('opus'); c.equivalents('claude-opus-5-5'); list(c.models.values()); "
        "new = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(new - set(sys.stdlib_module_names)), "
        "sorted(new & {'dataclasses', 'inspect', 'typing', 'pathlib', 'difflib', 'asyncio', 'subprocess'}))"
    )

    assert run(code, HOME=str(tmp_path)) == "['pf_tui'] []"


def test_providers_load_without_models(tmp_path: Path) -> None:
    code = (
        "from pf_tui.catalog import load, store; load().providers; print([part for _, part in store._parts])"
    )
    run(PROBE, HOME=str(tmp_path))

    assert run(code, HOME=str(tmp_path)) == "['providers']"
