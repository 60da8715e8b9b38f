"""Requests of one class that a person serves elsewhere: another model, another provider, or both.

Asked for only where such a rule is set. The provider goes first while it can serve; the usual order follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pf_tui.gateway.body import Request, with_model
from pf_tui.records import record
from pf_tui.rules.request_classes import class_of

if TYPE_CHECKING:
    from pf_tui.gateway.routing_plan import RoutingPlan


@record
class Redirect:
    """Where one request goes by its class."""

    name: str
    """The request class."""
    provider: str | None
    model: str | None
    asked_model: str
    """The model its agent asked for."""


def find(plan: RoutingPlan, request: Request, headers: Mapping[str, str]) -> Redirect | None:
    """The person's rule for this request; None when its class has none."""
    name = class_of(headers, request.raw)
    rule = plan.classes.get(name)
    if rule is None:
        return None
    model = rule.model or None
    if model is not None and plan.catalog.find_model(model) is None:
        model = None  # a name nobody knows would end the request
    return Redirect(name=name, provider=rule.provider, model=model, asked_model=request.model)


def redirected(request: Request, redirect: Redirect) -> Request:
    """The request as it goes on: with the rule's model in the place of the asked one."""
    if redirect.model is None or redirect.model == request.model:
        return request
    raw = with_model(request.raw, request.model, redirect.model)
    return request._replace(raw=raw, model=redirect.model)
