"""health.json: who is benched, why, until when and which observation said so.

Also what each agent was last set to (`agents`) and which provider serves which session (`sessions`).
It can be rebuilt, so a file we cannot read is set aside as *.corrupt-<time> and begun anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from pf_tui.errors import PfError, StateFileUnusable
from pf_tui.records import field, record, replace
from pf_tui.rules.benches import Bench, BenchKey, longest
from pf_tui.state import files
from pf_tui.state.clock import from_text, to_text
from pf_tui.state.paths import Paths
from pf_tui.state.secret import masked_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import SessionKey

VERSION = 2
"""2: a bench may be of a model family; a reader of 1 would rest the whole provider."""

MAX_SESSIONS = 200
"""The last sessions kept; older ones have long ended."""


@record
class AgentSetting:
    """What an agent was last set to."""

    provider: str
    since: datetime
    direct: str | None = None
    """Who served it last without the gateway, where its settings lead there; None = they do not."""
    gateway: str | None = None
    """The gateway's address as it stands in its settings; None = they do not lead there, or it is unknown."""


@record
class SessionServed:
    """Who serves one session of an agent, and since when."""

    provider: str
    since: datetime
    pin: str | None = None
    """The provider that the person moved this session to; it goes first there while it can serve."""


class SessionsByKey(Mapping[tuple[str, str], SessionServed]):
    """Sessions by agent and id; a record is made when it is asked for: 200 of them took a tenth of a hook."""

    def __init__(self, plain: object) -> None:
        self._plain: dict[str, object] = plain if isinstance(plain, dict) else {}
        self._records: dict[SessionKey, SessionServed] = {}

    def __getitem__(self, key: SessionKey) -> SessionServed:
        if key not in self._records:
            agent, session = key
            for name in (session, f"{agent}:{session}"):
                item = self._plain.get(name)
                if not isinstance(item, dict) or _session_key(name, item) != key:
                    continue
                if (entry := _session_from_json(item)) is not None:
                    self._records[key] = entry
        return self._records[key]

    def __iter__(self) -> Iterator[SessionKey]:
        for name, item in _objects(self._plain):
            key = _session_key(name, item)
            if key not in self._records and (entry := _session_from_json(item)) is not None:
                self._records[key] = entry
        return iter(dict(self._records))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __eq__(self, other: object) -> bool:
        return self is other or super().__eq__(other)

    __hash__ = None  # type: ignore[assignment] # as a dict


@record
class Repair:
    """Parts of a request that a provider refused, and that are left out there since."""

    provider: str
    model: str | None
    """None = all its models."""
    strip: tuple[str, ...]
    """Field paths ("store", "messages.name") and betas ("beta:NAME")."""
    since: datetime
    evidence: Mapping[str, object] = field(default_factory=dict)


@record
class Health:
    """What health.json says."""

    benches: tuple[Bench, ...] = ()
    agents: Mapping[str, AgentSetting] = field(default_factory=dict)
    sessions: Mapping[SessionKey, SessionServed] = field(default_factory=dict)
    resets: Mapping[str, datetime] = field(default_factory=dict)
    """Provider -> when today's counters were begun anew by hand."""
    released: Mapping[str, datetime] = field(default_factory=dict)
    """Provider, or `family_key`, -> when a person released it: windows that were full by then keep it from
    nothing, and what was asked by then counts no more when it fails."""
    repairs: tuple[Repair, ...] = ()

    def release_of(self, provider: str, family: str | None) -> datetime | None:
        """When a person released the provider, or the windows of that model family there, last."""
        moments = [self.released.get(provider)]
        if family is not None:
            moments.append(self.released.get(family_key(provider, family)))
        return max((moment for moment in moments if moment is not None), default=None)

    def bench_for(self, provider: str, model: str | None, now: datetime) -> Bench | None:
        """The bench that keeps `provider` from serving `model` now, the longest one; None when free."""
        holding = [bench for bench in self.benches if bench.covers(provider, model) and bench.holds(now)]
        return longest(holding) if holding else None


def family_key(provider: str, family: str) -> str:
    """The name in `released` of one model family's windows at a provider."""
    return f"{provider}/{family}"


def without_mended(health: Health, overlay: str) -> Health:
    """Health without what providers.yaml has mended: a wrong address rests until that file changes.

    Args:
        overlay: which writing of the file holds now (files.version_of).
    """
    benches = tuple(
        b for b in health.benches if b.kind != "address" or b.evidence.get("overlay", overlay) == overlay
    )
    return replace(health, benches=benches)


def read(paths: Paths) -> Health:
    """What is known. Raises StateFileUnusable; readers show it and go on with an empty Health."""
    content = files.read_json(paths.health)
    if content is None:
        return Health()
    _refuse_newer(paths, content)
    return _parse(content)


def change(paths: Paths, edit: Callable[[Health], Health]) -> tuple[Health, str | None]:
    """Apply `edit` under the lock; returns the new Health and a sentence if the file had to be begun anew.

    Unknown keys of the file, and of each bench, agent and session that stays, are kept.
    """
    with files.locked(paths):
        note = None
        try:
            content = files.read_json(paths.health) or {"version": VERSION}
        except StateFileUnusable as error:
            from pf_tui.state import unusable_files

            aside = unusable_files.set_aside(paths.health)
            if aside is None:
                raise
            content = {"version": VERSION}
            note = f"{error.message}; it was set aside as {aside.name} and begun anew"
        _refuse_newer(paths, content)
        old = _parse(content)
        new = edit(old)
        if new != old or note:
            files.write_json(paths.health, _merged(content, old, new))
        return new, note


def bench_to_json(bench: Bench) -> dict[str, object]:
    """The file's shape of one bench."""
    return {
        "scope": "model" if bench.model or bench.family else "provider",
        "provider": bench.provider,
        **({"model": bench.model} if bench.model else {}),
        **({"family": bench.family} if bench.family else {}),
        "kind": bench.kind,
        "since": to_text(bench.since),
        "until": to_text(bench.until) if bench.until else None,
        "source": bench.source,
        "evidence": masked_values(dict(bench.evidence)),
        "strikes": bench.strikes,
        **({"probed": to_text(bench.probed)} if bench.probed else {}),
    }


def bench_from_json(item: object) -> Bench | None:
    """One bench from the file; None when it makes no sense (it is then dropped at the next write)."""
    if not isinstance(item, dict):
        return None
    since, until, model = from_text(item.get("since")), item.get("until"), item.get("model")
    if not isinstance(item.get("provider"), str) or since is None:
        return None
    ends = from_text(until)
    if until is not None and ends is None:
        return None
    evidence, strikes = item.get("evidence"), item.get("strikes")
    family = item.get("family")
    narrow = item.get("scope") != "provider"
    return Bench(
        provider=item["provider"],
        model=model if isinstance(model, str) and narrow else None,
        family=family if isinstance(family, str) and family and narrow else None,
        kind=str(item.get("kind", "manual")),
        since=since,
        until=ends,
        source=str(item.get("source", "")),
        evidence=evidence if isinstance(evidence, dict) else {},
        strikes=strikes if isinstance(strikes, int) and not isinstance(strikes, bool) else 1,
        probed=from_text(item.get("probed")),
    )


def key_to_json(key: BenchKey) -> list[str | None]:
    """What the journal's undo calls a bench by; three words but for a model family's."""
    provider, model, kind, family = key
    return [provider, model, kind, *([family] if family else [])]


def key_from_json(words: object) -> BenchKey:
    """A bench's key out of the journal."""
    if not isinstance(words, list) or len(words) not in (3, 4):
        raise TypeError("a bench's key has three words or four")
    provider, model, kind, *family = words
    return provider, model, kind, family[0] if family else None


def _refuse_newer(paths: Paths, content: Mapping[str, object]) -> None:
    version = content.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise PfError(
            f"health.json has version {version}, this pf-tui knows {VERSION}; it is read-only here",
            f"update pf-tui; {paths.health} was left as it is",
        )


def _parse(content: Mapping[str, object]) -> Health:
    raw_benches = content.get("benches")
    benches = raw_benches if isinstance(raw_benches, list) else []
    return Health(
        benches=tuple(bench for item in benches if (bench := bench_from_json(item))),
        agents={
            agent: AgentSetting(
                provider=provider,
                since=since,
                direct=direct if isinstance(direct := item.get("direct"), str) else None,
                gateway=url if isinstance(url := item.get("gateway"), str) else None,
            )
            for agent, item in _objects(content.get("agents"))
            if isinstance(provider := item.get("applied"), str) and (since := from_text(item.get("since")))
        },
        sessions=SessionsByKey(content.get("sessions")),
        resets=_moments(content.get("resets")),
        released=_moments(content.get("released")),
        repairs=tuple(_repairs(content.get("repairs"))),
    )


def _session_key(name: str, item: Mapping[str, object]) -> SessionKey:
    """Whose session an entry is: it stands under its id, or under `agent:id` where two agents share one."""
    agent = str(item.get("agent", ""))
    return agent, name.removeprefix(f"{agent}:") if agent else name


def _session_from_json(item: Mapping[str, object]) -> SessionServed | None:
    provider, since, pin = item.get("provider"), from_text(item.get("since")), item.get("pin")
    if not isinstance(provider, str) or since is None:
        return None
    return SessionServed(provider=provider, since=since, pin=pin if isinstance(pin, str) else None)


def _repairs(value: object) -> Iterator[Repair]:
    for item in value if isinstance(value, list) else ():
        if not isinstance(item, dict):
            continue
        since, strip, model = from_text(item.get("since")), item.get("strip"), item.get("model")
        if not isinstance(item.get("provider"), str) or since is None or not isinstance(strip, list):
            continue
        evidence = item.get("evidence")
        yield Repair(
            provider=item["provider"],
            model=model if isinstance(model, str) else None,
            strip=tuple(part for part in strip if isinstance(part, str) and part),
            since=since,
            evidence=evidence if isinstance(evidence, dict) else {},
        )


def _moments(value: object) -> dict[str, datetime]:
    items = value.items() if isinstance(value, dict) else ()
    return {key: moment for key, text in items if (moment := from_text(text))}


def _objects(value: object) -> list[tuple[str, dict[str, object]]]:
    return (
        [(key, item) for key, item in value.items() if isinstance(item, dict)]
        if isinstance(value, dict)
        else []
    )


def _merged(content: dict[str, object], old: Health, health: Health) -> dict[str, object]:
    """`health` laid over the file's own object, so that keys we do not know stay.

    Args:
        old: what the file's own object says.
    """
    known_agents = dict(_objects(content.get("agents")))
    raw_benches = content.get("benches")
    known_benches = {
        bench.key: item
        for item in (raw_benches if isinstance(raw_benches, list) else [])
        if (bench := bench_from_json(item))
    }
    content["version"] = VERSION
    content["benches"] = [
        {**known_benches.get(bench.key, {}), **bench_to_json(bench)} for bench in health.benches
    ]
    content["agents"] = {
        agent: {
            **{
                key: value
                for key, value in known_agents.get(agent, {}).items()
                if key not in ("direct", "gateway")
            },
            "applied": setting.provider,
            "since": to_text(setting.since),
            **({"direct": setting.direct} if setting.direct else {}),
            **({"gateway": setting.gateway} if setting.gateway else {}),
        }
        for agent, setting in health.agents.items()
    }
    if health.sessions is not old.sessions:
        content["sessions"] = _sessions_to_json(content.get("sessions"), health.sessions)
    if health.resets or "resets" in content:
        content["resets"] = {provider: to_text(moment) for provider, moment in health.resets.items()}
    if health.released or "released" in content:
        content["released"] = {provider: to_text(moment) for provider, moment in health.released.items()}
    if health.repairs or "repairs" in content:
        content["repairs"] = [
            {
                "provider": repair.provider,
                "model": repair.model,
                "strip": list(repair.strip),
                "since": to_text(repair.since),
                "evidence": masked_values(dict(repair.evidence)),
            }
            for repair in health.repairs
        ]
    return content


def _sessions_to_json(entries: object, sessions: Mapping[SessionKey, SessionServed]) -> dict[str, object]:
    known_sessions = {_session_key(name, item): item for name, item in _objects(entries)}
    newest = sorted(sessions.items(), key=lambda pair: pair[1].since)
    pinned = [pair for pair in newest if pair[1].pin][-MAX_SESSIONS:]  # a person's word outlives traffic
    newest = [*[pair for pair in newest if not pair[1].pin][-MAX_SESSIONS:], *pinned]
    once = Counter(session for (_, session), _ in newest)
    return {
        session if once[session] == 1 else f"{agent}:{session}": {
            **{key: value for key, value in known_sessions.get((agent, session), {}).items() if key != "pin"},
            "agent": agent,
            "provider": session_served.provider,
            "since": to_text(session_served.since),
            **({"pin": session_served.pin} if session_served.pin else {}),
        }
        for (agent, session), session_served in newest
    }
