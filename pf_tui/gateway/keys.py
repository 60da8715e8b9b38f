"""The keys that the gateway may use: those of the files, and those that clients' environments hand in.

Keys from an environment stay in memory. A login stays with its agent and is none of these.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping

from pf_tui.catalog import Catalog, Provider
from pf_tui.errors import PfError
from pf_tui.gateway.cloud_auth import Signer, signer
from pf_tui.rules import key_homes
from pf_tui.snapshot import Snapshot
from pf_tui.state import clouds, credentials, files
from pf_tui.state.config import Config
from pf_tui.state.credentials import Credential
from pf_tui.state.paths import Paths
from pf_tui.state.secret import Secret


class GatewayKeys:
    """Keys and signers by provider, read again only when something they come from has changed."""

    def __init__(self, paths: Paths, env: Mapping[str, str]) -> None:
        self._paths = paths
        self._own_env = dict(env)
        self._session_env: dict[str, str] = {}
        self._keys: tuple[object, dict[str, Secret]] | None = None
        self._signers: dict[str, Signer] = {}
        self._refused_keys: dict[str, str] = {}
        """Provider -> the key it refused."""
        self.problem: str | None = None
        """Why the last reading could not use a key."""

    @property
    def env(self) -> dict[str, str]:
        """The gateway's own environment, with the credentials it was handed."""
        return {**self._own_env, **self._session_env}

    def take(self, values: Mapping[str, str], catalog: Catalog) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Keep an environment's credentials in memory.

        Returns:
            The providers they are for, and those of them whose key is another one than before.
        """
        env = self.env
        providers, changed_providers = [], []
        for provider in catalog.providers.values():
            for name in _names(provider):
                if value := values.get(name):
                    self._session_env[name] = value
                    providers.append(provider.id)
                    if env.get(name) != value:
                        changed_providers.append(provider.id)
        self._session_env |= {name: values[name] for name in clouds.variables() if values.get(name)}
        self.forget()
        self._signers = {}
        return tuple(dict.fromkeys(providers)), tuple(dict.fromkeys(changed_providers))

    def forget(self) -> None:
        """Look everything up again at the next reading."""
        self._keys = None

    def read(self, now: Snapshot) -> dict[str, Secret]:
        """The keys we may use; read again when auth.json, the keyring's list or the environment changed."""
        self.problem = None
        providers = [p for name in now.priority if (p := now.catalog.providers.get(name)) and _is_ours(p)]
        stamp = (
            files.identity(self._paths.auth),
            now.config.keyring,
            tuple(p.id for p in providers),
            tuple(sorted(self._session_env)),
        )
        if self._keys is not None and self._keys[0] == stamp:
            return self._keys[1]
        keys = {}
        for provider in providers:
            key = self._key(provider, now.config)
            if key is not None:
                keys[provider.id] = key
        self._keys = (stamp, keys)
        return keys

    def _key(self, provider: Provider, config: Config) -> Secret | None:
        home = next(iter(key_homes.homes(provider)), None)
        try:
            if home is None:
                return None
            return credentials.secret_for(provider, self._paths, config, self.env, to=home)
        except PfError as error:
            self.problem = f"{provider.id}: {error}"
            return None

    def signers(self, now: Snapshot, keys: Mapping[str, Secret]) -> dict[str, Signer]:
        """What proves requests to clouds whose login signs; each is made once and kept."""
        signers = {}
        for view in now.providers:
            signing, credential = view.provider.signing, view.credential
            if not signing or view.id in keys or not credential.usable or credential.agent is not None:
                continue
            if not now.eligibility_of(view.id).signing_hint:
                signers[view.id] = self._signers.setdefault(view.id, signer(signing, self.env))
        return signers

    def sources(self, keys: Mapping[str, Secret], looked_up: Mapping[str, Credential]) -> dict[str, str]:
        """Provider -> where its key comes from, of those that have one we may use."""
        sources = {}
        for provider in keys:
            source = looked_up[provider].source or "" if provider in looked_up else ""
            name = source.removeprefix("env:")
            handed = source != name and self._own_env.get(name) != self._session_env.get(name, "")
            sources[provider] = "env (session)" if handed and name in self._session_env else source
        return sources

    def refused(self, provider: str, key: Secret) -> None:
        """The provider refused this key, and there is no other yet."""
        self._refused_keys[provider] = _mark(key)

    def renewed(self, keys: Mapping[str, Secret]) -> Iterator[str]:
        """Providers whose refused key has been replaced since: their bench is over."""
        for provider, mark in list(self._refused_keys.items()):
            key = keys.get(provider)
            if key is not None and _mark(key) != mark:
                del self._refused_keys[provider]
                yield provider


def environment_keys(catalog: Catalog, env: Mapping[str, str]) -> dict[str, str]:
    """The credentials an environment holds for providers whose key the gateway may use; clouds' addresses."""
    keys = [name for provider in catalog.providers.values() for name in _names(provider)]
    return {name: value for name in (*keys, *clouds.variables()) if (value := env.get(name))}


def _names(provider: Provider) -> tuple[str, ...]:
    if not _is_ours(provider):
        return ()
    return tuple(name for name in provider.env if name not in provider.env_pointers)


def _is_ours(provider: Provider) -> bool:
    """A key product that speaks a protocol we serve; a login stays with its agent."""
    return provider.agent_only is None and provider.is_routable


def _mark(key: Secret) -> str:
    """Tells two keys apart without holding either; in memory only."""
    return hashlib.blake2b(key.reveal().encode(), key=_SALT, digest_size=16).hexdigest()


_SALT = os.urandom(16)
