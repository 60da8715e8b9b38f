"""In which order providers are shown, their numbers, their words and their colours. Pure.

A number counts the providers that have a credential, in order of priority: the same number picks one in
the quick switch and names it in "served by". A colour belongs to a provider whatever the order is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pf_tui.catalog import Provider
from pf_tui.documents import provider_state, words
from pf_tui.records import record
from pf_tui.snapshot import ProviderView, Snapshot
from pf_tui.text.lines import SERIES, Span, cells, series_colour

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pf_tui.vocabulary import CredentialState

_VENDOR = re.compile(r"^(?:[a-z]{2,6}\.)?(?:anthropic|openai|google|meta|mistral|amazon)\.")
"""Who made it, before the family, as Bedrock writes it."""
_DATE = re.compile(r"(?:[-@:]20\d{6}|-20\d\d-\d\d-\d\d)(?:-v\d+(?::\d+)?)?$")

STATE_COLOURS = {
    "ready": "good",
    "warning": "warn",
    "limited": "warn",
    "exhausted": "bad",
    "benched": "warn",
    "no-credential": "muted",
    "disabled": "muted",
}
CREDENTIAL_COLOURS: Mapping[CredentialState, str] = {
    "present": "good",
    "expired": "warn",
    "unknown": "warn",
    "missing": "muted",
}


@record
class ListedProvider:
    """One provider in the list."""

    view: ProviderView
    number: int | None
    """From 1; None = cannot serve for want of a credential, disabled, or not in the list."""
    present: bool
    """There is something to show beside its name."""

    @property
    def id(self) -> str:
        """The provider's id."""
        return self.view.id


def lacks_credentials(snapshot: Snapshot) -> bool:
    """No provider has a credential: the list of providers is then what the screen is about."""
    return not any(view.credential.usable for view in snapshot.providers)


def listed_providers(snapshot: Snapshot) -> tuple[ListedProvider, ...]:
    """Who can serve by priority, then who could with a word from you, then the rest."""
    able, doubtful, absent = list[ProviderView](), list[ProviderView](), list[ProviderView]()
    for view in snapshot.providers:
        if view.rank is not None and not view.is_absent:
            able.append(view)
        elif view.credential.state != "missing" or view.limits or view.today.requests:
            doubtful.append(view)
        else:
            absent.append(view)
    return (
        *(
            ListedProvider(view=view, number=number, present=True)
            for number, view in enumerate(able, start=1)
        ),
        *(ListedProvider(view=view, number=None, present=True) for view in doubtful),
        *(ListedProvider(view=view, number=None, present=False) for view in absent),
    )


def colours(snapshot: Snapshot, also: Iterable[str] = ()) -> Mapping[str, str]:
    """The series colour of each provider that has a credential or use, in catalog order.

    Args:
        also: providers seen in the history.
    """
    ids = set(also)
    views = {view.id: view for view in snapshot.providers}
    order = [
        name
        for name in snapshot.catalog.providers
        if name in views and (views[name].credential.usable or views[name].month.requests or name in ids)
    ]
    order += sorted(ids - set(order) - {"unknown"})
    if len(order) > SERIES:  # those that were used have a colour first
        order.sort(key=lambda name: not (name in ids or (name in views and views[name].month.requests)))
    return {name: series_colour(index) for index, name in enumerate(order)}


def state_word(view: ProviderView) -> Span:
    """The state as one or two words; its colour says the same."""
    word = provider_state.state_word(view)
    colour = "warn" if word in ("expired", "unsure") else STATE_COLOURS[view.state]
    return Span(word, colour, bold=view.state in ("limited", "exhausted"))


def short_name(provider: str) -> str:
    """`anthropic-sub` for anthropic-subscription: where room is dear."""
    for long, short in (
        ("-subscription", "-sub"),
        ("-coding-plan", "-plan"),
        ("opencode-antigravity-auth", "oc-antigravity"),
    ):
        provider = provider.replace(long, short)
    return provider


def short_model(model: str) -> str:
    """`opus-5-5` for claude-opus-5-5: without its vendor and its date."""
    bare = _DATE.sub("", model.rpartition("/")[2])
    return _VENDOR.sub("", bare).removeprefix("claude-") or model


def cut_model(model: str, width: int) -> str:
    """A model's name in at most `width` cells: vendor and date go first, never the family."""
    if cells(model) <= width:
        return model
    bare = short_model(model)
    return bare if cells(bare) <= width else f"{bare[: max(width - 1, 1)]}…"


def auth_word(provider: Provider) -> str:
    """How one signs in, in a word of at most six letters."""
    return "acct" if provider.auth == "service_account" else words.auth(provider.auth)
