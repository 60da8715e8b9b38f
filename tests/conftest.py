"""What every room's tests share: a home of their own, and a clock that stands still."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psutil
import pytest

from pf_tui.state.context import Context
from pf_tui.state.paths import Paths

# Machines that run tests are shared and slow; how long an example takes says nothing about us.
hypothesis.settings.register_profile(
    "shared",
    deadline=None,
    derandomize="CI" in os.environ,  # a landing is judged by its own change; `make test` goes on looking
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("shared")

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Modules that read the catalog while they are collected leave no cache in the person's home."""
    folder = tempfile.mkdtemp(prefix="pf-tui-tests-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["HOME"] = folder
    os.environ.pop("XDG_CACHE_HOME", None)


@pytest.fixture(autouse=True)
def _own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the person's home, keys, keyring or zone."""
    for name in list(os.environ):
        if name.endswith(("_API_KEY", "_TOKEN", "_KEY", "_SUBSCRIPTION")) or name.startswith(
            ("ANTHROPIC_", "CLAUDE", "OPENCODE", "CODEX_", "PROVIDER_FALLBACK", "AWS_", "GOOGLE_", "XDG_")
        ):
            monkeypatch.delenv(name, raising=False)
    home = tmp_path / "person"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture(scope="session", autouse=True)
def _nothing_stays_behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What still runs on a folder of this run, after a test that failed or was cut off, is ended."""
    yield
    folder = f"{tmp_path_factory.getbasetemp()}{os.sep}"
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            ours = any("pf_tui" in word or "pf-tui" in word for word in process.cmdline())
            if ours and process.environ().get("HOME", "").startswith(folder):
                process.kill()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The person's home directory of this test."""
    return tmp_path / "person"


@pytest.fixture
def paths(home: Path) -> Paths:
    """The state directory of this test; not created yet."""
    return Paths(home / ".opencode" / "provider-fallback")


@pytest.fixture
def context(home: Path, tmp_path: Path) -> Callable[..., Context]:
    """`context(now=…, env={…}, who=…)`: a Context on this test's home, standing at NOON."""

    def make(
        *,
        now: datetime | Callable[[], datetime] = NOON,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
        who: str = "cli",
    ) -> Context:
        world = {"HOME": str(home), "TZ": "UTC", **(env or {})}
        clock = now if callable(now) else lambda: now
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        return Context(
            paths=Paths(home / ".opencode" / "provider-fallback"),
            env=world,
            cwd=cwd or work,
            who=who,
            clock=clock,
        )

    return make
