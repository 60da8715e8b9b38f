"""The agents' own logs into the ledger: one module per agent, one small interface.

A line-file agent is a module with AGENT, NEEDLES, `roots(env)` and `read_line(line, path, parsed)`
(or a `Reader` that carries state along), entered in `files.LINE_SOURCES`. OpenCode is a database.

claude_code codex gemini opencode   what each agent writes     pipeline        all of it, incrementally
files         which logs are new, and reading them             batches         in batches, by one process or two
lines         line files in blocks, cheaply                    worker          the second process
claude_lines  typed decoding of Claude Code's lines            coerce          counts and times of rows
observed      what a log says, as plain tuples                 to_rows         the same as ledger rows
store         rows into the ledger                             attribution     which provider served a row
from_hook     requests as a hook reports them                  opencode_stores its databases and older files
outcome       what an ingest did                               running_totals  an agent's own sums, compared
"""
