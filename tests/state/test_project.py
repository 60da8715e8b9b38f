"""A project's file: both spellings read; comments, order and text kept when we write."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.state import project
from pf_tui.state.paths import PROJECT_FILE, Paths, find_project_file
from tests.trusted import trusting

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

README_SPELLING = """\
---
default_model: claude-sonnet-4-20250514
auto_switch: true
priority_override:   # ours, in this order
  - opencode-antigravity-auth
  - anthropic-subscription
daily_limit: 1000
monthly_limit: 25000
theirs: {kept: yes}  # a comment
---

# Notes

Text that must stay.
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    (root / "src" / "deep").mkdir(parents=True)
    return root


def put(root: Path, text: str) -> Path:
    path = root / PROJECT_FILE
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_the_readme_spelling_is_read(repo: Path, paths: Paths) -> None:
    trusting(paths, put(repo, README_SPELLING))

    found = project.read(paths, repo / "src" / "deep", {"HOME": "/nowhere"})

    assert found is not None
    assert found.priority == ("opencode-antigravity-auth", "anthropic-subscription")
    assert (found.daily_requests, found.monthly_requests) == (1000, 25000)
    assert found.auto_switch is True
    assert found.root == repo


def test_the_template_spelling_is_read(repo: Path, paths: Paths) -> None:
    text = "---\nenabled: false\nprovider_priority: [groq, openrouter]\nnotify_on_switch: false\n---\n"
    trusting(paths, put(repo, text))

    found = project.read(paths, repo, {"HOME": "/nowhere"})

    assert found is not None
    assert found.enabled is False
    assert found.priority == ("groq", "openrouter")
    assert found.notify_on_switch is False


def test_a_parsed_file_is_not_parsed_again_until_it_changes(repo: Path, paths: Paths) -> None:
    path = put(repo, README_SPELLING)
    paths.home.mkdir(parents=True)
    first = project.read(paths, repo, {"HOME": "/nowhere"})
    assert len(list(paths.cache.iterdir())) == 1

    path.write_text(README_SPELLING.replace("1000", "7"))
    second = project.read(paths, repo, {"HOME": "/nowhere"})

    assert first is not None
    assert second is not None
    assert second.daily_requests == 7


def test_writing_keeps_spelling_comments_order_and_text(repo: Path, paths: Paths) -> None:
    path = put(repo, README_SPELLING)

    project.change(
        paths, repo, {"HOME": "/nowhere"}, {"provider_priority": ["groq"], "auto_switch": False}, NOON
    )

    assert path.read_text() == README_SPELLING.replace("auto_switch: true", "auto_switch: false").replace(
        "  - opencode-antigravity-auth\n  - anthropic-subscription\n", "  - groq\n"
    )


def test_a_key_that_stands_there_twice_is_named_and_nothing_is_written(repo: Path, paths: Paths) -> None:
    path = put(repo, "---\nenabled: true\ndaily_limit: 5\nenabled: false\n---\nText.\n")
    before = path.read_bytes()

    with pytest.raises(StateFileUnusable, match="line 4 column 1: a key stands here a second time"):
        project.change(paths, repo, {}, {"daily_limit": 7}, NOON)

    assert path.read_bytes() == before


def test_a_link_to_itself_is_no_place_for_the_template(repo: Path, paths: Paths) -> None:
    path = repo / PROJECT_FILE
    path.parent.mkdir()
    path.symlink_to(path)

    with pytest.raises(PfError, match="is a link, and links in a project are not followed"):
        project.create(paths, repo, {}, NOON)


def test_a_byte_order_mark_stays_and_comes_back(repo: Path, paths: Paths) -> None:
    path = put(repo, "\ufeff---\ndaily_limit: 5\n---\nText.\n")
    before = path.read_bytes()

    undo = project.change(paths, repo, {}, {"daily_limit": 7}, NOON)
    changed = path.read_bytes()
    project.restore(paths, path, undo["text"], trusted=True, at=NOON)

    assert changed == "\ufeff---\ndaily_limit: 7\n---\nText.\n".encode()
    assert path.read_bytes() == before


def test_windows_line_ends_stay(repo: Path, paths: Paths) -> None:
    path = put(repo, "")
    path.write_bytes(b"---\r\nauto_switch: true\r\n---\r\nText\r\n")

    project.change(paths, repo, {"HOME": "/nowhere"}, {"auto_switch": False}, NOON)

    assert path.read_bytes() == b"---\r\nauto_switch: false\r\n---\r\nText\r\n"


def test_restoring_puts_the_exact_text_back(repo: Path, paths: Paths) -> None:
    path = put(repo, README_SPELLING)
    old = project.change(paths, repo, {"HOME": "/nowhere"}, {"daily_limit": 5}, NOON)

    project.restore(paths, Path(old["path"]), old["text"], trusted=True, at=NOON)

    assert path.read_text() == README_SPELLING


def test_a_template_of_comments_takes_a_first_setting(repo: Path, paths: Paths) -> None:
    project.create(paths, repo, {"HOME": "/nowhere"}, NOON)

    project.change(paths, repo, {"HOME": "/nowhere"}, {"provider_priority": ["groq"]}, NOON)

    found = project.read(paths, repo, {"HOME": "/nowhere"})
    assert found is not None
    assert found.priority == ("groq",)
    assert "# pf-tui settings of this project" in (repo / PROJECT_FILE).read_text()


def test_an_existing_file_is_not_replaced_by_the_template(repo: Path, paths: Paths) -> None:
    path = put(repo, README_SPELLING)

    with pytest.raises(PfError, match="exists already; nothing was changed"):
        project.create(paths, repo, {"HOME": "/nowhere"}, NOON)

    assert path.read_text() == README_SPELLING


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("---\nauto_switch: true\n", "line 1: the front matter has no closing ---", id="open"),
        pytest.param("---\nauto_switch: [\n---\n", "line 3", id="yaml"),
        pytest.param(
            "---\nenabled: true\nauto_switch: maybe\n---\n",
            "line 3: expected true or false for auto_switch, found a text",
            id="flag",
        ),
        pytest.param(
            "---\ndaily_limit: lots\n---\n",
            "line 2: expected a number of requests for daily_limit",
            id="number",
        ),
        pytest.param(
            "---\nprovider_priority: {a: 1}\n---\n", "line 2: expected a list of provider ids", id="list"
        ),
        pytest.param("---\n- a\n---\n", "line 2: expected settings, found a list", id="no-mapping"),
    ],
)
def test_a_bad_file_is_one_sentence_with_its_line(repo: Path, paths: Paths, text: str, sentence: str) -> None:
    path = put(repo, text)

    with pytest.raises(StateFileUnusable) as caught:
        project.read(paths, repo, {"HOME": "/nowhere"})

    assert sentence in caught.value.message
    assert path.read_text() == text


def test_text_without_front_matter_is_no_settings(repo: Path, paths: Paths) -> None:
    put(repo, "# only notes\n---\nnot front matter\n---\n")

    found = project.read(paths, repo, {"HOME": "/nowhere"})

    assert found is not None
    assert found.priority is None
    assert found.enabled is True


def test_the_nearest_file_up_to_the_git_root_counts_and_never_home(repo: Path, tmp_path: Path) -> None:
    put(tmp_path, "---\n---\n")
    env = {"HOME": str(tmp_path)}

    assert find_project_file(repo / "src", env) is None
    assert find_project_file(tmp_path, env) is None

    outer, inner = put(repo, "---\n---\n"), put(repo / "src", "---\n---\n")
    assert find_project_file(repo / "src" / "deep", env) == inner
    assert find_project_file(repo, env) == outer


def test_without_git_only_the_working_directory_counts(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    put(tmp_path / "a", "---\n---\n")

    assert find_project_file(tmp_path / "a" / "b", {"HOME": "/nowhere"}) is None
    assert find_project_file(tmp_path / "a", {"HOME": "/nowhere"}) is not None
