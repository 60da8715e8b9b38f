"""What has changed on disk since the last look, in terms of the resources that show it."""

from __future__ import annotations

from pf_tui import snapshot
from pf_tui.documents import status
from pf_tui.errors import PfError
from pf_tui.snapshot import Snapshot
from pf_tui.state import files
from pf_tui.state.context import Context
from pf_tui.state.paths import find_project_file

STATUS_URI = "pf://status"
MODELS_URI = "pf://catalog/models"


class Watcher:
    """Looks at the stamps of the shared files; takes a snapshot only when one of them moved."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self._stamps = self._look()
        self._last_status = self._status()
        self._last_active = self._active()

    def poll(self) -> tuple[bool, frozenset[str]]:
        """(another provider serves or follows, the resources that changed) since the last call."""
        stamps = self._look()
        if stamps == self._stamps:
            return False, frozenset()
        changed_uris = {MODELS_URI} if stamps["providers"] != self._stamps["providers"] else set()
        self._stamps = stamps
        status = self._status()
        if status != self._last_status:
            changed_uris.add(STATUS_URI)
        self._last_status = status
        before, self._last_active = self._last_active, self._active()
        return before != self._last_active, frozenset(changed_uris)

    def summary(self) -> str:
        """Who serves and who is next, as of the last look."""
        active, following = self._last_active
        return f"{active or 'nobody'} serves; next: {following or 'nobody'}"

    def _look(self) -> dict[str, object]:
        paths = self.ctx.paths
        project = find_project_file(self.ctx.cwd, self.ctx.env)
        paths_by_file = {
            "config": paths.config,
            "health": paths.health,
            "providers": paths.providers,
            "auth": paths.auth,
            "ledger": paths.ledger,
            "log": paths.ledger.with_name(f"{paths.ledger.name}-wal"),
        }
        stamps: dict[str, object] = {name: files.identity(path) for name, path in paths_by_file.items()}
        stamps["project"] = (str(project), files.identity(project)) if project else None
        return stamps

    def _status(self) -> dict[str, object] | None:
        try:
            self._now: Snapshot | None = snapshot.take(self.ctx, keep_going=True)
        except PfError:
            self._now = None
            return None
        content = status.document(self._now)
        del content["at"]
        return content

    def _active(self) -> tuple[str | None, str | None]:
        if self._now is None:
            return None, None
        return (
            self._now.active.provider if self._now.active else None,
            self._now.next.provider if self._now.next else None,
        )
