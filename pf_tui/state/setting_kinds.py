"""What a setting is: its place, its kind, its default, its sentence; and how values are read by that.

The settings themselves are in settings_table; a person's answer rules have keys of the same form.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pf_tui.records import record
from pf_tui.state.clock import from_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: a value of its setting's own kind

EACH = "ID"
"""Stands for a provider's id in a key."""

MAX_NAMES = 200
"""Providers in a project's list; the catalog has 25."""

MAX_NAME = 200
"""Characters of one name in a project's file; the longest model of the catalog has 50."""

DAY_S = 86_400


@record
class Kind:
    """What a value may be."""

    type: str
    """flag | text | moment | names | choice | words | number | whole | budget | object | list."""
    expected: str
    """What an error says is needed."""
    words: tuple[str, ...] = ()
    """choice: one of these; words: a list of some of these."""
    low: float | None = None
    high: float | None = None
    above: bool = False
    """`low` itself is too low."""
    unchecked: bool = False
    """The dashboard tells what is wrong with it: a look is no reason for an agent to stop."""

    def has_type(self, value: object) -> bool:
        """The value's JSON type is the right one."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if self.type in ("number", "whole"):
            return number and (self.type == "number" or isinstance(value, int))
        if self.type == "budget":
            return number or value == "unlimited"
        if self.type in ("names", "words"):
            return isinstance(value, list) and all(isinstance(name, str) for name in value)
        if self.type == "moment":
            return isinstance(value, str) and from_text(value) is not None
        types = {"flag": bool, "text": str, "choice": str, "object": dict, "list": list}
        return isinstance(value, types[self.type])

    def has_bounds(self, value: Any) -> bool:
        """A value of the right type is one that is allowed."""
        if self.words:
            return set([value] if self.type == "choice" else value) <= set(self.words)
        if self.type not in ("number", "whole", "budget") or value == "unlimited":
            return True
        too_low = self.low is not None and (value <= self.low if self.above else value < self.low)
        return not too_low and (self.high is None or value <= self.high)

    @property
    def needed(self) -> str:
        """What an error says is needed instead of a value of the right type."""
        return f"{self.expected} up to {self.high:g}" if self.type == "budget" else self.expected

    def parse(self, value: Any) -> Any:
        """The value as the program keeps it; no budget (0 or "unlimited") is None."""
        if self.type == "budget":
            return value if value != "unlimited" and value > 0 else None
        if self.type in ("names", "words"):
            return tuple(dict.fromkeys(value))
        return from_text(value) if self.type == "moment" else value


MOST_BUDGET = 1e15
"""More tokens, requests or dollars than anybody has; a number beyond it is a mistake."""

FLAG = Kind(type="flag", expected="true or false")
TEXT = Kind(type="text", expected="a text")
MOMENT = Kind(type="moment", expected="a date and time")
NAMES = Kind(type="names", expected="a list of texts")
PROVIDERS = Kind(type="names", expected="a list of provider ids")
NUMBER = Kind(type="number", expected="a number")
SHARE = Kind(type="number", expected="a share between 0 and 1", low=0, high=1, above=True)
SECONDS = Kind(type="number", expected="a number of seconds above 0", low=0, high=DAY_S, above=True)
PORT = Kind(type="whole", expected="a port number (0 to 65535)", low=0, high=65_535)
BUDGET = Kind(type="budget", expected="a number", high=MOST_BUDGET)
REQUESTS = Kind(type="budget", expected="a number of requests", high=MOST_BUDGET)
OBJECT = Kind(type="object", expected="an object")
LIST = Kind(type="list", expected="a list")


def choice(*words: str) -> Kind:
    """One of these words."""
    return Kind(type="choice", expected="one of " + ", ".join(words), words=words)


def within(low: float, high: float, noun: str, *, whole: bool = False) -> Kind:
    """A number from `low` to `high`, both allowed. Args: noun: what is counted, "seconds"."""
    range_text = f"a number of {noun} from {low:g} to {high}"
    return Kind(type="whole" if whole else "number", expected=range_text, low=low, high=high)


@record
class Setting:
    """One setting: where it stands, what it may be, and what it means."""

    key: str = ""
    """Its place in config.json, "pf.thresholds.warn"; "" = only a project has it."""
    kind: Kind
    default: Any = None
    field: str = ""
    """The attribute of config.Config, config.Budgets, gateway.settings or project.Project."""
    project: str = ""
    """Its key in a project's file; "" = a project never sets it."""
    old_project: str = ""
    """The same in the spelling of the original's README."""
    untrusted: bool = False
    """It is obeyed in a project's file that nobody trusted: it can only make pf-tui do less."""
    each: bool = False
    """A provider may have its own, under pf.gateway.providers.ID."""
    sentence: str = ""
    here: str = ""
    """What it means in a project's file."""

    @property
    def name(self) -> str:
        """The last part of the key, as an error names it."""
        return self.key.rpartition(".")[2]


def parse(
    content: Mapping[str, object], path: Path, settings: Iterable[Setting], below: str = ""
) -> dict[str, Any]:
    """The value of each setting, or its default, by its field (its key where it has none).

    Args:
        below: the part of the keys that leads to `content`, with its dot.
    Raises:
        StateFileUnusable: with the line of the bad key.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        *parents, name = setting.key.removeprefix(below).split(".")
        holder = content
        for parent in parents:
            holder = mapping(holder, parent, path)
        value = checked(holder.get(name), setting.kind, name, path)
        values[setting.field or setting.key] = setting.default if value is None else setting.kind.parse(value)
    return values


def mapping(holder: Mapping[str, object], key: str, path: Path) -> Mapping[str, object]:
    """An object inside `holder`, empty when it is not there. Raises StateFileUnusable."""
    inner: Mapping[str, object] = checked(holder.get(key), OBJECT, key, path) or {}
    return inner


def _is_long(names: list[str]) -> bool:
    """More, or longer, than anybody lists: looking each up would take minutes."""
    return len(names) > MAX_NAMES or max(map(len, names), default=0) > MAX_NAME


def checked(value: object, kind: Kind, key: str, path: Path) -> Any:
    """The value itself. Raises StateFileUnusable with the line of the key."""
    if value is None:
        return None
    if not kind.has_type(value):
        from pf_tui.state import unusable_files

        raise unusable_files.wrong_type(path, key, kind.expected, value)
    if not kind.has_bounds(value):
        from pf_tui.state import unusable_files

        raise unusable_files.wrong_value(path, key, kind.needed, value)
    if kind.type == "names" and isinstance(value, list) and _is_long(value):
        from pf_tui.state import unusable_files

        bound = f"at most {MAX_NAMES} names, each of at most {MAX_NAME} characters,"
        raise unusable_files.wrong_value(path, key, bound, value)
    return value
