"""Who may ask the gateway: programs of this machine that hold one of its tokens.

Invariant: a web page reaches nothing, whatever host name it was given: Host and Origin are looked at first.
"""

from __future__ import annotations

import hmac

from aiohttp import web

from pf_tui.gateway.own_responses import Answer, error_body, refused
from pf_tui.rules.addresses import is_own_request
from pf_tui.rules.own_headers import TOKEN_HEADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol

CREDENTIALS = "/pf/credentials"
STOP = "/pf/stop"
CONTROLLED = (CREDENTIALS, STOP)
"""Paths that change the gateway itself: they take the control token alone."""


class Access:
    """The gateway's two tokens and the names it goes by."""

    def __init__(self, token: str, control_token: str) -> None:
        self._token = token.encode()
        self._control_token = control_token.encode()
        self.port = 0
        """The one that is listened on."""

    def refusal(self, request: web.BaseRequest, protocol: Protocol, *, draining: bool) -> Answer | None:
        """Why a request is not served; None when it may be.

        Args:
            protocol: what its client reads.
            draining: the gateway is stopping.
        """
        if not self.is_local(request):
            return refused(403, protocol, "pf-tui: the gateway answers this machine's programs only")
        if request.path in CONTROLLED:
            if not self._carries_control_token(request):
                sentence = "pf-tui: this takes the control token, which gateway-control.json holds"
                return refused(403, protocol, sentence)
        elif not self._carries_token(request):
            sentence = "pf-tui: the gateway's token is missing or wrong; `pf-tui gateway env` prints it"
            return refused(401, protocol, sentence)
        if draining:
            return Answer(
                status=503,
                headers={"content-type": "application/json", "retry-after": "1"},
                body=error_body(protocol, "api_error", "pf-tui: the gateway is stopping"),
            )
        return None

    def is_local(self, request: web.BaseRequest) -> bool:
        """The request names this gateway, and no page of a browser asks."""
        headers = request.headers
        hosts, origins = headers.getall("Host", ()), headers.getall("Origin", ())
        return is_own_request(hosts, origins, request.raw_path, self.port)

    def _carries_control_token(self, request: web.BaseRequest) -> bool:
        token = request.headers.get(TOKEN_HEADER, "").encode("utf-8", "replace")
        return hmac.compare_digest(token, self._control_token)

    def _carries_token(self, request: web.BaseRequest) -> bool:
        headers = request.headers
        token = headers.get(TOKEN_HEADER)
        if token is not None:
            return hmac.compare_digest(token.encode("utf-8", "replace"), self._token)
        bearer = headers.get("Authorization", "")
        if bearer[:7].lower() == "bearer " and hmac.compare_digest(
            bearer[7:].strip().encode("utf-8", "replace"), self._token
        ):
            return True
        return hmac.compare_digest(headers.get("x-api-key", "").encode("utf-8", "replace"), self._token)
