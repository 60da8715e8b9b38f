"""Which provider a session really uses, and who says so: the gateway before hooks, hooks before logs."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.catalog import Catalog
from pf_tui.ledger.session_costs import SessionCost
from pf_tui.rules import addresses
from pf_tui.sessions.evidence import Evidence
from pf_tui.sessions.identity import address
from pf_tui.sessions.records import Draft
from pf_tui.state.gateway import Gateway, LiveRequest, LiveSession
from pf_tui.state.health import Health

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.sessions.records import By

_GATEWAY = "pf-tui"
"""The provider that stands for the gateway in the settings of Codex and OpenCode: nobody that serves."""

_KEYS_FIRST = ("api_key", "token", "oauth", "subscription")


class Providers:
    """The catalog's providers by address and by agents' own words for them."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._by_address: dict[str, list[str]] = {}
        self._by_opencode: dict[str, str] = {}
        for provider in catalog.providers.values():
            urls = {*provider.base_urls.values(), provider.claude_code.env.get("ANTHROPIC_BASE_URL", "")}
            for host in {address(url) for url in urls if url and "{" not in url}:
                if host:
                    self._by_address.setdefault(host, []).append(provider.id)
        providers = sorted(
            catalog.providers.values(),
            key=lambda provider: (
                _KEYS_FIRST.index(provider.auth) if provider.auth in _KEYS_FIRST else len(_KEYS_FIRST)
            ),
        )
        for provider in providers:
            if provider.opencode_id:
                self._by_opencode.setdefault(provider.opencode_id, provider.id)

    def at(self, host: str) -> str | None:
        """The provider whose address this is, when it is one alone."""
        owners = self._by_address.get(host, [])
        return owners[0] if len(owners) == 1 else None

    def named(self, agent: AgentId, name: str) -> str | None:
        """The provider that an agent calls so; its own word when the catalog has no other.

        None for the gateway: only its log says who served.
        """
        if name == _GATEWAY:
            return None
        if name in self.catalog.providers:
            return name
        return self._by_opencode.get(name, name) if agent == "opencode" else name


def provider_of(
    draft: Draft,
    evidence: Evidence | None,
    cost: SessionCost | None,
    providers: Providers,
    gateway: GatewayView,
    health: Health,
) -> tuple[str | None, By | None, str | None]:
    """(provider, who says so, model the gateway sent); (None, None, None) when nothing says it."""
    if request := gateway.request(draft):
        return request.provider or None, "gateway", request.model
    host, host_by = (
        (evidence.base_url_host, "hook")
        if evidence and evidence.base_url_host
        else (draft.base_url, draft.base_url_by)
    )
    behind = gateway.is_at(host) if host is not None else draft.provider == _GATEWAY
    session = gateway.last_served(draft)
    if session and (behind or host is None):
        return session.provider, "gateway", session.model
    by_gateway = cost is not None and cost.provider is not None and cost.provider_source == "gateway"
    if by_gateway and cost and (behind or host is None):
        return cost.provider, "gateway", None
    if behind:
        return None, None, None
    if evidence and evidence.provider:
        return evidence.provider, "hook", None
    owner = providers.at(host) if host else None
    if owner and host_by == "hook":
        return owner, "hook", None
    served_session = health.sessions.get((draft.agent, draft.id))
    if served_session and not draft.provider:
        return served_session.provider, "hook", None
    if owner:  # what the process was started with: a switch by settings has changed it since, perhaps
        return owner, "process", None
    if cost and cost.provider and cost.provider != _GATEWAY:
        return cost.provider, "log", None
    name = providers.named(draft.agent, draft.provider) if draft.provider else None
    return (name, draft.provider_by, None) if name else (None, None, None)


def is_behind(draft: Draft, evidence: Evidence | None, gateway: GatewayView) -> bool:
    """Whether the session's requests go through the running gateway."""
    host = (evidence.base_url_host if evidence else None) or draft.base_url
    return (
        gateway.request(draft) is not None
        or gateway.is_at(host or "")
        or (host is None and (draft.provider == _GATEWAY or gateway.last_served(draft) is not None))
    )


class GatewayView:
    """The gateway's live facts by session."""

    def __init__(self, gateway: Gateway | None) -> None:
        self.port = gateway.port if gateway else None
        self._open: Mapping[tuple[str | None, str], LiveRequest] = (
            {(request.agent, request.session): request for request in gateway.live if request.session}
            if gateway
            else {}
        )
        self._served: Mapping[tuple[str | None, str], LiveSession] = (
            {(session.agent, session.session): session for session in gateway.sessions} if gateway else {}
        )

    def request(self, draft: Draft) -> LiveRequest | None:
        """The session's request under way; an agent that did not say who it is counts by the id alone."""
        return self._open.get((draft.agent, draft.id)) or self._open.get((None, draft.id))

    def last_served(self, draft: Draft) -> LiveSession | None:
        """What the session got last."""
        return self._served.get((draft.agent, draft.id)) or self._served.get((None, draft.id))

    def is_at(self, host: str) -> bool:
        """Whether an address is the running gateway's."""
        return addresses.is_here(f"//{host}", self.port)
