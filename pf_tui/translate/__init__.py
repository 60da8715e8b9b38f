"""Any agent on any provider: requests and answers of three protocols, each into each. Pure.

Owns the wire forms of Anthropic Messages, OpenAI Chat and OpenAI Responses and the vendors' dialects of
them. Knows no clock, no file, no network. How the gateway calls it:

    target = dialect(catalog.dialect(provider, protocol), provider, protocol, native_model_id)
    if client_protocol == protocol and changes_nothing(raw, target):
        ...                                   # send the very bytes, as without translation
    exchange = Exchange(raw, client_protocol, target, store=store, session=session, window=window)
    exchange.body                             # what is sent; `exchange.notes`: what is lost, told once
    exchange.only_hosted                      # it lived of a tool this provider does not run: ask another
    betas(header, target)                     # the anthropic-beta header that may go along

    exchange.answer(body, message_id="msg_…", created=now)     # a whole 200 -> Whole(status, body, usage)
    exchange.error(status, body, resets_at=None)               # an error -> (status, body)

    stream = events(exchange, message_id="msg_…", created=now) # a stream, chunk by chunk
    write(stream.feed(chunk)) … write(stream.finish())         # finish() says so when it was cut
    write(stream.ping())                                       # every 15 s of silence
    write(stream.fail(Failure("cut", "the connection broke"))) # when the transport failed
    stream.usage, stream.failure, stream.ended, stream.shown

    store = ReasoningStore()                  # one per gateway: what vendors want back by call id
    count_tokens_body(request)                # POST /v1/messages/count_tokens where nobody counts
    error_body(protocol, Failure(kind, why))  # an error of our own -> (status, body)
    refused_part(status, body)                # the field or beta a 400 names: leave it out, ask once more
    keep_alive(protocol)                      # before anything of the answer is there

A body that is no request of its protocol raises WrongUsage with one sentence.
`message_id` begins with what the client's protocol has (`msg_`, `chatcmpl-`, `resp_`) and is new each time.
"""

from __future__ import annotations

from pf_tui.translate.answer_stream import Stream, events
from pf_tui.translate.conversation import Failure, Note, Usage
from pf_tui.translate.dialect import (
    BETA_FIELDS,
    SETTINGS,
    Dialect,
    betas,
    changes_nothing,
    dialect,
    drop_field,
)
from pf_tui.translate.estimate import count_tokens_body, request_tokens
from pf_tui.translate.exchange import PROTOCOLS, Exchange, WholeAnswer
from pf_tui.translate.failures import classify, error_body, error_event, keep_alive
from pf_tui.translate.reasoning import ReasoningStore
from pf_tui.translate.refused import refused_part
from pf_tui.translate.relay import Relay

__all__ = [
    "BETA_FIELDS",
    "PROTOCOLS",
    "SETTINGS",
    "Dialect",
    "Exchange",
    "Failure",
    "Note",
    "ReasoningStore",
    "Relay",
    "Stream",
    "Usage",
    "WholeAnswer",
    "betas",
    "changes_nothing",
    "classify",
    "count_tokens_body",
    "dialect",
    "drop_field",
    "error_body",
    "error_event",
    "events",
    "keep_alive",
    "refused_part",
    "request_tokens",
]
