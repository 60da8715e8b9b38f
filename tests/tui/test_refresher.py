"""When the dashboard looks at the files again."""

from __future__ import annotations

import queue
from collections.abc import Callable

import pytest

from pf_tui.state.context import Context
from pf_tui.tui import refresher
from pf_tui.tui.refresher import Refresher
from tests.patience import PATIENCE_S
from tests.tui import scene


def test_a_verb_does_not_wait_for_the_rest_that_files_are_given(
    context: Callable[..., Context], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr(refresher, "REST", 1e9)
    monkeypatch.setattr(refresher, "LONGEST_REST_S", 100 * PATIENCE_S)
    monkeypatch.setattr(Refresher, "_look", lambda _, reason: looks.put(reason))
    feed = Refresher(context(now=scene.NOW), lambda *_: None, scene.afternoon(context), "7d", "provider")
    feed.start()
    reasons = [looks.get(timeout=PATIENCE_S)]

    feed.look("watch")
    feed.look("verb")
    feed.look("watch")
    while reasons[-1] != "verb":
        reasons.append(looks.get(timeout=PATIENCE_S))
    feed.stop()

    assert reasons[0] == "begin"
