"""A logged request as a row of the ledger: names interned, provider attributed, cost worked out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from pf_tui.catalog import Catalog
from pf_tui.clients import CLIENTS
from pf_tui.ingest.observed import LoggedRequest
from pf_tui.ledger import rows as ledger_rows
from pf_tui.ledger.layout import NAME
from pf_tui.records import NamedTuple
from pf_tui.rules.pricing import raw_cost_usd

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.ingest.attribution import Attribution
    from pf_tui.ledger.prices import Pricer
    from pf_tui.ledger.pricetable import DatedPrices
    from pf_tui.ledger.rows import PlainRow, Row

SOURCES: Mapping[str, str] = {client.id: client.log_source for client in CLIENTS.values()}


class _Usual(NamedTuple):
    """What most requests of an agent with one model have in common."""

    provider: int
    model: int
    served_model: int | None
    cost: float | None
    """Of a request without tokens."""
    basis: int
    dated: DatedPrices
    attribution: str


class RowMaker:
    """Makes rows; what requests have in common is worked out once."""

    def __init__(
        self,
        names: ledger_rows.Names,
        catalog: Catalog,
        pricer: Pricer,
        attribution: Callable[[str], Attribution],
    ) -> None:
        from pf_tui.ledger.repricing import cost_of  # with the price library's part; hooks need `row` alone

        self._cost_of = cost_of
        self._names = names
        self._catalog = catalog
        self._pricer = pricer
        self._attribution = attribution
        self.root: int | None = None
        """The agent's folder that the logs lie in, interned."""
        self.constant: set[str] = set()
        """Message ids that more than one request has: each of those is looked at by itself."""
        self._models: dict[str, str] = {}
        self._by_agent: dict[str, Attribution] = {}
        self._who: dict[tuple[str, str], tuple[str, str]] = {}
        self._usual: dict[tuple[str, str, str | None, str | None], _Usual | None] = {}

    def row(self, agent: str, request: LoggedRequest) -> Row:
        """A request as a whole row."""
        provider, attribution = self.provider(agent, request.provider, request.ts, request.model)
        model = self._model(request.model)
        tokens = ledger_rows.priced_counts_of(request)
        cost, basis = self._cost_of(self._pricer, provider, request.model, request.ts, tokens, request.mode)
        if cost is None and request.reported_usd:
            cost, basis = request.reported_usd, "reported"
        return row(self._names, agent, request, (provider, attribution), model, (cost, basis), self.root)

    def plain(
        self, agent: str, requests: Iterable[LoggedRequest]
    ) -> tuple[dict[str, list[PlainRow]], list[ledger_rows.Row]]:
        """Many requests: plain rows by how their provider is known, and whole rows of those that are not plain."""
        names, timeline, usual = self._names, self._facts(agent).timeline, self._usual
        plain: dict[str, list[PlainRow]] = defaultdict(list)
        others: list[ledger_rows.Row] = []
        where: tuple[str, str] | None = None  # neighbours are of one session, mostly
        session_number = project_number = 0
        for request in requests:
            (number, ts, session, project, model, input_total, output_total, thought, cached, five, hour, searches, request_id,
             message_id, aside, mode, failure, latency, ttft, named_provider, usd_in_log) = request  # fmt: skip
            key = (agent, model, named_provider, timeline.at(ts) if timeline else None)
            if key not in usual:
                usual[key] = self._usually(agent, request)
            usual_provider = usual[key]
            ascii_ids = ((request_id or "") + (message_id or "")).isascii()
            odd = mode or failure or (self.constant and message_id in self.constant)
            if usual_provider is None or odd or not (ascii_ids and latency is ttft is usd_in_log is None):
                others.append(self.row(agent, request))
                continue
            if (session, project) != where:
                where = (session, project)
                session_number, project_number = names(session), names(project)
            provider, model_number, served_model, cost, basis, dated, attribution = usual_provider
            if input_total or output_total or cached or five or hour or searches:
                if (prices := dated.at(ts)) is None:
                    cost, basis = None, NAME["unpriced"]
                else:
                    cost = raw_cost_usd(prices, input_total, output_total, cached, five, hour, searches)
            plain[attribution].append(
                (number, ts, session_number, project_number, provider, model_number, served_model, input_total, output_total,
                 thought, cached, five, hour, searches, cost, basis, request_id, message_id, aside)
            )  # fmt: skip
        return plain, others

    def provider(self, agent: str, word: str | None, ts: int, model: str = "") -> tuple[str, str]:
        """(provider, how it is known)

        Args:
            word: the agent's own for who served; None = it does not say.
            model: "" = of no model.
        """
        facts = self._facts(agent)
        if word and (provider := facts.provider_called(word)):
            return provider, "agent"
        if then := facts.timeline.at(ts):
            return then, "timeline"
        if word and word != "openai" and agent == "codex":
            return "unknown", "assumed"  # a provider of the person's own that we cannot place
        key = (agent, model)
        if key not in self._who:
            self._who[key] = (self._assumed(facts.assumed, model), "assumed")
        return self._who[key]

    def _usually(self, agent: str, request: LoggedRequest) -> _Usual | None:
        """What requests like this one have in common; None when each must be looked at."""
        provider, attribution = self.provider(agent, request.provider, request.ts, request.model)
        dated = self._pricer.dated(provider, request.model)
        if dated is None:
            return None
        model = self._model(request.model)
        names = self._names
        return _Usual(
            names(provider),
            names(model),
            names(request.model) if request.model and request.model != model else None,
            0.0,
            NAME[self._pricer.basis(provider)],
            dated,
            attribution,
        )

    def _facts(self, agent: str) -> Attribution:
        if agent not in self._by_agent:
            self._by_agent[agent] = self._attribution(agent)
        return self._by_agent[agent]

    def _assumed(self, provider: str, model: str) -> str:
        """The agent's login, unless that never served such a model."""
        entry = self._catalog.find_model(model) if model and provider != "unknown" else None
        if entry is not None and provider in self._catalog.providers and provider not in entry.providers:
            return "unknown"
        return provider

    def _model(self, name: str) -> str:
        if name not in self._models:
            model = self._catalog.find_model(name) if name else None
            self._models[name] = model.id if model is not None else name or "unknown"
        return self._models[name]


def row(
    names: ledger_rows.Names,
    agent: str,
    request: LoggedRequest,
    who: tuple[str, str],
    model: str,
    cost: tuple[float | None, str],
    root: int | None = None,
) -> Row:
    """A logged request as a ledger row.

    Args:
        who: provider and how it is known.
        model: the catalog's id, else the raw name.
        cost: USD and its basis.
        root: the number of the agent's folder.
    """
    provider, attribution = who
    return ledger_rows.of(
        names,
        request,
        number=request.id,
        ts_ms=request.ts,
        agent=agent,
        source=SOURCES[agent],
        provider=provider,
        attribution=attribution,
        model=model,
        served_model=request.model,
        cost=cost,
        root=root,
    )
