"""The one write path: atomic, locked, never over a file we could not read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.state import files, unusable_files
from pf_tui.state.paths import Paths

WRITER = """
import sys
from pathlib import Path
from pf_tui.state import files
from pf_tui.state.paths import Paths
paths = Paths(Path(sys.argv[1]))
print("ready", flush=True)
number = 0
while True:
    number += 1
    with files.locked(paths):
        files.write_json(paths.config, {"number": number, "filler": [number] * 20_000})
"""

COUNTER = """
import sys
from pathlib import Path
from pf_tui.state import files
from pf_tui.state.paths import Paths
paths = Paths(Path(sys.argv[1]))
for _ in range(25):
    with files.locked(paths, timeout_s=60):  # who waits how long on a busy machine is not the question here
        content = files.read_json(paths.config) or {"count": 0}
        content["count"] += 1
        files.write_json(paths.config, content)
"""


def test_a_killed_writer_leaves_the_old_or_the_new_file(paths: Paths) -> None:
    for _ in range(12):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(paths.home)], stdout=subprocess.PIPE)
        assert writer.stdout
        writer.stdout.readline()
        before = paths.config.stat().st_mtime_ns if paths.config.exists() else 0
        while not paths.config.exists() or paths.config.stat().st_mtime_ns == before:
            os.sched_yield()
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()

        content = json.loads(paths.config.read_text())

        assert content["filler"] == [content["number"]] * 20_000


def test_twenty_processes_counting_at_once_lose_nothing(paths: Paths) -> None:
    counters = [subprocess.Popen([sys.executable, "-c", COUNTER, str(paths.home)]) for _ in range(20)]

    assert [counter.wait() for counter in counters] == [0] * 20
    assert files.read_json(paths.config) == {"count": 500}


def test_the_lock_is_reentrant_and_gives_up_with_a_sentence(paths: Paths) -> None:
    refusals: list[str] = []

    def other() -> None:
        try:
            with files.locked(paths, timeout_s=0.05):
                pass
        except PfError as error:
            refusals.append(error.message)

    with files.locked(paths), files.locked(paths):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert refusals == [f"another program has held {paths.lock} for 0.05 s; nothing was changed"]
    with files.locked(paths, timeout_s=0.05):
        pass


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "config.json line 1 column 1: is empty", id="empty"),
        pytest.param(b'{"a": 1,', "config.json line 1 column 9", id="truncated"),
        pytest.param(b'{\n  "a": nope\n}', "config.json line 2 column 8: is not JSON", id="broken"),
        pytest.param(b"[1]", "config.json line 1 column 1: expected an object, found a list", id="list"),
        pytest.param(b'{"a": "\xff"}', "config.json line 1: is not UTF-8 text", id="bad-byte"),
        pytest.param(b'{"a":' * 200_000, "config.json: is nested too deeply", id="deep"),
    ],
)
def test_bad_json_is_one_sentence_with_its_place(paths: Paths, content: bytes, sentence: str) -> None:
    paths.home.mkdir(parents=True)
    paths.config.write_bytes(content)

    with pytest.raises(StateFileUnusable) as caught:
        files.read_json(paths.config)

    assert caught.value.message.startswith(sentence)
    assert caught.value.code == 4
    assert paths.config.read_bytes() == content


def test_a_huge_file_is_refused_before_it_is_read(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    with paths.config.open("wb") as file:
        file.truncate(100 * 1024 * 1024)

    with pytest.raises(StateFileUnusable, match="100 MB is far more than this file ever holds"):
        files.read_json(paths.config)


def test_key_order_and_a_byte_order_mark_survive(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    paths.config.write_bytes(b'\xef\xbb\xbf{"z": 1, "a": 2}')

    content = files.read_json(paths.config)

    assert content is not None
    assert list(content) == ["z", "a"]


def test_a_symbolic_link_stays_one(paths: Paths, tmp_path: Path) -> None:
    paths.home.mkdir(parents=True)
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    paths.config.symlink_to(real)

    files.write_json(paths.config, {"a": 1})

    assert paths.config.is_symlink()
    assert json.loads(real.read_text()) == {"a": 1}


@pytest.mark.parametrize("hops", [1, 2])
def test_a_link_that_leads_back_to_itself_is_refused_and_stays(paths: Paths, hops: int) -> None:
    paths.home.mkdir(parents=True)
    names = [paths.config, *(paths.home / f"link{number}" for number in range(1, hops))]
    for number, name in enumerate(names):
        name.symlink_to(names[(number + 1) % hops])

    with pytest.raises(PfError, match=r"config\.json cannot be written \(.*symbolic links\)"):
        files.write_json(paths.config, {"a": 1})

    assert all(name.is_symlink() for name in names)
    assert len(list(paths.home.iterdir())) == hops


def test_a_link_whose_file_is_not_made_yet_stays_one(paths: Paths, tmp_path: Path) -> None:
    paths.home.mkdir(parents=True)
    paths.config.symlink_to(tmp_path / "dotfiles.json")

    files.write_json(paths.config, {"a": 1})

    assert paths.config.is_symlink()
    assert json.loads((tmp_path / "dotfiles.json").read_text()) == {"a": 1}


def test_a_directory_in_the_way_leaves_no_litter(paths: Paths) -> None:
    paths.config.mkdir(parents=True)

    with pytest.raises(PfError, match=r"config\.json cannot be written"):
        files.write_json(paths.config, {"a": 1})

    assert [entry.name for entry in paths.home.iterdir()] == ["config.json"]


def test_files_are_for_their_owner_only(paths: Paths) -> None:
    with files.locked(paths):
        files.write_json(paths.auth, {"a": 1})

    assert paths.auth.stat().st_mode & 0o777 == 0o600
    assert paths.home.stat().st_mode & 0o777 == 0o700


def test_two_files_set_aside_in_one_second_keep_both(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    names = []
    for _ in range(2):
        paths.health.write_text("broken")
        aside = unusable_files.set_aside(paths.health, now_s=0)
        assert aside
        names.append(aside.name)

    assert names == ["health.json.corrupt-19700101-000000", "health.json.corrupt-19700101-000000-1"]


class TestAFileThatIsBeingWritten:
    """The original plugin writes in place; a reader that comes in between looks again, and not for long."""

    @pytest.mark.parametrize("half", ["", "{", '{"version": 2, "providerPri'])
    def test_is_read_whole(self, tmp_path: Path, half: str) -> None:
        path = tmp_path / "config.json"
        path.write_text(half)
        pauses: list[float] = []

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                path.write_text('{"version": 2}')

        assert files.read_json(path, pause=pause, now=lambda: path.stat().st_mtime) == {"version": 2}
        assert len(pauses) == 3

    def test_is_refused_when_it_stays_half(self, tmp_path: Path) -> None:
        path = tmp_path / "config.json"
        path.write_text("{")
        pauses: list[float] = []

        with pytest.raises(StateFileUnusable):
            files.read_json(path, pause=pauses.append, now=lambda: path.stat().st_mtime)

        assert sum(pauses) <= 0.2

    def test_is_not_waited_for_when_nobody_writes_it(self, tmp_path: Path) -> None:
        path = tmp_path / "config.json"
        path.write_text("{")
        pauses: list[float] = []

        with pytest.raises(StateFileUnusable):
            files.read_json(path, pause=pauses.append, now=lambda: path.stat().st_mtime + 60)

        assert pauses == []


def test_a_file_that_another_program_wrote_meanwhile_is_changed_anew(paths: Paths) -> None:
    """The original plugin takes no lock: what it writes between our reading and our writing stays."""
    paths.home.mkdir(parents=True)
    paths.usage.write_text('{"theirs": 1}')
    written = paths.usage.stat().st_mtime_ns
    looks: list[object] = []

    def change(content: dict[str, object] | None) -> dict[str, object]:
        looks.append(content)
        if len(looks) == 1:
            paths.usage.write_text('{"theirs": 2}')
            os.utime(paths.usage, ns=(written, written))
        return {**(content or {}), "ours": True}

    with files.locked(paths):
        files.rewrite_json(paths.usage, change)

    assert looks == [{"theirs": 1}, {"theirs": 2}]
    assert json.loads(paths.usage.read_text()) == {"theirs": 2, "ours": True}
    assert list(paths.home.glob(".usage.json.*")) == []


def test_a_file_that_never_stands_still_is_left_alone(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    paths.usage.write_text("{}")
    looks = 0

    def change(content: dict[str, object] | None) -> dict[str, object]:
        nonlocal looks
        looks += 1
        paths.usage.write_text(json.dumps({"n": looks}))
        return {"ours": True}

    with files.locked(paths), pytest.raises(PfError) as told:
        files.rewrite_json(paths.usage, change)

    assert told.value.message == f"another program goes on writing {paths.usage}; nothing was changed"
    assert json.loads(paths.usage.read_text()) == {"n": looks}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"a": {}, "b": [], "c": None},
        {"sessions": {"s-1": {"agent": "codex", "pin": None}, "s-2": {"agent": "é\n\u2028", "n": 1.5}}},
        {"lists": [[1, 2], [], [{"x": True}], "y"], "tuple": (1, (2,)), "deep": {"a": {"b": {"c": [{}]}}}},
    ],
)
def test_a_file_is_indented_as_the_standard_library_indents(paths: Paths, content: dict[str, object]) -> None:
    with files.locked(paths):
        files.write_json(paths.config, content)

    assert paths.config.read_text() == json.dumps(content, indent=2, ensure_ascii=False) + "\n"
