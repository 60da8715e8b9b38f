"""Which files the dashboard looks at, and a word the moment one of them may have changed.

The directory is watched, never a file (a watched file goes deaf after its second replace), and an event
means no more than "look again". The feed looks by itself every two seconds: on a file system without
events, and while the directory does not exist, nothing is missed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from pf_tui.catalog import Catalog
from pf_tui.state import files, logins
from pf_tui.state.context import Context
from pf_tui.state.paths import PROJECT_FILE, find_project_file

STEP_MS = 15
"""How often the watcher's own thread looks at what the system told it; two steps of quiet end a burst."""

DEBOUNCE_MS = 45
"""A burst that goes on longer is told in parts."""

Stamps = dict[Path, tuple[int, int, int] | None]


def looked_at(ctx: Context, catalog: Catalog) -> tuple[Path, ...]:
    """Every file a snapshot or a report is made from; the catalog says where agents keep their logins."""
    paths = ctx.paths
    ledger = paths.ledger
    project = find_project_file(ctx.cwd, ctx.env) or ctx.cwd / PROJECT_FILE
    login_files = {
        path
        for provider in catalog.providers.values()
        for login in provider.logins
        if (path := logins.expand(login.path, ctx.env)) is not None
    }
    own = (paths.config, paths.auth, paths.providers, paths.health, paths.journal, paths.gateway, paths.live)
    return (*own, ledger, ledger.with_name(f"{ledger.name}-wal"), project, *sorted(login_files))


def stamps(paths: tuple[Path, ...]) -> Stamps:
    """What each file looks like from outside: (mtime_ns, size, inode).

    An empty file counts as none: reading a ledger makes an empty `-wal` beside it.
    """
    identities = {path: files.identity(path) for path in paths}
    return {path: stamp if stamp and stamp[1] else None for path, stamp in identities.items()}


class DirectoryWatch:
    """Calls `on_change` from a thread of its own when something in the directory changed, and
    `on_session` when something in a folder did where agents and hooks tell what sessions do.
    """

    def __init__(
        self,
        folder: Path,
        on_change: Callable[[], object],
        session_folders: Sequence[Path] = (),
        on_session: Callable[[], object] = int,
    ) -> None:
        self._folder, self._on_change = folder, on_change
        self._session_folders, self._on_session = session_folders, on_session
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def keep_alive(self) -> None:
        """Start watching, or start again after the directory came (back)."""
        running = self._thread is not None and self._thread.is_alive()
        if not running and not self._stop.is_set() and self._folder.is_dir():
            self._thread = threading.Thread(target=self._watch, name="pf-watch", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stop.set()

    def _watch(self) -> None:
        import watchfiles

        session_folders = self._present()
        try:
            for changes in watchfiles.watch(
                self._folder,
                *session_folders,
                watch_filter=None,
                debounce=DEBOUNCE_MS,
                step=STEP_MS,
                rust_timeout=60_000,
                stop_event=self._stop,
                raise_interrupt=False,
                recursive=False,
            ):
                paths = {Path(path) for _, path in changes}
                of_sessions = {path for path in paths if path.parent in session_folders}
                if of_sessions:
                    self._on_session()
                if paths - of_sessions:
                    self._on_change()
                if self._present() != session_folders:
                    return  # `keep_alive` begins anew, with a folder that has come or without one that went
        except OSError:
            return  # no events here (inotify's limit, a network disk): the two-second look remains

    def _present(self) -> list[Path]:
        return [folder for folder in self._session_folders if folder.is_dir()]
