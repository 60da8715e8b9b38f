"""The agents' own logs into the ledger: one module per agent, one small interface.

A line-file agent is a module with AGENT, NEEDLES, `roots(env)` and `read_line(line, path, harvest)`
(or a `Reader` that carries state along), entered in `ingest.LINE_SOURCES`. OpenCode is a database.

claude_code codex gemini opencode   what each agent writes      sightings   what a source saw
reading      line files in blocks   ingest   all of it, incrementally      worker   a second process
attribution  who served a row       storing  sightings to rows: names, provider, cost
"""
