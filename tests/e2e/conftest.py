"""The two providers of every story here: alpha serves, beta is next; each module says what they speak."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mocks.server import Scripted


@pytest.fixture
def alpha(request: pytest.FixtureRequest) -> Iterator[Scripted[Any]]:
    """The first provider: the Upstream that the test's module imports."""
    with request.module.Upstream() as upstream:
        yield upstream


@pytest.fixture
def beta(request: pytest.FixtureRequest) -> Iterator[Scripted[Any]]:
    """The second provider, of the same kind."""
    with request.module.Upstream() as upstream:
        yield upstream
