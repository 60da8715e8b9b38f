"""Arguments and results of the tools; their JSON schemas are made from these classes.

The argument names (`providerId`, `groupBy`) are the original plugin's.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Arguments(BaseModel):
    """What a tool takes; an argument it does not know is a mistake worth telling."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Arguments):
    """No arguments."""


class ProviderFilter(Arguments):
    family: str | None = Field(None, description="Anthropic, OpenAI, Google …")
    authenticated: bool | None = Field(None, description="true: only those with a credential")


class ProviderChosen(Arguments):
    providerId: str = Field(description="A provider id as provider.list gives it")  # noqa: N815


class ModelFilter(Arguments):
    family: str | None = Field(None, description="Claude, GPT, Gemini … or a sub-family")
    provider: str | None = Field(None, description="Only models this provider serves")
    capability: str | None = Field(None, description="text, vision, code, thinking, tools …")


class ModelChosen(Arguments):
    modelId: str = Field(description="Any spelling: a catalog id or a provider's own id")  # noqa: N815


class PeriodChosen(Arguments):
    period: Literal["1h", "5h", "24h", "week", "7d", "30d", "all"] = Field("24h", description="How far back")


class GroupChosen(Arguments):
    groupBy: Literal["provider", "model", "day"] = Field("provider", description="One row per")  # noqa: N815


class ProviderItem(BaseModel):
    id: str
    name: str
    family: str
    priority: int | None = Field(description="Place in the priority list from 1; null = not in it")
    authenticated: bool
    active: bool
    state: str


class ProviderList(BaseModel):
    providers: list[ProviderItem]


class Next(BaseModel):
    provider: str
    model: str | None
    reason: str


class Question(BaseModel):
    plan: str
    back: str | None = Field(description="when the plan serves again by itself")
    provider: str = Field(description="paid; provider.switch to it once the person agrees")
    serves: bool = Field(default=False, description="the plan serves still; the paid provider is next")


class Leading(BaseModel):
    """Agents led to the local gateway by their settings: where no other way reaches who serves."""

    auto: bool = Field(description="`pf-tui gateway auto on`: a switch may lead an agent to the gateway")
    url: str | None = Field(description="Where the gateway runs; null = it does not")
    led: list[str] = Field(description="The agents whose settings lead to it now")


class Active(BaseModel):
    provider: str | None = Field(description="null = no provider is available; reason says why")
    model: str | None
    since: str | None
    reason: str
    next: Next | None
    paused: str | None = Field(
        default=None, description="Since when no agent uses pf-tui; null = it is not paused"
    )
    question: Question | None = Field(
        default=None, description="ask the person: may a paid provider serve when the plan cannot?"
    )
    gateway: Leading | None = None


class EffectItem(BaseModel):
    agent: str
    when: str
    how: str
    applied: bool
    text: str


class Switched(BaseModel):
    success: bool
    provider: str
    model: str | None
    effect: list[EffectItem]
    note: str | None


class ModelItem(BaseModel):
    id: str
    name: str
    family: str
    contextWindow: int  # noqa: N815 - the original's word
    capabilities: list[str]
    status: str
    providers: list[str]


class ModelList(BaseModel):
    models: list[ModelItem]


class ModelPrice(BaseModel):
    """USD per million tokens; null = nobody published it."""

    input: float | None
    output: float | None
    cache_read: float | None
    cache_write: float | None
    cache_write_1h: float | None


class ModelInfo(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    family: str
    subfamily: str
    tier: str
    status: str
    successor: str | None
    context: int
    context_max: int
    max_output: int | None
    capabilities: list[str]
    modalities: dict[str, list[str]]
    price: ModelPrice
    providers: dict[str, dict[str, object]]
    note: str | None


class CredentialItem(BaseModel):
    model_config = ConfigDict(extra="allow")

    kind: str
    state: str
    source: str | None
    expires_at: str | None


class AuthItem(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    family: str
    auth: CredentialItem
    usable: bool
    cure: str | None


class AuthList(BaseModel):
    providers: list[AuthItem]


class AuthChecked(BaseModel):
    provider: str
    authenticated: bool = Field(description="The provider accepted it; where checked is false, it is there")
    checked: bool = Field(description="The provider was asked; false = only what lies here was looked at")
    state: str
    source: str | None
    expires_at: str | None
    message: str
    cure: str | None


class Sums(BaseModel):
    """What requests add up to. Input excludes cached tokens, output includes reasoning."""

    model_config = ConfigDict(extra="allow")

    requests: int
    failed: int
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    total_tokens: int
    cost_usd: float | None = Field(description="List price; null = nobody can price any of it")
    unpriced_tokens: int
    plan_usd: float = Field(description="The part of cost_usd that a flat plan has paid for")


class Totals(Sums):
    fallbacks: int = Field(description="How often another provider took over")
    limit_hits: int


class ProviderUse(Sums):
    provider: str
    fallbacks: int = Field(description="How often another took over from it")
    limit_hits: int
    latency_ms_p50: float | None
    failure_rate: float


class ModelUse(Sums):
    model: str


class Span(BaseModel):
    period: str
    begins: str | None = Field(alias="from", serialization_alias="from")
    ends: str = Field(alias="to", serialization_alias="to")
    timezone: str


class Summary(Span):
    totals: Totals
    by_provider: list[ProviderUse]
    by_model: list[ModelUse]


class ProvidersUse(Span):
    providers: list[ProviderUse]


class CostItem(BaseModel):
    name: str = Field(description="A provider, a model, or a local day")
    requests: int
    total_tokens: int
    cost_usd: float | None
    plan_usd: float
    unpriced_tokens: int


class Costs(Span):
    groupBy: Literal["provider", "model", "day"]  # noqa: N815
    items: list[CostItem]
    total_usd: float | None
    unpriced_tokens: int
