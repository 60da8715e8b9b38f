"""Requests to upstreams: sent with the route's headers, to where the person's proxy says.

Invariants: redirects are not followed, a key would follow them; a request is sent again only when a pooled
connection broke before any byte of an answer.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
from yarl import URL

from pf_tui.errors import PfError
from pf_tui.gateway.connections import PROGRESS, Pool, Progress
from pf_tui.gateway.exchange import Exchange, Unreachable, what_broke
from pf_tui.gateway.headers import request_headers
from pf_tui.gateway.routing import Route
from pf_tui.rules import addresses

SUSPEND_S = 5.0
"""The day's clock ran ahead of the monotonic one by more: the machine slept, its connections are stale."""

DIRECT_BYTES = 2**19
"""A larger request body is sent piece by piece, as fast as the host takes it."""

MOST_TARGETS = 500

_NOT_ADDED = ("Accept", "Content-Type")
"""Headers that aiohttp adds where the client sent none."""


class Transport:
    """Requests to upstreams over one pool of connections."""

    def __init__(self, env: Mapping[str, str], *, wall_clock: Callable[[], float] = time.time) -> None:
        """Args: wall_clock: seconds since the epoch; it goes on while the machine sleeps."""
        self._env = env
        self._wall_clock = wall_clock
        self._drift_s = wall_clock() - time.monotonic()
        self._targets: dict[str, _Target] = {}
        self._pool = Pool()
        self._single = Pool(force_close=True)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()
        await self._single.close()

    async def open(
        self,
        route: Route,
        body: bytes,
        inbound: Iterable[tuple[str, str]],
        limit_s: float,
        connect_s: float,
    ) -> Exchange:
        """Send one request and wait for the head of its answer.

        Args:
            inbound: the client's headers.
            limit_s: longest wait for the head.
            connect_s: longest wait for the connection: a host that is down is given up long before.
        Raises:
            Unreachable: refused, reset or silent.
        """
        headers = request_headers(route, inbound)
        progress = Progress()
        PROGRESS.set(progress)
        asyncio.get_running_loop().call_soon(progress.wait)
        try:
            async with asyncio.timeout(limit_s):
                if route.signer is not None:
                    headers.update(await route.signer.headers(route.url, body))
                try:
                    exchange = await self._post(self._current(), route.url, body, headers, connect_s)
                    if progress.waited or progress.opened:
                        return exchange
                    exchange.cut()  # no answer to this request: it lay there before the request left
                    self._renew()
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                    if progress.opened or not _is_silent(error):
                        raise
                return await self._post(self._single, route.url, body, headers, connect_s)
        except aiohttp.ConnectionTimeoutError as error:
            raise Unreachable("network", f"no connection within {connect_s:g} s") from error
        except TimeoutError as error:
            raise Unreachable("timeout", f"no answer within {limit_s:g} s") from error
        except PfError as error:
            raise Unreachable("network", f"{error.message}; {error.hint}") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable("network", what_broke(error)) from error

    async def _post(
        self, pool: Pool, address: str, body: bytes, headers: Mapping[str, str], connect_s: float
    ) -> Exchange:
        target = self._targets.get(address)
        if target is None:
            if len(self._targets) >= MOST_TARGETS:  # a client's query is part of the address
                self._targets.clear()
            target = self._targets[address] = _Target(address, self._env)
        pool.enter()
        try:
            response = await pool.session.post(
                target.url,
                data=body if len(body) <= DIRECT_BYTES else io.BytesIO(body),
                headers=headers,
                skip_auto_headers=None if "accept" in headers and "content-type" in headers else _NOT_ADDED,
                allow_redirects=False,
                proxy=target.proxy,
                timeout=_connect_within(connect_s),
            )
        except BaseException:
            pool.leave()
            raise
        return Exchange(response, pool)

    def _current(self) -> Pool:
        """The pool; a new one when the machine has slept: what lay idle before is dead, whatever its age."""
        drift_s = self._wall_clock() - time.monotonic()
        if abs(drift_s - self._drift_s) > SUSPEND_S:
            self._drift_s = drift_s
            self._renew()
        return self._pool

    def _renew(self) -> None:
        """Use none of the connections that lie idle now."""
        self._pool.retire()
        self._pool = Pool()


class _Target:
    """One address, taken apart once."""

    __slots__ = ("proxy", "url")

    def __init__(self, address: str, env: Mapping[str, str]) -> None:
        self.url = URL(address, encoded=True)
        proxy = _proxy_for(self.url, env)
        self.proxy = URL(proxy) if proxy else None


@lru_cache(maxsize=64)
def _connect_within(limit_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=limit_s, ceil_threshold=86_400)


def _proxy_for(url: URL, env: Mapping[str, str]) -> str | None:
    """The person's proxy for that address; none for this machine."""
    host = url.host or ""
    if addresses.is_loopback(host):
        return None
    proxies = {
        name.lower().removesuffix("_proxy"): value
        for name, value in env.items()
        if name.lower().endswith("_proxy") and value
    } or getproxies_environment()
    if proxy_bypass(host):
        return None
    return proxies.get(url.scheme) or proxies.get("all")


def _is_silent(error: aiohttp.ClientError) -> bool:
    """The connection broke before any byte of an answer."""
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return isinstance(error.message, str)  # else: what had come of a head
    return not isinstance(error, aiohttp.ClientConnectorError)
