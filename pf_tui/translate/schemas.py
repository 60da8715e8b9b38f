"""Tools' JSON schemas as each vendor takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pf_tui.json_values import object_in, texts_in

RULES = ("inline-refs", "string-enums", "known-required", "typed-items", "typed-properties", "object-root")
"""inline-refs: $ref replaced by what it names · string-enums: enum values as text · known-required: required
names only properties that exist · typed-items: arrays say what they hold · typed-properties: every property
has a type · object-root: no oneOf/anyOf at the root."""

_DEEPEST = 12
"""A recursive $ref is followed this deep."""

_MAPS = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
"""Keywords whose keys are names, not keywords."""


def cleaned(schema: Mapping[str, object], drop: Collection[str], rules: Collection[str]) -> dict[str, object]:
    """The schema without `drop`'s keywords, mended by `rules`; always an object with type and properties."""
    whole: dict[str, object] = dict(schema)
    if "inline-refs" in rules:
        definitions = object_in(whole, "definitions") | object_in(whole, "$defs")
        whole = _inlined_object(whole, definitions, 0)
    if drop or rules:
        whole = _clean_object(whole, frozenset(drop), frozenset(rules))
    if "object-root" in rules:
        whole = _merged_root(whole)
    if whole.get("type") != "object":
        whole["type"] = "object"
    if not isinstance(whole.get("properties"), dict):
        whole["properties"] = {}
    return whole


def _inlined(value: object, definitions: Mapping[str, object], depth: int) -> object:
    if isinstance(value, list):
        return [_inlined(entry, definitions, depth) for entry in value]
    return _inlined_object(value, definitions, depth) if isinstance(value, Mapping) else value


def _inlined_object(
    value: Mapping[str, object], definitions: Mapping[str, object], depth: int
) -> dict[str, object]:
    reference = value.get("$ref")
    if isinstance(reference, str):
        target = definitions.get(reference.rpartition("/")[2])
        if not isinstance(target, Mapping) or depth > _DEEPEST:
            rest = {key: entry for key, entry in value.items() if key != "$ref"}
            return {"type": "object", **rest}
        merged_schema = {**target, **{key: entry for key, entry in value.items() if key != "$ref"}}
        return _inlined_object(merged_schema, definitions, depth + 1)
    return {
        key: _inlined(entry, definitions, depth)
        for key, entry in value.items()
        if key not in ("$defs", "definitions")
    }


def _clean(value: object, drop: frozenset[str], rules: frozenset[str], names: bool = False) -> object:
    """Args: names: the keys of `value` are names of properties."""
    if isinstance(value, list):
        return [_clean(entry, drop, rules) for entry in value]
    if not isinstance(value, Mapping):
        return value
    if names:
        return {key: _typed(_clean(entry, drop, rules), rules) for key, entry in value.items()}
    return _clean_object(value, drop, rules)


def _clean_object(
    value: Mapping[str, object], drop: frozenset[str], rules: frozenset[str]
) -> dict[str, object]:
    clean: dict[str, object] = {}
    for key, entry in value.items():
        if key in drop:
            if key == "const" and "enum" not in value:
                clean["enum"] = [entry]
                clean.setdefault("type", _type_of(entry))
            elif (
                key == "exclusiveMinimum" and isinstance(entry, int) and not {"minimum"} & (drop | set(value))
            ):
                clean["minimum"] = entry + 1
            continue
        if key in ("enum", "const", "default", "examples", "required"):
            clean[key] = entry
        else:
            clean[key] = _clean(entry, drop, rules, names=key in _MAPS)
    values, required_names = clean.get("enum"), clean.get("required")
    if "string-enums" in rules and isinstance(values, list):
        clean["enum"] = [entry if isinstance(entry, str) else _as_text(entry) for entry in values]
        clean["type"] = "string"
    if "known-required" in rules and isinstance(required_names, list):
        properties = object_in(clean, "properties")
        clean["required"] = [name for name in required_names if name in properties]
        if not clean["required"]:
            del clean["required"]
    if "typed-items" in rules and clean.get("type") == "array" and not clean.get("items"):
        clean["items"] = {"type": "string"}
    return clean


def _typed(schema: object, rules: frozenset[str]) -> object:
    """A property with a type, where the target wants one."""
    if "typed-properties" not in rules or not isinstance(schema, dict):
        return schema
    if any(key in schema for key in ("type", "anyOf", "oneOf", "allOf", "$ref", "enum")):
        return schema
    kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return {"type": kind, **schema}


def _type_of(value: object) -> str:
    kinds: Mapping[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "string")


def _as_text(value: object) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _merged_root(schema: dict[str, object]) -> dict[str, object]:
    """A root of alternatives as one object: the properties of all, required only where all require it."""
    for word in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(word)
        if not isinstance(branches, list):
            continue
        rest = {key: value for key, value in schema.items() if key != word}
        objects = [branch for branch in branches if isinstance(branch, Mapping)]
        properties = object_in(rest, "properties")
        for branch in objects:
            properties = object_in(branch, "properties") | properties
        lists = [set(branch.get("required") or ()) for branch in objects]
        common = (set.union(*lists) if word == "allOf" else set.intersection(*lists)) if lists else set()
        required_names = sorted(common | set(texts_in(rest, "required")))
        return {**rest, "type": "object", "properties": properties} | (
            {"required": required_names} if required_names else {}
        )
    return schema


def plain_schema(schema: object) -> dict[str, object]:
    """A schema without Codex's `encrypted` marks, which OpenAI alone knows."""
    if not isinstance(schema, Mapping):
        return {}
    return {
        key: _without_marks(value) for key, value in schema.items() if key != "encrypted" or value is not True
    }


def _without_marks(value: object) -> object:
    if isinstance(value, Mapping):
        return plain_schema(value)
    if isinstance(value, list):
        return [_without_marks(entry) for entry in value]
    return value
