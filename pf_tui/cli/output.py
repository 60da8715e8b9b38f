"""The only room that writes to stdout: data and nothing else.

Invariant: `--json` is one document in UTF-8; text never holds colour when stdout is no terminal.
Standard library at import: `status --json` comes through here.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable

from pf_tui.called import quoted, spelled
from pf_tui.json_values import indented
from pf_tui.visible import escaped, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

PIPE_WIDTH = 120
"""Columns of a text view when nobody's terminal sets them: no name is cut off for grep."""

MOST_COLUMNS = 1000
"""No terminal is wider; $COLUMNS may say anything, and a line is filled with spaces."""

LINES_AT_ONCE = 500
"""JSON lines sent together: a system call for each would be most of the time."""


def document(content: object) -> None:
    """One JSON document."""
    _bytes(escaped(indented(content)).encode() + b"\n")


def line(content: object) -> None:
    """One JSON document on one line, sent at once: a stream that others read as it grows."""
    import json

    _bytes(escaped(json.dumps(content, ensure_ascii=False)).encode() + b"\n")
    flush()


def lines(contents: Iterable[object]) -> None:
    """JSON lines, as many as there are, in blocks: a long history is written as it is read."""
    import json

    block: list[str] = []
    for content in contents:
        block.append(escaped(json.dumps(content, ensure_ascii=False)))
        if len(block) == LINES_AT_ONCE:
            _bytes(("\n".join(block) + "\n").encode("utf-8", "replace"))
            block.clear()
    if block:
        _bytes(("\n".join(block) + "\n").encode("utf-8", "replace"))


def text(words: str) -> None:
    """One line of plain text; what a terminal would obey in it is made visible."""
    _bytes(visible(spelled(words)).encode("utf-8", "replace") + b"\n")


def block(words: str) -> None:
    """Text of several lines that is laid out already; only its line ends and tabs are layout."""
    _bytes(visible(words, keep="\n\t").encode("utf-8", "replace") + b"\n")


def raw(data: bytes) -> None:
    """Bytes as they are: a hook's answer, a key for apiKeyHelper; to a terminal only what it can show."""
    if sys.stdout.isatty():
        data = visible(data.decode("utf-8", "replace"), keep="\n\t").encode("utf-8", "replace")
    _bytes(data)
    flush()


def csv(rows: Iterable[Iterable[object]]) -> None:
    """Rows as RFC 4180; None is an empty field.

    A text that a spreadsheet would calculate gets an apostrophe before it, as OWASP advises; what a terminal
    would obey is made visible on one.
    """
    import csv as writers

    on_terminal = sys.stdout.isatty()
    out = io.StringIO(newline="")
    writer = writers.writer(out)
    for row in rows:
        writer.writerow([_cell(value, on_terminal) for value in row])
        if out.tell() > 1 << 16:
            _bytes(out.getvalue().encode("utf-8", "replace"))
            out.seek(0)
            out.truncate()
    _bytes(out.getvalue().encode("utf-8", "replace"))


_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a text begins that Excel, LibreOffice or Sheets calculates; the last four are the wide forms."""


def _cell(value: object, on_terminal: bool) -> object:
    if not isinstance(value, str):
        return "" if value is None else value
    if value.lstrip(" ").startswith(_FORMULAS):
        value = f"'{value}"
    return visible(value) if on_terminal else value


def show(*views: Text) -> None:
    """A text view, coloured for a terminal, plain for a pipe; `?` for what the terminal's letters lack."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    target = console()
    for view in views:
        target.print(_visible(_spelled(view)), soft_wrap=True)


def _spelled(view: Text) -> Text:
    """The same line with each command as it can be typed here, styles in place."""
    if not (names := quoted(view.plain)):
        return view
    from rich.text import Text

    end = 0
    parts: list[Text] = []
    for first, last, word in names:
        name = view[first:last]
        replacement = Text(word, style=name.style)
        for span in name.spans:
            replacement.stylize(span.style)
        parts += [view[end:first], replacement]
        end = last
    return Text().join([*parts, view[end:]])


def _visible(view: Text) -> Text:
    """The same line with everything in it that a terminal would obey made visible, styles in place."""
    if visible(view.plain) == view.plain:
        return view
    from rich.text import Span, Text

    starts, parts = [0], list[str]()
    for char in view.plain:
        parts.append(visible(char))  # one by one, so that each style stays on its own letters
        starts.append(starts[-1] + len(parts[-1]))
    spans = [
        Span(starts[span.start], starts[min(span.end, len(view.plain))], span.style) for span in view.spans
    ]
    return Text("".join(parts), style=view.style, end=view.end, spans=spans)


def console() -> Console:
    """Rich's console on stdout; NO_COLOR, FORCE_COLOR, COLUMNS and TERM are honoured."""
    from rich.console import Console

    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in console._environ:
        console.width = PIPE_WIDTH
    console.width = min(console.width, MOST_COLUMNS)
    return console


def width() -> int:
    """Columns a text view may use."""
    return console().width


def flush() -> None:
    """Send what is held back, so that a message on stderr never overtakes its data."""
    sys.stdout.flush()


def _bytes(data: bytes) -> None:
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(data.decode("utf-8"))
        return
    sys.stdout.flush()
    buffer.write(data)
