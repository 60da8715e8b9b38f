"""Every place on disk by name. Asking for a path never creates anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

PROJECT_FILE = Path(".opencode") / "provider-fallback.local.md"
"""Per-project settings, relative to the project's root (the original plugin's place)."""


class Paths:
    """The state directory and what lies in it."""

    __slots__ = ("home",)

    def __init__(self, home: Path) -> None:
        self.home = home

    def __repr__(self) -> str:
        return f"Paths({str(self.home)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Paths) and other.home == self.home

    def __hash__(self) -> int:
        return hash(self.home)

    @property
    def lock(self) -> Path:
        """Held by every writer of the folder."""
        return self.home / ".lock"

    @property
    def config(self) -> Path:
        """What a person has set."""
        return self.home / "config.json"

    @property
    def usage(self) -> Path:
        """The original plugin's counters."""
        return self.home / "usage.json"

    @property
    def auth(self) -> Path:
        """Keys that stand in no keyring and no variable."""
        return self.home / "auth.json"

    @property
    def providers(self) -> Path:
        """The person's overlay on the catalog."""
        return self.home / "providers.yaml"

    @property
    def health(self) -> Path:
        """Benches, sessions and what agents are set to."""
        return self.home / "health.json"

    @property
    def journal(self) -> Path:
        """What was done, by whom and why."""
        return self.home / "journal.jsonl"

    @property
    def ledger(self) -> Path:
        """Requests, limit readings and switches."""
        return self.home / "ledger.db"

    @property
    def trust(self) -> Path:
        """Which project files the person has accepted."""
        return self.home / "trust.json"

    @property
    def gateway(self) -> Path:
        """Address and token of the running gateway."""
        return self.home / "gateway.json"

    @property
    def live(self) -> Path:
        """Requests the gateway is serving now; replaced at most twice a second."""
        return self.home / "live.json"

    @property
    def sessions(self) -> Path:
        """A folder: what hooks saw of each running session; derived, may be deleted at any time."""
        return self.home / "sessions"

    @property
    def notices(self) -> Path:
        """Which notices the person has had; derived, may be deleted at any time."""
        return self.home / "notices.json"

    @property
    def resumes(self) -> Path:
        """Sessions that are to go on at the reset."""
        return self.home / "resumes.json"

    @property
    def mcp(self) -> Path:
        """Address and token of the running MCP server."""
        return self.home / "mcp.json"

    @property
    def cache(self) -> Path:
        """Parsed forms of YAML files and the last frame; may be deleted at any time."""
        return self.home / ".cache"

    @property
    def log(self) -> Path:
        """One line per thing a hook or the gateway could not do; no bodies, no secrets."""
        return self.home / "pf-tui.log"


def config_folder(agent: AgentId, env: Mapping[str, str]) -> Path:
    """An agent's configuration folder, by its variable or its default. Raises PfError without a home.

    Of a list in the variable (Claude Code takes one) the first counts.
    """
    return config_folders(agent, env)[0]


def config_folders(agent: AgentId, env: Mapping[str, str]) -> list[Path]:
    """Every folder its variable names, else the default one. Raises PfError without a home."""
    variable = CLIENTS[agent].config_variable
    value = env.get(variable) if variable else None
    return _listed(value, user_home(env) if value and "~" in value else Path()) or [
        default_config_folder(agent, env)
    ]


def _listed(value: str | None, home: Path) -> list[Path]:
    """The folders of a comma list; "~" is the person's home, as a shell would have it."""
    parts = [part.strip() for part in (value or "").split(",")]
    return [
        home / part[2:] if part.startswith("~/") else home if part == "~" else Path(part)
        for part in parts
        if part
    ]


def default_config_folder(agent: AgentId, env: Mapping[str, str]) -> Path:
    """The folder an agent has where its variable says nothing. Raises PfError without a home."""
    start, _, rest = CLIENTS[agent].config_folder.partition("/")
    if start == "~":
        return user_home(env) / rest
    base = env.get(start.removeprefix("$"))
    return (Path(base) if base else user_home(env) / ".config") / rest


def opencode_data_folder(env: Mapping[str, str]) -> Path:
    """Where OpenCode keeps sessions and logins: $XDG_DATA_HOME/opencode, else ~/.local/share/opencode.

    Raises:
        PfError: without a home.
    """
    base = env.get("XDG_DATA_HOME")
    return (Path(base) if base else user_home(env) / ".local" / "share") / "opencode"


def opencode_database(env: Mapping[str, str]) -> Path:
    """Where OpenCode keeps its sessions: $OPENCODE_DB, else its data folder's opencode.db. Raises PfError."""
    name = env.get("OPENCODE_DB")
    return opencode_data_folder(env) / (name if name and name != ":memory:" else "opencode.db")


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for its owner alone whatever the umask is.

    Raises:
        OSError: one of them cannot be made.
    """
    missing = []
    for ancestor in (folder, *folder.parents):
        if ancestor.is_dir():
            break
        missing.append(ancestor)
    for ancestor in reversed(missing):
        ancestor.mkdir(mode=0o700, exist_ok=True)


def user_home(env: Mapping[str, str]) -> Path:
    """The person's home directory: $HOME, else the account's. Raises PfError when there is none."""
    if home := env.get("HOME"):
        return _folder(home)
    try:
        return Path("~").expanduser()
    except RuntimeError as error:
        raise PfError("no home directory is known", "set HOME or PROVIDER_FALLBACK_HOME") from error


@lru_cache(maxsize=4)
def _folder(text: str) -> Path:
    """Twenty questions of a hook begin at one home."""
    return Path(text)


def expand(path: str | Path) -> Path:
    """`path` with ~ and ~user replaced by the home directory; a ~user nobody knows stays as it is."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib's raises RuntimeError for an unknown user


def locate(env: Mapping[str, str] | None = None) -> Paths:
    """$PROVIDER_FALLBACK_HOME, else ~/.opencode/provider-fallback (the original plugin's directory)."""
    env = os.environ if env is None else env
    if explicit := env.get("PROVIDER_FALLBACK_HOME"):
        return Paths(expand(explicit).absolute())
    return Paths(user_home(env) / ".opencode" / "provider-fallback")


def find_project_file(cwd: Path, env: Mapping[str, str]) -> Path | None:
    """The nearest project file from `cwd` up to the git root; without git only `cwd`; never $HOME itself."""
    here = cwd.absolute()
    try:
        home: Path | None = user_home(env).absolute()
    except PfError:
        home = None
    chain = [here, *here.parents]
    root = next((folder for folder in chain if os.path.exists(f"{folder}/.git")), here)  # noqa: PTH110
    for folder in chain:  # as texts: a Path of each costs more than the question
        if folder != home and os.path.lexists(f"{folder}/{PROJECT_FILE}"):  # a link is refused later
            return folder / PROJECT_FILE
        if folder == root:
            break
    return None


def project_root(cwd: Path, env: Mapping[str, str]) -> Path:
    """Where a new project file belongs: the git root, else `cwd`. Raises PfError for $HOME itself."""
    here = cwd.absolute()
    root = next((folder for folder in [here, *here.parents] if (folder / ".git").exists()), here)
    if root == user_home(env).absolute():
        raise PfError(f"{root} is the home directory, not a project", "change into a project first")
    return root
