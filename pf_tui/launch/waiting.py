"""`pf-tui run --resume-at-reset` while no provider can serve: wait for the first that is back.

The files are looked at again and again: a reset that passes, a release, a new key, a switch or a pause ends
the wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pf_tui import snapshot
from pf_tui.clients import Client
from pf_tui.errors import NothingCanServe
from pf_tui.launch import plan
from pf_tui.launch.plan import LaunchRoute
from pf_tui.rules.eligibility import Skipped
from pf_tui.rules.failover import first_back
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context

LOOK_S = 1.0
"""Between two looks at the files; one costs about 10 ms of processor."""


def until_served(
    ctx: Context,
    agent: Client,
    *,
    pass_through: bool = False,
    show: Callable[[Snapshot, Skipped], None],
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Snapshot, LaunchRoute | None]:
    """Wait until a provider can serve the agent; returns the files as they are then, and who serves.

    None = pf-tui was paused meanwhile: the agent runs by itself.

    Args:
        show: called at each look that finds no provider, with the one that is back first.
    Raises:
        NothingCanServe: no provider rests with an end, so that waiting would not help.
    """
    while True:
        now = snapshot.take(ctx)
        if now.paused:
            return now, None
        try:
            return now, plan.launch_route(now, agent, pass_through=pass_through)
        except NothingCanServe:
            skipped = now.route(plan.request_of(now, agent, pass_through=pass_through)).skipped
            back = first_back(skipped)
            if back is None:
                raise
        show(now, back)
        sleep(LOOK_S)
