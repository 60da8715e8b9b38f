"""Which provider served a transcript row, when the row does not say.

In order: the gateway's record of the same request → the agent's own provider id → what the agent was
set to at that moment (the timeline) → assumed from the agent's configured login. Each row says which.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path

from pf_tui import regular_files
from pf_tui.catalog import Catalog
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError
from pf_tui.rules import addresses
from pf_tui.rules.key_homes import VENDOR_URL
from pf_tui.state import logins, paths


class Attribution:
    """What is known of who serves one agent."""

    def __init__(
        self, timeline: Timeline, assumed: str, name_of: Callable[[str], str | None] = lambda name: name
    ) -> None:
        self.timeline = timeline
        self.assumed = assumed
        self.provider_called = name_of
        """Our id for the agent's own word for a provider; None when that says nothing."""


class Timeline:
    """What one agent was set to, by time."""

    def __init__(self, entries: list[tuple[int, str]]) -> None:
        self._starts = [ts for ts, _ in entries]
        self._providers = [provider for _, provider in entries]

    def __bool__(self) -> bool:
        return bool(self._starts)

    def at(self, ts_ms: int) -> str | None:
        """The provider then; None before the first entry."""
        index = bisect_right(self._starts, ts_ms)
        return self._providers[index - 1] if index else None


def assumed(agent: str, env: Mapping[str, str], catalog: Catalog) -> str:
    """The provider an agent is configured for now; "unknown" when nothing says so."""
    provider = _ASSUMED.get(agent)
    if provider is None:
        provider = getattr(import_module(f"pf_tui.ingest.{CLIENTS[agent].module}"), "assumed", None)
    return provider(env, catalog) if provider else "unknown"


def provider_at(url: str, catalog: Catalog, protocols: Iterable[str] = ("anthropic-messages",)) -> str | None:
    """The provider whose base URL this is; None when it is nobody's."""
    protocol_set = set(protocols)
    providers = [provider for provider in addresses.at(url, catalog.providers.values()) if not provider.plan]
    return next((provider.id for provider in providers if protocol_set & provider.base_urls.keys()), None)


def codex_names(env: Mapping[str, str], catalog: Catalog) -> Callable[[str], str | None]:
    """Codex's model_provider as our id: its own "openai" by the login it has, others by name or base URL."""
    tables = _codex_providers(env)

    def provider_called(name: str) -> str | None:
        if name == "openai":
            return logins.codex_provider(env)
        if name in catalog.providers:
            return name
        url = tables.get(name, {}).get("base_url")
        host, _ = addresses.host_and_port(url) if isinstance(url, str) else ("", None)
        if not host or addresses.is_loopback(host):
            return None  # a gateway: who served behind it is for the gateway to say
        return provider_at(str(url), catalog, ("openai-responses", "openai-chat")) or name

    return provider_called


def _codex_providers(env: Mapping[str, str]) -> dict[str, dict[str, object]]:
    """[model_providers.*] of config.toml."""
    import tomllib

    base = paths.config_folder("codex", env)
    try:
        tables = tomllib.loads(regular_files.read_regular(base / "config.toml").decode("utf-8")).get(
            "model_providers", {}
        )
    except (OSError, ValueError, RecursionError):
        return {}
    return (
        {name: table for name, table in tables.items() if isinstance(table, dict)}
        if isinstance(tables, dict)
        else {}
    )


def _claude(env: Mapping[str, str], catalog: Catalog) -> str:
    base = _claude_folder(env)
    settings = _read(base / "settings.json")
    inner = settings.get("env")
    settings_env = {
        **env,
        **{key: str(value) for key, value in (inner if isinstance(inner, dict) else {}).items()},
    }
    if settings_env.get("CLAUDE_CODE_USE_BEDROCK") == "1":
        return "bedrock"
    if settings_env.get("CLAUDE_CODE_USE_VERTEX") == "1":
        return "vertex"
    url = settings_env.get("ANTHROPIC_BASE_URL", "")
    if url and addresses.host_and_port(url) != addresses.host_and_port(VENDOR_URL):
        return provider_at(url, catalog) or "unknown"
    if settings.get("apiKeyHelper"):
        return "anthropic-api"
    has_login = bool(_read(base / ".credentials.json").get("claudeAiOauth"))
    return logins.claude_provider(settings_env, has_login=has_login) or "unknown"


def _claude_folder(env: Mapping[str, str]) -> Path:
    try:
        return paths.config_folder("claude-code", env)
    except PfError:
        return Path("/nonexistent")


def _codex(env: Mapping[str, str], catalog: Catalog) -> str:
    return logins.codex_provider(env) or "unknown"


def _gemini(env: Mapping[str, str], catalog: Catalog) -> str:
    if env.get("GEMINI_API_KEY") or env.get("GOOGLE_API_KEY"):
        return "google-api"
    if (paths.config_folder("gemini", env) / "oauth_creds.json").is_file():
        return "google-oauth"
    return "unknown"


_ASSUMED: Mapping[str, Callable[[Mapping[str, str], Catalog], str]] = {
    "claude-code": _claude,
    "codex": _codex,
    "gemini": _gemini,
}
"""Hooks ask of these, so they are not in their modules: reading logs takes more than the standard library."""


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(regular_files.read_regular(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
