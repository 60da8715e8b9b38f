"""How providers fail: one table, each line as a real vendor sends it, in all three protocols. Pure.

`drill` rehearses with it and the tests of the gateway walk through all of it.
Sources: the vendors' error pages, facts measured on the real clients, the public Failover Bench.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime

from pf_tui.json_values import object_in
from pf_tui.records import field, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol


@record
class Fault:
    """One way to fail."""

    name: str
    says: str
    """For people: what the provider does."""
    how: str = "answer"
    """answer | event (an error as the stream's first event) | raw | silent | reset | refused | late |
    cut | eof | stall | garbage | drip | unended"""
    status: int = 200
    error: str = "api_error"
    """A key of WORDS: how each protocol calls it."""
    message: str = ""
    back_s: int | None = None
    """When the limit ends, from now; said in the way of `limit_form`."""
    limit_form: str = ""
    """retry-after | retry-after-ms | date | unified | body"""
    after: int = 0
    """Pieces of the answer itself before it happens; 0 = before the first event."""
    raw: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    """What it sends along besides."""


@record
class Answer:
    """A failed answer, ready to send."""

    status: int
    headers: dict[str, str]
    body: bytes


WORDS: Mapping[str, tuple[str, str, str | None]] = {
    "rate": ("rate_limit_error", "requests", "rate_limit_exceeded"),
    "quota": ("rate_limit_error", "insufficient_quota", "insufficient_quota"),
    "plan": ("rate_limit_error", "usage_limit_reached", None),
    "spend": ("rate_limit_error", "insufficient_quota", "enforced_spend_limit_reached"),
    "billing": ("billing_error", "billing_error", "billing_hard_limit_reached"),
    "overload": ("overloaded_error", "server_error", "server_is_overloaded"),
    "api_error": ("api_error", "server_error", "internal_error"),
    "auth": ("authentication_error", "invalid_request_error", "invalid_api_key"),
    "permission": ("permission_error", "invalid_request_error", "forbidden"),
    "model": ("not_found_error", "invalid_request_error", "model_not_found"),
    "request": ("invalid_request_error", "invalid_request_error", None),
    "context": ("invalid_request_error", "invalid_request_error", "context_length_exceeded"),
    "filter": ("invalid_request_error", "invalid_request_error", "content_filter"),
    "large": ("request_too_large", "invalid_request_error", "request_too_large"),
}
"""Our word -> (Anthropic's type, OpenAI's type, OpenAI's code)."""

_LIMIT = "This request would exceed your account's rate limit. Please try again later."
_CREDIT = (
    "Your credit balance is too low to access the API. Please go to Plans & Billing to purchase credits."
)

_FAULTS = (
    Fault(name="429", says="429, back in 30 s", status=429, error="rate", message=_LIMIT,
          back_s=30, limit_form="retry-after"),
    Fault(name="429-ms", says="429, back in 20.5 s, told in ms", status=429, error="rate", message=_LIMIT,
          back_s=21, limit_form="retry-after-ms"),
    Fault(name="429-date", says="429, back at a date", status=429, error="rate", message=_LIMIT,
          back_s=45, limit_form="date"),
    Fault(name="429-hour", says="429, back in an hour", status=429, error="rate", message=_LIMIT,
          back_s=3600, limit_form="retry-after"),
    Fault(name="windowless", says="429 that says nothing of a window", status=429, error="rate",
          message=_LIMIT),
    Fault(name="quota", says="the plan's 5-hour window is used up", status=429, error="plan",
          message="You have hit your 5-hour limit", back_s=7200, limit_form="unified"),
    Fault(name="insufficient-quota", says="429, the quota is used up", status=429, error="quota",
          message="You exceeded your current quota, please check your plan and billing details."),
    Fault(name="spend-cap", says="429, the monthly spend cap is reached", status=429, error="spend",
          message="enforced_spend_limit_reached: your monthly spend limit has been reached"),
    Fault(name="credit", says="400, the credit is used up", status=400, error="request", message=_CREDIT),
    Fault(name="402", says="402, payment required", status=402, error="billing", message="Payment required"),
    Fault(name="529", says="529, overloaded", status=529, error="overload", message="Overloaded"),
    Fault(name="503", says="503, unavailable", status=503, error="api_error", message="Service unavailable"),
    Fault(name="500", says="500, internal error", status=500, error="api_error",
          message="Internal server error"),
    Fault(name="502", says="502 with a proxy's HTML page", how="raw", status=502,
          raw=b"<html><body>502 Bad Gateway</body></html>", content_type="text/html"),
    Fault(name="504", says="504, a timeout behind it", status=504, error="api_error",
          message="Gateway timeout"),
    Fault(name="401", says="401, the key is refused", status=401, error="auth", message="invalid x-api-key"),
    Fault(name="403", says="403, the key may not do this", status=403, error="permission",
          message="forbidden"),
    Fault(name="404", says="404, no such model there", status=404, error="model", message="model: not found"),
    Fault(name="400", says="400, the request is wrong", status=400, error="request",
          message="messages.0.content: Input should be a valid list"),
    Fault(name="413", says="413, the request is too large", status=413, error="large",
          message="Request too large"),
    Fault(name="422", says="422, the request is wrong", status=422, error="request",
          message="max_tokens is required"),
    Fault(name="context", says="400, the conversation is longer than the window", status=400, error="context",
          message="prompt is too long: 210000 tokens > 200000 maximum (context_length_exceeded)"),
    Fault(name="filter", says="400, refused by the content filter", status=400, error="filter",
          message="The response was filtered due to the prompt triggering a content filter"),
    Fault(name="sse-overload", says="200, then `overloaded` as the first event", how="event",
          error="overload",
          message="Overloaded"),
    Fault(name="sse-rate", says="200, then a rate limit as the first event", how="event", error="rate",
          message="rate_limit_exceeded: please try again in 20s"),
    Fault(name="refused", says="nothing listens there", how="refused"),
    Fault(name="reset", says="the connection is reset before any byte", how="reset"),
    Fault(name="silent", says="takes the request and never answers", how="silent"),
    Fault(name="late", says="headers at once, then nothing", how="late"),
    Fault(name="cut-early", says="cut after the headers, before the first event", how="cut"),
    Fault(name="cut", says="cut in the middle of the answer", how="cut", after=2),
    Fault(name="eof", says="ends in the middle, as if it were whole", how="eof", after=2),
    Fault(name="sse-late", says="an error event in the middle of the answer", how="event", after=2,
          error="overload", message="Overloaded"),
    Fault(name="stall", says="falls silent in the middle of the answer", how="stall", after=2),
    Fault(name="garbage", says="one event is no JSON", how="garbage", after=2),
    Fault(name="unended", says="whole, but without its last event", how="unended"),
    Fault(name="drip", says="slow, a few bytes at a time", how="drip"),
    Fault(name="html", says="200 with an HTML page", how="raw", content_type="text/html",
          raw=b"<html><body>captive portal</body></html>"),
    Fault(name="bad-json", says="200 with broken JSON", how="raw", raw=b'{"oops": '),
    Fault(name="empty", says="200 with nothing in it", how="raw"),
)  # fmt: skip

FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _FAULTS}


def answer(fault: Fault, protocol: Protocol, now: datetime, number: int) -> Answer:
    """What the provider sends instead of an answer."""
    headers = {"content-type": fault.content_type, "request-id": f"req_fault{number:06d}"}
    headers |= {**fault.headers, **_told_in_headers(fault, protocol, now)}
    body = fault.raw if fault.how == "raw" else json.dumps(error(fault, protocol, now)).encode()
    return Answer(status=fault.status, headers=headers, body=body)


def error(fault: Fault, protocol: Protocol, now: datetime) -> dict[str, object]:
    """The error object in the protocol's own shape."""
    anthropic, openai, code = WORDS[fault.error]
    if protocol == "anthropic-messages":
        return {"type": "error", "error": {"type": anthropic, "message": fault.message}}
    inner: dict[str, object] = {"message": fault.message, "type": openai, "code": code, "param": None}
    if fault.error == "plan" and fault.back_s is not None:
        inner["resets_at"] = round((now + timedelta(seconds=fault.back_s)).timestamp())
    return {"error": inner}


def event(fault: Fault, protocol: Protocol, now: datetime) -> bytes:
    """The error as an event of a stream."""
    content = error(fault, protocol, now)
    if protocol == "anthropic-messages":
        return b"event: error\ndata: " + json.dumps(content).encode() + b"\n\n"
    if protocol == "openai-chat":
        return b"data: " + json.dumps(content).encode() + b"\n\n"
    inner = object_in(content, "error")
    code = inner["code"] or inner["type"]
    response = {"id": "resp_fault", "status": "failed", "error": {"code": code, "message": fault.message}}
    body = {"type": "response.failed", "sequence_number": 1, "response": response}
    return b"event: response.failed\ndata: " + json.dumps(body).encode() + b"\n\n"


def _told_in_headers(fault: Fault, protocol: Protocol, now: datetime) -> dict[str, str]:
    if fault.back_s is None:
        return {}
    back = now + timedelta(seconds=fault.back_s)
    seconds = str(round(back.timestamp()))
    if fault.limit_form == "retry-after-ms":
        return {"retry-after-ms": str(fault.back_s * 1000 - 500)}
    if fault.limit_form == "date":
        return {"retry-after": format_datetime(back, usegmt=True)}
    if fault.limit_form == "retry-after":
        return {"retry-after": str(fault.back_s)}
    if fault.limit_form == "unified" and protocol == "anthropic-messages":
        return {
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": seconds,
            "anthropic-ratelimit-unified-representative-claim": "five_hour",
            "anthropic-ratelimit-unified-5h-status": "rejected",
            "anthropic-ratelimit-unified-5h-reset": seconds,
            "anthropic-ratelimit-unified-5h-utilization": "1.0",
            "anthropic-ratelimit-unified-7d-status": "allowed",
            "anthropic-ratelimit-unified-7d-reset": str(round(back.timestamp()) + 86400),
            "anthropic-ratelimit-unified-7d-utilization": "0.41",
        }
    if fault.limit_form == "unified" and protocol == "openai-responses":
        return {
            "x-codex-primary-used-percent": "100.0",
            "x-codex-primary-window-minutes": "300",
            "x-codex-primary-reset-at": seconds,
        }
    return {}
