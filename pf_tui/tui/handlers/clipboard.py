"""What a person takes along: the name in a row, the row as JSON, the screen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pf_tui.documents import history, models, status
from pf_tui.tui.handlers import handles
from pf_tui.tui.messages import Announcement

if TYPE_CHECKING:
    from pf_tui.ledger.totals import Totals
    from pf_tui.tui.main_screen import MainScreen


@handles("copy")
def _copy(cockpit: MainScreen, word: str) -> None:
    """The name in this row."""
    if name := _name(cockpit):
        _take(cockpit, name, f"copied {name}")


@handles("copy-row")
def _copy_row(cockpit: MainScreen, word: str) -> None:
    """This row as JSON, in the shapes of the command line."""
    if (row := _row(cockpit)) is not None:
        _take(cockpit, json.dumps(row, indent=2, ensure_ascii=False), "copied the row as JSON")


@handles("screenshot")
def _screenshot(cockpit: MainScreen, word: str) -> None:
    from pf_tui.tui import screenshot

    picture, text = screenshot.taken(cockpit.app)
    folder = cockpit.app.ctx.paths.home / "screenshots"
    stamp = cockpit.app.ctx.now().astimezone(cockpit.look.zone).strftime("%Y%m%d-%H%M%S")

    def save() -> Announcement:
        path = screenshot.save(folder, f"pf-tui-{stamp}", picture, text)
        return Announcement(f"saved {screenshot.short(path, cockpit.app.ctx.env)} and .txt beside it")

    cockpit.app.perform(save)


def _take(cockpit: MainScreen, text: str, said: str) -> None:
    from pf_tui.tui import clipboard

    how = clipboard.copy(cockpit.app, text)
    cockpit.say(f"{said}{how}")


def _name(cockpit: MainScreen) -> str | None:
    """What stands in the row, as one would type it."""
    key = cockpit.pane.key
    if key is None:
        return None
    if cockpit.current == "limits":
        return key.split(" ")[0]
    return key


def _row(cockpit: MainScreen) -> object:
    key, now = cockpit.pane.key, cockpit.known()
    if key is None:
        return None
    if cockpit.current == "providers":
        return status.provider(now.view(key))
    if cockpit.current == "models":
        return models.model(now.catalog.models[key])
    if cockpit.current == "limits":
        name, window, unit, *model = key.split(" ")
        return next(
            (
                {"provider": name, **status.limit(one)}
                for one in now.view(name).limits
                if (one.window, one.unit, one.model or "") == (window, unit, " ".join(model).strip())
            ),
            None,
        )
    if cockpit.current == "events":
        event = cockpit.event(key)
        return history.event(event) if event is not None else None
    return next(
        (
            {cockpit.report.by: part.name, **_sums(part.sums)}
            for part in cockpit.report.parts
            if part.name == key
        ),
        None,
    )


def _sums(sums: Totals) -> dict[str, object]:
    return {**sums._asdict(), "total_tokens": sums.total_tokens}
