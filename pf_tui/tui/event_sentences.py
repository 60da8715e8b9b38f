"""Each kind of journal event in a sentence: the events pane, a session and the evidence say the same."""

from __future__ import annotations

from collections.abc import Mapping

from pf_tui.documents import amounts, words
from pf_tui.json_values import optional_number, optional_text
from pf_tui.ledger.layout import LIMIT_KINDS
from pf_tui.sessions.records import short_id
from pf_tui.state.clock import from_text
from pf_tui.state.journal import Event
from pf_tui.tui.times import Clock

QUIET = ("asked for", "asked for the next one")
"""Reasons that say no more than that a person pressed a key."""


def sentence(event: Event) -> str:
    """What happened, as one line."""
    tell = _SENTENCES.get(event.action)
    text = tell(event) if tell else event.action
    quiet = event.why in QUIET or event.why in text or event.action in ("undo", "redo")
    why = "" if quiet else event.why
    return f"{text}: {why}" if why else text


def story(event: Event, clock: Clock) -> str:
    """A move as it happens: from whom, why, to whom, what it saved, when the first is back."""
    bench = _mapping(event.after.get("bench"))
    until = from_text(bench.get("until"))
    serves = event.after.get("active")
    if event.action != "failover" or not bench or not serves:
        return sentence(event)
    status = _mapping(bench.get("evidence")).get("status")
    limited = bench.get("kind") in LIMIT_KINDS
    what = "hit its limit" if limited else f"failed ({bench.get('kind')})"
    story_text = f"{bench.get('provider')} {what}{f' ({status})' if status and limited else ''} → {serves}"
    if until is None or until <= event.ts:
        return story_text
    return f"{story_text}, saved about {words.span(until - event.ts)}; back at {clock.clock(until)}"


def _switched(event: Event) -> str:
    first, active = event.after.get("first"), event.after.get("active")
    if first and active and first != active:
        return f"{first} is first, {active} serves"
    return f"switched to {first or active or 'nobody'}"


def _failed_over(event: Event) -> str:
    if provider := event.after.get("provider"):  # one turn, saved by the gateway; who serves stays
        return f"{provider} took the turn over"
    return f"switched to {event.after.get('active') or 'nobody'}"


def _moved(event: Event) -> str:
    session = short_id(str(event.after.get("session") or ""))
    return f"session {session} moves to {event.after.get('provider') or 'another provider'}"


def _repaired(event: Event) -> str:
    strip = event.after.get("strip")
    left_out = ", ".join(map(str, strip)) if isinstance(strip, list) else "what it refuses"
    return f"{event.after.get('provider', 'a provider')} is asked without {left_out}"


def _came_back(event: Event) -> str:
    return f"back to {event.after.get('active') or 'nobody'}"


def _session_came_back(event: Event) -> str:
    return f"a session is back at {event.after.get('provider') or 'its provider'}"


def _refused(event: Event) -> str:
    return f"nobody could serve {event.after.get('model') or 'a request'}"


def _skipped(event: Event) -> str:
    return "a request went past a provider"


def _translated(event: Event) -> str:
    return "a request was translated"


def _spilled(event: Event) -> str:
    return "new sessions begin elsewhere"


def _unread(event: Event) -> str:
    return f"no rule knows an answer of {event.after.get('provider') or 'a provider'}"


def _benched(event: Event) -> str:
    bench = _mapping(event.after.get("bench"))
    model = f" for {bench['model']}" if bench.get("model") else ""
    return f"{bench.get('provider', 'a provider')} rests{model}"


def _limited(event: Event) -> str:
    limits = {key: value for key, value in event.after.items() if key not in ("active", "provider")}
    budgets = ", ".join(_budget(key, value) for key, value in limits.items())
    return f"budget of {event.after.get('provider')}: {budgets}"


def _budget(name: str, value: object) -> str:
    """`$20 a day`, `1.5M tokens a month`, `no limit of requests a day`."""
    unit = name.partition("_")[2]
    every = "a day" if name.startswith("daily") else "a month"
    if not isinstance(value, int | float) or not value:
        return f"no limit of {'USD' if unit == 'usd' else unit} {every}"
    if unit == "usd":
        return f"${amounts.written(value, usd=True)} {every}"
    return f"{amounts.written(value)} {unit} {every}"


def _reordered(event: Event) -> str:
    order = event.after.get("providerPriority") or event.after.get("provider_priority")
    first = ", ".join(order[:3]) if isinstance(order, list) else ""
    return f"order changed: {first}{' …' if isinstance(order, list) and len(order) > 3 else ''}"


def _applied(event: Event) -> str:
    return ", ".join(f"{agent} set to {provider}" for agent, provider in event.after.items())


def _auto(event: Event) -> str:
    on = event.after.get("autoSwitch", event.after.get("auto_switch"))
    return f"auto-switch {'on' if on else 'off'}"


def _turned(event: Event) -> str:
    verb = "undone" if event.action == "undo" else "done again"
    serves = event.after.get("active")
    return f"{action_noun(str(event.after.get('action', 'action')))} {verb}" + (
        f", {serves} serves" if serves else ""
    )


def action_noun(action: str) -> str:
    """What was undone or done again, as a person would call it."""
    return _NOUNS.get(action, action.replace("-", " "))


_NOUNS = {
    "paid": "answer on spending",
    "class": "request class",
    "sessions-auto": "auto-resume",
    "auto-switch": "auto-switch",
}


def _key(event: Event) -> str:
    return f"key of {event.after.get('provider') or event.before.get('provider') or 'providers'}"


def _released(event: Event) -> str:
    return f"{event.after.get('provider', 'a provider')} may serve again"


def _installed(event: Event) -> str:
    return f"installed into {event.after.get('agent', 'an agent')}"


def _removed(event: Event) -> str:
    return f"taken out of {event.after.get('agent', 'an agent')}"


def _paused(event: Event) -> str:
    return "pf-tui is out of every agent"


def _resumed(event: Event) -> str:
    return "pf-tui is back in the agents"


def _gateway(event: Event) -> str:
    return event.why or "the gateway changed"


def _reset(event: Event) -> str:
    providers = event.after.get("providers")
    whose = ", ".join(providers) if isinstance(providers, list) else "all providers"
    return f"limits of {whose} count from here"


def _begun_anew(event: Event) -> str:
    return "the usage history begins anew"


def _taken_over(event: Event) -> str:
    whose = optional_text(event.after, "machine")
    requests = words.quantity(optional_number(event.after, "requests") or 0, "request")
    return f"{requests} taken over{f' of {whose}' if whose else ''}"


def _initialised(event: Event) -> str:
    return "a project file was written"


def _trusted(event: Event) -> str:
    return f"a project file is {'trusted' if event.after.get('trusted') else 'not trusted any more'}"


def _ruled(event: Event) -> str:
    return "your rules for error answers changed"


def _went_on(event: Event) -> str:
    return f"session {short_id(str(event.after.get('session') or ''))} goes on"


def _sessions_auto(event: Event) -> str:
    return f"sessions {'go on' if event.after.get('on') else 'do not go on'} by themselves after a limit"


def _question_text(event: Event) -> str:
    return f"spend on {event.after.get('provider', 'a paid provider')}?"


def _paid(event: Event) -> str:
    answers = {"today": "may follow a plan today", "auto": "follow a plan", "ask": "wait for your word"}
    if event.after.get("paid") == "later":
        return "whether to spend is asked again after this window"
    return f"paid providers {answers.get(str(event.after.get('paid')), 'never follow a plan')}"


def _classed(event: Event) -> str:
    where = " at ".join(str(event.after[key]) for key in ("model", "provider") if event.after.get(key))
    return f"{event.after.get('class', 'a class of')} requests go {f'to {where}' if where else 'as asked'}"


def _demonstrated(event: Event) -> str:
    return "this is the demo"


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


_SENTENCES = {
    "switch": _switched,
    "failover": _failed_over,
    "repair": _repaired,
    "return": _came_back,
    "failback": _session_came_back,
    "refuse": _refused,
    "skip": _skipped,
    "translate": _translated,
    "spill": _spilled,
    "unread": _unread,
    "move": _moved,
    "bench": _benched,
    "release": _released,
    "priority": _reordered,
    "limit": _limited,
    "auto-switch": _auto,
    "auth": _key,
    "apply": _applied,
    "undo": _turned,
    "redo": _turned,
    "install": _installed,
    "uninstall": _removed,
    "pause": _paused,
    "gateway": _gateway,
    "resume": _resumed,
    "analytics-reset": _begun_anew,
    "reset": _reset,
    "import": _taken_over,
    "init": _initialised,
    "trust": _trusted,
    "rules": _ruled,
    "session-resume": _went_on,
    "sessions-auto": _sessions_auto,
    "ask": _question_text,
    "paid": _paid,
    "class": _classed,
    "demo": _demonstrated,
}
