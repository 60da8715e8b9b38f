"""`dialect:` in a person's providers.yaml: what an own server takes, in the words of catalog/dialects.yaml.

Knows no translation: the settings are checked by their kinds, and a test compares the table with the record
that reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pf_tui.catalog.records import SERVED_PROTOCOLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from yaml.nodes import Node

    from pf_tui.catalog.overlay_nodes import NodeReader

ReadValue = Callable[["NodeReader", "Node"], object]

_EFFORT_FIELDS = ("reasoning_effort", "reasoning.effort", "output_config.effort")
_BACK = ("", "reasoning_content", "reasoning", "chunk", "thinking", "items")
SCHEMA_RULES = (
    "inline-refs",
    "string-enums",
    "known-required",
    "typed-items",
    "typed-properties",
    "object-root",
    "one-type",
)
ORDER_RULES = ("assistant-after-tool", "tool-name", "empty-content")


def read(reader: NodeReader, node: Node) -> dict[str, dict[str, object]]:
    """The settings under "" for every protocol, and under a protocol's name for that one alone."""
    keys = reader.mapping(node, "dialect", (*SERVED_PROTOCOLS, *SETTINGS, "models"))
    settings: dict[str, dict[str, object]] = {"": {}}
    for name, value in keys.items():
        if name in SERVED_PROTOCOLS:
            settings[name] = _settings(reader, value, name)
        else:
            settings[""][name] = _models(reader, value) if name == "models" else SETTINGS[name](reader, value)
    return settings


def _settings(reader: NodeReader, node: Node, what: str) -> dict[str, object]:
    keys = reader.mapping(node, what, (*SETTINGS, "models"))
    return {
        name: _models(reader, value) if name == "models" else SETTINGS[name](reader, value)
        for name, value in keys.items()
    }


def _models(reader: NodeReader, node: Node) -> dict[str, object]:
    """Settings by a pattern of model names."""
    models: dict[str, object] = {}
    for pattern, value in reader.pairs(node, "a mapping of model patterns to settings"):
        keys = reader.mapping(value, "a model's dialect", tuple(SETTINGS))
        models[pattern] = {name: SETTINGS[name](reader, entry) for name, entry in keys.items()}
    return models


def _text(reader: NodeReader, node: Node) -> str:
    return "" if str(node.value) == "" else reader.text(node)


def _switch(reader: NodeReader, node: Node) -> bool:
    return reader.boolean(node)


def _number(reader: NodeReader, node: Node) -> int:
    return reader.integer(node)


def _names(reader: NodeReader, node: Node) -> list[str]:
    return reader.names(node)


def _one_of(*words: str) -> ReadValue:
    def read_word(reader: NodeReader, node: Node) -> str:
        word = str(node.value)
        return word if word in words else reader.one_of(node, words, "this setting")

    return read_word


def _each_of(*words: str) -> ReadValue:
    def read_words(reader: NodeReader, node: Node) -> list[str]:
        return [reader.one_of(entry, words, "this setting") for entry in reader.entries(node)]

    return read_words


def _word_map(reader: NodeReader, node: Node) -> dict[str, str]:
    return {name: reader.text(value) for name, value in reader.pairs(node, "a mapping of words to words")}


def _value_map(reader: NodeReader, node: Node) -> dict[str, object]:
    return {name: reader.scalar(value) for name, value in reader.pairs(node, "a mapping of fields to values")}


def _id_rule(reader: NodeReader, node: Node) -> str:
    word = reader.text(node)
    kind, _, length = word.partition("-")
    if word != "any" and not (kind in ("word", "alnum") and length.isdigit() and int(length) > 0):
        reader.fail(node, "an id rule is any, word-N or alnum-N, N the longest id")
    return word


def _name_rule(reader: NodeReader, node: Node) -> str:
    word = reader.text(node)
    kind, _, length = word.partition("-")
    if not (kind in ("word", "letter") and length.isdigit() and int(length) > 16):
        reader.fail(node, "a name rule is word-N or letter-N, N the longest name, above 16")
    return word


SETTINGS: Mapping[str, ReadValue] = {
    "maker": _text,
    "owner": _switch,
    "strip_attribution": _switch,
    "limit_field": _one_of("max_tokens", "max_completion_tokens", "max_output_tokens"),
    "limit_most": _number,
    "limit_least": _number,
    "limit_default": _number,
    "system_roles": _each_of("system", "developer"),
    "mid_system": _switch,
    "call_ids": _id_rule,
    "tool_names": _name_rule,
    "tool_types": _names,
    "tools_flat": _switch,
    "tools_most": _number,
    "strict_tools": _switch,
    "tool_choices": _each_of("auto", "none", "any", "required", "function", "tool", "allowed_tools"),
    "parallel_calls": _switch,
    "schema_drop": _names,
    "schema_rules": _each_of(*SCHEMA_RULES),
    "effort_field": _one_of(*_EFFORT_FIELDS),
    "efforts": _names,
    "effort_map": _word_map,
    "effort_with_tools": _switch,
    "stops_most": _number,
    "sampling_with_effort": _switch,
    "thinking_off": _one_of("", "none", "thinking", "enabled"),
    "sampling": _switch,
    "thinking_kind": _one_of("", "adaptive", "always", "between_tools", "enabled"),
    "last_turn": _one_of("", "user", "prefix"),
    "reasoning_back": _one_of(*_BACK),
    "reasoning_filler": lambda reader, node: str(node.value),
    "thought_signatures": _switch,
    "refused_fields": _names,
    "allowed_fields": _names,
    "message_fields": _names,
    "moved_fields": _word_map,
    "set_fields": _value_map,
    "betas": _names,
    "betas_renamed": _word_map,
    "hosted_tools": _names,
    "images": _switch,
    "documents": _one_of("", "file", "image_url", "document_url"),
    "stream_usage": _one_of("ask", "always", "never"),
    "cache_key": _switch,
    "order_rules": _each_of(*ORDER_RULES),
    "json_schema": _switch,
    "silence_s": _number,
    "length_doubtful": _switch,
    "counts_tokens": _switch,
}
"""What a person may say of a server, and how each is read."""
