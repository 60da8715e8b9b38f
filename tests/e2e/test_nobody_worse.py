"""Behind the gateway nobody is worse off: what a real client survives by itself it survives behind `run`.

The trouble is made for the client that asks its provider directly, then for `pf-tui run` with the same
provider alone, and, where the client alone must give up, with a second one behind it.
`pytest -s` prints how long each took.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator

import pytest

from pf_tui.drill.fake_replies import Reply
from pf_tui.drill.fake_upstream import ReceivedRequest, Step
from pf_tui.drill.faults import FAULTS, Fault
from pf_tui.records import replace
from tests.clients import Machine, program
from tests.e2e.test_gateway_agents import ENDS, Box, Hosted, box, tool_names

__all__ = ["box"]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(500)]

DONE = "Everything is written down."
SOON = replace(FAULTS["429"], back_s=2)
AWAY_S = 12.0
DIRECT_S = 120
"""A client that has not given up by then counts as one that does not answer."""

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


def direct(made: Machine, agent: str, url: str) -> tuple[bool, float]:
    """Whether the client answers when it asks alpha by itself, and the seconds it took."""
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
    return timed(alone, agent, *ENDS[agent])


def without_us(made: Machine) -> Machine:
    """The same home for a client without pf-tui."""
    home = made.home.with_name("alone")
    shutil.copytree(made.home, home, symlinks=True)
    return Machine(home=home, work=home / "work", extra={**made.extra, "NO_PROXY": "127.0.0.1"})


def behind(made: Machine, agent: str) -> tuple[bool, float]:
    return timed(made, "pf-tui", "run", agent, "--", *ENDS[agent])


def timed(made: Machine, *words: str) -> tuple[bool, float]:
    began = time.monotonic()
    done = made.run("timeout", str(DIRECT_S), *words, timeout_s=DIRECT_S + 60)
    return DONE in done.stdout, time.monotonic() - began


def only(made: Machine, *names: str) -> None:
    """The chain holds these."""
    path = made.state / "config.json"
    path.write_text(json.dumps({"version": 2, "providerPriority": list(names)}))
    overlay = made.state / "providers.yaml"
    listed = json.loads(overlay.read_text())["providers"]
    overlay.write_text(json.dumps({"providers": [one for one in listed if one["id"] in names]}))


def told(trouble: str, agent: str, **took: tuple[bool, float]) -> None:
    words = "  ".join(
        f"{way} {'answered' if well else 'gave up'} {s:.1f} s" for way, (well, s) in took.items()
    )
    print(f"{agent:9} {trouble:24} {words}")


def protocol(agent: str) -> str:
    return "openai-responses" if agent == "codex" else "anthropic-messages"


@pytest.mark.parametrize("agent", ENDS)
@pytest.mark.parametrize("trouble", SURVIVED)
def test_what_a_client_survives_alone_it_survives_with_one_provider_behind_run(
    box: Box, hosted: Hosted, agent: str, trouble: str
) -> None:
    program(agent)
    made = box(protocol(agent))
    only(made, "alpha")
    hosted["alpha"].follow(SURVIVED[trouble]())
    alone = direct(made, agent, hosted["alpha"].url)
    hosted["alpha"].follow(SURVIVED[trouble]())
    run = behind(made, agent)

    told(trouble, agent, direct=alone, run=run)
    assert run[0] or not alone[0]


@pytest.mark.parametrize("agent", ENDS)
@pytest.mark.parametrize("trouble", FATAL)
def test_where_a_client_alone_gives_up_the_next_provider_answers(
    box: Box, hosted: Hosted, agent: str, trouble: str
) -> None:
    program(agent)
    made = box(protocol(agent))
    hosted["alpha"].follow(FATAL[trouble]())
    hosted["beta"].follow(lambda _: Reply(text=DONE))
    alone = direct(made, agent, hosted["alpha"].url)
    run = behind(made, agent)

    told(trouble, agent, direct=alone, run=run)
    assert not alone[0]
    assert run[0]


@pytest.mark.parametrize("agent", ENDS)
def test_where_both_refuse_the_client_names_both_at_once(box: Box, hosted: Hosted, agent: str) -> None:
    program(agent)
    made = box(protocol(agent))
    for name in ("alpha", "beta"):
        hosted[name].follow(always(FAULTS["401"])())
    alone = direct(made, agent, hosted["alpha"].url)
    began = time.monotonic()
    done = made.run(
        "timeout", str(DIRECT_S), "pf-tui", "run", agent, "--", *ENDS[agent], timeout_s=DIRECT_S + 60
    )
    run_s = time.monotonic() - began

    told("both keys refused", agent, direct=alone, run=(DONE in done.stdout, run_s))
    assert not alone[0]
    assert run_s < DIRECT_S
    shown = done.stdout + done.stderr
    assert "alpha refused" in shown
    assert "beta refused" in shown
