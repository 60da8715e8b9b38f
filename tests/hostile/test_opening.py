"""Files that somebody else may have put there are opened in one place: it neither hangs nor fills memory."""

from __future__ import annotations

import ast
import os
import socket
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pf_tui
from pf_tui.actions import usage
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.ingest import files as logs
from pf_tui.ingest.observed import ParsedLogs
from pf_tui.ledger import foreign, queue, salvage
from pf_tui.regular_files import MOST_BYTES, open_handle, open_regular, read_regular
from pf_tui.sessions import evidence, work_folders
from pf_tui.sessions.claude_code import _object as registry
from pf_tui.state import cache, files, journal, yaml_files
from pf_tui.state.context import Context
from pf_tui.state.paths import Paths

SOURCE = Path(pf_tui.__file__).parent
SPARSE_BYTES = 5 * 2**30

EXCEPTIONS = {
    "regular_files.py": "the opener itself",
    "called.py": "what pip wrote about this program",
    "catalog/store.py": "writes its own draft",
    "catalog/compiling.py": "the catalog that came with the program",
    "integrations/claude_parts.py": "the plugin that came with the program",
    "integrations/opencode.py": "the plugin that came with the program",
    "integrations/doctor/machine.py": "/proc/sys",
    "state/ancestors.py": "/proc",
    "state/parent_env.py": "/proc",
    "state/pids.py": "/proc",
    "state/gateway.py": "/proc, and a lock that is not read",
    "sessions/identity.py": "/proc",
    "state/project_folder.py": "a project's files, by descriptors of their folders",
    "state/files.py": "locks and writes",
    "state/journal.py": "appends, and looks at the last byte of what it opened for that",
    "state/single_instance.py": "a lock that is not read",
    "ledger/queue.py": "a lock, and rows that are appended",
    "ledger/migrations.py": "makes a copy",
    "actions/usage.py": "copies that it made itself",
    "actions/fleet.py": "writes a copy",
    "actions/notices.py": "a terminal, which is written",
    "cli/shell.py": "the terminal, which is written",
    "stdio.py": "/dev/null",
    "gateway/__main__.py": "/dev/null",
    "gateway/log.py": "appends",
    "hooks/log.py": "appends",
    "sessions/evidence.py": "writes a draft",
    "demo/agents.py": "the demo's own home",
}
"""Where a file is opened in another way, and why that may be."""


MODES = ("r", "rb", "w", "wb", "a", "ab")


def opened(tree: ast.AST) -> Iterator[int]:
    """Lines that open a file in another way."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in ("open", "FileIO", "read_bytes", "read_text"):
            continue
        whole, first = ast.unparse(node.func), ast.unparse(node.args[0]) if node.args else ""
        if name == "open" and whole not in ("open", "os.open", "io.open"):  # a method: of a path, by its mode
            name = "open" if len(node.args) == 1 and first.strip("'") in MODES else ""
        if name and whole != "files.read_text" and not first.startswith("open_handle("):
            yield node.lineno


def test_nothing_else_opens_a_file_and_each_exception_has_its_reason() -> None:
    counts: Counter[str] = Counter()
    for path in SOURCE.rglob("*.py"):
        counts[path.relative_to(SOURCE).as_posix()] += len(list(opened(ast.parse(path.read_bytes()))))

    assert {name for name, count in counts.items() if count} == set(EXCEPTIONS)


# -- what stands in a file's place ---------------------------------------------------------------------


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def listening(path: Path) -> None:
    place = socket.socket(socket.AF_UNIX)
    os.chdir(path.parent)
    place.bind(path.name)
    place.close()


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(SPARSE_BYTES)


KINDS = [pipe, endless, folder, listening, loop, sparse]


def _log(path: Path) -> None:
    logs.read(logs.Job("claude-code", str(path), 1, 1, 1), ParsedLogs())


READERS: dict[str, Callable[[Path], object]] = {
    "a state file": files.read_json,
    "a cache": lambda path: cache.read(Paths(path.parent.parent), path.name),
    "the journal": lambda path: list(journal._lines_backwards(path)),
    "settings as they were read": lambda path: yaml_files.cached(Paths(path.parent), path, (1,), dict),
    "a log": _log,
    "evidence of a session": lambda path: evidence._load(str(path)),
    "a branch": lambda path: work_folders._text(str(path)),
    "a registry": lambda path: registry(str(path), 1),
    "a ledger of another machine": foreign._check_file,
    "a damaged ledger": salvage._Pages,
    "rows that wait": lambda path: read_regular(path, 2 * queue.MAX_BYTES),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "home" / "cache").mkdir(parents=True)
    return tmp_path / "home" / "cache" / "x"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_reader_hangs_or_fills_memory(
    place: Path, reader: Callable[[Path], object], kind: Callable[[Path], None]
) -> None:
    if kind is sparse and reader is _log:
        pytest.skip("a log may have 5 GB: it is read in blocks, and a line of more than 256 MB is skipped")
    kind(place)
    before_s = time.process_time()

    tracemalloc.start()
    try:
        reader(place)
    except (OSError, ValueError, StateFileUnusable):
        pass
    finally:
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert most < 2**26
    assert time.process_time() - before_s < 20


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.__name__))
def test_the_opener_refuses_what_is_no_file_before_it_reads(
    place: Path, kind: Callable[[Path], None]
) -> None:
    kind(place)

    with pytest.raises(OSError):
        read_regular(place)
    if kind is not sparse:
        with pytest.raises(OSError):
            open_regular(place)


def test_what_is_wrong_is_said_in_a_sentence(place: Path) -> None:
    pipe(place)
    with pytest.raises(StateFileUnusable, match="is a pipe or a device, not a file"):
        files.read_text(place)
    place.unlink()
    sparse(place)
    with pytest.raises(StateFileUnusable, match=r"5.12e\+03 MB is far more than this file ever holds"):
        files.read_text(place)


def test_a_file_that_grows_while_it_is_read_is_bounded_too(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_bytes(b"a")
    monkeypatch.setattr(os, "read", lambda handle, size: b"b" * size)

    with pytest.raises(OSError, match="larger than 16 MB"):
        read_regular(place, MOST_BYTES)


def test_nobody_can_change_what_it_is_between_the_look_and_the_opening(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write_bytes(b"a file")
    real = os.open

    def swapped(path: Path, flags: int) -> int:
        place.unlink()
        pipe(place)
        return real(path, flags)

    monkeypatch.setattr(os, "open", swapped)

    with pytest.raises(OSError, match="no regular file"):
        open_handle(place)


@pytest.mark.parametrize("size", [0, 1, 2**20, 2**20 + 1, 3 * 2**20])
def test_a_file_is_read_whole(place: Path, size: int) -> None:
    place.write_bytes(os.urandom(size))

    assert read_regular(place) == place.read_bytes()
    assert read_regular(place, size) == place.read_bytes()
    with open_regular(place) as file:
        assert file.read() == place.read_bytes()


# -- a copy into a folder that is everybody's ------------------------------------------------------------


def test_a_link_by_the_name_of_a_copys_draft_is_not_written_through(
    context: Callable[..., Context], tmp_path: Path
) -> None:
    ctx = context(cwd=tmp_path)
    usage.ingest(ctx)
    mine = tmp_path / "mine"
    mine.write_text("mine")
    (tmp_path / f".copy.db.{os.getpid()}.tmp").symlink_to(mine)

    copy = usage.copy_ledger(ctx, Path("copy.db"))

    assert mine.read_text() == "mine"
    assert copy.path.read_bytes().startswith(b"SQLite")
    assert sorted(path.name for path in tmp_path.glob("*copy*")) == ["copy.db"]


def test_a_copy_that_fails_leaves_nothing(context: Callable[..., Context], tmp_path: Path) -> None:
    ctx = context(cwd=tmp_path)
    usage.ingest(ctx)
    ctx.paths.ledger.write_bytes(b"no ledger " * 999)

    with pytest.raises(PfError):
        usage.copy_ledger(ctx, Path("copy.db"))

    assert list(tmp_path.glob("*copy*")) == []
