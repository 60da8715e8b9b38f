"""What Claude Code calls its models, and what a provider calls those that serve for them.

`modelOverrides` in Claude Code's settings is id -> the name that goes out. Measured on 2.1.330: a running
session takes it over with its next request, and its removal as well; window and effort stay those of the
id; maps of several files are merged by entry. An alias (opus, sonnet …) is noted in the transcript under
the name it went out with, and so would follow a resumed session, or a turn that is under way, to the next
provider; with the alias set to its id in ANTHROPIC_DEFAULT_…_MODEL the id is noted.
Invariant: every name that goes out is one the catalog says the provider serves.
"""

from __future__ import annotations

from pf_tui.catalog import Catalog, Provider
from pf_tui.integrations.claude_settings import ALIASES
from pf_tui.rules.models import match_model

_FAMILY = "Claude"


def overrides(catalog: Catalog, provider: Provider) -> dict[str, str]:
    """Claude Code's id -> the provider's name, where they differ; {} where Claude Code knows the names.

    The same model first, then its stand-in of the same tier, then the provider's own default.
    """
    if provider.claude_code.mode != "anthropic-compatible":
        return {}
    names: dict[str, str] = {}
    for model_id in plain(catalog):
        serves = match_model(provider.id, model_id, catalog).model or provider.default_model
        native = catalog.native_id(serves, provider.id) if serves else None
        if native is not None and native != model_id:
            names[model_id] = native
    return names


def aliases(catalog: Catalog) -> dict[str, str]:
    """The variable of each alias -> the id it stands for."""
    entries = {name: catalog.find_model(name.split("_")[2].lower()) for name in ALIASES}
    return {name: model.id for name, model in entries.items() if model is not None}


def plain(catalog: Catalog) -> dict[str, str]:
    """Every id under its own name: takes other files' overrides back, which an empty map does not."""
    return {model.id: model.id for model in catalog.models.values() if model.family == _FAMILY}
