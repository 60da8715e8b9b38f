"""Does a credential work? The cheapest real request its provider allows, and only when asked.

The key goes to that provider's own host (or the base URL the person set for it) and nowhere else:
redirects are not followed, nothing of the key is in a URL, an error or a log.
Logins that belong to an agent are never used from here; their presence and expiry is the answer.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from pf_tui.catalog import Provider
from pf_tui.errors import PfError
from pf_tui.records import record
from pf_tui.rules import key_homes
from pf_tui.state import clouds, credentials
from pf_tui.state.context import Context
from pf_tui.state.credentials import Credential
from pf_tui.state.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

TIMEOUT_S = 10.0
"""Listing models takes well under a second; a host that needs longer is not usable now."""

MOST_BYTES = 1 << 20
"""Read of a list of models."""

MOST_NAMES = 40

_PLAIN_NAME = re.compile(r"[\w./:@-]{1,120}")
"""A model's name that can stand in YAML as it is."""

_MODELS_LIST = (
    ("openai-chat", "/models"),
    ("openai-responses", "/models"),
    ("anthropic-messages", "/v1/models"),
    ("gemini", "/models"),
)
"""protocol -> path below its base URL that lists models: free, needs the key."""

_OWN_PATHS = {
    "openrouter": ("openai-chat", "/key"),
    "cohere-api": ("cohere-v2", "/../v1/models"),
}
"""Providers whose list of models is open to anyone or lies elsewhere. Source: their API references."""

_ASKABLE = ("api_key", "token", "none")
"""Kinds of credential that are a key; the others are logins of an agent or need cloud signing."""


@record
class CheckResult:
    """What a check found."""

    provider: str
    ok: bool
    made_request: bool
    """False when no request was made: the answer is what lies on this machine."""
    message: str
    hint: str | None = None
    status: int | None = None
    """HTTP status; None when no answer came or none was asked for."""
    url: str | None = None
    latency_ms: int | None = None
    source: str | None = None
    """Where the credential is."""


def check(ctx: Context, provider_id: str) -> CheckResult:
    """Try the provider's credential.

    Raises:
        UnknownName, StateFileUnusable, PfError: the keyring does not open.
    """
    catalog = ctx.catalog()
    provider = catalog.provider(provider_id)
    model_names = {
        catalog.native_id(name, provider.id) or name
        for name in (catalog.models if provider.custom else ())
        if catalog.serves(provider.id, name)
    }
    config = ctx.config()
    credential = ctx.credentials(config)[provider.id]
    if credential.usable and provider.blanks and (lacking := clouds.problem(provider, credential)):
        return CheckResult(
            provider=provider.id,
            ok=False,
            made_request=False,
            message=f"the gateway cannot ask {provider.id}: {lacking[0]}",
            hint=lacking[1],
            source=credential.source,
        )
    probes = _probes(provider)
    if provider.auth not in _ASKABLE or provider.agent_only or not probes:
        return _from_here(provider, credential)
    home = key_homes.homes(provider)[0]
    secret = credentials.secret_for(provider, ctx.paths, config, ctx.env, to=home)
    if secret is None and provider.auth != "none":
        return _from_here(provider, credential)
    answer = CheckResult(provider=provider.id, ok=False, made_request=False, message="")
    for protocol, url in probes:
        answer = _ask(provider, credential, protocol, url, secret, model_names)
        if answer.status not in (404, 405):
            break
    return answer


def document(check_result: CheckResult) -> dict[str, object]:
    """The JSON document of `auth check`."""
    return {
        "provider": check_result.provider,
        "ok": check_result.ok,
        "asked": check_result.made_request,
        "status": check_result.status,
        "latency_ms": check_result.latency_ms,
        "url": check_result.url,
        "source": check_result.source,
        "message": check_result.message,
        "hint": check_result.hint,
    }


def _probes(provider: Provider) -> list[tuple[str, str]]:
    """(protocol, URL) to try, the cheapest first; a placeholder in the base URL leaves none."""
    paths = [_OWN_PATHS[provider.id]] if provider.id in _OWN_PATHS else []
    probes: dict[str, str] = {}
    for protocol, path in [*paths, *_MODELS_LIST]:
        base = provider.base_urls.get(protocol, "").rstrip("/")
        if not base or "{" in base:
            continue
        if path.startswith("/../"):
            base = base.rpartition("/")[0]
        elif protocol == "anthropic-messages":
            base = base.removesuffix("/v1")
        probes.setdefault(base + path.removeprefix("/.."), protocol)
    return [(protocol, url) for url, protocol in probes.items()]


def _from_here(provider: Provider, credential: Credential) -> CheckResult:
    """The answer without a request."""
    words = {
        "present": "is present; only its agent can try it"
        if provider.agent_only or provider.auth in ("subscription", "oauth")
        else "is present; it cannot be tried from here",
        "expired": "has expired" + (", its agent renews it" if credential.renewable else ""),
        "unknown": "may be for something else",
        "missing": "is missing",
    }
    return CheckResult(
        provider=provider.id,
        ok=credential.usable,
        made_request=False,
        message=f"the credential of {provider.id} {words[credential.state]}",
        hint=None if credential.usable else f"`pf-tui auth status {provider.id}` says how to get one",
        source=credential.source,
    )


def _ask(
    provider: Provider,
    credential: Credential,
    protocol: str,
    url: str,
    secret: Secret | None,
    model_names: AbstractSet[str],
) -> CheckResult:
    """One GET; every outcome is a Checked, never an exception.

    Args:
        model_names: what an own server is asked for, by its own names; empty = its list says nothing new.
    """
    start_s = time.monotonic()
    status, problem, body = get(
        provider, url, headers(provider, protocol, secret), MOST_BYTES if model_names else 0
    )
    ok, message, hint = _decision(provider, credential, status, problem, url)
    if ok and model_names:
        hint = _listed(body, model_names)
    return CheckResult(
        provider=provider.id,
        ok=ok,
        made_request=True,
        message=message,
        hint=hint,
        status=status,
        url=url,
        latency_ms=round(1000 * (time.monotonic() - start_s)),
        source=credential.source,
    )


def get(provider: Provider, url: str, headers: Mapping[str, str], most: int) -> tuple[int | None, str, bytes]:
    """One GET: (HTTP status or None, why there was none, so many bytes of a good answer at most)."""
    import http.client
    import urllib.error
    from urllib.request import Request, build_opener

    from pf_tui.no_redirect import NoRedirect

    if not url.startswith(("https://", "http://")):
        raise PfError(f"{url} is no web address", f"correct base_url of {provider.id} in providers.yaml")
    request = Request(url, headers=dict(headers))  # noqa: S310 - scheme checked above
    try:
        with build_opener(NoRedirect).open(request, timeout=TIMEOUT_S) as answer:
            return answer.status, "", answer.read(most) if most else b""
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code, "", b""
    except urllib.error.URLError as error:
        return None, _reason(error.reason), b""
    except (OSError, http.client.HTTPException, ValueError) as error:
        return None, _reason(error), b""


def _listed(body: bytes, model_names: AbstractSet[str]) -> str | None:
    """The line for providers.yaml that names the models of a list, where others are asked for; else None."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    items = answer.get("data") if isinstance(answer, dict) else None
    names = [item.get("id") for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    plain = [name for name in names if isinstance(name, str) and _PLAIN_NAME.fullmatch(name)]
    if not plain or model_names <= set(plain):
        return None
    more = f", and {len(plain) - MOST_NAMES} more" if len(plain) > MOST_NAMES else ""
    names_text = ", ".join(plain[:MOST_NAMES])
    return f"it lists other models than it is asked for; in providers.yaml: models: [{names_text}]{more}"


def headers(provider: Provider, protocol: str, secret: Secret | None) -> Mapping[str, str]:
    """What a request with the key carries."""
    from pf_tui import __version__

    request_headers = {
        "user-agent": f"pf-tui/{__version__}",
        "accept": "application/json",
        **provider.headers,
    }
    if protocol == "anthropic-messages":
        request_headers["anthropic-version"] = "2023-06-01"
    if secret is None:
        return request_headers
    if protocol == "anthropic-messages":
        request_headers["x-api-key"] = secret.reveal()
    elif protocol == "gemini":
        request_headers["x-goog-api-key"] = secret.reveal()
    elif provider.family == "Azure":
        request_headers["api-key"] = secret.reveal()
    else:
        request_headers["authorization"] = f"Bearer {secret.reveal()}"
    return request_headers


def _decision(
    provider: Provider, credential: Credential, status: int | None, problem: str, url: str
) -> tuple[bool, str, str | None]:
    """(works, sentence, cure)."""
    host = url.split("/")[2]
    source = f" from {credential.source}" if credential.source else ""
    if status is None:
        return False, f"{host} did not answer: {problem}", "check the network; the key was not tested"
    if status < 300:
        return True, f"{provider.id} accepts the key{source}", None
    if status < 400:
        return (
            False,
            f"{host} answers with a redirect (HTTP {status}); it was not followed, the key went no further",
            f"correct base_url of {provider.id} in providers.yaml",
        )
    if status in (401, 403):
        return (
            False,
            f"{provider.id} refused the key{source} (HTTP {status})",
            f"`pf-tui auth set {provider.id}`",
        )
    if status == 402:
        return True, f"{provider.id} accepts the key{source}, but its credit is used up (HTTP 402)", None
    if status == 429:
        return True, f"{provider.id} accepts the key{source}, but its limit is reached (HTTP 429)", None
    if status in (404, 405):
        return False, f"{host} lists no models (HTTP {status}); the key was not tested", None
    return False, f"{host} answers HTTP {status}; the key was not tested", "try again later"


def _reason(error: object) -> str:
    """Why no answer came, in a few words; never a URL or a header."""
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__ if isinstance(error, BaseException) else str(error)
