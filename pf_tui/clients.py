"""One record per agent that pf-tui knows: its names, what it speaks, where its files are, how it is known.

Everything that lists agents is made from this table; an agent's own ways of writing logs and settings are
in `ingest/` and `integrations/`. Measured on Claude Code 2.1.330, OpenCode 1.18.33, Codex 0.169.0 and
Gemini CLI 0.61.0. Standard library only: hooks live on it.
"""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from pf_tui.vocabulary import Protocol

    AgentId: TypeAlias = Literal["claude-code", "opencode", "codex", "gemini"]
    """An agent whose sessions, logs or settings pf-tui knows."""


@record
class Client:
    """An agent, as pf-tui knows it."""

    id: AgentId
    """What pf-tui calls it everywhere: claude-code."""
    word: str
    """What a person types: claude."""
    name: str
    program: str
    config_variable: str | None
    """Variable that names its configuration folder."""
    config_folder: str
    """Its configuration folder without that variable; ~ or $XDG_CONFIG_HOME in front."""
    log_source: str = "transcript"
    """What the ledger calls its logs: transcript, rollout, chats or opencode-db."""
    protocols: tuple[Protocol, ...] = ()
    """What it speaks, what it speaks first in front; () = the gateway cannot serve it."""
    oldest_version: tuple[int, ...] = ()
    """The oldest whose behaviour was measured."""
    login_command: str | None = None
    """Its own login; pf-tui names it, never runs it."""
    one_vendor_login: bool = False
    """Its login belongs to one vendor, so that passing it through can reach nobody else."""
    login_begins: str = "Bearer "
    """How the Authorization header of that login begins; nothing else is passed through."""
    login_header: str = ""
    """A header that comes along with that login."""
    user_agent: str = ""
    """Stands in the User-Agent header of its requests, and begins its `originator`."""
    session_headers: tuple[str, ...] = ()
    """Name the session in its requests; the first is nobody else's."""
    subagent_header: str = ""
    """Comes with the requests of its subagents."""
    usual_model: str | None = None
    """What it asks for where nobody chose; None = each provider's own default."""
    searches: bool = True
    """It has the vendor search the web."""
    base_url_variable: str = ""
    """Variable that leads it to the gateway, where that and the next one are enough for `run`."""
    token_variable: str = ""
    led_by_settings: bool = False
    """It goes where its settings say: where it cannot use a provider it is set to the next it can use."""
    integrates: bool = True
    """False = only its logs are read; nothing is installed into it."""
    setup: str = ""
    """Where its installation is described."""
    hooks_cure: str = ""
    """What to do when its hooks do not fire; "" = it has none."""
    resume_hint: str = "`pf-tui run` starts agents behind the gateway"
    """How one of its sessions, {id}, gets to where it can be moved alone."""

    @property
    def module(self) -> str:
        """What its modules are called in `ingest/`, `integrations/`, `hooks/` and `sessions/`."""
        return self.id.replace("-", "_")


CLIENTS: Mapping[str, Client] = {
    client.id: client
    for client in (
        Client(
            id="claude-code",
            word="claude",
            name="Claude Code",
            program="claude",
            config_variable="CLAUDE_CONFIG_DIR",
            config_folder="~/.claude",
            log_source="transcript",
            protocols=("anthropic-messages",),
            oldest_version=(2, 1, 0),
            login_command="claude /login",
            one_vendor_login=True,
            login_begins="Bearer sk-ant-oat",
            led_by_settings=True,
            user_agent="claude-cli",
            session_headers=("x-claude-code-session-id",),
            subagent_header="x-claude-code-agent-id",
            usual_model="claude-sonnet-5-5",
            resume_hint="`pf-tui run claude -- --resume {id}` goes on with it behind the gateway",
            setup="https://code.claude.com/docs/en/setup tells how",
            hooks_cure='start Claude Code anew; look for `"disableAllHooks": true` in its settings',
        ),
        Client(
            id="opencode",
            word="opencode",
            name="OpenCode",
            program="opencode",
            config_variable="OPENCODE_CONFIG_DIR",
            config_folder="$XDG_CONFIG_HOME/opencode",
            log_source="opencode-db",
            protocols=("anthropic-messages", "openai-responses", "openai-chat"),
            oldest_version=(1, 18, 0),
            login_command="opencode auth login",
            user_agent="opencode",
            session_headers=("x-session-id",),
            subagent_header="x-parent-session-id",
            searches=False,
            resume_hint="`pf-tui install opencode` and a new start of OpenCode let its sessions be moved "
            "one by one",
            setup="https://opencode.ai/docs tells how",
            hooks_cure="start OpenCode anew, without OPENCODE_PURE and OPENCODE_DISABLE_DEFAULT_PLUGINS",
        ),
        Client(
            id="codex",
            word="codex",
            name="Codex",
            program="codex",
            config_variable="CODEX_HOME",
            config_folder="~/.codex",
            log_source="rollout",
            protocols=("openai-responses",),
            oldest_version=(0, 160, 0),
            login_command="codex login",
            one_vendor_login=True,
            login_header="chatgpt-account-id",
            led_by_settings=True,
            user_agent="codex",
            session_headers=("session_id", "session-id", "conversation_id"),
            usual_model="gpt-6.1-sol",
            resume_hint="`pf-tui run codex -- resume {id}` goes on with it behind the gateway",
            setup="https://developers.openai.com/codex/cli tells how",
            hooks_cure="start `codex` once and choose `Trust all and continue`",
        ),
        Client(
            id="gemini",
            word="gemini",
            name="Gemini CLI",
            program="gemini",
            config_variable=None,
            config_folder="~/.gemini",
            log_source="chats",
            login_command="gemini",
            integrates=False,
        ),
    )
}
"""In the order faces show them."""

INTEGRATED: tuple[AgentId, ...] = tuple(client.id for client in CLIENTS.values() if client.integrates)
"""Agents that pf-tui can be installed into."""

STARTED: Mapping[str, Client] = {client.word: client for client in CLIENTS.values() if client.protocols}
"""Agents that `run` can start, by the word a person types."""
