"""A project's own settings: YAML front matter of .opencode/provider-fallback.local.md.

Both spellings are read: the template's (`provider_priority`) and the original README's
(`priority_override`, `daily_limit`, `monthly_limit`). Text, comments and unknown keys stay as they are.
The file is somebody else's word until it is trusted (state/trust.py): what it may not say then is not in
the Project that `read` gives, so no face can obey it by mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.records import record
from pf_tui.state import files, project_folder, project_text, settings_table, trust, yaml_files
from pf_tui.state.paths import PROJECT_FILE, Paths, find_project_file, project_root
from pf_tui.state.project_folder import SETTINGS_BYTES, ForeignOwner
from pf_tui.state.setting_kinds import Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypedDict  # Any: a setting of its own kind

    class CachedProject(TypedDict):
        """A project's file as the cache holds it."""

        settings: dict[str, object]
        sha256: str


TEMPLATE = """\
---
# pf-tui settings of this project; a line left out follows your own settings.
enabled: true
# default_model: claude-sonnet-5-5
# auto_switch: true
# notify_on_switch: true
# Only these providers serve here, in this order:
# provider_priority:
#   - anthropic-subscription
#   - openrouter
# Requests per provider in this project (0 = unlimited):
# daily_limit: 1000
# monthly_limit: 25000
---

# Provider fallback in this project

Notes for people and agents; pf-tui reads only the settings above.
"""


@record
class Project:
    """What a project overrides; None = the person's own setting holds."""

    path: Path
    enabled: bool = True
    default_model: str | None = None
    auto_switch: bool | None = None
    notify_on_switch: bool | None = None
    priority: tuple[str, ...] | None = None
    daily_requests: float | None = None
    monthly_requests: float | None = None
    """Request budgets only ever lower the person's own."""
    trust: str = "trusted"
    """trusted | untrusted | changed (since it was trusted) | foreign (another user's, not read)"""
    withheld: tuple[str, ...] = ()
    """Keys of the file that are skipped because it is not trusted."""
    sha256: str = ""
    """Of the file's bytes; "" = not read."""

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.path.parent.parent

    @property
    def holds(self) -> bool:
        """Something of the file is obeyed."""
        return self.trust == "trusted" or bool(self.daily_requests or self.monthly_requests)

    @property
    def warning(self) -> str | None:
        """What the person should know about the file's trust; None when trusting it would change nothing."""
        name = f"{PROJECT_FILE} of this project"
        if self.trust == "foreign":
            return f"{name} belongs to another user and is not read · look at {self.path}"
        if not self.withheld:
            return None
        state = "was changed since you trusted it" if self.trust == "changed" else "is not trusted"
        return (
            f"{name} {state}: {', '.join(self.withheld)} {'is' if len(self.withheld) == 1 else 'are'} passed"
            " over · look at it, then `pf-tui trust`"
        )


@record
class StoredProject:
    """A project's file as it stands."""

    settings: Mapping[str, object]
    """The known keys, checked, in the file's spelling."""
    sha256: str


def read(paths: Paths, cwd: Path, env: Mapping[str, str]) -> Project | None:
    """Settings of the project `cwd` lies in; None without a project file. Raises StateFileUnusable."""
    path = find_project_file(cwd, env)
    return None if path is None else read_file(paths, path)


def read_file(paths: Paths, path: Path) -> Project | None:
    """As `read`, for a project file whose place is known."""
    try:
        stored_text = stored(paths, path)
    except ForeignOwner:
        return Project(path=path, trust="foreign")
    return None if stored_text is None else _within_trust(paths, path, stored_text)


def stored(paths: Paths, path: Path) -> StoredProject | None:
    """What the file says, trusted or not; None when there is none. Raises StateFileUnusable."""
    root = path.parent.parent
    stamp = project_folder.identity(root, path, SETTINGS_BYTES)
    if stamp is None:
        return None
    cached_text = yaml_files.cached(paths, path, stamp, lambda: _load(root, path))
    return (
        None
        if cached_text is None
        else StoredProject(settings=cached_text["settings"], sha256=cached_text["sha256"])
    )


def create(paths: Paths, cwd: Path, env: Mapping[str, str], at: datetime) -> Path:
    """Write the template into the project. Raises PfError when it has a file already."""
    root = project_root(cwd, env)
    path = root / PROJECT_FILE
    if project_folder.identity(root, path, SETTINGS_BYTES) is not None:
        raise PfError(f"{path} exists already; nothing was changed", "edit it, or delete it first")
    data = TEMPLATE.encode()
    project_folder.write(root, path, data)
    trust.accept(paths, path, trust.fingerprint(data), by="pf-tui", at=at)
    return path


def change(
    paths: Paths, cwd: Path, env: Mapping[str, str], settings: Mapping[str, object], at: datetime
) -> dict[str, object]:
    """Set front-matter keys (None removes), in the spelling the file already uses.

    The file is trusted afterwards, unless somebody else's settings in it were still waiting for that.

    Returns `{"path", "text", "trusted"}` with the file's old text (None = there was none), for undo.
    """
    path = find_project_file(cwd, env) or project_root(cwd, env) / PROJECT_FILE
    with files.locked(paths):
        before = read_file(paths, path)
        if before is not None and before.trust == "foreign":
            project_folder.read(before.root, path, SETTINGS_BYTES)  # raises with the owner
        old = _text(path)
        new = project_text.edited(TEMPLATE if old is None else old, path, settings)
        waiting = set(before.withheld if before is not None else ()) - _spellings(settings)
        data = _sound(new.encode(), path)
        project_folder.write(path.parent.parent, path, data)
        if not waiting:
            trust.accept(paths, path, trust.fingerprint(data), by="pf-tui", at=at)
        return {"path": str(path), "text": old, "trusted": before is None or before.trust == "trusted"}


def restore(paths: Paths, path: Path, text: str | None, *, trusted: bool, at: datetime) -> dict[str, object]:
    """Put an old text back (None removes the file); returns what stood there, for redo."""
    with files.locked(paths):
        before = read_file(paths, path)
        current = _text(path)
        if text is None:
            project_folder.remove(path.parent.parent, path)
        else:
            project_folder.write(path.parent.parent, path, text.encode())
            if trusted:
                trust.accept(paths, path, trust.fingerprint(text.encode()), by="pf-tui", at=at)
        was_trusted = before is None or before.trust == "trusted"
        return {"path": str(path), "text": current, "trusted": was_trusted}


def _load(root: Path, path: Path) -> CachedProject | None:
    """The known settings, checked, and the file's fingerprint, as JSON keeps them."""
    content = project_folder.read(root, path, SETTINGS_BYTES)
    if content is None:
        return None
    text = project_folder.text(content.data, path)
    return {"settings": project_text.settings(text, path), "sha256": trust.fingerprint(content.data)}


def _within_trust(paths: Paths, path: Path, file_settings: StoredProject) -> Project:
    """What the file says, as far as it may."""
    verdict = trust.verdict(paths, path, file_settings.sha256)
    obeyed = [setting for setting in settings_table.PROJECT if verdict == "trusted" or setting.untrusted]
    values: dict[str, Any] = {
        setting.field: value
        for setting in obeyed
        if (value := _value(file_settings.settings, setting)) is not None
    }
    names_without_trust = set(file_settings.settings) - {
        name for setting in obeyed for name in (setting.project, setting.old_project)
    }
    return Project(
        path=path,
        trust=verdict,
        withheld=tuple(name for name in file_settings.settings if name in names_without_trust),
        sha256=file_settings.sha256,
        **values,
    )


def _value(settings: Mapping[str, object], setting: Setting) -> object:
    """A setting in either spelling, the template's first; lists as tuples."""
    value = settings.get(setting.project) or settings.get(setting.old_project)
    if value is None:
        return settings.get(setting.project)  # false, or nothing
    return tuple(value) if isinstance(value, list) else value


def _spellings(settings: Mapping[str, object]) -> set[str]:
    """The keys that a change sets, in both spellings."""
    old = {setting.old_project for setting in settings_table.PROJECT if setting.project in settings}
    return set(settings) | old - {""}


def _text(path: Path) -> str | None:
    """The file's text with the byte order mark that some editors put in front."""
    content = project_folder.read(path.parent.parent, path, SETTINGS_BYTES)
    return None if content is None else project_folder.text(content.data, path)


def _sound(data: bytes, path: Path) -> bytes:
    """What will be written, when it can be read again. Raises StateFileUnusable."""
    if len(data) > SETTINGS_BYTES:
        raise PfError(f"{path} would be larger than {SETTINGS_BYTES // 1024} KB", "nothing was changed")
    project_text.settings(data.decode(), path)
    return data
