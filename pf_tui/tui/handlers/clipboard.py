"""What a person takes along: the name in a row, the row as JSON, the screen.

Invariant: what is copied is pasted into a shell; a name of somebody else's is one visible line there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pf_tui.documents import history, models, status
from pf_tui.tui.handlers import handles
from pf_tui.tui.messages import Announcement
from pf_tui.visible import escaped, visible

if TYPE_CHECKING:
    from pf_tui.ledger.totals import Totals
    from pf_tui.tui.main_screen import MainScreen


@handles("copy")
def _copy(screen: MainScreen, word: str) -> None:
    """The name in this row."""
    if name := visible(_name(screen) or ""):
        _take(screen, name, f"copied {name}")


@handles("copy-row")
def _copy_row(screen: MainScreen, word: str) -> None:
    """This row as JSON, in the shapes of the command line."""
    if (row := _row(screen)) is not None:
        text = escaped(json.dumps(row, indent=2, ensure_ascii=False))
        _take(screen, text, "copied the row as JSON")


@handles("screenshot")
def _screenshot(screen: MainScreen, word: str) -> None:
    from pf_tui.tui import screenshot

    picture, text = screenshot.capture(screen.app)
    folder = screen.app.ctx.paths.home / "screenshots"
    stamp = screen.app.ctx.now().astimezone(screen.appearance.zone).strftime("%Y%m%d-%H%M%S")

    def save() -> Announcement:
        path = screenshot.save(folder, f"pf-tui-{stamp}", picture, text)
        return Announcement(f"saved {screenshot.short(path, screen.app.ctx.env)} and .txt beside it")

    screen.app.perform(save)


def _take(screen: MainScreen, text: str, label: str) -> None:
    from pf_tui.tui import clipboard

    how = clipboard.copy(screen.app, text)
    screen.say(f"{label}{how}")


def _name(screen: MainScreen) -> str | None:
    """What stands in the row, as one would type it."""
    key = screen.pane.key
    if key is None:
        return None
    if screen.current == "limits":
        return key.split(" ")[0]
    return key


def _row(screen: MainScreen) -> object:
    key, now = screen.pane.key, screen.shown_snapshot()
    if key is None:
        return None
    if screen.current == "providers":
        return status.provider(now.view(key))
    if screen.current == "models":
        return models.model(now.catalog.models[key])
    if screen.current == "limits":
        name, window, unit, *model = key.split(" ")
        return next(
            (
                {"provider": name, **status.limit(limit)}
                for limit in now.view(name).limits
                if (limit.window, limit.unit, limit.model or "") == (window, unit, " ".join(model).strip())
            ),
            None,
        )
    if screen.current == "events":
        event = screen.event(key)
        return history.event(event) if event is not None else None
    return next(
        (
            {screen.report.by: part.name, **_totals_row(part.totals)}
            for part in screen.report.parts
            if part.name == key
        ),
        None,
    )


def _totals_row(part_totals: Totals) -> dict[str, object]:
    return {**part_totals._asdict(), "total_tokens": part_totals.total_tokens}
