"""The gateway: failover that saves the turn in flight. Loopback only.

body      one look at a request body; byte-level edits     streams   SSE as it passes: first event, usage, cuts
chain     which routes a request may take, in order        engine    try them: the failover itself
transport aiohttp towards upstreams                        server    the HTTP surface agents see
answers   what an agent is told when nobody can serve      recorder  attempts, benches and events to disk
world     state files, followed live                       life      start, stop, status, one per state directory
env       how an agent is pointed here                     launch    `pf-tui run`      drill   a rehearsal

Invariants: bytes pass unchanged where client and upstream speak the same protocol; after the first good
event nothing is retried; a provider's key goes to that provider's own host and nowhere else.
"""
