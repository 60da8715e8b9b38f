"""What a source saw in an agent's logs, as plain tuples: a worker sends them through a pipe by the 100 000.

A `LoggedRequest` is one request (delivered or failed); other findings are readings, limit hits and the
agent's own running totals. Rows keep no prompt and no answer.
"""

from __future__ import annotations

from pf_tui.ledger.request_id import same_answer_id
from pf_tui.ledger.rows import sound
from pf_tui.records import NamedTuple


class LoggedRequest(NamedTuple):
    """One request as an agent's log tells it."""

    id: int
    """63-bit hash of what makes it one request."""
    ts: int
    """UTC ms."""
    session: str
    project: str
    model: str
    input: int = 0
    output: int = 0
    """With reasoning."""
    reasoning: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    web_searches: int = 0
    request_id: str | None = None
    message_id: str | None = None
    is_subagent: int = 0
    mode: str = ""
    """How it was served, where that has another price: fast, batch, flex, priority, us; several with a space."""
    failure: str | None = None
    """Failure class; None = delivered."""
    latency_ms: int | None = None
    ttft_ms: int | None = None
    provider: str | None = None
    """The agent's own word for who served, already our id; None = it does not say."""
    reported_usd: float | None = None

    @property
    def total(self) -> int:
        """Tokens of all kinds."""
        return self.input + self.output + self.cache_read + self.cache_write_5m + self.cache_write_1h


class LimitHit(NamedTuple):
    """A limit or failure an agent ran into."""

    ts: int
    kind: str
    until: int | None
    session: str
    waited_ms: int = 0
    window: str | None = None
    text: str = ""
    provider: str | None = None
    request: int | None = None
    """The number of the request that failed, where copies of it may lie in other sessions."""


class WindowReading(NamedTuple):
    """A reading of a limit window."""

    ts: int
    window: str
    """A WindowName; as text, because msgspec reads these types at run time."""
    unit: str
    used: float
    limit: float | None
    resets_at: int | None
    source: str
    model: str | None = None
    provider: str | None = None


class CostState(NamedTuple):
    """Claude Code's own running total of one model in one session."""

    session: str
    model: str
    totals: tuple[int, ...]
    """input, output, cache read, 5-minute and 1-hour cache writes, web searches"""
    started: int
    """UTC ms: when the session began."""
    ts: int
    project: str


class UnusableRowError(ValueError):
    """A row that is sound JSON and still cannot be counted; the message says why."""


class Skipped(NamedTuple):
    """A row that could not be used, or only in part."""

    line: int
    why: str
    lost: int = 1
    """0: it is damaged, but its numbers were used."""
    rows: int = 1
    """How many rows this stands for: beyond the first MAX_SKIPS of a file they are not told apart."""


MAX_SKIPS = 200
UNFINISHED = "the last line is cut off, or still being written"
"""Why a row is skipped for now: the next reading begins with it."""


class ParsedLogs:
    """Everything some files (or one database) gave."""

    def __init__(self) -> None:
        self.requests: dict[int, LoggedRequest] = {}
        self.hits: list[LimitHit] = []
        self.readings: dict[tuple[str, str | None, str | None], WindowReading] = {}
        self.cost_states: dict[tuple[str, str], CostState] = {}
        self.shared_sessions: set[str] = set()
        """Sessions with a row that is counted in another one."""
        self.copies: set[int] = set()
        """Numbers of requests that turned out to be copies of others, and are counted there."""
        self.constant: set[str] = set()
        """Message ids that more than one request has."""
        self.skipped: dict[str, list[Skipped]] = {}
        """By file."""
        self.bytes = 0

    def add(self, request: LoggedRequest) -> None:
        """Keep the request, or lay it over what is known of it."""
        if not request.model.isascii():
            request = request._replace(model=sound(request.model))
        first = self.requests.setdefault(request.id, request)
        if first is request:
            return
        if _apart(first, request):
            self.constant.add(str(request.message_id))
            request = request._replace(id=same_answer_id(str(request.message_id), str(request.request_id)))
            if (first := self.requests.setdefault(request.id, request)) is request:
                return
        won, other = (request, first) if beats(request, first) else (first, request)
        self.requests[request.id] = won
        if won.session != other.session:
            self.shared_sessions.add(other.session)

    def read(self, window_reading: WindowReading) -> None:
        """Keep the newest reading of each window and a sparse history (one per 10 minutes)."""
        self.readings[
            (
                window_reading.window,
                window_reading.model,
                f"{window_reading.provider}{window_reading.ts // 600_000}",
            )
        ] = window_reading

    def skip(self, path: str, line: int, why: str, *, lost: bool = True, rows: int = 1) -> None:
        """Note rows that were lost, or damaged and used all the same."""
        skipped = self.skipped.setdefault(sound(path), [])
        if len(skipped) < MAX_SKIPS:
            skipped.append(Skipped(line, why, int(lost), rows))
        else:
            skipped[-1] = Skipped(line, why, int(lost), skipped[-1].rows + rows)

    @property
    def lost(self) -> int:
        """How many rows could not be used."""
        return sum(row.rows for rows in self.skipped.values() for row in rows if row.lost)

    def absorb(self, other: ParsedLogs) -> None:
        """Take over what other files gave; they keep nothing."""
        for number in self.requests.keys() & other.requests.keys():
            self.add(other.requests.pop(number))
        self.requests.update(other.requests)
        self.hits += other.hits
        self.readings.update(other.readings)
        for key, state in other.cost_states.items():
            self.keep_state(key, state)
        self.shared_sessions |= other.shared_sessions
        self.copies |= other.copies
        self.constant |= other.constant
        for path, rows in other.skipped.items():
            self.skipped.setdefault(path, []).extend(rows)
        self.bytes += other.bytes

    def keep_state(self, key: tuple[str, str], state: CostState) -> None:
        """Keep the larger running total: it only grows, and a copied line is an older one."""
        if key not in self.cost_states or sum(state.totals) >= sum(self.cost_states[key].totals):
            self.cost_states[key] = state


def beats(new: LoggedRequest, old: LoggedRequest) -> bool:
    """The same rule as `ledger.rows`: main chain, then more tokens, then the first place by name."""
    if new.is_subagent != old.is_subagent:
        return new.is_subagent < old.is_subagent
    new_total, old_total = new.total, old.total
    if new_total != old_total:
        return new_total > old_total
    return _tie_break(new) < _tie_break(old)


def _tie_break(logged_request: LoggedRequest) -> tuple[str, str, int, bool, str]:
    return (
        logged_request.project,
        logged_request.session,
        logged_request.ts,
        not logged_request.model,
        logged_request.model,
    )


def _apart(logged_request: LoggedRequest, other: LoggedRequest) -> bool:
    """As `ledger.rows.apart` says of rows."""
    return bool(
        logged_request.request_id
        and other.request_id
        and logged_request.request_id != other.request_id
        and logged_request.message_id
        and logged_request.message_id == other.message_id
        and not logged_request.is_subagent
        and not other.is_subagent
    )
