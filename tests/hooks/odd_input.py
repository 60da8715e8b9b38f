"""What an agent never sends to its hook, and what its hook answers all the same."""

from __future__ import annotations

import json

from pf_tui import hooks
from pf_tui.state.context import Context

WORDS = (b"", b"{}", b"[]", b"no json", b"\xff\xfe")


def survived(ctx: Context, agent: str, event: str, stdin: bytes) -> None:
    answer, code = hooks.run(agent, event, stdin, ctx.env)

    assert code == 0
    assert answer == "" or isinstance(json.loads(answer), dict)
