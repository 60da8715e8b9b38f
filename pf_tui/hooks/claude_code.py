"""Claude Code's hooks: who serves this session, what a failed turn means, and the seven commands.

Measured on 2.1.330: a blocked UserPromptExpansion answers a command without a request; StopFailure's output
is ignored, and it comes after the client's own minutes of retries; settings are read again for the next turn.
Invariant: a session behind our gateway benches nothing here, the gateway has seen more than we have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from pf_tui import actions
from pf_tui.hooks import GATEWAY_S, answer, claude_session, deadline
from pf_tui.hooks.reading import text, words_in
from pf_tui.records import replace
from pf_tui.rules import key_homes
from pf_tui.rules.benches import Bench
from pf_tui.state import files
from pf_tui.state.context import Context
from pf_tui.state.health import SessionServed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.catalog import Model
    from pf_tui.rules.failures import Failure
    from pf_tui.snapshot import Snapshot

AGENT = claude_session.AGENT

PROMPTS = 20
"""Prompts remembered at a bench."""

PROOF = timedelta(seconds=30)
"""A request delivered this long after a bench began was sent after it, so the bench is wrong."""


def handle(ctx: Context, event: str, data: dict[str, object]) -> str:
    """The answer to one event; "" where none is expected, also for events we do not know."""
    act = EVENTS.get(event)
    if act is None:
        return ""
    person = claude_session.as_person(ctx)
    if event in OF_SESSION:
        from pf_tui.hooks import session_evidence

        session_evidence.claude_code(person, event, data)
    return act(person, data)


def while_paused(ctx: Context, event: str, data: dict[str, object]) -> str:
    """Nothing but an answer to our own commands, which would else be a prompt for a model."""
    if event == "UserPromptExpansion":
        return _expanded(ctx, data)
    if event == "UserPromptSubmit" and text(data, "prompt").startswith("/"):
        from pf_tui.hooks import commands

        command = commands.typed(text(data, "prompt"))
        return _blocked(commands.answer(ctx, *command) or "") if command else ""
    return ""


def _session_started(ctx: Context, data: Mapping[str, object]) -> str:
    """Bring the settings to whoever serves, and tell the person."""
    if text(data, "source") == "compact":
        return ""
    missing = actions.bring_up(ctx, limit_s=GATEWAY_S)
    now = _settled(ctx)
    if missing:
        ctx = replace(ctx, env={**ctx.env, key_homes.BASE_URL: ""})  # the address of a gateway that is gone
    line = f"{_line(ctx, now)} · {missing}" if missing else _line(ctx, now)
    if now.project and (distrust := actions.tell_of_distrust(ctx, now.project)):
        return answer({"systemMessage": f"pf-tui: {line} · {distrust}"})
    if not now.notifies and not missing and (not _alarming(now) or _is_off(now)):
        return ""
    return answer({"systemMessage": f"pf-tui: {line}"})


def _prompted(ctx: Context, data: Mapping[str, object]) -> str:
    """Remember who serves this session; answer one of the seven typed where no command file knows it."""
    if text(data, "prompt").startswith("/"):
        from pf_tui.hooks import commands

        if command := commands.typed(text(data, "prompt")):
            return _blocked(commands.answer(ctx, *command) or "")
    now = _snapshot(ctx) if _probes(ctx) else _settled(ctx)
    session = text(data, "session_id")
    if (pause_s := claude_session.reload_s(ctx, time.time())) > 0:
        time.sleep(pause_s)
        ctx = replace(ctx, env={**ctx.env, key_homes.BASE_URL: ""})  # what it was started with is over
        now = _snapshot(ctx)
    serves = claude_session.provider(ctx, now)
    if not session or serves is None:
        return ""
    entry = ctx.health().sessions.get((AGENT, session))
    actions.remember_session(ctx, session, AGENT, serves)
    if now.project and (distrust := actions.tell_of_distrust(ctx, now.project)):
        return answer({"systemMessage": f"pf-tui: {distrust}"})
    if entry is None or entry.provider == serves or not now.notifies:
        return ""
    view = now.view(entry.provider) if entry.provider in now.catalog.providers else None
    why = ""
    if view is not None and view.is_resting:
        from pf_tui.documents import words

        until = f" until {words.clock(view.until, now.at, ctx.timezone())}" if view.until else ""
        why = f" ({view.id}: {view.why or view.state}{until})"
    return answer({"systemMessage": f"pf-tui: {serves} serves this session now{why}"})


def _expanded(ctx: Context, data: Mapping[str, object]) -> str:
    """A slash command: ours are answered here, with no model call."""
    from pf_tui.hooks import commands

    reply = commands.answer(ctx, text(data, "command_name"), text(data, "command_args"))
    return "" if reply is None else _blocked(reply)


def _failed(ctx: Context, data: Mapping[str, object]) -> str:
    """A turn that failed for good: bench with evidence, and bring the next provider in."""
    if claude_session.behind_gateway(ctx):
        return ""
    from pf_tui.actions import answers
    from pf_tui.hooks import claude_usage
    from pf_tui.rules import failures

    error = claude_usage.last_error(text(data, "transcript_path"))
    error_words = words_in(data, "error")
    word = next(
        (word for word in error_words.split() if word in failures.AGENT_WORDS), error_words or error.error
    )
    details = error.text or words_in(data, "error_details") or words_in(data, "last_assistant_message")
    if not (details or word):
        return ""  # nothing says what failed, so nothing may rest for it
    status = error.status or _status_in(details)
    failure = answers.read_agent_error(
        ctx, word, details, ctx.now(), status=status, model=error.model or None
    )
    if failure.kind == "server" and status is None and _is_unreachable(details):
        failure = replace(failures.transport("network", ctx.now(), details), at_once=True)
    with files.locked(ctx.paths, deadline.LOCK_S):
        now = _snapshot(ctx)
        health = ctx.health()
        session = health.sessions.get((AGENT, text(data, "session_id")))
        provider = session.provider if session else claude_session.provider(ctx, now)
        prompt = text(data, "prompt_id")
        is_repeat = prompt and any(prompt in _prompts(bench) for bench in health.benches)
        if provider is not None and provider in now.catalog.providers and not is_repeat:
            _bench(ctx, now, provider, failure, error.model or _model_in(details), data, at=error.at)
    _use(ctx, data, provider, session)
    return ""


def _stopped(ctx: Context, data: Mapping[str, object]) -> str:
    """A turn ended well: its usage into the ledger, and benches that said it would not are over."""
    if claude_session.behind_gateway(ctx):
        return ""
    now = _settled(ctx)
    session = ctx.health().sessions.get((AGENT, text(data, "session_id")))
    provider = session.provider if session else claude_session.provider(ctx, now)
    requests = _use(ctx, data, provider, session)
    if provider is None or requests is None:
        return ""
    model, at = requests
    bench = now.view(provider).bench if provider in now.catalog.providers else None
    if bench is not None and bench.kind != "manual" and at - bench.since > PROOF:
        with files.locked(ctx.paths, deadline.LOCK_S):
            actions.succeeded(ctx, provider, model)
    return ""


def _ended(ctx: Context, data: Mapping[str, object]) -> str:
    """The session is over: what its last turn used."""
    session = ctx.health().sessions.get((AGENT, text(data, "session_id")))
    if session is not None and not claude_session.behind_gateway(ctx):
        _use(ctx, data, session.provider, session)
    return ""


def _notified(ctx: Context, data: Mapping[str, object]) -> str:
    """The client waited for a quota by itself: it goes on (fired), or it gave up on that."""
    kind = text(data, "notification_type")
    if not kind.startswith("quota_auto_resume_"):
        return ""
    session = ctx.health().sessions.get((AGENT, text(data, "session_id")))
    if kind == "quota_auto_resume_fired" and session is not None:
        with files.locked(ctx.paths, deadline.LOCK_S):
            actions.succeeded(ctx, session.provider, None)
    _settled(ctx)
    return ""


def _settings_changed(ctx: Context, data: Mapping[str, object]) -> str:
    """Someone edited the settings: from now on they say where Claude Code goes."""
    if not text(data, "source").endswith("_settings"):
        return ""
    with files.locked(ctx.paths, deadline.LOCK_S):
        claude_session.follow_settings(ctx)
    return ""


OF_SESSION = ("SessionStart", "Stop", "StopFailure", "SubagentStop", "SessionEnd")
"""Events that say something about the session itself."""

EVENTS: Mapping[str, Callable[[Context, Mapping[str, object]], str]] = {
    "SessionStart": _session_started,
    "UserPromptSubmit": _prompted,
    "UserPromptExpansion": _expanded,
    "StopFailure": _failed,
    "Stop": _stopped,
    "SubagentStop": _stopped,
    "SessionEnd": _ended,
    "Notification": _notified,
    "ConfigChange": _settings_changed,
}


def _snapshot(ctx: Context) -> Snapshot:
    from pf_tui import snapshot  # a third of what a hook loads, and several events need none

    return snapshot.take(ctx)


def _settled(ctx: Context) -> Snapshot:
    """What is, after the settings follow whoever serves: a bench may have ended since."""
    now = _snapshot(ctx)
    if claude_session.behind_gateway(ctx):
        return now
    if any(agent.agent == AGENT and agent.pending for agent in now.agents):
        with files.locked(ctx.paths, deadline.LOCK_S):
            actions.settle(ctx)
        return _snapshot(ctx)
    return now


def _probes(ctx: Context) -> bool:
    """Lead this turn to a provider that rests until it is cleared; False where it is not the turn to try."""
    if claude_session.behind_gateway(ctx):
        return False
    why = "one turn asks whether {} serves again"
    return actions.lead_to_probe(ctx, AGENT, why=why, lock_s=deadline.LOCK_S) is not None


def _bench(
    ctx: Context,
    now: Snapshot,
    provider: str,
    failure: Failure,
    model_name: str,
    data: Mapping[str, object],
    *,
    at: datetime | None,
) -> None:
    """Bench what the failure is about. Call it under the lock. Args: at: when it was written down."""
    model = _asked_for(now, provider, model_name) if model_name else None
    prompt = text(data, "prompt_id")
    benches = [bench for bench in now.files.health.benches if bench.provider == provider]
    earlier = [prompt for bench in benches for prompt in _prompts(bench)][-PROMPTS:]
    status = f"{failure.status} " if failure.status else ""
    actions.report_failure(
        ctx,
        provider,
        failure,
        model=model.id if model is not None else None,
        at=at,
        evidence={
            **({"status": failure.status} if failure.status else {}),
            **({"prompt": prompt} if prompt else {}),
            **({"earlier": earlier} if earlier else {}),
        },
        agent=AGENT,
        session=text(data, "session_id") or None,
        why=f"{provider}: {status}{failure.kind} in Claude Code",
        before=now,
    )


def _prompts(bench: Bench) -> list[str]:
    """The prompts that failed at a bench, latest last: sessions take turns, each tells more than once."""
    earlier = bench.evidence.get("earlier")
    prompts = [*(earlier if isinstance(earlier, list) else ()), bench.evidence.get("prompt")]
    return [prompt for prompt in prompts if isinstance(prompt, str) and prompt]


def _asked_for(now: Snapshot, provider: str, model_name: str) -> Model | None:
    """What the provider was asked for when Claude Code speaks of a model: our overrides rename it."""
    from pf_tui.integrations import claude_models

    model = now.catalog.find_model(model_name, provider)
    if model is None:
        return None
    model_sent = claude_models.overrides(now.catalog, now.catalog.providers[provider]).get(model.id)
    return now.catalog.find_model(model_sent, provider) if model_sent else model


def _is_unreachable(details: str) -> bool:
    """No answer came at all: more likely this machine's network than the provider's fault."""
    import re

    return (
        re.search(r"E(?:CONN|NOTFOUND|HOST|NET|AI_)|[Cc]onnection (?:refused|error)|timed out", details)
        is not None
    )


def _status_in(details: str) -> int | None:
    """The HTTP status in the client's own sentence: "Request rejected (429)", "API Error: 503 …".

    An address in it is none: "check your inference gateway (127.0.0.1:8080)".
    """
    import re

    match = re.search(r"(?:API Error: |Repeated |\()([45]\d{2})\b(?!\.\d)", details)
    return int(match[1]) if match else None


def _model_in(details: str) -> str:
    """The model in the client's own sentence: "… issue with the selected model (claude-opus-5-5)"."""
    return details.partition("selected model (")[2].partition(")")[0]


def _use(
    ctx: Context, data: Mapping[str, object], provider: str | None, session: SessionServed | None
) -> tuple[str | None, datetime] | None:
    """The turn's requests into the ledger; (catalog model, when) of the last delivered one."""
    if provider is None:
        return None
    from pf_tui.hooks import claude_usage

    path = text(data, "agent_transcript_path") or text(data, "transcript_path")
    return claude_usage.record(ctx, path, provider, session.since if session else None)


def _line(ctx: Context, now: Snapshot) -> str:
    """Who serves, limits near their end, who is next, what holds in this project."""
    zone = ctx.timezone()
    if claude_session.behind_gateway(ctx):
        head = "this session runs behind the gateway"
    elif now.active is None:
        return f"no provider available: {now.choice.reason}"
    else:
        serves = claude_session.provider(ctx, now) or now.active.provider
        head = f"{serves} serves"
        if serves != now.active.provider:
            head += f" ({now.active.provider} is the active one)"
    parts = [head]
    view = now.view(now.active.provider) if now.active else None
    for limit in view.limits if view else ():
        if limit.percent is not None and limit.percent >= 100 * now.config.warn_at:
            from pf_tui.documents import words
            from pf_tui.rules import windows

            resets = f", resets {words.when(limit.resets_at, now.at, zone)}" if limit.resets_at else ""
            parts.append(
                f"{words.percent(limit.percent)} of {windows.words(limit.window, limit.model)}{resets}"
            )
    parts.append(f"next {now.next.provider}" if now.next else "no next provider")
    if now.project is not None and now.project.holds:
        parts.append("by this project's settings")
    return " · ".join(parts)


def _is_off(now: Snapshot) -> bool:
    """The project says `enabled: false`: commands answer there, and nothing speaks by itself."""
    return now.project is not None and not now.project.enabled


def _alarming(now: Snapshot) -> bool:
    return now.active is None or now.view(now.active.provider).state in ("warning", "limited")


def _blocked(reason: str) -> str:
    return answer({"decision": "block", "reason": reason})
