"""Moving about and looking: panes, lists, filter, order, period, view, freeze, zoom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pf_tui.tui.doing import Deed, does
from pf_tui.tui.layout import PANES
from pf_tui.tui.panes.usage_chart import CHARTS, VIEWS
from pf_tui.tui.report import GROUPS, PERIODS

if TYPE_CHECKING:
    from pf_tui.tui.cockpit import Cockpit


def _jump(pane: str, cockpit: Cockpit, word: str) -> None:
    cockpit.jump(pane)


for _pane in PANES:
    does(_pane)(partial(_jump, _pane))


def _step_pane(step: int, cockpit: Cockpit, word: str) -> None:
    shown = [pane for pane in PANES if pane in cockpit.visible_panes or cockpit.alone]
    here = shown.index(cockpit.current) if cockpit.current in shown else 0
    cockpit.jump(shown[(here + step) % len(shown)])


does("pane-next")(partial(_step_pane, 1))
does("pane-previous")(partial(_step_pane, -1))


def _moves(rows: int) -> Deed:
    def move(cockpit: Cockpit, word: str) -> None:
        cockpit.pane.move(rows)

    return move


does("down")(_moves(1))
does("up")(_moves(-1))
does("top")(_moves(-1_000_000))
does("bottom")(_moves(1_000_000))


@does("page-down")
def _page_down(cockpit: Cockpit, word: str) -> None:
    cockpit.pane.move(max(1, cockpit.pane.room // 2))


@does("page-up")
def _page_up(cockpit: Cockpit, word: str) -> None:
    cockpit.pane.move(-max(1, cockpit.pane.room // 2))


@does("zoom")
def _zoom(cockpit: Cockpit, word: str) -> None:
    cockpit.zoomed = not cockpit.zoomed


@does("freeze")
def _freeze(cockpit: Cockpit, word: str) -> None:
    cockpit.hold()


@does("order")
def _order(cockpit: Cockpit, word: str) -> None:
    cockpit.pane.order_by(word)


@does("view")
def _view(cockpit: Cockpit, word: str) -> None:
    here = VIEWS.index((cockpit.metric, cockpit.chart))
    cockpit.metric, cockpit.chart = VIEWS[(here + 1) % len(VIEWS)]


@does("chart")
def _chart(cockpit: Cockpit, word: str) -> None:
    cockpit.chart = CHARTS[(CHARTS.index(cockpit.chart) + 1) % len(CHARTS)]


@does("period-shorter")
def _shorter(cockpit: Cockpit, word: str) -> None:
    cockpit.ask_history(period=PERIODS[max(0, PERIODS.index(cockpit.period) - 1)])


@does("period-longer")
def _longer(cockpit: Cockpit, word: str) -> None:
    cockpit.ask_history(period=PERIODS[min(len(PERIODS) - 1, PERIODS.index(cockpit.period) + 1)])


@does("group-next")
def _group_next(cockpit: Cockpit, word: str) -> None:
    cockpit.ask_history(by=GROUPS[(GROUPS.index(cockpit.by) + 1) % len(GROUPS)])


@does("group-previous")
def _group_previous(cockpit: Cockpit, word: str) -> None:
    cockpit.ask_history(by=GROUPS[GROUPS.index(cockpit.by) - 1])


@does("all-models")
def _all_models(cockpit: Cockpit, word: str) -> None:
    cockpit.extras = not cockpit.extras


@does("filter")
def _filter(cockpit: Cockpit, word: str) -> None:
    cockpit.open_filter()


@does("cancel")
def _cancel(cockpit: Cockpit, word: str) -> None:
    if not cockpit.cancel_work():
        cockpit.pane.narrow_to("")


@does("redraw")
def _redraw(cockpit: Cockpit, word: str) -> None:
    cockpit.refresh(repaint=True, layout=True)


@does("quit")
def _quit(cockpit: Cockpit, word: str) -> None:
    cockpit.app.exit()


@does("quit-now")
def _quit_now(cockpit: Cockpit, word: str) -> None:
    cockpit.app.exit()
