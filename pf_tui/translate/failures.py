"""Errors: what a vendor's error means, and that error in the client's own protocol and wording.

The clients match on words: Claude Code compacts on "prompt is too long: N tokens > M maximum", asks eleven
times at a 503 api_error, but three times wherever it reads overloaded_error, whatever the status; Codex stops
on usage_limit_reached and compacts on context_length_exceeded (measured with 2.1.332 and 0.169).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pf_tui.translate import sse
from pf_tui.translate.conversation import Failure, FailureKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

# Plain patterns: `re` compiles one when it is first asked, not at every start of the gateway.
_TOO_LONG = (
    r"(?is)prompt is too long|context_length_exceeded|exceeds? the context window|maximum context length"
    r"|input is too long for requested model|too many (?:input )?tokens|expected maxlength"
    r"|prompt tokens \(\d+\) exceed|input token count.{0,40}exceeds|maximum prompt length is"
    r"|reduce the length of the messages|exceeded model token limit|context window exceeds limit"
    r"|context length is only|input length.{0,60}exceeds|exceeds the available context size"
    r"|greater than the context length|model_context_window_exceeded|maximum context length of"
)
"""How vendors say that a conversation is too long. Source: their SDKs and reports, gathered 2026-11-29."""

_NOT_TOO_LONG = r"(?i)string_above_max_length|'user'"
_TOO_LONG_CODES = frozenset(("context_length_exceeded", "1261"))
_PER_MINUTE = r"(?i)tokens per (?:minute|day)|\bTP[MD]\b|per minute"
_QUOTA = (
    r"(?i)insufficient_quota|insufficient_user_quota|billing|credit balance|usage_limit_reached"
    r"|exceeded_current_quota|payment_required|insufficient balance|no balance"
)
_OVERLOADED = r"(?i)overloaded|at capacity|server_is_overloaded|slow_down|engine_overloaded"
_RATE = r"(?i)rate.?limit|too many requests|resource_exhausted|throttl"
_ZAI: Mapping[str, FailureKind] = {
    **dict.fromkeys(("1302", "1303", "1312"), "rate_limit"),
    **dict.fromkeys(("1113", "1304", "1308", "1309", "1310", "1313", "1314"), "quota"),
    **dict.fromkeys(("1211", "1311"), "not_found"),
    "1305": "overloaded",
}
"""Z.AI's numbers that come with any status, also 200. Source: "API code", docs.z.ai."""

_BY_STATUS: Mapping[int, FailureKind] = {
    400: "invalid", 401: "auth", 402: "quota", 403: "forbidden", 404: "not_found", 408: "server",
    413: "invalid", 422: "invalid", 424: "server", 429: "rate_limit", 503: "overloaded", 529: "overloaded",
}  # fmt: skip

_NUMBER = r"(?<![\w.])\d{1,3}(?:[,_]\d{3})+|\d{3,}"
_LIMIT = (
    r"(?i)(?:maximum|limit|window|max|only|>|size)[^0-9>]{0,60}?(\d[\d,_]*)|(\d[\d,_]*)(?: tokens)? maximum"
)

_ANTHROPIC: Mapping[FailureKind, tuple[int, str]] = {
    "overflow": (400, "invalid_request_error"),
    "rate_limit": (429, "rate_limit_error"),
    "quota": (429, "rate_limit_error"),
    "overloaded": (503, "api_error"),
    "auth": (401, "authentication_error"),
    "forbidden": (403, "permission_error"),
    "not_found": (404, "not_found_error"),
    "invalid": (400, "invalid_request_error"),
    "server": (500, "api_error"),
    "cut": (500, "api_error"),
}

_OPENAI: Mapping[FailureKind, tuple[int, str, str | None]] = {
    "overflow": (400, "invalid_request_error", "context_length_exceeded"),
    "rate_limit": (429, "rate_limit_error", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "overloaded": (503, "server_error", "server_is_overloaded"),
    "auth": (401, "invalid_request_error", "invalid_api_key"),
    "forbidden": (403, "invalid_request_error", "forbidden"),
    "not_found": (404, "invalid_request_error", "model_not_found"),
    "invalid": (400, "invalid_request_error", "invalid_request"),
    "server": (500, "server_error", "server_error"),
    "cut": (500, "server_error", "server_error"),
}


def classify(status: int | None, body: object) -> Failure:
    """What an error means.

    Args:
        status: of the answer; None for an error inside a stream.
        body: its JSON, or its text.
    """
    message, words, codes = _described(body)
    kind: FailureKind = _BY_STATUS.get(status or 0, "server")
    too_long = re.search(_TOO_LONG, words) and not re.search(_NOT_TOO_LONG, words)
    if codes & _TOO_LONG_CODES or (too_long and not re.search(_PER_MINUTE, words)):
        kind = "overflow"
    elif zai_kind := next((_ZAI[code] for code in codes if code in _ZAI), None):
        kind = zai_kind
    elif status in (None, 200, 400, 403, 429, 500) and re.search(_QUOTA, words):
        kind = "quota"
    elif status in (None, 200, 500, 429) and re.search(_OVERLOADED, words):
        kind = "overloaded"
    elif status in (None, 200, 500) and re.search(_RATE, words):
        kind = "rate_limit"
    elif status in (None, 200):
        kind = _kind_of_words(words)
    return Failure(kind, message or "the provider reported an error without words")


def _kind_of_words(words: str) -> FailureKind:
    for word, kind in (
        ("authentication", "auth"),
        ("permission", "forbidden"),
        ("not_found", "not_found"),
        ("invalid_request", "invalid"),
        ("invalid_prompt", "invalid"),
    ):
        if word in words:
            return kind  # type: ignore[return-value]
    return "server"


def _described(body: object) -> tuple[str, str, set[str]]:
    """(the vendor's sentence, every word of the error, its codes) in whatever shape it came."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, Mapping):
        text = str(body or "")[:2000]
        return text, text, set()
    error = body.get("error", body)
    response = body.get("response")
    if isinstance(response, Mapping) and isinstance(response.get("error"), Mapping):
        error = response["error"]
    if not isinstance(error, Mapping):
        error = {"message": str(error), "code": body.get("code")}
    message = error.get("message") or error.get("detail") or body.get("message") or body.get("detail") or ""
    if isinstance(message, Mapping):
        message = message.get("message") or str(message.get("detail") or "")
    values = [error.get(key) for key in ("code", "type", "status")] + [
        body.get("error_type"),
        body.get("code"),
    ]
    codes = {str(value) for value in values if value is not None}
    metadata = error.get("metadata")
    extra = (
        str(metadata.get("raw") or metadata.get("error_type") or "") if isinstance(metadata, Mapping) else ""
    )
    return str(message)[:2000], f"{message} {extra} {' '.join(sorted(codes))}", codes


def too_long_sentence(message: str, tokens: int | None = None, window: int | None = None) -> str:
    """The sentence Claude Code matches on, with the vendor's numbers, else ours.

    Args:
        message: the vendor's.
        tokens: our estimate of the prompt.
        window: of the model that served, in tokens.
    """
    numbers = [int(re.sub("[,_]", "", number)) for number in re.findall(_NUMBER, message)]
    limit = None
    for match in re.finditer(_LIMIT, message):
        value = int(re.sub("[,_]", "", match[1] or match[2]))
        if value in numbers and value >= 1000:
            limit = value
            break
    limit = limit or window or 200_000
    tokens_sent = max((number for number in numbers if number > limit), default=None)
    if tokens_sent is None:
        tokens_sent = tokens if tokens is not None and tokens > limit else limit + 1
    return f"prompt is too long: {tokens_sent} tokens > {limit} maximum"


def error_body(
    protocol: Protocol,
    failure: Failure,
    *,
    tokens: int | None = None,
    window: int | None = None,
    resets_at: int | None = None,
) -> tuple[int, bytes]:
    """(status, body) of an error in the client's protocol.

    Args:
        tokens: our estimate of the prompt, for "too long".
        window: of the model that served, in tokens.
        resets_at: epoch seconds; with it a used-up quota reads "usage_limit_reached" to Codex.
    """
    if protocol == "anthropic-messages":
        status, word = _ANTHROPIC[failure.kind]
        return status, sse.dumps(_anthropic(failure, word, tokens, window))
    error = _openai(protocol, failure)
    if failure.kind == "quota" and protocol == "openai-responses" and resets_at is not None:
        error = {"type": "usage_limit_reached", "message": failure.message, "resets_at": resets_at}
    return _OPENAI[failure.kind][0], sse.dumps({"error": error})


def error_event(
    protocol: Protocol,
    failure: Failure,
    *,
    response: Mapping[str, object] | None = None,
    sequence_number: int = 0,
    tokens: int | None = None,
    window: int | None = None,
) -> bytes:
    """The error as the last event of a stream.

    Args:
        response: Responses only: the response object so far.
        sequence_number: Responses only.
    """
    if protocol == "anthropic-messages":
        # in a stream no status tells the client that asking again helps
        word = "overloaded_error" if failure.kind == "overloaded" else _ANTHROPIC[failure.kind][1]
        return sse.named("error", _anthropic(failure, word, tokens, window))
    error = _openai(protocol, failure)
    if protocol == "openai-chat":
        return sse.plain({"error": error})
    whole = dict(response or {"id": "resp_failed", "object": "response", "created_at": 0, "output": []})
    whole |= {"status": "failed", "error": {"code": error["code"], "message": error["message"]}}
    payload = {"type": "response.failed", "sequence_number": sequence_number, "response": whole}
    return sse.named("response.failed", payload)


def _anthropic(failure: Failure, word: str, tokens: int | None, window: int | None) -> dict[str, object]:
    message = failure.message
    if failure.kind == "overflow":
        message = too_long_sentence(message, tokens, window)
    return {"type": "error", "error": {"type": word, "message": message}}


def _openai(protocol: Protocol, failure: Failure) -> dict[str, object]:
    _, kind, code = _OPENAI[failure.kind]
    message = failure.message
    if failure.kind == "rate_limit" and failure.retry_after_s is not None:
        message = f"{message.rstrip('. ')}. Please try again in {failure.retry_after_s:g}s."
    if failure.kind == "overflow" and protocol == "openai-responses":
        message = (
            "Your input exceeds the context window of this model. Please adjust your input and try again."
        )
    return {"message": message, "type": kind, "param": None, "code": code}


def keep_alive(protocol: Protocol) -> bytes:
    """What shows a waiting client that the stream lives, in the form each real client takes."""
    if protocol == "anthropic-messages":
        return sse.named("ping", {"type": "ping"})
    return b": keep-alive\n\n"
