"""Which model a provider would serve for the model asked for. Pure: no clock, no file.

Invariant: a request for a conversation is never answered with a model that cannot hold one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from pf_tui.catalog import Catalog, Provider
from pf_tui.records import record

SAME, EQUIVALENT, NEAREST = range(3)
"""How near a model is to the one asked for: the same, of its tier, of another tier."""

_MAKERS = {
    "claude": "Anthropic",
    "gpt": "OpenAI",
    "codex": "OpenAI",
    "o": "OpenAI",
    "gemini": "Google",
    "grok": "xAI",
    "glm": "ZAI",
    "mistral": "Mistral",
    "deepseek": "DeepSeek",
    "command": "Cohere",
}
"""First word of a model's name -> the family of providers that sells it first-hand."""

_PLAIN = frozenset(("preview", "latest", "exp", "beta"))
"""Words of a name that say nothing of the model's line."""


@record
class ModelMatch:
    """The model a provider would serve."""

    model: str | None
    """Catalog id, or the asked name where the catalog does not know it; None = it has nothing suitable."""
    note: str = ""
    """Why it is another model than asked for, or why there is none."""
    distance: int = SAME
    """SAME, EQUIVALENT or NEAREST."""


def match_model(
    provider: str,
    model_name: str | None,
    catalog: Catalog,
    *,
    min_context_tokens: int = 0,
    larger_than: int = 0,
    needs: frozenset[str] = frozenset(),
) -> ModelMatch:
    """The model this provider would serve for `model_name`.

    The same model first, then its successor when it is retired, then an equivalent of the same tier, then
    the nearest of another tier.

    Args:
        model_name: any spelling; None = the provider's own default.
        min_context_tokens: the conversation so far; a stand-in's window must hold it.
        larger_than: only models whose window holds more tokens than this; 0 = any.
        needs: capabilities a stand-in must have, e.g. {"vision"} when the conversation holds a picture.
    """
    seller = catalog.providers.get(provider)
    if model_name is None:
        return ModelMatch(model=seller.default_model if seller else None)

    def suits(model: str) -> bool:
        context = window(catalog, model, provider)
        return (
            catalog.serves(provider, model)
            and context >= min_context_tokens
            and context > larger_than
            and needs <= set(catalog.models[model].capabilities)
        )

    entry = catalog.find_model(model_name, provider)
    if entry is None:
        return _unlisted(seller, model_name, catalog, suits)
    living = catalog.serving_model(entry.id)
    for same in dict.fromkeys((entry.id, living.id)):
        if catalog.serves(provider, same) and window(catalog, same, provider) > larger_than:
            note = "" if same == entry.id else f"{entry.id} is retired, {same} follows it"
            return ModelMatch(model=same, note=note)
    if model := _first(suits, catalog.equivalents(living.id)):
        return ModelMatch(model=model, note=f"{model} stands in for {living.id}", distance=EQUIVALENT)
    if model := _first(suits, catalog.nearest(living.id)):
        note = f"{model} is the nearest to {living.id}: nothing there is of its tier"
        return ModelMatch(model=model, note=note, distance=NEAREST)
    if (
        needs
        and match_model(
            provider, living.id, catalog, min_context_tokens=min_context_tokens, larger_than=larger_than
        ).model
    ):
        return ModelMatch(model=None, note=f"has no model in place of {living.id} that sees pictures")
    if larger_than:
        return ModelMatch(model=None, note=f"has no model with a window over {larger_than} tokens")
    return ModelMatch(model=None, note=f"does not serve {living.id} and has no equivalent")


def window(catalog: Catalog, model_id: str, provider_id: str) -> int:
    """Tokens that model takes at that provider; 0 = unknown."""
    model = catalog.models.get(model_id)
    if model is None:
        return 0
    served_model = model.providers.get(provider_id)
    return (served_model.context if served_model else None) or model.context


def _unlisted(
    seller: Provider | None, model_name: str, catalog: Catalog, suits: Callable[[str], bool]
) -> ModelMatch:
    """The catalog does not know the name: its maker may, and an own server whose models nobody listed."""
    if seller is None:
        return ModelMatch(model=None, note=f"does not serve {model_name}")
    maker = _maker(model_name)
    may_know = (
        not catalog.lists_models(seller.id) or (maker is None and catalog.is_open(seller.id))
        if seller.custom
        else maker is None or seller.family == maker
    )
    if may_know:
        return ModelMatch(model=model_name)
    if sibling := _first(suits, _siblings(model_name, tuple(catalog.models))):
        note = f"{model_name} is not in the catalog; {sibling} is the nearest to it there"
        return ModelMatch(model=sibling, note=note, distance=EQUIVALENT)
    default = seller.default_model
    if default is None or not catalog.chats(default):
        return ModelMatch(model=None, note=f"does not serve {model_name}")
    note = f"{model_name} is not in the catalog, so its own default serves"
    return ModelMatch(model=default, note=note, distance=NEAREST)


@lru_cache(maxsize=64)
def _siblings(name: str, model_ids: tuple[str, ...]) -> tuple[str, ...]:
    """The models of the same maker: the words nearest to those of `name` first, of these the newest."""
    maker = _maker(name)
    words = _parts(name)[0]

    def sort_key(other: str) -> tuple[int, list[int], str]:
        other_words, version = _parts(other)
        return len(words ^ other_words), [-number for number in version], other

    return tuple(sorted((model for model in model_ids if maker and _maker(model) == maker), key=sort_key))


@lru_cache(maxsize=1024)
def _parts(name: str) -> tuple[frozenset[str], tuple[int, ...]]:
    """The words and numbers of a model's name: "openai/gpt-5.2-codex" -> {gpt, codex}, (5, 2)."""
    bare = re.sub(r"^o(?=\d)", "gpt-", name.lower().rpartition("/")[2])  # o4-mini is one of them
    numbers = (int(digits) for digits in re.findall(r"\d{1,4}", bare))
    return frozenset(re.findall(r"[a-z]+", bare)) - _PLAIN, (*numbers, 0, 0)[:2]


def _maker(name: str) -> str | None:
    """Who makes a model, by the first word of its name."""
    word = re.match(r"[a-z]+", name.lower().rpartition("/")[2])
    return _MAKERS.get(word[0]) if word else None


def _first(suits: Callable[[str], bool], models: Iterable[str]) -> str | None:
    return next((model for model in models if suits(model)), None)
