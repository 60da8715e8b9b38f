"""The field's closed lists of words, as types: what a kind, a state or a protocol may be called.

For type checkers alone: nothing is made at run time, so hooks pay nothing for it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    SessionKey: TypeAlias = tuple[str, str]
    """(agent, session id): two agents may have given the same id."""

    Protocol: TypeAlias = Literal["anthropic-messages", "openai-chat", "openai-responses"]
    """A protocol that agents speak and the gateway serves."""

    ProviderState: TypeAlias = Literal[
        "ready", "warning", "limited", "exhausted", "benched", "no-credential", "disabled"
    ]
    """How a provider stands; ready, warning and limited can serve."""

    CredentialState: TypeAlias = Literal["present", "missing", "expired", "unknown"]

    SkipCode: TypeAlias = Literal[
        "disabled",
        "no-credential",
        "benched",
        "exhausted",
        "model",
        "protocol",
        "agent",
        "login",
        "failed",
        "paid",
    ]
    """Why a provider was not chosen."""

    RouteHow: TypeAlias = Literal["native", "dialect", "translated", "login"]
    """How a request reaches a provider: its own protocol and vendor, its own protocol elsewhere, another
    protocol, or the agent's own login without the gateway."""

    WindowName: TypeAlias = Literal["minute", "hour", "5h", "7d", "day", "month", "budget"]
    """A window of a plan or a person's limit; "budget" is that of the key that asks."""

    WindowUnit: TypeAlias = Literal["percent", "tokens", "requests", "usd"]

    ReadingSource: TypeAlias = Literal[
        "official", "header", "overage", "rollout", "text", "estimate", "budget"
    ]
    """Who told of a window: the agent's status line, response headers, headers of a window that is beyond its
    limit and still served, a Codex rollout, an error's words, our own guess; a person's budget."""

    FailureKind: TypeAlias = Literal[
        "rate",
        "quota",
        "windowless",
        "overload",
        "server",
        "auth",
        "account",
        "address",
        "model",
        "context",
        "unsupported",
        "request",
        "network",
        "timeout",
    ]
    """Class of a failure: a line of the table in rules/failure_classes.py."""

    FailureScope: TypeAlias = Literal["provider", "family", "model"]
    """What rests after a failure."""

    MeaningScope: TypeAlias = Literal["provider", "family", "model", "request"]
    """What an answer concerns; "request" = nothing rests."""
