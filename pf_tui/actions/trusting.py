"""Trust: which project's settings file the person accepts, as it stands now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pf_tui import snapshot
from pf_tui.actions.journalling import write_down
from pf_tui.actions.switching import settle
from pf_tui.errors import PfError
from pf_tui.records import record, replace
from pf_tui.state import files, project, trust
from pf_tui.state.context import Context
from pf_tui.state.paths import PROJECT_FILE, find_project_file
from pf_tui.state.project import Project
from pf_tui.state.trust import TrustedFile


@record
class TrustOutcome:
    """A project file that is trusted now."""

    project: Project
    settings: Mapping[str, object]
    """What it sets, as it is spelled there."""
    changed: bool
    """False when it was trusted already."""


def trust_project(ctx: Context, folder: Path) -> TrustOutcome:
    """Accept the settings file of the project `folder` lies in.

    Raises:
        PfError: there is none.
        StateFileUnusable: it cannot be read, or belongs to another user.
    """
    here = replace(ctx, cwd=folder)
    path = find_project_file(folder, ctx.env)
    if path is None:
        raise PfError(
            f"{folder} has no {PROJECT_FILE}", "there is nothing to trust; `pf-tui init` writes one"
        )
    with files.locked(ctx.paths):
        content = project.stored(ctx.paths, path)
        if content is None:
            raise PfError(f"{path} went away", "try again")
        if trust.verdict(ctx.paths, path, content.sha256) == "trusted":
            return TrustOutcome(project=_read(here, path), settings=content.settings, changed=False)
        before = snapshot.take(here)
        old = trust.replace_entry(ctx.paths, path, trust.entry(content.sha256, by="person", at=ctx.now()))
        _finish(here, before, path, old, trusted=True)
        return TrustOutcome(project=_read(here, path), settings=content.settings, changed=True)


def forget_trust(ctx: Context, folder: Path) -> Path:
    """Trust the project's file no more; the folder may be gone. Raises PfError when it was not trusted."""
    path = find_project_file(folder, ctx.env) or folder / PROJECT_FILE
    with files.locked(ctx.paths):
        if trust.key_of(path) not in {file.path for file in trust.accepted(ctx.paths)}:
            raise PfError(f"{path} is not trusted; nothing was changed", "`pf-tui trust --list`")
        here = replace(ctx, cwd=folder)
        before = snapshot.take(here, keep_going=True)
        _finish(here, before, path, trust.replace_entry(ctx.paths, path, None), trusted=False)
    return path


def trusted_files(ctx: Context) -> tuple[tuple[TrustedFile, str], ...]:
    """Every accepted file, with what it is now: trusted | changed | missing | unusable."""
    return tuple((file, _state(ctx, file)) for file in trust.accepted(ctx.paths))


def tell_of_distrust(ctx: Context, file: Project | None) -> str | None:
    """The sentence about a file that is not trusted, the first time these contents are met; else None."""
    if file is None or file.warning is None or not file.sha256:
        return None
    try:
        if not trust.is_news(ctx.paths, file.path, file.sha256):
            return None
        if file.trust == "changed":
            write_down(
                ctx,
                "trust",
                why="changed by somebody else",
                after={"project": str(file.path), "trusted": False},
            )
    except PfError:
        return None  # what cannot be remembered would be said at every prompt
    return file.warning


def _state(ctx: Context, trusted_file: TrustedFile) -> str:
    try:
        content = project.stored(ctx.paths, Path(trusted_file.path))
    except PfError:
        return "unusable"
    if content is None:
        return "missing"
    return "trusted" if content.sha256 == trusted_file.sha256 else "changed"


def _read(ctx: Context, path: Path) -> Project:
    project_file = project.read_file(ctx.paths, path)
    if project_file is None:
        raise PfError(f"{path} went away", "try again")
    return project_file


def _finish(
    ctx: Context, before: snapshot.Snapshot, path: Path, old: Mapping[str, object] | None, *, trusted: bool
) -> None:
    after = snapshot.take(ctx, keep_going=True)
    previous = before.active.provider if before.active else None
    write_down(
        ctx,
        "trust",
        why="asked for",
        before={"active": previous},
        after={
            "active": after.active.provider if after.active else None,
            "project": str(path),
            "trusted": trusted,
        },
        undo={"trust": {"path": str(path), "entry": old}},
    )
    settle(ctx, after, why="trust", moved_from=previous)
