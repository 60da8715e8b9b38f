"""`pf-tui gateway start|stop|status|run|env`."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from pf_tui import actions
from pf_tui.cli import diagnostics, output
from pf_tui.cli.grammar import Group, as_json, subword
from pf_tui.documents import changes, words
from pf_tui.errors import NothingCanServe, WrongUsage
from pf_tui.json_values import objects_in
from pf_tui.records import replace
from pf_tui.state import gateway as state
from pf_tui.state.clock import to_text
from pf_tui.state.context import Context
from pf_tui.state.gateway import Gateway

gateway = Group("gateway", default="status")
port_option = click.option("--port", type=click.IntRange(0, 65_535), help="The port; a free one by default.")


@subword(gateway, "start")
@port_option
@as_json
@click.pass_obj
def start(ctx: Context, port: int | None, as_json: bool) -> None:
    """It survives this terminal and the dashboard; where one runs already, that one is kept."""
    from pf_tui.gateway import process

    before = state.read(ctx.paths)
    if before is not None and port not in (None, 0, before.port):
        raise WrongUsage(
            f"a gateway already runs at {before.url}, not on port {port}; nothing was started",
            "`pf-tui gateway stop` first",
        )
    running, _ = process.ensure(ctx, port)
    if as_json:
        output.document(document(running))
        return
    already = before is not None and before.pid == running.pid
    output.text(f"the gateway {'already runs' if already else 'runs'} at {running.url}")
    output.text("`pf-tui run claude` starts an agent behind it; `pf-tui gateway stop` ends it")


@subword(gateway, "stop")
@as_json
@click.pass_obj
def stop(ctx: Context, as_json: bool) -> None:
    """Requests under way may end; new ones are refused meanwhile."""
    from pf_tui.gateway import process

    back = actions.lead_back(ctx)
    stopped = process.stop(ctx)
    if as_json:
        output.document({**document(None), "stopped": stopped, "effect": changes.effects(back)})
        return
    for effect in back:
        output.text(f"{effect.agent}: {effect.text}")
    output.text("the gateway has stopped" if stopped else "no gateway runs; nothing was changed")


@subword(gateway, "status")
@as_json
@click.pass_obj
def status(ctx: Context, as_json: bool) -> None:
    """Address, process, since when, requests under way, and whose keys it holds."""
    running = state.read(ctx.paths)
    content = _ask_gateway(ctx, running)
    if as_json:
        output.document({**document(running), "auto": ctx.config().leads_to_gateway, **content})
        return
    if running is None:
        output.text("no gateway runs; `pf-tui gateway start` starts one")
        return
    since = words.clock(running.since, ctx.now(), ctx.timezone())
    output.text(f"the gateway runs at {running.url}, process {running.pid}, since {since}")
    if not content:
        output.text("it does not answer; `pf-tui gateway stop`, then start it again")
        return
    output.text(
        f"{content['live']} under way · {content['served']} served · {content['failovers']} failed over"
    )
    for credential in objects_in(content, "credentials"):
        output.text(f"  {credential['provider']:<24} {credential['source']}")
    if content["problem"]:
        diagnostics.note(str(content["problem"]))


@subword(gateway, "run")
@port_option
@as_json
@click.pass_obj
def run(ctx: Context, port: int | None, as_json: bool) -> int:
    """Until ctrl+c; requests under way may end."""
    from pf_tui import snapshot
    from pf_tui.gateway import process

    # A bench or a used-up window ends while it runs; without any credential nothing ever could be served.
    if all(provider.is_absent for provider in snapshot.take(ctx).providers if provider.rank):
        raise NothingCanServe(
            "no provider in the priority list has a credential: the gateway has no provider to ask",
            "`pf-tui auth set PROVIDER` adds a key, `pf-tui auth status` shows what is looked for",
        )

    def announce(running: Gateway) -> None:
        if as_json:
            output.line(document(running))
        else:
            diagnostics.note(f"the gateway runs at {running.url}; ctrl+c ends it")

    return process.run(replace(ctx.as_("gateway"), cwd=Path("/")), port, announce)


@subword(gateway, "auto")
@click.argument("word", type=click.Choice(["on", "off"]), required=False)
@as_json
@click.pass_obj
def auto(ctx: Context, word: str | None, as_json: bool) -> None:
    """On: where an installed agent reaches the provider through the gateway alone, a switch leads it there by
    its settings, and a session's start starts the gateway. When the gateway stops, agents go back to whom
    they reached without it. Off: `pf-tui run` alone starts an agent behind it."""
    effects = () if word is None else actions.set_gateway_auto(ctx, word == "on")
    on = ctx.config().leads_to_gateway
    if as_json:
        output.document({"auto": on, "effect": changes.effects(effects)})
        return
    output.text(
        "agents use the gateway automatically where they need it; `pf-tui gateway auto off` ends that"
        if on
        else "agents do not use the gateway automatically; `pf-tui gateway auto on` turns that on"
    )
    for effect in effects:
        output.text(f"{effect.agent}: {effect.text}")


@subword(gateway, "env")
@click.argument("agent", metavar="claude | opencode | codex")
@click.pass_obj
def env(ctx: Context, agent: str) -> None:
    """For `eval "$(pf-tui gateway env claude)"`; starts the gateway when none runs."""
    from pf_tui import snapshot
    from pf_tui.gateway import process
    from pf_tui.launch import env as environments
    from pf_tui.launch import plan

    client = plan.agent_called(agent)
    now = snapshot.take(ctx)
    if now.paused:
        diagnostics.note(f"pf-tui is paused: nothing is exported for {client.name}; `pf-tui resume`")
        return
    running, token = process.ensure(ctx)
    setting = plan.setting_for(now, client, running.url, token, ctx.env)
    output.raw(environments.exports(setting).encode("utf-8", "surrogateescape") + b"\n")
    if setting.words:
        argument_line = shlex.join(setting.words)
        diagnostics.note(
            f"{client.name} takes its provider from arguments, too: {client.program} {argument_line}"
        )


def document(running: Gateway | None) -> dict[str, object]:
    """`{"running","url","pid","since"}`"""
    return {
        "running": running is not None,
        "url": running.url if running else None,
        "pid": running.pid if running else None,
        "since": to_text(running.since) if running else None,
    }


def _ask_gateway(ctx: Context, running: Gateway | None) -> dict[str, object]:
    """What the running gateway says of itself; {} when none runs or it does not answer."""
    if running is None:
        return {}
    from pf_tui.errors import PfError
    from pf_tui.gateway import process

    try:
        code, content = process.ask(running, process.token(ctx), "GET", "/pf/status")
    except PfError:
        return {}
    return {k: v for k, v in content.items() if k != "since"} if code == 200 else {}
