"""`why --agent` and `why --matrix` as text."""

from __future__ import annotations

from datetime import tzinfo

from rich.text import Text

from pf_tui.cli.look import FAINT, Cell, heading, table, wrapped
from pf_tui.clients import CLIENTS
from pf_tui.documents import words
from pf_tui.documents.matrix import AGENTS
from pf_tui.snapshot import Snapshot
from pf_tui.state.clock import from_text
from pf_tui.text.columns import Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.documents.matrix import MatrixCell, Route

_STYLES = {
    "native": "green",
    "dialect": "green",
    "translated": "cyan",
    "pass-through": "yellow",
    "login": "green",
}


def route(content: Route, now: Snapshot, zone: tzinfo | None, width: int) -> list[Text]:
    """Who is asked in order, over which protocol, what is lost; then who is not asked and why."""
    name, model = CLIENTS[content["agent"]].name, content["model"] or "each provider's own model"
    what = f" for a {content['class']} request" if content["class"] else ""
    by_rule = ", by your rule" if content["rule"] else ""
    lines = [heading(f"{name} asks for {model}{what}{by_rule}"), Text()]
    rows = []
    for rank, candidate in enumerate(content["candidates"], start=1):
        how = (
            f"{candidate['protocol']}, {candidate['how']}"
            if candidate["protocol"]
            else "its own login, without the gateway"
        )
        sure = f" ({candidate['evidence']})" if candidate["evidence"] and candidate["how"] != "native" else ""
        rows.append(
            [
                Cell(text=str(rank)),
                Cell(text=candidate["provider"], style="bold" if rank == 1 else ""),
                Cell(text=candidate["model"] or ""),
                Cell(text=f"{how}{sure}", style=_STYLES.get(candidate["how"], "")),
                Cell(
                    text=f"without {', '.join(candidate['lost'])}" if candidate["lost"] else "", style=FAINT
                ),
            ]
        )
    columns = (
        Column(title=""),
        Column(title=""),
        Column(title="", leaves=2),
        Column(title="", leaves=1),
        Column(title="", shrinks=True),
    )
    lines += table(columns, rows, width, heading=False) if rows else [Text("no provider can serve it")]
    if content["reserved"]:
        lines += wrapped(
            f"{content['reserved']} comes first and is {name}'s own login: no key is used in its place",
            width,
            indent="  ",
        )
    parts = []
    without = [skip["provider"] for skip in content["skipped"] if skip["reason"] == "no credential"]
    for skipped in content["skipped"]:
        if skipped["provider"] in without:
            continue
        until = from_text(skipped["until"])
        end = f", until {words.clock(until, now.at, zone)}" if until else ""
        parts.append(
            [Cell(text=f"✗ {skipped['provider']}", style=FAINT), Cell(text=f"{skipped['reason']}{end}")]
        )
    if parts:
        lines += [
            Text(),
            *table((Column(title=""), Column(title="", shrinks=True)), parts, width, heading=False),
        ]
    if without:
        lines += wrapped(f"without a credential: {', '.join(without)}", width, indent="  ", style=FAINT)
    return lines


def matrix(cells: list[MatrixCell], width: int) -> list[Text]:
    """One row per provider, one column per agent; below it what the words mean."""
    by_provider: dict[str, dict[str, MatrixCell]] = {}
    for cell in cells:
        by_provider.setdefault(cell["provider"], {})[cell["agent"]] = cell
    rows = []
    for provider, client_cells in by_provider.items():
        first = client_cells[AGENTS[0]]
        row = [
            Cell(text=provider, style="bold" if any(entry["here"] for entry in client_cells.values()) else "")
        ]
        row += [_cell(client_cells[agent]) for agent in AGENTS]
        lacking = next((entry["here_why"] for entry in client_cells.values() if entry["here_why"]), None)
        row.append(Cell(text=lacking or first["why"] or _evidence(client_cells), style=FAINT))
        rows.append(row)
    columns = (
        Column(title="provider"),
        *(Column(title=CLIENTS[agent].name) for agent in AGENTS),
        Column(title="", shrinks=True, leaves=1),
    )
    key = sum(cell["served"] == "key" for cell in cells)
    through = sum(cell["served"] == "pass-through" for cell in cells)
    here = sum(cell["here"] for cell in cells)
    lines = table(columns, rows, width)
    lines += [
        Text(),
        *wrapped(
            f"{len(cells)} cells: {key} by key, {through} by an agent's own login with --pass-through, "
            f"{len(cells) - key - through} not; {here} are ready here",
            width,
        ),
        *wrapped(
            "native: the vendor's own agent and protocol · dialect: the same protocol, fitted to the "
            "vendor · translated: another protocol · *: untried against the vendor",
            width,
            style=FAINT,
        ),
    ]
    return lines


def _cell(cell: MatrixCell) -> Cell:
    if cell["served"] == "no":
        return Cell(text="–", style=FAINT)
    word = "pass-through" if cell["served"] == "pass-through" else cell["how"] or ""
    mark = "*" if cell["evidence"] == "untried" else ""
    return Cell(text=f"{word}{mark}", style=_STYLES[word] if cell["here"] else FAINT)


def _evidence(cells_of: dict[str, MatrixCell]) -> str:
    words_ = {entry["evidence"] for entry in cells_of.values() if entry["evidence"]}
    return ", ".join(word for word in ("documented", "reported", "untried") if word in words_)
