"""One view of the state files: who may serve which request, in which order, at which cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from pf_tui.catalog import Catalog
from pf_tui.documents import words
from pf_tui.gateway import routing
from pf_tui.gateway.body import Request
from pf_tui.gateway.cloud_auth import Signer
from pf_tui.gateway.routing import Candidates, Route
from pf_tui.gateway.settings import Limits, Settings
from pf_tui.rules.eligibility import Eligibility, ExhaustedWindow
from pf_tui.snapshot import Snapshot
from pf_tui.state.secret import Secret

MOST_CANDIDATES = 256

Stamps = tuple[object, ...]


class RoutingPlan:
    """One view of the files; candidates are laid out once per kind of request."""

    def __init__(
        self,
        now: Snapshot,
        keys: Mapping[str, Secret],
        settings_: Settings,
        spill: frozenset[str],
        stamps: Stamps,
        epoch: int,
        full_windows: Mapping[str, tuple[ExhaustedWindow, ...]] | None = None,
        signers: Mapping[str, Signer] | None = None,
    ) -> None:
        self.signers = signers or {}
        self.catalog: Catalog = now.catalog
        self.settings = settings_
        self.keys = keys
        self.stamps = stamps
        self.epoch = epoch
        """Changes whenever the order of providers does: a switch by hand moves every session."""
        self.auto_switch = now.auto_switch
        self.return_when = now.config.return_when
        self.classes = now.config.classes
        """Request class -> where the person sends it; mostly empty."""
        eligibilities = [now.eligibility_of(name) for name in now.priority if name in now.catalog.providers]
        self.eligibilities: tuple[Eligibility, ...] = tuple(
            eligibilities if now.auto_switch else eligibilities[:1]
        )
        self.first = eligibilities[0].provider if eligibilities and now.has_own_order else None
        """The first of the person's own list goes first whenever it can serve."""
        self.follows: RoutingPlan | None = None
        """For a project: the shared plan it was read after; another one means reading again."""
        self.full_windows = full_windows
        """For a project, whose budgets may be lower: what is used up there; None = what is for everybody."""
        self.release_times: Mapping[str, datetime] = {}
        """When a person released whom, as the windows were read."""
        self.last_resort = spill
        """Providers past the switch threshold: new sessions begin elsewhere."""
        self._candidates: dict[tuple[object, ...], Candidates] = {}
        self._limits: dict[tuple[str, float], Limits] = {}
        self._names: dict[str, tuple[str, str]] = {}

    def candidates(
        self, request: Request, *, bearer: bool, larger_than: int = 0, allowed: str | None = None
    ) -> Candidates:
        """The routes for a request of this kind, in order of priority.

        Args:
            allowed: a provider the person chose for this request: it may cost money.
        """
        key = (
            request.path,
            request.query,
            request.model,
            request.agent,
            bearer,
            larger_than,
            request.tokens >> 12,
            request.media.pictures,
            request.stream,
            allowed,
        )
        candidates = self._candidates.get(key)
        if candidates is None:
            if len(self._candidates) >= MOST_CANDIDATES:
                self._candidates.clear()
            candidates = self._candidates[key] = routing.candidates(
                request,
                self.eligibilities,
                self.catalog,
                self.keys,
                bearer=bearer,
                larger_than=larger_than,
                first=self.first,
                signers=self.signers,
                allowed=allowed,
            )
        return candidates

    def limits_of(self, route: Route) -> Limits:
        """How long that provider may be silent with that model."""
        key = (route.provider, route.silence_s)
        limits = self._limits.get(key)
        if limits is None:
            limits = self._limits[key] = self.settings.limits_of(*key)
        return limits

    def prompt_cost(self, route: Route, tokens: int) -> str:
        """What reading a prompt anew costs, in words."""
        if route.plan:
            return "which the plan covers"
        entry = self.catalog.models.get(route.model)
        price = entry.price if entry is not None else None
        if price is None:
            return "at an unknown price"
        return f"about {words.money(tokens * price.input / 1_000_000)}"

    def family_of(self, model: str) -> str:
        """The vendor of the model an agent asked for; the first word of a name nobody knows."""
        return self._names_of(model)[1]

    def id_of(self, model: str) -> str:
        """The catalog's id of a model an agent asked for; the name itself when nobody knows it."""
        return self._names_of(model)[0]

    def _names_of(self, model: str) -> tuple[str, str]:
        names = self._names.get(model)
        if names is None:
            entry = self.catalog.find_model(model)
            names = (entry.id, entry.family) if entry is not None else (model, model.partition("-")[0])
            self._names[model] = names
        return names
