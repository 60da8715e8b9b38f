"""A Proxy as LiteLLM's config.yaml. The same chain gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pf_tui.export.litellm import Deployment, Proxy
from pf_tui.visible import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

VERIFIED = "1.108.7"
"""The LiteLLM whose behaviour this file is written for."""

COOLDOWN_S = 60
REQUEST_TIMEOUT_S = 600
LEAST_FALLBACKS = 10

_NO_MODES = (
    "a session stays with the provider its prompt cache is warm at",
    "a plan's windows (5 hours, week) as limits; a rest until the provider's own reset",
    "a rest until somebody clears it: 403 and an empty balance are asked again each time",
    "a wrong request stops at the first provider: here a 400 is sent to, and paid at, every one",
    "one rest for all models of a provider: here each model rests, and spends its budget, by itself",
    "a stream that breaks off is asked again elsewhere",
    "what each vendor's dialect takes: drop_params leaves fields out in silence, GLM's `thinking` too",
    "a name that stands nowhere below: it is refused with 400",
    "your own words for errors (pf.gateway.rules)",
)


def text(proxy: Proxy) -> str:
    """The file: comments on what it lacks, then the settings."""
    return "\n".join([*_head(proxy), "", *_models(proxy), *_settings(proxy)])


def _head(proxy: Proxy) -> Iterator[str]:
    yield f"# A LiteLLM proxy that asks whom this chain asks, in the same order (LiteLLM {VERIFIED})."
    yield "# Made by `pf-tui export litellm`; make it anew after the chain has changed. No key stands in it."
    yield "# It needs LITELLM_MASTER_KEY and the variables named below. Start: litellm --config FILE"
    yield "#"
    yield "# LiteLLM cannot be told:"
    yield from _comments(_NO_MODES)
    if proxy.notes:
        yield "# Of your settings:"
        yield from _comments(proxy.notes)
    if proxy.left_out:
        yield "# Left out:"
        yield from _comments(f"{skip.provider}: {skip.reason}" for skip in proxy.left_out)


def _comments(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"# - {visible(line)}"


def _models(proxy: Proxy) -> Iterator[str]:
    if not proxy.deployments:
        yield "# no provider of the chain can be asked by a proxy"
    sellers = [_entry(deployment) for deployment in proxy.deployments if not deployment.stand_in]
    stand_ins = [_entry(deployment) for deployment in proxy.deployments if deployment.stand_in]
    yield "# What agents may ask for; asked by `order`."
    yield _block({"model_list": sellers})[:-1]
    if stand_ins:
        yield "# Stand-ins, each a group without fallbacks of its own, so that the order stays the chain's."
        yield _block(stand_ins)


def _entry(deployment: Deployment) -> dict[str, object]:
    params: dict[str, object] = {"model": deployment.wire, "api_base": deployment.api_base}
    params["api_key"] = f"os.environ/{deployment.key}" if deployment.key else "none"
    params["order"] = deployment.order
    if deployment.max_budget_usd is not None:
        params |= {"max_budget": deployment.max_budget_usd, "budget_duration": f"{deployment.budget_days}d"}
    info = {"id": deployment.id} | ({"base_model": deployment.base_model} if deployment.base_model else {})
    return {"model_name": deployment.group, "litellm_params": params, "model_info": info}


def _settings(proxy: Proxy) -> Iterator[str]:
    longest = max((len(groups) for groups in proxy.fallbacks.values()), default=0)
    yield "# One try at each provider; whoever fails rests. LiteLLM's defaults ask a failing one three times."
    yield _block(
        {
            "router_settings": {
                "routing_strategy": "simple-shuffle",
                "num_retries": 0,
                "allowed_fails": 0,
                "cooldown_time": COOLDOWN_S,
                "max_fallbacks": max(LEAST_FALLBACKS, longest),
                "enable_pre_call_checks": True,
                "model_group_alias": proxy.aliases,
                "fallbacks": _one_by_one(proxy.fallbacks),
                "context_window_fallbacks": _one_by_one(proxy.larger),
            },
            "litellm_settings": {"drop_params": True, "request_timeout": REQUEST_TIMEOUT_S},
            "general_settings": {
                "master_key": "os.environ/LITELLM_MASTER_KEY",
                "forward_client_headers_to_llm_api": True,
            },
        }
    )


def _one_by_one(groups: Mapping[str, tuple[str, ...]]) -> list[dict[str, list[str]]]:
    return [{name: list(others)} for name, others in groups.items()]


def _block(content: object) -> str:
    import yaml

    laid_out: str = yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=1_000_000
    )
    return laid_out
