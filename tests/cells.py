"""Every cell that is served by key, asked for real: `python -m tests.cells`.

One gateway, one strict stand-in for each provider, each agent's own protocol, streamed and whole: the
stand-ins refuse what the vendors are known to refuse. Prints what came of each cell, and the count.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from pf_tui import catalog
from pf_tui.clients import CLIENTS
from pf_tui.documents.matrix import AGENTS, Cell, cells
from tests.gateway.upstreams import House, StillGate

PROTOCOLS = {"claude-code": "anthropic-messages", "opencode": "openai-chat", "codex": "openai-responses"}


async def run(folder: Path) -> dict[tuple[str, str], str]:
    """Ask every reachable cell; (provider, agent) -> "" or what went wrong."""
    known = catalog.load()
    reachable = [cell for cell in cells(known) if cell.served == "key"]
    names = tuple(dict.fromkeys(cell.provider for cell in reachable))
    house = House(folder, names, "claude-opus-5-5", gate=StillGate(folder))
    await house.open()
    try:
        found = {}
        for cell in reachable:
            house.gate.config([cell.provider])
            await asyncio.to_thread(house.gate.gateway.routing_state.load)  # type: ignore[attr-defined]
            found[cell.provider, cell.agent] = await _ask(house, cell, known)
        return found
    finally:
        await house.close()


async def _ask(house: House, cell: Cell, known: catalog.Catalog) -> str:
    model = CLIENTS[cell.agent].usual_model or known.providers[cell.provider].default_model or ""
    for stream in (True, False):
        heard = await house.gate.ask(PROTOCOLS[cell.agent], model, stream=stream, agent=cell.agent)
        if not heard.whole:
            return f"HTTP {heard.status}: {heard.body[:200].decode(errors='replace')}"
        if heard.text.strip() != f"Hello from {cell.provider}.":
            return f"another answer: {heard.text[:80]!r}"
        if heard.headers.get("x-pf-provider") != cell.provider:
            return f"served by {heard.headers.get('x-pf-provider')}"
    return ""


def main() -> int:
    """Print the table; 1 when a cell fails."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(run(Path(folder)))
    for provider in dict.fromkeys(name for name, _ in found):
        marks = [("ok" if not found[provider, agent] else "FAILS") for agent in AGENTS]
        print(f"{provider:18} " + "  ".join(f"{a} {m:5}" for a, m in zip(AGENTS, marks, strict=True)))
    for (provider, agent), wrong in found.items():
        if wrong:
            print(f"{provider} × {agent}: {wrong}")
    good = sum(not wrong for wrong in found.values())
    print(f"{good} of {len(found)} cells answered, streamed and whole")
    return 0 if good == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
