"""What agents ask while they work: hooks and the status line, on the standard library alone.

One module per agent, each with `handle(ctx, event, data) -> answer`. Invariant: whatever comes in and
whatever breaks, the agent goes on: exit 0, nothing on stderr, one line in hooks.log of the state directory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pf_tui import stdio
from pf_tui.clients import INTEGRATED
from pf_tui.hooks import deadline
from pf_tui.visible import escaped, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.state.context import Context

LIMIT_S = 8.0
"""An agent waits no longer for us; its own limit for a hook is set above that by `install`."""

STATUSLINE_LIMIT_S = 4.0

GATEWAY_S = 4.0
"""How long a session's start waits for the gateway to come up."""

_TERMINAL_MEMBERS = frozenset(("systemMessage", "reason", "answer", "toast", "refuse"))
"""Members of an answer that are put on a terminal; the others are data."""

MAX_BYTES = 32 * 1024 * 1024
"""Of one event. Agents send kilobytes; whole prompts with pictures come near ten megabytes."""


def run(agent: str, event: str, stdin: bytes | None, env: Mapping[str, str]) -> tuple[str, int]:
    """(answer for stdout, exit code) for one hook event; never raises.

    Args:
        agent: claude-code | codex | opencode.
        event: the agent's own name of it; unknown ones are answered with nothing.
        stdin: the event as JSON; missing fields are fine, no JSON at all is a line in the log.
            None = read it from the process's own, within the time limit.
        env: the agent's environment. It holds secrets: nothing of it is ever logged.
    """
    return _guarded(f"{agent} {event}", env, LIMIT_S, lambda: _handle(agent, event, _input(stdin), env)), 0


def statusline(stdin: bytes | None, env: Mapping[str, str], wrapped: str | None = None) -> tuple[str, int]:
    """(the status line, exit code) for Claude Code's status JSON; never raises.

    Args:
        wrapped: the person's own status line command, whose output goes first.
    """
    return _guarded("statusline", env, STATUSLINE_LIMIT_S, lambda: _line(_input(stdin), env, wrapped)), 0


def _input(stdin: bytes | None) -> bytes:
    return stdio.read(MAX_BYTES) if stdin is None else stdin


def _handle(agent: str, event: str, stdin: bytes, env: Mapping[str, str]) -> str:
    from pf_tui.hooks import reading

    data = reading.event(stdin, MAX_BYTES)
    ctx = reading.context(data, env)
    if agent not in INTEGRATED:
        raise ValueError("no such agent")
    name = f"pf_tui.hooks.{agent.replace('-', '_')}"
    module = __import__(name, fromlist=[agent])  # importlib would be one more module to load
    if _is_paused(ctx):
        reply: str = module.while_paused(ctx, event, data)
        return reply
    handle: Callable[..., str] = module.handle
    return handle(ctx, event, data)


def _is_paused(ctx: Context) -> bool:
    """A person keeps pf-tui out of every agent: sessions that began before still call us."""
    from pf_tui.integrations import apply

    return apply.paused(ctx) is not None


def _line(stdin: bytes, env: Mapping[str, str], wrapped: str | None) -> str:
    from pf_tui.hooks import status_line

    return status_line.line(stdin, env, wrapped)


def _guarded(what: str, env: Mapping[str, str], limit_s: float, work: Callable[[], str]) -> str:
    """What `work` returns; "" when it fails, with one line in the log."""
    try:
        from pf_tui.ledger import schema

        with deadline.within(limit_s), schema.deadline(limit_s):
            return work()
    except (Exception, deadline.TooLate) as error:
        from pf_tui.hooks import log  # seldom needed

        log.failure(what, error, env)
        return ""


def answer(content: Mapping[str, object]) -> str:
    """An answer in JSON, for agents that read one."""
    import json

    return escaped(json.dumps(_shown(content), ensure_ascii=False))


def _shown(content: Mapping[str, object]) -> dict[str, object]:
    """The answer with everything in it that an agent puts on the person's terminal made visible."""
    return {key: _lines(value) if key in _TERMINAL_MEMBERS else value for key, value in content.items()}


def _lines(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _lines(inner) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    if "pf-tui " in value or "pf-tui`" in value:  # a command, not the name before a sentence
        from pf_tui.called import spelled  # a module that few answers need

        value = spelled(value)
    return visible(value, keep="\n")
