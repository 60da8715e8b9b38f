"""Colours: readable on their ground, told apart by everybody, and never the only sign."""

from __future__ import annotations

from itertools import combinations

import pytest
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.geometry import Region
from textual.theme import BUILTIN_THEMES, Theme

from pf_tui.catalog import styles_dir
from pf_tui.text.lines import SERIES, Span
from pf_tui.tui import themes
from tests.tui.conftest import Opened

TEXT_COLOURS = ("text", "muted", "accent", "good", "warn", "bad")
GROUNDS = ("cursor", "shade", "bar")

# Linear-light matrices of Machado et al. 2009, severity 1.0.
_DEFICITS = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
APART = 9.0
"""Least CIE76 distance between two series as any of them sees it; 2.3 is just noticeable."""


def variables(theme: Theme) -> dict[str, str]:
    generated = {**theme.to_color_system().generate(), **theme.variables}
    return {**generated, **themes.variables(theme, generated)}


def shipped() -> list[Theme]:
    return list(themes.OWN_THEMES)


def others() -> list[Theme]:
    return [theme for theme in BUILTIN_THEMES.values() if not theme.ansi]


@pytest.mark.parametrize("theme", shipped(), ids=lambda theme: theme.name)
def test_every_text_of_the_house_themes_can_be_read(theme: Theme) -> None:
    made = variables(theme)
    ground = Color.parse(made["background"])
    styles = [*TEXT_COLOURS, *(f"series-{place}" for place in range(1, SERIES + 1))]

    for colour in styles:
        assert themes.contrast(Color.parse(made[f"ink-{colour}"]), ground) >= themes.READABLE, colour


@pytest.mark.parametrize("theme", shipped(), ids=lambda theme: theme.name)
def test_text_can_be_read_under_the_cursor_and_in_the_bars(theme: Theme) -> None:
    made = variables(theme)

    for behind in GROUNDS:
        for colour in TEXT_COLOURS:
            ratio = themes.contrast(Color.parse(made[f"ink-{colour}"]), Color.parse(made[f"ink-{behind}"]))
            assert ratio >= themes.READABLE, (colour, behind)


@pytest.mark.parametrize("theme", others(), ids=lambda theme: theme.name)
def test_every_other_theme_gets_readable_text_and_levels(theme: Theme) -> None:
    made = variables(theme)
    ground = Color.parse(made["background"])

    for colour in ("text", "accent", "good", "warn", "bad"):
        assert themes.contrast(Color.parse(made[f"ink-{colour}"]), ground) >= 4.0, colour


@pytest.mark.parametrize("theme", shipped(), ids=lambda theme: theme.name)
@pytest.mark.parametrize("eyes", ["all", *_DEFICITS])
def test_no_two_series_look_alike_to_anybody(theme: Theme, eyes: str) -> None:
    made = variables(theme)
    series = [_seen(Color.parse(made[f"ink-series-{place}"]), eyes) for place in range(1, SERIES + 1)]

    for (first, one), (second, other) in combinations(enumerate(series, start=1), 2):
        distance = sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5
        assert distance >= APART, (first, second)


def test_the_stylesheets_hold_no_colour_of_their_own() -> None:
    for path in sorted(styles_dir().glob("*.tcss")):
        text = path.read_text()
        assert "#" not in "".join(part for part in text.split() if part.startswith("#") and _is_hex(part)), (
            path
        )
        assert "rgb(" not in text, path


def test_every_ink_of_the_stylesheets_exists() -> None:
    import re

    made = variables(themes.OWN_THEMES[0])
    for path in sorted(styles_dir().glob("*.tcss")):
        for name in re.findall(r"\$(ink-[\w-]+)", path.read_text()):
            assert name in made, (path, name)


@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light"])
def test_ansi_themes_use_the_terminals_own_sixteen(name: str) -> None:
    app: App[None] = App()
    theme = app.get_theme(name)
    assert theme is not None
    made = themes.variables(theme, {})

    assert {value for value in made.values() if not value.startswith("ansi_")} == set()
    if name == "ansi-dark":  # some terminals have #0000ff there, which cannot be read on black
        assert [colour for colour, value in made.items() if "blue" in value] == ["ink-series-5"]


def _is_hex(word: str) -> bool:
    body = word.lstrip("#").rstrip(";")
    return len(body) in (3, 6, 8) and all(char in "0123456789abcdefABCDEF" for char in body)


def _seen(colour: Color, eyes: str) -> tuple[float, float, float]:
    """CIE Lab of a colour as those eyes see it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.normalized
    )
    if eyes != "all":
        matrix = _DEFICITS[eyes]
        red, green, blue = (max(0.0, a * red + b * green + c * blue) for a, b, c in matrix)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    f = [part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


@pytest.mark.parametrize(
    ("colours", "ground", "theme"),
    [
        ("truecolor", "", "pf-dark"),
        ("256", "0;15", "pf-dark"),
        ("standard", "", "ansi-dark"),
        ("standard", "15;0", "ansi-dark"),
        ("standard", "0;15", "ansi-light"),
        ("standard", "0;default;15", "ansi-light"),
    ],
)
def test_a_terminal_of_sixteen_colours_shows_its_own(colours: str, ground: str, theme: str) -> None:
    assert themes.usual(colours, ground) == theme


@pytest.mark.parametrize(("ansi", "colour"), [(True, True), (False, False)])
def test_without_a_ground_of_its_own_the_selected_row_is_underlined(ansi: bool, colour: bool) -> None:
    styles = themes.SpanStyles(
        {"ink-text": "ansi_default", "ink-shade": "ansi_default", "ink-cursor": "ansi_default"},
        ansi=ansi,
        colour=colour,
    )

    assert styles.style(Span("x"), Style(), "shade").underline
    assert styles.style(Span("x"), Style(), "cursor").reverse
    assert not styles.style(Span("x"), Style(), "cursor").underline
    assert not styles.style(Span("x"), Style()).underline


def test_without_colours_what_matters_less_is_dimmed() -> None:
    styles = themes.SpanStyles({"ink-text": "#ffffff", "ink-muted": "#808080"}, ansi=False, colour=False)

    assert styles.style(Span("x", "muted"), Style()).dim
    assert not styles.style(Span("x"), Style()).dim


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
async def test_a_sheet_stands_out_where_the_terminals_colours_cannot_be_mixed(
    dashboard: Opened, theme: str
) -> None:
    config = {"version": 2, "pf": {"dashboard": {"theme": theme}}}
    async with dashboard(config=config) as screen:
        await screen.press("question_mark")
        await screen.settled()
        (below,) = screen.app.screen.render_lines(Region(0, 3, 60, 1))

    assert below.text.strip()
    assert all(segment.style is not None and segment.style.dim for segment in below)
