"""Checks a Signature Version 4 as AWS documents it, with the standard library alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import quote


def problem(
    method: str, path: str, headers: Mapping[str, str], body: bytes, *, secret: str, service: str, region: str
) -> str | None:
    """What is wrong with a signed request; None when the signature holds.

    Args: headers: by lower-case names.
    """
    given = headers.get("authorization", "")
    kind, _, rest = given.partition(" ")
    if kind != "AWS4-HMAC-SHA256":
        return f"no signature: {given[:20]!r}"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    scope = parts["Credential"].split("/", 1)[1]
    day = headers["x-amz-date"][:8]
    if scope != f"{day}/{region}/{service}/aws4_request":
        return f"signed for {scope}"
    names = parts["SignedHeaders"].split(";")
    canonical = "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            "",
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    told = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest])
    key = f"AWS4{secret}".encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(expected, parts["Signature"]) else "the signature does not match"
