"""`pf-tui mcp`."""

from __future__ import annotations

import click

from pf_tui.cli import diagnostics
from pf_tui.cli.grammar import word
from pf_tui.state.context import Context


@word("mcp")
@click.option("--http", "over_http", is_flag=True, help="HTTP instead of stdin and stdout.")
@click.option("--host", help="127.0.0.1, ::1 or localhost; MCP_HOST sets it too. Means --http.")
@click.option("--port", type=int, help="The port, 3847 by default; MCP_PORT sets it too. Means --http.")
@click.pass_obj
def mcp(ctx: Context, over_http: bool, host: str | None, port: int | None) -> int:
    """HTTP listens on this machine only; mcp.json holds the address and the token while it runs."""
    from pf_tui.mcp_server import start

    agent = ctx.as_("mcp")
    if not (over_http or host or port is not None):
        return start.run_stdio(agent)
    own_host, number = start.address(host, port, ctx.env)

    def announce(url: str) -> None:
        diagnostics.note(f"MCP on {url}, token in {ctx.paths.mcp}; ctrl+c ends it")

    return start.run_http(agent, own_host, number, announce)
