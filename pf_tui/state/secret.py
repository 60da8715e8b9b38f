"""A secret that cannot be printed by accident."""

from __future__ import annotations


class Secret:
    """Holds a key; `repr`, `str` and formatting show only that there is one."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself: for a request to its own host, or apiKeyHelper's stdout, nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(•••)"

    def __format__(self, spec: str) -> str:
        return "•••"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a secret is not pickled")
