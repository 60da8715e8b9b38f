"""Moving about and looking: panes, lists, filter, order, period, view, freeze, zoom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pf_tui.tui.handlers import Handler, handles
from pf_tui.tui.layout import PANES
from pf_tui.tui.ledger_view import PERIODS
from pf_tui.tui.panes.usage_chart import CHARTS, VIEWS

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen


def _jump(pane: str, cockpit: MainScreen, word: str) -> None:
    cockpit.jump(pane)


for _pane in PANES:
    handles(_pane)(partial(_jump, _pane))


def _step_pane(step: int, cockpit: MainScreen, word: str) -> None:
    shown = [pane for pane in PANES if pane in cockpit.visible_panes or cockpit.alone]
    here = shown.index(cockpit.current) if cockpit.current in shown else 0
    cockpit.jump(shown[(here + step) % len(shown)])


handles("pane-next")(partial(_step_pane, 1))
handles("pane-previous")(partial(_step_pane, -1))


def _moves(rows: int) -> Handler:
    def move(cockpit: MainScreen, word: str) -> None:
        cockpit.pane.move(rows)

    return move


handles("down")(_moves(1))
handles("up")(_moves(-1))
handles("top")(_moves(-1_000_000))
handles("bottom")(_moves(1_000_000))


@handles("page-down")
def _page_down(cockpit: MainScreen, word: str) -> None:
    cockpit.pane.move(max(1, cockpit.pane.room // 2))


@handles("page-up")
def _page_up(cockpit: MainScreen, word: str) -> None:
    cockpit.pane.move(-max(1, cockpit.pane.room // 2))


@handles("zoom")
def _zoom(cockpit: MainScreen, word: str) -> None:
    cockpit.zoomed = not cockpit.zoomed


@handles("freeze")
def _freeze(cockpit: MainScreen, word: str) -> None:
    cockpit.hold()


@handles("order")
def _order(cockpit: MainScreen, word: str) -> None:
    cockpit.pane.order_by(word)


@handles("view")
def _view(cockpit: MainScreen, word: str) -> None:
    here = VIEWS.index((cockpit.metric, cockpit.chart))
    cockpit.metric, cockpit.chart = VIEWS[(here + 1) % len(VIEWS)]


@handles("chart")
def _chart(cockpit: MainScreen, word: str) -> None:
    cockpit.chart = CHARTS[(CHARTS.index(cockpit.chart) + 1) % len(CHARTS)]


@handles("period-shorter")
def _shorter(cockpit: MainScreen, word: str) -> None:
    cockpit.ask_history(period=PERIODS[max(0, PERIODS.index(cockpit.period) - 1)])


@handles("period-longer")
def _longer(cockpit: MainScreen, word: str) -> None:
    cockpit.ask_history(period=PERIODS[min(len(PERIODS) - 1, PERIODS.index(cockpit.period) + 1)])


@handles("group-next")
def _group_next(cockpit: MainScreen, word: str) -> None:
    _group(cockpit, 1)


@handles("group-previous")
def _group_previous(cockpit: MainScreen, word: str) -> None:
    _group(cockpit, -1)


def _group(cockpit: MainScreen, step: int) -> None:
    groups = cockpit.report.groups
    place = groups.index(cockpit.by) if cockpit.by in groups else 0
    cockpit.ask_history(by=groups[(place + step) % len(groups)])


@handles("all-models")
def _all_models(cockpit: MainScreen, word: str) -> None:
    cockpit.extras = not cockpit.extras


@handles("filter")
def _filter(cockpit: MainScreen, word: str) -> None:
    cockpit.open_filter()


@handles("cancel")
def _cancel(cockpit: MainScreen, word: str) -> None:
    if cockpit.cancel_work():
        return
    if cockpit.pane.choice.words or not cockpit.dismiss_problems():
        cockpit.pane.narrow_to("")


@handles("redraw")
def _redraw(cockpit: MainScreen, word: str) -> None:
    cockpit.refresh(repaint=True, layout=True)


@handles("quit")
def _quit(cockpit: MainScreen, word: str) -> None:
    cockpit.app.exit()


@handles("quit-now")
def _quit_now(cockpit: MainScreen, word: str) -> None:
    cockpit.app.exit()
