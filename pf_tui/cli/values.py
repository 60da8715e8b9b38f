"""Values of options: names with completion, amounts (1M, 10K, unlimited), durations, days."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import click
from click.shell_completion import CompletionItem

from pf_tui.clients import CLIENTS
from pf_tui.documents import amounts
from pf_tui.errors import UnknownName
from pf_tui.state import clock as zones
from pf_tui.visible import visible

_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


NOON = time(12)


class Unlimited:
    """The value of `--daily unlimited` and of 0: no budget; told apart from an option not given."""


UNLIMITED = Unlimited()


class _Names(click.ParamType):  # type: ignore[type-arg] # generic from click 8.2 on
    """A name whose spelling the room below checks; this type only completes it."""

    def __init__(self, name: str, attribute: str) -> None:
        self.name = name
        self.attribute = attribute

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from pf_tui.cli import command_context

        try:
            values = getattr(command_context.here().catalog(), self.attribute)
        except Exception:
            return []  # a completion never speaks: broken files are told when the command runs
        return [
            CompletionItem(name, help=visible(values[name].name))
            for name in values
            if name.startswith(incomplete) and visible(name) == name  # a shell shows what it is given
        ]


PROVIDER = _Names("provider", "providers")
MODEL = _Names("model", "models")


class _Agent(click.ParamType):  # type: ignore[type-arg] # generic from click 8.2 on
    """An agent the gateway serves, by its id or by the word that starts it."""

    name = "agent"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        agent_ids = {client.id: client.id for client in CLIENTS.values() if client.protocols}
        clients = agent_ids | {client.word: client.id for client in CLIENTS.values() if client.protocols}
        if value not in clients:
            raise UnknownName("agent", str(value), clients, "pf-tui why --help")
        return clients[value]

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        words = [client.word for client in CLIENTS.values() if client.protocols]
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


AGENT = _Agent()


class _Amount(click.ParamType):  # type: ignore[type-arg] # generic from click 8.2 on
    """A count: 1500000, 1500K, 1.5M; 0 and unlimited mean no limit."""

    name = "amount"

    def __init__(self, what: str) -> None:
        self.what = what

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        if not isinstance(value, str):
            return value
        try:
            return amounts.parse(value) or UNLIMITED
        except ValueError as error:
            option = param.opts[0] if param is not None else "value"
            cure = {
                "USD": "write 5, 12.50 or unlimited",
                "tokens": "write 1500000, 1500K or 1.5M",
            }
            from pf_tui.errors import WrongUsage

            raise WrongUsage(
                f"{option} {value} is not a number of {self.what}",
                cure.get(self.what, "write 500, 10K or unlimited"),
            ) from error


TOKENS = _Amount("tokens")
REQUESTS = _Amount("requests")
USD = _Amount("USD")


class _Duration(click.ParamType):  # type: ignore[type-arg] # generic from click 8.2 on
    """A length of time: 90s, 30m, 2h, 1h30m, 3d."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        if isinstance(value, timedelta):
            return value
        text = str(value).strip().casefold()
        parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)(min|[smhdw])", text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            from pf_tui.errors import WrongUsage

            option = param.opts[0] if param is not None else "value"
            raise WrongUsage(f"{option} {value} is not a length of time", "write 90s, 30m, 2h or 3d")
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))


DURATION = _Duration()


class _Day(click.ParamType):  # type: ignore[type-arg] # generic from click 8.2 on
    """A local day or moment: 2026-11-22, today, yesterday, 2026-11-22T14:30."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        if not isinstance(value, str) or value in ("today", "yesterday"):
            return value
        try:
            return (
                datetime.fromisoformat(value) if len(value) > len("2026-11-22") else date.fromisoformat(value)
            )
        except ValueError as error:
            from pf_tui.errors import WrongUsage

            option = param.opts[0] if param is not None else "value"
            raise WrongUsage(
                f"{option} {value} is not a day", "write 2026-11-22, 2026-11-22T14:30, today or yesterday"
            ) from error


DAY = _Day()


def day_begins(day: date | datetime | str, now: datetime, zone: tzinfo | None) -> datetime:
    """When that local day begins (aware UTC); a moment is itself."""
    return zones.day_start(_inside(day, now, zone), zone) if _is_day(day) else _inside(day, now, zone)


def day_ends(day: date | datetime | str, now: datetime, zone: tzinfo | None) -> datetime:
    """When that local day ends: the day itself belongs to a period that ends with it; a moment is itself."""
    return zones.next_day(_inside(day, now, zone), zone) if _is_day(day) else _inside(day, now, zone)


def _is_day(day: date | datetime | str) -> bool:
    return not isinstance(day, datetime)


def _inside(day: date | datetime | str, now: datetime, zone: tzinfo | None) -> datetime:
    """The moment itself, or the noon of a day: every clock change leaves noon alone."""
    if isinstance(day, str):
        today = now.astimezone(zone).date()
        day = today if day == "today" else today - timedelta(days=1)
    local = day if isinstance(day, datetime) else datetime.combine(day, NOON)
    if local.tzinfo is None:
        local = local.astimezone() if zone is None else local.replace(tzinfo=zone)
    return local.astimezone(UTC)
