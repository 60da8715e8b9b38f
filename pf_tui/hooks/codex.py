"""Codex's hooks and its notify program.

A turn that fails fires no hook (measured on 0.169.0): its error stands in the rollout, which SessionEnd and
the next prompt look at. Codex reads its settings at its start alone, so a switch is told as "from your
next start", and what probes a provider that rests until it is cleared is a start. Hooks run once the person
has trusted them; `notify` runs always, for finished turns.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pf_tui import actions, regular_files, snapshot
from pf_tui.errors import PfError
from pf_tui.hooks import GATEWAY_S, answer, deadline
from pf_tui.hooks.reading import text
from pf_tui.records import replace
from pf_tui.snapshot import Snapshot
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.clients import AgentId
    from pf_tui.hooks.codex_rollout import Rollout

AGENT: AgentId = "codex"

STALE = timedelta(minutes=10)
"""A failure without an end that is older than this says nothing about now (a resumed session)."""


def handle(ctx: Context, event: str, data: dict[str, object]) -> str:
    """What Codex is answered; "" where it expects nothing."""
    act = EVENTS.get(event)
    if act is None:
        return ""
    if event != "notify":  # it also fires for Codex's own threads, with what the person wrote
        from pf_tui.hooks import session_evidence

        session_evidence.codex(ctx, event, data)
    answer_text = act(ctx, data)
    return answer(answer_text) if answer_text else ""


def while_paused(ctx: Context, event: str, data: dict[str, object]) -> str:
    """Nothing but an answer to our own commands, which would else be a prompt for a model."""
    reply = _command(ctx, text(data, "prompt").strip()) if event == "UserPromptSubmit" else None
    return answer({"decision": "block", "reason": reply}) if reply else ""


def pass_on(arguments: Sequence[str]) -> None:
    """Start the person's own notify program as Codex would have: its words, the event as the last one."""
    if len(arguments) < 2:
        return
    from pf_tui.state import detached

    try:
        detached.start(arguments)
    except OSError:
        return  # Codex itself is silent about a notify program that is not there


def _session_start(ctx: Context, data: Mapping[str, object]) -> dict[str, object] | None:
    """Who serves, in one line; what was set before this start holds for the whole session."""
    missing = actions.bring_up(ctx, limit_s=GATEWAY_S)
    if missing is not None:
        actions.settle(ctx)  # back to whom it reaches without the gateway, from its next start on
    now = snapshot.take(ctx, keep_going=True)
    serves = _serving(ctx, now)
    if serves is None:
        return None
    if session := text(data, "session_id"):
        with contextlib.suppress(PfError):  # a disk that refuses: the line is told all the same
            actions.remember_session(ctx, session, AGENT, serves)
    distrust = actions.tell_of_distrust(ctx, now.project) if now.project else None
    if distrust is None and missing is None and (not now.notifies or now.active is None):
        return None
    line = f"pf-tui: {serves} serves"
    if missing is not None:
        line += f"; {missing}"
    if now.active is not None and now.active.provider != serves:
        line += f"; {now.active.provider} is the active one"
        if _is_probed(now, serves):
            line += "; this session asks whether it serves again"
    if now.next is not None:
        line += f", next: {now.next.provider}"
    return {"systemMessage": f"{line} · {distrust}" if distrust else line}


def _prompt(ctx: Context, data: Mapping[str, object]) -> dict[str, object] | None:
    """The seven commands without a model; else what the turn before failed of."""
    if command_reply := _command(ctx, text(data, "prompt").strip()):
        return {"decision": "block", "reason": command_reply}
    reply = _strike(ctx, data)
    now = snapshot.take(ctx, keep_going=True)
    if any(agent.agent == AGENT and agent.pending for agent in now.agents):
        actions.settle(ctx)
    return {"systemMessage": reply} if reply else None


def _command(ctx: Context, prompt: str) -> str | None:
    """The answer to one of the seven, also without the slash: Codex keeps slashes to itself."""
    if "provider-" not in prompt[:60]:
        return None
    from pf_tui.hooks import commands

    command = commands.typed(prompt if prompt.startswith("/") else f"/{prompt}")
    return None if command is None else commands.answer(ctx, *command)


def _stopped(ctx: Context, data: Mapping[str, object]) -> None:
    """A finished turn: its usage, its readings, and benches that are over."""
    rollout = _rollout(ctx, data)
    if rollout is None:
        return
    _write(ctx, rollout)
    if rollout.turn_error is None and rollout.provider is not None and rollout.last_ts is not None:
        now = ctx.now()
        start = datetime.fromtimestamp(rollout.last_ts / 1000, UTC)
        model = _model_id(ctx, rollout)
        bench = ctx.health().bench_for(rollout.provider, model, now)
        if bench is not None and bench.since < start:
            actions.succeeded(ctx, rollout.provider, model)


def _permission_asked(ctx: Context, data: Mapping[str, object]) -> None:
    """Codex waits for the person, which nothing else on disk says. Silence: any answer may count as a no."""


def _session_end(ctx: Context, data: Mapping[str, object]) -> None:
    _strike(ctx, data)
    if rollout := _rollout(ctx, data):
        _write(ctx, rollout)
    actions.lead_to_probe(
        ctx, AGENT, why="Codex's next start asks whether {} serves again", lock_s=deadline.LOCK_S
    )


EVENTS: Mapping[str, Callable[[Context, Mapping[str, object]], dict[str, object] | None]] = {
    "SessionStart": _session_start,
    "UserPromptSubmit": _prompt,
    "PermissionRequest": _permission_asked,
    "Stop": _stopped,
    "SessionEnd": _session_end,
    "notify": _stopped,
}


def _strike(ctx: Context, data: Mapping[str, object]) -> str | None:
    """Bench the provider whose turn failed last; the sentence for the person, None when nothing did."""
    rollout = _rollout(ctx, data)
    error = rollout.turn_error if rollout else None
    if rollout is None or error is None or rollout.provider is None:
        return None
    from pf_tui.actions import answers

    now = ctx.now()
    failure = answers.read_agent_error(
        ctx, error.word, error.message, error.at, status=error.status, model=_model_id(ctx, rollout)
    )
    until = max((moment for moment in (failure.until, error.resets_at) if moment is not None), default=None)
    if failure.scope is None or (now - error.at > STALE if until is None else until <= now):
        return None
    outcome = actions.report_failure(
        ctx,
        rollout.provider,
        replace(failure, until=until, forever=until is None and failure.forever),
        model=_model_id(ctx, rollout),
        at=error.at,
        evidence={"status": error.status} if error.status else {},
        agent=AGENT,
        session=rollout.session or text(data, "session_id") or None,
        why=f"{rollout.provider}: {failure.message or failure.kind}",
    )
    if outcome is None:
        return _still_resting(ctx, rollout.provider)
    return _sentence(ctx, rollout.provider, outcome)


def _is_probed(now: Snapshot, provider: str) -> bool:
    """A request is meant to find out whether a provider that rests until it is cleared serves again."""
    bench = now.view(provider).bench if provider in now.catalog.providers else None
    return bench is not None and bench.next_probe is not None and bench.probed is not None


def _still_resting(ctx: Context, provider: str) -> str | None:
    """Who serves after a probe that failed; None after any other failure that says nothing new."""
    now = snapshot.take(ctx, keep_going=True)
    if not _is_probed(now, provider) or now.active is None or now.active.provider == provider:
        return None
    return f"pf-tui: {provider} cannot serve yet; {now.active.provider} serves from your next start"


def _sentence(ctx: Context, provider: str, outcome: actions.FailureOutcome) -> str:
    from pf_tui.documents import words

    ends = outcome.bench.until
    back = f", back {words.when(ends, ctx.now(), ctx.timezone())}" if ends else ""
    effect = next((effect for effect in outcome.effects if effect.agent == AGENT), None)
    if outcome.to_provider is None:
        follows = f"no other provider available: {outcome.reason}"
    elif effect is None:
        follows = f"{outcome.to_provider} is the active one; Codex stays where it is"
    elif effect.text.startswith("not possible"):
        follows = f"{outcome.to_provider}: {effect.text}"
    else:
        follows = f"{outcome.to_provider} serves {effect.text}"
    return f"pf-tui: {provider} is out ({outcome.bench.kind}{back}); {follows}"


def _write(ctx: Context, rollout: Rollout) -> None:
    """Usage and limit readings into the ledger."""
    if rollout.requests:
        from pf_tui.ingest import from_hook

        from_hook.record(ctx.paths.ledger, AGENT, rollout.requests, ctx.catalog())
    if rollout.provider is not None:
        readings = [replace(reading, provider=rollout.provider) for reading in rollout.readings]
        actions.note_readings(ctx, readings)


def _rollout(ctx: Context, data: Mapping[str, object]) -> Rollout | None:
    """What the session's rollout tells; None when there is none to be found."""
    from pf_tui.hooks import codex_rollout

    path_text = text(data, "transcript_path")
    path = Path(path_text) if path_text else codex_rollout.find(ctx.env, text(data, "thread-id"))
    if path is None:
        return None
    session = ctx.health().sessions.get((AGENT, text(data, "session_id") or text(data, "thread-id")))
    return codex_rollout.read(ctx, path, session.provider if session else None)


def _serving(ctx: Context, now: Snapshot) -> str | None:
    """The provider that Codex's settings name, by our id."""
    from pf_tui.integrations import codex, codex_parts, toml_text

    try:
        path = codex_parts.config_folder(ctx.env) / "config.toml"
        content = regular_files.read_regular(path).decode("utf-8") if path.exists() else ""
        provider_name = toml_text.parse(content).get("model_provider")
        if isinstance(provider_name, str) and provider_name in now.catalog.providers:
            return provider_name
        return codex.own_provider(ctx, content)
    except (OSError, ValueError):
        return None


def _model_id(ctx: Context, rollout: Rollout) -> str | None:
    model = ctx.catalog().find_model(rollout.model, rollout.provider) if rollout.model else None
    return model.id if model is not None else rollout.model or None
