"""Which of the person's settings other machines read: those that a repository of dotfiles keeps.

A repository keeps a file when a link leads into it, when its index names the file (a checkout, a linked
worktree, a submodule, a bare repository whose work tree is the home folder, as yadm and vcsh have them), or
when chezmoi makes the file from its source folder. Files are read alone, git is not run.
Source: gitformat-index(5), gitrepository-layout(5); yadm 3, vcsh 2 and chezmoi 2 manuals.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pf_tui import regular_files

MARKS = (".git", ".hg", ".jj")
"""What lies in the top folder of a repository."""

MAX_INDEX_BYTES = 64 * 1024 * 1024

_ENTRY = 62
"""Bytes of an index entry before its name, with SHA-1 names of objects; SHA-256 has 12 more."""

_EXTENDED = 0x40
"""In the first byte of an entry's flags: two more bytes of flags follow."""

_ATTRIBUTES = re.compile(
    r"(?:create|dot|empty|encrypted|exact|executable|external|literal|modify|private|readonly|remove|symlink)_"
)
_SOURCE_DIR = re.compile(r"""^\s*["']?sourceDir["']?\s*[:=]\s*["']?([^"'\n#]+)""", re.MULTILINE)


def is_shared(path: Path, env: Mapping[str, str]) -> bool:
    """Other machines read the file, or will after the person's next commit."""
    home = Path(env.get("HOME") or Path.home())
    real_path = Path(os.path.realpath(path))
    root = next((folder for folder in real_path.parents if any((folder / m).exists() for m in MARKS)), None)
    if root is not None and (
        real_path != _unlinked(path, home) or _keeps(_git_folder(root), root, real_path)
    ):
        return True
    if any(_keeps(folder, tree, real_path) for folder, tree in _bare(home, env)):
        return True
    return any(_makes(source, home, path) for source in _chezmoi(home, env))


def _unlinked(path: Path, home: Path) -> Path:
    """Where the file lies when no link at or below the home folder leads to it."""
    path = Path(os.path.normpath(path.absolute()))
    if not path.is_relative_to(home):
        return path
    return Path(os.path.realpath(home)) / path.relative_to(home)


def _git_folder(root: Path) -> Path:
    """Where a checkout has its index: `.git`, or what that file names in a worktree or a submodule."""
    git = root / ".git"
    if not git.is_file():
        return git
    try:
        git_dir = os.fsdecode(regular_files.read_regular(git)).partition("gitdir:")[2].strip()
    except OSError:
        return git
    return root / git_dir


def _bare(home: Path, env: Mapping[str, str]) -> Iterator[tuple[Path, Path]]:
    """(repository, its work tree) of repositories apart from their files, whose tree is the home folder.

    An index says that it was used with a work tree; nothing else does where git gets it on the command line.
    """
    if git := env.get("GIT_DIR"):
        yield Path(git), Path(env.get("GIT_WORK_TREE") or home)
    data = Path(env.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config")
    folders = [home, data / "yadm", config / "yadm", home / ".yadm", config / "vcsh" / "repo.d", data, config]
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - names are enough
        except OSError:
            continue
        for name in names:
            if name != ".git" and (folder / name / "index").is_file() and (folder / name / "HEAD").is_file():
                yield folder / name, home


def _keeps(repository: Path, tree: Path, path: Path) -> bool:
    """The repository's index names the file."""
    try:
        name = os.fsencode(path.relative_to(os.path.realpath(tree)).as_posix())
        indexes = [repository / "index", *repository.glob("sharedindex.*")]
    except (ValueError, OSError):
        return False
    for index in indexes:
        try:
            if _names(regular_files.read_regular(index, MAX_INDEX_BYTES), name):
                return True
        except OSError:
            continue
    return False


def _names(index: bytes, name: bytes) -> bool:
    """An entry of the index has that name."""
    version = int.from_bytes(index[4:8], "big")
    if index[:4] != b"DIRC" or version not in (2, 3, 4):
        return False
    if version < 4:
        before = re.escape(len(name).to_bytes(2, "big")[1:]) if len(name) < 0xFFF else b""
        extended = rb"(?:..)?" if version == 3 else b""
        pattern = rb"[\x00-\xff]" + before + extended + re.escape(name) + rb"\x00"
        return re.search(pattern, index, re.DOTALL) is not None
    return any(name in _compressed(index, size) for size in (_ENTRY, _ENTRY + 12))


def _compressed(index: bytes, size: int) -> set[bytes]:
    """The names in an index of version 4: each says how many letters of the last one it drops."""
    names: set[bytes] = set()
    at, last = 12, b""
    for _ in range(int.from_bytes(index[8:12], "big")):
        if at + size > len(index):
            break
        at += size + (2 if index[at + size - 2] & _EXTENDED else 0)
        shared_length, at = _varint(index, at)
        end = index.find(b"\0", at)
        if end < 0 or shared_length > len(last):
            break
        last = last[: len(last) - shared_length] + index[at:end]
        names.add(last)
        at = end + 1
    return names


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number as git's packs have offsets, and where it ends."""
    if at >= len(data):
        return 1 << 30, at
    byte = data[at]
    value = byte & 0x7F
    while byte & 0x80 and at + 1 < len(data):
        at += 1
        byte = data[at]
        value = (value + 1 << 7) | (byte & 0x7F)
    return value, at + 1


def _chezmoi(home: Path, env: Mapping[str, str]) -> Iterator[Path]:
    """The folders that chezmoi makes a home folder from."""
    config = Path(env.get("XDG_CONFIG_HOME") or home / ".config") / "chezmoi"
    sources = [Path(env.get("XDG_DATA_HOME") or home / ".local" / "share") / "chezmoi"]
    for end in ("toml", "yaml", "yml", "json", "jsonc"):
        try:
            text = regular_files.read_regular(config / f"chezmoi.{end}").decode("utf-8", "replace")
        except OSError:
            continue
        if match := _SOURCE_DIR.search(text):
            sources.append(home / match[1].strip().removeprefix("~/"))
    for source in sources:
        try:
            yield source / regular_files.read_regular(source / ".chezmoiroot").decode("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            yield source


def _makes(source: Path, home: Path, path: Path) -> bool:
    """A file in the source folder has the name that becomes this path."""
    try:
        parts = path.absolute().relative_to(home).parts
    except ValueError:
        return False
    folders = [source]
    for part in parts:
        folders = [folder / name for folder in folders for name in _listed(folder) if _becomes(name) == part]
    return bool(folders)


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are enough
    except OSError:
        return []


def _becomes(name: str) -> str:
    """`private_dot_claude` is `.claude`, `settings.json.tmpl` is `settings.json`."""
    name = re.sub(r"\.(?:age|asc)$", "", name) if name.startswith("encrypted_") else name
    dot = ""
    while attribute := _ATTRIBUTES.match(name):
        name = name[attribute.end() :]
        if attribute[0] == "dot_":
            dot = "."
            break
        if attribute[0] == "literal_":
            break
    return dot + name.removesuffix(".tmpl")
