"""OpenCode's sessions: its processes, its database, and what our plugin there tells.

All processes share one database, so which process has which session open cannot be known without the plugin;
nor can waiting or a retry, which are in no table (1.18.33, measured). Titles are never asked for.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from pf_tui.errors import PfError
from pf_tui.records import record, replace
from pf_tui.sessions.by_evidence import nameless, signals_of
from pf_tui.sessions.evidence import ENDED, Evidence
from pf_tui.sessions.processes import SETTINGS, Process, Processes, focus_of
from pf_tui.sessions.records import Draft, Signals, Stamp
from pf_tui.sessions.text import word
from pf_tui.state.clock import from_text
from pf_tui.state.paths import opencode_database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId

AGENT: AgentId = "opencode"
BUSY_S = 0.2
MOST = 50
"""Sessions of one folder that are looked at, the newest."""


@record
class Row:
    """A session as the database has it."""

    id: str
    parent: str | None
    directory: str
    provider: str | None
    model: str | None
    cost_usd: float | None
    created: datetime | None
    updated: datetime | None
    context_tokens: int | None = None
    finished: bool = True
    """The newest answer is complete."""


class Collector:
    """All sessions of OpenCode, with what was read of them before."""

    def __init__(self) -> None:
        self._stamps: dict[str, tuple[object, list[Row]]] = {}

    def sessions(
        self,
        env: Mapping[str, str],
        processes: Processes,
        now: datetime,
        evidence: Mapping[tuple[str, str], Evidence],
    ) -> list[Draft]:
        """Those the plugin tells of, and one guess for each process it does not tell of."""
        running = {agent.pid: agent for agent in processes.agents(AGENT)}
        running = {pid: agent for pid, agent in running.items() if agent.parent not in running}
        evidences = [item for (agent, _), item in evidence.items() if agent == AGENT]
        rows: dict[str, Row] = {}
        if running:
            environments = [env, *(agent.env for agent in running.values())]
            directories = {
                cwd
                for cwd in (*(agent.cwd for agent in running.values()), *(item.cwd for item in evidences))
                if cwd
            }
            for path in databases(environments):
                rows.update((row.id, row) for row in self._rows(path, sorted(directories)))
        drafts, session_ids = _with_evidence(evidences, rows, running, processes)
        drafts = _current(drafts)
        for process in sorted(running.values(), key=lambda draft: draft.started or now, reverse=True):
            if process.pid not in session_ids:
                drafts.append(_guessed(process, rows, {draft.id for draft in drafts}, now))
        return drafts

    def _rows(self, path: str, directories: list[str]) -> list[Row]:
        """The sessions of those folders; asked again only when the database changed."""
        stamp = (*_stamp(path), *_stamp(f"{path}-wal"), tuple(directories))
        cached = self._stamps.get(path)
        if cached is not None and cached[0] == stamp:
            return cached[1]
        try:
            rows = _read(path, directories)
        except (sqlite3.Error, OverflowError):  # a number that no column of ours holds
            return cached[1] if cached else []
        self._stamps[path] = (stamp, rows)
        return rows


def databases(environments: Iterable[Mapping[str, str]]) -> list[str]:
    """Every database in use: this environment's and those of the clients that run."""
    database_paths: dict[str, None] = {}
    for environment in environments:
        try:
            database_paths[str(opencode_database(environment))] = None
        except PfError:  # a client without a home has no database to be found
            continue
    return list(database_paths)


def _with_evidence(
    evidences: Iterable[Evidence],
    rows: Mapping[str, Row],
    running: Mapping[int, Process],
    processes: Processes,
) -> tuple[list[Draft], set[int]]:
    """What the plugin says, by session; and the processes it spoke for."""
    drafts: list[Draft] = []
    ids: set[int] = set()
    for item in evidences:
        foreign = item.domain is not None and processes.domain is not None and item.domain != processes.domain
        alive = item.pid is not None and not foreign and _runs(item.pid, item.start, processes)
        life = "foreign" if foreign else "alive" if alive and item.event not in ENDED else "gone"
        process = running.get(item.pid) if alive and item.pid is not None else None
        if process is not None:
            ids.add(process.pid)
        at = datetime.fromtimestamp(item.at, UTC)
        row = rows.get(item.id)
        signals = Signals(life=life, last_change=at)  # type: ignore[arg-type]
        if life == "gone":
            quiet = item.event in ENDED or item.status == "idle"
            signals = replace(signals, ended=Stamp(by="hook", at=at) if quiet else None)
        else:
            signals = signals_of(signals, item, at)
        drafts.append(_draft(item.id, row, process, signals, at, item))
    return drafts, ids


def _runs(pid: int, start: str | None, processes: Processes) -> bool:
    """Whether that process runs; one without a known start may be anybody's unless it is an OpenCode."""
    life = processes.life(pid, start)
    if life == "unsure" and processes.visible:
        process = processes.at(pid)
        return process is not None and process.agent == AGENT
    return life != "gone"


def _current(drafts: list[Draft]) -> list[Draft]:
    """Without sessions that a process has left: of its idle ones only the newest is on its screen."""
    newest: dict[int | None, Draft] = {}
    for draft in drafts:
        idle = draft.signals.life == "alive" and draft.signals.idle and draft.parent is None
        if idle and _activity(draft) >= _activity(newest.get(draft.pid, draft)):
            newest[draft.pid] = draft
    return [
        draft
        for draft in drafts
        if draft.signals.life != "alive"
        or not draft.signals.idle
        or draft.parent is not None
        or draft is newest.get(draft.pid)
    ]


def _activity(draft: Draft) -> float:
    return draft.last_activity.timestamp() if draft.last_activity else 0.0


def _guessed(process: Process, rows: Mapping[str, Row], ids: set[str], now: datetime) -> Draft:
    """The newest session of the process's folder since it began, which is probably its own."""
    folder = _stored(process.cwd) if process.cwd else None
    candidates = [
        row
        for row in rows.values()
        if row.directory == folder and row.parent is None and row.id not in ids
        if row.updated and (process.started is None or row.updated >= process.started)
    ]
    row = max(candidates, key=lambda row: row.updated or now, default=None)
    if row is None:
        return nameless(AGENT, process, now)
    at = row.updated or now
    unfinished = None if row.finished else Stamp(by="log", at=at)
    signals = Signals(life="alive", last_change=at, unfinished=unfinished)
    return _draft(row.id, row, process, signals, at, None)


def _draft(
    session: str,
    row: Row | None,
    process: Process | None,
    signals: Signals,
    at: datetime,
    evidence: Evidence | None,
) -> Draft:
    host = _host(process, row.provider) if process and row else None
    return Draft(
        id=session,
        agent=AGENT,
        signals=signals,
        cwd=(row.directory if row else None)
        or (evidence.cwd if evidence else None)
        or (process.cwd if process else None),
        pid=process.pid if process else evidence.pid if evidence else None,
        started=process.started if process else row.created if row else None,
        last_activity=max(moment for moment in (at, row.updated if row else None) if moment),
        parent=(row.parent if row else None) or (evidence.parent if evidence else None),
        provider=row.provider if row else None,
        provider_by="log" if row and row.provider else None,
        base_url=host,
        base_url_by="process" if host else None,
        model=row.model if row else None,
        context_tokens=row.context_tokens if row else None,
        cost_usd=row.cost_usd if row else None,
        focus=focus_of(process),
    )


def _host(process: Process, provider: str | None) -> str | None:
    """Where the provider's requests go by the settings of this run, as `pf-tui run opencode` gives them."""
    hosts = dict(entry.partition("=")[::2] for entry in process.env.get(SETTINGS, "").split())
    return hosts.get(provider or "")


def _read(path: str, directories: list[str]) -> list[Row]:
    if not directories or not os.path.isfile(path):  # noqa: PTH113
        return []
    uri_path = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(f"file:{uri_path}?mode=ro", uri=True, timeout=BUSY_S)
    try:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        present = {row[1] for row in connection.execute("PRAGMA table_info(session)")}
        columns = ("parent_id", "directory", "model", "cost", "time_created", "time_updated")
        columns_sql = ", ".join(name if name in present else "NULL" for name in columns)
        marks = ",".join("?" * len(directories))
        living = " AND time_archived IS NULL" if "time_archived" in present else ""
        rows = connection.execute(
            f"SELECT id, {columns_sql} FROM session WHERE directory IN ({marks}){living}"  # noqa: S608
            f" ORDER BY time_updated DESC LIMIT {MOST * len(directories)}",
            [_stored(directory) for directory in directories],
        ).fetchall()
        return [_row(connection, *facts) for facts in rows if word(facts[0])]
    finally:
        connection.close()


def _stored(directory: str) -> str:
    """A folder as OpenCode writes it down: each byte that is no UTF-8 is a replacement character."""
    try:
        return os.fsencode(directory).decode("utf-8", "replace")
    except UnicodeEncodeError:  # half a character of a JSON file: no folder's name
        return ""


def _row(
    connection: sqlite3.Connection,
    session: str,
    parent: str | None,
    directory: str,
    model: object,
    cost: object,
    created: object,
    updated_ms: object,
) -> Row:
    """A session with its newest answer; a message's row holds no prompt, its parts do."""
    model_object = _json(model)
    newest = connection.execute(
        "SELECT data FROM message WHERE session_id = ? ORDER BY time_created DESC, id DESC LIMIT 4",
        (session,),
    ).fetchall()
    answers = [message for (data,) in newest if (message := _json(data)).get("role") == "assistant"]
    last = answers[0] if answers else {}
    times = last.get("time")
    is_over = not last or bool(last.get("error")) or (isinstance(times, dict) and "completed" in times)
    answer_tokens = next((tokens for answer in answers if (tokens := _tokens(answer.get("tokens")))), None)
    return Row(
        id=str(session),
        parent=word(parent),
        directory=str(directory),
        provider=word(last.get("providerID")) or word(model_object.get("providerID")),
        model=word(last.get("modelID")) or word(model_object.get("id")) or word(model_object.get("modelID")),
        cost_usd=float(cost) if isinstance(cost, int | float) and 0 < cost < 1e9 else None,
        created=from_text(created),
        updated=from_text(updated_ms),
        context_tokens=answer_tokens,
        finished=is_over,
    )


def _tokens(tokens: object) -> int | None:
    if not isinstance(tokens, dict):
        return None
    cache = tokens.get("cache")
    parts = (
        [tokens.get("input"), *(cache.get(name) for name in ("read", "write"))]
        if isinstance(cache, dict)
        else []
    )
    return sum(part for part in parts if isinstance(part, int) and 0 <= part < 10**12) or None


def _json(text: object) -> dict[str, object]:
    try:
        content = json.loads(text) if isinstance(text, str | bytes) else None
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)
