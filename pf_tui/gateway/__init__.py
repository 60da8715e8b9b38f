"""The gateway: failover that saves the turn in flight. Loopback only.

server     the HTTP surface agents see                  body      one request body; byte-level edits
routing    which routes a request may take, in order    failover  one request on its way through them
parts      what all requests share; `engine` serves them  turn    one request's state and end
repairing  what a provider refuses
attempt    one attempt: send, hold, let pass            upstream  one exchange; which headers travel
breaker    circuit breakers: streaks, probes            sse       server-sent events: whole ones, one by one
http_reply        requests' bodies and answers in aiohttp's terms
usage_meter       what events tell: usage, ids, the end  event_batches     many events read at once
stream_errors     how a stream ends that broke
sessions   where each session stays                     inflight  requests under way, for live.json
recorder   the writer thread: rows, benches, events     settings  what a person may set
process    start and stop, one for each state directory models    GET /v1/models      log  one line each
routing_state     the state files, followed live  routing_plan  one view of them
own_responses     what an agent hears when no provider can serve
attempt_failures  what a failed attempt means

Invariants: bytes pass unchanged where client and upstream speak the same protocol; after the first good
event nothing is retried; a provider's key goes to that provider's own host and nowhere else.
"""
