"""The journal: appended whole, read from its tail, and what undo may take back."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from pf_tui.state import journal
from pf_tui.state.journal import Event
from pf_tui.state.paths import Paths

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def event(number: int, action: str = "switch", *, of: str | None = None) -> Event:
    undo = None if of or action == "apply" else {"config": {"autoSwitch": None}}
    return Event(id=str(number), ts=AT, who="cli", action=action, undo=undo, of=of)


def test_the_tail_of_a_long_journal_is_its_last_events(paths: Paths) -> None:
    for number in range(600):
        journal.append(paths, event(number))

    assert [e.id for e in journal.tail(paths, 3)] == ["597", "598", "599"]
    assert len(journal.tail(paths, 10_000)) == 600


def test_half_a_line_costs_only_itself(paths: Paths) -> None:
    journal.append(paths, event(1))
    with paths.journal.open("ab") as file:
        file.write(b'{"id": "2", "ts": "2026')

    journal.append(paths, event(3))

    assert [e.id for e in journal.tail(paths, 9)] == ["1", "3"]


def test_lines_that_are_no_events_are_passed_over(paths: Paths) -> None:
    paths.home.mkdir(parents=True)
    paths.journal.write_bytes(b'\x00\xff\n[1]\n{"ts": 5}\n{"action": "x", "ts": "nonsense"}\n\n')

    assert journal.tail(paths, 9) == ()


def test_a_full_journal_is_rotated_and_still_read(paths: Paths) -> None:
    journal.append(paths, event(1))
    with paths.journal.open("ab") as file:
        file.write(b" " * journal.ROTATE_BYTES + b"\n")

    journal.append(paths, event(2))

    assert [e.id for e in journal.tail(paths, 9)] == ["1", "2"]
    assert paths.journal.stat().st_size < 1000


def test_a_new_action_empties_what_could_be_redone() -> None:
    done, undone = journal.undo_stacks([event(1), event(2), event(3, "undo", of="2"), event(4)])

    assert [e.id for e in done] == ["1", "4"]
    assert undone == []


def test_what_cannot_be_undone_does_not_stand_in_the_way_of_undo() -> None:
    done, undone = journal.undo_stacks([event(1), event(2, "apply")])

    assert [e.id for e in done] == ["1"]
    assert undone == []


@given(st.lists(st.sampled_from(["do", "undo", "redo"]), max_size=60))
def test_undo_and_redo_walk_one_line_of_history(keys: list[str]) -> None:
    """A model of every editor: a list and a position."""
    events: list[Event] = []
    history: list[str] = []
    position = 0
    for number, key in enumerate(keys):
        done, undone = journal.undo_stacks(events)
        if key == "do":
            events.append(event(number))
            history = [*history[:position], str(number)]
            position += 1
        elif key == "undo" and done:
            events.append(event(number, "undo", of=done[-1].id))
            position -= 1
        elif key == "redo" and undone:
            events.append(event(number, "redo", of=undone[-1].id))
            position += 1

    done, undone = journal.undo_stacks(events)

    assert [e.id for e in done] == history[:position][-journal.UNDO_DEPTH :]
    assert [e.id for e in reversed(undone)] == history[position:][: journal.UNDO_DEPTH]
