"""Text that comes in small pieces and is wanted whole at the end."""

from __future__ import annotations


class GrowingText:
    """Kept as bytes: four letters are four of them, where a text of its own takes sixty."""

    __slots__ = ("_data",)

    def __init__(self, text: str = "") -> None:
        self._data = bytearray(text.encode("utf-8", "surrogatepass"))

    def __len__(self) -> int:
        """In bytes."""
        return len(self._data)

    def __str__(self) -> str:
        return self._data.decode("utf-8", "surrogatepass")

    def add(self, chunk: str) -> None:
        """Append a chunk."""
        self._data += chunk.encode("utf-8", "surrogatepass")
