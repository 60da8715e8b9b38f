"""A plan of changes: carried out, remembered, and taken back, whatever happens in between."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pf_tui.errors import PfError
from pf_tui.integrations import install_plan, installs
from pf_tui.integrations.install_plan import ManagedPart
from pf_tui.state.paths import Paths
from tests.patience import PATIENCE_S


def appended(path: Path, *, private: bool = False) -> ManagedPart:
    """A file that gets a line of ours at its end."""

    def put(now: bytes | None) -> bytes:
        return now if now is not None and b"ours\n" in now else (now or b"") + b"ours\n"

    return ManagedPart(path=path, put=put, take=lambda now: now.replace(b"ours\n", b""), private=private)


def install(paths: Paths, *pieces: ManagedPart) -> install_plan.Plan:
    plan = install_plan.install(paths, "x", pieces)
    install_plan.apply(paths, plan)
    return plan


def uninstall(paths: Paths, *pieces: ManagedPart) -> None:
    install_plan.apply(paths, install_plan.uninstall(paths, "x", pieces))


def test_a_file_that_was_not_there_goes_again_with_its_folders(paths: Paths, tmp_path: Path) -> None:
    piece = install_plan.whole(tmp_path / "a" / "b" / "file", b"ours\n")

    install(paths, piece)
    assert piece.path.read_bytes() == b"ours\n"
    uninstall(paths, piece)

    assert not (tmp_path / "a").exists()


def test_a_folder_that_someone_else_uses_stays(paths: Paths, tmp_path: Path) -> None:
    piece = install_plan.whole(tmp_path / "a" / "file", b"ours\n")
    install(paths, piece)
    (tmp_path / "a" / "theirs").write_text("x")

    uninstall(paths, piece)

    assert [path.name for path in (tmp_path / "a").iterdir()] == ["theirs"]


def test_a_persons_lines_added_later_stay(paths: Paths, tmp_path: Path) -> None:
    piece = appended(tmp_path / "file")
    piece.path.write_bytes(b"mine\n")
    install(paths, piece)
    piece.path.write_bytes(b"first\nmine\nours\nlast\n")

    uninstall(paths, piece)

    assert piece.path.read_bytes() == b"first\nmine\nlast\n"


def test_a_file_that_the_person_deleted_stays_deleted(paths: Paths, tmp_path: Path) -> None:
    piece = appended(tmp_path / "file")
    piece.path.write_bytes(b"mine\n")
    install(paths, piece)
    piece.path.unlink()

    uninstall(paths, piece)

    assert not piece.path.exists()


def test_a_file_keeps_its_permissions_and_a_link_stays_one(paths: Paths, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles"
    real.write_bytes(b"mine\n")
    real.chmod(0o640)
    link = tmp_path / "file"
    link.symlink_to(real)

    install(paths, appended(link))

    assert link.is_symlink()
    assert real.read_bytes() == b"mine\nours\n"
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_private_text_is_not_remembered_after_others_wrote_in_it(paths: Paths, tmp_path: Path) -> None:
    piece = appended(tmp_path / "file", private=True)
    piece.path.write_bytes(b"mine\n")
    install(paths, piece)
    piece.path.write_bytes(b"sk-secret\n")

    install(paths, piece)

    assert "sk-secret" not in (paths.home / "installs.json").read_text()
    uninstall(paths, piece)
    assert piece.path.read_bytes() == b"sk-secret\n"


def test_files_of_an_older_pf_tui_are_taken_out_too(paths: Paths, tmp_path: Path) -> None:
    old, new = (
        install_plan.whole(tmp_path / "old", b"ours\n"),
        install_plan.whole(tmp_path / "new", b"ours\n"),
    )
    install(paths, old)
    install(paths, new)

    uninstall(paths, new)

    assert not old.path.exists()
    assert not new.path.exists()
    assert installs.keys(paths) == ()


def test_a_file_that_cannot_be_written_is_named(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file where a folder should be")

    with pytest.raises(PfError, match="cannot be"):
        install(paths, install_plan.whole(tmp_path / "a" / "file", b"ours\n"))


def test_an_install_killed_at_any_instant_can_be_taken_back(paths: Paths, tmp_path: Path) -> None:
    """The process dies before each of its writes in turn; uninstall then leaves what was there."""
    code = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from pf_tui.integrations import changes
        from pf_tui.state import files
        from pf_tui.state.paths import Paths
        home, folder, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
        write, count = files.write_bytes, 0
        def dying(*words, **named):
            global count
            count += 1
            if count > limit:
                os._exit(9)
            write(*words, **named)
        files.write_bytes = dying
        pieces = [changes.whole(folder / name, b"ours") for name in "abc"]
        changes.apply(Paths(home), changes.install(Paths(home), "x", pieces))
        """
    )
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "b").write_bytes(b"mine")
    pieces = [install_plan.whole(tmp_path / "f" / name, b"ours") for name in "abc"]
    for limit in range(6):
        command = [sys.executable, "-c", code, str(paths.home), str(tmp_path / "f"), str(limit)]
        subprocess.run(command, timeout=PATIENCE_S, check=False)

        uninstall(paths, *pieces)

        left = {path.name: path.read_bytes() for path in (tmp_path / "f").iterdir()}
        assert left == {"b": b"mine"}, limit
