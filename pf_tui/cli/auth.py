"""`pf-tui auth`: credentials seen, tried, kept and removed. A key never comes from argv."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from pf_tui import auth_check, snapshot
from pf_tui.actions import auth as keys
from pf_tui.cli import diagnostics, helper, output
from pf_tui.cli.grammar import Group, as_json, maybe_provider, provider_argument, subword
from pf_tui.documents import auth as documents
from pf_tui.documents import words
from pf_tui.errors import PfError, WrongUsage
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.state.context import Context
from pf_tui.state.secret import Secret

if TYPE_CHECKING:
    from rich.text import Text

    from pf_tui.cli.look import Cell

MAX_KEY_BYTES = 64 * 1024
"""Longer than any key; service-account files are named by path, not stored."""

auth = Group("auth", "status")


@subword(auth, "status")
@maybe_provider
@as_json
@click.pass_obj
def status(ctx: Context, provider: str | None, as_json: bool) -> None:
    """Looks at the environment, the keyring's list, auth.json and the agents' own logins."""
    now = snapshot.take(ctx, keep_going=not as_json)
    if provider is not None:
        provider = documents.one_of(now, provider).id
    if as_json:
        output.document(documents.document(now, provider))
        return
    from pf_tui.state import credentials

    for sentence in credentials.repair_permissions(ctx.paths):
        diagnostics.note(sentence)
    views = now.providers if provider is None else (now.view(provider),)
    output.show(*_table(views, now, ctx))
    for problem in now.problems:
        diagnostics.note(problem)


@subword(auth, "check")
@provider_argument
@as_json
@click.pass_obj
def check(ctx: Context, provider: str, as_json: bool) -> None:
    """One request that costs nothing, to that provider's own host; exit 1 when the key does not work."""
    outcome = auth_check.check(ctx, provider)
    if as_json:
        output.document(auth_check.document(outcome))
    if not outcome.ok:
        raise PfError(outcome.message, outcome.hint or "")
    if as_json:
        return
    took = f" in {outcome.latency_ms} ms" if outcome.latency_ms is not None else ""
    output.text(f"{outcome.message}{took}")
    if outcome.hint:
        output.text(outcome.hint)


@subword(auth, "set")
@provider_argument
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the key from stdin instead of asking.")
@click.option("--file", "in_file", is_flag=True, help="Keep it in auth.json (0600), not in the keyring.")
@as_json
@click.pass_obj
def set_(ctx: Context, provider: str, from_stdin: bool, in_file: bool, as_json: bool) -> None:
    """The key is asked for without showing it, kept in the keyring and read back."""
    provider = ctx.catalog().provider(provider).id
    secret = _from_stdin() if from_stdin else _ask_key(provider)
    store_name = keys.set_key(ctx, provider, secret, in_file=in_file)
    if as_json:
        output.document({"provider": provider, "stored": store_name})
    else:
        output.text(
            f"the key of {provider} is kept in {_store_phrase(store_name)};"
            f" `pf-tui auth check {provider}` tries it"
        )


@subword(auth, "remove")
@provider_argument
@as_json
@click.pass_obj
def remove(ctx: Context, provider: str, as_json: bool) -> None:
    """Only what pf-tui keeps: variables and agents' logins are not ours to delete."""
    provider = ctx.catalog().provider(provider).id
    store_names = keys.remove_key(ctx, provider)
    if as_json:
        output.document({"provider": provider, "removed": list(store_names)})
    else:
        output.text(f"the key of {provider} was deleted from {' and '.join(map(_store_phrase, store_names))}")


@subword(auth, "import")
@as_json
@click.pass_obj
def import_(ctx: Context, as_json: bool) -> None:
    """Each key is read back from the keyring before it leaves the file."""
    names = keys.import_keys(ctx)
    if as_json:
        output.document({"imported": list(names)})
    elif names:
        output.text(f"moved to the keyring: {', '.join(names)}")
    else:
        output.text("auth.json holds no key; nothing was changed")


@subword(auth, "helper")
@maybe_provider
@click.pass_obj
def helper_(ctx: Context, provider: str | None) -> None:
    """Only the key on stdout: what Claude Code's apiKeyHelper expects."""
    helper.show(ctx, provider)


def _from_stdin() -> Secret:
    data = sys.stdin.buffer.read(MAX_KEY_BYTES + 1)
    if len(data) > MAX_KEY_BYTES:
        raise WrongUsage("stdin holds more than a key; nothing was stored", "pipe the key alone")
    try:
        return _clean(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise WrongUsage("stdin holds no text; nothing was stored", "pipe the key alone") from error


def _ask_key(provider: str) -> Secret:
    if not sys.stdin.isatty():
        raise WrongUsage("there is no terminal to ask for the key", f"`pf-tui auth set {provider} --stdin`")
    return _clean(click.prompt(f"key of {provider}", hide_input=True, err=True))


def _clean(text: str) -> Secret:
    """Without the line end; a key with white space inside is a mistake of copying."""
    key = text.strip()
    if len(key.split()) > 1 or not key.isprintable():
        raise WrongUsage(
            "the key has white space or control characters inside; nothing was stored", "copy the key alone"
        )
    return Secret(key)


def _store_phrase(name: str) -> str:
    return "the keyring" if name == "keyring" else name


def _table(views: tuple[ProviderView, ...], now: Snapshot, ctx: Context) -> list[Text]:
    from pf_tui.cli.look import FAINT, table, wrapped
    from pf_tui.text.columns import Column

    columns = (
        Column(title="provider"),
        Column(title="auth", leaves=1),
        Column(title="state"),
        Column(title="where, or how to get it", leaves=3, shrinks=True),
        Column(title="expires", leaves=2),
    )
    width = output.width()
    present = [view for view in views if view.credential.state != "missing"]
    missing = [view for view in views if view.credential.state == "missing"]
    lines = table(columns, [_row(view, now, ctx) for view in [*present, *missing]], width)
    for view in views if len(views) == 1 else ():
        names = [*view.provider.env, *view.provider.env_all, *view.provider.env_maybe]
        if names:
            lines += wrapped(f"environment: {', '.join(names)}", width, style=FAINT)
        if view.provider.login_command:
            lines += wrapped(f"login: {view.provider.login_command}", width, style=FAINT)
        if view.provider.warning:
            lines += wrapped(view.provider.warning, width, style="yellow")
    return lines


def _row(view: ProviderView, now: Snapshot, ctx: Context) -> list[Cell]:
    from pf_tui.cli.look import FAINT, Cell, faint, plain

    credential = view.credential
    style = {"present": "green", "expired": "yellow", "unknown": "yellow"}.get(credential.state, FAINT)
    expires = words.clock(credential.expires_at, now.at, ctx.timezone()) if credential.expires_at else ""
    if credential.renewable and expires:
        expires += " (renewed)"
    return [
        Cell(text=view.id, style=FAINT if credential.state == "missing" else ""),
        faint(words.auth(view.provider.auth)),
        Cell(text=credential.state, style=style),
        plain(credential.source or "") if credential.usable else faint(_way(view)),
        plain(expires),
    ]


def _way(view: ProviderView) -> str:
    """Where the doubtful credential is, and the command for a good one."""
    source = f"{view.credential.source}; " if view.credential.source else ""
    return f"{source}{documents.cure(view.provider)}"
