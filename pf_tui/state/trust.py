"""trust.json: which project files a person has accepted, by path and content.

What a repository brings along is somebody else's word until the person (`pf-tui trust`) or pf-tui itself
(`init`, `--project`) has said yes to these very bytes. A changed file is a new file. Projects that the
journal and installs.json knew before there was a trust.json are accepted once, when it is made.
Invariant: a trust.json that cannot be read trusts nothing, and nothing is written over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from pf_tui import json_values
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.json_values import object_in
from pf_tui.records import record
from pf_tui.state import files, project_folder
from pf_tui.state.clock import to_text
from pf_tui.state.paths import PROJECT_FILE, Paths

VERSION = 1

LOCK_S = 1.0
"""What a reader waits to make the file; a hook is among them."""

MOST_TOLD = 200
"""Files remembered as told about; older ones would be told about once more."""


@record
class TrustedFile:
    """One accepted file."""

    path: str
    sha256: str
    since: str
    """ISO 8601."""
    by: str
    """person (`pf-tui trust`) | pf-tui (init, --project) | upgrade"""


def key_of(path: Path) -> str:
    """How a project file is filed: the folder it is in without links, so that one project has one name."""
    return os.path.join(os.path.realpath(path.parent.parent), PROJECT_FILE)  # noqa: PTH118 - a key, not a place


def fingerprint(data: bytes) -> str:
    """SHA-256 in hex."""
    import hashlib  # loads OpenSSL; a hook asks for it only when a project file is new

    return hashlib.sha256(data).hexdigest()


def verdict(paths: Paths, path: Path, sha256: str) -> str:
    """trusted | untrusted | changed (it was trusted with another content)."""
    try:
        entry = _accepted(paths).get(key_of(path))
    except PfError:
        return "untrusted"
    if entry is None:
        return "untrusted"
    return "trusted" if entry.sha256 == sha256 else "changed"


def accepted(paths: Paths) -> tuple[TrustedFile, ...]:
    """Every accepted file, by path. Raises StateFileUnusable."""
    return tuple(entry for _, entry in sorted(_accepted(paths).items()))


def entry(sha256: str, *, by: str, at: datetime | None) -> dict[str, object]:
    """An accepted file as trust.json holds it."""
    return {"sha256": sha256, "since": to_text(at) if at is not None else "", "by": by}


def accept(paths: Paths, path: Path, sha256: str, *, by: str, at: datetime) -> None:
    """Trust the file with this content. Raises StateFileUnusable, PfError."""
    replace_entry(paths, path, entry(sha256, by=by, at=at))


def replace_entry(paths: Paths, path: Path, new: Mapping[str, object] | None) -> dict[str, object] | None:
    """Trust the file as the entry says (None = no more); returns the old entry. Raises StateFileUnusable."""
    with files.locked(paths):
        content = _content(paths) or _first(paths)
        entries = object_in(content, "files")
        old = entries.pop(key_of(path), None)
        if new is not None:
            entries[key_of(path)] = dict(new)
        files.write_json(paths.trust, content)
        return old if isinstance(old, dict) else None


def is_news(paths: Paths, path: Path, sha256: str) -> bool:
    """True the first time it is asked for this content of this file. Raises StateFileUnusable, PfError."""
    key = key_of(path)
    content = _content(paths)
    if content is not None and object_in(content, "told").get(key) == sha256:
        return False
    with files.locked(paths):
        content = _content(paths) or _first(paths)
        entries = content.get("told")
        entries = (
            {name: value for name, value in entries.items() if name != key}
            if isinstance(entries, dict)
            else {}
        )
        entries[key] = sha256
        content["told"] = dict(list(entries.items())[-MOST_TOLD:])
        files.write_json(paths.trust, content)
        return True


def _accepted(paths: Paths) -> dict[str, TrustedFile]:
    content = _content(paths)
    if content is None:
        if not paths.home.is_dir():
            return {}
        content = _begun(paths)
    return {
        path: TrustedFile(
            path=path, sha256=item["sha256"], since=str(item.get("since", "")), by=str(item.get("by", ""))
        )
        for path, item in object_in(content, "files").items()
        if isinstance(item, dict) and isinstance(item.get("sha256"), str)
    }


def _begun(paths: Paths) -> dict[str, object]:
    """The file made now; where it cannot be kept, what it would hold."""
    try:
        with files.locked(paths, timeout_s=LOCK_S):
            content = _content(paths)
            if content is None:
                content = _first(paths)
                files.write_json(paths.trust, content)
            return content
    except StateFileUnusable:
        raise
    except PfError:
        return _first(paths)


def _content(paths: Paths) -> dict[str, object] | None:
    content = files.read_json(paths.trust)
    if content is None:
        return None
    version = content.get("version", VERSION)
    if not isinstance(version, int) or version > VERSION:
        raise StateFileUnusable(paths.trust, f"version {version} is newer than this pf-tui", "update pf-tui")
    if not isinstance(content.setdefault("files", {}), dict):
        from pf_tui.state import unusable_files

        raise unusable_files.wrong_type(paths.trust, "files", "an object", content["files"])
    return content


def _first(paths: Paths) -> dict[str, object]:
    """The file as it begins: what pf-tui wrote or was installed into before there was trust."""
    accepted_files: dict[str, object] = {}
    for path in dict.fromkeys(_known_before(paths)):
        try:
            content = project_folder.read(path.parent.parent, path, project_folder.SETTINGS_BYTES)
        except (PfError, ValueError):
            continue
        if content is not None:
            accepted_files[key_of(path)] = entry(fingerprint(content.data), by="upgrade", at=None)
    return {"version": VERSION, "files": accepted_files}


def _known_before(paths: Paths) -> Iterator[Path]:
    """Project files that the journal says we wrote, and those of projects that pf-tui is installed into."""
    for name in (paths.journal.with_name("journal.1.jsonl"), paths.journal):
        try:
            text = files.read_text(name) or ""
        except PfError:
            continue
        for line in text.splitlines():
            if str(PROJECT_FILE) in line:
                yield from _paths_in(line)
    try:
        installs = (files.read_json(paths.home / "installs.json") or {}).get("installs")
    except PfError:
        return
    for key in installs if isinstance(installs, dict) else ():
        if (root := key.partition(":")[2]) and Path(root).is_absolute():
            yield Path(root) / PROJECT_FILE


def _paths_in(line: str) -> Iterator[Path]:
    try:
        event = json_values.parse(line)
    except (ValueError, RecursionError):
        return
    undo = event.get("undo") if isinstance(event, dict) else None
    project_path = undo.get("project") if isinstance(undo, Mapping) else None
    name = project_path.get("path") if isinstance(project_path, Mapping) else None
    if isinstance(name, str) and Path(name).is_absolute() and Path(name).parts[-2:] == PROJECT_FILE.parts:
        yield Path(name)
