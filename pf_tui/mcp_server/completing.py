"""Completion: names of providers and models for the resource templates, and for the prompt's argument."""

from __future__ import annotations

from collections.abc import Iterable

from mcp import types

from pf_tui.catalog import Catalog
from pf_tui.mcp_server.changes import MODELS_URI, STATUS_URI

PROVIDER_TEMPLATE = f"{STATUS_URI}/{{provider}}"
MODEL_TEMPLATE = f"{MODELS_URI}/{{model}}"

TEMPLATES = (
    types.ResourceTemplate(
        uri_template=PROVIDER_TEMPLATE,
        name="provider",
        title="One provider",
        description="Its state, limits, credential and use.",
        mime_type="application/json",
    ),
    types.ResourceTemplate(
        uri_template=MODEL_TEMPLATE,
        name="model",
        title="One model",
        description="Its context, price and the providers that serve it; any usual spelling.",
        mime_type="application/json",
    ),
)

TASKS = ("a large refactoring", "a quick question", "a review", "long context", "tests", "translation")
"""Starts for the prompt's free text."""

MOST = 100
"""The protocol allows no more values in one answer."""


def complete(catalog: Catalog, params: types.CompleteRequestParams, prompt: str) -> types.Completion | None:
    """What may stand for the argument; None when there is no such reference or argument.

    Args:
        prompt: the name of our prompt.
    """
    ref, argument = params.ref, params.argument
    values: Iterable[str] | None = None
    if isinstance(ref, types.PromptReference):
        values = TASKS if (ref.name, argument.name) == (prompt, "task") else None
    elif (ref.uri, argument.name) == (PROVIDER_TEMPLATE, "provider"):
        values = catalog.providers
    elif (ref.uri, argument.name) == (MODEL_TEMPLATE, "model"):
        values = catalog.models
    if values is None:
        return None
    prefix = argument.value.casefold()
    matches = [name for name in values if prefix in name.casefold()]
    matches.sort(key=lambda name: not name.casefold().startswith(prefix))
    return types.Completion(values=matches[:MOST], total=len(matches), has_more=len(matches) > MOST)
