"""What a web page in place of an answer shows: the text between its tags. Pure."""

from __future__ import annotations

PAGE = 2_400
"""Characters of a page that are looked at: its title and what it shows first."""

PAGE_TEXT = 600
"""Characters of a page's text that are compared with the table."""

ENOUGH_TEXT = 200
"""Characters of a page's text; where half of PAGE shows fewer, the whole is looked at."""

_CODE_TAGS = ("script", "style", "SCRIPT", "STYLE")


def is_page(text: str) -> bool:
    """HTML: it begins with a tag, or soon has the tag of a page."""
    if text[0] == "<":
        return True
    if "<" not in text[:300]:
        return False
    lower = text[:300].lower()
    return "<html" in lower or "<!doctype html" in lower


def text_of(page: str) -> str:
    """What a page shows, without scripts and styles."""
    plain = _between_tags(page[: PAGE // 2])
    if len(plain) < ENOUGH_TEXT:
        plain = _between_tags(page[:PAGE])
    return plain


def _between_tags(page: str) -> str:
    """What stands between its tags."""
    if any(f"<{tag}" in page for tag in _CODE_TAGS):
        page = _without_code(page)
    texts = [part.partition("<")[0] for part in page.split(">")]  # a pattern took five times as long
    return " ".join(" ".join(texts).split())[:PAGE_TEXT]


def _without_code(page: str) -> str:
    """The page without what stands between the tags of its scripts and styles."""
    first, *parts = page.split("<")
    tags = [f"{part.partition('>')[0]}>" if part.startswith(_CODE_TAGS) else part for part in parts]
    return "<".join([first, *tags])
