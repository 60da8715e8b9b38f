"""Bench and release: who must rest, why, until when, and which observation said so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pf_tui import snapshot
from pf_tui.actions.journalling import write_down
from pf_tui.actions.switching import settle
from pf_tui.integrations.apply import Effect
from pf_tui.ledger import reader as ledger
from pf_tui.records import record, replace
from pf_tui.rules import benches, repairs
from pf_tui.rules.benches import Bench
from pf_tui.snapshot import Snapshot
from pf_tui.state import files, health, usage
from pf_tui.state.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.rules.eligibility import ExhaustedWindow
    from pf_tui.rules.failures import Failure
    from pf_tui.rules.spending import Question


@record
class FailureOutcome:
    """What a reported failure led to."""

    bench: Bench
    from_provider: str | None
    to_provider: str | None
    """Who serves now; None when nobody can."""
    model: str | None
    reason: str
    effects: tuple[Effect, ...] = ()

    @property
    def moved(self) -> bool:
        """True when another provider serves than before."""
        return self.to_provider is not None and self.to_provider != self.from_provider


def bench(
    ctx: Context,
    provider_id: str,
    *,
    model: str | None = None,
    until: datetime | None = None,
    why: str = "asked for",
) -> Bench:
    """Let a provider, or one model there, rest by hand; until None = until released. Raises UnknownName."""
    catalog = ctx.catalog()
    provider = catalog.provider(provider_id).id
    resting = Bench(
        provider=provider,
        model=catalog.model(model).id if model else None,
        kind="manual",
        since=ctx.now(),
        until=until,
        source=ctx.who,
        evidence={"text": why},
    )
    _add(ctx, resting, action="bench", why=why)
    return resting


def release(ctx: Context, provider_id: str, *, model: str | None = None, why: str = "asked for") -> int:
    """Lift what keeps a provider, or one model there, from serving; returns how many. Raises UnknownName.

    Benches of every kind, windows that are used up (with a model: those of its family), repairs; and what
    was asked before this moment counts no more when it fails.
    """
    catalog = ctx.catalog()
    provider = catalog.provider(provider_id).id
    model_id = catalog.model(model).id if model else None

    def lifted(bench: Bench) -> bool:
        if model_id is None or bench.provider != provider:
            return bench.provider == provider
        return not bench.is_whole and bench.covers(provider, model_id)

    _forget_repairs(ctx, provider, model_id)
    return _lift(
        ctx,
        lifted,
        action="release",
        what={"provider": provider, "model": model_id},
        why=why,
        windows_of=provider,
        model=model_id,
    )


def remember_repair(
    ctx: Context, provider: str, model: str | None, strip: tuple[str, ...], evidence: Mapping[str, object]
) -> None:
    """A provider refused parts of a request and took it without them: they are left out there from now on."""
    with files.locked(ctx.paths):

        def edit(old: health.Health) -> health.Health:
            same = [repair for repair in old.repairs if (repair.provider, repair.model) == (provider, model)]
            parts = tuple(dict.fromkeys([*(part for event in same for part in event.strip), *strip]))
            repair = health.Repair(
                provider=provider, model=model, strip=parts, since=ctx.now(), evidence=evidence
            )
            return replace(old, repairs=(*(repair for repair in old.repairs if repair not in same), repair))

        health.change(ctx.paths, edit)
        write_down(
            ctx,
            "repair",
            why=f"{provider} refused {', '.join(map(repairs.in_words, strip))}: left out there until "
            f"`pf-tui release {provider}`",
            after={"provider": provider, "model": model, "strip": list(strip)},
            evidence=evidence,
        )


def _forget_repairs(ctx: Context, provider: str, model: str | None) -> None:
    def stays(repair: health.Repair) -> bool:
        return repair.provider != provider or (model is not None and repair.model not in (None, model))

    if not all(stays(repair) for repair in ctx.health().repairs):
        health.change(
            ctx.paths,
            lambda old: replace(old, repairs=tuple(repair for repair in old.repairs if stays(repair))),
        )


def succeeded(
    ctx: Context,
    provider_id: str,
    model: str | None,
    *,
    why: str = "a request went through",
    ended: bool = False,
) -> int:
    """A request went through: benches that said it would not are over. Returns how many were lifted.

    Args:
        ended: also drop those whose time is up, so that the next failure begins with one strike.
    """
    now = ctx.now()

    def over(bench: Bench) -> bool:
        return bench.kind != "manual" and bench.covers(provider_id, model) and (ended or bench.holds(now))

    if not any(over(bench) for bench in ctx.health().benches):
        return 0
    return _lift(ctx, over, action="release", what={"provider": provider_id}, why=why)


def report_failure(
    ctx: Context,
    provider_id: str,
    failure: Failure,
    *,
    model: str | None = None,
    at: datetime | None = None,
    streak: int = 1,
    evidence: Mapping[str, object] | None = None,
    agent: str | None = None,
    session: str | None = None,
    why: str = "",
    before: Snapshot | None = None,
) -> FailureOutcome | None:
    """Bench what must rest after a failure and say who serves now; None when nothing more rests than did.

    Args:
        model: asked for there, by the catalog's id.
        at: when the failed request was sent, where that is known.
        streak: failures of this provider in a row, where the caller counts them.
        evidence: more of it than the failure has; never a secret.
        before: a snapshot that the caller took under the lock it still holds.
    """
    with files.locked(ctx.paths):
        state = ctx.health()
        history, release_at = state.benches, state.released.get(provider_id)
        if at is not None and release_at is not None and at < release_at:
            return None
        resting = benches.decide(
            failure, provider_id, model, history, ctx.now(), at=at, streak=streak, source=ctx.who
        )
        if resting is None:
            return None
        details = {} if resting.is_whole else _without_blanks(asked=model)
        resting = replace(resting, evidence={**resting.evidence, **(evidence or {}), **details})
        return keep_bench(ctx, resting, agent=agent, session=session, why=why, before=before)


def keep_bench(
    ctx: Context,
    resting: Bench,
    *,
    agent: str | None = None,
    session: str | None = None,
    why: str = "",
    before: Snapshot | None = None,
) -> FailureOutcome:
    """Write down a bench that rules.benches decided on, and move on. Args as `report_failure`."""
    provider_id = resting.provider
    with files.locked(ctx.paths):
        before = before or snapshot.take(ctx)
        evidence = {**resting.evidence, **_without_blanks(agent=agent, session=session)}
        if resting.kind == "address":
            evidence["overlay"] = files.version_of(ctx.paths.providers)
        resting = replace(resting, evidence=evidence)
        after = before.after(health=_keep(ctx, resting))
        previous = before.active.provider if before.active else None
        serves = after.active.provider if after.active else None
        moved = serves is not None and serves != previous
        sentence = why or f"{provider_id}: {resting.kind}"
        write_down(
            ctx,
            "failover" if moved else "bench",
            why=sentence,
            before={"active": previous},
            after={"active": serves, "bench": health.bench_to_json(resting)},
            undo={"drop": [health.key_to_json(resting.key)]},
            evidence=resting.evidence,
        )
        if moved:
            outcome = settle(ctx, after, why=sentence, moved_from=previous)
        elif resting.is_whole or after.agents == before.agents:
            outcome = ()
        else:  # the active one serves on, but not what this session asks for
            outcome = settle(ctx, after, why=sentence)
        if (question := _open_question(after)) is not None and _open_question(before) is None:
            write_down(
                ctx,
                "ask",
                why=f"{question.plan} cannot serve, and {question.provider} costs money: `pf-tui "
                "allow paid --today` lets it serve; until then nothing is spent",
                after={"provider": question.provider},
            )
        ledger.limit_hit(
            ctx.paths.ledger,
            provider_id,
            kind=resting.kind,
            at=resting.since,
            until=resting.until,
            agent=agent,
            session=session,
        )
    if ctx.config().is_notifying:
        from pf_tui.actions import notices

        asks = question.provider if question else None
        notices.limit_hit(ctx, resting, serves=serves, moved=moved, asks=asks)
    return FailureOutcome(
        bench=resting,
        from_provider=previous,
        to_provider=serves,
        model=after.active.model if after.active else None,
        reason=after.choice.reason,
        effects=outcome,
    )


def _open_question(now: Snapshot) -> Question | None:
    """The question that keeps everybody waiting; not one that is asked ahead, while the plan serves."""
    return now.question if now.question is not None and not now.question.serves else None


def reset(ctx: Context, provider_id: str | None = None) -> tuple[str, ...]:
    """Clear benches and begin today's counters anew, of one provider or of all; returns whose."""
    catalog = ctx.catalog()
    provider_ids = (catalog.provider(provider_id).id,) if provider_id else tuple(catalog.providers)
    now = ctx.now()
    with files.locked(ctx.paths):
        old = ctx.health()
        benches = [health.bench_to_json(b) for b in old.benches if b.provider in provider_ids]
        resets = {name: moment.isoformat() for name, moment in old.resets.items()}
        release_times = {name: moment.isoformat() for name, moment in old.released.items()}
        health.change(
            ctx.paths,
            lambda h: replace(
                h,
                benches=tuple(b for b in h.benches if b.provider not in provider_ids),
                resets={**h.resets, **dict.fromkeys(provider_ids, now)},
                released={**h.released, **dict.fromkeys(provider_ids, now)},
            ),
        )
        usage.clear(ctx.paths, provider_ids)
        write_down(
            ctx,
            "reset",
            why="asked for",
            before={"benches": benches},
            after={"providers": list(provider_ids) if provider_id else "all"},
            undo={"benches": benches, "resets": resets, "released": release_times},
        )
        settle(ctx)
    return provider_ids


def _add(ctx: Context, resting: Bench, *, action: str, why: str) -> None:
    with files.locked(ctx.paths):
        before = snapshot.take(ctx)
        after = before.after(health=_keep(ctx, resting))
        previous = before.active.provider if before.active else None
        write_down(
            ctx,
            action,
            why=why,
            before={"active": previous},
            after={
                "active": after.active.provider if after.active else None,
                "bench": health.bench_to_json(resting),
            },
            undo={"drop": [health.key_to_json(resting.key)]},
        )
        settle(ctx, after, why=why, moved_from=previous)


def _lift(
    ctx: Context,
    is_over: Callable[[Bench], bool],
    *,
    action: str,
    what: Mapping[str, object],
    why: str,
    windows_of: str | None = None,
    model: str | None = None,
) -> int:
    """Drop benches, and let full windows count no longer; returns how many of both.

    Args:
        windows_of: the provider whose windows those are; None = nobody's.
        model: only the windows of this model's family.
    """
    with files.locked(ctx.paths):
        before = snapshot.take(ctx)
        old = ctx.health()
        benches = [health.bench_to_json(b) for b in old.benches if is_over(b)]
        full = [
            window
            for window in (before.eligibility_of(windows_of).full_windows if windows_of else ())
            if not window.budget and (model is None or (window.model_family and window.concerns(model)))
        ]
        names = [] if windows_of is None else [windows_of] if model is None else _families(windows_of, full)
        release_times = {**old.released, **dict.fromkeys(names, ctx.now())}
        if not benches and not full:
            if names:
                health.change(ctx.paths, lambda old: replace(old, released=release_times))
            return 0
        new, _ = health.change(
            ctx.paths,
            lambda old: replace(
                old, benches=tuple(b for b in old.benches if not is_over(b)), released=release_times
            ),
        )
        after = before.after(health=new)
        previous = before.active.provider if before.active else None
        undo: dict[str, object] = {"benches": benches}
        if names:
            undo["released"] = {name: moment.isoformat() for name, moment in old.released.items()}
        write_down(
            ctx,
            action,
            why=why,
            before={"active": previous, "benches": benches},
            after={"active": after.active.provider if after.active else None, **what},
            undo=undo,
        )
        settle(ctx, after, why=why, moved_from=previous)
    return len(benches) + len(full)


def _families(provider: str, full: Sequence[ExhaustedWindow]) -> list[str]:
    """Under which names the release of a provider's family windows is kept."""
    return [health.family_key(provider, window.model_family or "") for window in full]


def _keep(ctx: Context, resting: Bench) -> health.Health:
    """Add the bench in place of one of the same key; ended ones are dropped."""

    def edit(old: health.Health) -> health.Health:
        others = tuple(
            b
            for b in old.benches
            if b.key != resting.key and (b.until is None or b.until > resting.since - benches.STRIKE_MEMORY)
        )
        return replace(old, benches=(*others, resting))

    new, _ = health.change(ctx.paths, edit)
    return new


def _without_blanks(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
