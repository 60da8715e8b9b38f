"""What every room's tests share: a home and a folder of their own, a still clock, a bare machine."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis.configuration
import psutil
import pytest

from pf_tui import called
from pf_tui.state.context import Context
from pf_tui.state.paths import Paths
from tests import examples, spread
from tests.patience import PAUSES, raise_limits

# The working directory changes from test to test; what hypothesis remembers stays in the checkout.
hypothesis.configuration.set_hypothesis_home_dir(Path(__file__).parent.parent / ".hypothesis")
examples.register()

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "PF_TUI_CLIENTS", "PF_TUI_ORIGINAL")
"""Variables of the machine that tests see; of every other one a test says what it is."""

KEPT_FAMILIES = ("PYTEST_", "COVERAGE_", "COV_")

STARTED_WITH = dict(os.environ)
"""The environment the run was started with, for the one test that installs from a package index."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the process that runs tests independent of the machine, before a test module is imported.

    The process that only hands tests to workers is left as it is: its workers inherit from it.
    """
    os.environ["TMPDIR"] = tempfile.tempdir = _outside_projects()
    folder = tempfile.mkdtemp(prefix="pf-tui-tests-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["HOME"] = folder  # modules that read the catalog while they are collected cache it there
    os.environ.pop("XDG_CACHE_HOME", None)
    if not hasattr(config, "workerinput") and config.getoption("dist", "no") != "no":
        return
    for name in set(os.environ) - {"HOME", *KEPT}:
        if not name.startswith(KEPT_FAMILIES):
            del os.environ[name]
    sys.dont_write_bytecode = False  # a second run need not rewrite 350 modules' asserts
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.umask(0o022)
    _restore_signals()
    os.fsync = lambda handle: None  # no test can see what survives a power cut, and a busy disk takes long


def _outside_projects() -> str:
    """Where temporary files go: in no project, whose settings would count in every test.

    That is where the machine has them, unless that place lies in a checkout.
    """
    usual = tempfile.gettempdir()
    marks = (".git", ".hg", ".jj", ".opencode", ".claude")
    for place in (usual, "/tmp", "/var/tmp", "/dev/shm"):
        above = (Path(place).resolve(), *Path(place).resolve().parents)
        if os.access(place, os.W_OK) and not any(
            (folder / mark).exists() for folder in above for mark in marks
        ):
            return place
    return usual


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> spread.LongestFirst | None:
    """`--dist loadfile`, with the long files first."""
    return spread.LongestFirst(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Thousands of collected tests live to the end: the collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


def _restore_signals() -> None:
    """Signals ignored from the start (`make test &`, nohup) end the programs that tests start, as usual.

    A handler is back to the default after exec, an ignored signal stays ignored. This process goes on
    ignoring them.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGTSTP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.fixture(scope="session", autouse=True)
def _outside_the_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fixtures that serve several tests work in a folder of this run."""
    with contextlib.chdir(tmp_path_factory.mktemp("cwd")):
        yield


@pytest.fixture(scope="session", autouse=True)
def _patient() -> None:
    """No limit of our own is reached because the machine is busy; a test of giving up sets its own."""
    raise_limits()
    raise_limits(PAUSES)


@pytest.fixture(scope="session", autouse=True)
def _called_by_name() -> None:
    """Sentences say `pf-tui`, whatever this machine's PATH has."""
    called.name_here = lambda: called.NAME  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def _own_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test has a home and a working directory of its own, and no keyring."""
    home, work = tmp_path / "person", tmp_path / "cwd"
    home.mkdir()
    work.mkdir()
    monkeypatch.chdir(work)
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
