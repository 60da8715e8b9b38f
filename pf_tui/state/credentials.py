"""Which credential each provider has and where: the only room that touches a secret.

Looking (`look_up`) reads the environment, config's keyring list, auth.json and the agents' own login
files: presence and expiry, never a value. Only `secret_for` opens the keyring or reads a key.
A write is read back before anyone says it worked.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from pf_tui import json_values
from pf_tui.catalog import LoginFile, Provider
from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.records import record
from pf_tui.state import files, logins
from pf_tui.state.clock import from_text
from pf_tui.state.config import Config
from pf_tui.state.paths import Paths
from pf_tui.state.secret import Secret, remember

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from pf_tui.vocabulary import CredentialState

    _Logins = dict[str, tuple[Path | None, object]]
    """What each login file holds, by its path in the catalog."""

KEYRING_SERVICE = "pf-tui"
_KEY_FIELDS = ("apiKey", "sessionToken", "accessToken")
"""Where the original plugin keeps a key in auth.json, by kind of login."""


_TOKEN_FIELDS = ("accessToken", "access", "access_token", "refreshToken", "refresh", "refresh_token", "key")
"""Where agents' login files keep their tokens: looked at only so that they are masked in words."""


@record
class Credential:
    """What is known about one provider's credential; no secret in it."""

    state: CredentialState
    source: str | None = None
    """env:NAME | env (session) | keyring | auth.json | login:PATH"""
    expires_at: datetime | None = None
    renewable: bool = False
    """An agent renews it by itself when it is used next."""
    agent: str | None = None
    """Only that agent can use it (its own login)."""

    @property
    def usable(self) -> bool:
        """Good enough to be chosen without asking."""
        return self.state == "present" or (self.state == "expired" and self.renewable)


MISSING = Credential(state="missing")


def look_up(
    providers: Iterable[Provider],
    paths: Paths,
    config: Config,
    env: Mapping[str, str],
    now: datetime,
    *,
    without_file: bool = False,
) -> dict[str, Credential]:
    """The credential of each provider, by id. Never raises for an agent's file that cannot be read.

    Args:
        without_file: pass over auth.json: what it would tell is "unknown", never "missing".
    Raises:
        StateFileUnusable: our auth.json is broken.
    """
    secrets = {} if without_file else _stored(paths)
    cache: _Logins = {}
    credentials = {
        provider.id: _environment(provider, env)
        or (Credential(state="present", source="keyring") if provider.id in config.keyring else None)
        or _auth_json(secrets.get(provider.id), now)
        or _logins(provider, env, now, cache)
        or _keychain(provider, env)
        or _maybe(provider, env)
        for provider in providers
    }
    if not without_file:
        return credentials
    unread = Credential(state="unknown", source="auth.json")
    return {
        name: unread if credential.state == "missing" else credential
        for name, credential in credentials.items()
    }


def secret_for(
    provider: Provider, paths: Paths, config: Config, env: Mapping[str, str], *, to: str
) -> Secret | None:
    """The key itself, from env, keyring or auth.json; None when only an agent's own login exists.

    Args:
        to: the address the request with the key goes to.
    Raises:
        PfError: that is no address of the provider, or the keyring is listed and does not open.
    """
    from pf_tui.rules import key_homes  # hooks look keys up and open none

    if not key_homes.belongs(provider, to):
        raise PfError(f"{key_homes.shown(to)} is no address of {provider.id}; no key was given")
    for name in provider.env:
        if name not in provider.env_pointers and (value := env.get(name)):
            return Secret(value)
    if provider.id in config.keyring:
        value = _open_keyring().get_password(KEYRING_SERVICE, provider.id)
        if value:
            return Secret(value)
    entry = _stored(paths).get(provider.id)
    if isinstance(entry, dict):
        for field_name in _KEY_FIELDS:
            value = entry.get(field_name)
            if isinstance(value, str) and value:
                return Secret(value)
    return None


def store_in_keyring(provider_id: str, secret: Secret) -> None:
    """Put the key into the OS keyring and read it back.

    Raises:
        PfError: there is no usable keyring (the hint offers the 0600 file), or it did not keep the key.
    """
    backend = _open_keyring(provider_id)
    try:
        backend.set_password(KEYRING_SERVICE, provider_id, secret.reveal())
        before = backend.get_password(KEYRING_SERVICE, provider_id)
    except Exception as error:  # backends raise anything, from RuntimeError to D-Bus types
        raise _keyring_refused(error, provider_id) from error
    if before != secret.reveal():
        raise PfError(
            "the keyring took the key and did not give it back; nothing counts as stored",
            _file_hint(provider_id),
        )


def remove_from_keyring(provider_id: str) -> bool:
    """Delete the key; False when the keyring had none."""
    backend = _open_keyring()
    try:
        if backend.get_password(KEYRING_SERVICE, provider_id) is None:
            return False
        backend.delete_password(KEYRING_SERVICE, provider_id)
    except Exception as error:
        raise _keyring_refused(error) from error
    return True


def store_in_file(paths: Paths, provider: Provider, secret: Secret, now: datetime) -> None:
    """Put the key into auth.json (0600), because the person said so, and read it back."""
    field_name = {"subscription": "sessionToken", "oauth": "accessToken"}.get(provider.auth, "apiKey")

    def with_key(document: dict[str, object] | None) -> dict[str, object]:
        entries = _entries(document or {}, paths)
        old = entries.get(provider.id)
        other_fields = (
            {key: value for key, value in old.items() if key not in _KEY_FIELDS}
            if isinstance(old, dict)
            else {}
        )
        entries[provider.id] = {**other_fields, field_name: secret.reveal(), "updatedAt": now.isoformat()}
        return {**(document or {}), "providers": entries}

    with files.locked(paths):
        files.rewrite_json(paths.auth, with_key)
        back = _stored(paths).get(provider.id)
    if not isinstance(back, dict) or back.get(field_name) != secret.reveal():
        raise PfError("auth.json did not keep the key", f"check {paths.auth}")


def remove_from_file(paths: Paths, provider_id: str) -> bool:
    """Delete the provider's entry from auth.json; False when there was none."""
    was_there = False

    def without_key(document: dict[str, object] | None) -> dict[str, object] | None:
        nonlocal was_there
        entries = {} if document is None else _entries(document, paths)
        was_there = entries.pop(provider_id, None) is not None
        return {**(document or {}), "providers": entries} if was_there else None

    with files.locked(paths):
        files.rewrite_json(paths.auth, without_key)
    return was_there


def ids_in_file(paths: Paths) -> tuple[str, ...]:
    """Providers that auth.json holds a key for."""
    return tuple(
        provider
        for provider, entry in _stored(paths).items()
        if isinstance(entry, dict) and any(entry.get(name) for name in _KEY_FIELDS)
    )


def secret_in_file(paths: Paths, provider_id: str) -> Secret | None:
    """The key auth.json holds for the provider (for `auth import`)."""
    entry = _stored(paths).get(provider_id)
    if not isinstance(entry, dict):
        return None
    return next((Secret(entry[name]) for name in _KEY_FIELDS if isinstance(entry.get(name), str)), None)


def secret_files(paths: Paths) -> tuple[Path, ...]:
    """Every file of the state directory that may hold a key or a token."""
    names = ("tokens.json", "gateway-install.json", "gateway-control.json")
    return (paths.auth, paths.gateway, paths.mcp, *(paths.home / name for name in names))


def repair_permissions(paths: Paths) -> tuple[str, ...]:
    """Make files with secrets 0600; one sentence for each that was wider."""
    notes = []
    for path in secret_files(paths):
        with contextlib.suppress(OSError):
            status = path.stat()
            mode = stat.S_IMODE(status.st_mode)
            if mode & 0o077 and stat.S_ISREG(status.st_mode):
                path.chmod(0o600)
                notes.append(f"{path.name} was readable by others ({mode:04o}); it is 0600 now")
    return tuple(notes)


def keyring_problem() -> str | None:
    """Why keys cannot go to the OS keyring, as a sentence; None when they can."""
    try:
        _open_keyring()
    except PfError as error:
        return error.message
    return None


def _open_keyring(provider_id: str = "PROVIDER") -> KeyringBackend:
    """The keyring's best backend. Raises PfError for none, null, fail or any of priority <= 0."""
    try:
        import keyring

        backend = keyring.get_keyring()
        priority = float(getattr(backend, "priority", 0) or 0)
    except Exception as error:
        raise _keyring_refused(error, provider_id) from error
    if priority <= 0:
        raise PfError("this machine has no keyring that keeps keys", _file_hint(provider_id))
    return backend


def _keyring_refused(error: Exception, provider_id: str = "PROVIDER") -> PfError:
    return PfError(f"the keyring does not answer ({type(error).__name__})", _file_hint(provider_id))


def _file_hint(provider_id: str) -> str:
    return f"`pf-tui auth set {provider_id} --file` keeps it in auth.json, readable by you alone (0600)"


def _environment(provider: Provider, env: Mapping[str, str]) -> Credential | None:
    if provider.auth == "none":
        return Credential(state="present", source="none needed")
    for name in provider.env:
        if value := env.get(name):
            if name not in provider.env_pointers and value != provider.id:
                remember(value)
            return Credential(state="present", source=f"env:{name}")
    if provider.env_all and all(env.get(name) for name in provider.env_all):
        return Credential(state="present", source=f"env:{provider.env_all[0]}")
    return None


def _maybe(provider: Provider, env: Mapping[str, str]) -> Credential:
    for name in provider.env_maybe:
        if env.get(name):
            return Credential(state="unknown", source=f"env:{name}")
    return MISSING


def _auth_json(entry: object, now: datetime) -> Credential | None:
    if not isinstance(entry, dict) or not any(entry.get(name) for name in _KEY_FIELDS):
        return None
    for name in (*_KEY_FIELDS, "refreshToken"):
        remember(entry.get(name))
    return _dated("auth.json", from_text(entry.get("expiresAt")), bool(entry.get("refreshToken")), None, now)


def _dated(
    source: str, expires: datetime | None, renewable: bool, agent: str | None, now: datetime
) -> Credential:
    expired = expires is not None and expires <= now
    return Credential(
        state="expired" if expired else "present",
        source=source,
        expires_at=expires,
        renewable=renewable,
        agent=agent,
    )


def _logins(provider: Provider, env: Mapping[str, str], now: datetime, cache: _Logins) -> Credential | None:
    for login in provider.logins:
        if login.path not in cache:
            path = logins.expand(login.path, env)
            cache[login.path] = (path, None if path is None else logins.read(path))
        path, content = cache[login.path]
        if path is None or content is None:
            continue
        source = f"login:{logins.short(path, env)}"
        if not isinstance(content, dict):
            # an INI file such as ~/.aws/credentials: it is there, what it holds is not ours to read
            if login.key == "*":
                return Credential(state="present", source=source, agent=provider.agent_only)
            continue
        if credential := _found_login(login, content, source, now):
            return credential
    return None


def _keychain(provider: Provider, env: Mapping[str, str]) -> Credential | None:
    """Claude Code's login on a Mac: the Keychain holds it and is not opened; a file tells of its account."""
    if (
        provider.agent_only != "claude-code"
        or provider.auth != "subscription"
        or not logins.keychain_account(env)
    ):
        return None
    source = f"login:{logins.short(logins.claude_file(env), env)}"
    return Credential(state="present", source=source, renewable=True, agent="claude-code")


def _found_login(
    login: LoginFile, content: dict[str, object], source: str, now: datetime
) -> Credential | None:
    holder = logins.value_at(content, login.key)
    if not holder:
        return None
    parent = logins.value_at(content, login.key.rpartition(".")[0]) if "." in login.key else content
    if isinstance(holder, dict):
        if login.kind is not None and holder.get("type") != login.kind:
            return None
        parent = holder
    remember(holder)
    beside = parent if isinstance(parent, dict) else {}
    for name in _TOKEN_FIELDS:
        remember(beside.get(name))
    expires = from_text(logins.value_at(content, login.expires_key)) if login.expires_key else None
    if expires is None:
        moments = (from_text(beside.get(name)) for name in ("expiresAt", "expires", "expiry_date"))
        expires = next((moment for moment in moments if moment), None)
    renews = any(beside.get(name) for name in ("refreshToken", "refresh", "refresh_token"))
    return _dated(source, expires, renews, logins.owner(source), now)


def _stored(paths: Paths) -> dict[str, object]:
    content = files.read_json(paths.auth)
    return {} if content is None else _entries(content, paths)


def _entries(content: dict[str, object], paths: Paths) -> dict[str, object]:
    entries = content.get("providers")
    if entries is None:
        return {}
    if not isinstance(entries, dict):
        raise StateFileUnusable(
            paths.auth, f'expected an object for "providers", found {json_values.kind_name(entries)}'
        )
    return entries
