"""Thirty days of a person's use, made from a seed. Pure: the clock and the zone are arguments.

Invariant: the same seed and moment give the same requests, none of them in the future.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from random import Random
from typing import NamedTuple

from pf_tui.demo import scenario
from pf_tui.demo.scenario import Work

DAYS = 30
WALL_EVERY = 3
"""On every third day the first provider of some work hits its limit for a while."""


class Request(NamedTuple):
    """One request as the demo makes it."""

    at: datetime
    agent: str
    session: str
    project: str
    provider: str
    model: str
    input: int
    output: int
    cache_read: int
    cache_write: int
    latency_ms: int
    ttft_ms: int
    failure: str | None = None
    status: int | None = None
    subagent: bool = False


class Wall(NamedTuple):
    """A limit that was hit, and until when it held."""

    at: datetime
    until: datetime
    work: Work


class History(NamedTuple):
    """What lies behind the person."""

    requests: list[Request]
    walls: list[Wall]


def make(now: datetime, zone: tzinfo | None, seed: int) -> History:
    """The last DAYS days up to `now` (aware UTC), in the person's zone (None = the system's)."""
    dice = Random(seed)  # noqa: S311 - a story, no secret
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    requests: list[Request] = []
    walls: list[Wall] = []
    for back in range(DAYS, -1, -1):
        day = today - timedelta(days=back)
        wall = _wall(dice, day) if back % WALL_EVERY == 1 else None
        if wall is not None:
            walls.append(wall)
        for _ in range(_sessions(dice, day, back)):
            begin = day + timedelta(hours=min(23.0, max(6.5, dice.gauss(14.5, 3.4))))
            requests += _session(dice, begin, wall)
    requests = [request for request in requests if request.at < now]
    for minutes in (38, 21, 9):
        requests += _session(dice, now - timedelta(minutes=minutes), None, within=timedelta(minutes=minutes))
    requests = [request for request in requests if request.at < now]
    requests.sort()
    return History(requests, [wall for wall in walls if wall.at < now - timedelta(hours=6)])


def request(dice: Random, at: datetime, work: Work, session: str, project: str, depth: float) -> Request:
    """One delivered request; `depth` is how far the session has gone, from 0 to 1."""
    context = round(work.depth * (0.15 + 0.85 * depth) * dice.uniform(0.7, 1.1))
    output = round(min(6000.0, dice.lognormvariate(6.5, 0.8)))
    ttft_ms = round(dice.lognormvariate(6.7, 0.35))
    return Request(
        at=at,
        agent=work.agent,
        session=session,
        project=project,
        provider=work.provider,
        model=work.model,
        input=round(dice.lognormvariate(5.2, 1.1)),
        output=output,
        cache_read=context,
        cache_write=round(dice.lognormvariate(7.5, 0.7)) if work.agent == "claude-code" else 0,
        latency_ms=ttft_ms + round(output * dice.uniform(9, 18)),
        ttft_ms=ttft_ms,
        subagent=dice.random() < 0.12,
    )


def choose_work(dice: Random) -> Work:
    """Some work, by its share."""
    return dice.choices(scenario.WORK, weights=[work.share for work in scenario.WORK])[0]


def choose_project(dice: Random) -> str:
    """Some project, by its share."""
    return dice.choices(scenario.PROJECTS, weights=scenario.PROJECT_SHARES)[0]


def session_name(dice: Random) -> str:
    """A session id as agents make them."""
    number = f"{dice.getrandbits(128):032x}"
    return "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))


def _sessions(dice: Random, day: datetime, back: int) -> int:
    usual = 1.5 if day.weekday() >= 5 else 5.5
    return max(1, round(dice.gauss(usual * (1.15 - back / 110), 1.3)))


def _session(
    dice: Random, begin: datetime, wall: Wall | None, within: timedelta = timedelta(hours=3)
) -> list[Request]:
    work, project, session = choose_work(dice), choose_project(dice), session_name(dice)
    count = round(dice.triangular(6, 60, 22))
    at = begin
    requests: list[Request] = []
    for number in range(count):
        at += timedelta(seconds=dice.expovariate(1 / 38) + 4)
        if at - begin > within:
            break
        demand = request(dice, at, work, session, project, number / count)
        if wall is not None and work.provider == wall.work.provider and wall.at <= at < wall.until:
            if number and requests[-1].provider == work.provider:
                requests.append(_failed(demand, "quota", 429))
            demand = demand._replace(provider=work.fallback, model=work.fallback_model)
        elif dice.random() < 0.011:
            requests.append(
                _failed(demand, *dice.choice((("overload", 529), ("server", 500), ("rate", 429))))
            )
            demand = demand._replace(at=at + timedelta(seconds=2))
        requests.append(demand)
    return requests


def _failed(request: Request, kind: str, status: int) -> Request:
    return request._replace(
        at=request.at - timedelta(milliseconds=300),
        input=0,
        output=0,
        cache_read=0,
        cache_write=0,
        latency_ms=180,
        ttft_ms=180,
        failure=kind,
        status=status,
    )


def _wall(dice: Random, day: datetime) -> Wall:
    work = dice.choices(scenario.WORK, weights=(5, 1, 3, 2))[0]
    at = day + timedelta(hours=dice.uniform(12.5, 17))
    return Wall(at, at + timedelta(minutes=dice.uniform(40, 150)), work)
