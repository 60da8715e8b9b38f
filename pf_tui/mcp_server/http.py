"""Streamable HTTP on loopback: every request carries the token; Host and Origin are checked.

The token comes first: a page in a browser that guesses the port learns nothing but "401".
"""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import anyio
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pf_tui.mcp_server.server import ServerState
from pf_tui.rules.addresses import is_own_request
from pf_tui.rules.own_headers import TOKEN_HEADER

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def app(server_state: ServerState, token: str, port: int) -> Starlette:
    """The ASGI application; it watches the shared files while it runs."""
    sessions = StreamableHTTPSessionManager(server_state.server)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with sessions.run(), anyio.create_task_group() as tasks:
            tasks.start_soon(server_state.watch)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()

    return Starlette(
        routes=[Route("/mcp", endpoint=StreamableHTTPASGIApp(sessions))],
        middleware=[Middleware(TokenRequired, token=token), Middleware(OwnRequests, port=port)],
        lifespan=lifespan,
    )


class TokenRequired:
    """Refuses what does not carry the token as `Authorization: Bearer` or `x-pf-token`."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._carries_token(Request(scope)):
            refusal = JSONResponse(
                {"error": "the token is missing or wrong", "hint": "mcp.json holds it while the server runs"},
                status_code=401,
                headers={"www-authenticate": "Bearer"},
            )
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _carries_token(self, request: Request) -> bool:
        bearer = request.headers.get("authorization", "")
        token = bearer[7:] if bearer[:7].lower() == "bearer " else request.headers.get(TOKEN_HEADER, "")
        return hmac.compare_digest(token.strip().encode("utf-8", "replace"), self.token)


class OwnRequests:
    """Refuses a request that names another server (421), or that another page sends (403).

    The MCP package would do so as well, but it looks at one header of each kind and writes foreign ones down.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Request(scope).headers
            hosts, origins = headers.getlist("host"), headers.getlist("origin")
            target = scope.get("raw_path", b"").decode("latin-1")
            if not is_own_request(hosts, origins, target, self.port):
                is_foreign_page = is_own_request(hosts, (), target, self.port)
                sentence = "the MCP server answers this machine's programs only"
                refusal = JSONResponse({"error": sentence}, status_code=403 if is_foreign_page else 421)
                await refusal(scope, receive, send)
                return
        await self.app(scope, receive, send)
