"""Where a cloud's blanks come from, and whether this machine can prove itself there without a key.

`with_addresses` is the one place that fills {region}, {resource}, {project}, {location}: from the variables
the catalog names, the AWS profile's region, the project in Google's credential file.
Standard library alone: hooks load this. The extras are looked for, never imported here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from pf_tui import regular_files
from pf_tui.catalog import SERVED_PROTOCOLS, Catalog, Provider, blanks
from pf_tui.errors import PfError
from pf_tui.state import files
from pf_tui.state.paths import user_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.state.credentials import Credential

EXTRAS: Mapping[str, tuple[str, str]] = {"aws": ("botocore", "aws"), "google": ("google.auth", "google")}
"""`signing` of a provider -> the module it needs and the extra of pf-tui that brings it."""

_FILE_BYTES = 1_000_000
_FROM_ENDPOINT = (
    r"https://([A-Za-z0-9-]+)\.(?:openai\.azure|services\.ai\.azure|cognitiveservices\.azure)\.com\b"
)
_ENDPOINTS = ("AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_BASE_URL", "ANTHROPIC_FOUNDRY_BASE_URL")
"""Variables that hold Azure's whole address, of which the resource is the first word."""

_KEY_SOURCES = ("keyring", "auth.json")


def with_addresses(catalog: Catalog, env: Mapping[str, str]) -> Catalog:
    """The catalog with every address filled as far as this environment goes."""
    filled_providers = {
        provider.id: blanks.filled(provider, values(provider, env))
        for provider in catalog.providers.values()
        if provider.blanks
    }
    catalog.providers = {**catalog.providers, **filled_providers}
    return catalog


def stamp(env: Mapping[str, str]) -> tuple[object, ...]:
    """Changes when an address may."""
    values = tuple(env.get(name) for name in (*_NAMES, *_ENDPOINTS))
    aws, google = aws_config(env), google_file(env)
    return (*values, aws and files.identity(aws), google and files.identity(google))


_NAMES = (
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AZURE_RESOURCE_NAME",
    "AZURE_OPENAI_RESOURCE_NAME",
    "ANTHROPIC_FOUNDRY_RESOURCE",
    "ANTHROPIC_VERTEX_PROJECT_ID",
    "GOOGLE_CLOUD_PROJECT",
    "GCLOUD_PROJECT",
    "CLOUDSDK_CORE_PROJECT",
    "CLOUD_ML_REGION",
    "GOOGLE_CLOUD_LOCATION",
    "VERTEX_LOCATION",
)
"""Every variable that can move an address; the catalog's data names them again, a test compares."""


def variables() -> tuple[str, ...]:
    """Every variable that an address depends on, and those that say whose login signs."""
    return (*_NAMES, *_ENDPOINTS, *LOGIN_NAMES)


LOGIN_NAMES = (
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "GOOGLE_APPLICATION_CREDENTIALS",
)


def values(provider: Provider, env: Mapping[str, str]) -> dict[str, str]:
    """What fills the provider's blanks here, by blank."""
    values_by_name: dict[str, str] = {}
    for blank, names in provider.blanks.items():
        fixed = next((name[1:] for name in names if name.startswith(blanks.DEFAULT)), None)
        value = next((env[name] for name in names if env.get(name)), None)
        value = value or _from_files(blank, env) or fixed
        if value:
            values_by_name[blank] = value.strip()
    return values_by_name


def cannot_sign(provider: Provider, credential: Credential) -> str:
    """Why the gateway cannot use this credential, with the cure; "" when it can."""
    if not provider.signing or not credential.usable or credential.agent is not None:
        return ""
    if has_key(provider, credential) or is_installed(provider.signing):
        return ""
    what = "signing needs botocore" if provider.signing == "aws" else "Google's tokens need google-auth"
    return f"{what}: {install_words(provider.signing)}"


def problem(provider: Provider, credential: Credential) -> tuple[str, str] | None:
    """Why the gateway cannot ask a cloud, and the cure; None when it can."""
    urls = [url for name, url in provider.base_urls.items() if name in SERVED_PROTOCOLS]
    if urls and all("{" in url for url in urls):
        names = blanks.missing(provider, urls[0])
        if names:
            return f"its address needs {' and '.join(names)}", f"export {names[0]}=…"
    hint = cannot_sign(provider, credential)
    return (hint.partition(": ")[0], f"`{install_words(provider.signing)}`") if hint else None


def has_key(provider: Provider, credential: Credential) -> bool:
    """The credential is a key that goes into a header as it is, not a login that signs."""
    name = (credential.source or "").removeprefix("env:")
    return credential.source in _KEY_SOURCES or (
        name != credential.source and name in provider.env and name not in provider.env_pointers
    )


def is_installed(signing: str) -> bool:
    """The extra's module is there."""
    from importlib.util import find_spec  # a millisecond that only owners of such a login pay

    module, _ = EXTRAS[signing]
    try:
        return find_spec(module) is not None
    except ImportError:  # the package around it is missing
        return False


def install_words(signing: str) -> str:
    """The command that brings the extra, for the way this pf-tui was installed."""
    from pf_tui import called  # for an error alone

    _, extra = EXTRAS[signing]
    return called.install_extra(extra)


def aws_config(env: Mapping[str, str]) -> Path | None:
    """AWS's configuration file."""
    return _path(env.get("AWS_CONFIG_FILE"), env, ".aws/config")


def google_file(env: Mapping[str, str]) -> Path | None:
    """The file of Google's application default credentials."""
    folder = env.get("CLOUDSDK_CONFIG")
    usual = f"{folder}/application_default_credentials.json" if folder else None
    path = env.get("GOOGLE_APPLICATION_CREDENTIALS") or usual
    return _path(path, env, ".config/gcloud/application_default_credentials.json")


def _path(text: str | None, env: Mapping[str, str], usual: str) -> Path | None:
    try:
        home = user_home(env)
    except PfError:
        return Path(text) if text and text.startswith("/") else None
    if not text:
        return home / usual
    return home / text[2:] if text.startswith("~/") else Path(text)


def _from_files(blank: str, env: Mapping[str, str]) -> str | None:
    if blank == "region":
        return _profile_region(env)
    if blank == "project":
        return _google_project(env)
    if blank == "resource":
        matches = (re.match(_FROM_ENDPOINT, env[name]) for name in _ENDPOINTS if env.get(name))
        return next((match[1] for match in matches if match), None)
    return None


def _profile_region(env: Mapping[str, str]) -> str | None:
    """`region` of the profile in force, read line by line: configparser costs a hook 4 ms."""
    text = _text(aws_config(env))
    profile = env.get("AWS_PROFILE") or env.get("AWS_DEFAULT_PROFILE") or "default"
    headings = {f"[profile {profile}]", "[default]" if profile == "default" else f"[profile {profile}]"}
    inside = False
    for line in text.splitlines():
        bare = " ".join(line.split("#")[0].split())
        if bare.startswith("["):
            inside = bare.replace('"', "") in headings
        elif inside and not line[:1].isspace() and (parts := bare.partition("="))[0].strip() == "region":
            return parts[2].strip() or None
    return None


def _google_project(env: Mapping[str, str]) -> str | None:
    """The project a service account belongs to, else the one that Google's login is billed to."""
    try:
        content = json.loads(_text(google_file(env)) or "{}")
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    project = content.get("project_id") or content.get("quota_project_id")
    return project if isinstance(project, str) else None


def _text(path: Path | None) -> str:
    """A small file's text; "" when it is not there or cannot be read."""
    try:
        return "" if path is None else regular_files.read_regular(path, _FILE_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
