"""Terminal screens as SVG: small, sharp at any size, the same with every font.

Bars, boxes and braille dots are drawn as shapes, so no font can tear them; text is set to the width of
its cells. A film shows, for each piece of a row, when it was there: only what changes is written twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

WIDE, HIGH = 9.0, 19.0
"""A cell in pixels: 0.6 em of the font, and lines that touch."""
FONT_PX = 15
EDGE = 12.0
"""Room around the screen."""
CAPTION_HIGH = 34.0
CRISP = "shape-rendering:crispEdges;"
"""Without it a hairline shows where two cells of one bar meet."""
FONTS = "'JetBrains Mono','SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"

Line = Sequence[Segment]


class Frame(NamedTuple):
    """One moment of a film."""

    lines: Sequence[Line]
    length_s: float
    caption: str = ""


class Piece(NamedTuple):
    """Something drawn in a row."""

    layer: int
    """0 grounds, 1 shapes, 2 text: what is drawn first."""
    svg: str


class SpanStyles:
    """Colours and weights as short class names, collected while drawing."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, rule: str) -> str:
        return self._names.setdefault(rule, f"c{len(self._names)}")

    def css(self) -> str:
        return "".join(f".{name}{{{rule}}}" for rule, name in self._names.items())


def picture(lines: Sequence[Line], ground: str) -> str:
    """One screen. `ground` is the colour (#rrggbb) of the whole picture."""
    span_styles = SpanStyles()
    rows = "".join(
        _placed("".join(piece.svg for piece in pieces), number)
        for number, line in enumerate(lines)
        if (pieces := row(line, ground, span_styles))
    )
    return _svg(len(lines), _columns(lines), ground, span_styles.css(), rows)


def film(frames: Sequence[Frame], ground: str, colour: str, title: str) -> str:
    """Frames one after the other, over and over; still where the reader wants no motion."""
    span_styles, total_s = SpanStyles(), sum(frame.length_s for frame in frames)
    high = len(frames[0].lines)
    shown: dict[tuple[int, Piece], list[tuple[float, float]]] = {}
    start_s = 0.0
    for frame in frames:
        end_s = start_s + frame.length_s
        drawn = [row(line, ground, span_styles) for line in frame.lines]
        for number, pieces in enumerate([*drawn, _caption(frame.caption)]):
            for piece in pieces:
                spans = shown.setdefault((number, piece), [])
                if spans and abs(spans[-1][1] - start_s) < 1e-9:
                    spans[-1] = (spans[-1][0], end_s)
                else:
                    spans.append((start_s, end_s))
        start_s = end_s
    times = _Times(total_s)
    groups: dict[tuple[int, int, str], list[str]] = {}
    for (number, piece), spans in shown.items():
        groups.setdefault((number, piece.layer, times(spans)), []).append(piece.svg)
    body = "".join(
        _placed("".join(content), number, name) for (number, _, name), content in sorted(groups.items())
    )
    rules = f".cap{{fill:{colour};font-size:17px}}{times.css()}"
    wide = _columns(frames[0].lines)
    return _svg(high, wide, ground, span_styles.css() + rules, body, extra=CAPTION_HIGH, title=title)


class _Times:
    """Spans of time as CSS animations, each kind once."""

    def __init__(self, total_s: float) -> None:
        self._total_s = total_s
        self._known: dict[tuple[tuple[float, float], ...], str] = {}

    def __call__(self, spans: Sequence[tuple[float, float]]) -> str:
        """The class of what is seen in these spans; "" = always."""
        if spans[0][0] == 0 and spans[-1][1] >= self._total_s - 1e-6 and len(spans) == 1:
            return ""
        return self._known.setdefault(tuple(spans), f"t{len(self._known)}")

    def css(self) -> str:
        rules = []
        for spans, name in self._known.items():
            steps = {0.0: "hidden"}
            for start_s, end_s in spans:
                steps[start_s] = "visible"
                if end_s < self._total_s:
                    steps[end_s] = "hidden"
            frames = "".join(
                f"{100 * at / self._total_s:.3g}%{{visibility:{word}}}" for at, word in sorted(steps.items())
            )
            first = "visible" if spans[0][0] == 0 else "hidden"
            rules.append(
                f"@keyframes {name}{{{frames}}}"
                f".{name}{{visibility:{first};animation:{name} {self._total_s:g}s step-end infinite}}"
            )
        if rules:
            rules.append("@media (prefers-reduced-motion:reduce){g{animation:none!important}}")
        return "".join(rules)


def row(line: Line, ground: str, span_styles: SpanStyles) -> list[Piece]:
    """One row of the screen, at the top left."""
    pieces: list[Piece] = []
    column = 0
    for segment in line:
        style = segment.style or Style()
        wide = cell_len(segment.text)
        colour, back, rule = _look(style, ground)
        if back != ground:
            box = _box(column * WIDE, 0, wide * WIDE, HIGH)
            pieces.append(Piece(0, f'<path class="{span_styles(f"{CRISP}fill:{back}")}" d="{box}"/>'))
        shapes: dict[bool, list[str]] = {}
        place, run, begin = column, "", column
        for char in segment.text:
            shape = _shape(char, place * WIDE)
            if shape is None:
                run += char
            else:
                pieces += _texts(run, begin, rule, span_styles)
                shapes.setdefault(shape[1], []).append(shape[0])
                run, begin = "", place + 1
            place += cell_len(char)
        pieces += _texts(run, begin, rule, span_styles)
        for stroked, paths in shapes.items():
            look = f"fill:none;stroke:{colour};stroke-width:1.2" if stroked else f"{CRISP}fill:{colour}"
            pieces.append(Piece(1, f'<path class="{span_styles(look)}" d="{"".join(_joined(paths))}"/>'))
        column += wide
    return sorted(pieces, key=lambda piece: piece.layer)


def _look(style: Style, ground: str) -> tuple[str, str, str]:
    """(colour, ground, CSS) of a style."""
    colour = _hex(style.color, "#c8ccd8")
    back = _hex(style.bgcolor, ground)
    if style.reverse:
        colour, back = back, colour
    rule = f"fill:{colour}"
    if style.bold:
        rule += ";font-weight:bold"
    if style.italic:
        rule += ";font-style:italic"
    if style.underline:
        rule += ";text-decoration:underline"
    if style.dim:
        rule += ";opacity:.6"
    return colour, back, rule


def _hex(colour: object, default: str) -> str:
    if colour is None or getattr(colour, "is_default", False):
        return default
    red, green, blue = colour.get_truecolor()  # type: ignore[attr-defined]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _texts(run: str, column: int, rule: str, span_styles: SpanStyles) -> Iterable[Piece]:
    """A run of text, cut where two blanks stand together."""
    begin = 0
    while begin < len(run):
        if run[begin] == " ":
            begin += 1
            continue
        end = run.find("  ", begin)
        text = (run[begin:] if end < 0 else run[begin:end]).rstrip()
        x = (column + cell_len(run[:begin])) * WIDE
        width = cell_len(text) * WIDE
        colour = span_styles(rule)
        yield Piece(
            2, f'<text class="{colour}" x="{_n(x)}" y="14" textLength="{_n(width)}">{escape(text)}</text>'
        )
        begin += len(text)


_HALF_X, _HALF_Y = WIDE / 2, HIGH / 2
_ROUND = 4.0


def _shape(char: str, x: float) -> tuple[str, bool] | None:
    """A glyph as a path at `x`, and whether it is a stroke; None = it is text."""
    code = ord(char)
    if 0x2581 <= code <= 0x2588:
        high = HIGH * (code - 0x2580) / 8
        return _box(x, HIGH - high, WIDE, high), False
    if 0x2589 <= code <= 0x258F:
        return _box(x, 0, WIDE * (0x2590 - code) / 8, HIGH), False
    if code in (0x2580, 0x2590):
        return (_box(x, 0, WIDE, _HALF_Y) if code == 0x2580 else _box(x + _HALF_X, 0, _HALF_X, HIGH)), False
    if 0x2800 <= code <= 0x28FF:
        return "".join(_dots(code - 0x2800, x)), False
    middle, right = _n(x + _HALF_X), _n(x + WIDE)
    lines = {
        "─": f"M{_n(x)} {_HALF_Y}H{right}",
        "│": f"M{middle} 0V{_n(HIGH)}",
        "╭": f"M{middle} {_n(HIGH)}V{_HALF_Y + _ROUND}q0-4 4-4H{right}",
        "╮": f"M{_n(x)} {_HALF_Y}h{_n(_HALF_X - _ROUND)}q4 0 4 4V{_n(HIGH)}",
        "╯": f"M{middle} 0V{_HALF_Y - _ROUND}q0 4-4 4H{_n(x)}",
        "╰": f"M{middle} 0V{_HALF_Y - _ROUND}q0 4 4 4H{right}",
    }
    return (lines[char], True) if char in lines else None


def _box(x: float, y: float, wide: float, high: float) -> str:
    return f"M{_n(x)} {_n(y)}h{_n(wide)}v{_n(high)}h{_n(-wide)}z"


_DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Where the eight dots of a braille cell stand, by bit: column, row."""


def _dots(bits: int, x: float) -> Iterable[str]:
    for bit, (column, line) in enumerate(_DOTS):
        if bits >> bit & 1:
            yield _box(x + 1.4 + 4.2 * column, 1.4 + 4.6 * line, 2, 2)


def _joined(paths: Iterable[str]) -> Iterable[str]:
    """Paths with neighbouring horizontal lines drawn as one."""
    last = ""
    for path in paths:
        start, _, end = path.partition("H")
        if last and end and "V" not in path and "q" not in path and last.endswith(f"H{_start_x(start)}"):
            last = f"{last.rpartition('H')[0]}H{end}"
            continue
        if last:
            yield last
        last = path
    if last:
        yield last


def _start_x(start: str) -> str:
    return start.removeprefix("M").split(" ")[0]


def _placed(content: str, number: int, css: str = "") -> str:
    name = f' class="{css}"' if css else ""
    return f'<g{name} transform="translate(0 {_n(number * HIGH)})">{content}</g>'


def _caption(text: str) -> list[Piece]:
    return [Piece(2, f'<text class="cap" x="4" y="26">{escape(text)}</text>')] if text else []


def _columns(lines: Sequence[Line]) -> int:
    return max(sum(cell_len(segment.text) for segment in line) for line in lines)


def _svg(
    rows: int, columns: int, ground: str, css: str, body: str, *, extra: float = 0.0, title: str = "pf-tui"
) -> str:
    wide, high = columns * WIDE + 2 * EDGE, rows * HIGH + 2 * EDGE + extra
    base = f"text{{font:{FONT_PX}px {FONTS};white-space:pre}}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_n(wide)} {_n(high)}" width="{_n(wide)}">'
        f"<title>{escape(title)}</title><style>{base}{css}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="{ground}"/>'
        f'<g transform="translate({_n(EDGE)} {_n(EDGE)})">{body}</g></svg>\n'
    )


def _n(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
