"""Screens as SVG: what is drawn, and when."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.segment import Segment
from rich.style import Style

from docs import drawing
from docs.drawing import Frame

GROUND = "#101010"
PICTURES = sorted((Path(drawing.__file__).parent / "pictures").glob("*.svg"))
RED = Style.parse("#ff0000")


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    return [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]


def at(svg: str, percent: float) -> list[str]:
    """The texts that a reader sees at that share of the film."""
    steps = {
        name: [(float(share), word) for share, word in re.findall(r"([\d.e+-]+)%\{visibility:(\w+)\}", body)]
        for name, body in re.findall(r"@keyframes (t\d+)\{((?:[\d.e+-]+%\{visibility:\w+\})+)\}", svg)
    }
    seen = []
    for group in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}g"):
        name = group.get("class")
        if name and [word for share, word in steps[name] if share <= percent][-1] == "hidden":
            continue
        seen += [element.text or "" for element in group.findall("{http://www.w3.org/2000/svg}text")]
    return seen


def test_text_is_cut_at_two_blanks_and_set_to_its_cells() -> None:
    svg = drawing.picture([[Segment("one two   three", RED)]], GROUND)

    assert texts(svg) == ["one two", "three"]
    assert f'x="{10 * drawing.WIDE:g}" y="14" textLength="{5 * drawing.WIDE:g}"' in svg


def test_a_wide_character_takes_two_cells() -> None:
    svg = drawing.picture([[Segment("项目", RED)]], GROUND)

    assert f'textLength="{4 * drawing.WIDE:g}"' in svg


def test_what_a_person_wrote_cannot_become_markup() -> None:
    assert texts(drawing.picture([[Segment("<script>&", RED)]], GROUND)) == ["<script>&"]


@pytest.mark.parametrize("char", ["█", "▄", "▌", "─", "│", "╭", "╯", "⣿"])
def test_lines_bars_and_dots_are_shapes_not_text(char: str) -> None:
    svg = drawing.picture([[Segment(char, RED)]], GROUND)

    assert texts(svg) == []
    assert "<path" in svg


def test_a_half_block_is_half_as_high_as_a_cell() -> None:
    assert f"v{drawing.HIGH / 2:g}" in drawing.picture([[Segment("▄", RED)]], GROUND)


def test_a_horizontal_line_is_one_stroke() -> None:
    svg = drawing.picture([[Segment("─" * 40, RED)]], GROUND)

    assert re.findall(r'd="([^"]+)"', svg) == [f"M0 {drawing.HIGH / 2:g}H{40 * drawing.WIDE:g}"]


def test_a_film_shows_each_frame_in_its_time() -> None:
    def frame(word: str, caption: str) -> Frame:
        return Frame([[Segment("stays", RED)], [Segment(word, RED)]], 2.0, caption)

    svg = drawing.film([frame("one", "a"), frame("two", "b"), frame("one", "b")], GROUND, "#fff", "film")

    assert at(svg, 10) == ["stays", "one", "a"]
    assert sorted(at(svg, 50)) == ["b", "stays", "two"]
    assert sorted(at(svg, 90)) == ["b", "one", "stays"]
    assert texts(svg).count("one") == 1, "a row that comes back is not written twice"


def test_a_film_stands_still_for_readers_who_want_that() -> None:
    frames = [Frame([[Segment(word, RED)]], 1.0) for word in ("one", "two")]

    assert "prefers-reduced-motion" in drawing.film(frames, GROUND, "#fff", "film")


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.name)
def test_a_committed_picture_is_well_formed_and_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    ET.fromstring(text)
    assert len(text) < (600_000 if path.stem == "demo" else 120_000)
    assert not any(word in text for word in ("href", "url(", "@import", "@font-face"))


def test_the_pictures_show_the_story() -> None:
    first = next(path for path in PICTURES if path.stem == "dashboard-120-dark")
    shown = " ".join(texts(first.read_text(encoding="utf-8")))

    assert "openrouter took the turn over" in shown
