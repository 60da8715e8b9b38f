"""The gateway: failover that saves the turn in flight. Loopback only.

body      one look at a request body; byte-level edits    streams   SSE as it passes: events, usage, cuts
chain     which routes a request may take, in order       engine    one request on its way through them
exchanges one attempt: send, hold, let pass               verdicts  what a failed attempt means
transport one exchange; what may not travel along         sessions  where each stays; whose reasoning it holds
wire      aiohttp's connections without its session       faults    the ways to fail, for drill and tests
resting   who must rest, streaks, half-open probes        stand_in  upstreams that fail as told, for drill
server    the HTTP surface agents see                     answers   what an agent hears when nobody can serve
world     state files, followed live                      settings  what a person may set
recorder  the writer thread: rows, benches, events        flights   requests under way, for live.json
life      start, stop, one for each state directory       models    GET /v1/models      log  one line each
env       how an agent is pointed here                    launch    `pf-tui run`        drill  a rehearsal

Invariants: bytes pass unchanged where client and upstream speak the same protocol; after the first good
event nothing is retried; a provider's key goes to that provider's own host and nowhere else.
"""
