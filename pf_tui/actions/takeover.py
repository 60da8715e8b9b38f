"""The original plugin's analytics.json into the ledger, once.

The file holds sums, not requests. They become as many rows as requests were counted, with each
provider's tokens and money shared out evenly, on the days the file names: every total of the file is
a total of the ledger afterwards, and what the file does not tell stays unknown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pf_tui.actions.journalling import write_down
from pf_tui.errors import StateFileUnusable
from pf_tui.json_values import object_in
from pf_tui.records import field, record
from pf_tui.rules import failures
from pf_tui.state import files
from pf_tui.state.clock import from_text
from pf_tui.state.context import Context
from pf_tui.state.paths import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ledger.rows import Names, Row

MOST_REQUESTS = 1_000_000
"""More than a person makes in years; a file that claims more is a mistake."""

UNKNOWN = "unknown"


@record
class ImportedCount:
    """What the file counted for one provider or model."""

    requests: int = 0
    failures: int = 0
    tokens: int = 0
    usd: float = 0.0
    latency_ms: int | None = None


@record
class OriginalFile:
    """The file, understood."""

    created: str
    whole: ImportedCount
    providers: Mapping[str, ImportedCount]
    models: Mapping[str, tuple[int, tuple[str, ...]]]
    """Model -> (requests, providers that served it)."""
    days: tuple[tuple[datetime, int], ...]
    """(local noon of a day, requests), oldest first."""
    last: datetime
    fallbacks: tuple[tuple[datetime, str, str, str], ...]
    """(when, from, to, why)."""
    errors: tuple[tuple[datetime, str, str, str], ...]
    """(when, provider, model, text)."""


@record
class TakeoverResult:
    """What was taken over."""

    already: bool
    requests: int = 0
    days: int = 0
    cost_usd: float = 0.0
    fallbacks: int = 0
    errors: int = 0
    notes: tuple[str, ...] = field(default_factory=tuple)


def take_over(ctx: Context, file: Path) -> TakeoverResult:
    """Lay the file's counts into the ledger; a second time adds nothing.

    Raises:
        StateFileUnusable: it cannot be read, or is not the original's analytics.json.
        PfError: the ledger cannot be written.
    """
    from pf_tui.actions import usage
    from pf_tui.ledger import rollups, rows, schema

    path = ctx.cwd / expand(file)
    original = read(path, ctx.now())
    mark = f"import:{original.created}"
    with schema.opened(ctx.paths.ledger, write=True) as connection:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT 1 FROM files WHERE path = ?", (mark,)).fetchone():
            connection.execute("ROLLBACK")
            return TakeoverResult(already=True)
        names = rows.Names(connection)
        new_rows = [_row(item, names) for item in _requests(original, ctx)]
        rows.write(connection, new_rows, names)
        connection.executemany(
            "INSERT INTO switches (ts, from_provider, to_provider, why, who) VALUES (?, ?, ?, ?, 'import')",
            [
                (_ms(at), from_provider, to_provider, why)
                for at, from_provider, to_provider, why in original.fallbacks
            ],
        )
        connection.execute("INSERT INTO files (path, size, offset) VALUES (?, ?, 0)", (mark, len(new_rows)))
        rollups.refresh(connection)
        connection.execute("COMMIT")
    write_down(ctx, "import", why=str(path), after={"requests": len(new_rows)})
    usage.write_counters(ctx)
    return TakeoverResult(
        already=False,
        requests=len(new_rows),
        days=len(original.days),
        cost_usd=original.whole.usd,
        fallbacks=len(original.fallbacks),
        errors=original.whole.failures,
        notes=_notes(original, len(new_rows)),
    )


def document(takeover: TakeoverResult) -> dict[str, object]:
    """The JSON document of `import`."""
    return {
        "imported": not takeover.already,
        "requests": takeover.requests,
        "days": takeover.days,
        "cost_usd": round(takeover.cost_usd, 6),
        "fallbacks": takeover.fallbacks,
        "failed": takeover.errors,
        "notes": list(takeover.notes),
    }


def read(path: Path, now: datetime) -> OriginalFile:
    """The file as records. Raises StateFileUnusable."""
    content = files.read_json(path)
    if content is None:
        raise StateFileUnusable(path, "does not exist", "name the original plugin's .data/analytics.json")
    if not isinstance(content.get("global"), dict) or not isinstance(content.get("providers"), dict):
        raise StateFileUnusable(
            path,
            "is not the original plugin's analytics",
            "name its .data/analytics.json; nothing was changed",
        )
    providers = {name: _sum(item) for name, item in _items(content["providers"])}
    counts = ImportedCount(
        requests=sum(provider.requests for provider in providers.values()),
        failures=sum(provider.failures for provider in providers.values()),
        tokens=sum(provider.tokens for provider in providers.values()),
        usd=sum(provider.usd for provider in providers.values()),
    )
    whole = _global(object_in(content, "global"))
    rest = ImportedCount(
        requests=max(0, whole.requests - counts.requests),
        failures=max(0, whole.failures - counts.failures),
        tokens=max(0, whole.tokens - counts.tokens),
        usd=max(0.0, whole.usd - counts.usd),
    )
    if rest.requests:
        providers[UNKNOWN] = rest
    total = sum(provider.requests for provider in providers.values())
    if total > MOST_REQUESTS:
        raise StateFileUnusable(
            path, f"claims {total} requests; more than {MOST_REQUESTS} are not taken over"
        )
    last = from_text(content.get("lastUpdated")) or now
    return OriginalFile(
        created=str(content.get("created") or content.get("lastUpdated") or path),
        whole=ImportedCount(
            requests=total,
            failures=sum(provider.failures for provider in providers.values()),
            tokens=sum(provider.tokens for provider in providers.values()),
            usd=sum(provider.usd for provider in providers.values()),
        ),
        providers=providers,
        models={
            name: (_whole(item.get("requests")), _texts(item.get("providersUsed")))
            for name, item in _items(content.get("models"))
        },
        days=_days(content.get("dailyUsage")),
        last=last,
        fallbacks=_fallbacks(content.get("fallbackEvents")),
        errors=_errors(content.get("errors")),
    )


@record
class _Request:
    ts: datetime
    provider: str
    model: str
    tokens: int
    usd: float
    latency_ms: int | None
    failure: str | None
    number: int
    mark: str


def _requests(original: OriginalFile, ctx: Context) -> Iterator[_Request]:
    """One per counted request: the days' counts in order, providers and models dealt out evenly."""
    days = _moments(original)
    failures_by_time = _failed(original, ctx)
    dealt = _models(original, ctx)
    for provider, counts in original.providers.items():
        good = max(0, counts.requests - counts.failures)
        bearing = good or counts.requests
        for number in range(counts.requests):
            failure = number >= good
            failure_row = failures_by_time.get(provider) if failure else None
            at, model, kind = failure_row.popleft() if failure_row else (next(days), "", "server")
            share = 0 if failure and good else 1
            ordinal = number if share else 0
            yield _Request(
                ts=at,
                provider=provider,
                model=model or next(dealt[provider]),
                tokens=share * (counts.tokens // bearing + (ordinal < counts.tokens % bearing)),
                usd=share * counts.usd / bearing,
                latency_ms=None if failure else counts.latency_ms,
                failure=kind if failure else None,
                number=number,
                mark=original.created,
            )


def _row(item: _Request, names: Names) -> Row:
    from pf_tui.ledger import rows
    from pf_tui.ledger.layout import NAME
    from pf_tui.ledger.request_id import identity

    values: dict[str, object] = dict.fromkeys(rows.FIELDS)
    values |= dict.fromkeys(("output", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h"), 0)
    values |= {
        "id": identity("import", item.mark, item.provider, str(item.number)),
        "ts": _ms(item.ts),
        "agent": NAME["unknown"],
        "source": NAME["import"],
        "provider": names(item.provider),
        "model": names(item.model),
        "input": item.tokens,
        "web_searches": 0,
        "cost_usd": item.usd,
        "cost_basis": NAME["reported"],
        "status": NAME["failed" if item.failure else "ok"],
        "failure": names(item.failure) if item.failure else None,
        "latency_ms": item.latency_ms,
        "is_subagent": 0,
        "attribution": NAME["assumed"],
    }
    return tuple(values[name] for name in rows.FIELDS)


def _moments(original: OriginalFile) -> Iterator[datetime]:
    """A moment per request: each day's count at its noon, a second apart; what is left at the last moment."""
    for noon, count in original.days:
        for second in range(count):
            yield noon + timedelta(milliseconds=second)
    number = 0
    while True:
        yield original.last - timedelta(milliseconds=number)
        number += 1


def _models(original: OriginalFile, ctx: Context) -> dict[str, Iterator[str]]:
    """For each provider a model per request, as far as the file tells which it served."""
    queues: dict[str, deque[tuple[str, int]]] = {provider: deque() for provider in original.providers}
    room = {provider: counts.requests for provider, counts in original.providers.items()}
    for name, (count, served_by) in original.models.items():
        model = ctx.catalog().find_model(name)
        remaining = count
        for provider in served_by or tuple(original.providers):
            share = min(remaining, room.get(provider, 0))
            if share:
                queues[provider].append((model.id if model else name, share))
                room[provider] -= share
                remaining -= share
    return {provider: _dealt(queue) for provider, queue in queues.items()}


def _dealt(queue: deque[tuple[str, int]]) -> Iterator[str]:
    for model, count in queue:
        for _ in range(count):
            yield model
    while True:
        yield UNKNOWN


def _failed(original: OriginalFile, ctx: Context) -> dict[str, deque[tuple[datetime, str, str]]]:
    """The failures the file tells of one by one: provider -> (when, model, class)."""
    failures_by_time: dict[str, deque[tuple[datetime, str, str]]] = {}
    for at, provider, model, text in original.errors:
        entry = ctx.catalog().find_model(model) if model else None
        kind = failures.classify(
            status=_status(text), body=text, now=at, meanings=ctx.catalog().meanings
        ).kind
        failures_by_time.setdefault(provider, deque()).append((at, entry.id if entry else model, kind))
    return failures_by_time


def _status(text: str) -> int | None:
    """An HTTP status the text names."""
    import re

    match = re.search(r"\b([45]\d\d)\b", text)
    return int(match[1]) if match else None


def _notes(original: OriginalFile, requests: int) -> tuple[str, ...]:
    dated = sum(count for _, count in original.days)
    notes = []
    if requests > dated:
        notes.append(f"{requests - dated} of them have no day in the file and stand at its last update")
    if requests:
        notes.append("requests of those days that agents logged themselves are counted beside them")
    return tuple(notes)


def _sum(item: Mapping[str, object]) -> ImportedCount:
    requests = _whole(item.get("requests"))
    return ImportedCount(
        requests=requests,
        failures=min(requests, _whole(item.get("failures"))),
        tokens=_whole(item.get("tokensUsed")),
        usd=_number(item.get("costUSD")),
        latency_ms=_whole(item.get("avgLatencyMs")) or None,
    )


def _global(item: Mapping[str, object]) -> ImportedCount:
    return ImportedCount(
        requests=_whole(item.get("totalRequests")),
        failures=_whole(item.get("totalFailures")),
        tokens=_whole(item.get("totalTokensUsed")),
        usd=_number(item.get("estimatedCostUSD")),
    )


def _days(value: object) -> tuple[tuple[datetime, int], ...]:
    """The file keeps the newest first, under `day` or `date`."""
    days = []
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, dict):
            continue
        day = from_text(item.get("day") or item.get("date"))
        if day is not None and (count := _whole(item.get("requests"))):
            days.append((day.replace(hour=12, minute=0, second=0, microsecond=0), count))
    return tuple(sorted(days))


def _fallbacks(value: object) -> tuple[tuple[datetime, str, str, str], ...]:
    fallbacks = []
    for item in value if isinstance(value, list) else ():
        at = from_text(item.get("timestamp")) if isinstance(item, dict) else None
        if at is None or not isinstance(item.get("toProvider"), str):
            continue
        fallbacks.append(
            (at, str(item.get("fromProvider") or UNKNOWN), item["toProvider"], str(item.get("reason", "")))
        )
    return tuple(sorted(fallbacks))


def _errors(value: object) -> tuple[tuple[datetime, str, str, str], ...]:
    errors = []
    for item in value if isinstance(value, list) else ():
        at = from_text(item.get("timestamp")) if isinstance(item, dict) else None
        if at is not None:
            provider, model = str(item.get("provider", UNKNOWN)), str(item.get("model") or "")
            errors.append((at, provider, model, str(item.get("error", ""))))
    return tuple(sorted(errors))


def _items(value: object) -> list[tuple[str, Mapping[str, object]]]:
    pairs = value.items() if isinstance(value, dict) else ()
    return [(name, item) for name, item in pairs if isinstance(item, dict)]


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _whole(value: object) -> int:
    return max(0, round(_number(value)))


def _number(value: object) -> float:
    """A number that can be counted with; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if abs(value) < 1e15 else 0.0


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
