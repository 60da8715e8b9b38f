"""The auth documents: which credential each provider has, where, and how to get one. Never a secret."""

from __future__ import annotations

from pf_tui.catalog import Provider
from pf_tui.documents import status
from pf_tui.errors import UnknownName
from pf_tui.snapshot import ProviderView, Snapshot


def document(now: Snapshot, only: str | None = None) -> dict[str, object]:
    """The credentials of all providers, or of one. Raises UnknownName."""
    views = now.providers if only is None else (now.view(only),)
    return {"providers": [provider(view) for view in views]}


def provider(view: ProviderView) -> dict[str, object]:
    """A provider object cut down to its credential, with the way to get one."""
    return {
        **status.identity(view),
        "auth": {
            **status.credential(view.provider.auth, view.credential),
            "renewable": view.credential.renewable,
            "agent": view.credential.agent,
            "env": [*view.provider.env, *view.provider.env_all, *view.provider.env_maybe],
            "login_command": view.provider.login_command,
        },
        "usable": view.credential.usable,
        "cure": cure(view.provider) if not view.credential.usable else None,
        "warning": view.provider.warning,
    }


def cure(provider: Provider) -> str:
    """The command that gives this provider a credential."""
    if provider.login_command:
        return provider.login_command
    return f"pf-tui auth set {provider.id}"


def one_of(now: Snapshot, name: str) -> ProviderView:
    """The view of one provider. Raises UnknownName that points to `auth status`."""
    try:
        return now.view(name)
    except UnknownName as error:
        raise UnknownName("provider", name, now.catalog.providers, "pf-tui auth status") from error
