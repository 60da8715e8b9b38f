"""`pf-tui auth helper`: the key of the provider an agent's settings point at, for its apiKeyHelper.

Standard library alone: Claude Code waits for it before a request. Invariant: without a provider
named, a key is printed only for the address it belongs to, so settings that point elsewhere get an
error and never a key.
"""

from __future__ import annotations

from pf_tui.catalog import Provider
from pf_tui.cli import output
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.integrations import claude_settings
from pf_tui.state import credentials, files
from pf_tui.state.context import Context
from pf_tui.state.parent_env import restored

NO_KEY = "none"
"""What a server that asks for no key is sent: without a helper Claude Code would send its own login there."""


def show(ctx: Context, provider_id: str | None) -> None:
    """Print the key and nothing else.

    Raises:
        UnknownName, PfError: nobody's address, or no key that may be used there.
    """
    output.raw(key(ctx, provider_id).encode() + b"\n")


def key(ctx: Context, provider_id: str | None) -> str:
    """The key itself, of the provider named or of the one the settings point at."""
    if provider_id is not None:
        named = ctx.catalog().provider(provider_id)
        return _reveal(ctx, [named], f"no key of {named.id} is kept here")
    address = claude_settings.address(ctx.cwd, ctx.env)
    if token := _gateway_token(ctx, address):
        return token
    there = [one for one in ctx.catalog().providers.values() if address in _addresses(one)]
    if not there:
        raise PfError(
            f"{address} belongs to no provider; no key was given", "`pf-tui switch PROVIDER` sets the address"
        )
    applied = ctx.health().agents.get("claude-code")
    order = ctx.config().priority or ctx.catalog().default_priority
    there.sort(
        key=lambda one: (
            applied is None or one.id != applied.provider,
            order.index(one.id) if one.id in order else len(order),
        )
    )
    return _reveal(ctx, there, f"no key for {address} is kept here")


def _reveal(ctx: Context, providers: list[Provider], problem: str) -> str:
    config = ctx.config()
    env = restored(ctx.env, ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"))
    for provider in providers:
        if provider.auth == "none":
            return NO_KEY
        secret = credentials.secret_for(provider, ctx.paths, config, env)
        if secret is not None:
            return secret.reveal()
    raise PfError(problem, f"`pf-tui auth set {providers[0].id}`")


def _addresses(provider: Provider) -> set[str]:
    """The addresses at which Claude Code reaches a provider."""
    known = (
        provider.claude_code.env.get(claude_settings.BASE_URL),
        provider.base_urls.get("anthropic-messages"),
    )
    return {claude_settings.plain(url) for url in known if url}


def _gateway_token(ctx: Context, address: str) -> str | None:
    """The loopback token, when the settings point at our own running gateway."""
    try:
        running = files.read_json(ctx.paths.gateway) or {}
    except StateFileUnusable:
        return None
    port, token = running.get("port"), running.get("token")
    ours = {f"http://{host}:{port}" for host in ("127.0.0.1", "localhost", "[::1]")}
    return token if isinstance(token, str) and port and address in ours else None
