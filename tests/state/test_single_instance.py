"""A server's lock file where nothing can be written."""

from __future__ import annotations

import errno
import os

import pytest

from pf_tui.errors import PfError
from pf_tui.state import single_instance
from pf_tui.state.paths import Paths


@pytest.mark.parametrize(
    ("number", "why"),
    [
        pytest.param(errno.EACCES, "permission denied", id="no-permission"),
        pytest.param(errno.EROFS, "read-only file system", id="read-only-disk"),
        pytest.param(errno.ENOSPC, "no space left on device", id="full-disk"),
    ],
)
def test_a_server_that_cannot_have_its_lock_says_what_and_why(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, number: int, why: str
) -> None:
    def refused(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    paths.home.mkdir(parents=True)
    monkeypatch.setattr(single_instance.os, "open", refused)

    with pytest.raises(PfError) as told, single_instance.single_instance(paths, ".gateway.lock"):
        pass

    assert told.value.message == f"{paths.home / '.gateway.lock'} cannot be written ({why})"
    assert told.value.hint
