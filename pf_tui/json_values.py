"""JSON that others wrote, taken apart by the kind a reader needs. Pure.

A field that is missing, null or empty is the kind's empty value; a field of another kind raises TypeError,
whose words name the field and quote nothing. Where damage is passed over instead, a reader asks `isinstance`.
"""

from __future__ import annotations

from collections.abc import Mapping


def object_in(entry: Mapping[str, object], key: str) -> dict[str, object]:
    """The object at `key`, itself: what is changed in it is changed in `entry`."""
    value = entry.get(key)
    if isinstance(value, dict):
        return value
    if value:
        raise TypeError(f"{key} is no object")
    return {}


def list_in(entry: Mapping[str, object], key: str) -> list[object]:
    """The list at `key`, itself."""
    return list_of(entry.get(key), key)


def list_of(value: object, name: str) -> list[object]:
    """`value` as the list it is."""
    if isinstance(value, list):
        return value
    if value:
        raise TypeError(f"{name} is no list")
    return []


def objects_in(entry: Mapping[str, object], key: str) -> list[dict[str, object]]:
    """The list of objects at `key`."""
    values = list_in(entry, key)
    objects = [value for value in values if isinstance(value, dict)]
    if len(objects) != len(values):
        raise TypeError(f"{key} is no list of objects")
    return objects


def text_in(entry: Mapping[str, object], key: str) -> str:
    """The text at `key`."""
    value = entry.get(key)
    if isinstance(value, str):
        return value
    if value:
        raise TypeError(f"{key} is no text")
    return ""


def optional_text(entry: Mapping[str, object], key: str) -> str | None:
    """The text at `key`; None where there is none."""
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def optional_whole(entry: Mapping[str, object], key: str) -> int | None:
    """The whole number at `key`, also written with `.0`; None where there is none."""
    value = entry.get(key)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError(f"{key} is no whole number")
    return value


def optional_number(entry: Mapping[str, object], key: str) -> float | None:
    """The number at `key`; None where there is none."""
    value = entry.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError(f"{key} is no number")
    return value


def texts_in(entry: Mapping[str, object], key: str) -> list[str]:
    """The list of texts at `key`."""
    values = list_in(entry, key)
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) != len(values):
        raise TypeError(f"{key} is no list of texts")
    return texts
