"""Behind the gateway nobody is worse off: what a real client survives by itself it survives behind `run`.

The trouble is made for the client that asks its provider directly, then for `pf-tui run` with the same
provider alone, and, where the client alone must give up, with a second one behind it.
`python -m tests.e2e.test_nobody_worse` prints how each came out, and how long it took.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pytest

from pf_tui.clients import CLIENTS
from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import ReceivedRequest, Step
from pf_tui.drill.faults import FAULTS, Fault
from pf_tui.records import replace
from tests import clients
from tests.clients import Machine, program
from tests.e2e.test_gateway_agents import ENDS, Box, Hosted, box, tool_names

__all__ = ["box"]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(500)]

DONE = "Everything is written down."
SOON = replace(FAULTS["429"], back_s=2)
AWAY_S = 12.0
ANSWER_S = 120
"""A client that has no answer by then counts as one that gets none."""
NO_ANSWER_S = 60
"""The same where its provider never answers well: a client that asks for ever has shown it by then."""

Trouble = Callable[[], Callable[[ReceivedRequest], Step]]


def first(*faults: Fault) -> Trouble:
    """The turn's requests fail so, one after the other; then the provider is well."""

    def begin() -> Callable[[ReceivedRequest], Step]:
        left = list(faults)

        def script(asked: ReceivedRequest) -> Step:
            return left.pop(0) if left and tool_names(asked) else Reply(text=DONE)

        return script

    return begin


def always(fault: Fault) -> Trouble:
    return lambda: lambda _: fault


def away() -> Callable[[ReceivedRequest], Step]:
    """Every connection is reset until some seconds after the first."""
    until: list[float] = []

    def script(_: ReceivedRequest) -> Step:
        now = time.monotonic()
        until[:] = until or [now + AWAY_S]
        return FAULTS["reset"] if now < until[0] else Reply(text=DONE)

    return script


SURVIVED: dict[str, Trouble] = {
    "429 with retry-after 2": first(SOON),
    "429 without an end, twice": first(*[FAULTS["windowless"]] * 2),
    "503 four times": first(*[FAULTS["503"]] * 4),
    "12 s without network": away,
}
"""A lone client gets through these."""
FATAL: dict[str, Trouble] = {
    "429 for an hour": always(FAULTS["429-hour"]),
    "the key refused": always(FAULTS["401"]),
    "every connection reset": always(FAULTS["reset"]),
}
"""Only another provider helps."""

TIMED_OUT = 124
"""How `timeout` says that it ended a program."""

CODEX = """model_provider = "alpha"
[model_providers.alpha]
name = "alpha"
base_url = "{url}"
wire_api = "responses"
env_key = "ALPHA_API_KEY"
"""


@pytest.fixture
def hosted() -> Iterator[Hosted]:
    made = Hosted("alpha", "beta")
    yield made
    made.close()


@dataclass(frozen=True)
class Outcome:
    """How a client came out of the trouble."""

    well: bool
    """It has its answer."""
    asks_on: bool
    """It was still asking when its time was over."""
    seconds: float
    shown: str
    """What a person sees."""

    def __str__(self) -> str:
        word = "" if self.well else "still asks, " if self.asks_on else "gave up, "
        return f"{word}{self.seconds:.0f} s"


def direct(made: Machine, agent: str, url: str, limit_s: int) -> Outcome:
    """The client asks alpha by itself."""
    alone = without_us(made)
    if agent == "claude":
        alone.extra |= {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "sk-alpha-0001"}
    elif agent == "opencode":
        path = alone.home / ".config" / "opencode" / "opencode.json"
        options = {"baseURL": f"{url}/v1", "apiKey": "sk-alpha-0001"}
        alpha = {"npm": "@ai-sdk/anthropic", "options": options, "models": {"claude-sonnet-5-5": {}}}
        own = {"provider": {"alpha": alpha}, "model": "alpha/claude-sonnet-5-5"}
        path.write_text(json.dumps(json.loads(path.read_text()) | own))
    else:
        folder = alone.home / ".codex"
        folder.mkdir()
        (folder / "config.toml").write_text(CODEX.format(url=f"{url}/v1"))
    return timed(alone, limit_s, agent, *ENDS[agent])


def without_us(made: Machine) -> Machine:
    """The same home for a client without pf-tui."""
    home = made.home.with_name("alone")
    shutil.copytree(made.home, home, symlinks=True)
    return Machine(home=home, work=home / "work", extra={**made.extra, "NO_PROXY": "127.0.0.1"})


def behind(made: Machine, agent: str) -> Outcome:
    return timed(made, ANSWER_S, "pf-tui", "run", agent, "--", *ENDS[agent])


def timed(made: Machine, limit_s: int, *words: str) -> Outcome:
    began = time.monotonic()
    done = made.run("timeout", str(limit_s), *words, timeout_s=limit_s + 60)
    seconds, shown = time.monotonic() - began, done.stdout + done.stderr
    return Outcome(DONE in done.stdout, done.returncode == TIMED_OUT, seconds, shown)


def only(made: Machine, *names: str) -> None:
    """The chain holds these."""
    path = made.state / "config.json"
    path.write_text(json.dumps({"version": 2, "providerPriority": list(names)}))
    overlay = made.state / "providers.yaml"
    listed = json.loads(overlay.read_text())["providers"]
    overlay.write_text(json.dumps({"providers": [one for one in listed if one["id"] in names]}))


Record = Callable[[str, object], None]


def record(record_property: Record, trouble: str, agent: str, alone: Outcome, run: Outcome) -> None:
    """For the table."""
    name = next(client.name for client in CLIENTS.values() if client.word == agent)
    version = clients.version(agent, clients.Chosen.folder) or ""
    record_property("row", (trouble, f"{name} {version}".strip(), f"{alone} · {run}"))


def protocol(agent: str) -> str:
    return "openai-responses" if agent == "codex" else "anthropic-messages"


@pytest.mark.parametrize("agent", ENDS)
@pytest.mark.parametrize("trouble", SURVIVED)
def test_what_a_client_survives_alone_it_survives_with_one_provider_behind_run(
    box: Box, hosted: Hosted, agent: str, trouble: str, record_property: Record
) -> None:
    program(agent)
    made = box(protocol(agent))
    only(made, "alpha")
    hosted["alpha"].follow(SURVIVED[trouble]())
    alone = direct(made, agent, hosted["alpha"].url, ANSWER_S)
    hosted["alpha"].follow(SURVIVED[trouble]())
    run = behind(made, agent)

    record(record_property, trouble, agent, alone, run)
    assert run.well or not alone.well, run.shown


@pytest.mark.parametrize("agent", ENDS)
@pytest.mark.parametrize("trouble", FATAL)
def test_where_a_client_alone_gives_up_the_next_provider_answers(
    box: Box, hosted: Hosted, agent: str, trouble: str, record_property: Record
) -> None:
    program(agent)
    made = box(protocol(agent))
    hosted["alpha"].follow(FATAL[trouble]())
    hosted["beta"].follow(lambda _: Reply(text=DONE))
    alone = direct(made, agent, hosted["alpha"].url, NO_ANSWER_S)
    run = behind(made, agent)

    record(record_property, trouble, agent, alone, run)
    assert not alone.well
    assert run.well, run.shown


@pytest.mark.parametrize("agent", ENDS)
def test_where_both_refuse_the_client_names_both_at_once(
    box: Box, hosted: Hosted, agent: str, record_property: Record
) -> None:
    program(agent)
    made = box(protocol(agent))
    for name in ("alpha", "beta"):
        hosted[name].follow(always(FAULTS["401"])())
    alone = direct(made, agent, hosted["alpha"].url, NO_ANSWER_S)
    run = behind(made, agent)

    record(record_property, "every provider refuses its key", agent, alone, run)
    assert not alone.well
    assert not run.asks_on
    assert "alpha refused" in run.shown
    assert "beta refused" in run.shown


class Rows:
    """A plugin of pytest: what the tests have recorded."""

    def __init__(self) -> None:
        self.cells: dict[str, dict[str, str]] = {}
        """Trouble -> client -> cell."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has ended."""
        if report.when == "call":
            for trouble, client, cell in (value for name, value in report.user_properties if name == "row"):
                self.cells.setdefault(trouble, {})[client] = cell if report.passed else f"{cell} FAILED"

    def lines(self) -> Iterable[str]:
        """The table, directly · behind `run`."""
        names = sorted({name for row in self.cells.values() for name in row})
        yield f"| the provider does | {' | '.join(names)} |"
        yield f"|{'---|' * (len(names) + 1)}"
        for trouble, row in self.cells.items():
            yield f"| {trouble} | {' | '.join(row.get(name, '') for name in names)} |"


if __name__ == "__main__":
    rows = Rows()
    status = pytest.main(["-q", "-n", "0", __file__, *sys.argv[1:]], plugins=[rows])
    print(*rows.lines(), sep="\n")
    sys.exit(status)
