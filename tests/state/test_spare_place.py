"""A full disk: what the gateway must keep is kept in memory, in a folder of ours alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from pf_tui.errors import PfError, cannot_write
from pf_tui.records import replace
from pf_tui.state import files, gateway, spare_place
from pf_tui.state.paths import Paths
from tests.conftest import NOON


def no_room(path: Path, content: dict[str, Any], *, mode: int = 0o600) -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    raise cannot_write(path, error) from error


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A state directory whose disk has no room, and a memory folder that has some."""
    paths = Paths(tmp_path / "state")
    files.make_home(paths)
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(spare_place, "_BASES", (str(tmp_path / "memory"),))

    monkeypatch.setattr(files, "write_json", no_room)
    return paths


def spare_folder(paths: Paths) -> Path:
    return Path(*spare_place._folders(paths))


def test_tokens_stay_the_same_on_a_full_disk(full: Paths) -> None:
    first = (gateway.install(full).token, gateway.control_token(full))

    assert first == (gateway.install(full).token, gateway.control_token(full))
    assert spare_folder(full).stat().st_mode & 0o777 == 0o700


def test_a_file_that_can_be_written_again_takes_its_stand_in_away(
    full: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.install(full)
    monkeypatch.undo()
    monkeypatch.setattr(spare_place, "_BASES", (str(full.home.parent / "memory"),))

    gateway.remember_port(full, 4100)

    assert gateway.install(full).port == 4100
    assert not spare_folder(full).exists()


@pytest.mark.parametrize("planted", ["link", "open-to-all"])
def test_a_folder_that_somebody_else_could_have_made_is_not_used(full: Paths, planted: str) -> None:
    folder = spare_folder(full)
    if planted == "link":
        (folder.parent / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(folder.parent / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o777)

    with pytest.raises(PfError, match="cannot be written"):
        gateway.install(full)


def test_what_stood_on_the_disk_before_it_was_full_does_not_count(
    tmp_path: Path, full: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = full
    old = gateway.Gateway(host="127.0.0.1", port=4000, pid=os.getpid(), since=NOON)
    with monkeypatch.context() as roomy:
        roomy.undo()
        gateway.write(paths, old, "old")

    monkeypatch.setattr(spare_place, "_BASES", (str(tmp_path / "memory"),))
    monkeypatch.setattr(files, "write_json", no_room)
    gateway.write(paths, replace(old, port=4100), "new")

    assert gateway.agents_token(paths) == (4100, "new")


def test_a_file_that_is_there_costs_no_look_elsewhere(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    files.make_home(paths)
    running = gateway.Gateway(host="127.0.0.1", port=4100, pid=os.getpid(), since=NOON)
    gateway.write(paths, running, "token")
    monkeypatch.setattr(spare_place, "of", lambda *_: pytest.fail("looked in memory"))

    assert gateway.agents_token(paths) == (4100, "token")
