"""The status in text: four answers on two lines, then one line per provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from rich.text import Text

from pf_tui.cli.look import (
    FAINT,
    Cell,
    between,
    faint,
    heading,
    meter,
    meter_style,
    plain,
    state,
    table,
    wrapped,
)
from pf_tui.documents import auth, provider_state, serving, words
from pf_tui.ledger.headroom import Headroom
from pf_tui.rules.limits import Limit
from pf_tui.sessions.records import Session
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.text.columns import Column

_METER = 20
_COLUMNS = (
    Column(title=""),
    Column(title="provider", shrinks=True),
    Column(title="auth", leaves=1),
    Column(title="state"),
    Column(title="tightest"),
    Column(title="back", leaves=2),
    Column(title="today", right=True, leaves=3),
)


def overview(
    now: Snapshot,
    zone: tzinfo | None,
    width: int,
    sessions: Sequence[Session] = (),
    headroom: Mapping[str, Headroom] | None = None,
) -> list[Text]:
    """Who serves, how long, who is next, what it cost; then every provider that matters.

    Args:
        headroom: provider -> the turns its tightest window holds, where enough is known.
    """
    visible = [view for view in now.providers if _matters(view, now)]
    lines = [*_paused(now, zone, width), *_head(now, zone, width), *_elsewhere(now, sessions, width)]
    if now.active is not None and (turns := words.turns((headroom or {}).get(now.active.provider))):
        lines += wrapped(turns, width, indent="  ", style=FAINT)
    if now.question is not None:
        question = words.question(now.question, now.at, zone)
        lines += wrapped(f"{question}: `pf-tui allow paid --today`", width, indent="  ", style="yellow")
    numbers = provider_state.numbers(now)
    if visible:
        lines += [
            Text(),
            *table(_COLUMNS, [_row(view, now, zone, numbers.get(view.id)) for view in visible], width),
        ]
    lines += _foot(now, visible, zone, width)
    return lines


def detail(now: Snapshot, view: ProviderView, zone: tzinfo | None, width: int) -> list[Text]:
    """Everything about one provider."""
    serving = now.active is not None and now.active.provider == view.id
    rank = f"number {view.rank}" if view.rank else "not in the list"
    lines = [heading(f"{'●' if serving else '○'} {view.id}", view.provider.name), Text()]
    facts = [
        ("state", _state_words(view, now, zone), state(view.state).style),
        ("priority", f"{rank}, serves now" if serving else rank, ""),
        ("serves", view.serves or "—", ""),
        ("resting", words.resting(view.resting, now.at, zone), "yellow"),
        ("credential", _credential_words(view, now, zone), ""),
        ("today", _usage_words(view, month=False), ""),
        ("month", _usage_words(view, month=True), ""),
        ("billing", view.provider.billing, FAINT),
        ("console", view.provider.console_url or "", FAINT),
        ("warning", view.provider.warning or "", "yellow"),
    ]
    for name, value, style in facts:
        if value:
            first, *more = wrapped(value, width, indent=" " * 12, style=style)
            first.plain = f"{name:<12}{first.plain.strip()}"
            first.stylize(FAINT, 0, len(name))
            lines += [first, *more]
    if view.limits:
        lines += [Text(), *limit_lines(view.limits, now, zone, width)]
    return lines


def limit_lines(limits: tuple[Limit, ...], now: Snapshot, zone: tzinfo | None, width: int) -> list[Text]:
    """One meter per window, with its reset, pace and source."""
    rows = []
    for limit in limits:
        share = None if limit.percent is None else limit.percent / 100
        size = _METER if width >= 72 else 10
        aside = "!" if share is not None and share >= 0.9 else ""
        resets = f"resets {words.when(limit.resets_at, now.at, zone)}" if limit.resets_at else ""
        rows.append(
            [
                plain(_window_words(limit)),
                Cell(text=meter(share, size), style=meter_style(share)),
                Cell(
                    text=f"{'~' if limit.source == 'estimate' else ''}{words.percent(limit.percent)} {aside}"
                ),
                plain(_amount_words(limit)),
                plain(resets),
                Cell(text=_pace_words(limit, now, zone), style="yellow"),
                faint(f"{limit.source}, {words.ago(limit.observed_at, now.at)}"),
            ]
        )
    columns = (
        Column(title=""),
        Column(title="", leaves=2),
        Column(title="", right=True),
        Column(title="", leaves=3),
        Column(title="", shrinks=True),
        Column(title="", leaves=4),
        Column(title="", leaves=1),
    )
    return table(columns, rows, width, heading=False)


def _paused(now: Snapshot, zone: tzinfo | None, width: int) -> list[Text]:
    if now.paused is None:
        return []
    sentence = f"paused since {words.clock(now.paused, now.at, zone)}: no agent uses pf-tui; `pf-tui resume`"
    return wrapped(sentence, width, style="bold yellow")


def _head(now: Snapshot, zone: tzinfo | None, width: int) -> list[Text]:
    auto = Text(f"auto-switch {'on' if now.auto_switch else 'OFF'}", "" if now.auto_switch else "yellow")
    if now.active is None:
        nobody = Text.assemble(("○ no provider available", "bold red"))
        return [*between(nobody, auto, width), *wrapped(now.choice.reason, width, indent="  ")]
    view = now.view(now.active.provider)
    colour = "green" if view.state == "ready" else state(view.state).style
    first = Text.assemble(
        ("● ", colour), (now.active.provider, "bold"), "  ", (now.active.model or "its own default model", "")
    )
    lines = between(first, auto, width)
    second = Text("  ")
    if tightest := view.tightest:
        share = (tightest.percent or 0) / 100
        second.append(
            f"{words.percent(tightest.percent)} of {words.window_word(tightest.window, tightest.model)}",
            style=meter_style(share) if share >= 0.75 else "",
        )
        if tightest.runs_out_at:
            second.append(f" · ends ~{words.when(tightest.runs_out_at, now.at, zone)}", style="yellow")
        elif tightest.resets_at:
            second.append(f" · resets {words.when(tightest.resets_at, now.at, zone)}", style=FAINT)
        second.append("  ")
    following = now.next.provider if now.next else "no next provider"
    if second.cell_len + len(following) + 2 > width:
        lines.append(second)
        second = Text("  ")
    second.append("→ ", style=FAINT)
    second.append(following, style="" if now.next else "yellow")
    today = now.today
    starred = any(v.provider.plan and v.today.cost_usd for v in now.providers)
    cost = Text(f"{words.money(today.cost_usd)}{provider_state.PLAN if starred else ''} today")
    return [*lines, *between(second, cost, width)]


_FOLLOW = {
    "": "they follow at their next start",
    "now": "they follow at their next request (pf.return: now)",
    "cheap": "they follow when it is cheap (pf.return: cheap)",
    "never": "new sessions follow (pf.return: never)",
}


def _elsewhere(now: Snapshot, sessions: Sequence[Session], width: int) -> list[Text]:
    """Who really serves the sessions that run, where that is not the choice."""
    lines = serving.facts(now, sessions)
    if not lines.served or lines.chosen is None:
        return []
    cure = f"`pf-tui install {lines.joins}` joins them" if lines.joins else _FOLLOW[lines.returns]
    count = f"{lines.served} session{'s' if lines.served > 1 else ''}"
    return wrapped(f"but {lines.provider} really serves {count}; {cure}", width, indent="  ", style="yellow")


def _row(view: ProviderView, now: Snapshot, zone: tzinfo | None, number: int | None) -> list[Cell]:
    serving = now.active is not None and now.active.provider == view.id
    mark = "▶" if serving else " "
    tightest = view.tightest
    share = None if tightest is None or tightest.percent is None else tightest.percent / 100
    limit_text = ""
    if tightest is not None:
        limit_text = f"{words.window_word(tightest.window, tightest.model)} {words.percent(tightest.percent)}"
        limit_text += " !" if share is not None and share >= 0.9 else ""
    until = view.until or (tightest.resets_at if tightest and view.state == "limited" else None)
    weak = view.is_absent
    plan = provider_state.PLAN if view.provider.plan and view.today.cost_usd else ""
    cost = f"{words.money(view.today.cost_usd)}{plan}"
    return [
        Cell(text=f"{mark} {number or '·':>2}", style="bold" if serving else FAINT if weak else ""),
        Cell(text=view.id, style="bold" if serving else FAINT if weak else ""),
        faint(words.auth(view.provider.auth)),
        state(view.state, provider_state.state_word(view)),
        Cell(text=limit_text, style=meter_style(share) if share is not None and share >= 0.75 else ""),
        plain(words.when(until, now.at, zone) if until else ""),
        plain(cost if view.today.requests else ""),
    ]


def _foot(now: Snapshot, visible: list[ProviderView], zone: tzinfo | None, width: int) -> list[Text]:
    lines: list[Text] = []
    for view in visible:
        if view.resting:
            sentence = f"{view.id}: {words.resting(view.resting, now.at, zone)}"
            lines += wrapped(sentence, width, style="yellow")
    if any(view.provider.plan and view.today.cost_usd for view in visible):
        lines += wrapped(
            f"{provider_state.PLAN} what the same would cost at list price; the plan is paid already",
            width,
            style=FAINT,
        )
    hidden = len(now.providers) - len(visible)
    if now.config.leads_to_gateway:
        lines += wrapped(words.GATEWAY_AUTO, width, style=FAINT)
    if hidden:
        lines += wrapped(f"{hidden} more without a credential: `pf-tui auth`", width, style=FAINT)
    if now.active is None:
        lines += wrapped(
            "sign in with an agent, or keep a key: `pf-tui auth set PROVIDER`; a look: `pf-tui --demo`",
            width,
        )
    return [Text(), *lines] if lines else []


def _matters(view: ProviderView, now: Snapshot) -> bool:
    """It can serve, or could but for a moment, or was used; what has no credential stays out."""
    serving = now.active is not None and now.active.provider == view.id
    relevant = not view.is_absent or view.credential.state in ("expired", "unknown")
    return serving or bool(view.today.requests) or (view.rank is not None and relevant)


def _state_words(view: ProviderView, now: Snapshot, zone: tzinfo | None) -> str:
    word = provider_state.state_word(view)
    parts = [word]
    if view.why:
        parts = [view.why] if view.why.startswith(word) else [word, view.why]
    if view.until:
        parts.append(
            f"until {words.clock(view.until, now.at, zone)} ({words.when(view.until, now.at, zone)})"
        )
    return ", ".join(parts)


def _credential_words(view: ProviderView, now: Snapshot, zone: tzinfo | None) -> str:
    credential = view.credential
    sentence = f"{words.auth(view.provider.auth)}: {credential.state}"
    if credential.source:
        sentence += f" ({credential.source})"
    if credential.expires_at:
        renews = ", renewed by its agent" if credential.renewable else ""
        verb = "expired" if credential.expires_at <= now.at else "expires"
        sentence += f", {verb} {words.clock(credential.expires_at, now.at, zone)}{renews}"
    if not credential.usable:
        sentence += f"; `{auth.cure(view.provider)}`"
    return sentence


def _usage_words(view: ProviderView, *, month: bool) -> str:
    use = view.month if month else view.today
    star = " (list price; the plan is paid already)" if view.provider.plan and use.cost_usd else ""
    unpriced = f", {words.short(use.unpriced_tokens)} tokens unpriced" if use.unpriced_tokens else ""
    return (
        f"{words.number(use.requests)} requests, {words.short(use.tokens)} tokens, "
        f"{words.money(use.cost_usd)}{star}{unpriced}"
    )


def _window_words(limit: Limit) -> str:
    if limit.source == "budget":
        return f"{'$' if limit.unit == 'usd' else limit.unit} a {limit.window}"
    return words.window_word(limit.window, limit.model)


def _amount_words(limit: Limit) -> str:
    if limit.unit == "percent":
        return ""
    if limit.unit == "usd":
        return f"{words.money(limit.used)} of {words.money(limit.limit)}"
    return f"{words.short(limit.used)} of {words.short(limit.limit)} {limit.unit}"


def _pace_words(limit: Limit, now: Snapshot, zone: tzinfo | None) -> str:
    return f"empty ~{words.when(limit.runs_out_at, now.at, zone)}" if limit.runs_out_at else ""
