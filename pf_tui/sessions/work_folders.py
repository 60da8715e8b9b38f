"""Project, worktree and branch of a folder, from git's own files: a fork of git costs 3.7 ms, this 19 µs."""

from __future__ import annotations

import os

from pf_tui.records import record
from pf_tui.regular_files import open_regular

MAX_BYTES = 4096
MAX_UP = 64


@record
class WorkFolder:
    """Where a session works."""

    project: str
    """The repository's folder (of a linked worktree: the main one's), without git the folder itself."""
    worktree: str | None = None
    branch: str | None = None
    """None without git; the first digits of the commit when no branch is checked out."""


class WorkFolders:
    """Folders that were looked up; git's HEAD is read again when it changed."""

    def __init__(self) -> None:
        self._roots: dict[str, tuple[str, str | None, str | None]] = {}
        self._heads: dict[str, tuple[int, str | None]] = {}
        self._by_folder: dict[str, WorkFolder] = {}
        self._latest: dict[str, WorkFolder] = {}

    def look(self) -> None:
        """From now on folders are looked at once more."""
        self._by_folder.clear()

    def of(self, cwd: str) -> WorkFolder:
        """The folder of a working directory, as of the first question since the last `look`."""
        work_folder = self._by_folder.get(cwd)
        if work_folder is None:
            work_folder = self._now(cwd)
            if work_folder == self._latest.get(cwd):
                work_folder = self._latest[cwd]  # the same object says that nothing changed
            self._by_folder[cwd] = self._latest[cwd] = work_folder
        return work_folder

    def _now(self, cwd: str) -> WorkFolder:
        root = self._roots.get(cwd)
        if root is None or (root[2] is not None and not os.path.exists(root[2])):  # noqa: PTH110
            root = self._roots[cwd] = _root(cwd)
        project, worktree, head = root
        return WorkFolder(project=project, worktree=worktree, branch=self._branch(head) if head else None)

    def _branch(self, head: str) -> str | None:
        try:
            head_time = os.stat(head).st_mtime_ns  # noqa: PTH116
        except OSError:
            return None
        cached = self._heads.get(head)
        if cached is None or cached[0] != head_time:
            cached = self._heads[head] = (head_time, _checked_out(_text(head)))
        return cached[1]


def _root(cwd: str) -> tuple[str, str | None, str | None]:
    """(project, linked worktree, path of HEAD)"""
    folder = cwd
    if "\0" in cwd or not cwd.startswith("/"):
        return cwd, None, None
    for _ in range(MAX_UP):
        git = f"{folder}/.git"
        if os.path.isdir(git):  # noqa: PTH112
            return folder, None, f"{git}/HEAD"
        pointer = _text(git)
        if pointer.startswith("gitdir:"):
            git_folder = os.path.normpath(os.path.join(folder, pointer.removeprefix("gitdir:").strip()))  # noqa: PTH118
            main, marker, name = git_folder.rpartition("/.git/worktrees/")
            return (main, name, f"{git_folder}/HEAD") if marker else (folder, None, f"{git_folder}/HEAD")
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            break
        folder = above
    return cwd, None, None


def _checked_out(head: str) -> str | None:
    head = head.strip()
    if head.startswith("ref:"):
        return head.removeprefix("ref:").strip().removeprefix("refs/heads/") or None
    return head[:8] or None


def _text(path: str) -> str:
    try:
        with open_regular(path) as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
