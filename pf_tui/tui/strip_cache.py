"""Lines as the strips that Textual draws, each made once: most of a screen says what it said before.

Measured with 60 providers: half of a key's processor time went into lines that had not changed.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from pf_tui.text.lines import Line, fit
from pf_tui.text.symbols import Symbols
from pf_tui.tui.themes import SpanStyles

MOST = 512
"""Lines kept of one widget."""


class StripCache:
    """The strips of one widget. `restyled()` when its style may have changed."""

    def __init__(self) -> None:
        self._strips: dict[tuple[Line, int, str], Strip] = {}
        self._background = Style()
        self._restyled = True
        self._drawn_with: tuple[SpanStyles, Symbols] | None = None

    def restyled(self) -> None:
        """Make every line anew if its background is another one: a border's colour changes none."""
        self._restyled = True

    def strip(self, widget: Widget, symbols: Symbols, content: Line, width: int, behind: str = "") -> Strip:
        """The line in that width.

        Args:
            behind: colour of the row's background.
        """
        span_styles: SpanStyles = widget.app.span_styles  # type: ignore[attr-defined] # the dashboard's
        if self._drawn_with != (span_styles, symbols) or len(self._strips) > MOST:
            self._strips.clear()
            self._drawn_with = (span_styles, symbols)
        if self._restyled:
            background, self._restyled = widget.rich_style, False
            if background != self._background:
                self._strips.clear()
                self._background = background
        key = (content, width, behind)
        if key not in self._strips:
            self._strips[key] = Strip(
                [
                    Segment(span.text, span_styles.style(span, self._background, behind))
                    for span in symbols.marked(fit(content, width))
                ],
                width,
            )
        return self._strips[key]
