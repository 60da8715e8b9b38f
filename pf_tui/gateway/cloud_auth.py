"""Proof for clouds that take no key: SigV4 by botocore, Google's tokens by google-auth. Both are extras.

They are imported in a thread at first use, kept, and renewed in a thread before they end.
Invariant: a signature or token goes to the address it was made for, and into no log.
"""

from __future__ import annotations

import asyncio
import http.client
import warnings
from collections.abc import Mapping
from typing import Protocol

from pf_tui.errors import PfError
from pf_tui.rules import clouds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from botocore.credentials import Credentials as AwsCredentials
    from google.auth.credentials import Credentials as GoogleCredentials

GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
MOST_BYTES = 1024 * 1024
"""Of an answer with a token; what is cut off is none."""


class Signer(Protocol):
    """Makes the headers that prove one request."""

    async def headers(self, url: str, body: bytes) -> Mapping[str, str]:
        """The headers to add. Raises PfError: the login is missing, has ended, or cannot be renewed."""


def signer(signing: str, env: Mapping[str, str]) -> Signer:
    """The signer of that kind; nothing is read or imported yet."""
    return _Aws(env) if signing == "aws" else _Google(env)


class _Aws:
    """SigV4 with the usual chain: variables, profile, SSO cache, credential process, instance role."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._lock = asyncio.Lock()
        self._credentials: AwsCredentials | None = None
        self._region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or ""

    async def headers(self, url: str, body: bytes) -> Mapping[str, str]:
        async with self._lock:
            credentials = self._credentials
            if credentials is None or _must_renew(credentials):
                credentials = await asyncio.to_thread(self._renew)
        return self._signed(credentials, url, body)

    def _renew(self) -> AwsCredentials:
        from botocore.exceptions import BotoCoreError

        try:
            if self._credentials is None:
                self._credentials = self._chain()
            self._credentials.get_frozen_credentials()
            return self._credentials
        except BotoCoreError as error:
            raise PfError(
                f"AWS gives no credentials ({type(error).__name__})", "`aws sso login` renews a login"
            ) from error

    def _chain(self) -> AwsCredentials:
        from botocore.credentials import Credentials
        from botocore.session import Session

        env = self._env
        if env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY"):
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            return Credentials(*(env.get(name) for name in names))
        session = Session(profile=env.get("AWS_PROFILE") or None)
        for name, variable, usual in (
            ("config_file", "AWS_CONFIG_FILE", ".aws/config"),
            ("credentials_file", "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
        ):
            session.set_config_variable(name, env.get(variable) or f"{env.get('HOME', '~')}/{usual}")
        credentials = session.get_credentials()
        if credentials is None:
            raise PfError("AWS has no credentials for this profile", "`aws configure sso` makes some")
        return credentials

    def _signed(self, credentials: AwsCredentials, url: str, body: bytes) -> Mapping[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest("POST", url, data=body, headers={"content-type": "application/json"})
        region = clouds.region_of(url) or self._region or "us-east-1"
        SigV4Auth(credentials.get_frozen_credentials(), clouds.service_of(url), region).add_auth(request)
        return {name.lower(): value for name, value in request.headers.items()}


def _must_renew(credentials: object) -> bool:
    needs_refresh = getattr(credentials, "refresh_needed", None)
    return bool(needs_refresh and needs_refresh())


class _Google:
    """Tokens of a service account or of the application default credentials."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._lock = asyncio.Lock()
        self._credentials: GoogleCredentials | None = None

    async def headers(self, url: str, body: bytes) -> Mapping[str, str]:
        async with self._lock:
            cached = self._credentials
            usable = cached is not None and cached.valid
            credentials: GoogleCredentials = cached if usable else await asyncio.to_thread(self._renew)
        return {"authorization": f"Bearer {credentials.token}"}

    def _renew(self) -> GoogleCredentials:
        import google.auth
        from google.auth.exceptions import GoogleAuthError

        from pf_tui.state.clouds import google_file

        try:
            if self._credentials is None:
                path = google_file(self._env)
                if path is not None and path.is_file():
                    with warnings.catch_warnings():  # it warns of files from others; this is the person's own
                        warnings.simplefilter("ignore", DeprecationWarning)
                        credentials, _ = google.auth.load_credentials_from_file(
                            str(path), scopes=[GOOGLE_SCOPE]
                        )
                else:
                    credentials, _ = google.auth.default(scopes=[GOOGLE_SCOPE])
                self._credentials = credentials
            self._credentials.refresh(_request)
            return self._credentials
        except (GoogleAuthError, ValueError, OSError) as error:
            raise PfError(
                f"Google gives no token ({type(error).__name__})",
                "`gcloud auth application-default login` renews the login",
            ) from error


class _Response:
    """What google-auth reads of an answer."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self.status, self.headers, self.data = status, headers, data


def _request(
    url: str,
    method: str = "GET",
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float | None = None,
    **_: object,
) -> _Response:
    """google-auth's transport over urllib: `requests` is no dependency of ours.

    A redirect is an answer, no place to take a login to.
    """
    import urllib.error
    import urllib.request

    from google.auth.exceptions import TransportError

    from pf_tui.no_redirect import NoRedirect

    if not url.startswith(("https://", "http://")):
        raise TransportError(f"{url[:40]} is no web address")
    data = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(url, data, dict(headers or {}), method=method)  # noqa: S310 - checked above
    try:
        opener = urllib.request.build_opener(NoRedirect)
        with opener.open(request, timeout=timeout or 20) as answer:
            return _Response(answer.status, dict(answer.headers), answer.read(MOST_BYTES))
    except urllib.error.HTTPError as refusal:
        return _Response(refusal.code, dict(refusal.headers), refusal.read(MOST_BYTES))
    except (OSError, http.client.HTTPException) as error:
        raise TransportError(type(error).__name__) from error
