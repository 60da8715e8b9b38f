"""What makes a request one request: the number both an agent's log and the gateway find it under.

Every writer of the ledger makes row ids here, so that the same request seen twice — in two files, by
two processes, by the gateway and in a transcript — is one row.
"""

from __future__ import annotations

try:
    from _blake2 import blake2b  # hashlib's own, without the OpenSSL that hashlib loads: 2 ms of every hook
except ImportError:
    from hashlib import blake2b


def identity(*parts: str) -> int:
    """A 63-bit number for what makes a request one request."""
    whole = "\0".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(whole, digest_size=8).digest(), "big") >> 1


def anthropic_message(message_id: str) -> int:
    """An answer whose id begins `msg_`: one request, whatever its request id, session or file."""
    return identity("msg", message_id)


def same_answer_id(message_id: str, request_id: str) -> int:
    """An answer whose id another request has already: a proxy that writes a constant one."""
    return identity("msg", message_id, request_id)


def foreign_answer(message_id: str, request_id: str | None, session: str, ts_ms: int) -> int:
    """An answer of another vendor, whose ids may be constant: copies keep its time, and its request id if it has one."""
    if request_id:
        return identity("id", message_id, request_id, str(ts_ms))
    return identity("id", message_id, session, str(ts_ms))


def claude_failure(request_id: str) -> int:
    """A failed attempt as Claude Code's transcript tells it: by the request id it was answered with."""
    return identity("fail", request_id)


def codex_response(response_id: str) -> int:
    """An answer in a Codex rollout, by the upstream's response id."""
    return identity("codex", response_id)


def gateway_attempt(request_id: str, ordinal: int) -> int:
    """An attempt that only the gateway can name."""
    return identity("gateway", request_id, str(ordinal))
