"""A bench in a sentence or two: what is the matter there, when it ends, what ends it sooner. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from pf_tui.catalog import Provider
from pf_tui.documents import words
from pf_tui.rules import repairs
from pf_tui.rules.benches import Bench
from pf_tui.snapshot import ProviderView
from pf_tui.state.health import Repair

LONG = timedelta(minutes=10)
"""A rest that is worth a command of the person's."""

MOST_QUOTED = 120
"""Characters of the provider's own words."""

_MATTERS: Mapping[str, str] = {
    "rate": "its rate limit is reached",
    "windowless": "it is at a limit whose end it does not name",
    "quota": "its quota is used up",
    "overload": "it has more requests than it can serve",
    "server": "its servers answer with errors",
    "auth": "it refuses the credential",
    "account": "it does not serve this account",
    "address": "no model is served at its address",
    "model": "it does not serve this model",
    "network": "it cannot be reached",
    "timeout": "it did not answer in time",
    "manual": "benched by hand",
}


def sentences(view: ProviderView, now: datetime, zone: tzinfo | None) -> list[tuple[Bench, str]]:
    """Each bench of a provider and what every face says of it: the whole first, then models and families."""
    whole = (view.bench,) if view.bench is not None and view.bench.is_whole else ()
    return [(bench, sentence(bench, view.provider, now, zone)) for bench in (*whole, *view.resting)]


def sentence(bench: Bench, provider: Provider, now: datetime, zone: tzinfo | None) -> str:
    """groq: it refuses the credential; `pf-tui auth set groq` gives it another one. It said: “…”"""
    part = bench.family.capitalize() if bench.family else bench.model
    subject = f"{bench.provider}, {part}" if part else bench.provider
    matter = _MATTERS.get(bench.kind, "it rests")
    if bench.kind == "quota" and bench.until is None:
        matter = "its credit is used up"
    quote = _quote(bench.evidence)
    observed = bench.kind in ("network", "timeout", "manual")  # not the provider's words: it said nothing
    cause = f" ({quote})" if quote and observed else ""
    citation = f". It said: “{quote}”" if quote and not observed else ""
    return f"{subject}: {matter}{cause}; {_end(bench, provider, now, zone)}{citation}"


def repair_sentence(repair: Repair) -> str:
    """lab is asked without top_k for claude-opus-5-5; `pf-tui release lab` forgets that. It said: “…”"""
    parts = ", ".join(map(repairs.in_words, repair.strip))
    model = f" for {repair.model}" if repair.model else ""
    quote = _quote(repair.evidence)
    citation = f". It said: “{quote}”" if quote else ""
    release = f"`pf-tui release {repair.provider}` forgets that"
    return f"{repair.provider} is asked without {parts}{model}; {release}{citation}"


def _quote(evidence: Mapping[str, object]) -> str:
    """The provider's own words, as many as fit a line."""
    text = evidence.get("text")
    quote = " ".join(text.split()) if isinstance(text, str) and text != "asked for" else ""
    return f"{quote[:MOST_QUOTED].rstrip()}…" if len(quote) > MOST_QUOTED else quote


def _end(bench: Bench, provider: Provider, now: datetime, zone: tzinfo | None) -> str:
    part = f" --model {bench.model}" if bench.model else ""
    release = f"`pf-tui release {bench.provider}{part}`"
    if bench.until is not None:
        rests = f"rests {words.remaining(bench.until, now, zone)}"
        return rests if bench.until - now < LONG else f"{rests}; {release} ends that now"
    if bench.kind == "manual":
        return f"{release} ends that"
    if bench.kind == "auth":
        if provider.login_command:
            return f"sign in with `{provider.login_command}`, then {release}"
        return f"`pf-tui auth set {bench.provider}` gives it another one"
    console = f"at {provider.console_url}" if provider.console_url else "there"
    cure = {
        "quota": f"add credit {console}, then {release}",
        "account": f"settle that {console}, then {release}",
        "address": "correct it in providers.yaml",
    }.get(bench.kind, release)
    due = bench.next_probe
    if due is None:
        return cure
    tries = (
        "the next request tries it" if due <= now else f"one request tries it {words.when(due, now, zone)}"
    )
    return f"{cure}; {tries}"
