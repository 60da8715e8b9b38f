"""Filters as numbers: which interned names a filter means, looked up once for all that is asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from pf_tui.ledger.layout import BESIDE, NAME, UNITS, margin
from pf_tui.ledger.period import Filters
from pf_tui.ledger.totals import HERE

Chosen = Mapping[str, tuple[int, ...]]
"""Column -> the numbers it may have; only of columns that are narrowed."""

_LAST = "\U0010ffff"

OWN = NAME[""]
"""This machine's number in sums."""


def chosen(connection: sqlite3.Connection, filters: Filters) -> Chosen:
    """The numbers of every name that is meant; an empty tuple where there is none."""
    chosen_ids: dict[str, tuple[int, ...]] = {}
    if filters.project is not None:
        project, ending = filters.project, f"/{filters.project}"
        project_ids = named_parts(connection, "project")
        chosen_ids["project"] = tuple(
            number for number, text in project_ids if text == project or text.endswith(ending)
        )
    if filters.agent is not None:
        chosen_ids["agent"] = _numbers(connection, "text = ?", [filters.agent])
    if filters.session is not None:
        is_meant = (
            ("text = ?", [filters.session]) if filters.whole_id else begins_with("text", filters.session)
        )
        chosen_ids["session"] = _numbers(connection, *is_meant)
    if filters.machine is not None:
        own = filters.machine == HERE
        chosen_ids["machine"] = (OWN,) if own else _numbers(connection, "text = ?", [filters.machine])
    return chosen_ids


def condition(numbers: Chosen, *, rows: bool = False) -> str:
    """The same in SQL, to be appended to a WHERE; the numbers are our own.

    Args:
        rows: of `request_rows`, where this machine is NULL.
    """
    return "".join(
        f" AND {f'ifnull(machine, {OWN})' if rows and column == 'machine' else column} IN ({_listed(numbers_of_column)})"
        for column, numbers_of_column in numbers.items()
    )


def by_name(machine: str | None) -> tuple[str, list[str]]:
    """A condition on tables that keep a machine by its name, and its values."""
    if machine is None:
        return "", []
    return " AND ifnull(machine, ?) = ?", [HERE, machine]


def begins_with(column: str, text: str) -> tuple[str, list[str]]:
    """A condition that an index on the column can answer, and its values."""
    return f"{column} >= ? AND {column} < ?", [text, text + _LAST]


def parts(connection: sqlite3.Connection, column: str) -> tuple[int, ...]:
    """The numbers a column has, in their order."""
    kind, part_column = (
        (margin("0", UNITS[-1]), column) if column in BESIDE else (margin(column, UNITS[-1]), "part")
    )
    values = connection.execute(f"SELECT DISTINCT {part_column} FROM margins WHERE kind = {kind} ORDER BY 1")
    return tuple(part for (part,) in values)


def named_parts(connection: sqlite3.Connection, column: str) -> list[tuple[int, str]]:
    """The same with their names."""
    return connection.execute(
        f"SELECT id, text FROM names WHERE id IN ({_listed(parts(connection, column))})"
    ).fetchall()


def _numbers(connection: sqlite3.Connection, where: str, values: Sequence[str]) -> tuple[int, ...]:
    return tuple(number for (number,) in connection.execute(f"SELECT id FROM names WHERE {where}", values))


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
