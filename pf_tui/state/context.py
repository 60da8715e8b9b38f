"""What every verb needs: where the files are, the environment, the clock, and who asks."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from pf_tui import catalog as catalogs
from pf_tui.catalog import Catalog
from pf_tui.records import field, record, replace
from pf_tui.state import clouds, config, credentials, files, health
from pf_tui.state.config import Config
from pf_tui.state.credentials import Credential
from pf_tui.state.health import Health
from pf_tui.state.paths import Paths, find_project_file, locate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar  # Any: what a file was read into: each reader's own type

    from pf_tui.catalog.entries import OwnProvider
    from pf_tui.state.project import Project

    T = TypeVar("T")


@record
class Context:
    """What one caller sees: folder, environment, clock; cheap to make, reads only when asked."""

    paths: Paths
    env: Mapping[str, str]
    cwd: Path
    who: str
    """tui | cli | hook | mcp | gateway: the journal's `who`."""
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _catalogs: dict[object, Catalog] = field(default_factory=dict, repr=False, compare=False)
    _cached: dict[Path, tuple[object, Any]] = field(default_factory=dict, repr=False, compare=False)
    """What was read of a file, beside the file's identity then; its reader knows of what type that is."""

    @classmethod
    def here(cls, who: str, *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Context:
        """The process's own environment and working directory, unless given."""
        env = os.environ if env is None else env
        return cls(paths=locate(env), env=env, cwd=cwd or _working_directory(), who=who)

    def as_(self, who: str) -> Context:
        """The same for another caller."""
        return replace(self, who=who)

    def now(self) -> datetime:
        """Aware UTC."""
        moment = self.clock()
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)

    def timezone(self) -> tzinfo | None:
        """The local zone by $TZ of this context, else the system's (None)."""
        from pf_tui.state.clock import local_zone

        return local_zone(self.env)

    def catalog(self) -> Catalog:
        """The catalog with the person's providers.yaml laid over it. Raises StateFileUnusable."""
        own = files.identity(self.paths.providers)
        stamp = (own, clouds.stamp(self.env))
        if stamp not in self._catalogs:
            self._catalogs.clear()
            loaded = self._load_catalog() if own else catalogs.load()
            self._catalogs[stamp] = clouds.with_addresses(loaded, self.env)
        return self._catalogs[stamp]

    def config(self) -> Config:
        """Raises StateFileUnusable."""
        settings: Config = self._unchanged(self.paths.config, lambda: config.read(self.paths))
        return settings

    def change_config(self, settings: Mapping[str, object]) -> dict[str, object]:
        """`config.change`; what was written need not be read again."""

        def remember(stamp: files.FileIdentity | None, content: Config) -> None:
            self._cached[self.paths.config] = (stamp, content)

        return config.change(self.paths, settings, remember)

    def health(self) -> Health:
        """Raises StateFileUnusable."""
        state: Health = self._unchanged(self.paths.health, lambda: health.read(self.paths))
        if any(bench.kind == "address" for bench in state.benches):
            return health.without_mended(state, files.version_of(self.paths.providers))
        return state

    def project(self) -> Project | None:
        """Raises StateFileUnusable."""
        path = find_project_file(self.cwd, self.env)
        if path is None:
            return None
        from pf_tui.state import project  # with its reader and its trust: most folders have no such file

        return project.read_file(self.paths, path)

    def credentials(self, settings: Config | None = None) -> dict[str, Credential]:
        """By provider id. Raises StateFileUnusable."""
        settings = settings or self.config()
        return credentials.look_up(
            self.catalog().providers.values(), self.paths, settings, self.env, self.now()
        )

    def _unchanged(self, path: Path, load: Callable[[], T]) -> T:
        """What `load` returned before, while the file is the same one: every write replaces the file."""
        stamp = files.identity(path)
        cached = self._cached.get(path)
        if cached is None or cached[0] != stamp:
            cached = self._cached[path] = (stamp, load())
        content: T = cached[1]
        return content

    def _load_catalog(self) -> Catalog:
        from pf_tui.state import yaml_files

        path = self.paths.providers

        def parse() -> Mapping[str, OwnProvider] | None:
            text = files.read_text(path, yaml_files.PERSONS_BYTES)
            return None if text is None else catalogs.overlay_to_json(catalogs.parse_overlay(text, path))

        stamp = files.identity(path)
        plain = None if stamp is None else yaml_files.cached(self.paths, path, stamp, parse)
        return catalogs.load(None if plain is None else catalogs.overlay_from_json(plain))


def _working_directory() -> Path:
    """The working directory; the root when it was deleted under us."""
    try:
        return Path.cwd()
    except OSError:
        return Path("/")
