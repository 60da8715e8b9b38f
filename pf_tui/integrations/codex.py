"""What pf-tui puts into Codex, and takes out again: hooks, MCP server, notify; and what a switch sets there.

A switch writes a provider with `auth.command`, which asks pf-tui for the key, so no key stands in
config.toml (measured on 0.169.0). Codex reads its settings at its start, and speaks the Responses API alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pf_tui import regular_files
from pf_tui.catalog import Catalog, Provider
from pf_tui.errors import PfError
from pf_tui.integrations import apply as agents
from pf_tui.integrations import install_plan, toml_text
from pf_tui.integrations.apply import Effect
from pf_tui.integrations.codex_parts import (
    AGENT,
    GATEWAY,
    base_lines,
    config_folder,
    folders,
    parts,
    text_of,
    words_for,
)
from pf_tui.integrations.install_plan import Plan
from pf_tui.records import replace
from pf_tui.rules import addresses as rules
from pf_tui.state import files, logins
from pf_tui.state.context import Context

WIRE = "openai-responses"
RESERVED_NAMES = ("openai", "ollama", "lmstudio")
"""Provider names Codex keeps for itself."""


def plan_install(ctx: Context, *, project: bool = False) -> Plan:
    """What `install codex` would change.

    Raises:
        PfError: for a project: Codex keeps hooks and servers per person.
        StateFileUnusable: config.toml or hooks.json cannot be read or edited; nothing was changed.
    """
    return install_plan.install(ctx.paths, _key(project), parts(ctx))


def plan_uninstall(ctx: Context, *, project: bool = False) -> Plan:
    """What `uninstall codex` would change."""
    return install_plan.uninstall(ctx.paths, _key(project), parts(ctx, lasting=False))


def after_install(ctx: Context, plan: Plan) -> tuple[str, ...]:
    """What a person has to do once."""
    return (
        "Codex asks at its next start whether it may run the new hooks: choose `Trust all and continue`.",
        "Until then it tells pf-tui of finished turns only (notify).",
    )


def apply(ctx: Context, provider: Provider, model: str | None) -> Effect:
    """Set Codex to `provider`: lines in config.toml, none for what the person has set up there."""
    news, on_own, by_gateway = False, False, False
    for path in (folder / "config.toml" for folder in folders(ctx)):
        try:
            text = text_of(path)
            route_lines = (
                {} if provider.id == own_provider(ctx, text) else _served_by(ctx, provider, model, path)
            )
            if route_lines is None and provider.agent_only is None:
                by_gateway = True
                route_lines = _by_gateway(ctx, path)
            if route_lines is None:
                return _refused(ctx, provider)
            new_text = toml_text.with_lines(
                text, {**base_lines(ctx, text, path), **_without_own(text, route_lines)}
            )
            on_own = not route_lines
            if new_text != text:
                files.write_bytes(path, new_text.encode(), mode=None if path.exists() else 0o600)
                news = True
        except (toml_text.TomlError, PfError) as error:
            return _effect(f"its config.toml could not be changed ({error})", applied=False)
    if by_gateway:
        text = "from your next start of Codex, through the gateway, which translates"
        return replace(_effect(text), how="gateway")
    if not news:
        return Effect(agent=AGENT, when="now", how="none", text="it is set to that already")
    if on_own:
        return _effect("on your own setting again, from your next start of Codex")
    return _effect("from your next start of Codex (`codex resume` keeps the session)")


def needs_gateway(ctx: Context, provider: Provider) -> bool:
    """No lines of config.toml lead there."""
    own = config_folder(ctx.env) / "config.toml"
    return provider.id != logins.codex_provider(ctx.env) and _served_by(ctx, provider, None, own) is None


def own_provider(ctx: Context, text: str) -> str | None:
    """The provider of the person's own settings, by our id; None when pf-tui does not know it."""
    content = toml_text.parse(toml_text.without(text))
    name = content.get("model_provider", "openai")
    if name == "openai":
        return logins.codex_provider(ctx.env)
    if name in ctx.catalog().providers:
        return str(name)
    tables = content.get("model_providers")
    table = tables.get(name) if isinstance(tables, dict) else None
    url = table.get("base_url") if isinstance(table, dict) else None
    return _at(ctx.catalog(), url) if isinstance(url, str) else None


def _served_by(ctx: Context, provider: Provider, model: str | None, path: Path) -> dict[str, object] | None:
    """The lines that set Codex to a provider; None when it cannot serve Codex."""
    if provider.agent_only == AGENT and provider.id == logins.codex_provider(ctx.env):
        return {"model_provider": "openai"}
    url = provider.base_urls.get(WIRE)
    if url is None or "{" in url or provider.agent_only is not None or provider.id in RESERVED_NAMES:
        return None
    if provider.signing:  # its key and its models' names are the gateway's work
        return None
    program_name, *rest = words_for(ctx, path)
    table = f"model_providers.{provider.id}"
    lines: dict[str, object] = {"model_provider": provider.id}
    native = _own_model(ctx.catalog(), provider, path) or (
        ctx.catalog().native_id(model, provider.id) if model else None
    )
    if native:
        lines["model"] = native
    lines |= {f"{table}.name": provider.name, f"{table}.base_url": url, f"{table}.wire_api": "responses"}
    if provider.auth != "none":
        lines[f"{table}.auth.command"] = program_name
        lines[f"{table}.auth.args"] = [*rest, "auth", "helper", provider.id]
    return lines


def _own_model(catalog: Catalog, provider: Provider, path: Path) -> str | None:
    """The model of the person's own settings under that provider's name; None where it is not sold there."""
    model_name = toml_text.parse(toml_text.without(text_of(path))).get("model")
    entry = catalog.find_model(model_name) if isinstance(model_name, str) else None
    return catalog.native_id(entry.id, provider.id) if entry is not None else None


def _by_gateway(ctx: Context, path: Path) -> dict[str, object] | None:
    """The lines that set Codex to the gateway, where the person wants that and it runs."""
    url = agents.door(ctx)
    if url is None:
        return None
    program_name, *rest = words_for(ctx, path)
    table = f"model_providers.{GATEWAY}"
    return {
        "model_provider": GATEWAY,
        f"{table}.name": GATEWAY,
        f"{table}.base_url": f"{url}/v1",
        f"{table}.wire_api": "responses",
        f"{table}.auth.command": program_name,
        f"{table}.auth.args": [*rest, "auth", "helper", GATEWAY],
    }


def _without_own(text: str, route_lines: dict[str, object]) -> dict[str, object]:
    """Without the provider's own lines where the person has described a provider of that name."""
    tables = toml_text.parse(toml_text.without(text)).get("model_providers")
    name = route_lines.get("model_provider")
    if not (isinstance(tables, dict) and name in tables):
        return route_lines
    return {
        key: value for key, value in route_lines.items() if not key.startswith(f"model_providers.{name}.")
    }


def _refused(ctx: Context, provider: Provider) -> Effect:
    if provider.agent_only is not None:
        why = f"that login works in {provider.agent_only} alone"
        return _effect(f"not possible in Codex itself: {why}", applied=False)
    why = f"it reaches {provider.name} through the gateway alone: {agents.way_in(ctx, 'pf-tui run codex')}"
    return replace(_effect(f"not possible in Codex itself: {why}", applied=False), how="gateway")


def _at(catalog: Catalog, url: str) -> str | None:
    """The provider whose address this is, when it is one alone."""
    ids = [provider.id for provider in rules.at(url, catalog.providers.values()) if not provider.agent_only]
    return ids[0] if len(ids) == 1 else None


def _key(project: bool) -> str:
    if project:
        raise PfError(
            "Codex keeps hooks and MCP servers per person, not per project", "`pf-tui install codex`"
        )
    return AGENT


def _effect(text: str, *, applied: bool = True) -> Effect:
    when, how = ("next start", "settings") if applied else ("never", "none")
    return Effect(agent=AGENT, when=when, how=how, text=text, applied=applied)


def logs(env: Mapping[str, str]) -> list[Path]:
    """What it writes while it works."""
    return list((config_folder(env) / "sessions").glob("*/*/*/*.jsonl"))


def addresses(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(where, URL) of every address its settings name."""
    path = config_folder(env) / "config.toml"
    try:
        content = toml_text.parse(regular_files.read_regular(path).decode("utf-8"))
    except (OSError, ValueError):
        return
    tables = content.get("model_providers")
    table = tables.get(content.get("model_provider")) if isinstance(tables, dict) else None
    for url in (content.get("openai_base_url"), table.get("base_url") if isinstance(table, dict) else None):
        if isinstance(url, str):
            yield str(path), url


def key_problem(ctx: Context) -> tuple[str, str] | None:
    """Why it would get no key for the provider it is set to, and the cure."""
    from pf_tui.integrations import codex_route

    problem = codex_route.problem(ctx)
    return None if problem is None else (f"Codex gets no key: {problem.message}", problem.hint)
