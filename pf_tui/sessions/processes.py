"""Which agent processes run: pid, start time, terminal and the few variables that say where they keep things.

Linux tells it in /proc. Elsewhere only whether a pid is in use can be asked without starting a program, so a
process is then "unsure" and the list of agents is empty. Never read: command lines, which hold prompts.
"""

from __future__ import annotations

import json
import os
import select
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from pf_tui.clients import CLIENTS
from pf_tui.json_values import object_in, text_in
from pf_tui.records import field, record
from pf_tui.sessions import identity
from pf_tui.sessions.records import Focus
from pf_tui.state.paths import config_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.sessions.records import Life

AGENTS: Mapping[str, str] = {client.program: client.id for client in CLIENTS.values() if client.integrates}
"""Name of a process (Linux `comm`) -> agent."""

FOLDER_VARIABLES = (
    *(client.config_variable for client in CLIENTS.values() if client.config_variable),
    *("XDG_DATA_HOME", "OPENCODE_DB", "HOME"),
)
"""Variables that say where a client keeps its files."""

TERMINALS = ("TMUX", "TMUX_PANE")
ADDRESSES = ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL")
SETTINGS = "OPENCODE_CONFIG_CONTENT"
"""OpenCode's settings of one run, of which the hosts of its providers are kept."""
_READ_VARIABLES = frozenset((*FOLDER_VARIABLES, *TERMINALS, *ADDRESSES, SETTINGS))

DELETED = " (deleted)"
"""What Linux adds to the name of a working directory that is gone."""

NAMED_LATE = 3
"""Looks at a new process before its name counts as final: a program is started by a fork and an exec."""


@record
class Process:
    """One process of an agent."""

    pid: int
    name: str
    start: str
    """Clock ticks after boot (field 22 of its stat): with the pid, it names one process for ever."""
    parent: int
    tty: str | None
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """Of the variables above, those it was started with; addresses are host and port alone."""
    started: datetime | None = None

    @property
    def agent(self) -> str:
        """Our id of the agent whose program it is."""
        return AGENTS[self.name]


class Processes:
    """The processes of this machine; a look costs what is new, and one read for each agent."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = str(proc)
        self.visible = os.path.exists(f"{self._proc}/self/stat") or proc != Path("/proc")  # noqa: PTH110
        """False where processes can only be asked for one by one."""
        self.domain = identity.domain(self._proc) if self.visible else None
        """This machine and pid namespace, in Claude Code's words."""
        self._boot_s = _boot_s(self._proc)
        self._looks: dict[int, int] = {}
        self._agents: dict[int, Process] = {}
        self._exits = _Exits() if self._proc == "/proc" else None
        self._dead: set[tuple[int, str]] = set()
        self._home: str | None = None

    def look(self, home: str | None = None) -> None:
        """See which agents run now.

        Args:
            home: whose agents are asked for; those of a process with another home are nobody's here.
        """
        self._home = home
        if not self.visible:
            return
        try:
            pids = {int(name) for name in os.listdir(self._proc) if name.isdecimal()}  # noqa: PTH208 - fast
        except OSError:
            pids = set()
        for lost_pid in self._looks.keys() - pids:
            del self._looks[lost_pid]
            if self._agents.pop(lost_pid, None) and self._exits is not None:
                self._exits.drop(lost_pid)
        for pid in pids:
            looks = self._looks.get(pid, 0)
            if looks < NAMED_LATE:
                self._looks[pid] = looks + 1
                if pid not in self._agents and identity.name(pid, self._proc) in AGENTS:
                    self._meet(pid)
        exited = self._exits.look() if self._exits else set()
        for pid, agent in list(self._agents.items()):
            watched = self._exits is not None and pid in self._exits
            if pid in exited or (not watched and self.start(pid) != agent.start):
                del self._agents[pid]
                self._looks[pid] = 0

    def agents(self, agent: AgentId) -> list[Process]:
        """The processes of one agent that run, as of the last look."""
        return [our for our in self._own() if AGENTS[our.name] == agent]

    def at(self, pid: int) -> Process | None:
        """The agent's process of that pid."""
        return self._agents.get(pid)

    def process(self, pid: int, start: str) -> Process | None:
        """A process by pid and start, whatever it is called; None when it does not run (any more)."""
        agent = self._agents.get(pid)
        if agent is not None and agent.start == start:
            return agent
        process = self._describe(pid)
        if process is None or process.start != start:
            return None
        self._keep(process)
        return process

    def life(self, pid: int, start: str | None) -> Life:
        """Whether the process of that pid, begun at that time, runs."""
        if not self.visible:
            return "unsure" if _answers(pid) else "gone"
        if start is not None and (pid, start) in self._dead:
            return "gone"
        agent = self._agents.get(pid)
        running = agent.start if agent is not None else self.start(pid)
        if running is not None and start is None:
            return "unsure"
        if running is not None and running == start:
            return "alive"
        if start is not None:
            self._dead.add((pid, start))  # the same pid and start never come back
        return "gone"

    def start(self, pid: int) -> str | None:
        """Start time of a pid that runs; None when there is none, or only its exit status is left."""
        return identity.start(pid, self._proc)

    def parents(self, pid: int, most: int = 12) -> Iterable[int]:
        """The pids above a process, nearest first."""
        for _ in range(most):
            above = identity.parent(pid, self._proc)
            if above is None:
                return
            pid = above
            yield pid

    def flocks(self) -> list[tuple[int, int]]:
        """(pid, inode) of every whole-file lock that is held on this machine."""
        paths = []
        for line in identity.read(f"{self._proc}/locks").decode("ascii", "replace").splitlines():
            parts = line.split()
            if len(parts) > 5 and parts[1] == "FLOCK" and parts[4].isdecimal():
                inode = parts[5].rpartition(":")[2]
                if inode.isdecimal():
                    paths.append((int(parts[4]), int(inode)))
        return paths

    def open_files(self, pid: int) -> list[str]:
        """What a process has open, standard input first; empty where that is not ours to see."""
        folder = f"{self._proc}/{pid}/fd"
        try:
            numbers = sorted(int(name) for name in os.listdir(folder) if name.isdecimal())  # noqa: PTH208
        except OSError:
            return []
        return [target for number in numbers if (target := _link(f"{folder}/{number}"))]

    def environments(self) -> Iterable[Mapping[str, str]]:
        """What the agents that run were started with."""
        return [our.env for our in self._own()]

    def _own(self) -> Iterable[Process]:
        home = self._home
        return [
            agent for agent in self._agents.values() if home is None or agent.env.get("HOME") in (None, home)
        ]

    def _meet(self, pid: int) -> None:
        process = self._describe(pid)
        if process is not None:
            self._keep(process)

    def _keep(self, process: Process) -> None:
        self._agents[process.pid] = process
        # the start is compared once more: between reading and watching the pid may have changed hands
        if (
            self._exits is not None
            and self._exits.add(process.pid)
            and self.start(process.pid) != process.start
        ):
            self._exits.drop(process.pid)

    def _describe(self, pid: int) -> Process | None:
        raw = identity.read(f"{self._proc}/{pid}/stat")
        fields = identity.fields(raw)
        if fields is None:
            return None
        name = raw[raw.find(b"(") + 1 : raw.rfind(b")")].decode("utf-8", "replace")
        ticks = int(fields[19]) if fields[19].isdecimal() else None
        start = None
        if ticks is not None and self._boot_s is not None:
            start = datetime.fromtimestamp(self._boot_s + ticks / _ticks_per_s(), UTC)
        return Process(
            pid=pid,
            name=name if name in AGENTS else "claude",
            start=fields[19],
            parent=int(fields[1]),
            tty=identity.terminal_of(fields[4]),
            cwd=_link(f"{self._proc}/{pid}/cwd"),
            env=_environment(f"{self._proc}/{pid}/environ"),
            started=start,
        )


class Folders:
    """Where an agent keeps its files: this environment's folder and those of the clients that run."""

    def __init__(self, agent: AgentId) -> None:
        self._agent = agent
        self._real: dict[str, str] = {}

    def of(self, env: Mapping[str, str], others: Iterable[Mapping[str, str]]) -> list[str]:
        """Each folder once, however it is spelled."""
        folders = dict.fromkeys(map(str, config_folders(self._agent, env)))
        variable = CLIENTS[self._agent].config_variable or ""
        for other in others:
            if other.get(variable) or other.get("HOME"):
                folders.update(dict.fromkeys(map(str, config_folders(self._agent, other))))
        owners: dict[str, str] = {}
        for path in folders:
            if path not in self._real:
                self._real[path] = os.path.realpath(path)
            owners.setdefault(self._real[path], path)
        return list(owners.values())


class _Exits:
    """Notices that processes end, all with one call: reading 200 files of /proc would take 2 ms."""

    def __init__(self) -> None:
        self._poll = select.poll() if hasattr(os, "pidfd_open") else None
        self._handles: dict[int, int] = {}
        self._pids: dict[int, int] = {}

    def __contains__(self, pid: int) -> bool:
        return pid in self._handles

    def __del__(self) -> None:
        for pid in list(self._handles):
            self.drop(pid)

    def add(self, pid: int) -> bool:
        """Watch a process; False where that is not possible (too many open files, an old kernel)."""
        if self._poll is None:
            return False
        self.drop(pid)
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            return False
        self._handles[pid], self._pids[handle] = handle, pid
        self._poll.register(handle, select.POLLIN)
        return True

    def drop(self, pid: int) -> None:
        """Watch it no longer."""
        handle = self._handles.pop(pid, None)
        if handle is not None and self._poll is not None:
            del self._pids[handle]
            self._poll.unregister(handle)
            os.close(handle)

    def look(self) -> set[int]:
        """The pids that ended since the last look; they are watched no longer."""
        if self._poll is None or not self._handles:
            return set()
        pids = {self._pids[handle] for handle, _ in self._poll.poll(0)}
        for pid in pids:
            self.drop(pid)
        return pids


def focus_of(process: Process | None) -> Focus | None:
    """Its pane with the server's socket (without that, a pane is anybody's), else its terminal."""
    if process is None:
        return None
    socket, pane = process.env.get("TMUX", "").partition(",")[0], process.env.get("TMUX_PANE")
    if socket and pane:
        return Focus(tmux_socket=socket, tmux_pane=pane, tty=process.tty)
    return Focus(tty=process.tty) if process.tty else None


def _environment(path: str) -> dict[str, str]:
    env: dict[str, str] = {}
    for entry in identity.read(path).split(b"\0"):
        name, _, value = entry.partition(b"=")
        key = name.decode("ascii", "replace")
        if key in _READ_VARIABLES:
            text = os.fsdecode(value)
            if key in ADDRESSES:
                text = identity.address(text) or ""
            env[key] = _hosts(text) if key == SETTINGS else text
    return env


def _hosts(settings: str) -> str:
    """`alpha=127.0.0.1:4100 beta=…`: the providers that a run has an address for."""
    try:
        providers = object_in(json.loads(settings), "provider")
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ""
    hosts = {
        name: identity.address(text_in(object_in(object_in(providers, name), "options"), "baseURL"))
        for name in providers
    }
    return " ".join(f"{name}={host}" for name, host in hosts.items() if host and not name.count(" "))


def _link(path: str) -> str | None:
    try:
        target = os.readlink(path)  # noqa: PTH115 - a text is wanted
    except OSError:
        return None
    return target.removesuffix(DELETED) if not os.path.lexists(target) else target


def _boot_s(proc: str) -> float | None:
    for line in identity.read(f"{proc}/stat").splitlines():
        if line.startswith(b"btime "):
            try:
                return float(line.split()[1])
            except (IndexError, ValueError):
                return None
    return None


def _ticks_per_s() -> int:
    try:
        return os.sysconf("SC_CLK_TCK") or 100
    except (AttributeError, ValueError, OSError):
        return 100


def _answers(pid: int) -> bool:
    from pf_tui.state import pids  # `status --json` asks for no process by its number

    return pid > 0 and os.name != "nt" and pids.is_there(pid)
