"""The yardstick: a pass-through on aiohttp's server and client that does nothing else.

python -m tests.bench.gateway_bare URL: prints its port. No token, no log, no failover, nothing looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

from aiohttp import ClientSession, TCPConnector, web

NOT_PASSED = frozenset(("host", "content-length", "transfer-encoding", "connection", "keep-alive"))


async def serve(target: str) -> None:
    """Pass everything on to `target` until killed."""
    client = ClientSession(connector=TCPConnector(limit=0), auto_decompress=False)

    async def pass_on(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_PASSED}
        async with client.post(target + request.path_qs, data=body, headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_PASSED}
            response = web.StreamResponse(status=answer.status, headers=kept)
            if (length := answer.headers.get("content-length")) is not None:
                response.content_length = int(length)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", pass_on)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(runner.addresses[0][1])
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    with contextlib.suppress(KeyboardInterrupt):
        try:
            import uvloop
        except ImportError:
            asyncio.run(serve(sys.argv[1]))
        else:
            uvloop.run(serve(sys.argv[1]))


if __name__ == "__main__":
    main()
