"""One block at a time: what an upstream sends interleaved comes out one block after the other.

Invariant: nothing waits but the blocks behind the open one, and a call whose id or name is still missing.
"""

from __future__ import annotations

from pf_tui.translate.arguments import Scan
from pf_tui.translate.conversation import Close, Delta, Event, Open

MOST_WAITING = 256
"""Blocks that wait behind the open one: more than any answer calls tools at once."""

BLOCK_BYTES = 2**12
LETTER_BYTES = 4
"""What a block and a letter of it may take, here and in what is told at the end."""


class _Block:
    """A block on its way out."""

    __slots__ = ("opened", "pending", "scan", "signature", "start", "whole")

    def __init__(self, start: Open) -> None:
        self.start = start
        self.opened = False
        self.whole = False
        self.signature = Close()
        self.pending: list[str] = []
        self.scan = Scan() if start.kind == "call" else None


class Blocks:
    """The blocks of one answer, by whatever key the upstream tells them apart with."""

    def __init__(self, name_for_lost_ids: str = "call") -> None:
        self.calls = 0
        """How many calls were begun."""
        self.blocks = 0
        self.memory_bytes = 0
        """Bytes that the blocks so far may take."""
        self._lost = name_for_lost_ids
        self._queue: list[tuple[object, _Block]] = []

    def has(self, key: object) -> bool:
        """True while that block is not whole."""
        return any(other == key for other, _ in self._queue)

    def start_of(self, key: object) -> Open | None:
        """What is known of a block that is not whole; its id and name may still be filled in."""
        return next((block.start for other, block in self._queue if other == key), None)

    def is_complete(self, key: object) -> bool:
        """True when the arguments of that call are a whole JSON value."""
        return any(
            other == key and block.scan is not None and block.scan.complete for other, block in self._queue
        )

    def open(self, key: object, start: Open) -> list[Event]:
        """A block begins. Raises ValueError when too many wait."""
        if len(self._queue) >= MOST_WAITING:
            raise ValueError("too many blocks at once")
        self._queue.append((key, _Block(start)))
        self.blocks += 1
        self.memory_bytes += BLOCK_BYTES
        self.calls += start.kind == "call"
        return self.advance()

    def add(self, key: object, text: str) -> list[Event]:
        """More of a block; of one that is whole it is dropped."""
        index = next((index for index, (other, _) in enumerate(self._queue) if other == key), None)
        if index is None:
            return []
        self.memory_bytes += LETTER_BYTES * len(text)
        block = self._queue[index][1]
        if block.scan is not None:
            block.scan.feed(text)
        if index == 0 and block.opened:
            if len(self._queue) > 1:
                return [Delta(text), *self.advance()]
            return [Delta(text)]
        block.pending.append(text)
        return self.advance() if index == 0 else []

    def close(self, key: object, signature: Close | None = None) -> list[Event]:
        """A block is whole."""
        for other, block in self._queue:
            if other == key:
                block.whole = True
                if signature is not None:
                    block.signature = signature
        return self.advance()

    def sign(self, key: object, signature: str) -> None:
        """Remember a signature for when the block closes."""
        for other, block in self._queue:
            if other == key:
                block.signature = Close(signature=signature)

    def close_all(self) -> list[Event]:
        """The answer is whole: everything that waits comes out."""
        for index, (_, block) in enumerate(self._queue):
            if block.start.kind == "call" and not block.start.id:
                block.start.id = f"{self._lost}_{self.calls}_{index}"
            block.whole = True
        return self.advance()

    def advance(self) -> list[Event]:
        """What can be told now."""
        events: list[Event] = []
        while self._queue:
            _, block = self._queue[0]
            start = block.start
            ready = start.kind != "call" or bool(start.id and start.name) or block.whole
            if not ready:
                break
            if start.kind == "call" and not start.name:  # nobody can run a call without a name
                self.calls -= 1
                del self._queue[0]
                continue
            if not block.opened:
                block.opened = True
                events.append(start)
            if block.pending:
                events.append(Delta("".join(block.pending)))
                block.pending.clear()
            behind = len(self._queue) > 1
            is_over = block.whole or (behind and (block.scan is None or block.scan.complete))
            if not is_over:
                break
            events.append(block.signature)
            del self._queue[0]
        return events
