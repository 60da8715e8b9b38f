"""The usage of a delivered turn, into the ledger before the next ingest would find it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pf_tui.hooks.opencode_routing import turn
from pf_tui.hooks.reading import text
from pf_tui.ingest import from_hook
from pf_tui.ingest import opencode as source
from pf_tui.ingest.observed import LoggedRequest, ParsedLogs
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context


def record(ctx: Context, now: Snapshot, data: Mapping[str, object]) -> list[tuple[str, str, datetime]]:
    """Write the turn's messages down; returns (our provider, OpenCode's model, begin) of each one delivered.

    What the gateway served has its row already, under the name of who really did.
    """
    names = turn(ctx, now, data).names
    messages = data.get("messages")
    logged_requests: list[LoggedRequest] = []
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict) and not message.get("served_by"):
            provider = names.own_id(text(message, "providerID")) or text(message, "providerID")
            logged_requests += [
                request._replace(provider=provider) for request in _requests_of(message, data, names.logins)
            ]
    if logged_requests:
        from_hook.record(ctx.paths.ledger, source.AGENT, logged_requests, now.catalog)
    return [
        (provider, request.model, datetime.fromtimestamp(request.ts / 1000, UTC))
        for request in logged_requests
        if (provider := request.provider or "") in now.catalog.providers and request.failure is None
    ]


def _requests_of(
    message: dict[str, object], data: Mapping[str, object], providers: source.Providers
) -> tuple[LoggedRequest, ...]:
    """The message as OpenCode's database would tell it."""
    logs = ParsedLogs()
    session, folder = text(data, "session_id"), text(data, "cwd")
    aside = bool(text(data, "parent"))
    requests = source.take(message, text(message, "id"), session, folder, aside, providers, logs)
    if requests is not None:
        logs.add(requests)
    return tuple(logs.requests.values())
