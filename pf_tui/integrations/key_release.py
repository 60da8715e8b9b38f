"""The one door through which a key leaves for an agent: only for the address the next request goes to.

Whoever asks, by address (Claude Code) or by name (Codex), gets the key of a provider whose home that address
is, our own gateway's token, or nothing and the reason, which doctor shows. The way is looked at before and
after the key was fetched: a keyring may take seconds, and a switch in between would send the old key to
the new host.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection

from pf_tui.catalog import Provider
from pf_tui.errors import PfError
from pf_tui.integrations import claude_route
from pf_tui.rules import addresses, key_homes
from pf_tui.state import clock, credentials, files, gateway
from pf_tui.state.ancestors import Process
from pf_tui.state.context import Context
from pf_tui.state.parent_env import restored

NO_KEY = "none"
"""What a server that asks for no key is sent: without a helper Claude Code would send its own login there."""

FILE = "key-helper.json"
"""In the state directory: the last refusals, by folder. No secret, no address path."""

MOST = 20


def key(ctx: Context, provider_id: str | None) -> str:
    """The key for the agent that called us; a refusal is noted for doctor.

    Args:
        provider_id: the provider the agent's settings name; None = whose address they name.
    Raises:
        UnknownName, PfError: no key is here, or none may leave.
    """
    try:
        caller = claude_route.called_by()
        secret = _key(ctx, provider_id, caller)
    except PfError as error:
        _note(ctx, error)
        raise
    _forget(ctx)
    return secret


def address(ctx: Context, caller: Process | None, keys: Collection[str] = ()) -> str:
    """Where Claude Code's next request from this folder goes.

    Args:
        keys: variables that a project may not set.
    Raises:
        PfError: that is not certain.
    """
    return claude_route.next_address(ctx.cwd, ctx.env, caller, ctx.now().timestamp(), keys)


def refusals(ctx: Context) -> tuple[dict[str, str], ...]:
    """`{"at","folder","why"}` of the last refusals, newest first. Never raises."""
    try:
        content = files.read_json(ctx.paths.home / FILE) or {}
    except PfError:
        return ()
    items = content.get("refusals")
    return tuple(item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()


def _key(ctx: Context, provider_id: str | None, caller: Process | None) -> str:
    if provider_id is None or (caller is not None and caller.is_program(claude_route.PROGRAM)):
        return _for_claude(ctx, provider_id, caller)
    from pf_tui.integrations import codex_parts, codex_route  # with tomllib: for Codex alone

    if provider_id == codex_parts.GATEWAY:
        port, token = gateway.agents_token(ctx.paths) or (0, "")
        if not port:
            raise PfError("no gateway runs, so no token was given", "`pf-tui gateway start`")
        codex_route.check_gateway(ctx, f"http://{addresses.LOOPBACK_IN_URL[0]}:{port}", caller)
        return token
    provider = ctx.catalog().provider(provider_id)

    def way() -> str:
        return codex_route.next_address(ctx, provider, caller)

    return _fetched(ctx, [provider], way, f"no key of {provider.id} is kept here")


def _for_claude(ctx: Context, provider_id: str | None, caller: Process | None) -> str:
    url = address(ctx, caller)
    if (token := _gateway_token(ctx, url)) is not None:
        return token
    providers = ctx.catalog().providers.values()
    owners = [provider for provider in providers if key_homes.belongs(provider, url)]
    if provider_id is not None:
        named_provider = ctx.catalog().provider(provider_id)
        owners = [provider for provider in owners if provider.id == named_provider.id]
    if not owners:
        whose = f"is no address of {provider_id}" if provider_id else "belongs to no provider"
        cure = "`pf-tui switch PROVIDER` sets the address"
        raise PfError(f"{key_homes.shown(url)} {whose}; no key was given", cure)
    agent_entry = ctx.health().agents.get("claude-code")
    order = ctx.config().priority or ctx.catalog().default_priority
    owners.sort(
        key=lambda provider: (
            agent_entry is None or provider.id != agent_entry.provider,
            order.index(provider.id) if provider.id in order else len(order),
        )
    )
    keys = {name for provider in owners for name in provider.env}

    def way() -> str:
        return address(ctx, caller, keys)

    return _fetched(ctx, owners, way, f"no key for {key_homes.shown(url)} is kept here")


def _fetched(ctx: Context, providers: list[Provider], way: Callable[[], str], problem: str) -> str:
    """The first key that is here, if the way is the same before and after it was fetched."""
    url = way()
    config = ctx.config()
    env = restored(ctx.env, ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"))
    for provider in providers:
        if provider.auth == "none":
            return NO_KEY
        secret = credentials.secret_for(provider, ctx.paths, config, env, to=url)
        if secret is not None:
            if way() != url:
                raise PfError("no key was given: the address changed while the key was fetched", "ask again")
            return secret.reveal()
    raise PfError(problem, f"`pf-tui auth set {providers[0].id}`")


def _gateway_token(ctx: Context, url: str) -> str | None:
    """The loopback token, when the settings point at our own running gateway."""
    port, token = gateway.agents_token(ctx.paths) or (0, "")
    addresses_of_gateway = [f"http://{name}:{port}" for name in addresses.LOOPBACK_IN_URL]
    return token if port and any(key_homes.same_address(url, own) for own in addresses_of_gateway) else None


def _note(ctx: Context, error: PfError) -> None:
    """Keep the reason for doctor; an agent is never held up by it."""
    entry = {"at": clock.to_text(ctx.now()), "folder": str(ctx.cwd), "why": error.message, "cure": error.hint}
    _change(ctx, lambda others: [entry, *others][:MOST])


def _forget(ctx: Context) -> None:
    if (ctx.paths.home / FILE).exists() and any(item.get("folder") == str(ctx.cwd) for item in refusals(ctx)):
        _change(ctx, lambda others: others)


def _change(ctx: Context, edit: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    path = ctx.paths.home / FILE
    try:
        if path.exists() and not stat.S_ISREG(os.lstat(path).st_mode):
            return
        with files.locked(ctx.paths, 0.2):
            others = [item for item in refusals(ctx) if item.get("folder") != str(ctx.cwd)]
            content: dict[str, object] = {"version": 1, "refusals": edit(others)}
            files.write_json(path, content)
    except PfError:
        return
