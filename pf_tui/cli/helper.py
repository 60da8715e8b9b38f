"""`pf-tui auth helper`: the key for the agent that asks, and nothing else on stdout.

Standard library alone: Claude Code and Codex wait for it before a request.
"""

from __future__ import annotations

from pf_tui.cli import output
from pf_tui.integrations import key_release
from pf_tui.state.context import Context


def show(ctx: Context, provider_id: str | None) -> None:
    """Print the key and nothing else.

    Raises:
        UnknownName, PfError: nobody's address, no key that may be used there, or none that may leave.
    """
    output.raw(key_release.key(ctx, provider_id).encode() + b"\n")
