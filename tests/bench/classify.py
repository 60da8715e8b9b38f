"""What reading a failed answer costs, beside json.loads of its body: typical answers, and a storm of one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime

from pf_tui.catalog import load
from pf_tui.rules import failures

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROUNDS, TIMES = 7, 100
LONG_TIMES = 5
"""Long answers of a round: each is a string of its own."""

ANSWERS = {
    "429 with retry-after": (429, "Number of request tokens has exceeded your per-minute limit", "30"),
    "529 overloaded": (529, "Overloaded", None),
    "401 with a key in it": (401, "Incorrect API key provided: sk-proj-abcdefgh12345678.", None),
    "429 with a time in words": (
        429,
        "Usage limit reached for 5 hour. Your limit will reset at 2026-11-25 00:35:41",
        None,
    ),
    "429 with a clock in words": (429, "You've hit your session limit · resets 3pm (Europe/Berlin)", None),
    "500 that says nothing": (500, "", None),
}

LONG = {
    "503, a page of 100 KB": (
        503,
        "<html><head><title>503 Service {} Unavailable</title></head><body>"
        + "<div class='x'>text</div>" * 4_000,
    ),
    "429, JSON of 1 MB": (
        429,
        '{{"error":{{"message":"Rate limit reached {}","debug":['
        + ",".join(['{{"a":"0123456789abcdef"}}'] * 40_000)
        + "]}}",
    ),
}


def main() -> None:
    """Print the table."""
    meanings = load().meanings
    print(f"{'answer':28} {'µs, each new':>14} {'µs, a storm':>14} {'json alone':>12}")
    for name, (status, message, wait) in ANSWERS.items():
        headers = {"retry-after": wait} if wait else {}
        bodies = [
            json.dumps(
                {"error": {"type": "error", "message": f"{message} {number}"}, "request_id": f"r{number}"}
            )
            for number in range(ROUNDS * TIMES)
        ]

        def read(body: str, status: int = status, headers: dict[str, str] = headers) -> None:
            failures.classify(
                status=status, headers=headers, body=body, now=NOW, meanings=meanings, model="claude-opus-5-5"
            )

        fresh, storm = _cost_us(read, bodies), _cost_us(read, bodies[:1] * len(bodies))
        print(f"{name:28} {fresh:14.0f} {storm:14.0f} {_cost_us(json.loads, bodies):12.1f}")
    for name, (status, form) in LONG.items():
        best = float("inf")
        for part in range(ROUNDS):
            bodies = [form.format(f"{part}x{number}") for number in range(LONG_TIMES)]
            began = time.process_time()
            for body in bodies:
                failures.classify(
                    status=status, body=body, now=NOW, meanings=meanings, model="claude-opus-5-5"
                )
            best = min(best, (time.process_time() - began) / LONG_TIMES)
        print(f"{name:28} {best * 1e6:14.0f}")


def _cost_us(run: Callable[[str], object], bodies: list[str]) -> float:
    """CPU time of one call, the best of several rounds."""
    best = float("inf")
    for part in range(ROUNDS):
        began = time.process_time()
        for body in bodies[part * TIMES : (part + 1) * TIMES]:
            run(body)
        best = min(best, (time.process_time() - began) / TIMES)
    return best * 1e6
