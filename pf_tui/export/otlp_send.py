"""One OTLP request to one receiver: no retry, no redirect."""

from __future__ import annotations

import gzip
import http.client
import ssl
import urllib.error
import urllib.request

from pf_tui.errors import PfError
from pf_tui.export import otlp
from pf_tui.export.otlp_target import Target
from pf_tui.no_redirect import NoRedirect
from pf_tui.visible import visible

LONGEST_ANSWER = 1 << 20
LONGEST_WORDS = 200


def send(target: Target, body: bytes) -> None:
    """Hand the request over. Raises PfError unless the receiver took all of it."""
    headers = {**target.headers, "Content-Type": "application/x-protobuf", "User-Agent": "pf-tui"}
    if target.gzip:
        body = gzip.compress(body, mtime=0)
        headers["Content-Encoding"] = "gzip"
    post = urllib.request.Request(target.url, data=body, headers=headers)  # noqa: S310 - `target` lets http(s) through alone
    try:
        opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=_trust(target)))
        with opener.open(post, timeout=target.timeout_s) as answer:
            count, words = otlp.refused(answer.read(LONGEST_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            raise PfError(f"{target.shown} answered {error.code}", _CURES.get(error.code, _LOOK)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "reason", None) or error
        sentence = visible(str(why) or type(why).__name__)[:LONGEST_WORDS]
        raise PfError(f"{target.shown} cannot be reached: {sentence}", "is the receiver running?") from None
    if count:
        sentence = visible(words)[:LONGEST_WORDS]
        raise PfError(
            f"{target.shown} did not take {count} data points: {sentence or 'it says no more'}", _LOOK
        )


_LOOK = "look into the receiver's own log"

_CURES = {
    400: "it wants another form of OTLP: http/protobuf at /v1/metrics",
    401: "set OTEL_EXPORTER_OTLP_HEADERS",
    403: "set OTEL_EXPORTER_OTLP_HEADERS",
    404: "is this the path of OTLP metrics? OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is taken as it is",
    429: "it is busy; send it again later, nothing counts twice",
    503: "it is busy; send it again later, nothing counts twice",
}


def _trust(target: Target) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=target.certificate)
    if target.client_certificate:
        context.load_cert_chain(target.client_certificate, target.client_key)
    return context
