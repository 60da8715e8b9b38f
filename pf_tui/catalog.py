"""What exists in the world: providers and models, as frozen records made from catalog/*.yaml.

Owns the facts. Knows nothing of a person's files except the overlay handed in.
Invariant: loading needs the standard library alone (a compiled form is read; YAML is parsed only
when it changed), because hooks load this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens; None = nobody published it."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None
    """5-minute cache write."""
    cache_write_1h: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFile:
    """Where an agent keeps its own login; looked at for presence and expiry only."""

    path: str
    """May start with ~ or $VAR; `state.credentials` expands it."""
    key: str
    """Dotted path to the secret inside the JSON, e.g. "claudeAiOauth.accessToken"; "*" = any key."""
    kind: str | None = None
    """For OpenCode's auth.json: the entry's `type` must be this ("oauth", "api")."""
    expires_key: str | None = None
    """Dotted path to the expiry (ms epoch), if the file has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaudeCodeMode:
    """How Claude Code can be set to this provider."""

    mode: str
    """native | anthropic-compatible | proxy | none"""
    env: Mapping[str, str] = field(default_factory=dict)
    """What a switch writes into settings.json `env`; "$TOKEN"-like values are never secrets' values."""
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One way to reach models: a host and a way to sign in."""

    id: str
    name: str
    family: str
    auth: str
    """subscription | oauth | api_key | token | iam | service_account"""
    env: tuple[str, ...] = ()
    """Variables that each carry a usable credential, best first."""
    env_all: tuple[str, ...] = ()
    """Variables that are needed together (AWS); all must be set."""
    env_maybe: tuple[str, ...] = ()
    """Variables that may mean something else (GITHUB_TOKEN): presence is only "unknown"."""
    logins: tuple[LoginFile, ...] = ()
    login_command: str | None = None
    """The agent's own login, e.g. "claude /login": pf-tui names it, never runs it."""
    protocols: tuple[str, ...] = ()
    """anthropic-messages, openai-chat, openai-responses, gemini, bedrock-invoke …"""
    base_urls: Mapping[str, str] = field(default_factory=dict)
    """protocol -> base URL. anthropic-messages excludes /v1; openai-* are the SDK's base_url with /v1."""
    console_url: str | None = None
    opencode_id: str | None = None
    genai_id: str | None = None
    """Provider id in genai-prices."""
    default_model: str | None = None
    claude_code: ClaudeCodeMode = ClaudeCodeMode(mode="none")
    default_rank: int = 0
    """Position in the catalog's default priority, from 1."""
    billing: str = ""
    plan: bool = False
    """A flat plan or login: its cost is a list-price equivalent, not a bill."""
    agent_only: str | None = None
    """Set when only that agent can use the login ("opencode", "codex", "claude-code", "gemini")."""
    warning: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True
    custom: bool = False
    """Came from the person's providers.yaml."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A model as one provider serves it."""

    native_id: str
    context: int | None = None
    shutdown: str | None = None
    retired: bool = False
    price: Price | None = None
    """Only where the person's overlay sets one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    id: str
    name: str
    family: str
    subfamily: str
    tier: str
    """frontier | balanced | fast | embedding …"""
    status: str
    """active | preview | deprecated | retired"""
    successor: str | None = None
    context: int
    """Tokens every listed provider accepts (smallest published window)."""
    context_max: int
    max_output: int | None = None
    capabilities: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    price: Price | None = None
    release_date: str | None = None
    providers: Mapping[str, ServedModel] = field(default_factory=dict)
    extra: bool = False
    """Beside the 116; shown with --all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A spelling, understood."""

    model: Model
    note: str | None = None
    """E.g. "claude-sonnet-4-20250514 is retired: served by claude-sonnet-5-5"."""


class Catalog:
    """All providers and models; look-ups by any spelling. Made by `load()`.

    providers: every Provider by id, in default order; a person's own come last.
    models: every Model by canonical id, the 116 first in catalog order, then extras, then the person's.
    """

    providers: Mapping[str, Provider]
    models: Mapping[str, Model]
    default_priority: tuple[str, ...]

    def provider(self, provider_id: str) -> Provider:
        """The provider of that id. Raises UnknownName (nearest names)."""
        raise AssertionError

    def model(self, name: str) -> Model:
        """The model that spelling means. Raises UnknownName (nearest names)."""
        raise AssertionError

    def find_model(self, name: str, provider_id: str | None = None) -> Model | None:
        """Like `model()` but None when unknown. Never follows `successor`."""
        raise AssertionError

    def native_id(self, model_id: str, provider_id: str) -> str | None:
        """What that provider calls the model; None when it does not serve it."""
        raise AssertionError

    def serves(self, provider_id: str, model_id: str) -> bool:
        """True when the provider lists the model and has not retired it."""
        raise AssertionError

    def equivalents(self, model_id: str) -> tuple[str, ...]:
        """Models of the same tier, best first: same family, then the others. The model itself is not in it."""
        raise AssertionError


# --- interim loader: replaced by helper `catalog` ---
def _data():
    import json, os
    from pathlib import Path
    root = Path("/tmp/interim")
    cache = Path("/tmp/pf-interim-catalog.json")
    files = [root / n for n in ("providers.yaml", "models.yaml", "models-extra.yaml", "equivalents.yaml")]
    key = [[p.stat().st_mtime_ns, p.stat().st_size] for p in files]
    if cache.exists():
        kept = json.loads(cache.read_text())
        if kept["key"] == key:
            return kept["data"]
    import yaml
    data = [yaml.load(p.read_text(), Loader=yaml.CSafeLoader) for p in files]
    cache.write_text(json.dumps({"key": key, "data": data}, default=str))
    return data


class _Loaded(Catalog):
    def __init__(self):
        providers, models, extra, equivalents = _data()
        from pf_tui.errors import UnknownName
        self._unknown = UnknownName
        self.providers = {}
        conf = {"OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "GOOGLE_CLOUD_PROJECT", "AWS_REGION", "AWS_PROFILE", "AZURE_OPENAI_ENDPOINT", "AZURE_RESOURCE_NAME", "CLOUD_ML_REGION", "ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_VERTEX_PROJECT", "GOOGLE_VERTEX_LOCATION", "GOOGLE_CLOUD_LOCATION", "AWS_SESSION_TOKEN", "GOOGLE_CLOUD_ACCESS_TOKEN"}
        maybe = {"GITHUB_TOKEN", "GH_TOKEN"}
        for rank, p in enumerate(sorted(providers["providers"], key=lambda p: -p["defaults"]["priority"]), 1):
            names = p["env"]["seed"] + p["env"]["ecosystem"]
            logins = []
            for c in p.get("credentials", ()):
                path = c["file"].split(" ")[0]
                kind = c.get("note", "") if "opencode/auth.json" in path else ""
                logins.append(LoginFile(path=path, key=c["json"], kind="oauth" if "oauth" in kind else "api" if "api" in kind else None, expires_key="claudeAiOauth.expiresAt" if "claude" in path else None))
            base = p["base_url"]
            urls = {}
            for proto in p["protocols"]:
                urls[proto] = (p.get("claude_code", {}).get("set") or {}).get("ANTHROPIC_BASE_URL", base) if proto == "anthropic-messages" else base
            cc = p.get("claude_code", {})
            all_ = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if p["id"] == "bedrock" else ()
            self.providers[p["id"]] = Provider(
                id=p["id"], name=p["name"], family=p["family"], auth=p["auth"][0],
                env=tuple(n for n in names if n not in conf and n not in maybe and n not in all_), env_all=all_,
                env_maybe=tuple(n for n in names if n in maybe), logins=tuple(logins), protocols=tuple(p["protocols"]),
                base_urls=urls, console_url=p.get("console_url"), opencode_id=p["ids"]["opencode"], genai_id=p["ids"]["genai_prices"],
                default_model=p["default_model"], claude_code=ClaudeCodeMode(mode=cc.get("mode", "none"), env=cc.get("set") or {}, note=cc.get("note")),
                default_rank=rank, billing=p["billing"], plan=p["auth"][0] in ("subscription", "oauth"), warning=p.get("warning"))
        self.default_priority = tuple(self.providers)
        self.models = {}
        self._by_name = {}
        for source, is_extra in ((models, False), (extra, True)):
            for m in source["models"]:
                price = m.get("price_usd_per_mtok")
                served = {k: ServedModel(native_id=v["id"], context=v.get("context"), shutdown=str(v["shutdown"]) if v.get("shutdown") else None, retired=bool(v.get("retired"))) for k, v in m.get("providers", {}).items()}
                model = Model(id=m["id"], name=m["name"], family=m["family"], subfamily=m["subfamily"], tier=m["tier"], status=m["status"], successor=m.get("successor"), context=m["context"], context_max=m["context_max"], max_output=m.get("max_output"), capabilities=tuple(m.get("capabilities", ())), inputs=tuple(m["modalities"]["input"]), outputs=tuple(m["modalities"]["output"]), price=Price(**{k: v for k, v in price.items() if k in Price.__slots__}) if price and "output" in price and "input" in price else None, release_date=str(m.get("release_date")), providers=served, extra=is_extra)
                self.models[model.id] = model
                for name in (model.id, model.name.lower(), *(s.native_id for s in served.values())):
                    self._by_name.setdefault(name, model.id)
        self._tiers = equivalents["tiers"]

    def provider(self, provider_id):
        if provider_id not in self.providers:
            raise self._unknown("provider", provider_id, self.providers, "pf-tui status")
        return self.providers[provider_id]

    def find_model(self, name, provider_id=None):
        name = name.replace("[1m]", "")
        found = self._by_name.get(name) or self._by_name.get(name.lower())
        return self.models.get(found) if found else None

    def model(self, name):
        found = self.find_model(name)
        if found is None:
            raise self._unknown("model", name, self.models, "pf-tui models")
        return found

    def serving_model(self, name):
        model, seen = self.model(name), set()
        while model.status == "retired" and model.successor in self.models and model.id not in seen:
            seen.add(model.id)
            model = self.models[model.successor]
        return model

    def native_id(self, model_id, provider_id):
        served = self.models[model_id].providers.get(provider_id)
        return served.native_id if served else None

    def serves(self, provider_id, model_id):
        served = self.models[model_id].providers.get(provider_id)
        return served is not None and not served.retired

    def equivalents(self, model_id):
        model = self.models[model_id]
        families = self._tiers.get(model.tier, {})
        order = [model.family, *(f for f in families if f != model.family)]
        return tuple(i for f in order for i in families.get(f, ()) if i != model_id and i in self.models)


def load(overlay=None, *, data_dir=None):
    return _Loaded()
