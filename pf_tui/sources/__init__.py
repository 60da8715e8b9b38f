"""The agents' own logs into the ledger: one module per agent, one small interface.

A line-file agent is a module with AGENT, NEEDLES, `roots(env)` and `read_line(line, path, harvest)`
(or a `Reader` that carries state along), entered in `files.LINE_SOURCES`. OpenCode is a database.

claude_code codex gemini opencode   what each agent writes     files        which are new, and reading them
reading    line files in blocks, cheaply                       batches      in batches, by one process or two
fast_json  typed decoding of lines                             worker       the second process
fields     counts and times of rows                            sightings    what a source saw, as plain tuples
ingest     all of it, incrementally                            attribution  who served a row
storing    sightings into the ledger; `shaping` makes rows     live         requests as a hook tells of them
opencode_stores  its databases and older files                 running_totals  an agent's own sums, set against rows
outcome    what an ingest did
"""
