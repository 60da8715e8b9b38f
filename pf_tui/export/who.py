"""Who tells it: the same on this machine and state directory for ever, and nobody's name."""

from __future__ import annotations

import hashlib
import platform
import uuid
from collections.abc import Mapping
from urllib.parse import unquote

from pf_tui.errors import WrongUsage
from pf_tui.export.metrics import Attributes
from pf_tui.sessions import identity
from pf_tui.state.paths import Paths

MACHINE_FILE = "/etc/machine-id"


def instance(paths: Paths) -> str:
    """A service.instance.id: a hash, so that neither the machine's id nor the person's name leaves."""
    machine = identity.read(MACHINE_FILE).strip() or platform.node().encode()
    digest = hashlib.sha256(b"\0".join((b"pf-tui", machine, bytes(paths.home)))).digest()
    return str(uuid.UUID(bytes=digest[:16]))


def resource(env: Mapping[str, str], version: str, instance: str) -> Attributes:
    """Who tells it; the person's OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME go before ours."""
    attributes = {"service.name": "pf-tui", "service.version": version, "service.instance.id": instance}
    attributes |= pairs(env.get("OTEL_RESOURCE_ATTRIBUTES", ""), "OTEL_RESOURCE_ATTRIBUTES")
    if name := env.get("OTEL_SERVICE_NAME", "").strip():
        attributes["service.name"] = name
    return tuple(sorted(attributes.items()))


def pairs(text: str, where: str) -> dict[str, str]:
    """`a=b,c=d`, values percent-encoded. Raises WrongUsage, which repeats nothing of the text."""
    by_name: dict[str, str] = {}
    for number, item in enumerate((part for part in text.split(",") if part.strip()), start=1):
        name, is_pair, value = item.partition("=")
        name, value = name.strip(), unquote(value.strip())
        if not is_pair or not name or not (name + value).isprintable():
            raise WrongUsage(f"{where}: entry {number} is no name=value", "separate entries by commas")
        by_name[name] = value
    return by_name
