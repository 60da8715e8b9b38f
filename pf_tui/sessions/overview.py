"""Every session of every agent on this machine: the one function that all faces ask.

A face that looks again and again keeps its `Watch`: then only what changed is read, about 4 ms of CPU for 200
sessions. Invariant: a session that vanished while it was watched is shown as ended for an hour, and a process
whose session got another id (/clear) is one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module

from pf_tui.catalog import Catalog
from pf_tui.clients import CLIENTS, INTEGRATED
from pf_tui.errors import PfError
from pf_tui.records import replace
from pf_tui.sessions import by_evidence, evidence
from pf_tui.sessions.evidence import ENDED, Evidence
from pf_tui.sessions.folding import folded
from pf_tui.sessions.merging import with_evidence, with_gateway
from pf_tui.sessions.money import Money
from pf_tui.sessions.processes import Processes
from pf_tui.sessions.providers import GatewayView, Providers, is_behind, provider_of
from pf_tui.sessions.records import STATES, Draft, Session, Signals, Stamp
from pf_tui.sessions.states import ENDED_FOR, SKEW, decide
from pf_tui.sessions.text import clean
from pf_tui.sessions.work_folders import WorkFolder, WorkFolders
from pf_tui.state import files, gateway, resumes
from pf_tui.state.context import Context
from pf_tui.state.health import Health
from pf_tui.state.paths import Paths

MINUTE = timedelta(minutes=1)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # Any: collectors, which are modules with one class each

    from pf_tui.clients import AgentId
    from pf_tui.sessions.records import By
    from pf_tui.vocabulary import SessionKey


class Watch:
    """What one face remembers between two looks; not shared between threads."""

    def __init__(self, ctx: Context, processes: Processes | None = None) -> None:
        self.processes = processes or Processes()
        self.collectors = [_collector(agent) for agent in INTEGRATED]
        self.evidence = evidence.Store(ctx.paths)
        self.work_folders = WorkFolders()
        self.money = Money(ctx.paths)
        self._catalog: tuple[Catalog, Providers] | None = None
        self._health: tuple[object, Health] = (None, Health())
        self.last_sessions: dict[SessionKey, tuple[tuple[object, ...], object, Session]] = {}
        """What a session was made of, by whom the gateway had it served, and the session."""
        self._merged_drafts: dict[SessionKey, tuple[Draft, tuple[object, ...], Draft]] = {}
        self._resume_times: tuple[object, Mapping[SessionKey, datetime]] = (None, {})
        self._windows: dict[tuple[str, str | None], int | None] = {}
        self._living: dict[SessionKey, Draft] = {}
        self._ended_drafts: dict[SessionKey, Draft] = {}
        self._noticed: dict[SessionKey, datetime] = {}

    def providers(self, catalog: Catalog) -> Providers:
        """The catalog's providers by address and by agents' words."""
        if self._catalog is None or self._catalog[0] is not catalog:
            self._catalog = (catalog, Providers(catalog))
            self._windows.clear()
        return self._catalog[1]

    def health(self, ctx: Context) -> Health:
        """health.json, read when it changed; one that cannot be used says nothing here."""
        stamp = files.identity(ctx.paths.health)
        if stamp != self._health[0]:
            try:
                self._health = (stamp, ctx.health())
            except PfError:
                self._health = (stamp, Health())
        return self._health[1]

    def window(self, model: str, provider: str | None, catalog: Catalog) -> int | None:
        """A model's context window in tokens, by the catalog."""
        key = (model, provider)
        if key not in self._windows:
            entry = catalog.find_model(model, provider)
            self._windows[key] = entry.context if entry else None
        return self._windows[key]

    def merge(self, draft: Draft, of_hooks: Mapping[SessionKey, Evidence], view: GatewayView) -> Draft:
        """The draft with what hooks and gateway know of it; the same object while none of them says more."""
        key = (draft.agent, draft.id)
        inputs = (of_hooks.get(key), view.request(draft), view.last_served(draft))
        earlier = self._merged_drafts.get(key)
        if earlier is not None and earlier[0] is draft and earlier[1] == inputs:
            return earlier[2]
        full_draft = with_gateway(with_evidence(draft, inputs[0]), inputs[1], inputs[2])
        self._merged_drafts[key] = (draft, inputs, full_draft)
        return full_draft

    def resume_times(self, paths: Paths) -> Mapping[SessionKey, datetime]:
        """Sessions that are to go on at the reset, read when the file changed."""
        stamp = files.identity(paths.resumes)
        if stamp != self._resume_times[0]:
            self._resume_times = (stamp, resumes.read(paths) if stamp else {})
        return self._resume_times[1]

    def forget(self, present: set[SessionKey]) -> None:
        """Keep nothing of sessions that are there no more."""
        for entries in (self._merged_drafts, self.last_sessions):
            for key in entries.keys() - present:
                del entries[key]

    def remember(self, drafts: Iterable[Draft], now: datetime) -> list[Draft]:
        """The drafts with those that ended since the last look, which nothing else tells of any more."""
        present: dict[SessionKey, Draft] = {(draft.agent, draft.id): draft for draft in drafts}
        living: dict[SessionKey, Draft] = {
            key: draft for key, draft in present.items() if draft.signals.life in ("alive", "unsure")
        }
        processes = {(draft.agent, draft.pid) for draft in living.values()}
        for key, draft in self._living.items():
            process = self.processes.at(draft.pid) if draft.pid is not None else None
            if key in living or (draft.agent, draft.pid) in processes or process is not None:
                continue  # it goes on, or its process has begun another session or put it in the background
            self._noticed[key] = now
            if key not in present and not by_evidence.is_nameless(draft):
                self._ended_drafts[key] = replace(
                    draft, signals=_over(draft.signals, now), children=(), focus=None
                )
        for key in [key for key, at in self._noticed.items() if key in living or abs(now - at) > ENDED_FOR]:
            del self._noticed[key]
            self._ended_drafts.pop(key, None)
        self._living = living
        drafts_out = [
            _ended_at(draft, self._noticed[key]) if key in self._noticed else draft
            for key, draft in present.items()
        ]
        return [*drafts_out, *(draft for key, draft in self._ended_drafts.items() if key not in present)]


def overview(ctx: Context, watch: Watch | None = None) -> tuple[Session, ...]:
    """Every session that runs or ended within the last hour: running ones first, then the newest first.

    Args:
        watch: what an earlier call read; without it everything is read anew.
    """
    watch = watch or Watch(ctx)
    now = ctx.now()
    watch.processes.look(ctx.env.get("HOME"))
    of_hooks = watch.evidence.all()
    drafts = [
        draft
        for collector in watch.collectors
        for draft in collector.sessions(ctx.env, watch.processes, now, of_hooks)
    ]
    drafts += _ended_by_hook(drafts, of_hooks, now)
    view = GatewayView(gateway.read(ctx.paths))
    drafts = folded([watch.merge(draft, of_hooks, view) for draft in watch.remember(drafts, now)])
    watch.money.look([(draft.agent, draft.id) for draft in drafts], now)
    watch.work_folders.look()
    maker = _SessionBuilder(ctx, watch, view, of_hooks, now)
    resume_times = watch.resume_times(ctx.paths)
    sessions = [_with_resume_time(maker.session(draft), resume_times) for draft in drafts]
    watch.forget({(draft.agent, draft.id) for draft in drafts})
    visible_sessions = [
        session for session in sessions if session.state != "ended" or now - session.observed_at <= ENDED_FOR
    ]
    return tuple(sorted(visible_sessions, key=lambda session: _order(session, now)))


def _collector(agent: AgentId) -> Any:
    """The agent's own collector; without one, hooks' evidence and processes tell of its sessions."""
    try:
        return import_module(f"pf_tui.sessions.{CLIENTS[agent].module}").Collector()
    except ModuleNotFoundError:
        return by_evidence.Collector(agent)


class _SessionBuilder:
    """Makes sessions of drafts, with what all of them share."""

    def __init__(
        self,
        ctx: Context,
        watch: Watch,
        view: GatewayView,
        of_hooks: Mapping[SessionKey, Evidence],
        now: datetime,
    ) -> None:
        self._watch, self._view, self._evidence, self._now = watch, view, of_hooks, now
        self._providers = watch.providers(_catalog(ctx))
        self._health = watch.health(ctx)

    def session(self, draft: Draft) -> Session:
        """One session with its children; the one made before while nothing about it changed."""
        watch, key = self._watch, (draft.agent, draft.id)
        work_folder = watch.work_folders.of(draft.cwd) if draft.cwd else None
        inputs = (draft, work_folder, watch.money.version, self._health, self._providers)
        request = self._view.request(draft)
        gateway_facts = (
            request and (request.provider, request.model),
            self._view.last_served(draft),
            self._view.port,
        )
        record = watch.last_sessions.get(key)
        if (
            record is not None
            and all(old is new for old, new in zip(record[0], inputs, strict=True))
            and record[1] == gateway_facts
        ):
            return record[2]
        session = self._make(draft, work_folder)
        if not draft.children and _is_timeless(draft, self._now):
            watch.last_sessions[key] = (inputs, gateway_facts, session)
        return session

    def _make(self, draft: Draft, work_folder: WorkFolder | None) -> Session:
        now, cost = self._now, self._watch.money.of((draft.agent, draft.id))
        session_evidence = self._evidence.get((draft.agent, draft.id))
        provider, provider_by, model_sent = provider_of(
            draft, session_evidence, cost, self._providers, self._view, self._health
        )
        decision = decide(self._with_bench(draft.signals, provider), now)
        model = (
            model_sent
            or draft.model
            or (session_evidence.model if session_evidence else None)
            or (cost.model if cost else None)
        )
        tokens, percent = self._context(draft, session_evidence, model, provider)
        usd = cost.cost_usd if cost else None
        return Session(
            id=draft.id,
            agent=draft.agent,
            project=clean(work_folder.project) if work_folder else None,
            worktree=clean(work_folder.worktree) if work_folder and work_folder.worktree else None,
            branch=clean(work_folder.branch) if work_folder and work_folder.branch else None,
            cwd=clean(draft.cwd) if draft.cwd else None,
            state=decision.state,
            by=decision.by,
            observed_at=min(decision.at, now),
            guess=decision.guess,
            waiting_for=decision.waiting_for,
            limited_until=decision.limited_until,
            provider=clean(provider) if provider else None,
            provider_by=provider_by,
            behind_gateway=is_behind(draft, session_evidence, self._view),
            model=clean(model) if model else None,
            context_tokens=tokens,
            context_percent=percent,
            cost_usd=usd if usd is not None else draft.cost_usd,
            cost_per_hour=cost.last_hour_usd if cost else None,
            window_share=self._watch.money.share((draft.agent, draft.id), provider),
            started=draft.started if draft.started and draft.started <= now + SKEW else None,
            last_activity=min(draft.last_activity, now) if draft.last_activity else None,
            parent=draft.parent,
            pid=draft.pid,
            background=draft.background,
            focus=None if decision.elsewhere or decision.state == "ended" else draft.focus,
            elsewhere=decision.elsewhere,
            killed=decision.killed,
            agent_type=draft.agent_type,
            children=tuple(self._child(child, provider, provider_by) for child in draft.children),
        )

    def _child(self, draft: Draft, provider: str | None, provider_by: By | None) -> Session:
        """A subagent: its requests go where its session's go, unless something says otherwise."""
        session = self.session(draft)
        return session if session.provider else replace(session, provider=provider, provider_by=provider_by)

    def _with_bench(self, signals: Signals, provider: str | None) -> Signals:
        """A limit without an end lasts as long as its provider is benched; a rounded end is made exact.

        Where nothing tells the exact end, a limit told in whole minutes lasts until that minute is over.
        """
        limit = signals.limit
        if limit is None:
            return signals
        ends = [
            bench.until
            for bench in self._health.benches
            if bench.until and bench.provider == provider and bench.holds(self._now)
        ]
        if (limit_end := limit.until) is not None:  # agents write the minute, headers the second
            if signals.refused and signals.refused.until:
                ends.append(signals.refused.until)
            ends = [end for end in ends if limit_end < end and end - limit_end < MINUTE]
            if not ends and limit.whole_minute:
                ends = [limit_end + MINUTE]
        return replace(signals, limit=replace(limit, until=max(ends))) if ends else signals

    def _context(
        self, draft: Draft, of_hook: Evidence | None, model: str | None, provider: str | None
    ) -> tuple[int | None, float | None]:
        """(tokens, percent of the window); the client's own window before the catalog's."""
        context = (of_hook.context if of_hook else None) or {}
        tokens = draft.context_tokens if draft.context_tokens is not None else _whole(context.get("tokens"))
        window = draft.context_window or _whole(context.get("window"))
        if window is None and model:
            window = self._watch.window(model, provider, self._providers.catalog)
        if tokens is None or not window:
            return tokens, None
        return tokens, round(100 * tokens / window, 1)


def _ended_by_hook(
    drafts: Iterable[Draft], of_hooks: Mapping[SessionKey, Evidence], now: datetime
) -> list[Draft]:
    """Sessions that only their last hook still tells of, unless their process has begun another one."""
    present = {(draft.agent, draft.id) for draft in drafts}
    running = {(draft.agent, draft.pid) for draft in drafts if draft.signals.life == "alive"}
    drafts_out = []
    for key, item in of_hooks.items():
        at = datetime.fromtimestamp(item.at, UTC)
        late = abs(now - at) > ENDED_FOR
        if (
            item.event not in ENDED
            or item.agent not in CLIENTS
            or late
            or key in present
            or (item.agent, item.pid) in running
            or item.parent
        ):
            continue
        drafts_out.append(
            Draft(
                id=item.id,
                agent=item.agent,
                signals=Signals(life="gone", ended=Stamp(by="hook", at=at)),
                cwd=item.cwd,
                pid=item.pid,
                last_activity=at,
            )
        )
    return drafts_out


def _with_resume_time(session: Session, resume_times: Mapping[SessionKey, datetime]) -> Session:
    at = resume_times.get((session.agent, session.id))
    return session if at is None else replace(session, resumes_at=at)


def _ended_at(draft: Draft, at: datetime) -> Draft:
    """The draft of a session whose end was seen; what is dated later was dated by another clock."""
    ended = draft.signals.ended
    if ended is not None and ended.at > at:
        ended = replace(ended, at=at)
    return replace(draft, signals=replace(draft.signals, ended=ended, last_change=at))


def _over(signals: Signals, now: datetime) -> Signals:
    """Of a session whose process or registry entry is gone: killed when it was at work and said nothing."""
    quiet = signals.busy is None and signals.waiting is None
    idle = Stamp(by=signals.idle.by if signals.idle else "process", at=now) if quiet else None
    return Signals(life="gone", ended=idle, last_change=now)


def _is_timeless(draft: Draft, now: datetime) -> bool:
    """Whether its session stays as it is however late it gets, until its evidence changes."""
    signals = draft.signals
    stamps = (signals.ended, signals.busy, signals.idle, signals.waiting)
    return (
        signals.life != "foreign"
        and not (signals.limit or signals.retry or signals.refused or signals.unfinished)
        and all(stamp is None or stamp.at <= now for stamp in stamps)
        and (draft.last_activity is None or draft.last_activity <= now)
        and (signals.last_change is None or signals.last_change <= now)
    )


def _order(session: Session, now: datetime) -> tuple[bool, float, str]:
    start = session.started or session.last_activity or now
    return (session.state == STATES[-1], -start.timestamp(), session.id)


def _catalog(ctx: Context) -> Catalog:
    try:
        return ctx.catalog()
    except PfError:  # a broken providers.yaml is told elsewhere; names and windows come from our own then
        from pf_tui import catalog

        return catalog.load()


def _whole(value: float | None) -> int | None:
    return int(value) if value is not None and value >= 0 else None
