"""A redirect of a request that carries a key is an answer: the one handler that follows none."""

from __future__ import annotations

import urllib.request


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """For `urllib.request.build_opener`: a 3xx is raised as the HTTPError it is."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow nothing."""
        return
