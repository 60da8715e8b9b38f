"""A Snapshot to draw: one afternoon, made from the real catalog and edited by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from pf_tui import snapshot
from pf_tui.records import replace
from pf_tui.rules.benches import Bench
from pf_tui.rules.eligibility import Skipped
from pf_tui.rules.failover import Choice
from pf_tui.rules.limits import Limit, Reading
from pf_tui.snapshot import ProviderView, Serving, Snapshot, Usage
from pf_tui.state.context import Context
from pf_tui.state.credentials import Credential
from pf_tui.state.journal import Event
from tests import readings

NOW = datetime(2026, 11, 24, 14, 2, tzinfo=UTC)

ORDER = (
    "anthropic-subscription",
    "openrouter",
    "openai-subscription",
    "zai-coding-plan",
    "bedrock",
    "deepseek-api",
)


def at(hours: float = 0, **more: float) -> datetime:
    return NOW + timedelta(hours=hours, **more)


def limit(window: str, percent: float, resets_at: datetime | None = None, **facts: object) -> Limit:
    known = {
        "unit": "percent",
        "used": percent,
        "limit": 100.0,
        "source": "official",
        "observed_at": at(minutes=-2),
        **facts,
    }
    return Limit(window=window, percent=percent, resets_at=resets_at, **known)


def filling() -> Iterator[Reading]:
    """How the windows of the first provider came to where they are."""
    five, week = at(1, minutes=38), at(67)
    for minutes, percent in ((170, 3), (150, 9), (121, 14), (100, 31), (61, 39), (40, 44), (21, 57), (2, 62)):
        yield readings.reading(percent, at=at(minutes=-minutes), resets_at=five)
    for hours, percent in ((90, 6), (72, 14), (54, 21), (30, 29), (12, 38), (1, 41)):
        yield readings.reading(percent, "7d", at=at(-hours), resets_at=week)


def afternoon(context: Callable[..., Context]) -> Snapshot:
    """Six providers, one used up, one benched; the first serves and will be empty at 15:12."""
    plain = snapshot.take(context(now=NOW))
    edited = {
        "anthropic-subscription": {
            "credential": Credential(state="present", source="login:~/.claude/.credentials.json"),
            "limits": (
                limit("5h", 62, at(1, minutes=38), runs_out_at=at(1, minutes=10)),
                limit("7d", 41, at(67)),
                limit("7d", 77, at(67), model="opus"),
                limit("day", 12, at(10), unit="usd", used=1.2, limit=10.0, source="budget"),
            ),
            "today": Usage(requests=214, tokens=31_000_000, cost_usd=4.18),
        },
        "openrouter": {
            "limits": (limit("day", 31, at(10), unit="usd", used=0.31, limit=1.0, source="budget"),),
            "today": Usage(requests=21, tokens=900_000, cost_usd=0.31),
        },
        "openai-subscription": {
            "state": "exhausted",
            "until": at(2, minutes=18),
            "why": "the 5-hour window is used up",
            "limits": (limit("5h", 100, at(2, minutes=18), source="rollout"),),
            "today": Usage(requests=60, tokens=4_000_000, cost_usd=2.02),
        },
        "zai-coding-plan": {"limits": (limit("5h", 18, at(4, minutes=2), source="header"),)},
        "bedrock": {
            "state": "benched",
            "until": at(minutes=8),
            "why": "benched (529 overloaded)",
            "bench": Bench(
                provider="bedrock",
                kind="overloaded",
                since=at(minutes=-2),
                until=at(minutes=8),
                source="hook",
                evidence={"status": 529, "text": "Overloaded", "agent": "claude-code"},
            ),
            "today": Usage(requests=9, tokens=200_000, cost_usd=0.12),
        },
        "deepseek-api": {
            "state": "warning",
            "limits": (limit("month", 83, at(8 * 24), unit="usd", used=8.3, limit=10.0, source="budget"),),
            "today": Usage(requests=30, tokens=700_000, cost_usd=0.09),
        },
    }
    views = {view.id: view for view in plain.providers}
    listed = [_edited(views.pop(name), rank, edited[name]) for rank, name in enumerate(ORDER, start=1)]
    rest = [replace(view, rank=None) for view in views.values()]
    event = Event(
        id="1",
        ts=at(minutes=-1),
        who="hook",
        action="failover",
        why="openai-subscription hit its 5-hour limit (429, resets 16:20)",
        before={"active": "openai-subscription"},
        after={"active": "anthropic-subscription"},
        undo={},
        evidence={"status": 429, "header": "x-ratelimit-reset: 8280"},
    )
    choice = Choice(
        provider="anthropic-subscription",
        model="claude-opus-5-5",
        reason="first in priority",
        skipped=(Skipped(provider="bedrock", code="benched", reason="benched (529 overloaded)"),),
    )
    return replace(
        plain,
        providers=(*listed, *rest),
        priority=ORDER,
        own_priority=ORDER,
        model="claude-opus-5-5",
        active=Serving(
            provider="anthropic-subscription",
            model="claude-opus-5-5",
            since=at(-3),
            reason="first in priority",
        ),
        next=Serving(provider="openrouter", model="claude-opus-5-5", since=None, reason="second in priority"),
        choice=choice,
        events=(event,),
        today=Usage(requests=334, tokens=36_800_000, cost_usd=6.72),
    )


def _edited(view: ProviderView, rank: int, changes: dict[str, object]) -> ProviderView:
    known = {
        "rank": rank,
        "state": "ready",
        "until": None,
        "why": None,
        "credential": Credential(state="present", source="env:KEY"),
        "serves": "claude-opus-5-5",
    }
    return replace(view, **{**known, **changes})
