"""JSON schemas of every document of the command line: contracts, written by hand.

Fields may be added, never renamed or removed: so objects are open, and every agreed field is required.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
AMOUNT: Schema = {"type": "number", "minimum": 0}
USD: Schema = {"type": ["number", "null"], "minimum": 0}
_ISO = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)$"
MOMENT: Schema = {"type": "string", "pattern": _ISO}
MAYBE_MOMENT: Schema = {"type": ["string", "null"], "pattern": _ISO}


def obj(**fields: Schema) -> Schema:
    """An open object that has at least these fields."""
    return {"type": "object", "required": sorted(fields), "properties": fields}


def several(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


LIMIT = obj(
    window=TEXT,
    unit={"enum": ["percent", "tokens", "requests", "usd"]},
    used={"type": "number"},
    limit={"type": ["number", "null"]},
    percent={"type": ["number", "null"]},
    resets_at=MAYBE_MOMENT,
    source={"enum": ["official", "header", "rollout", "text", "estimate", "budget"]},
    observed_at=MOMENT,
    runs_out_at=MAYBE_MOMENT,
)
HEALTH = obj(
    state={"enum": ["ready", "warning", "limited", "exhausted", "benched", "no-credential", "disabled"]},
    until=MAYBE_MOMENT,
    why=MAYBE_TEXT,
    evidence={"type": ["object", "null"]},
)
AUTH = obj(kind=TEXT, state={"enum": ["present", "missing", "expired", "unknown"]}, source=MAYBE_TEXT)
USAGE = obj(requests=COUNT, tokens=COUNT, cost_usd=USD)
PROVIDER = obj(
    id=TEXT,
    name=TEXT,
    family=TEXT,
    rank={"type": ["integer", "null"], "minimum": 1},
    enabled=FLAG,
    auth=AUTH,
    health=HEALTH,
    limits=several(LIMIT),
    usage=obj(today=USAGE, month=USAGE),
)
SERVING = obj(provider=TEXT, model=MAYBE_TEXT, since=MAYBE_MOMENT, reason=TEXT)
NEXT = obj(provider=TEXT, model=MAYBE_TEXT, reason=TEXT)
EFFECT = obj(
    agent=TEXT,
    when={"enum": ["now", "next turn", "next start", "never"]},
    how=TEXT,
)
STATUS = obj(
    active=maybe(SERVING),
    next=maybe(NEXT),
    auto_switch=FLAG,
    gateway=obj(auto=FLAG, url=MAYBE_TEXT, led=several(TEXT)),
    project=MAYBE_TEXT,
    agents=several(obj(agent=TEXT, applied=MAYBE_TEXT, pending=MAYBE_TEXT)),
    providers=several(PROVIDER),
)
SWITCH: Schema = {
    **obj(switched=FLAG, to=MAYBE_TEXT, model=MAYBE_TEXT, effect=several(EFFECT), undo=MAYBE_TEXT),
}
SWITCH["required"] = sorted([*SWITCH["required"], "from"])
SWITCH["properties"]["from"] = MAYBE_TEXT

NUMBER_OR_NULL: Schema = {"type": ["number", "null"]}
PRICE = obj(
    input=NUMBER_OR_NULL,
    output=NUMBER_OR_NULL,
    cache_read=NUMBER_OR_NULL,
    cache_write=NUMBER_OR_NULL,
    cache_write_1h=NUMBER_OR_NULL,
)
MODEL = obj(
    id=TEXT,
    name=TEXT,
    family=TEXT,
    subfamily=TEXT,
    tier=TEXT,
    status={"enum": ["active", "preview", "deprecated", "retired"]},
    successor=MAYBE_TEXT,
    context=COUNT,
    context_max=COUNT,
    max_output={"type": ["integer", "null"]},
    capabilities=several(TEXT),
    modalities=obj(input=several(TEXT), output=several(TEXT)),
    price=PRICE,
    providers={"type": "object", "additionalProperties": obj(id=TEXT)},
)
MODELS = several(MODEL)

SUMS = {
    "requests": COUNT,
    "failed": COUNT,
    "input_tokens": COUNT,
    "output_tokens": COUNT,
    "reasoning_tokens": COUNT,
    "cache_read_tokens": COUNT,
    "cache_write_tokens": COUNT,
    "total_tokens": COUNT,
    "cost_usd": USD,
    "unpriced_tokens": COUNT,
}
COMPARED = obj(
    provider=TEXT,
    plan=FLAG,
    requests=COUNT,
    total_tokens=COUNT,
    cost_usd=USD,
    usd_per_million_tokens=USD,
    latency_ms_p50=USD,
    failure_rate=AMOUNT,
    rate_limited_rate=AMOUNT,
    limit_hits=COUNT,
    minutes_saved=AMOUNT,
    minutes_lost=AMOUNT,
    same_work_usd=USD,
    same_work_share=AMOUNT,
)
ANALYTICS: Schema = obj(
    period=TEXT,
    to=MOMENT,
    timezone=TEXT,
    totals=obj(**SUMS, fallbacks=COUNT, limit_hits=COUNT),
    by_provider=several(
        obj(
            provider=TEXT,
            **SUMS,
            fallbacks=COUNT,
            limit_hits=COUNT,
            latency_ms_p50=USD,
            failure_rate=AMOUNT,
        )
    ),
    by_model=several(obj(model=TEXT, **SUMS)),
    by_project=several(obj(project=TEXT, **SUMS)),
    by_agent=several(obj(agent=TEXT, **SUMS)),
    by_machine=several(obj(machine=TEXT, **SUMS)),
    by_day=several(obj(day={"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}, **SUMS)),
    skipped=obj(rows=COUNT, files=several(obj(path=TEXT, line=COUNT, why=TEXT))),
)
ANALYTICS["required"] = sorted([*ANALYTICS["required"], "from"])
ANALYTICS["properties"]["from"] = MAYBE_MOMENT

VIEW_LISTS: dict[str, Schema] = {
    "sessions": obj(by_session=several(obj(session=TEXT, agent=TEXT, **SUMS))),
    "blocks": obj(
        blocks=several(
            obj(
                start=MOMENT,
                end=MOMENT,
                active=FLAG,
                tokens_per_minute=USD,
                usd_per_hour=USD,
                projected_usd=USD,
                **SUMS,
            )
        )
    ),
    "errors": obj(errors=several(obj(provider=TEXT, kind=TEXT, count=COUNT, last=MOMENT))),
    "limits": obj(
        limit_hits=several(
            obj(
                provider=TEXT,
                kind=TEXT,
                at=MOMENT,
                until=MAYBE_MOMENT,
                agent=MAYBE_TEXT,
                session=MAYBE_TEXT,
                waited_s=AMOUNT,
            )
        )
    ),
    "costs": obj(
        plans=several(
            obj(
                provider=TEXT,
                plan=TEXT,
                name=TEXT,
                usd_per_month=AMOUNT,
                usd_in_period=AMOUNT,
                list_price_usd=AMOUNT,
            )
        )
    ),
}
"""What a view's document has beside the common fields."""

COMPARE = obj(
    compare=obj(
        previous={"anyOf": [{"type": "object", "required": ["from", "to", "totals"]}, {"type": "null"}]},
        providers=several(COMPARED),
    )
)
REQUEST = obj(
    ts=MOMENT,
    agent=TEXT,
    source=TEXT,
    session=MAYBE_TEXT,
    project=MAYBE_TEXT,
    provider=TEXT,
    model=TEXT,
    served_model=MAYBE_TEXT,
    cost_usd=USD,
    cost_basis={"enum": ["list", "subscription-equivalent", "reported", "pending", "unpriced"]},
    status={"enum": ["ok", "failed"]},
    failure=MAYBE_TEXT,
    is_subagent=FLAG,
    attribution={"enum": ["gateway", "agent", "timeline", "assumed"]},
    service_tier=MAYBE_TEXT,
    root=MAYBE_TEXT,
    machine=MAYBE_TEXT,
    **dict.fromkeys(
        ("input", "output", "reasoning", "cache_read", "cache_write_5m", "cache_write_1h"), COUNT
    ),
)
INGEST = obj(files=COUNT, bytes=COUNT, rows_new=COUNT, rows_skipped=COUNT, seconds=AMOUNT)
IMPORT_LEDGER = obj(machine=TEXT, requests=COUNT, new=COUNT, limit_hits=COUNT, switches=COUNT)
IMPORT = obj(imported=FLAG, requests=COUNT, days=COUNT, cost_usd=AMOUNT, fallbacks=COUNT, failed=COUNT)
RESET = obj(reset=FLAG, backup=MAYBE_TEXT)
EVENTS = several(
    obj(
        ts=MOMENT,
        who=TEXT,
        action=TEXT,
        why={"type": "string"},
        before={"type": "object"},
        after={"type": "object"},
    )
)
WHY = obj(
    active=maybe(SERVING),
    next=maybe(NEXT),
    reason=TEXT,
    chain=several(
        obj(
            rank={"type": "integer", "minimum": 1},
            provider=TEXT,
            verdict={"enum": ["serves", "passed", "ready"]},
            model=MAYBE_TEXT,
            code=MAYBE_TEXT,
            reason=MAYBE_TEXT,
            until=MAYBE_MOMENT,
        )
    ),
    repairs=several(obj(provider=TEXT, model=MAYBE_TEXT, strip=several(TEXT), since=MOMENT, text=TEXT)),
)
AUTH_STATUS = obj(
    providers=several(
        obj(id=TEXT, name=TEXT, family=TEXT, auth=AUTH, usable=FLAG, cure=MAYBE_TEXT, warning=MAYBE_TEXT)
    )
)
AUTH_CHECK = obj(
    provider=TEXT,
    ok=FLAG,
    asked=FLAG,
    status={"type": ["integer", "null"]},
    latency_ms={"type": ["integer", "null"]},
    url=MAYBE_TEXT,
    message=TEXT,
    hint=MAYBE_TEXT,
)
AUTH_SET = obj(provider=TEXT, stored={"enum": ["keyring", "auth.json"]})
AUTH_REMOVE = obj(provider=TEXT, removed=several(TEXT))
AUTH_IMPORT = obj(imported=several(TEXT))
PRIORITY = obj(
    priority=several(TEXT),
    source={"enum": ["project", "config", "catalog"]},
    project=MAYBE_TEXT,
    providers=several(obj(id=TEXT, name=TEXT, rank=COUNT, health=HEALTH)),
)
UNREAD = obj(
    at=TEXT,
    provider=TEXT,
    status={"type": ["integer", "null"]},
    header=MAYBE_TEXT,
    code=MAYBE_TEXT,
    text=TEXT,
    **{"class": TEXT},
)
RULES = obj(rules=several({"type": "object"}), unread=several(UNREAD))
REORDERED = obj(
    changed=FLAG, before=several(TEXT), priority=several(TEXT), active=MAYBE_TEXT, undo=MAYBE_TEXT
)
BUDGETS = obj(
    daily_tokens=NUMBER_OR_NULL,
    monthly_tokens=NUMBER_OR_NULL,
    daily_requests=NUMBER_OR_NULL,
    monthly_requests=NUMBER_OR_NULL,
    daily_usd=NUMBER_OR_NULL,
    monthly_usd=NUMBER_OR_NULL,
)
LIMITED = obj(id=TEXT, name=TEXT, health=HEALTH, limits=several(LIMIT), budgets=BUDGETS)
LIMITS = obj(providers=several(LIMITED))
BENCHED = obj(benched={"type": "object"}, active=MAYBE_TEXT, undo=TEXT)
RELEASED = obj(provider=TEXT, released=COUNT, active=MAYBE_TEXT, undo=MAYBE_TEXT)
PAUSE = obj(
    changed=FLAG, paused=MAYBE_MOMENT, effect=several(EFFECT), problems=several(TEXT), undo=MAYBE_TEXT
)
INIT = obj(path=TEXT, undo=TEXT)
PRICES = obj(
    source=TEXT,
    version=TEXT,
    date=MAYBE_TEXT,
    updated_at=MAYBE_MOMENT,
    models=COUNT,
    own_prices=COUNT,
    unpriced=several(obj(model=TEXT, tokens=COUNT)),
)
EXPORT = obj(path=TEXT, bytes=COUNT, requests=COUNT)
ERROR = obj(error=obj(code={"enum": [1, 2, 3, 4, 5]}, message=TEXT, hint=MAYBE_TEXT))

SESSION: Schema = obj(
    id=TEXT,
    agent={"enum": ["claude-code", "opencode", "codex"]},
    project=MAYBE_TEXT,
    worktree=MAYBE_TEXT,
    branch=MAYBE_TEXT,
    state={"enum": ["working", "waiting", "limited", "idle", "ended"]},
    provider=MAYBE_TEXT,
    model=MAYBE_TEXT,
    context_tokens=maybe(COUNT),
    context_percent=maybe(AMOUNT),
    cost_usd=maybe(AMOUNT),
    cost_per_hour=maybe(AMOUNT),
    window_share=maybe(obj(window=TEXT, percent=AMOUNT)),
    started=MAYBE_MOMENT,
    last_activity=MAYBE_MOMENT,
    parent=MAYBE_TEXT,
    pid=maybe(COUNT),
    by={"enum": ["registry", "hook", "log", "gateway", "process"]},
    provider_by={"enum": ["registry", "hook", "log", "gateway", "process", None]},
    observed_at=MOMENT,
    guess=FLAG,
    elsewhere=FLAG,
    waiting_for={"enum": ["permission", "question", "dialog", None]},
    limited_until=MAYBE_MOMENT,
    background=COUNT,
    focus=maybe({"type": "object"}),
    agent_type=MAYBE_TEXT,
    children={"type": "array"},
)
SESSIONS = several(SESSION)
