"""catalog/*.yaml -> the compiled form that `load` reads: plain JSON data in four parts.

Runs when the wheel is built (hatch_build.py), and in a checkout when a file changed.
The only module here that needs PyYAML, beside the overlay's parser.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast  # Any: entries as YAML has them: each field is checked by the record it becomes

from pf_tui.catalog import meanings, names
from pf_tui.catalog.meanings import Meaning
from pf_tui.catalog.records import Model, Provider

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.catalog.entries import MeaningIndex, ModelEntry

Entry = dict[str, Any]
"""One entry as YAML has it; its keys are checked here, its values by the tests of catalog/*.yaml."""

_PROVIDER_KEYS = set(Provider.__annotations__) - {"default_rank", "headers", "enabled", "custom"}
_MODEL_KEYS = set(Model.__annotations__) - {"extra", "custom"}
_FOR_READERS = {"priority", "sources", "source", "seen"}
"""Keys of the YAML that no record carries."""

COMPATIBLE = "compatible"
"""Stands in dialects.yaml for servers that nobody described."""


def compile_catalog(folder: Path) -> dict[str, object]:
    """Read the YAML files of `folder` and make its parts: providers, models, names, dialects, answers.

    Each part becomes its own file, so that a program that needs providers alone does not read the rest.

    Raises:
        ValueError: a key that no record has (a typing mistake in the data).
        OSError: a file is missing.
    """
    providers = _providers(_read(folder / "providers.yaml")["providers"])
    models = {
        **_models(_read(folder / "models.yaml")["models"], extra=False),
        **_models(_read(folder / "models-extra.yaml")["models"], extra=True),
    }
    return {
        "providers": providers,
        "models": {
            "models": models,
            "equivalents": _read(folder / "equivalents.yaml")["tiers"],
            "plans": _read(folder / "plans.yaml")["plans"],
        },
        "names": {
            "names": _index(models.values()),
            "prefixes": sorted(_prefixes(providers, models.values())),
        },
        "dialects": _dialects(_read(folder / "dialects.yaml")["dialects"], providers),
        "answers": _answers(_read(folder / "answers.yaml")["answers"]),
    }


def _read(path: Path) -> Any:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open("rb") as file:
        return yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader, the C one where it exists


def _answers(entries: Iterable[Entry]) -> MeaningIndex:
    """The table of meanings, indexed."""
    answers: dict[str, Entry] = {}
    for entry in entries:
        if entry["id"] in answers:
            raise ValueError(f"answer {entry['id']} is there twice")
        plain = _checked_keys(entry, set(Meaning.__annotations__) | meanings.KEYS, "answer")
        answers[entry["id"]] = {
            key: str(value) if key in ("ends", "window") else value for key, value in plain.items()
        }
    return meanings.index(answers.values())


def _providers(entries: Iterable[Entry]) -> list[Entry]:
    """In default order: the original's priority number from high to low, then as listed."""
    by_priority = sorted(entries, key=lambda entry: -entry["priority"])
    return [
        {**_checked_keys(entry, _PROVIDER_KEYS, "provider"), "default_rank": rank}
        for rank, entry in enumerate(by_priority, start=1)
    ]


def _models(entries: Iterable[Entry], *, extra: bool) -> dict[str, Entry]:
    return {
        entry["id"]: {**_checked_keys(entry, _MODEL_KEYS, "model"), **({"extra": True} if extra else {})}
        for entry in entries
    }


def _dialects(entries: Iterable[Entry], providers: Iterable[Entry]) -> dict[str, Entry]:
    """Provider -> protocol -> settings; of providers that exist, and of servers nobody described."""
    ids = {entry["id"] for entry in providers} | {COMPATIBLE}
    dialects: dict[str, Entry] = {}
    for entry in entries:
        names = (entry["provider"], *entry.get("also", ()))
        if unknown := set(names) - ids:
            raise ValueError(f"dialects.yaml names no provider of the catalog: {', '.join(sorted(unknown))}")
        for protocol, settings in entry.items():
            if protocol in ("provider", "also"):
                continue
            if missing := {"source", "date", "evidence"} - set(settings):
                raise ValueError(f"dialect {entry['provider']} {protocol} lacks {', '.join(sorted(missing))}")
            plain = {**settings, "date": str(settings["date"])}
            for name in names:
                dialects.setdefault(name, {})[protocol] = plain
    return dialects


def _checked_keys(entry: Entry, keys: set[str], kind: str) -> Entry:
    if unknown := set(entry) - keys - _FOR_READERS:
        raise ValueError(f"{kind} {entry.get('id')} has unknown keys: {', '.join(sorted(unknown))}")
    return {key: value for key, value in entry.items() if key not in _FOR_READERS}


def _index(models: Iterable[Entry]) -> dict[str, str]:
    """Folded spelling -> id; of two claims the lower rank wins, then the first in the catalog."""
    claims = sorted(
        (rank, number, spelling, model["id"])
        for number, model in enumerate(models)
        for rank, spelling in names.spellings(cast("ModelEntry", model))
    )
    index: dict[str, str] = {}
    for _, _, spelling, model_id in claims:
        index.setdefault(spelling, model_id)
    return index


def _prefixes(providers: Iterable[Entry], models: Iterable[Entry]) -> set[str]:
    """What may stand before a model and a slash: every name of a provider, and the vendors in native ids."""
    ids = {entry.get(key) for entry in providers for key in ("id", "opencode_id", "genai_id")}
    vendors = {
        segment.lower().removeprefix("~")
        for model in models
        for served_model in model["providers"].values()
        for segment in served_model["id"].split("/")[:-1]
    }
    return {name for name in ids if name} | vendors | set(names.ROUTE_PREFIXES)
