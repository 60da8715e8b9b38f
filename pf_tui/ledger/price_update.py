"""The published price table: how old it is, and a newer one when the person asks for it.

Invariant: the network is touched by `update` alone; everything else reads what came with the program
or what an update left beside the ledger, where `prices` finds it.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

from pf_tui.errors import PfError
from pf_tui.ledger.pricetable import MOST_TABLE_BYTES, NEWER_PRICES, library
from pf_tui.records import record
from pf_tui.regular_files import read_regular
from pf_tui.state import files
from pf_tui.state.paths import Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import Provider as Vendor

TIMEOUT_S = 20.0
LEAST_PROVIDERS = 10
"""A table with fewer is no price table: the answer of a hotel's login page, or half a file."""

MOST_BYTES = 32 * 1024 * 1024
"""Of a price table, unpacked; the published one has three."""


@record
class PriceState:
    """Which published prices are used."""

    source: str
    version: str
    """Of the package the table came with."""
    newest: date | None
    """The latest day, not after today, on which a price in it changed."""
    providers: int
    models: int
    updated_at: datetime | None = None
    """When it was fetched; None = it came with the program."""


def published(paths: Paths, now: datetime) -> PriceState:
    """How old the table is that prices come from now."""
    from importlib.metadata import version

    published_prices, updated_at = _current(paths.home / NEWER_PRICES)
    days = (day for provider in published_prices.providers for day in _days(provider) if day <= now.date())
    return PriceState(
        source="genai-prices",
        version=version("genai-prices"),
        newest=max(days, default=None),
        providers=len(published_prices.providers),
        models=sum(len(provider.models) for provider in published_prices.providers),
        updated_at=updated_at,
    )


def update(paths: Paths, url: str | None = None) -> None:
    """Fetch the newest table and keep it beside the ledger.

    Raises:
        PfError: no network, or what came is no price table; the old one stays.
    """
    from genai_prices.update_prices import DEFAULT_UPDATE_URL

    answer = _fetched(url or DEFAULT_UPDATE_URL)
    with files.locked(paths):
        files.write_bytes(paths.home / NEWER_PRICES, json.dumps(answer, separators=(",", ":")).encode())


def _fetched(url: str) -> list[object]:
    """The table as it was sent, checked by the package that will read it."""
    from genai_prices.update_prices import UpdatePrices

    class RecordingUpdater(UpdatePrices):
        """The package's updater; it keeps what was sent, because a table outlives this process."""

        published_document: list[object] = []  # noqa: RUF012 - set anew, never added to

        def fetch(self) -> DataSnapshot:
            import httpx2

            content = bytearray()
            with httpx2.stream("GET", self.url, timeout=TIMEOUT_S) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise ValueError("larger than any price table")
            self.published_document = json.loads(content)
            return _parsed(self.published_document)

    updater = RecordingUpdater(url=url)
    host = url.split("/")[2] if "://" in url else url
    try:
        snapshot = updater.fetch()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _no_table(host) from error
    except Exception as error:
        if not isinstance(error, OSError) and not type(error).__module__.startswith("httpx"):
            raise
        status = getattr(getattr(error, "response", None), "status_code", None)
        raise PfError(
            f"{host} gave no prices ({f'HTTP {status}' if status else 'no connection'}); the old ones stay",
            "try again when there is a network",
        ) from error
    if len(snapshot.providers) < LEAST_PROVIDERS:
        raise _no_table(host)
    return updater.published_document


def _no_table(host: str) -> PfError:
    return PfError(
        f"{host} answered with something that is no price table; the old one stays", "try again later"
    )


def _current(newer: Path) -> tuple[DataSnapshot, datetime | None]:
    """The table in use, and when it was fetched if it was."""
    from genai_prices.data_snapshot import get_snapshot

    package_prices = library()
    newer_identity, bundled = (
        files.identity(newer),
        files.identity(package_prices) if package_prices else None,
    )
    if newer_identity is None or (bundled is not None and newer_identity[0] <= bundled[0]):
        return get_snapshot(), None
    try:
        return _parsed(json.loads(read_regular(newer, MOST_TABLE_BYTES))), datetime.fromtimestamp(
            newer_identity[0] / 1e9, UTC
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return get_snapshot(), None


def _parsed(providers: object) -> DataSnapshot:
    """The package's own reading of its published form; it has no public name for that."""
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import _providers_from_raw

    if not isinstance(providers, list):
        raise TypeError(type(providers).__name__)
    return DataSnapshot(_providers_from_raw(providers), from_auto_update=True)


def _days(provider: Vendor) -> list[date]:
    """The days on which this provider's prices changed."""
    return [
        day
        for model in provider.models
        if isinstance(model.prices, list)
        for price in model.prices
        if (day := getattr(price.constraint, "start_date", None))
    ]
