"""The two providers of every story here: alpha serves, beta is next; each module says what they speak.

Each story is told once for each set of versions: $PF_TUI_CLIENTS may name several folders. The id of a test
says which versions it drove.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import clients
from tests.upstreams import OpenAIUpstream, Upstream

DRIVES = {
    "test_claude_code": ("claude",),
    "test_claude_code_project": ("claude",),
    "test_keys": ("claude",),
    "test_codex": ("codex",),
    "test_keys_codex": ("codex",),
    "test_opencode": ("opencode",),
    "test_supervision": ("claude",),
    "test_own_provider": ("opencode",),
}
"""Module -> the clients it drives; every other one drives all three."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test for each folder whose versions differ."""
    if "client_versions" not in metafunc.fixturenames:
        return
    driven = DRIVES.get(metafunc.module.__name__.rpartition(".")[2], tuple(clients.PACKAGES))
    sets: dict[str, str] = {}
    for folder in clients.folders():
        held = [(name, clients.version(name, folder)) for name in driven]
        name = "-".join(f"{name}-{number}" for name, number in held if number)
        if name:
            sets.setdefault(name, folder)
    found = sets or {"path": ""}
    metafunc.parametrize("client_versions", found.values(), ids=found.keys(), indirect=True)


@pytest.fixture(autouse=True)
def client_versions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The folder of clients that this test drives."""
    folder = str(request.param)
    monkeypatch.setattr(clients.Chosen, "folder", folder)
    return folder


@pytest.fixture
def alpha(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    """The first provider: the Upstream that the test's module imports."""
    with request.module.Upstream() as upstream:
        yield upstream


@pytest.fixture
def beta(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    """The second provider, of the same kind."""
    with request.module.Upstream() as upstream:
        yield upstream


@pytest.fixture
def chat() -> Iterator[OpenAIUpstream]:
    """A second provider that speaks Chat alone."""
    with OpenAIUpstream() as upstream:
        yield upstream
