"""Tools' JSON schemas as each vendor takes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pf_tui.json_values import object_in, texts_in

RULES = (
    "inline-refs",
    "string-enums",
    "known-required",
    "typed-items",
    "typed-properties",
    "object-root",
    "one-type",
)
"""inline-refs: $ref replaced by what it names · string-enums: enum values as text · known-required: required
names only properties that exist · typed-items: arrays say what they hold · typed-properties: every property
has a type · object-root: no oneOf/anyOf at the root · one-type: a type is one word, null said by nullable."""

_DEEPEST = 12
"""A recursive $ref is followed this deep."""

_MAPS = frozenset(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"))
"""Keywords whose keys are names, not keywords."""


def cleaned(schema: Mapping[str, object], drop: Collection[str], rules: Collection[str]) -> dict[str, object]:
    """The schema without `drop`'s keywords, mended by `rules`; always an object with type and properties."""
    whole = with_root(schema)
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
    kinds = clean.get("type")
    if "one-type" in rules and isinstance(kinds, list):
        words = [kind for kind in kinds if kind != "null"]
        clean["type"] = words[0] if words else "null"
        if words and len(words) < len(kinds):
            clean["nullable"] = True
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


def with_root(schema: Mapping[str, object]) -> dict[str, object]:
    """The schema with its root in place: a root that only points at a definition becomes that."""
    whole = dict(schema)
    for _ in range(_DEEPEST):
        reference = whole.get("$ref")
        target = _definition(whole, reference)
        if target is None:
            break
        whole = {**target, **{key: value for key, value in whole.items() if key != "$ref"}}
    return whole


def _definition(schema: Mapping[str, object], reference: object) -> Mapping[str, object] | None:
    if not isinstance(reference, str):
        return None
    definitions = object_in(schema, "definitions") | object_in(schema, "$defs")
    target = definitions.get(reference.rpartition("/")[2])
    return target if isinstance(target, Mapping) else None


def has_other_enums(schema: object) -> bool:
    """True when some value of an enum is no text: where enums are sent as text it comes back as one."""
    if isinstance(schema, Mapping):
        values = schema.get("enum")
        if isinstance(values, list) and any(not isinstance(value, str) for value in values):
            return True
        return any(has_other_enums(value) for value in schema.values())
    return isinstance(schema, list) and any(map(has_other_enums, schema))


def with_own_enums(value: object, schema: object, root: Mapping[str, object]) -> object:
    """The value with what an enum has as number, boolean or null in its own kind again.

    Args:
        root: the whole schema, for its definitions.
    """
    if not isinstance(schema, Mapping):
        return value
    schema = _definition(root, schema.get("$ref")) or schema
    values = schema.get("enum")
    if isinstance(values, list) and isinstance(value, str) and value not in values:
        return next((own for own in values if _as_text(own) == value), value)
    if isinstance(value, dict):
        properties = object_in(dict(schema), "properties")
        return {key: with_own_enums(entry, properties.get(key), root) for key, entry in value.items()}
    if isinstance(value, list):
        return [with_own_enums(entry, schema.get("items"), root) for entry in value]
    return value


def _merged_root(schema: dict[str, object]) -> dict[str, object]:
    """A root of alternatives as one object: the properties of all, required only where all require it."""
    schema = {key: value for key, value in schema.items() if key not in ("enum", "not")}
    for word in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(word)
        if not isinstance(branches, list):
            continue
        rest = {key: value for key, value in schema.items() if key != word}
        objects = [
            _definition(schema, branch.get("$ref")) or branch
            for branch in branches
            if isinstance(branch, Mapping)
        ]
        properties = object_in(rest, "properties")
        for branch in objects:
            properties = object_in(branch, "properties") | properties
        lists = [set(texts_in(dict(branch), "required")) for branch in objects]
        common = (set.union(*lists) if word == "allOf" else set.intersection(*lists)) if lists else set()
        required_names = sorted(common | set(texts_in(rest, "required")))
        schema = {**rest, "type": "object", "properties": properties} | (
            {"required": required_names} if required_names else {}
        )
    return schema


def is_closed(schema: object) -> bool:
    """True for a schema that OpenAI takes as strict: every object closed, every property required."""
    if isinstance(schema, list):
        return all(map(is_closed, schema))
    if not isinstance(schema, Mapping):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, Mapping):
        property_names = properties if isinstance(properties, Mapping) else {}
        if schema.get("additionalProperties") is not False or set(property_names) - set(
            texts_in(schema, "required")
        ):
            return False
    return all(
        is_closed(list(value.values()) if key in _MAPS and isinstance(value, Mapping) else value)
        for key, value in schema.items()
    )


def written_form(form: Mapping[str, object]) -> dict[str, object]:
    """An answer's form for OpenAI's protocols, strict where its schema can be."""
    return {**form, "strict": form.get("strict") is not False and is_closed(form.get("schema"))}


_BOUNDS = frozenset(
    ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength")
)
"""What Claude's structured outputs refuse in an answer's schema; the SDK says it in the description too."""


def answer_schema(schema: object, names: bool = False) -> object:
    """An answer's schema as Claude takes it: closed objects, bounds told in words.

    Args:
        names: the keys of `schema` are names of properties.
    """
    if isinstance(schema, list):
        return [answer_schema(entry) for entry in schema]
    if not isinstance(schema, Mapping):
        return schema
    if names:
        return {key: answer_schema(entry) for key, entry in schema.items()}
    bounds = [f"{key}: {value}" for key, value in schema.items() if key in _BOUNDS]
    clean = {
        key: value if key in ("enum", "const", "default", "required") else answer_schema(value, key in _MAPS)
        for key, value in schema.items()
        if key not in _BOUNDS
    }
    if bounds:
        sentence = f"{{{', '.join(bounds)}}}"
        clean["description"] = (
            f"{clean['description']}\n\n{sentence}" if clean.get("description") else sentence
        )
    if clean.get("type") == "object" or "properties" in clean:
        clean["additionalProperties"] = False
    return clean


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
