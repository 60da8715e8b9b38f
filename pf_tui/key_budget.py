"""When a LiteLLM key's budget begins anew: asked of the proxy itself, and only on request.

The key asks about itself, at its own host alone; redirects are not followed.
"""

from __future__ import annotations

import json

from pf_tui import auth_check
from pf_tui.catalog import Provider
from pf_tui.errors import PfError
from pf_tui.rules import key_homes, litellm
from pf_tui.rules.limits import Reading
from pf_tui.state import credentials
from pf_tui.state.context import Context

MOST_BYTES = 1 << 20


def ask(ctx: Context, provider: Provider) -> Reading:
    """The key's budget with its end.

    Raises:
        PfError: it has no key of its own here, does not answer, or its answer tells of no budget.
    """
    home = next(iter(key_homes.homes(provider)), "")
    secret = credentials.secret_for(provider, ctx.paths, ctx.config(), ctx.env, to=home) if home else None
    if secret is None:
        raise PfError(f"{provider.id} has no key here to ask with", f"`pf-tui auth set {provider.id}`")
    url = f"{home.rstrip('/').removesuffix('/v1')}/key/info"
    headers = auth_check.headers(provider, "openai-chat", secret)
    status, problem, body = auth_check.get(provider, url, headers, MOST_BYTES)
    host = url.split("/")[2]
    if status is None:
        raise PfError(f"{host} did not answer: {problem}", "check the network")
    if status != 200:
        raise PfError(
            f"{host} does not report its key's budget (HTTP {status})",
            "LiteLLM reports it where it has a database; the headers of its answers show the budget anyway",
        )
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    reading = litellm.key_budget(provider.id, answer, ctx.now())
    if reading is None:
        raise PfError(f"the key of {provider.id} has no budget", "nothing has to be refreshed")
    return reading
