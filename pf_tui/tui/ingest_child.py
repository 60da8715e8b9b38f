"""The process that reads the agents' logs into the ledger, so that the dashboard never waits for it.

Run as `python -m pf_tui.tui.ingest_child`. Lines in: `go`, `stop`. Lines out, JSON: {"done", "total",
"seconds"} while it reads, then {"new", "skipped", "cancelled", "problem"}. It ends when its input does,
or when nothing was asked of it for a while. Knows no toolkit.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
import threading

from pf_tui.catalog import Catalog
from pf_tui.errors import PfError
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ingest.outcome import Progress

LINGER_S = 90.0
"""An agent at work writes every few seconds; starting anew for each row would cost more than waiting."""

NICENESS = 10


def main() -> None:
    """Do what the lines say until they end."""
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    ctx = Context.here("tui")
    priorities: queue.SimpleQueue[str] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(priorities, stop), daemon=True).start()
    while True:
        try:
            word = priorities.get(timeout=LINGER_S)
        except queue.Empty:
            return
        while word == "go" and not priorities.empty():
            word = priorities.get()
        if word == "end":
            return
        stop.clear()
        _tell(_read(ctx, stop))


def _listen(priorities: queue.SimpleQueue[str], stop: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == "stop":
            stop.set()
        else:
            priorities.put("go")
    stop.set()
    priorities.put("end")


def _read(ctx: Context, stop: threading.Event) -> dict[str, object]:
    def progress(now: Progress) -> None:
        _tell({"done": now.bytes_done, "total": now.bytes_total, "seconds": round(now.seconds, 2)})

    try:
        from pf_tui.ingest import pipeline

        total = pipeline.total_bytes(ctx.env, ctx.paths.ledger)
        _tell({"done": 0, "total": total, "seconds": 0.0})
        outcome = pipeline.ingest(
            ctx.paths.ledger, ctx.env, _catalog(ctx), progress=progress, is_cancelled=stop.is_set
        )
    except PfError as error:
        return _failed(str(error))
    except Exception as error:
        return _failed(f"the agents' logs cannot be read: {type(error).__name__}: {error}")
    return {
        "new": outcome.rows_new,
        "skipped": outcome.rows_skipped,
        "cancelled": outcome.cancelled,
        "problem": "; ".join(outcome.problems),
    }


def _catalog(ctx: Context) -> Catalog:
    """The catalog with the person's overlay; one that is wrong (the screen says so) stops no reading."""
    from pf_tui import catalog

    try:
        return ctx.catalog()
    except PfError:
        return catalog.load()


def _failed(problem: str) -> dict[str, object]:
    return {"new": 0, "skipped": 0, "cancelled": False, "problem": problem}


def _tell(line: dict[str, object]) -> None:
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except OSError:
        os._exit(0)  # nobody listens any more


if __name__ == "__main__":
    main()
