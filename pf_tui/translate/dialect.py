"""What one provider takes of one protocol, and the edits that several protocols share.

A Dialect is data (catalog/dialects.yaml, a person's providers.yaml); `fitting.fit` edits a request that has
the provider's protocol already, whether it was translated or came that way.
Invariant: a dialect without settings changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec
from msgspec import Struct, field

from pf_tui.json_values import list_in, object_in
from pf_tui.translate.conversation import Notes
from pf_tui.translate.reasoning import MARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol


class Dialect(Struct, frozen=True, kw_only=True):
    """The settings of one provider, protocol and model. What is not set is as the protocol's owner has it."""

    provider: str = ""
    protocol: str = ""
    model: str = ""
    maker: str = ""
    """Who signs the reasoning it gives and takes back; "" = the provider itself."""

    owner: bool = False
    """It made the protocol and its client: a request of its own protocol passes byte by byte."""
    strip_attribution: bool = False
    """Claude Code's billing line is taken out of the system prompt."""

    limit_field: str = ""
    """Name of the output limit."""
    limit_most: int = 0
    """Largest output limit it takes, in tokens; 0 = unknown."""
    limit_least: int = 0
    """Smallest output limit it takes, in tokens."""
    limit_default: int = 0
    """Sent when the request names none, in tokens; 0 = nothing is sent."""
    system_roles: tuple[str, ...] = ()
    """Words it takes for instructions inside messages; () = whatever came."""
    mid_system: bool = True
    """Instructions may stand between the turns."""

    call_ids: str = "any"
    """"any", "word-N" or "alnum-N", see `naming.call_id`."""
    tool_names: str = ""
    """"word-N": letters, digits, `_` and `-`; "letter-N": also `.`, `:`, a letter first. "" = any."""
    tool_types: tuple[str, ...] = ()
    """Kinds of tools it takes beside function and those it runs itself; others become functions or go."""
    tools_flat: bool = False
    """Codex's namespaces, custom tools and additional_tools are rewritten as functions."""
    tools_most: int = 0
    strict_tools: bool = True
    tool_choices: tuple[str, ...] = ()
    """Words of tool_choice it takes; () = all."""
    parallel_calls: bool = True
    """It takes the switch against parallel calls."""
    schema_drop: tuple[str, ...] = ()
    schema_rules: tuple[str, ...] = ()
    """See `schemas.RULES`."""

    effort_field: str = ""
    """Dotted; "" = it takes no effort where `efforts` is empty too, else the protocol's own."""
    efforts: tuple[str, ...] | None = None
    """Words it takes; () = none at all, None = whatever came."""
    effort_map: dict[str, str] = field(default_factory=dict)
    effort_with_tools: bool = True
    """False: with function tools it takes the effort "none" alone (GPT-5.4 and later on Chat)."""
    stops_most: int | None = None
    """The most stop sequences it takes; the first ones go."""
    sampling_with_effort: bool = True
    """False: temperature and the like go unless the effort is "none"; stop and penalties always (GPT-5)."""
    thinking_off: str = ""
    """How reasoning is switched off: "none" (as effort), "thinking", "enabled" or "" (not at all)."""
    sampling: bool = True
    """False: temperature, top_p and top_k are refused (Claude from 4.7 on)."""
    thinking_kind: str = "adaptive"
    """Claude: "adaptive", "always" (never off), "between_tools" (instead of off), "enabled" (older models,
    with a budget) or "" (none)."""
    last_turn: str = ""
    """What it wants where the last turn is the assistant's: "user" (one more) or "prefix" (a mark)."""
    reasoning_back: str = ""
    """Where reasoning goes back: reasoning_content, reasoning, chunk, thinking, items; "" = nowhere."""
    reasoning_filler: str | None = None
    """It refuses a turn with calls without its reasoning; this stands for what we do not have."""
    thought_signatures: bool = False
    """Gemini: every step's first call needs its signature."""

    refused_fields: tuple[str, ...] = ()
    """Top-level names, or "messages.x", "tools.x", "input.x", "a.b"."""
    allowed_fields: tuple[str, ...] = ()
    """When set, every other top-level field goes."""
    message_fields: tuple[str, ...] = ()
    """When set, every other field of a message goes."""
    moved_fields: dict[str, str] = field(default_factory=dict)
    set_fields: dict[str, object] = field(default_factory=dict)
    """Added where the request does not set them."""
    betas: tuple[str, ...] | None = None
    """Claude betas that pass; None = all."""
    betas_renamed: dict[str, str] = field(default_factory=dict)
    hosted_tools: tuple[str, ...] = ()
    """Tools it runs itself."""
    images: bool = True
    documents: str = ""
    """How Chat takes a document: "file", "image_url", "document_url" or "" (only in words)."""
    stream_usage: str = "ask"
    """"ask" (stream_options), "always" (nothing to send) or "never"."""
    cache_key: bool = False
    """It takes prompt_cache_key."""
    order_rules: tuple[str, ...] = ()
    """"assistant-after-tool", "tool-name", "empty-content"."""
    json_schema: bool = True
    """It takes an answer's schema; else JSON mode."""

    silence_s: int = 300
    """Seconds it may be silent inside a stream and still end well."""
    length_doubtful: bool = False
    """It says `length` for ordinary ends."""
    counts_tokens: bool = False
    """It has a count_tokens endpoint for this protocol."""
    evidence: str = "untried"
    """"documented", "reported" or "untried"."""
    source: str = ""

    @property
    def reasoning_maker(self) -> str:
        """Whose reasoning it takes back; "" = nobody's."""
        return (self.maker or self.provider) if self.reasoning_back else ""


SETTINGS = frozenset(Dialect.__struct_fields__) - {"provider", "protocol", "model", "evidence", "source"}
"""What a person may set under `dialect:`."""


def dialect(
    entry: Mapping[str, object] | None, provider: str, protocol: Protocol, model: str = ""
) -> Dialect:
    """The dialect of a model at a provider.

    Args:
        entry: `Catalog.dialect(provider, protocol)`, plain data with `models` by pattern; None = unknown.
        model: as the provider calls it.
    Raises:
        msgspec.ValidationError: a setting is of a wrong kind.
    """
    plain = dict(entry or {})
    by_model = object_in(plain, "models")
    plain.pop("models", None)
    for pattern in by_model:
        if any(fnmatchcase(model.lower(), part.strip().lower()) for part in pattern.split("|")):
            plain |= object_in(by_model, pattern)
    plain.pop("date", None)
    plain |= {"provider": provider, "protocol": protocol, "model": model}
    return msgspec.convert(plain, Dialect)


def drop_field(body: dict[str, object], path: str) -> None:
    """Take one field out: "store", "messages.name", "tools.strict", "output_config.effort"."""
    first, _, rest = path.partition(".")
    if not rest:
        body.pop(first, None)
    elif first == "cache_control":
        _drop_everywhere(body, first, rest)
    elif first in ("messages", "tools", "input"):
        for entry in list_in(body, first):
            if isinstance(entry, dict):
                inner = entry.get("function") if first == "tools" and "function" in entry else entry
                for holder in (entry, inner):
                    if isinstance(holder, dict):
                        drop_field(holder, rest)
    elif isinstance(inner := body.get(first), dict):
        drop_field(inner, rest)
        if not inner:
            del body[first]


def _drop_everywhere(value: object, holder: str, name: str) -> None:
    """Take `name` out of every object called `holder`."""
    if isinstance(value, dict):
        if isinstance(inner := value.get(holder), dict):
            inner.pop(name, None)
        for entry in value.values():
            _drop_everywhere(entry, holder, name)
    elif isinstance(value, list):
        for entry in value:
            _drop_everywhere(entry, holder, name)


def put_tools(
    body: dict[str, object], tools: Sequence[Mapping[str, object]], target: Dialect, notes: Notes
) -> bool:
    """Send as many tools as the target takes; False where there are none, and what is about them goes too."""
    if target.tools_most and len(tools) > target.tools_most:
        notes.add(
            "tools",
            f"only {target.tools_most} of {len(tools)} tools were sent: this provider takes no more",
        )
        tools = tools[: target.tools_most]
    if not tools:
        for name in ("tools", "tool_choice", "parallel_tool_calls"):
            body.pop(name, None)
        return False
    body["tools"] = list(tools)
    return True


def set_effort(body: dict[str, object], target: Dialect, own_field: str) -> None:
    """The effort in the target's field and words, or gone.

    Args:
        own_field: where the protocol's owner has it; a translated request has it there.
    """
    word = _take(body, own_field)
    for other in ("reasoning_effort", "reasoning.effort", "output_config.effort"):
        if other != own_field and target.protocol == "openai-chat" and word is None:
            word = _take(body, other)
    if not isinstance(word, str):
        if not target.effort_with_tools and body.get("tools"):
            _put(body, target.effort_field or own_field, "none")
        return
    if not target.effort_with_tools and body.get("tools"):
        _put(body, target.effort_field or own_field, "none")
        return
    if word == "none" and target.thinking_off == "thinking":
        body["thinking"] = {"type": "disabled"}
        return
    if word == "none" and target.thinking_off == "enabled":
        body["reasoning"] = {"enabled": False}
        return
    if target.efforts is not None:
        word = nearest_effort(word, target.efforts, target.effort_map)
    if word is not None:
        _put(body, target.effort_field or own_field, word)


_UNSAMPLED = ("stop", "presence_penalty", "frequency_penalty", "logit_bias")
"""What GPT-5 and later never take. Source: litellm 1.110.2."""

_SAMPLING = ("temperature", "top_p", "logprobs", "top_logprobs")
"""What they take with the effort "none" alone."""


def drop_sampling(body: dict[str, object], target: Dialect, notes: Notes, *, effort: object) -> None:
    """Take out what the model refuses beside its reasoning; a stop sequence that goes is told."""
    if target.sampling_with_effort:
        return
    if body.get("stop"):
        notes.add("field", "stop sequences are not known to this model and were left out")
    for name in (*_UNSAMPLED, *(() if effort == "none" else _SAMPLING)):
        body.pop(name, None)


GO_ON = "Go on exactly where your last message ends, and repeat nothing of it."
"""Asked of a model that takes no beginning of its own answer."""


LADDER = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
"""Efforts from least to most, over all vendors."""


def nearest_effort(word: str, efforts: Sequence[str], mapping: Mapping[str, str]) -> str | None:
    """The word the target knows that comes nearest, from below rather than from above; None = none at all."""
    if not efforts:
        return None
    if word in efforts:
        return word
    if mapping.get(word) in efforts:
        return mapping[word]
    if word not in LADDER:
        return None
    steps = sorted((LADDER.index(effort), effort) for effort in efforts if effort in LADDER)
    meaning_index = LADDER.index(word)
    below = [effort for step, effort in steps if step < meaning_index and effort != "none"]
    above = [effort for step, effort in steps if step > meaning_index]
    return below[-1] if below else above[0] if above else None


def _take(body: dict[str, object], path: str) -> object:
    holder, _, name = path.rpartition(".")
    if not holder:
        return body.pop(name, None)
    inner = body.get(holder)
    if not isinstance(inner, dict):
        return None
    value = inner.pop(name, None)
    if not inner:
        del body[holder]
    return value


def _put(body: dict[str, object], path: str, value: object) -> None:
    holder, _, name = path.rpartition(".")
    if not holder:
        body[name] = value
    else:
        inner = body.get(holder)
        body[holder] = (inner if isinstance(inner, dict) else {}) | {name: value}


BETA_FIELDS: Mapping[str, tuple[str, ...]] = {
    "context-management": ("context_management",),
    "compact": ("compaction",),
    "advanced-tool-use": ("tools.defer_loading", "tools.input_examples", "tools.allowed_callers"),
    "thinking-binding-controls": ("thinking.block_binding",),
    "per-turn-control": ("messages.output_config",),
    "mid-conversation-output-config": ("messages.output_config",),
    "mid-conversation-system-clear-at": ("messages.clear_at",),
    "fine-grained-tool-streaming": ("tools.eager_input_streaming",),
}
"""A beta that does not pass takes its fields with it. Source: litellm 1.110.2's beta table."""

_DATE = re.compile(r"-\d{4}-?\d{2}-?\d{2}$")


def betas(header: str, target: Dialect) -> str:
    """The `anthropic-beta` header as it may go to the target; "" = send none."""
    names = [beta.strip() for beta in header.split(",") if beta.strip()]
    if target.betas is None:
        return ",".join(names)
    renamed = (target.betas_renamed.get(beta, beta) for beta in names)
    return ",".join(dict.fromkeys(beta for beta in renamed if beta in target.betas))


def stripped_beta_fields(target: Dialect) -> tuple[str, ...]:
    """The body fields of betas that do not pass."""
    if target.betas is None:
        return ()
    accepted_betas = {_DATE.sub("", beta) for beta in (*target.betas, *target.betas_renamed)}
    return tuple(path for beta, paths in BETA_FIELDS.items() if beta not in accepted_betas for path in paths)


def changes_nothing(raw: bytes, target: Dialect) -> bool:
    """True when a request of the target's own protocol passes byte by byte.

    Our marks are the one thing that must never reach the maker of a protocol.
    """
    return target.owner and MARK.encode() not in raw
