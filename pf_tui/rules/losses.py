"""What an agent's request loses on its way to a provider, in words. Pure; reads a dialect's plain data.

What is carried over but looks different there (names, ids, the place of instructions) is no loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from pf_tui.json_values import list_in, object_in, texts_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import Protocol


def settings_for(entry: Mapping[str, object], native: str) -> dict[str, object]:
    """A dialect's settings for one model: those of its patterns go over the general ones."""
    settings = {key: value for key, value in entry.items() if key != "models"}
    by_model = object_in(entry, "models")
    for pattern in by_model:
        if any(fnmatchcase(native.lower(), part.strip().lower()) for part in pattern.split("|")):
            settings |= object_in(by_model, pattern)
    return settings


def lost(
    client: Protocol, protocol: Protocol, settings: Mapping[str, object], *, searches: bool
) -> tuple[str, ...]:
    """What the provider does not get or cannot do, most felt first.

    Args:
        client: what the agent speaks.
        protocol: what is spoken to the provider.
        settings: of `settings_for`; those of the protocol's owner lose nothing.
        searches: the agent has the vendor search the web.
    """
    if settings.get("owner") and client == protocol:
        return ()
    words = []
    if searches and "web_search" not in list_in(settings, "hosted_tools"):
        words.append("web search run by the vendor")
    if not settings.get("images", True):
        words.append("pictures")
    if client != protocol == "openai-chat" and not settings.get("documents"):
        words.append("PDFs (their text alone)")
    efforts = texts_in(settings, "efforts")
    if settings.get("efforts") == []:
        words.append("effort")
    elif efforts and len(efforts) < 3:
        words.append(f"effort (only {', '.join(efforts)})")
    if settings.get("tool_choices") == ["auto"]:
        words.append("forced tool calls")
    if not settings.get("json_schema", True):
        words.append("answers by schema (JSON mode instead)")
    if not settings.get("reasoning_back"):
        words.append("earlier reasoning")
    if client == "anthropic-messages" and protocol != client:
        words.append("prompt cache marks")
    if client == "anthropic-messages" and (protocol != client or not settings.get("counts_tokens")):
        words.append("token counts by the vendor (counted here)")
    return tuple(words)
