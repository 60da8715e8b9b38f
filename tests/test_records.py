"""Records behave like frozen dataclasses, because that is what everyone takes them for."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Mapping

import pytest

from pf_tui.records import field, record, replace


@record
class Window:
    """A window."""

    name: str
    used: float = 0.0
    tags: Mapping[str, str] = field(default_factory=dict)
    source: object = field(default=None, compare=False, repr=False)

    @property
    def full(self) -> bool:
        return self.used >= 100


def test_defaults_fill_in_and_factories_do_not_share() -> None:
    first, second = Window(name="5h"), Window(name="5h")

    assert (first.used, dict(first.tags)) == (0.0, {})
    assert first.tags is not second.tags
    assert not first.full


def test_a_record_cannot_be_changed() -> None:
    window = Window(name="5h")

    with pytest.raises(AttributeError, match="used cannot be changed"):
        window.used = 5  # type: ignore[misc]
    with pytest.raises(AttributeError):
        window.extra = 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("change", [replace, dataclasses.replace])
def test_replace_makes_a_changed_copy(change: object) -> None:
    window = Window(name="5h", source=1)

    other = change(window, used=100.0)  # type: ignore[operator]

    assert other == Window(name="5h", used=100.0)
    assert other.full
    assert window.used == 0.0


def test_equality_leaves_out_what_was_told_to() -> None:
    assert Window(name="a", source=1) == Window(name="a", source=2)
    assert Window(name="a") != Window(name="b")
    assert Window(name="a") != "a"
    assert repr(Window(name="a", source=1)) == "Window(name='a', used=0.0, tags={})"


def test_missing_and_unknown_fields_are_named() -> None:
    with pytest.raises(TypeError, match=r"Window.*name"):
        Window()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Window.*colour"):
        Window(name="a", colour="red")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Window("a")  # type: ignore[misc] # by keyword alone


def test_a_subclass_with_an_init_of_its_own_keeps_it() -> None:
    class Named(Window):
        def __init__(self, name: str) -> None:
            super().__init__(name=name.upper())

    assert (Named("a").name, Named("a").used) == ("A", 0.0)


def test_dataclass_tools_work_on_a_record() -> None:
    window = Window(name="a", tags={"k": "v"})

    assert dataclasses.is_dataclass(window)
    assert dataclasses.asdict(window) == {"name": "a", "used": 0.0, "tags": {"k": "v"}, "source": None}
    assert pickle.loads(pickle.dumps(window)) == window
    assert hash(Window(name="a", tags=())) == hash(Window(name="a", tags=()))  # type: ignore[arg-type]
