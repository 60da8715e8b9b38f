"""Agents' own login files: where they are and how they read. Nothing is written into them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from pf_tui import regular_files
from pf_tui.clients import CLIENTS
from pf_tui.errors import PfError
from pf_tui.state.paths import config_folder, default_config_folder, user_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId


def keychain_account(env: Mapping[str, str]) -> bool | None:
    """Whether Claude Code's own file names the account it signed in with; None off a Mac."""
    if sys.platform != "darwin":
        return None
    content = read(claude_file(env))
    return isinstance(content, dict) and bool(content.get("oauthAccount"))


CLAUDE_KEYS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN")
"""Variables whose value Claude Code sends to whatever host its base URL names (measured)."""


def claude_provider(variables: Mapping[str, str], *, has_login: bool) -> str | None:
    """Whose sign-in Claude Code uses at its vendor: a key goes before a token, a token before the login.

    Args:
        variables: its environment, with what its settings add.
    """
    if any(variables.get(name) for name in CLAUDE_KEYS):
        return "anthropic-api"
    if variables.get("CLAUDE_CODE_OAUTH_TOKEN"):
        return "anthropic-oauth"
    return "anthropic-subscription" if has_login else None


def codex_provider(env: Mapping[str, str]) -> str | None:
    """What Codex's own "openai" is signed in with; None = with nothing. Raises PfError without a home."""
    content = read(config_folder("codex", env) / "auth.json")
    login = content if isinstance(content, dict) else {}
    if login.get("tokens"):
        return "openai-subscription"
    return "openai-api" if login.get("OPENAI_API_KEY") or env.get("OPENAI_API_KEY") else None


def claude_plan(env: Mapping[str, str]) -> str | None:
    """What Claude Code's own files call the plan it is signed in with: "Max", "Pro"; None = nothing does."""
    login = read(config_folder("claude-code", env) / ".credentials.json")
    account = read(claude_file(env))
    for content, part, name in (
        (login, "claudeAiOauth", "subscriptionType"),
        (account, "oauthAccount", "organizationType"),
    ):
        inner = content.get(part) if isinstance(content, dict) else None
        word = inner.get(name) if isinstance(inner, dict) else None
        if isinstance(word, str) and 0 < len(word) <= 24 and word.replace("_", "").isalnum():
            return word.removeprefix("claude_").title()
    return None


def claude_file(env: Mapping[str, str]) -> Path:
    """Claude Code's own file: in the folder its variable names, else at home. Raises PfError without one."""
    agent: AgentId = "claude-code"
    has_own_folder = bool(env.get(CLIENTS[agent].config_variable or ""))
    return (config_folder(agent, env) if has_own_folder else user_home(env)) / ".claude.json"


def owner(source: str) -> str | None:
    """Which agent's file it is, by its path."""
    owners = {
        name: client.id
        for client in CLIENTS.values()
        for name in (client.config_folder.rpartition("/")[2], client.program)
    }
    if "/gcloud/" in source:  # Google's own login: anyone on this machine may use it
        return None
    return next((agent for part, agent in owners.items() if f"/{part}/" in source), "agent")


def value_at(content: object, dotted: str) -> object:
    """Follow a dotted path; "*" and "name[]" step into the first element that has the rest."""
    holder = content
    for index, part in enumerate(parts := dotted.split(".")):
        if part == "*" or part.endswith("[]"):
            inner = holder if part == "*" else holder.get(part[:-2]) if isinstance(holder, dict) else None
            rest = ".".join(parts[index + 1 :])
            values = inner.values() if isinstance(inner, dict) else inner if isinstance(inner, list) else ()
            return next(
                (inside for value in values if (inside := value_at(value, rest) if rest else value)), None
            )
        holder = holder.get(part) if isinstance(holder, dict) else None
    return holder


def read(path: Path) -> object:
    """An agent's login file as data; "" when it is no JSON, None when it is not there or not readable."""
    try:
        text = regular_files.read_regular(path).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return "" if text.strip() else None


def expand(path: str, env: Mapping[str, str]) -> Path | None:
    """A catalog path with ~ and $VARS filled in from `env`; None when a variable has no value or default."""
    try:
        home = user_home(env)
    except PfError:
        return None
    if path.startswith("~"):
        return home / path[2:]
    if path.startswith("$"):
        name, _, rest = path[1:].partition("/")
        base = env.get(name) or _usual_folder(name, home)
        if not base:
            return None
        return Path(base) / rest if rest else Path(base)
    return Path(path)


def _usual_folder(variable: str, home: Path) -> Path | None:
    """Where what a variable names is while it has no value."""
    if variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        return home / (".config" if variable == "XDG_CONFIG_HOME" else ".local/share")
    agent = next((client.id for client in CLIENTS.values() if client.config_variable == variable), None)
    return None if agent is None else default_config_folder(agent, {"HOME": str(home)})


def short(path: Path, env: Mapping[str, str]) -> str:
    """The path with ~ for the home folder."""
    try:
        return f"~/{path.relative_to(user_home(env))}"
    except (ValueError, PfError):
        return str(path)
