"""The status document: who serves, who is next, and how every provider stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pf_tui.documents import trust
from pf_tui.rules.limits import Limit
from pf_tui.sessions.uses import Use, uses
from pf_tui.snapshot import AgentView, ProviderView, Serving, Snapshot, Usage
from pf_tui.state.clock import to_text
from pf_tui.state.credentials import Credential

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.sessions.records import Session


def document(now: Snapshot, only: str | None = None, sessions: Sequence[Session] = ()) -> dict[str, object]:
    """The whole document.

    Args:
        only: keep this provider alone in the list. Raises UnknownName.
        sessions: what runs now (`sessions.overview`), for what each agent really uses.
    """
    views = now.providers if only is None else (now.view(only),)
    return {
        "active": serving(now.active),
        "next": serving(now.next),
        "next_reason": now.next_reason,
        "auto_switch": now.auto_switch,
        "paused": moment(now.paused),
        "paid": now.paid,
        "question": question(now),
        "gateway": leading(now),
        "model": now.model,
        "project": str(now.project.root) if now.project else None,
        "project_file": trust.project(now.project),
        "agents": _agents(now, sessions),
        "providers": [provider(view) for view in views],
        "usage": {"today": usage(now.today), "month": usage(now.month)},
        "problems": list(now.problems),
        "at": to_text(now.at),
    }


def leading(now: Snapshot) -> dict[str, object]:
    """Whether agents are led to the gateway by their settings, which are, and where it runs."""
    return {
        "auto": now.config.leads_to_gateway,
        "url": now.gateway.url if now.gateway is not None else None,
        "led": [agent.agent for agent in now.agents if agent.direct is not None and not agent.stranded],
    }


def question(now: Snapshot) -> dict[str, object] | None:
    """What the person is asked: whether a paid provider may serve when the plan cannot."""
    question = now.question
    if question is None:
        return None
    return {
        "plan": question.plan,
        "back": moment(question.back),
        "provider": question.provider,
        "serves": question.serves,
    }


def _agents(now: Snapshot, sessions: Sequence[Session]) -> list[dict[str, object]]:
    """Installed agents, then those that merely run; what each was set to, and what it really uses."""
    use_by_agent = uses(sessions)
    installed: dict[str, AgentView] = {agent.agent: agent for agent in now.agents}
    agents = []
    for name in dict.fromkeys((*installed, *(use.agent for use in use_by_agent))):
        agent = installed.get(name)
        agents.append(
            {
                "agent": name,
                "installed": agent is not None,
                "applied": agent.applied if agent else None,
                "pending": agent.pending if agent else None,
                "via": "gateway" if agent and agent.direct and not agent.stranded else None,
                "uses": [_use(use) for use in use_by_agent if use.agent == name],
            }
        )
    return agents


def _use(use: Use) -> dict[str, object]:
    return {
        "provider": use.provider,
        "model": use.model,
        "sessions": use.sessions,
        "by": use.by,
        "observed_at": to_text(use.observed_at),
    }


def serving(serving: Serving | None) -> dict[str, object] | None:
    """Who serves, since when and why."""
    if serving is None:
        return None
    return {
        "provider": serving.provider,
        "model": serving.model,
        "since": moment(serving.since),
        "reason": serving.reason,
    }


def identity(view: ProviderView) -> dict[str, object]:
    """What a provider is called and where it stands in the order."""
    return {
        "id": view.id,
        "name": view.provider.name,
        "family": view.provider.family,
        "rank": view.rank,
    }


def provider(view: ProviderView) -> dict[str, object]:
    """The provider object that every document shares."""
    return {
        **identity(view),
        "enabled": view.enabled,
        "serves": view.serves,
        "auth": credential(view.provider.auth, view.credential),
        "health": health(view),
        "resting": resting(view),
        "limits": [limit(item) for item in view.limits],
        "usage": {"today": usage(view.today), "month": usage(view.month)},
    }


def resting(view: ProviderView) -> list[dict[str, object]]:
    """Models and model families that rest at a provider."""
    return [
        {"model": bench.model, "family": bench.family, "kind": bench.kind, "until": moment(bench.until)}
        for bench in view.resting
    ]


def credential(kind: str, credential: Credential) -> dict[str, object]:
    """Whether there is a credential and where; never the credential."""
    return {
        "kind": kind,
        "state": credential.state,
        "source": credential.source,
        "expires_at": moment(credential.expires_at),
    }


def health(view: ProviderView) -> dict[str, object]:
    """A provider's state, until when, why, and which observation said so."""
    tightest = view.tightest
    loud = tightest if view.state in ("warning", "limited") else None
    until, why = view.until, view.why
    if loud and loud.percent is not None:
        from pf_tui.rules import windows

        until = loud.resets_at
        why = f"{loud.percent:.0f} % of {windows.words(loud.window, loud.model)}"
    return {"state": view.state, "until": moment(until), "why": why, "evidence": _evidence(view)}


def limit(item: Limit) -> dict[str, object]:
    """The limit object: a window, what is used of it, and who says so."""
    return {
        "window": item.window,
        "unit": item.unit,
        "used": whole(item.used),
        "limit": whole(item.limit),
        "percent": None if item.percent is None else round(item.percent, 2),
        "resets_at": moment(item.resets_at),
        "source": item.source,
        "observed_at": to_text(item.observed_at),
        "runs_out_at": moment(item.runs_out_at),
        "model": item.model,
        "family": item.model,
    }


def usage(provider_usage: Usage) -> dict[str, object]:
    """Requests, tokens and money; cost_usd null = nobody can price it."""
    return {
        "requests": provider_usage.requests,
        "tokens": provider_usage.tokens,
        "cost_usd": provider_usage.cost_usd,
        "unpriced_tokens": provider_usage.unpriced_tokens,
    }


def moment(at: datetime | None) -> str | None:
    """ISO 8601 with offset, or null."""
    return None if at is None else to_text(at)


def whole(number: float | None) -> float | int | None:
    """62.0 as 62: what is counted reads as a count."""
    return int(number) if number is not None and float(number).is_integer() else number


def _evidence(view: ProviderView) -> dict[str, object] | None:
    if view.state == "benched" and view.bench:
        bench = view.bench
        return {
            "kind": bench.kind,
            "model": bench.model,
            "family": bench.family,
            "since": to_text(bench.since),
            "source": bench.source,
            "strikes": bench.strikes,
            **bench.evidence,
        }
    if view.state in ("exhausted", "limited", "warning") and (tightest := view.tightest):
        return limit(tightest)
    return None
