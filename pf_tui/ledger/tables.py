"""The statements that make a new ledger; loaded only where one is made or brought up to date."""

from __future__ import annotations

from pf_tui.ledger.layout import LOGGED_TURN, NAME, ROLLUPS, SUM_COLUMNS

_COLUMNS = (
    "ts INTEGER NOT NULL, agent INTEGER NOT NULL, source INTEGER NOT NULL, session INTEGER, project INTEGER,"
    " provider INTEGER NOT NULL, model INTEGER NOT NULL, served_model INTEGER,"
    " input INTEGER NOT NULL, output INTEGER NOT NULL, reasoning INTEGER NOT NULL, cache_read INTEGER NOT NULL,"
    " cache_write_5m INTEGER NOT NULL, cache_write_1h INTEGER NOT NULL, web_searches INTEGER NOT NULL,"
    " cost_usd REAL, cost_basis INTEGER NOT NULL, status INTEGER NOT NULL, failure INTEGER,"
    " latency_ms INTEGER, ttft_ms INTEGER, request_id TEXT, message_id TEXT, is_subagent INTEGER NOT NULL,"
    " attribution INTEGER NOT NULL, service_tier INTEGER, joined INTEGER, root INTEGER, machine INTEGER"
)
"""`root`: the agent's config folder the log lies in. `machine`: whose ledger it was imported from; NULL = this one's.

Sums have NAME[""] where rows have NULL.
"""

NAMED_ONCE = "INSERT OR IGNORE INTO facts VALUES ('machine', lower(hex(randomblob(16))))"
"""What this ledger is known by where it is imported; nobody's name, and made once."""

SUM_TABLES = (
    *(
        f"CREATE TABLE {table} ({', '.join(f'{key} INTEGER NOT NULL' for key in keys)},"
        f" {', '.join(f'{name} {kind}' for name, kind in SUM_COLUMNS)}, PRIMARY KEY ({', '.join(keys)})) WITHOUT ROWID"
        for table, keys in ROLLUPS.items()
    ),
    "CREATE INDEX quarter_session ON quarters (session)",
    "CREATE TABLE latencies (unit INTEGER NOT NULL, time INTEGER NOT NULL, provider INTEGER NOT NULL,"
    " counts BLOB NOT NULL, PRIMARY KEY (unit, time, provider)) WITHOUT ROWID",
)
"""The tables of sums: all of them can be made anew from the rows."""

REQUESTS_VIEW = (
    "CREATE VIEW requests AS SELECT r.id, a.text AS agent, s.text AS source, r.ts, e.text AS session,"
    " p.text AS project, v.text AS provider, m.text AS model, w.text AS served_model, r.input, r.output,"
    " r.reasoning, r.cache_read, r.cache_write_5m, r.cache_write_1h, r.web_searches, r.cost_usd,"
    " b.text AS cost_basis, t.text AS status, f.text AS failure, r.latency_ms, r.ttft_ms, r.request_id,"
    " r.message_id, r.is_subagent, c.text AS attribution, i.text AS service_tier, o.text AS root,"
    " h.text AS machine"
    " FROM request_rows r JOIN names a ON a.id = r.agent JOIN names s ON s.id = r.source"
    " LEFT JOIN names e ON e.id = r.session LEFT JOIN names p ON p.id = r.project"
    " JOIN names v ON v.id = r.provider JOIN names m ON m.id = r.model"
    " LEFT JOIN names w ON w.id = r.served_model JOIN names b ON b.id = r.cost_basis"
    " JOIN names t ON t.id = r.status LEFT JOIN names f ON f.id = r.failure"
    " JOIN names c ON c.id = r.attribution LEFT JOIN names i ON i.id = r.service_tier"
    " LEFT JOIN names o ON o.id = r.root LEFT JOIN names h ON h.id = r.machine"
)

SWITCH_ONCE = (
    "CREATE UNIQUE INDEX switch_once ON switches (ts, to_provider, ifnull(who, ''), ifnull(machine, ''))"
)

ALL = (
    "CREATE TABLE names (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE)",
    f"CREATE TABLE request_rows (id INTEGER PRIMARY KEY, {_COLUMNS})",
    "CREATE INDEX request_ts ON request_rows (ts)",
    f"CREATE INDEX request_passed ON request_rows (request_id) WHERE source = {NAME['gateway']}",
    f"CREATE INDEX request_alone ON request_rows (session, ts) WHERE source = {NAME['gateway']} AND joined IS NULL",
    f"CREATE INDEX request_pending ON request_rows (ts) WHERE cost_basis = {NAME['pending']}",
    "CREATE TABLE dirty (quarter INTEGER PRIMARY KEY)",
    "CREATE TABLE skipped (path TEXT NOT NULL, line INTEGER NOT NULL, why TEXT NOT NULL,"
    " lost INTEGER NOT NULL DEFAULT 1, count INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (path, line)) WITHOUT ROWID",
    "CREATE TABLE limit_readings (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, time_window TEXT NOT NULL,"
    " unit TEXT NOT NULL, used REAL NOT NULL, allowed REAL, used_fraction REAL, resets_at INTEGER,"
    " source TEXT NOT NULL, observed_at INTEGER NOT NULL, model TEXT, machine TEXT)",
    "CREATE UNIQUE INDEX reading_once ON limit_readings"
    " (provider, time_window, unit, source, observed_at, ifnull(model, ''))",
    "CREATE TABLE limit_hits (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, kind TEXT NOT NULL,"
    " ts INTEGER NOT NULL, until INTEGER, agent TEXT, session TEXT, waited_ms INTEGER, text TEXT, machine TEXT)",
    "CREATE UNIQUE INDEX hit_once ON limit_hits (provider, kind, ts, ifnull(session, ''))",
    "CREATE INDEX hit_ts ON limit_hits (ts)",
    "CREATE TABLE switches (id INTEGER PRIMARY KEY, ts INTEGER NOT NULL, from_provider TEXT,"
    " to_provider TEXT NOT NULL, why TEXT, who TEXT, machine TEXT)",
    SWITCH_ONCE,
    "CREATE TABLE timeline (agent TEXT NOT NULL, ts INTEGER NOT NULL, provider TEXT NOT NULL,"
    " PRIMARY KEY (agent, ts)) WITHOUT ROWID",
    "CREATE TABLE cost_states (session TEXT NOT NULL, model TEXT NOT NULL, totals TEXT NOT NULL, base TEXT,"
    " started INTEGER, ts INTEGER, project TEXT, settled INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (session, model)) WITHOUT ROWID",
    "CREATE INDEX cost_open ON cost_states (session) WHERE settled = 0",
    "CREATE TABLE shared (session TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TABLE prices (provider TEXT NOT NULL, model TEXT NOT NULL, mode TEXT NOT NULL, valid_from INTEGER"
    " NOT NULL, above_tokens INTEGER NOT NULL, input REAL, output REAL, cache_read REAL, cache_write_5m REAL,"
    " cache_write_1h REAL, web_search REAL, source TEXT, basis TEXT,"
    " PRIMARY KEY (provider, model, mode, valid_from, above_tokens)) WITHOUT ROWID",
    "CREATE TABLE facts (key TEXT PRIMARY KEY, value TEXT)",
    "CREATE TABLE files (path TEXT PRIMARY KEY, agent INTEGER, inode INTEGER, size INTEGER, mtime_ns INTEGER,"
    " offset INTEGER, head_hash INTEGER, note TEXT) WITHOUT ROWID",
    f"CREATE INDEX request_turn ON request_rows (session, ts) WHERE {LOGGED_TURN}",
    "CREATE INDEX request_failed ON request_rows (ts, provider, failure, agent, project, session)"
    " WHERE failure IS NOT NULL",
    "CREATE INDEX hit_provider ON limit_hits (provider, ts)",
    REQUESTS_VIEW,
    *SUM_TABLES,
)
"""A new ledger."""
