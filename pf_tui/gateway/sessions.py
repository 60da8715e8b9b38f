"""Where each session is served, and whose reasoning its history holds.

A warm prompt cache is money: a session stays where it is until that fails, until the person switches,
or until the cache is cold anyway. In memory; health.json keeps who serves whom for a restart.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime

from pf_tui.gateway.body import Request, signature_of
from pf_tui.gateway.routing import Route

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import SessionKey

MOST = 1000
"""Sessions remembered; the longest unused is forgotten first."""

MOST_SIGNATURES = 2000
"""Of one session: more blocks than any window holds."""


class Session:
    """One conversation."""

    __slots__ = ("agent", "epoch", "life_s", "makers", "provider", "used_s", "waits_until")

    def __init__(self, agent: str | None, provider: str | None = None) -> None:
        self.agent = agent
        self.provider = provider
        """Who served last; None = nobody yet."""
        self.epoch = 0
        """Which order of providers that was under: a switch by hand ends the stay."""
        self.used_s = 0.0
        self.life_s = 0.0
        self.makers: dict[int, str] = {}
        """Reasoning block -> family of the model that made it."""
        self.waits_until: datetime | None = None
        """Its client asks again until then; None = it does not wait."""

    def stays_with(self, request: Request, epoch: int, now_s: float, *, for_ever: bool = False) -> str | None:
        """The provider whose cache is warm for this request; None when moving costs nothing.

        Args: for_ever: whether its cache is warm or not.
        """
        if self.provider is None or self.epoch != epoch or (request.cache_void and not for_ever):
            return None
        if for_ever:
            return self.provider
        life_s = max(self.life_s, request.cache_life_s)
        return self.provider if now_s - self.used_s <= life_s else None

    def served_by(self, route: Route, request: Request, epoch: int, now_s: float) -> None:
        """Note who served, and until when that cache is warm."""
        self.provider, self.epoch = route.provider, epoch
        self.used_s, self.life_s = now_s, request.cache_life_s

    def remember(self, signature: str, family: str) -> None:
        """Note who made a reasoning block."""
        if len(self.makers) >= MOST_SIGNATURES:
            del self.makers[next(iter(self.makers))]
        self.makers[hash(signature)] = family

    def is_mixed(self, family: str, asked_family: str) -> bool:
        """The history may hold reasoning that `family` did not make."""
        if family != asked_family:
            return True
        return bool(self.makers) and any(maker != family for maker in self.makers.values())

    def is_foreign(self, block: Mapping[str, object], family: str, asked_family: str) -> bool:
        """True when `family` did not make this reasoning block.

        A block nobody saw made is the asked model's own: its agent got it before we ran.
        """
        signature = signature_of(block)
        if signature is None:
            return family != asked_family or bool(self.makers)
        return self.makers.get(hash(signature), asked_family) != family


class Sessions:
    """All conversations, the latest used last."""

    def __init__(
        self, sessions: Mapping[SessionKey, str] | None = None, epoch: int = 0, now_s: float = 0.0
    ) -> None:
        """Args: sessions: session -> provider from before a restart, as if used at `now_s`."""
        self._all: OrderedDict[tuple[str | None, str], Session] = OrderedDict()
        for (agent, name), provider in (sessions or {}).items():
            session = self._all[agent, name] = Session(agent, provider)
            session.epoch, session.used_s = epoch, now_s

    def of(self, request: Request, lane: str = "") -> Session:
        """The session of a request; a new one for a request that names none.

        Args:
            lane: a request class that is served elsewhere: it has a cache and a place of its own.
        """
        if request.session is None:
            return Session(request.agent)
        key = (request.agent, f"{request.session} {lane}" if lane else request.session)
        session = self._all.get(key)
        if session is None:
            session = self._all[key] = Session(request.agent)
            if len(self._all) > MOST:
                self._all.popitem(last=False)
        else:
            self._all.move_to_end(key)
        return session
