"""What the pages tell people to type exists, and what they point at is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import yaml

from pf_tui.__main__ import _take_folder
from pf_tui.cli.app import root
from pf_tui.cli.grammar import Group

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CODE = (ROOT, ROOT / "pf_tui", ROOT / "docs", ROOT / "tests")
WRITTEN = [page for page in PAGES if "reference" not in page.parts]


class Typed(NamedTuple):
    """A command line that a page shows."""

    page: str
    line: int
    text: str


def shown(page: Path) -> Iterator[Typed]:
    """Every `pf-tui …` of a page: lines in code blocks and pieces of inline code."""
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```"):
            inside = not inside
        elif inside:
            for piece in re.findall(r"(?:^|\$\()(pf-tui(?: .*)?)$", line.strip()):
                yield Typed(page.name, number, piece.split(')"')[0])
        else:
            for piece in re.findall(r"`(pf-tui [^`]+)`", line):
                yield Typed(page.name, number, piece)


TYPED = [typed for page in PAGES for typed in shown(page)]


def test_the_pages_show_commands() -> None:
    assert len(TYPED) > 100


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: f"{typed.page}:{typed.line}")
def test_every_command_line_shown_is_understood(typed: Typed) -> None:
    words = _words(typed.text)
    if (words and words[0].isupper()) or "…" in typed.text or "[OPTIONS]" in typed.text:
        return  # a usage line
    found, rest = _walk(root, words)

    try:
        with click.Context(found, info_name="pf-tui") as context:
            found.make_parser(context).parse_args(list(rest))
    except click.UsageError as error:
        pytest.fail(f"{typed.page}:{typed.line}: {typed.text}: {error.format_message()}")


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_every_module_named_on_a_page_is_there(page: Path) -> None:
    names = set(re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)*\.py)`", page.read_text(encoding="utf-8")))

    assert [name for name in sorted(names) if not any((folder / name).exists() for folder in CODE)] == []


def _words(text: str) -> list[str]:
    _, words = _take_folder(shlex.split(text, comments=True)[1:])
    for place, word in enumerate(words):
        if word in ("|", "||", ">", "<", "&&", ";", "2>"):
            return words[:place]
    return words


def _walk(found: click.Command, words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and what is left for its parser."""
    while isinstance(found, click.Group):
        with click.Context(found) as context:
            below = found.get_command(context, words[0]) if words else None
        if below is None and isinstance(found, Group):
            return found.commands[found.default], words
        if below is None:
            assert not words or words[0].startswith("-"), f"there is no word '{words[0]}'"
            return found, words
        found, words = below, words[1:]
    return found, words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)

    for target in targets:
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in _anchors(place), f"{page.name}: {target}"


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_every_page_is_found_from_the_readme(page: Path) -> None:
    if page.name in ("README.md", "CHANGELOG.md"):
        return
    assert f"]({page.relative_to(ROOT)})" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_names_this_machine_or_an_emoji(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert re.findall(r"(?<![\w.~])/(?:work|root|opt|tmp)/\S*", text) == []
    assert re.findall("[\U0001f300-\U0001faff]", text) == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_data_shown_on_a_page_is_valid(page: Path) -> None:
    for language, block in re.findall(
        r"```(json|yaml)\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL
    ):
        parts = block.split("---") if language == "yaml" else [block]
        for part in parts:
            yaml.safe_load(part)
