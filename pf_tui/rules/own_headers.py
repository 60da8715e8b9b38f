"""Headers between an agent, or pf-tui for it, and the gateway; none of them goes on to a provider."""

from __future__ import annotations

TOKEN_HEADER = "x-pf-token"  # noqa: S105 - a header's name
"""Holds the gateway's token where the agent's own login travels in the usual ones."""

PASS_HEADER = "x-pf-pass-through"  # noqa: S105 - a header's name
"""Says, beside the token, that the agent's own login may go to its own vendor."""

PROJECT_HEADER = "x-pf-project"
"""The folder the agent works in, percent-encoded, so that its project's own list holds."""

RESUME_HEADER = "x-pf-resume"
"""Says that the session goes on by itself at the reset: the gateway lets its client ask again until then."""

PROVIDER_HEADER = "x-pf-provider"
"""In an answer: who gave it."""
