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
LIMIT_HIT_EVERY = 3
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


class LimitHit(NamedTuple):
    """A limit that was hit, and until when it held."""

    at: datetime
    until: datetime
    work: Work


class History(NamedTuple):
    """What lies behind the person."""

    requests: list[Request]
    limit_hits: list[LimitHit]


def make(now: datetime, zone: tzinfo | None, seed: int) -> History:
    """The last DAYS days up to `now` (aware UTC), in the person's zone (None = the system's)."""
    rng = Random(seed)  # noqa: S311 - a story, no secret
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    requests: list[Request] = []
    limit_hits: list[LimitHit] = []
    for back in range(DAYS, -1, -1):
        day = today - timedelta(days=back)
        limit_hit = _limit_hit(rng, day) if back % LIMIT_HIT_EVERY == 1 else None
        if limit_hit is not None:
            limit_hits.append(limit_hit)
        for _ in range(_sessions(rng, day, back)):
            begin = day + timedelta(hours=min(23.0, max(6.5, rng.gauss(14.5, 3.4))))
            requests += _session(rng, begin, limit_hit)
    requests = [request for request in requests if request.at < now]
    for minutes in (38, 21, 9):
        requests += _session(rng, now - timedelta(minutes=minutes), None, within=timedelta(minutes=minutes))
    requests = [request for request in requests if request.at < now]
    requests.sort()
    return History(
        requests, [limit_hit for limit_hit in limit_hits if limit_hit.at < now - timedelta(hours=6)]
    )


def request(rng: Random, at: datetime, work: Work, session: str, project: str, depth: float) -> Request:
    """One delivered request; `depth` is how far the session has gone, from 0 to 1."""
    context = round(work.depth * (0.15 + 0.85 * depth) * rng.uniform(0.7, 1.1))
    output = round(min(6000.0, rng.lognormvariate(6.5, 0.8)))
    ttft_ms = round(rng.lognormvariate(6.7, 0.35))
    return Request(
        at=at,
        agent=work.agent,
        session=session,
        project=project,
        provider=work.provider,
        model=work.model,
        input=round(rng.lognormvariate(5.2, 1.1)),
        output=output,
        cache_read=context,
        cache_write=round(rng.lognormvariate(7.5, 0.7)) if work.agent == "claude-code" else 0,
        latency_ms=ttft_ms + round(output * rng.uniform(9, 18)),
        ttft_ms=ttft_ms,
        subagent=rng.random() < 0.12,
    )


def choose_work(rng: Random) -> Work:
    """Some work, by its share."""
    return rng.choices(scenario.WORK, weights=[work.share for work in scenario.WORK])[0]


def choose_project(rng: Random) -> str:
    """Some project, by its share."""
    return rng.choices(scenario.PROJECTS, weights=scenario.PROJECT_SHARES)[0]


def session_name(rng: Random) -> str:
    """A session id as agents make them."""
    number = f"{rng.getrandbits(128):032x}"
    return "-".join((number[:8], number[8:12], number[12:16], number[16:20], number[20:]))


def _sessions(rng: Random, day: datetime, back: int) -> int:
    usual = 1.5 if day.weekday() >= 5 else 5.5
    return max(1, round(rng.gauss(usual * (1.15 - back / 110), 1.3)))


def _session(
    rng: Random, begin: datetime, limit_hit: LimitHit | None, within: timedelta = timedelta(hours=3)
) -> list[Request]:
    work, project, session = choose_work(rng), choose_project(rng), session_name(rng)
    count = round(rng.triangular(6, 60, 22))
    at = begin
    requests: list[Request] = []
    for number in range(count):
        at += timedelta(seconds=rng.expovariate(1 / 38) + 4)
        if at - begin > within:
            break
        demand = request(rng, at, work, session, project, number / count)
        if (
            limit_hit is not None
            and work.provider == limit_hit.work.provider
            and limit_hit.at <= at < limit_hit.until
        ):
            if number and requests[-1].provider == work.provider:
                requests.append(_failed(demand, "quota", 429))
            demand = demand._replace(provider=work.fallback, model=work.fallback_model)
        elif rng.random() < 0.011:
            requests.append(_failed(demand, *rng.choice((("overload", 529), ("server", 500), ("rate", 429)))))
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


def _limit_hit(rng: Random, day: datetime) -> LimitHit:
    work = rng.choices(scenario.WORK, weights=(5, 1, 3, 2))[0]
    at = day + timedelta(hours=rng.uniform(12.5, 17))
    return LimitHit(at, at + timedelta(minutes=rng.uniform(40, 150)), work)
