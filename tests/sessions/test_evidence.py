"""The files hooks leave of each session: small, private, never older than what stands there."""

from __future__ import annotations

import json
import os
import threading

import pytest

from pf_tui.sessions.evidence import MAX_FILES, Evidence, Store, file_name, write
from pf_tui.state.paths import Paths

KEY = ("codex", "s-1")


def seen(at: float = 100.0, event: str = "Stop", **more: object) -> Evidence:
    return Evidence(**{"agent": "codex", "id": "s-1", "at": at, "event": event, **more})  # type: ignore[arg-type]


def test_what_was_written_is_read(paths: Paths) -> None:
    write(
        paths, seen(pid=7, start="5", context={"tokens": 10.0}, limited={"at": 1.0, "until": 2.0}, turn="t")
    )

    assert Store(paths).all()[KEY] == seen(
        pid=7, start="5", context={"tokens": 10.0}, limited={"at": 1.0, "until": 2.0}, turn="t"
    )


def test_a_file_is_private_small_and_named_by_a_hash(paths: Paths) -> None:
    write(paths, seen(cwd="/code/" + "x" * 300, transcript="/t/" + "y" * 300))
    (path,) = paths.sessions.iterdir()

    assert path.name == file_name(*KEY)
    assert len(path.stem) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_size <= 1024


def test_an_older_event_never_turns_time_back(paths: Paths) -> None:
    write(paths, seen(at=100, event="Stop"))

    assert write(paths, seen(at=99, event="PermissionRequest")) is False
    assert Store(paths).all()[KEY].event == "Stop"


def test_a_newer_event_keeps_what_it_does_not_say(paths: Paths) -> None:
    write(paths, seen(at=1, event="PermissionRequest", turn="t-1", model="m", cost_usd=2.0))
    write(paths, seen(at=2, event="Stop", cost_usd=3.0))
    now = Store(paths).all()[KEY]

    assert (now.event, now.model, now.cost_usd, now.turn) == ("Stop", "m", 3.0, None)


def test_another_life_of_a_session_starts_from_nothing(paths: Paths) -> None:
    write(paths, seen(at=1, pid=7, start="5", background=3))
    write(paths, seen(at=2, pid=8, start="9"))

    assert Store(paths).all()[KEY].background is None


def test_a_store_sees_changes(paths: Paths) -> None:
    store = Store(paths)
    before = dict(store.all())
    write(paths, seen(at=1))
    first = store.all()[KEY].at
    write(paths, seen(at=2))

    assert (before, first, store.all()[KEY].at) == ({}, 1.0, 2.0)


def test_at_most_two_hundred_files_stay(paths: Paths) -> None:
    for number in range(MAX_FILES + 20):
        write(paths, Evidence(agent="codex", id=f"s-{number}", at=float(number), event="Stop"))
        os.utime(paths.sessions / file_name("codex", f"s-{number}"), (number, number + 10**9))

    names = {path.name for path in paths.sessions.iterdir()}
    assert len(names) <= MAX_FILES
    assert file_name("codex", f"s-{MAX_FILES + 19}") in names


def test_a_session_that_ended_a_day_ago_is_forgotten(paths: Paths) -> None:
    for name, event in (("ended", "SessionEnd"), ("alive", "Stop")):
        write(paths, Evidence(agent="codex", id=name, at=1.0, event=event, pid=os.getpid()))
        os.utime(paths.sessions / file_name("codex", name), (1, 1))
    write(paths, Evidence(agent="codex", id="new", at=90_000.0, event="Stop"))

    assert {one for _, one in Store(paths).all()} == {"alive", "new"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b'{"v":2}', b'{"v":1,"agent":"codex","id":"s-1"}', b"\xff" * 90, b"[" * 99_999,
     b'{"v":1,"agent":"codex","id":"s-1","evidence":{"event":"Stop","at":1e999}}',
     b'{"v":1,"agent":"codex","id":"s-1","evidence":{"event":["x"],"at":1}}'],
)  # fmt: skip
def test_a_damaged_file_says_nothing_and_is_written_over(paths: Paths, content: bytes) -> None:
    paths.sessions.mkdir(parents=True)
    (paths.sessions / file_name(*KEY)).write_bytes(content)

    assert Store(paths).all() == {}
    assert write(paths, seen())
    assert Store(paths).all()[KEY].event == "Stop"


def test_a_pipe_in_the_folder_hangs_nobody(paths: Paths) -> None:
    paths.sessions.mkdir(parents=True)
    os.mkfifo(paths.sessions / file_name(*KEY))

    assert Store(paths).all() == {}


def test_a_disk_that_refuses_is_no_error(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    paths.sessions.write_text("a file where the folder belongs")

    assert write(paths, seen()) is False


def test_writers_at_the_same_time_leave_one_whole_file(paths: Paths) -> None:
    def many(first: int) -> None:
        for number in range(50):
            write(paths, seen(at=float(first + number)))

    threads = [threading.Thread(target=many, args=(first,)) for first in (0, 25, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (path,) = paths.sessions.iterdir()
    assert json.loads(path.read_bytes())["evidence"]["event"] == "Stop"
