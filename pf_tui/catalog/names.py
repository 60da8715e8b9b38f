"""What a model may be called: every spelling people, agents and hosts use, brought to one id.

Pure. Two halves: `spellings` (which names a model answers to; used when the catalog is compiled) and
`resolve` (which of them a given name is; used at a look-up).
Invariant: a name is understood or unknown, never guessed: only decoration that hosts and agents are known
to add is taken off, and what is left must be a known spelling letter for letter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.catalog.entries import ModelEntry

ROUTE_PREFIXES = (
    *("azure_ai", "bedrock", "converse", "gemini", "github_copilot", "invoke", "meta", "models"),
    *("together_ai", "vertex_ai", "zai", "zhipuai", "zhipuai-coding-plan"),
)
"""Path segments before a model, besides provider ids and vendors seen in native ids (LiteLLM's, Google's)."""

LONGEST = 300
"""Characters; no host's name comes near, and the patterns here are quadratic on hostile input."""

_SEPARATORS = re.compile(r"[\s_.@:/()-]+")
_DATE = re.compile(r"-(20[2-9]\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])$")
"""A snapshot's date: -20250929 (Anthropic), -2025-08-07 (OpenAI)."""
_ONE_MILLION = re.compile(r"\s*(?:\[1m\]|\(1m context\))$")
"""Claude Code's mark for the long window."""
_ROUTER_TAIL = re.compile(r":(?:free|beta|extended|thinking|nitro|floor|online|exacto|discounted)$")
"""OpenRouter's routing variants."""
_BEDROCK = re.compile(
    r"^(?:(?:us|us-gov|eu|apac|au|jp|ca|sa|global)\.)?"
    r"(?P<native>(?:anthropic|openai|meta|mistral|deepseek|zai|xai|qwen|cohere|google)\."
    r"(?P<model>.+?))(?P<version>-v\d+(?::\d+)?(?::\d+k)?)?$"
)
"""Inference-profile region, vendor, model, version. Source: Bedrock's model id reference."""
_BEDROCK_VERSION = re.compile(r"-v\d+:\d+$")
_GOOGLE_PATH = re.compile(r"^(?:projects/[^/]+/locations/[^/]+/)?publishers/[^/]+/models/")
_THINKING = re.compile(r"-thinking(?:-(?:low|medium|high|max))?$")
_GEMINI_PIN = re.compile(r"^(gemini-.+)-00\d$")
_CLAUDE_NEW = re.compile(r"^claude-(opus|sonnet|haiku|fable)-(\d+(?:-\d{1,2})?)$")
_CLAUDE_OLD = re.compile(r"^claude-(\d+(?:-\d{1,2})?)-(opus|sonnet|haiku)$")


def fold(name: str) -> str:
    """One form for names that differ in case and separators: "Claude Sonnet 4.5" -> claude-sonnet-4-5."""
    return _SEPARATORS.sub("-", name.lower()).strip("-")


def resolve(name: str, index: Mapping[str, str], prefixes: Collection[str]) -> str | None:
    """The id of the model that spelling means, or None.

    Args:
        index: folded spelling -> id (made from `spellings`).
        prefixes: provider ids and vendors that may stand before a model, lower case.
    """
    if len(name) > LONGEST:
        return None
    visited_names: set[str] = set()
    for candidate, undated in _simpler(name, prefixes):
        key = fold(candidate)
        if key in visited_names:
            continue
        visited_names.add(key)
        model_id = index.get(key)
        # without its date a name may mean the undated model itself, never another snapshot or a short name
        if model_id is not None and (not undated or fold(model_id) == key):
            return model_id
    return None


def spellings(model: ModelEntry) -> Iterator[tuple[int, str]]:
    """What a model is called, folded, with a rank: where two models claim a name, the lower rank has it."""
    name = fold(model["id"])
    yield 0, name
    undated = _DATE.sub("", name)
    for alias in (*model.get("aliases", ()), undated, *_claude_orders(undated)):
        yield 1, fold(alias)
    if date := _DATE.search(name):
        for order in _claude_orders(undated):
            yield 1, order + date.group()
    yield 2, fold(model["name"])
    if model["family"] == "Claude":
        yield 2, fold(model["name"].removeprefix("Claude "))
    own_host = model.get("base_model") is not None  # its native ids are the base model's names elsewhere
    for served_model in model["providers"].values():
        for native in _native_spellings(served_model["id"].lower()):
            if not own_host or native.startswith(name):
                yield 3, fold(native)


def _native_spellings(native: str) -> Iterator[str]:
    yield native
    if "/" in native:
        yield native.rpartition("/")[2]
    if bedrock := _BEDROCK.match(native):
        yield bedrock["native"] + (bedrock["version"] or "")


def _claude_orders(undated: str) -> Iterator[str]:
    """claude-sonnet-4 <-> claude-4-sonnet, and sonnet-4; a version of one digit also as 4-0."""
    if match := _CLAUDE_NEW.match(undated):
        line, version = match.groups()
    elif match := _CLAUDE_OLD.match(undated):
        version, line = match.groups()
    else:
        return
    for number in (version, *((f"{version}-0",) if "-" not in version else ())):
        yield f"claude-{line}-{number}"
        yield f"claude-{number}-{line}"
        yield f"{line}-{number}"


def _simpler(name: str, prefixes: Collection[str]) -> Iterator[tuple[str, bool]]:
    """The name as given, then with one kind of decoration less each time; True once a date was taken off."""
    text = name.strip().lower().removeprefix("~")
    yield text, False
    text = _ONE_MILLION.sub("", text)
    yield text, False
    if text.startswith("arn:"):
        text = text.rpartition("/")[2]
    text = _GOOGLE_PATH.sub("", text)
    yield text, False
    while (head := text.partition("/"))[1] and head[0].removeprefix("~") in prefixes:
        text = head[2]
        yield text, False
    text = _ROUTER_TAIL.sub("", text)
    yield text, False
    if bedrock := _BEDROCK.match(text):
        yield bedrock["native"] + (bedrock["version"] or ""), False
        text = bedrock["model"]
        yield text, False
    text = _BEDROCK_VERSION.sub("", text)
    yield text, False
    for tail in ("@default", "@latest", "-latest"):
        text = text.removesuffix(tail)
    yield text, False
    if text.startswith(("claude", "opus", "sonnet", "haiku", "fable")):
        text = _THINKING.sub("", text)
        yield text, False
    text = _GEMINI_PIN.sub(r"\1", text)
    yield text, False
    if _DATE.search(text.replace("@", "-")):
        yield _DATE.sub("", text.replace("@", "-")), True
