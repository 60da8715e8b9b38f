"""Where the panes stand: in one column, or in two beside each other. Heights are the style sheet's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.containers import Container
from textual.geometry import Offset, Size
from textual.layout import ArrangeResult, WidgetPlacement
from textual.layouts.vertical import VerticalLayout

from pf_tui.tui.layout import RIGHT_PANES
from pf_tui.tui.textual_internals import Backdrop

if TYPE_CHECKING:
    from textual.widget import Widget

LEAST_LEFT = 67
"""Cells the left column needs for the providers' columns."""


class PaneColumns(Backdrop, Container):
    """Holds the panes, and says where they stand."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name)
        self._columns = _Columns()

    @property
    def layout(self) -> _Columns:
        """A style sheet can name the toolkit's own layouts only."""
        return self._columns

    def stand(self, order: Sequence[str], *, beside: bool) -> None:
        """Let the panes follow each other as their ids do here, those of RIGHT_PANES `beside` the others."""
        if (order, beside) != (self._columns.order, self._columns.beside):
            self._columns.order, self._columns.beside = order, beside
            self.refresh(layout=True)


class _Columns(VerticalLayout):
    """One column, or two beside each other."""

    def __init__(self) -> None:
        super().__init__()
        self.order: Sequence[str] = ()
        self.beside = False

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        panes = sorted(children, key=lambda pane: self.order.index(pane.id or ""))
        left_panes = [pane for pane in panes if pane.id not in RIGHT_PANES]
        right = [pane for pane in panes if pane.id in RIGHT_PANES]
        if not self.beside or not left_panes or not right:
            return super().arrange(parent, panes, size, greedy)
        width = max(LEAST_LEFT, size.width // 2)
        placed = super().arrange(parent, left_panes, Size(width, size.height), greedy)
        others = super().arrange(parent, right, Size(size.width - width, size.height), greedy)
        return [*placed, *WidgetPlacement.translate(others, Offset(width, 0))]
