"""Where OTLP goes, by OpenTelemetry's variables; nowhere unless somebody said so. Pure.

Source: OpenTelemetry specification, "OpenTelemetry Protocol Exporter" and "General SDK configuration".
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from pf_tui.errors import PfError, WrongUsage
from pf_tui.export import who
from pf_tui.records import field, record
from pf_tui.visible import visible

PATH = "/v1/metrics"
TIMEOUT_S = 10.0
LONGEST_S = 300.0

_PREFIX = "OTEL_EXPORTER_OTLP_"


@record
class Target:
    """A receiver, and how it is spoken to."""

    url: str
    timeout_s: float
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Often a key: never shown."""
    gzip: bool = False
    certificate: str | None = None
    """File with the authorities to trust."""
    client_certificate: str | None = None
    client_key: str | None = None

    @property
    def shown(self) -> str:
        """Scheme, host and path."""
        parts = urlsplit(self.url)
        return visible(f"{parts.scheme}://{parts.netloc}{parts.path}")


def target(env: Mapping[str, str], endpoint: str | None) -> Target:
    """The receiver that --endpoint or the environment names.

    Args:
        endpoint: as OTEL_EXPORTER_OTLP_ENDPOINT: `/v1/metrics` is added.
    Raises:
        WrongUsage: nobody named one, or what they said cannot be used.
        PfError: a variable switches exports off.
    """
    if env.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        raise PfError("OTEL_SDK_DISABLED=true switches every export off", "unset OTEL_SDK_DISABLED")
    protocol = _setting(env, "PROTOCOL") or "http/protobuf"
    if protocol != "http/protobuf":
        why = f"{_PREFIX}PROTOCOL is {visible(protocol)}; pf-tui speaks http/protobuf alone"
        raise WrongUsage(why, f"unset it, or set {_PREFIX}METRICS_PROTOCOL=http/protobuf")
    compression = _setting(env, "COMPRESSION") or "none"
    if compression not in ("none", "gzip"):
        raise WrongUsage(f"{_PREFIX}COMPRESSION is {visible(compression)}", "use gzip or none")
    return Target(
        url=_url(env, endpoint),
        headers=who.pairs(_setting(env, "HEADERS"), f"{_PREFIX}HEADERS"),
        timeout_s=_timeout_s(env),
        gzip=compression == "gzip",
        certificate=_setting(env, "CERTIFICATE") or None,
        client_certificate=_setting(env, "CLIENT_CERTIFICATE") or None,
        client_key=_setting(env, "CLIENT_KEY") or None,
    )


def _url(env: Mapping[str, str], endpoint: str | None) -> str:
    whole = env.get(f"{_PREFIX}METRICS_ENDPOINT", "").strip() if endpoint is None else ""
    base = endpoint if endpoint is not None else env.get(f"{_PREFIX}ENDPOINT", "").strip()
    if not whole and not base:
        raise WrongUsage(
            "no receiver is named; nothing leaves this machine by itself",
            f"--endpoint http://localhost:4318, or {_PREFIX}ENDPOINT",
        )
    url = whole or base
    try:
        parts = urlsplit(url)
        plain = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        plain = False
    if not plain or not url.isprintable() or " " in url:
        raise WrongUsage("the receiver's address is no http(s) URL", "e.g. http://localhost:4318")
    if "@" in parts.netloc:
        raise WrongUsage("the receiver's address holds a login", f"put it into {_PREFIX}HEADERS")
    if whole or parts.path.rstrip("/").endswith(PATH):
        return url
    return parts._replace(path=parts.path.rstrip("/") + PATH).geturl()


def _timeout_s(env: Mapping[str, str]) -> float:
    """Milliseconds in the variable."""
    text = _setting(env, "TIMEOUT")
    if not text:
        return TIMEOUT_S
    if not (text.isascii() and text.isdigit()):
        raise WrongUsage(f"{_PREFIX}TIMEOUT is no number of milliseconds", "e.g. 10000")
    return min(int(text[:9]) / 1000 or LONGEST_S, LONGEST_S)


def _setting(env: Mapping[str, str], name: str) -> str:
    """What is said of metrics, else of everything."""
    return (env.get(f"{_PREFIX}METRICS_{name}") or env.get(_PREFIX + name) or "").strip()
