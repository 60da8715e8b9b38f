"""A secret that cannot be printed by accident."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.rules.masking import ValueMask

_values: set[str] = set()
"""Every credential this process has met; none of them leaves it in words."""

_mask: ValueMask | None = None


def remember(value: object) -> None:
    """Mask this value from now on wherever words are kept or shown."""
    global _mask  # noqa: PLW0603 - what a process has met is the process's own
    if isinstance(value, str) and value and value not in _values:
        _values.add(value)
        _mask = None


def masked(text: str) -> str:
    """The text without any credential this process has met; nothing of it where it hides one."""
    global _mask  # noqa: PLW0603
    from pf_tui.rules.masking import MASK, ValueMask  # most hooks meet keys and say nothing

    if _mask is None:
        _mask = ValueMask(tuple(_values))
    text = _mask.text(text)
    return MASK if _mask.hides(text) else text


def masked_values(content: object) -> object:
    """Plain data with each text in it masked."""
    if isinstance(content, str):
        return masked(content)
    if isinstance(content, dict):
        return {key: masked_values(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [masked_values(value) for value in content]
    return content


class Secret:
    """Holds a key; `repr`, `str` and formatting show only that there is one."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        remember(value)

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
