"""A session as every face shows it, and what a collector knows of one before its state is decided."""

from __future__ import annotations

from datetime import datetime

from pf_tui.records import field, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    State = Literal["working", "waiting", "limited", "idle", "ended"]
    By = Literal["registry", "hook", "log", "gateway", "process"]
    Life = Literal["alive", "unsure", "gone", "foreign"]
    WaitingFor = Literal["permission", "question", "dialog"]
    from pf_tui.clients import AgentId
    from pf_tui.vocabulary import WindowName

STATES: tuple[State, ...] = ("working", "waiting", "limited", "idle", "ended")


def short_id(session: str) -> str:
    """As much of a session's id as people compare; commands take it as well."""
    return session[:8]


@record
class Focus:
    """Where a session's terminal is."""

    tmux_socket: str | None = None
    """Path or name of the tmux server's socket: every server has a %0."""
    tmux_pane: str | None = None
    """`%3`"""
    tty: str | None = None
    """`/dev/pts/4`"""
    attach: str | None = None
    """The command that opens a session without a terminal."""


@record
class WindowShare:
    """How much of a provider's limit window one session has used."""

    window: WindowName
    percent: float
    """Of the whole window, not of what is used."""


@record
class Session:
    """One running (or just ended) session of an agent, or one of its subagents."""

    id: str
    agent: AgentId
    """claude-code | codex | opencode"""
    project: str | None
    """Folder of the repository (of a linked worktree: the main one's), without git the working directory."""
    worktree: str | None = None
    """Name of a linked worktree; None in the main one."""
    branch: str | None = None
    cwd: str | None = None
    state: State
    by: By
    """What kind of evidence the state rests on."""
    observed_at: datetime
    """When that evidence was made: the session has been in this state since then."""
    guess: bool = False
    """The evidence is weak: shown with a question mark."""
    waiting_for: WaitingFor | None = None
    limited_until: datetime | None = None
    provider: str | None = None
    provider_by: By | None = None
    behind_gateway: bool = False
    """Its requests go through our gateway, which can move it."""
    model: str | None = None
    context_tokens: int | None = None
    context_percent: float | None = None
    cost_usd: float | None = None
    cost_per_hour: float | None = None
    """USD of the last 60 minutes."""
    window_share: WindowShare | None = None
    started: datetime | None = None
    last_activity: datetime | None = None
    parent: str | None = None
    """Id of the session this one was started by."""
    pid: int | None = None
    background: int = 0
    """Tasks that go on behind an answered turn."""
    focus: Focus | None = None
    elsewhere: bool = False
    """It runs in a container or on a machine whose processes cannot be seen: no actions."""
    killed: bool = False
    """It ended without saying so."""
    resumes_at: datetime | None = None
    """When it is to go on, where the person asked for that."""
    agent_type: str | None = None
    """Of a subagent: its kind, e.g. "Explore"."""
    children: tuple[Session, ...] = ()
    """Subagents that work now."""

    @property
    def label(self) -> str:
        """What sentences call it: `session 3f2a91c0`."""
        return f"session {short_id(self.id)}"


@record
class Stamp:
    """That something was seen, by what, when."""

    by: By
    at: datetime


@record
class PendingQuestion:
    """The client asks the person."""

    kind: WaitingFor
    by: By
    at: datetime


@record
class LimitSeen:
    """The newest turn ended at a limit, or the client waits for one to end."""

    until: datetime | None
    by: By
    at: datetime
    whole_minute: bool = False
    """The client told the end's minute alone: the limit may last until that minute is over."""


@record
class Signals:
    """All evidence about one session's state; what is unknown is None."""

    life: Life
    """alive: the process runs and is the one; unsure: a process of that number runs; foreign: of another
    machine or container."""
    ended: Stamp | None = None
    """SessionEnd, dispose."""
    waiting: PendingQuestion | None = None
    retry: LimitSeen | None = None
    """The client itself waits to try again."""
    refused: LimitSeen | None = None
    """The gateway's last answer was a limit, and no request is open."""
    limit: LimitSeen | None = None
    """The newest row of the main chain is a limit."""
    busy: Stamp | None = None
    background: int = 0
    background_by: By = "hook"
    children_working: int = 0
    idle: Stamp | None = None
    unfinished: Stamp | None = None
    """Only a log's unfinished row says that a turn is on."""
    last_change: datetime | None = None
    """Of anything about the session."""


@record
class Draft:
    """What a collector found of one session."""

    id: str
    agent: AgentId
    signals: Signals
    cwd: str | None = None
    pid: int | None = None
    started: datetime | None = None
    last_activity: datetime | None = None
    parent: str | None = None
    agent_type: str | None = None
    provider: str | None = None
    """In the catalog's or, failing that, the agent's own words."""
    provider_by: By | None = None
    base_url: str | None = None
    """Address its requests go to, as its process or a hook told; host and port alone."""
    base_url_by: By | None = None
    model: str | None = None
    context_tokens: int | None = None
    context_window: int | None = None
    context_percent: float | None = None
    cost_usd: float | None = None
    background: int = 0
    focus: Focus | None = None
    turn: str | None = None
    """Of Codex: the turn that is on."""
    turn_at: datetime | None = None
    """Time of its newest row, by Codex's clock."""
    children: tuple[Draft, ...] = field(default_factory=tuple)
