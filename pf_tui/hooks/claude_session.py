"""Where a Claude Code session's requests go, as its own environment and settings say.

Claude Code gives hooks its environment with settings `env` laid over it, so variables that a switch emptied
come empty. The person's own values are looked up where Claude Code was started with them, in memory only.
"""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.integrations import apply, claude_address
from pf_tui.records import replace
from pf_tui.rules import key_homes
from pf_tui.rules.addresses import is_here
from pf_tui.state import gateway, health, logins
from pf_tui.state.context import Context
from pf_tui.state.health import AgentSetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.snapshot import Snapshot

AGENT: AgentId = "claude-code"

_CLIENT = ("CLAUDE_PID", "CLAUDE_CODE_SESSION_ID", "CLAUDE_PROJECT_DIR")
"""Variables that only the client itself gives its hooks."""


def as_person(ctx: Context) -> Context:
    """The same context with the keys that our route has emptied for Claude Code's children."""
    if all(ctx.env.get(name) != "" for name in logins.CLAUDE_KEYS):
        return ctx
    from pf_tui.state.parent_env import restored  # for sessions whose settings empty a key

    return replace(ctx, env=restored(ctx.env, logins.CLAUDE_KEYS))


def behind_gateway(ctx: Context) -> bool:
    """The session's requests go to the gateway of this state directory, running or just gone."""
    url = ctx.env.get(key_homes.BASE_URL, "")
    if not url:
        return False
    running = gateway.read(ctx.paths)
    if running is not None and is_here(url, running.port):
        return True
    from pf_tui.rules.own_headers import TOKEN_HEADER  # most sessions have no address of their own

    return f"{TOKEN_HEADER}:" in ctx.env.get("ANTHROPIC_CUSTOM_HEADERS", "").lower()


def provider(ctx: Context, now: Snapshot) -> str | None:
    """Who serves the session; None when its address belongs to nobody we know.

    A real client's environment is believed; called by hand, the active provider is meant.
    """
    setting = next((agent.applied for agent in now.agents if agent.agent == AGENT and agent.applied), None)
    active = now.active.provider if now.active else None
    url = ctx.env.get(key_homes.BASE_URL)
    if url is None and not any(ctx.env.get(name) for name in _CLIENT):
        return setting or active
    url = claude_address.address(ctx.cwd, ctx.env)
    owners = [
        entry.id
        for entry in now.catalog.providers.values()
        if url in addresses(entry.claude_code.env, entry.base_urls)
    ]
    for provider_id in (setting, active):
        if provider_id in owners:
            return provider_id
    if url == key_homes.VENDOR_URL:
        has_login = now.view("anthropic-subscription").credential.state != "missing"
        return logins.claude_provider(ctx.env, has_login=has_login) or "anthropic-api"
    return owners[0] if owners else None


def reload_s(ctx: Context, now_s: float) -> float:
    """Seconds until the client will have read settings that were just written; 0 when it has, or will not.

    A prompt sent before that would go to the provider that was left.
    """
    url = ctx.env.get(key_homes.BASE_URL)
    if not any(ctx.env.get(name) for name in _CLIENT) or behind_gateway(ctx):
        return 0.0
    *nearer, own = claude_address.settings_files(ctx.cwd, ctx.env)
    for path in nearer:
        inner = claude_address.read(path).get("env")
        if isinstance(inner, dict) and inner.get(key_homes.BASE_URL):
            return 0.0
    inner = claude_address.read(own).get("env")
    base_url = inner.get(key_homes.BASE_URL) if isinstance(inner, dict) else None
    if not isinstance(base_url, str) or base_url == url:
        return 0.0
    try:
        age = now_s - own.stat().st_mtime
    except OSError:
        return 0.0
    return max(claude_address.RELOAD_S - age, 0.0) if age >= 0 else 0.0


def addresses(env: Mapping[str, str], base_urls: Mapping[str, str]) -> set[str]:
    """The addresses at which Claude Code reaches a provider."""
    bases = (env.get(key_homes.BASE_URL), base_urls.get("anthropic-messages"))
    return {claude_address.plain(url) for url in bases if url}


def follow_settings(ctx: Context) -> None:
    """Adopt the provider in the agent's settings when it differs from ours. Caller holds the lock."""
    setting = ctx.health().agents.get(AGENT) if AGENT in apply.installed(ctx) else None
    path = claude_address.config_folder(ctx.env) / "settings.json"
    inner = claude_address.read(path).get("env")
    url = inner.get(key_homes.BASE_URL) if isinstance(inner, dict) else None
    if setting is None or not isinstance(url, str):
        return
    owners = [
        entry.id
        for entry in ctx.catalog().providers.values()
        if claude_address.plain(url) in addresses(entry.claude_code.env, entry.base_urls)
    ]
    if not owners or setting.provider in owners:
        return
    from pf_tui.ledger import reader as ledger  # most changes lead nowhere else

    moment = ctx.now()
    adopted = AgentSetting(provider=owners[0], since=moment)
    health.change(ctx.paths, lambda old: replace(old, agents={**old.agents, AGENT: adopted}))
    ledger.applied(ctx.paths.ledger, AGENT, owners[0], moment)
