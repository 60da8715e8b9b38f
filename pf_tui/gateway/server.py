"""The HTTP surface agents see: loopback only, one token, Host and Origin checked.

`Gateway` is the whole thing on a given Context, without a pid file and without signals; `process` gives
it those. Invariant: nothing of a request without the token is looked at, apart from /healthz.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from pf_tui import __version__
from pf_tui.actions.journalling import write_down
from pf_tui.catalog.meanings import Meanings
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError, WrongUsage
from pf_tui.gateway import log, models, own_responses
from pf_tui.gateway.access import CREDENTIALS, STOP, Access
from pf_tui.gateway.body import PROTOCOLS, parse_request
from pf_tui.gateway.budget import OverBudget, Reservation
from pf_tui.gateway.engine import Engine
from pf_tui.gateway.held_reply import ClientGone
from pf_tui.gateway.http_reply import MAX_BODY_BYTES, HttpReply, body_of
from pf_tui.gateway.inflight import InFlightRequests
from pf_tui.gateway.recorder import Recorder
from pf_tui.gateway.routing_state import REFRESH_S, RoutingState, known_sessions
from pf_tui.gateway.sessions import Sessions
from pf_tui.gateway.strangers import DoorServer
from pf_tui.gateway.upstream import Transport
from pf_tui.rules import failures
from pf_tui.rules.own_headers import PASS_HEADER
from pf_tui.rules.quoting import sentence_to_keep
from pf_tui.state import files
from pf_tui.state import gateway as state
from pf_tui.state.clock import to_text
from pf_tui.state.context import Context
from pf_tui.state.health import Health

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

_UNHEARD = logging.getLogger("pf_tui.gateway.http")
"""aiohttp writes a traceback for whatever is no HTTP: its answer says so, and nobody else need know."""
_UNHEARD.disabled = True


class Gateway:
    """A gateway on one state directory."""

    def __init__(self, ctx: Context, token: str, control_token: str) -> None:
        self.ctx = ctx
        self._access = Access(token, control_token)
        self.routing_state = RoutingState(ctx)
        self.recorder = Recorder(self.routing_state)
        self.started: datetime | None = None
        self.draining = False
        self._server: DoorServer | None = None
        self._sites: list[asyncio.Server] = []
        self._transport: Transport | None = None
        self._watch: asyncio.Task[None] | None = None
        self.stop_event = asyncio.Event()

    async def start(self, sockets: list[socket.socket]) -> None:
        """Begin to serve on sockets that are bound to this machine.

        Raises:
            PfError: a state file cannot be used.
        """
        await asyncio.to_thread(self.routing_state.load)
        self.started = self.ctx.now()
        meanings = self.ctx.catalog().meanings
        self.recorder.start()
        self.recorder.job(lambda: _practise(meanings))
        self._transport = Transport(self.ctx.env)
        self.requests_in_flight = InFlightRequests(self._write_live)
        now_s = asyncio.get_running_loop().time()
        epoch = self.routing_state.current.epoch if self.routing_state.current is not None else 0
        sessions = Sessions(known_sessions(self.ctx), epoch, now_s)
        self.engine = Engine(
            self.routing_state, self._transport, self.recorder, sessions, self.requests_in_flight
        )
        self._server = DoorServer(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            logger=_UNHEARD,
            keepalive_timeout=75.0,
            max_field_size=64 * 1024,
            max_line_size=64 * 1024,
            read_bufsize=2**18,
            lingering_time=1.0,
        )
        loop = asyncio.get_running_loop()
        for bound in sockets:
            self._sites.append(await loop.create_server(self._server, sock=bound, backlog=512))
            self._access.port = bound.getsockname()[1]
        self._watch = asyncio.create_task(self._keep_fresh())

    async def stop(self, drain_s: float = 30.0) -> None:
        """Take no new requests, let those under way end (for at most `drain_s`), write what is left."""
        self.draining = True
        for site in self._sites:
            site.close()
        try:
            async with asyncio.timeout(drain_s):
                await self.requests_in_flight.idle()
        except TimeoutError:
            log.line(self.ctx.paths, f"{len(self.requests_in_flight)} requests were cut off at the stop")
        if self._watch is not None:
            self._watch.cancel()
        if self._server is not None:
            await self._server.shutdown(1.0)
        if self._transport is not None:
            await self._transport.close()
        self._write_live(())
        await asyncio.to_thread(self.recorder.stop)

    # -- requests ----------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._route(request)
        except Exception as error:
            log.line(
                self.ctx.paths,
                f"gateway: {request.method} {request.path[:80]} failed: {type(error).__name__}",
            )
            sentence = f"pf-tui: the gateway failed here ({type(error).__name__}); see {self.ctx.paths.log}"
            return _response(own_responses.refused(500, _protocol(request.path), sentence))

    async def _route(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if path == "/healthz" or (path == "/" and request.method == "HEAD"):
            return self._health(request)
        refusal = self._access.refusal(request, _protocol(path), draining=self.draining)
        if refusal is not None:
            return _response(refusal)
        if self._server is not None:
            self._server.let_in(request.protocol)
        if request.method == "POST" and path in PROTOCOLS:
            return await self._serve(request, path)
        if request.method in ("GET", "HEAD"):
            if path == "/":
                return _json({"gateway": "pf-tui", "version": __version__})
            if path == "/v1/models":
                return await self._models(request)
            if path == "/pf/status":
                return _json(self.status())
        elif request.method == "POST" and path == CREDENTIALS:
            return await self._credentials(request)
        elif request.method == "POST" and path == STOP:
            self.stop_event.set()
            return _json({"stopping": True, "requests": len(self.requests_in_flight)})
        sentence = f"pf-tui: the gateway has no {request.method} {path[:80]}"
        return _response(own_responses.refused(404, _protocol(path), sentence))

    async def _serve(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        hold = self.requests_in_flight.budget.hold()
        try:
            return await self._answer(request, path, hold)
        except OverBudget:
            return _response(own_responses.too_much(PROTOCOLS[path], self.requests_in_flight.budget.total))
        finally:
            hold.free()

    async def _answer(self, request: web.BaseRequest, path: str, hold: Reservation) -> web.StreamResponse:
        raw = await body_of(request, hold)
        if raw is None:
            sentence = (
                f"pf-tui: more than {MAX_BODY_BYTES >> 20} MB in one request is more than any provider takes"
            )
            return _response(own_responses.refused(413, PROTOCOLS[path], sentence))
        headers = request.headers
        try:
            parse_result = parse_request(path, request.rel_url.raw_query_string, raw, headers)
        except WrongUsage as error:
            return _response(own_responses.refused(400, PROTOCOLS[path], f"pf-tui: {error.message}"))
        reply = HttpReply(request)
        try:
            await self.engine.serve(
                parse_result, headers, reply, bearer=self._bears_login(parse_result.agent, headers), hold=hold
            )
        except ClientGone:
            if request.transport is not None:
                request.transport.close()
        except PfError as error:
            return _response(own_responses.refused(500, parse_result.protocol, f"pf-tui: {error}"))
        return reply.response or web.Response(status=500)

    def _bears_login(self, agent: str | None, headers: Mapping[str, str]) -> bool:
        """The client's own login came along, and it may go to its own vendor."""
        plan = self.routing_state.current
        allowed = headers.get(PASS_HEADER) == "1" or (plan is not None and plan.settings.pass_through)
        if not allowed:
            return False
        client = CLIENTS.get(agent) if agent else None
        if client is None or not client.one_vendor_login:
            return False
        bearer = headers.get("Authorization", "")
        return bearer.startswith(client.login_begins) and (
            not client.login_header or client.login_header in headers
        )

    async def _models(self, request: web.BaseRequest) -> web.StreamResponse:
        plan = await self.routing_state.plan()
        health, now = await asyncio.to_thread(self._benches), self.ctx.now()

        def rests(provider: str, model: str) -> bool:
            return health.bench_for(provider, model, now) is not None

        return _json(models.listed(plan, rests))

    def _benches(self) -> Health:
        try:
            return self.ctx.health()
        except PfError:
            return Health()

    def _health(self, request: web.BaseRequest) -> web.StreamResponse:
        """Only that it runs: no token is needed, so nothing else is told."""
        if not self._access.is_local(request):
            return _response(own_responses.refused(403, "openai-chat", "pf-tui: this machine only"))
        return _json({"status": "draining" if self.draining else "ok"})

    async def _credentials(self, request: web.BaseRequest) -> web.StreamResponse:
        """An environment's keys, kept in memory."""
        hold = self.requests_in_flight.budget.hold()
        try:
            content = json.loads(await body_of(request, hold) or b"")
            values = {k: v for k, v in content["env"].items() if isinstance(k, str) and isinstance(v, str)}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverBudget):
            return _response(
                own_responses.refused(400, "openai-chat", 'pf-tui: {"env": {NAME: key}} is expected')
            )
        finally:
            hold.free()
        providers, changed_providers = await asyncio.to_thread(self.routing_state.take_credentials, values)
        if changed_providers:
            await asyncio.to_thread(self._write_down, changed_providers)
        await self.routing_state.plan()
        self._release_renewed()
        return _json({"providers": list(providers)})

    def _write_down(self, providers: tuple[str, ...]) -> None:
        """Whose key was replaced is an event; one that cannot be written is a line of the log."""
        try:
            with files.locked(self.ctx.paths):
                after = {"providers": list(providers)}
                write_down(self.ctx, "auth", why="key replaced in the gateway", after=after)
        except PfError as error:
            log.line(self.ctx.paths, f"gateway: {error}")

    def status(self) -> dict[str, object]:
        """What the gateway says of itself; no secret."""
        engine = self.engine
        return {
            "version": __version__,
            "since": to_text(self.started) if self.started else None,
            "live": len(self.requests_in_flight),
            "served": engine.served,
            "failovers": engine.failovers,
            "problem": self.routing_state.problem,
            "credentials": [
                {"provider": provider, "source": source}
                for provider, source in self.routing_state.sources().items()
            ],
        }

    # -- in the background -------------------------------------------------------------------------

    async def _keep_fresh(self) -> None:
        """Budgets and limit readings of the ledger move without a file of ours changing."""
        last_s = 0.0
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1.0)
            overdue = len(self.requests_in_flight) > 0 and loop.time() - last_s > REFRESH_S
            if self.routing_state.written or overdue or self.routing_state.is_dirty():
                last_s = loop.time()
                self.routing_state.written = False
                try:
                    await asyncio.to_thread(self.routing_state.load)
                    self._release_renewed()
                except PfError as error:
                    log.line(self.ctx.paths, f"gateway: {error}")

    def _release_renewed(self) -> None:
        for provider in self.routing_state.renewed():
            self.recorder.release(provider, None, why="its key was replaced")

    def _write_live(
        self, requests: tuple[state.LiveRequest, ...], sessions: tuple[state.LiveSession, ...] = ()
    ) -> None:
        self.recorder.job(lambda: state.write_live(self.ctx.paths, requests, sessions))


def listen(port: int) -> list[socket.socket]:
    """Sockets on both loopback addresses, on one port; 0 = a free one.

    Raises:
        PfError: the port belongs to another process.
    """
    first = _bound(socket.AF_INET, "127.0.0.1", port)
    bound = [first]
    number = first.getsockname()[1]
    with contextlib.suppress(OSError):  # a machine may have no IPv6
        bound.append(_bound(socket.AF_INET6, "::1", number))
    return bound


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        if family == socket.AF_INET6:
            raise
        raise PfError(
            f"port {port} on {address} belongs to another process; nothing was started",
            f"`pf-tui gateway start --port {port + 1 if port else 4100}`",
        ) from error
    return listener


def _protocol(path: str) -> Protocol:
    if path in PROTOCOLS:
        return PROTOCOLS[path]
    return "openai-chat"


def _practise(meanings: Meanings) -> None:
    """Read a failure before one comes: what that needs is imported and compiled by then."""
    body = (
        '{"error": {"type": "rate_limit_error", "message": "Limit reached: try again at 9:30, key: none."}}'
    )
    failure = failures.classify(status=429, body=body, now=datetime.now(UTC), meanings=meanings)
    sentence_to_keep(failure.message, b"", body)


def _response(answer: own_responses.Answer) -> web.Response:
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)


def _json(content: object) -> web.Response:
    return web.Response(body=json.dumps(content).encode(), content_type="application/json")
