"""Checks of our own files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.integrations.doctor.finding import Finding, fail, ok, skip, warn
from pf_tui.ledger import queue, schema, upkeep
from pf_tui.ledger.unread import unread
from pf_tui.state import clouds as cloud_settings
from pf_tui.state import credentials, files, trust
from pf_tui.state.context import Context

CONFIG_VERSION = 2
"""The original's, which ours follows; health and installs have their own, 1."""


def folder(ctx: Context) -> Finding:
    """There, ours, writable, private."""
    home = ctx.paths.home
    if not home.exists():
        parent = next(ancestor for ancestor in home.parents if ancestor.exists())
        if os.access(parent, os.W_OK):
            return ok(f"{home} will be made by the first change")
        return fail(
            f"{home} cannot be made: {parent} is not writable", f"give yourself write permission on {parent}"
        )
    if not home.is_dir():
        return fail(f"{home} is no directory", f"move {home} away")
    if not os.access(home, os.W_OK | os.X_OK):
        return fail(
            f"{home} cannot be written: switches and benches are lost",
            f"give yourself write permission on {home}",
        )
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        return warn(f"{home} is open to others ({mode:04o})", f"chmod 700 {home}")
    return ok(f"{home}")


def readable(ctx: Context) -> Finding:
    """Each file can be read; the first that cannot is told with line and column."""
    readers: dict[str, Callable[[], object]] = {
        "config.json": ctx.config,
        "providers.yaml": ctx.catalog,
        "auth.json": lambda: files.read_json(ctx.paths.auth),
        "health.json": ctx.health,
        "usage.json": lambda: files.read_json(ctx.paths.usage),
        "installs.json": lambda: files.read_json(ctx.paths.home / "installs.json"),
        "the project's file": ctx.project,
    }
    broken: list[PfError] = []
    for reader in readers.values():
        try:
            reader()
        except PfError as error:
            if "version" not in error.message:
                broken.append(error)
    if not broken:
        return ok("every state file can be read")
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    return fail(f"{broken[0].message}{more}", broken[0].hint)


def trusted(ctx: Context) -> Finding:
    """A project's own settings hold as far as the person has accepted them."""
    try:
        project = ctx.project()
        accepted_count = len(trust.accepted(ctx.paths))
    except StateFileUnusable as error:
        return fail(error.message, error.hint)
    if project is None:
        return ok(f"no project file here; {accepted_count} accepted elsewhere")
    if project.warning:
        what, _, cure = project.warning.partition(" · ")
        return warn(what, cure)
    return ok(f"{project.path} is {project.trust}")


def newer(ctx: Context) -> Finding:
    """A later pf-tui wrote it: it is only read here."""
    for name, newest in (("config.json", CONFIG_VERSION), ("health.json", 1), ("installs.json", 1)):
        try:
            content = files.read_json(ctx.paths.home / name) or {}
        except StateFileUnusable:
            continue
        version = content.get("version", newest)
        if isinstance(version, int | float) and version > newest:
            return fail(
                f"{name} has version {version:g}, this pf-tui knows {newest}; it is read-only here",
                "update pf-tui",
            )
    if ctx.paths.ledger.exists():
        try:
            with schema.opened(ctx.paths.ledger):
                pass
        except StateFileUnusable as error:
            if "version" in error.message:
                return fail(error.message, error.hint)
        except PfError:
            pass  # the ledger's own check tells
    return ok("no file is of a newer version")


def ledger(ctx: Context) -> Finding:
    """The history is sound."""
    if not ctx.paths.ledger.exists():
        return ok("there is no history yet; `pf-tui ingest` reads the agents' logs")
    if full := queue.problem(ctx.paths.ledger):
        return fail(full, queue.FULL_HINT)
    problem = upkeep.problem(ctx.paths.ledger)
    if problem:
        return fail(problem, "`pf-tui ingest` sets it aside and reads the logs anew")
    return ok(f"sound, {ctx.paths.ledger.stat().st_size / 1e6:.1f} MB")


def logs(ctx: Context) -> Finding:
    """No log or database of an agent was passed over."""
    if not ctx.paths.ledger.exists():
        return ok("no log was read yet")
    with schema.opened(ctx.paths.ledger) as connection:
        stores = unread(connection)
    if stores:
        also = f", and {len(stores) - 1} more" if stores[1:] else ""
        return warn(f"{stores[0]}{also}", "what it holds is missing in every sum")
    return ok("every log that was found was read")


def secrets(ctx: Context) -> Finding:
    """Files with secrets are the owner's alone."""
    paths = ctx.paths
    wide = [
        path
        for path in (*credentials.secret_files(paths), paths.journal)
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    if wide:
        names = " ".join(str(path) for path in wide)
        verb = "is" if len(wide) == 1 else "are"
        return fail(
            f"{', '.join(path.name for path in wide)} {verb} readable by others", f"chmod 600 {names}"
        )
    return ok("files with secrets are yours alone")


def set_aside(ctx: Context) -> Finding:
    """A file of ours was damaged once and begun anew."""
    aside = sorted(ctx.paths.home.glob("*.corrupt-*")) if ctx.paths.home.is_dir() else []
    if aside:
        return warn(
            f"{aside[-1].name} was damaged and begun anew", f"look into it, then delete it: rm {aside[-1]}"
        )
    return ok("no file has been set aside")


def credential(ctx: Context) -> Finding:
    """Somebody can serve at all."""
    looked_up = ctx.credentials()
    usable = [name for name, credential in looked_up.items() if credential.usable]
    if not usable:
        return fail("no provider has a credential", "`pf-tui auth set PROVIDER`, or sign in to an agent")
    expired = [name for name, credential in looked_up.items() if credential.state == "expired"]
    if expired:
        return warn(
            f"the credential of {', '.join(expired)} has expired", f"`pf-tui auth status {expired[0]}`"
        )
    return ok(f"{len(usable)} with a credential: {', '.join(usable)}")


def clouds(ctx: Context) -> Finding:
    """Clouds with a credential have an address, and what signs for them is installed."""
    catalog, looked_up = ctx.catalog(), ctx.credentials()
    cloud_providers = [
        provider
        for provider in catalog.providers.values()
        if provider.blanks and looked_up[provider.id].usable
    ]
    if not cloud_providers:
        return skip("no cloud has a credential")
    for provider in cloud_providers:
        if problem := cloud_settings.problem(provider, looked_up[provider.id]):
            return warn(f"the gateway cannot ask {provider.id}: {problem[0]}", problem[1])
    return ok(f"the gateway can ask {', '.join(provider.id for provider in cloud_providers)}")
