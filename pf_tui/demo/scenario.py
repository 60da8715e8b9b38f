"""Who plays in the demo: names only, no clock and no file."""

from __future__ import annotations

from pf_tui.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

MODEL = "claude-opus-5-5"
"""The model the person of the demo asks for."""

PRIORITY = (
    "anthropic-subscription",
    "openrouter",
    "zai-coding-plan",
    "anthropic-api",
    "openai-subscription",
    "bedrock",
    "deepseek-api",
    "github-copilot",
)
"""The last one has no login, as in real life."""

NO_KEY = "demo-value-that-opens-nothing"
"""Stands where a key would be; it is longer than some checks want, and looks like no vendor's."""

IN_AUTH_JSON = ("openrouter", "zai-coding-plan", "anthropic-api", "deepseek-api")
"""Providers whose key lies in the demo's auth.json."""

IN_ENVIRONMENT = {"AWS_PROFILE": "demo"}


@record
class Work:
    """One kind of work the person of the demo does."""

    agent: AgentId
    model: str
    provider: str
    """Who serves it on a good day."""
    fallback: str
    """Who took over when that one was limited."""
    fallback_model: str
    share: int
    """How often, in parts of the sum of all shares."""
    depth: int
    """Tokens of context a session grows to."""


WORK = (
    Work(
        agent="claude-code",
        model=MODEL,
        provider="anthropic-subscription",
        fallback="openrouter",
        fallback_model=MODEL,
        share=9,
        depth=110_000,
    ),
    Work(
        agent="claude-code",
        model="claude-haiku-4-5-20251001",
        provider="anthropic-subscription",
        fallback="anthropic-api",
        fallback_model="claude-haiku-4-5-20251001",
        share=3,
        depth=24_000,
    ),
    Work(
        agent="opencode",
        model="glm-5.3",
        provider="zai-coding-plan",
        fallback="deepseek-api",
        fallback_model="deepseek-v4-pro",
        share=5,
        depth=70_000,
    ),
    Work(
        agent="codex",
        model="gpt-5.6-sol",
        provider="openai-subscription",
        fallback="openrouter",
        fallback_model="gpt-5.6-sol",
        share=4,
        depth=90_000,
    ),
)

PROJECTS = ("webshop", "ledger-api", "mobile-app", "docs-site", "данные-пайплайн")
"""Folders below ~/code; one is not ASCII, as people's folders are."""

ON_PLAN_ALONE = "ledger-api"
"""Its own list names the plan and nobody else: its session waits for the reset, and goes on by itself."""

PROJECT_SHARES = (8, 6, 4, 2, 1)
