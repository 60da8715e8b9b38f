"""The ten tools: the original plugin's names, arguments and meaning.

Each takes the Context and its arguments and returns its result with a short text for the model.
auth.check alone leaves the machine: it asks the provider whose key it tries.
"""

from __future__ import annotations

from pf_tui import actions, auth_check, snapshot
from pf_tui.documents import auth, changes, models, status, words
from pf_tui.errors import UnknownName
from pf_tui.mcp_server import quoting, shapes, usage
from pf_tui.mcp_server.table import Answer, Tool
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context


def _provider_list(ctx: Context, arguments: shapes.ProviderFilter) -> Answer:
    now = snapshot.take(ctx, keep_going=True)
    views = list(now.providers)
    if arguments.family is not None:
        families = {view.provider.family for view in views}
        if arguments.family.casefold() not in {family.casefold() for family in families}:
            raise UnknownName("family", arguments.family, sorted(families))
        views = [view for view in views if view.provider.family.casefold() == arguments.family.casefold()]
    if arguments.authenticated is not None:
        views = [view for view in views if view.credential.usable == arguments.authenticated]
    active = now.active.provider if now.active else None
    items = [
        shapes.ProviderItem(
            id=view.id,
            name=view.provider.name,
            family=view.provider.family,
            priority=view.rank,
            authenticated=view.credential.usable,
            active=view.id == active,
            state=view.state,
        )
        for view in views
    ]
    lines = [f"{'* ' if item.active else ''}{item.id}: {item.state}" for item in items]
    return shapes.ProviderList(providers=items), "\n".join(lines) or "no provider matches these filters"


def _provider_active(ctx: Context, _: shapes.Nothing) -> Answer:
    now = snapshot.take(ctx, keep_going=True)
    following, unknown = now.next, quoting.strangers(now)
    result = shapes.Active(
        provider=now.active.provider if now.active else None,
        model=quoting.name(now.active.model, unknown) if now.active else None,
        since=status.moment(now.active.since) if now.active else None,
        reason=quoting.sentence(now.choice.reason, unknown),
        next=shapes.Next(
            provider=following.provider,
            model=quoting.name(following.model, unknown),
            reason=quoting.sentence(following.reason, unknown),
        )
        if following
        else None,
        paused=status.moment(now.paused),
        question=shapes.Question.model_validate(question) if (question := status.question(now)) else None,
        gateway=shapes.Leading.model_validate(status.leading(now)),
    )
    return result, summary(now)


def _provider_switch(ctx: Context, arguments: shapes.ProviderChosen) -> Answer:
    outcome = actions.switch(ctx, arguments.providerId, why="asked for by an agent")
    effect = [shapes.EffectItem.model_validate(effect) for effect in changes.effects(outcome.effects)]
    result = shapes.Switched(
        success=True, provider=outcome.to_provider, model=outcome.model, effect=effect, note=outcome.note
    )
    text = (
        f"switched to {outcome.to_provider}"
        if outcome.switched
        else f"{outcome.to_provider} was first already"
    )
    sentences = [
        text,
        *(f"{item.agent}: {item.text}" for item in effect),
        *([outcome.note] if outcome.note else []),
    ]
    return result, "; ".join(sentences)


def _model_list(ctx: Context, arguments: shapes.ModelFilter) -> Answer:
    catalog = ctx.catalog()
    found_models = models.chosen(
        catalog, family=arguments.family, provider=arguments.provider, capability=arguments.capability
    )
    items = [
        shapes.ModelItem(
            id=model.id,
            name=model.name,
            family=model.family,
            contextWindow=model.context,
            capabilities=list(model.capabilities),
            status=model.status,
            providers=[name for name in model.providers if catalog.serves(name, model.id)],
        )
        for model in found_models
    ]
    return shapes.ModelList(models=items), f"{len(items)} models: {', '.join(item.id for item in items)}"


def _model_info(ctx: Context, arguments: shapes.ModelChosen) -> Answer:
    catalog = ctx.catalog()
    match = catalog.resolve(arguments.modelId)
    if match is None:
        raise UnknownName("model", arguments.modelId, catalog.models)
    result = shapes.ModelInfo.model_validate(models.info(match))
    price = result.price
    cost = (
        words.price(price.input, price.output)
        if price.input is not None and price.output is not None
        else "no price"
    )
    providers = ", ".join(name for name in result.providers if catalog.serves(name, result.id))
    note = f"; {result.note}" if result.note else ""
    return (
        result,
        f"{result.id}: {result.context} tokens of context, {cost}; served by {providers or 'nobody'}{note}",
    )


def _auth_status(ctx: Context, _: shapes.Nothing) -> Answer:
    content = auth.document(snapshot.take(ctx, keep_going=True))
    result = shapes.AuthList.model_validate(content)
    credentials = [f"{item.id} ({item.auth.source})" for item in result.providers if item.usable]
    missing = sum(not item.usable for item in result.providers)
    return result, f"usable: {', '.join(credentials) or 'none'}; {missing} without a usable credential"


def _auth_check(ctx: Context, arguments: shapes.ProviderChosen) -> Answer:
    provider = ctx.catalog().provider(arguments.providerId)
    answer = auth_check.check(ctx, provider.id)
    credential = ctx.credentials()[provider.id]
    message = answer.message if answer.made_request else f"not checked: {answer.message}"
    result = shapes.AuthChecked(
        provider=provider.id,
        authenticated=answer.ok,
        checked=answer.made_request,
        state=credential.state,
        source=credential.source,
        expires_at=status.moment(credential.expires_at),
        message=message,
        cure=None if answer.ok else answer.hint or auth.cure(provider),
    )
    return result, f"{message}; cure: {result.cure}" if result.cure else message


def summary(now: Snapshot) -> str:
    """Who serves and who is next, in one sentence."""
    unknown = quoting.strangers(now)
    if now.active is None:
        return quoting.sentence(f"no provider available: {now.choice.reason}", unknown)
    view = now.view(now.active.provider)
    tightest = view.tightest
    use = (
        f", {tightest.percent:.0f} % of {tightest.window} used"
        if tightest and tightest.percent is not None
        else ""
    )
    following = f"next: {now.next.provider}" if now.next else "no next provider"
    model = now.active.model or "its own default"
    pause_text = "; pf-tui is paused, no agent follows it" if now.paused else ""
    sentence = f"{now.active.provider} serves {model} ({view.state}{use}); {following}{pause_text}"
    return quoting.sentence(sentence, unknown)


TOOLS: tuple[Tool, ...] = (
    Tool(
        name="provider.list",
        title="List providers",
        description="Every AI provider with its priority, whether it has a credential, and its state.",
        arguments=shapes.ProviderFilter,
        result=shapes.ProviderList,
        call=_provider_list,
    ),
    Tool(
        name="provider.active",
        title="Active provider",
        description="Which provider and model serve now, since when and why, and who is next if it fails.",
        arguments=shapes.Nothing,
        result=shapes.Active,
        call=_provider_active,
    ),
    Tool(
        name="provider.switch",
        title="Switch provider",
        description="Put a provider first, for every agent and until it is changed again. The person can take"
        " it back with `pf-tui undo`.",
        arguments=shapes.ProviderChosen,
        result=shapes.Switched,
        call=_provider_switch,
        changes=True,
    ),
    Tool(
        name="model.list",
        title="List models",
        description="Models with context window, capabilities and who serves them; every filter is optional.",
        arguments=shapes.ModelFilter,
        result=shapes.ModelList,
        call=_model_list,
    ),
    Tool(
        name="model.info",
        title="Model details",
        description="Limits, prices, capabilities and native ids of one model, in any spelling.",
        arguments=shapes.ModelChosen,
        result=shapes.ModelInfo,
        call=_model_info,
    ),
    *usage.TOOLS,
    Tool(
        name="auth.status",
        title="Credentials",
        description="Which provider has a credential and where it lies; never the credential itself.",
        arguments=shapes.Nothing,
        result=shapes.AuthList,
        call=_auth_status,
    ),
    Tool(
        name="auth.check",
        title="Check a credential",
        description="Try one provider's key with a request that costs nothing. An agent's login is only"
        " looked at; the answer then says `checked: false`.",
        arguments=shapes.ProviderChosen,
        result=shapes.AuthChecked,
        call=_auth_check,
        outside=True,
    ),
)

BY_NAME = {tool.name: tool for tool in TOOLS}
