"""What every stream of Responses events has: a response object, and events that are numbered."""

from __future__ import annotations

from pf_tui.translate.conversation import Failure
from pf_tui.translate.failures import error_event
from pf_tui.translate.responses_items import response_object
from pf_tui.translate.sse import named
from pf_tui.translate.streams import StreamWriter


class NumberedWriter(StreamWriter):
    """Neutral events -> Responses events.

    Args:
        model: as the client asked for it.
        message_id: unique; becomes the response's id.
        created: epoch seconds.
    """

    def __init__(self, model: str, message_id: str, created: int) -> None:
        self._response = response_object(message_id, model, created)
        self._items: list[dict[str, object]] = []
        self._number = -1
        self._begun = False

    def _event(self, kind: str, **payload: object) -> bytes:
        self._number += 1
        return named(kind, {"type": kind, "sequence_number": self._number, **payload})

    def _fail(self, failure: Failure) -> bytes:
        self._number += 1
        response = self._response | {"output": self._items}
        return error_event("openai-responses", failure, response=response, sequence_number=self._number)
