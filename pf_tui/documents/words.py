"""Numbers and times the way people read them. Pure: the moment and the zone are arguments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo

from pf_tui.state.clock import time_of_day

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.catalog import Model
    from pf_tui.ledger.headroom import Headroom
    from pf_tui.rules.benches import Bench
    from pf_tui.rules.request_classes import ClassRule
    from pf_tui.rules.spending import Question

NEAR = timedelta(hours=3)
"""Below this, time left says more than the time of day."""

AUTH_WORDS = {
    "subscription": "login",
    "oauth": "oauth",
    "api_key": "key",
    "token": "token",
    "iam": "iam",
    "service_account": "account",
}
"""How a provider is signed in to, in a column."""

WINDOW_WORDS = {"7d": "week", "minute": "min"}
"""Windows whose id is not the word for them."""


def question(question: Question, now: datetime, zone: tzinfo | None) -> str:
    """`claude-max cannot serve until 16:20; openrouter could, and costs money`."""
    if question.serves:
        return f"{question.plan} serves; {question.provider} would be next, and costs money"
    back = f" until {clock(question.back, now, zone)}" if question.back else ""
    return f"{question.plan} cannot serve{back}; {question.provider} could, and costs money"


def class_rule(name: str, rule: ClassRule) -> str:
    """`subagent → claude-haiku-5-5 at openrouter`."""
    where = " at ".join(part for part in (rule.model or "the model asked for", rule.provider) if part)
    return f"{name} → {where}"


GATEWAY_AUTO = "agents use the gateway automatically where they need it (`pf-tui gateway auto off` ends that)"
RESUME_AUTO = "OpenCode's sessions go on by themselves after a limit (`pf-tui sessions auto off` ends that)"
RESUME_BY_HAND = "OpenCode's sessions do not go on by themselves after a limit"


def turns(headroom: Headroom | None) -> str:
    """`about 14 more turns like today's`; "" where too little is known."""
    if headroom is None:
        return ""
    return f"about {quantity(headroom.turns, 'more turn')} like today's"


def money(usd: float | None) -> str:
    """`$4.18`, `$0.0042`, `$1 204.50`; unknown is a dash, never $0."""
    if usd is None:
        return "—"
    if 0 < abs(usd) < 0.01:
        return f"${usd:.4f}"
    return f"${usd:,.2f}".replace(",", " ")


def number(value: float | None) -> str:
    """`3 912`; halves stay: `1.5`."""
    if value is None:
        return "—"
    return (f"{int(value):,}" if float(value).is_integer() else f"{value:,.1f}").replace(",", " ")


def quantity(count: float, noun: str, many: str = "s") -> str:
    """`1 limit hit`, `4 limit hits`, `3 switches`: `many` is what the noun ends with."""
    return f"{number(count)} {noun}{'' if count == 1 else many}"


def short(value: float | None) -> str:
    """`981`, `12.4K`, `1.05M`, `2.31G`: at most five cells."""
    if value is None:
        return "—"
    for unit, size in (("G", 1e9), ("M", 1e6), ("K", 1e3)):
        if abs(value) >= size * 0.9995:
            scaled = value / size
            digits = 0 if scaled >= 99.95 else 1 if scaled >= 9.995 else 2
            text = f"{scaled:.{digits}f}"
            return (text.rstrip("0").rstrip(".") if "." in text else text) + unit
    return number(round(value))


def price(input_usd: float, output_usd: float) -> str:
    """What a model costs: `$3 in, $15 out per million tokens`."""
    return f"${input_usd:g} in, ${output_usd:g} out per million tokens"


def context(model: Model) -> str:
    """The context windows of a model, by provider: `200K–1M`, or one where all have the same."""
    least, most = window(model.context), window(model.context_max)
    return least if least == most else f"{least}–{most}"


def window(tokens: int | None) -> str:
    """A context window: `200K`, `1M`; 131 072 reads as 128K, as its vendor says it."""
    if tokens is None:
        return "—"
    if tokens >= 1_000_000:
        size = 1_048_576 if tokens % 1_048_576 == 0 else 1_000_000
        return f"{tokens / size:.2f}".rstrip("0").rstrip(".") + "M"
    size = 1024 if tokens % 1024 == 0 and tokens % 1000 else 1000
    return f"{tokens / size:.0f}K"


def percent(value: float | None) -> str:
    """`62 %`."""
    return "—" if value is None else f"{value:.0f} %"


def span(length: timedelta) -> str:
    """`48 s`, `12 min`, `1h38`, `3d 4h`."""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02}"
    return f"{seconds // 86_400}d {seconds % 86_400 // 3600}h"


def clock(at: datetime, now: datetime, zone: tzinfo | None) -> str:
    """`15:40` today, `Thu 09:00` within a week, `12 Dec` beyond."""
    return time_of_day(at, now, zone)


def resting(benches: Iterable[Bench], now: datetime, zone: tzinfo | None) -> str:
    """Models and families that rest: `Opus until 15:40, gpt-5.5 until released`."""
    return ", ".join(
        f"{bench.family.capitalize() if bench.family else bench.model} until "
        f"{clock(bench.until, now, zone) if bench.until else 'released'}"
        for bench in benches
    )


def when(at: datetime, now: datetime, zone: tzinfo | None) -> str:
    """A moment ahead: `in 1h38` when near, else the clock."""
    if now <= at < now + NEAR:
        return f"in {span(at - now)}"
    return clock(at, now, zone)


def remaining(until: datetime, now: datetime, zone: tzinfo | None) -> str:
    """How long something lasts: `for another 29 s` when near, else `until 15:40`."""
    if now <= until < now + NEAR:
        return f"for another {span(until - now)}"
    return f"until {clock(until, now, zone)}"


def ago(at: datetime, now: datetime) -> str:
    """`just now`, `2 min ago`, `3d 4h ago`."""
    past = now - at
    return "just now" if past < timedelta(seconds=10) else f"{span(past)} ago"


def auth(kind: str) -> str:
    """A kind of credential in one word."""
    return AUTH_WORDS.get(kind, kind)


def window_word(name: str, model: str | None = None) -> str:
    """A limit window in one word: `5h`, `week`, `week opus`."""
    word = WINDOW_WORDS.get(name, name)
    return f"{word} {model}" if model else word
