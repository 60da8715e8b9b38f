"""Where Codex sends the key it asks for: the base_url of the provider whose `auth` calls us.

Codex reads its settings once: system, person, profile, project, `-c`, managed (measured on 0.169.0 and
0.171.0, which take no provider from a project; an older one may, so a project's are looked at as well).
Invariant: what cannot be read is no address. Nothing that was read is kept.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from pf_tui.catalog import Provider
from pf_tui.errors import PfError
from pf_tui.integrations import claude_route
from pf_tui.integrations.codex_parts import GATEWAY, config_folder
from pf_tui.rules import key_homes
from pf_tui.state.ancestors import Process
from pf_tui.state.context import Context

SYSTEM = Path("/etc/codex")
PROGRAM = "codex"
_CONFIG = ("-c", "--config")
_PROFILE = ("-p", "--profile")


def next_address(ctx: Context, provider: Provider, caller: Process | None) -> str:
    """The address that Codex sends the provider's key to; one of its own where a person asks.

    Raises:
        PfError: an address of the provider is not certain.
    """
    asking = _asking(ctx, provider.id, caller)
    for name, table in asking:
        url = table.get("base_url")
        if not isinstance(url, str) or not key_homes.belongs(provider, url):
            raise claude_route.withheld(
                f"Codex's model_providers.{claude_route.plain_name(name)} sends it to"
                f" {key_homes.shown(str(url))}, which is no address of {provider.id}",
                f"`pf-tui switch {provider.id}`, or set base_url of {provider.id} in providers.yaml",
            )
    if asking:
        return str(asking[0][1]["base_url"])
    if caller is not None and caller.is_program(PROGRAM):
        raise claude_route.withheld(
            f"no provider in Codex's settings asks for the key of {provider.id}",
            f"`pf-tui switch {provider.id}`",
        )
    return next(iter(key_homes.homes(provider)), "")


def check_gateway(ctx: Context, url: str, caller: Process | None) -> None:
    """Whatever in Codex's settings asks for the gateway's token sends it to the gateway at `url`.

    Raises:
        PfError: it would go elsewhere, or that cannot be said.
    """
    for name, table in _asking(ctx, GATEWAY, caller):
        base_url = table.get("base_url")
        if not isinstance(base_url, str) or not key_homes.same_address(base_url.removesuffix("/v1"), url):
            raise claude_route.withheld(
                f"Codex's model_providers.{claude_route.plain_name(name)} sends the gateway's token to"
                f" {key_homes.shown(str(base_url))}, where no gateway of ours is",
                "`pf-tui switch PROVIDER` sets the address",
            )


def _asking(ctx: Context, setting_name: str, caller: Process | None) -> list[tuple[str, dict[str, object]]]:
    """The tables whose key comes from `auth helper SETTING_NAME`."""
    config: dict[str, object] = {}
    for layer in _layers(ctx, caller):
        config = _merged(config, layer)
    tables = config.get("model_providers", {})
    if not isinstance(tables, dict):
        raise claude_route.withheld("model_providers of Codex's config.toml is no table")
    return [
        (str(name), table)
        for name, table in tables.items()
        if isinstance(table, dict) and _asks(table, setting_name)
    ]


def _asks(table: dict[str, object], name: str) -> bool:
    """The table's key comes from `auth helper NAME`."""
    auth = table.get("auth")
    if not isinstance(auth, dict):
        return False
    args = auth.get("args")
    words = [str(auth.get("command", "")), *(map(str, args) if isinstance(args, list) else [])]
    line = " ".join(words).split()
    return any(line[index : index + 3] == ["auth", "helper", name] for index in range(len(line)))


def _layers(ctx: Context, caller: Process | None) -> Iterator[dict[str, object]]:
    """Every document, the one that wins last."""
    words = caller.words if caller is not None and caller.is_program(PROGRAM) else ()
    if caller is not None and words and not caller.exact:
        value = words[0].split()
        if any(word.startswith((*_CONFIG, *_PROFILE)) for word in value):
            raise claude_route.withheld(
                "Codex was started with settings of its own, which cannot be read here"
            )
        words = ()
    home = config_folder(ctx.env)
    yield _document(SYSTEM / "config.toml")
    person = _document(home / "config.toml")
    yield person
    profile = next(_values(words, _PROFILE), person.get("profile"))
    if isinstance(profile, str):
        profiles = person.get("profiles")
        table = profiles.get(profile) if isinstance(profiles, dict) else None
        yield table if isinstance(table, dict) else {}
        if Path(profile).name == profile:
            yield _document(home / f"{profile}.config.toml")
    for folder in (*reversed(ctx.cwd.parents), ctx.cwd):
        if folder / ".codex" != home:
            yield _document(folder / ".codex" / "config.toml")
    for override in _values(words, _CONFIG):
        yield _override(override)
    for folder in (home, SYSTEM):
        yield _document(folder / "managed_config.toml")


def _document(path: Path) -> dict[str, object]:
    text = claude_route.text_of(path)
    if text is None:
        return {}
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise claude_route.unreadable(path, "no TOML") from error


def _values(words: tuple[str, ...], options: tuple[str, str]) -> Iterator[str]:
    """What an option is given on a command line, in each of its forms."""
    short, long = options
    for number, word in enumerate(words):
        if word in options:
            yield "".join(words[number + 1 : number + 2])
        elif word.startswith(f"{long}="):
            yield word.removeprefix(f"{long}=")
        elif word.startswith(short) and not word.startswith("--"):
            yield word.removeprefix(short).removeprefix("=")


def _override(text: str) -> dict[str, object]:
    """`a.b=value` as a document; a value that is no TOML is a text."""
    key, equals, value = text.partition("=")
    if not equals:
        return {}
    try:
        content: object = tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        content = value
    first, *inner = [part.strip().strip("\"'") for part in key.strip().split(".")]
    for part in reversed(inner):
        content = {part: content}
    return {first: content}


def _merged(layer: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    """`other` laid over `layer`, tables into each other."""
    merged_layer = dict(layer)
    for name, value in other.items():
        existing = merged_layer.get(name)
        merged_layer[name] = (
            _merged(existing, value) if isinstance(existing, dict) and isinstance(value, dict) else value
        )
    return merged_layer


def problem(ctx: Context) -> PfError | None:
    """Why Codex would get no key for the provider it is set to, started here; None when it would."""
    try:
        person = _document(config_folder(ctx.env) / "config.toml")
        provider = ctx.catalog().providers.get(str(person.get("model_provider")))
        if provider is not None:
            next_address(ctx, provider, None)
    except PfError as error:
        return error
    return None
