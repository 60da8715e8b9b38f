"""How an agent is pointed at the gateway: variables and words for one run, nothing in its own settings.

Pure: address and token are arguments. Measured on Claude Code 2.1.330, OpenCode 1.18.33, Codex 0.169.0.
Invariant: the token is in the environment or in a 0600 file, never in a command line.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping
from urllib.parse import quote

from pf_tui.catalog import Catalog, Provider
from pf_tui.clients import Client
from pf_tui.integrations.apply import past_proxies
from pf_tui.json_values import object_in
from pf_tui.records import field, record
from pf_tui.rules.models import window
from pf_tui.rules.own_headers import PASS_HEADER, PROJECT_HEADER, RESUME_HEADER, TOKEN_HEADER

TOKEN_VARIABLE = "PF_TUI_GATEWAY_TOKEN"  # noqa: S105 - a variable's name

_PLAIN = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")
"""What stands for itself in a header; a blank might be trimmed, a line end would begin another header."""

PROVIDER_NAME = "pf-tui"
"""What OpenCode and Codex call the gateway in their lists."""


_CLOUDS = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_CLAUDE_LOGIN = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")

_OPENCODE_WIRES = {
    "@ai-sdk/anthropic": "anthropic-messages",
    "@ai-sdk/openai": "openai-responses",
    "@ai-sdk/openai-compatible": "openai-chat",
}
"""OpenCode's bundled packages -> the protocol they speak (measured)."""

_OPENCODE_OWN = {"anthropic": "@ai-sdk/anthropic", "openai": "@ai-sdk/openai", "xai": "@ai-sdk/openai"}
"""OpenCode's providers that do not speak chat completions (xAI's since 1.18.33 by its own code: measured)."""


@record
class Setting:
    """What one run of an agent gets."""

    set: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    """Variables that would lead the agent elsewhere."""
    words: tuple[str, ...] = ()
    """In front of the person's own arguments."""

    def over(self, environment: Mapping[str, str]) -> dict[str, str]:
        """`environment` with this laid over it."""
        env = {name: value for name, value in environment.items() if name not in self.unset}
        return {**env, **self.set}


def claude(
    url: str,
    token: str,
    environment: Mapping[str, str],
    *,
    pass_through: bool = False,
    project: str | None = None,
    resume: bool = False,
) -> Setting:
    """Claude Code: base URL and token; with pass-through its own login goes along and ours is a header.

    Args:
        resume: at a limit it waits for the reset instead of giving up.
    """
    variables = {
        "ANTHROPIC_BASE_URL": url,
        "CLAUDE_CODE_GATEWAY_HINT_HEADERS": "1",
        **past_proxies(environment),
    }
    headers = _project_header(project)
    if resume:
        variables["CLAUDE_CODE_RETRY_WATCHDOG"] = "1"
        headers[RESUME_HEADER] = "1"
    unset: tuple[str, ...] = ("ANTHROPIC_API_KEY", *_CLOUDS)
    if pass_through:
        headers |= {TOKEN_HEADER: token, PASS_HEADER: "1"}
        unset = (*_CLAUDE_LOGIN, *_CLOUDS)
    else:
        variables["ANTHROPIC_AUTH_TOKEN"] = token
    if headers:
        own = environment.get("ANTHROPIC_CUSTOM_HEADERS", "").splitlines()
        own_lines = [line for line in own if line.partition(":")[0].strip().lower() not in headers]
        lines = [f"{name}: {value}" for name, value in headers.items()]
        variables["ANTHROPIC_CUSTOM_HEADERS"] = "\n".join([*own_lines, *lines])
    return Setting(set=variables, unset=unset)


def by_variables(client: Client, url: str, token: str, environment: Mapping[str, str]) -> Setting:
    """An agent that takes address and token from the two variables of its record."""
    variables = {client.base_url_variable: url, client.token_variable: token}
    return Setting(set={**variables, **past_proxies(environment)})


def claude_settings(setting: Setting, models: Mapping[str, str]) -> dict[str, object]:
    """The same for `claude --settings FILE`, which goes before what the person's settings say (measured).

    Needed where those set the variables as well: settings files win over the environment.

    Args:
        models: Claude Code's ids under their own names: the gateway knows each provider's.
    """
    emptied = dict.fromkeys(setting.unset, "")
    return {"env": {**emptied, **setting.set}, "modelOverrides": dict(models)}


def codex(
    url: str,
    token: str,
    environment: Mapping[str, str],
    *,
    pass_through: bool = False,
    project: str | None = None,
) -> Setting:
    """Codex: a provider of its own for this run; the token comes by a variable, not by a word."""
    table = f"model_providers.{PROVIDER_NAME}"
    settings: dict[str, object] = {
        "model_provider": PROVIDER_NAME,
        f"{table}.name": PROVIDER_NAME,
        f"{table}.base_url": f"{url}/v1",
        f"{table}.wire_api": "responses",
    }
    if pass_through:
        settings[f"{table}.requires_openai_auth"] = True
        settings[f"{table}.env_http_headers.{TOKEN_HEADER}"] = TOKEN_VARIABLE
        settings[f"{table}.http_headers.{PASS_HEADER}"] = "1"
    else:
        settings[f"{table}.env_key"] = TOKEN_VARIABLE
    for name, value in _project_header(project).items():
        settings[f"{table}.http_headers.{name}"] = value
    words = [part for key, value in settings.items() for part in ("-c", f"{key}={json.dumps(value)}")]
    return Setting(set={TOKEN_VARIABLE: token, **past_proxies(environment)}, words=tuple(words))


def opencode(
    url: str,
    token: str,
    environment: Mapping[str, str],
    catalog: Catalog,
    models_by_provider: tuple[str, ...],
    default_model: tuple[str, str] | None = None,
    *,
    project: str | None = None,
    resume: bool = False,
) -> Setting:
    """OpenCode: the providers that the gateway serves, at the gateway's address, merged last of all.

    Args:
        models_by_provider: catalog ids the gateway has a key for; the others stay as OpenCode knows them.
        default_model: (provider, model) by catalog ids to start with; None = what OpenCode would take.
    """
    content = _own_content(environment)
    providers = object_in(content, "provider")
    content["provider"] = providers
    headers = {TOKEN_HEADER: token, **_project_header(project), **({RESUME_HEADER: "1"} if resume else {})}
    for name in models_by_provider:
        provider = catalog.providers[name]
        entry_name = _entry_name(provider)
        providers[entry_name] = _merged(
            providers.get(entry_name), _opencode_entry(provider, url, headers, catalog)
        )
    if default_model is not None:
        _choose(content, providers, catalog, *default_model)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Setting(set={"OPENCODE_CONFIG_CONTENT": text, **past_proxies(environment)})


def _project_header(project: str | None) -> dict[str, str]:
    return {PROJECT_HEADER: quote(os.fsencode(project), safe=_PLAIN)} if project else {}


def exports(setting: Setting) -> str:
    """The variables as lines for a POSIX shell's eval."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in setting.set.items()]
    return "\n".join([*(f"unset {name}" for name in setting.unset), *lines])


def _entry_name(provider: Provider) -> str:
    """What OpenCode calls the provider; clouds get our name: under its own OpenCode signs for them itself."""
    return provider.id if provider.blanks else provider.opencode_id or provider.id


def _opencode_entry(
    provider: Provider, url: str, headers: Mapping[str, str], catalog: Catalog
) -> dict[str, object]:
    """The provider at the gateway's address; with its models where OpenCode does not know them itself."""
    options = {"baseURL": f"{url}/v1", "apiKey": headers[TOKEN_HEADER], "headers": dict(headers)}
    entry: dict[str, object] = {"npm": _package(provider), "options": options}
    if provider.opencode_id is not None and not provider.blanks:
        return entry
    models = {
        catalog.native_id(model, provider.id) or model: _opencode_model(catalog, model, provider.id)
        for model in catalog.models
        if catalog.serves(provider.id, model) and catalog.chats(model)
    }
    return {**entry, "name": provider.name, "models": models}


def _package(provider: Provider) -> str:
    """OpenCode's package that speaks to the gateway: the provider's own protocol where it has one of them."""
    if provider.opencode_id in _OPENCODE_OWN:
        return _OPENCODE_OWN[provider.opencode_id]
    protocols = provider.protocols
    if not provider.custom and "openai-chat" in protocols and not provider.blanks:
        return "@ai-sdk/openai-compatible"
    wires = {protocol: package for package, protocol in _OPENCODE_WIRES.items()}
    preferred = ("openai-chat", *protocols) if provider.custom and "openai-chat" in protocols else protocols
    return next((wires[name] for name in preferred if name in wires), "@ai-sdk/openai-compatible")


def _opencode_model(catalog: Catalog, model_id: str, provider_id: str) -> dict[str, object]:
    model = catalog.models[model_id]
    inputs = [kind for kind in ("text", "image", "pdf", "audio", "video") if kind in model.inputs] or ["text"]
    return {
        "name": model.name,
        "attachment": "image" in inputs,
        "reasoning": "thinking" in model.capabilities,
        "tool_call": True,
        "modalities": {"input": inputs, "output": ["text"]},
        "limit": {
            "context": window(catalog, model_id, provider_id),
            "output": model.max_output or 32_000,
        },
    }


def _choose(
    content: dict[str, object],
    providers: dict[str, object],
    catalog: Catalog,
    provider_id: str,
    model_id: str,
) -> None:
    """Make it the model OpenCode starts with, and tell it what that is."""
    entry_name = _entry_name(catalog.providers[provider_id])
    if entry_name not in providers or model_id not in catalog.models:
        return
    native = catalog.native_id(model_id, provider_id) or model_id
    model = _opencode_model(catalog, model_id, provider_id)
    entry = object_in(providers, entry_name)
    providers[entry_name] = {**entry, "models": {native: model, **object_in(entry, "models")}}
    content["model"] = f"{entry_name}/{native}"


def _own_content(environment: Mapping[str, str]) -> dict[str, object]:
    """What the person put into OPENCODE_CONFIG_CONTENT; it stays."""
    try:
        content = json.loads(environment.get("OPENCODE_CONFIG_CONTENT") or "{}")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _merged(own: object, addition: dict[str, object]) -> dict[str, object]:
    if not isinstance(own, dict):
        return addition
    options, models = own.get("options"), own.get("models")
    if isinstance(models, dict):
        addition = {**addition, "models": {**object_in(addition, "models"), **models}}
    return {
        **own,
        **addition,
        "options": {**(options if isinstance(options, dict) else {}), **object_in(addition, "options")},
    }
