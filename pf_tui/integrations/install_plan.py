"""What an install changes in an agent's files, shown before it is done and taken back byte for byte.

A piece is one file that pf-tui has a part in: `put` adds our part, `take` removes it again. An install
remembers each file as one splice (where, what stood there, what stands there now) and its fingerprint, in
installs.json of the state directory; so a copy of the person's settings, keys and all, is never kept.
Uninstall undoes the splice while the file is as we left it, and otherwise takes out our part alone.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pf_tui import regular_files
from pf_tui.errors import PfError, StateFileUnusable, cannot_read, cannot_write
from pf_tui.integrations import installs, marks
from pf_tui.json_values import object_in, optional_whole, text_in, texts_in
from pf_tui.records import record
from pf_tui.state import files, project_folder
from pf_tui.state.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

MOST_SETTINGS_BYTES = 512 * 1024
"""Of an agent's settings; an edit of 100 000 members took a hook more than its time."""


@record
class ManagedPart:
    """One file that pf-tui has a part in."""

    path: Path
    put: Callable[[bytes | None], bytes]
    """The file's content (None = no file) with our part in it; doing it twice changes nothing."""
    take: Callable[[bytes], bytes | None]
    """The content without our part; None = nothing of the person's is left, the file goes."""
    mode: int | None = None
    """Permissions of a file that is made; None = 0644. A file that is there keeps its own."""
    private: bool = False
    """It may hold the person's keys: once others have written in it, its text is never remembered."""
    bare: Callable[[bytes], bytes] = lambda now: now
    """The content without what a switch has added since the install."""
    blank: Callable[[bytes], bool] = lambda rest: rest.strip() in (b"", b"{}")
    """Nothing is left that a person would miss, in a file that we made."""
    is_ours: Callable[[bytes], bool] = lambda _: False
    """The whole file is our own work, although no install is remembered."""


@record
class FileChange:
    """One file before and after; None = not there."""

    path: Path
    before: bytes | None
    after: bytes | None
    mode: int | None = None


@record
class Plan:
    """Everything one install or uninstall would change."""

    key: str
    """What installs.json files it under: "opencode", or "opencode:/path/of/project"."""
    changes: tuple[FileChange, ...]
    folders: tuple[Path, ...] = ()
    """Folders that must be there, or (uninstall) that go when they are empty."""
    removal: bool = False
    record: Mapping[str, object] | None = None
    """The record as it will be written; None = none is left."""

    @property
    def root(self) -> Path | None:
        """The project's folder, whose files are somebody else's; None = an install of the person's own."""
        return root_of(self.key)

    @property
    def empty(self) -> bool:
        """True when nothing would change."""
        return not self.changes


def root_of(key: str) -> Path | None:
    """The project's folder in "opencode:/path/of/project"; None for an install of the person's own."""
    root = key.partition(":")[2]
    return Path(root) if root else None


def whole(path: Path, content: bytes, mode: int | None = None) -> ManagedPart:
    """A file that is ours altogether; a person's own file in its place stays, or is put back by uninstall."""
    return ManagedPart(
        path=path,
        put=lambda _: content,
        take=lambda now: None if now == content else now,
        mode=mode,
        is_ours=lambda now: now == content or b"pf-tui" in now,
    )


def install(paths: Paths, key: str, parts: Iterable[ManagedPart], folders: Iterable[Path] = ()) -> Plan:
    """What must change so that every part is in its file.

    Raises:
        StateFileUnusable: a file of the agent's cannot be read or edited; nothing was changed.
    """
    earlier = installs.record(paths, key)
    files_before = dict(object_in(earlier, "files"))
    changes: list[FileChange] = []
    wanted_folders, parts = tuple(folders), tuple(parts)
    for part in parts:
        now = read(part.path, root_of(key))
        entry = object_in(files_before, str(part.path)) or None
        exact, original = _before(part, now, entry)
        content = part.put(original)
        if now != content:
            changes.append(FileChange(path=part.path, before=now, after=content, mode=part.mode))
        if entry is not None and now != content and part.private and not exact:
            files_before[str(part.path)] = {"made": entry["made"], "print": None}
        elif entry is None or now != content:
            files_before[str(part.path)] = _splice(original, part.bare(content))
    new_folders = [
        *texts_in(earlier, "folders"),
        *_missing([*wanted_folders, *(part.path.parent for part in parts)]),
    ]
    record = {"files": files_before, "folders": list(dict.fromkeys(new_folders))}
    return Plan(key=key, changes=tuple(changes), folders=wanted_folders, record=record)


def uninstall(paths: Paths, key: str, parts: Iterable[ManagedPart]) -> Plan:
    """What must change so that the files are as they were.

    Files that the record knows and `parts` no longer names (an older pf-tui wrote them) are undone too.
    """
    earlier = installs.record(paths, key)
    files_before = dict(object_in(earlier, "files"))
    by_path = {str(part.path): part for part in parts}
    changes = []
    for name in dict.fromkeys([*by_path, *files_before]):
        path, entry, part = Path(name), object_in(files_before, name) or None, by_path.get(name)
        now = read(path, root_of(key))
        if now is None:
            continue
        if part is None:
            exact = entry is not None and _print(now) == entry.get("print")
            before = _unspliced(now, entry) if entry is not None and exact else now
        else:
            exact, before = _before(part, now, entry)
            was_created = entry is None or entry["made"]
            if not exact and was_created and before not in (None, now) and part.blank(before or b""):
                before = None
        if before != now:
            changes.append(FileChange(path=path, before=now, after=before))
    folders = tuple(Path(folder) for folder in texts_in(earlier, "folders"))
    return Plan(key=key, changes=tuple(changes), folders=folders, removal=True)


def installed(paths: Paths, key: str) -> bool:
    """True when an install of that key is remembered."""
    return bool(installs.record(paths, key))


def folders(paths: Paths, agent: AgentId, name: str, own: Path) -> tuple[Path, ...]:
    """Folders in which the agent's install has written a file of that name, whatever a variable says now.

    Args:
        own: the folder that this environment names; one of them where nothing else is, or pf-tui is in it.
    """
    try:
        entries = object_in(installs.record(paths, agent), "files")
    except PfError:
        entries = {}
    parents = (Path(file).parent for file in entries if Path(file).name == name)
    existing_folders = [folder for folder in dict.fromkeys(parents) if folder.is_dir()]
    if own not in existing_folders and (not existing_folders or marks.are_in(agent, own)):
        existing_folders.append(own)
    return tuple(existing_folders)


def apply(paths: Paths, plan: Plan) -> None:
    """Make the changes and remember them.

    The record is written first: a crash in between leaves an install that uninstall can undo.

    Raises:
        PfError: a file cannot be written; what was written before it is remembered.
    """
    with files.locked(paths):
        if not plan.removal:
            installs.remember(paths, plan.key, plan.record)
        for folder in plan.folders if not plan.removal else ():
            _make(folder, plan.root)
        for change in plan.changes:
            _carry_out(change, plan.root)
        if plan.removal:
            for folder in sorted(plan.folders, key=lambda path: -len(path.parts)):
                with contextlib.suppress(OSError):
                    folder.rmdir()
            installs.remember(paths, plan.key, None)


def diff(plan: Plan, home: Path | None = None) -> str:
    """The plan as a unified diff, `~` for the home directory; "" when nothing would change.

    Secrets of the person's own settings are masked: the diff is shown, kept by terminals, and pasted.
    """
    from difflib import unified_diff

    from pf_tui.integrations import masked_text

    lines: list[str] = []
    for change in plan.changes:
        name = _short(change.path, home)
        hidden = masked_text.secrets(change.before or b"")
        old, new = (
            [masked_text.hide(line, hidden) for line in _lines(text)]
            for text in (change.before, change.after)
        )
        lines += unified_diff(
            old,
            new,
            fromfile="/dev/null" if change.before is None else name,
            tofile="/dev/null" if change.after is None else name,
        )
        if not old and not new:
            lines.append(f"--- /dev/null\n+++ {name}\n" if change.before is None else f"--- {name}\n")
    missing = "\n\\ No newline at end of file\n"
    return "".join(line if line.endswith("\n") else line + missing for line in lines)


def _before(
    part: ManagedPart, now: bytes | None, entry: Mapping[str, object] | None
) -> tuple[bool, bytes | None]:
    """(byte for byte, the file without us): what stood there before, with what was changed since."""
    if now is None:
        return False, None
    if entry is None:
        return False, None if part.is_ours(now) else part.take(now)
    for content in (now, _bare(part, now)):
        if _print(content) == entry.get("print"):
            return True, _unspliced(content, entry)
    return False, part.take(now)


def _bare(part: ManagedPart, now: bytes) -> bytes:
    try:
        return part.bare(now)
    except PfError:  # `take` says what is wrong with it
        return now


def _splice(before: bytes | None, after: bytes) -> dict[str, object]:
    """How `after` came from `before`, as the one place where they differ."""
    old = before or b""
    start = len(os.path.commonprefix([old, after]))  # noqa: RUF071 - bytes, no paths
    end = len(os.path.commonprefix([old[start:][::-1], after[start:][::-1]]))  # noqa: RUF071 - as above
    removed = old[start : len(old) - end]
    return {
        "made": before is None,
        "at": start,
        "removed": removed.decode("latin-1"),
        "added": len(after) - end - start,
        "print": _print(after),
    }


def _unspliced(now: bytes, entry: Mapping[str, object]) -> bytes | None:
    if entry["made"]:
        return None
    start, added_length = optional_whole(entry, "at") or 0, optional_whole(entry, "added") or 0
    return now[:start] + text_in(entry, "removed").encode("latin-1") + now[start + added_length :]


def _print(content: bytes) -> str:
    import hashlib  # loads OpenSSL, which a hook that only asks what is installed has no use for

    return hashlib.sha256(content).hexdigest()


def read(path: Path, root: Path | None) -> bytes | None:
    """A file's bytes; below `root`, a project's folder, nothing leads out. Raises StateFileUnusable."""
    if root is not None and path.is_relative_to(root):
        content = project_folder.read(root, path, project_folder.AGENT_BYTES)
        return None if content is None else content.data
    try:
        return regular_files.read_regular(path, MOST_SETTINGS_BYTES)
    except FileNotFoundError:
        return None
    except regular_files.TooLargeError as error:
        why = f"is larger than {MOST_SETTINGS_BYTES >> 10} KB, which no agent's settings are"
        raise StateFileUnusable(path, why, f"look at {path}; it was left as it is") from error
    except OSError as error:
        raise cannot_read(path, error) from error


def _carry_out(change: FileChange, root: Path | None) -> None:
    path, inside = change.path, root is not None and change.path.is_relative_to(root)
    if change.after is None:
        if root is not None and inside:
            project_folder.remove(root, path)
        else:
            path.unlink(missing_ok=True)
        return
    if root is not None and inside:
        project_folder.write(root, path, change.after, mode=change.mode or 0o644)
        return
    _make(path.parent, None)
    mode = None if change.before is not None else change.mode or 0o644
    files.write_bytes(path, change.after, mode=mode)


def _missing(folders: Iterable[Path]) -> list[str]:
    """Those of the folders and their parents that are not there yet."""
    missing = []
    for folder in folders:
        for ancestor in (folder, *folder.parents):
            if ancestor.exists():
                break
            missing.append(str(ancestor))
    return missing


def _make(folder: Path, root: Path | None) -> None:
    if root is not None and folder.is_relative_to(root):
        project_folder.make_folder(root, folder)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _lines(content: bytes | None) -> list[str]:
    *whole, last = ("" if content is None else content.decode("utf-8", "replace")).split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]


def _short(path: Path, home: Path | None) -> str:
    if home is not None and path.is_relative_to(home):
        return f"~/{path.relative_to(home)}"
    return str(path)
