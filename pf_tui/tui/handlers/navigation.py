"""Moving about and looking: panes, lists, filter, order, period, view, freeze, zoom."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pf_tui.tui.handlers import handles
from pf_tui.tui.handlers.providers import put_off
from pf_tui.tui.layout import PANES
from pf_tui.tui.ledger_view import PERIODS
from pf_tui.tui.main_screen import Handler
from pf_tui.tui.panes.usage_chart import CHARTS, VIEWS

if TYPE_CHECKING:
    from pf_tui.tui.main_screen import MainScreen


def _jump(pane: str, screen: MainScreen, word: str) -> None:
    screen.jump(pane)


for _pane in PANES:
    handles(_pane)(partial(_jump, _pane))


def _step_pane(step: int, screen: MainScreen, word: str) -> None:
    panes = [pane for pane in PANES if pane in screen.visible_panes or screen.alone]
    here = panes.index(screen.current) if screen.current in panes else 0
    screen.jump(panes[(here + step) % len(panes)])


handles("pane-next")(partial(_step_pane, 1))
handles("pane-previous")(partial(_step_pane, -1))


def _moves(rows: int) -> Handler:
    def move(screen: MainScreen, word: str) -> None:
        screen.pane.move(rows)

    return move


handles("down")(_moves(1))
handles("up")(_moves(-1))
handles("top")(_moves(-1_000_000))
handles("bottom")(_moves(1_000_000))


@handles("page-down")
def _page_down(screen: MainScreen, word: str) -> None:
    screen.pane.move(max(1, screen.pane.room // 2))


@handles("page-up")
def _page_up(screen: MainScreen, word: str) -> None:
    screen.pane.move(-max(1, screen.pane.room // 2))


@handles("zoom")
def _zoom(screen: MainScreen, word: str) -> None:
    screen.zoomed = not screen.zoomed


@handles("freeze")
def _freeze(screen: MainScreen, word: str) -> None:
    screen.hold()


@handles("order")
def _order(screen: MainScreen, word: str) -> None:
    screen.pane.order_by(word)


@handles("view")
def _view(screen: MainScreen, word: str) -> None:
    here = VIEWS.index((screen.metric, screen.chart))
    screen.metric, screen.chart = VIEWS[(here + 1) % len(VIEWS)]


@handles("chart")
def _chart(screen: MainScreen, word: str) -> None:
    screen.chart = CHARTS[(CHARTS.index(screen.chart) + 1) % len(CHARTS)]


@handles("period-shorter")
def _shorter(screen: MainScreen, word: str) -> None:
    screen.ask_history(period=PERIODS[max(0, PERIODS.index(screen.period) - 1)])


@handles("period-longer")
def _longer(screen: MainScreen, word: str) -> None:
    screen.ask_history(period=PERIODS[min(len(PERIODS) - 1, PERIODS.index(screen.period) + 1)])


@handles("group-next")
def _group_next(screen: MainScreen, word: str) -> None:
    _group(screen, 1)


@handles("group-previous")
def _group_previous(screen: MainScreen, word: str) -> None:
    _group(screen, -1)


def _group(screen: MainScreen, step: int) -> None:
    groups = screen.report.groups
    index = groups.index(screen.by) if screen.by in groups else 0
    screen.ask_history(by=groups[(index + step) % len(groups)])


@handles("all-models")
def _all_models(screen: MainScreen, word: str) -> None:
    screen.extras = not screen.extras


@handles("filter")
def _filter(screen: MainScreen, word: str) -> None:
    screen.open_filter()


@handles("cancel")
def _cancel(screen: MainScreen, word: str) -> None:
    if screen.cancel_work():
        return
    if screen.pane.choice.words:
        screen.pane.narrow_to("")
    elif screen.shown_snapshot().open_question is not None:
        put_off(screen)
    elif not screen.dismiss_problems():
        screen.pane.narrow_to("")


@handles("redraw")
def _redraw(screen: MainScreen, word: str) -> None:
    screen.refresh(repaint=True, layout=True)


@handles("quit")
def _quit(screen: MainScreen, word: str) -> None:
    screen.app.exit()


@handles("quit-now")
def _quit_now(screen: MainScreen, word: str) -> None:
    screen.app.exit()
