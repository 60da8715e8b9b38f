"""The facts as frozen records: a provider, a model, how one serves the other.

Knows nothing of files; `building` makes records from the compiled form.
"""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.records import field, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

SERVED_PROTOCOLS: tuple[Protocol, ...] = ("anthropic-messages", "openai-chat", "openai-responses")
"""What agents speak and the gateway serves."""


@record
class PriceTier:
    """What a request longer than `above_input_tokens` costs, all of it; USD per million tokens."""

    above_input_tokens: int
    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None


@record
class Price:
    """USD per million tokens; None = nobody published it."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    """5-minute cache write."""
    cache_write_1h: float | None = None
    tiers: tuple[PriceTier, ...] = ()
    """For long requests, shortest first."""


@record
class LoginFile:
    """Where an agent keeps its own login; looked at for presence and expiry only."""

    path: str
    """May start with ~ or $VAR; `state.credentials` expands it."""
    key: str
    """Dotted path to the secret inside the JSON, e.g. "claudeAiOauth.accessToken"; "*" = any key."""
    kind: str | None = None
    """For OpenCode's auth.json: the entry's `type` must be this ("oauth", "api")."""
    expires_key: str | None = None
    """Dotted path to the expiry (ms epoch), if the file has one."""


@record
class ClaudeCodeMode:
    """How Claude Code can be set to this provider."""

    mode: str
    """native | anthropic-compatible | proxy | none"""
    env: Mapping[str, str] = field(default_factory=dict)
    """What a switch writes into settings.json `env`; never a secret."""
    note: str | None = None


@record
class Plan:
    """What a flat plan costs, list price."""

    provider: str
    id: str
    name: str
    usd_per_month: float
    source: str


@record
class Provider:
    """One way to reach models: a host and a way to sign in."""

    id: str
    name: str
    family: str
    auth: str
    """subscription | oauth | api_key | token | iam | service_account | none (own servers without a key)"""
    env: tuple[str, ...] = ()
    """Variables that each carry a usable credential, best first."""
    env_pointers: tuple[str, ...] = ()
    """Those of `env` that only point at one (AWS_PROFILE): presence counts, the value is no key."""
    env_all: tuple[str, ...] = ()
    """Variables that are needed together (AWS); all must be set."""
    env_maybe: tuple[str, ...] = ()
    """Variables that may mean something else (GITHUB_TOKEN): presence is only "unknown"."""
    logins: tuple[LoginFile, ...] = ()
    login_command: str | None = None
    """The agent's own login, e.g. "claude /login": pf-tui names it, never runs it."""
    protocols: tuple[str, ...] = ()
    """anthropic-messages, openai-chat, openai-responses, gemini, bedrock-invoke …"""
    base_urls: Mapping[str, str] = field(default_factory=dict)
    """protocol -> base URL. anthropic-messages excludes /v1; openai-* are the SDK's base_url with /v1."""
    blanks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Blank in a base URL -> variables that hold it; a last "=value" holds without any."""
    carries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Model family -> protocols its models are served over there; "*" = others; {} = all over all."""
    form: str = ""
    """"vertex": model and verb stand in the path, the protocol's version in the body."""
    signing: str = ""
    """"aws" | "google": what proves a request without a key; "" = a key alone does."""
    console_url: str | None = None
    opencode_id: str | None = None
    genai_id: str | None = None
    """Provider id in genai-prices."""
    default_model: str | None = None
    claude_code: ClaudeCodeMode = ClaudeCodeMode(mode="none")
    default_rank: int = 0
    """Position in the catalog's default priority, from 1."""
    billing: str = ""
    plan: bool = False
    """A flat plan or login: its cost is a list-price equivalent, not a bill."""
    agent_only: str | None = None
    """Set when only that agent can use the login ("opencode", "codex", "claude-code", "gemini")."""
    warning: str | None = None
    note: str | None = None
    """What a person must know to use it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True
    custom: bool = False
    """Came from the person's providers.yaml."""

    @property
    def is_routable(self) -> bool:
        """It speaks a protocol that the gateway serves."""
        return any(name in self.protocols for name in SERVED_PROTOCOLS)


@record
class ServedModel:
    """A model as one provider serves it."""

    native_id: str
    context: int | None = None
    shutdown: str | None = None
    """Published end there (ISO date; Vertex and Gemini publish the earliest): warns, never blocks."""
    retired: bool = False
    price: Price | None = None
    """Only where the person's overlay sets one."""


@record
class Model:
    """A model under the name pf-tui shows and keeps."""

    id: str
    name: str
    family: str
    subfamily: str
    tier: str
    """frontier | balanced | fast | reasoning | audio | image | embedding"""
    status: str
    """active | preview | deprecated | retired"""
    successor: str | None = None
    base_model: str | None = None
    """The catalog model this is, under another name (Antigravity's)."""
    aliases: tuple[str, ...] = ()
    """Short names agents use ("opus")."""
    context: int
    """Tokens every listed provider accepts (smallest published window)."""
    context_max: int
    max_output: int | None = None
    capabilities: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    price: Price | None = None
    release_date: str | None = None
    retires: str | None = None
    """Announced end at its own vendor (ISO date)."""
    note: str | None = None
    providers: Mapping[str, ServedModel] = field(default_factory=dict)
    extra: bool = False
    """Beside the 116; shown with --all."""
    custom: bool = False
    """Came from the person's providers.yaml."""


@record
class Resolved:
    """The model that a spelling means."""

    model: Model
    note: str | None = None
    """E.g. "claude-sonnet-4-20250514 is retired: served by claude-sonnet-5-5"."""
