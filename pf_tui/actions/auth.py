"""Keys in and out. The value itself never leaves `state.credentials`."""

from __future__ import annotations

from pf_tui.actions.journalling import write_down
from pf_tui.actions.switching import settle
from pf_tui.errors import PfError
from pf_tui.records import replace
from pf_tui.rules.benches import Bench
from pf_tui.state import credentials, files
from pf_tui.state.context import Context
from pf_tui.state.secret import Secret


def set_key(ctx: Context, provider_id: str, secret: Secret, *, in_file: bool = False) -> str:
    """Keep a provider's key in the keyring, or in auth.json if the person said so; returns where.

    A bench for a refused credential is lifted: there is a new one.

    Raises:
        UnknownName, PfError: no keyring (the hint offers the file), or it did not keep the key.
    """
    provider = ctx.catalog().provider(provider_id)
    if not secret.reveal().strip():
        raise PfError("the key is empty; nothing was stored", f"`pf-tui auth set {provider.id}` asks for it")
    with files.locked(ctx.paths):
        in_keyring = ctx.config().keyring
        if in_file:
            credentials.store_in_file(ctx.paths, provider, secret, ctx.now())
            store_name = "auth.json"
        else:
            credentials.store_in_keyring(provider.id, secret)
            store_name = "keyring"
            if provider.id not in in_keyring:
                ctx.change_config({"pf.keyring": [*in_keyring, provider.id]})
        _lift_refusals(ctx, provider.id)
        write_down(ctx, "auth", why="key set", after={"provider": provider.id, "where": store_name})
        settle(ctx)
    return store_name


def remove_key(ctx: Context, provider_id: str) -> tuple[str, ...]:
    """Delete a provider's key wherever we keep it; returns from where.

    Raises:
        UnknownName, PfError: we keep none (an environment variable or an agent's login is not ours).
    """
    provider = ctx.catalog().provider(provider_id)
    with files.locked(ctx.paths):
        in_keyring = ctx.config().keyring
        store_names = []
        if provider.id in in_keyring:
            credentials.remove_from_keyring(provider.id)
            ctx.change_config({"pf.keyring": [other for other in in_keyring if other != provider.id] or None})
            store_names.append("keyring")
        if credentials.remove_from_file(ctx.paths, provider.id):
            store_names.append("auth.json")
        if not store_names:
            source = ctx.credentials()[provider.id].source
            elsewhere = f"; its credential is {source}, which is not ours to delete" if source else ""
            raise PfError(f"no key of {provider.id} is kept here{elsewhere}", "`pf-tui auth status`")
        write_down(ctx, "auth", why="key removed", before={"provider": provider.id, "where": store_names})
        settle(ctx)
    return tuple(store_names)


def import_keys(ctx: Context) -> tuple[str, ...]:
    """Move every key of auth.json into the keyring; returns whose. Raises PfError without a keyring."""
    names = []
    with files.locked(ctx.paths):
        for provider_id in credentials.ids_in_file(ctx.paths):
            secret = credentials.secret_in_file(ctx.paths, provider_id)
            if secret is None:
                continue
            credentials.store_in_keyring(provider_id, secret)
            in_keyring = ctx.config().keyring
            if provider_id not in in_keyring:
                ctx.change_config({"pf.keyring": [*in_keyring, provider_id]})
            credentials.remove_from_file(ctx.paths, provider_id)
            names.append(provider_id)
        if names:
            write_down(ctx, "auth", why="keys moved to the keyring", after={"providers": names})
    return tuple(names)


def _lift_refusals(ctx: Context, provider_id: str) -> None:
    """A new credential: what rested until there is one, or until the account is in order, may be asked."""
    from pf_tui.state import health

    def over(bench: Bench) -> bool:
        return bench.provider == provider_id and bench.until is None and bench.kind != "manual"

    health.change(ctx.paths, lambda old: replace(old, benches=tuple(b for b in old.benches if not over(b))))
