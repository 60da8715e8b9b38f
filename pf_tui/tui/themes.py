"""Colours by name: pf-tui's own themes, and the colours every other theme gets from its own colours.

A colour name of `pf_tui.text` is the theme variable `ink-NAME`; `styles/` and widgets know those variables,
never a value.
tests/tui/test_themes.py computes contrast and how far apart the series are for the colour-blind.
"""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from pf_tui.text.lines import Span

READABLE = 4.5
"""Least contrast of text on its ground (WCAG AA)."""

DARK, LIGHT = "pf-dark", "pf-light"
ANSI_DARK, ANSI_LIGHT = "ansi-dark", "ansi-light"
LIGHT_BACKGROUNDS = ("7", "15")
"""White and bright white."""

_DARK_COLOURS = {
    "text": "#d9dde8",
    "muted": "#939bb0",
    "faint": "#4a5165",
    "accent": "#82aaff",
    "good": "#7fc28a",
    "warn": "#e5b567",
    "bad": "#f0717a",
    "cursor": "#262e46",
    "shade": "#1d2231",
    "bar": "#1a1f2d",
    "line": "#3a4157",
    "series-1": "#e08a4c",
    "series-2": "#5b8def",
    "series-3": "#d9c2ff",
    "series-4": "#86d9a6",
    "series-5": "#f6e58d",
    "series-6": "#d4548f",
}
_LIGHT_COLOURS = {
    "text": "#22252e",
    "muted": "#586073",
    "faint": "#b9bdc8",
    "accent": "#2456c4",
    "good": "#1a6f36",
    "warn": "#825800",
    "bad": "#c0262f",
    "cursor": "#dbe4f7",
    "shade": "#ecebe5",
    "bar": "#efeee8",
    "line": "#b3b8c4",
    "series-1": "#ae5510",
    "series-2": "#2f6be0",
    "series-3": "#521b94",
    "series-4": "#1d7f5f",
    "series-5": "#5e4a00",
    "series-6": "#8d1450",
}
_ANSI_COLOURS = {
    "text": "ansi_default",
    "muted": "ansi_bright_black",
    "faint": "ansi_bright_black",
    "accent": "ansi_blue",
    "good": "ansi_green",
    "warn": "ansi_yellow",
    "bad": "ansi_red",
    "cursor": "ansi_default",
    "shade": "ansi_default",
    "bar": "ansi_default",
    "line": "ansi_bright_black",
    "series-1": "ansi_yellow",
    "series-2": "ansi_blue",
    "series-3": "ansi_magenta",
    "series-4": "ansi_green",
    "series-5": "ansi_cyan",
    "series-6": "ansi_red",
}
"""A terminal's sixteen: the cursor's row is reversed, one that stays marked without it is underlined."""

_ANSI_DARK_COLOURS = {
    **_ANSI_COLOURS,
    "accent": "ansi_bright_cyan",
    "bad": "ansi_bright_red",
    "series-2": "ansi_cyan",
    "series-3": "ansi_bright_magenta",
    "series-5": "ansi_bright_blue",
    "series-6": "ansi_bright_red",
}
"""On black the plain blue and red of most terminals cannot be read, nor the bright blue of some
(#0000ff): keys and titles are never in it."""


def _own_theme(name: str, colours: Mapping[str, str], background: str, *, dark: bool) -> Theme:
    return Theme(
        name=name,
        dark=dark,
        primary=colours["accent"],
        secondary=colours["series-3"],
        accent=colours["accent"],
        success=colours["good"],
        warning=colours["warn"],
        error=colours["bad"],
        foreground=colours["text"],
        background=background,
        surface=colours["bar"],
        panel=colours["shade"],
        variables={
            **{f"ink-{colour}": value for colour, value in colours.items()},
            "block-cursor-background": colours["cursor"],
            "block-cursor-foreground": colours["text"],
            "input-selection-background": f"{colours['accent']} 35%",
            "text-muted": colours["muted"],
        },
    )


OWN_THEMES = (
    _own_theme(DARK, _DARK_COLOURS, "#12141c", dark=True),
    _own_theme(LIGHT, _LIGHT_COLOURS, "#fbfaf6", dark=False),
)


def usual(colour_system: str, background: str) -> str:
    """The theme for who has not chosen one: a terminal of sixteen colours shows its own.

    Args:
        colour_system: Rich's word for what the terminal can show.
        background: COLORFGBG, "foreground;background" as terminals number their colours; "" = not said.
    """
    if colour_system not in ("standard", "windows"):
        return DARK
    return ANSI_LIGHT if background.rpartition(";")[2] in LIGHT_BACKGROUNDS else ANSI_DARK


def variables(theme: Theme, textual_variables: Mapping[str, str]) -> dict[str, str]:
    """`ink-…` for a theme that has none: from its own colours, the series by light and dark.

    Args:
        textual_variables: what Textual made from the theme ("foreground", "error" …).
    """
    if "ink-text" in textual_variables:
        return {}
    if theme.ansi:
        colours: Mapping[str, str] = _ANSI_DARK_COLOURS if theme.dark else _ANSI_COLOURS
    else:
        text, background = (
            Color.parse(textual_variables["foreground"]),
            Color.parse(textual_variables["background"]),
        )
        colours = {
            **(_DARK_COLOURS if theme.dark else _LIGHT_COLOURS),
            "text": text.hex,
            "muted": text.blend(background, 0.35).hex,
            "faint": text.blend(background, 0.7).hex,
            "line": text.blend(background, 0.7).hex,
            "cursor": text.blend(background, 0.84).hex,
            "shade": text.blend(background, 0.92).hex,
            "bar": text.blend(background, 0.93).hex,
            "accent": _readable(textual_variables["primary"], background, text),
            "good": _readable(textual_variables["success"], background, text),
            "warn": _readable(textual_variables["warning"], background, text),
            "bad": _readable(textual_variables["error"], background, text),
        }
    return {f"ink-{colour}": value for colour, value in colours.items()}


def _readable(colour: str, background: Color, text: Color) -> str:
    """The colour, moved towards the text colour until it can be read on its ground."""
    colour_read = Color.parse(colour)
    for _ in range(8):
        if contrast(colour_read, background) >= READABLE:
            break
        colour_read = colour_read.blend(text, 0.2)
    return colour_read.hex


def contrast(first: Color, second: Color) -> float:
    """WCAG contrast ratio of two colours, 1–21. Source: WCAG 2.2, relative luminance."""
    lights = sorted((_luminance(first), _luminance(second)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _luminance(colour: Color) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


DIM = ("muted", "faint", "line")
"""Colours that are dimmed where there are no colours."""


class SpanStyles:
    """Spans to Rich styles under one theme; made anew when the theme changes."""

    def __init__(self, theme_variables: Mapping[str, str], *, ansi: bool, colour: bool = True) -> None:
        names = [name.removeprefix("ink-") for name in theme_variables if name.startswith("ink-")]
        self._colours = {name: Color.parse(theme_variables[f"ink-{name}"]) for name in names}
        self._reversed = ansi or not colour
        self._dim = () if colour else DIM
        self._styles: dict[tuple[str, bool, str, str, str], Style] = {}

    def style(self, span: Span, background: Style, behind: str = "") -> Style:
        """The style of a span.

        Args:
            background: the widget's own style: what is not said stays.
            behind: colour of the row's background ("cursor"), unless the span has its own.
        """
        key = (span.colour, span.bold, span.on or behind, span.action, str(background.bgcolor))
        if key not in self._styles:
            self._styles[key] = background + self._made(span, behind)
        return self._styles[key]

    def _made(self, span: Span, behind: str) -> Style:
        back = span.on or behind
        swap = self._reversed and back == "cursor"
        underlined = self._reversed and back == "shade"
        style = Style(
            color=self._colours["text" if swap else span.colour].rich_color,
            bgcolor=self._colours[back].rich_color if back and not swap else None,
            bold=span.bold or None,
            dim=span.colour in self._dim or None,
            underline=underlined or None,
            reverse=swap or None,
        )
        return style + Style.from_meta({"@click": f"screen.do({span.action!r})"}) if span.action else style
