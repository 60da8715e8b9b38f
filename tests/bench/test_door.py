"""`python -m tests.bench` finds the benches and says what it does not know."""

from __future__ import annotations

import pytest

from tests.bench import __main__ as door


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ran: list[str] = []

    def broken() -> None:
        ran.append("broken")
        raise RuntimeError("a bench that fails")

    table = {
        "broken": broken,
        "gateway": lambda: ran.append("gateway"),
        "gateway_load": lambda: ran.append("gateway_load"),
    }
    monkeypatch.setattr(door, "found", lambda: table)
    return ran


def test_a_bench_that_fails_does_not_stop_the_others(benches: list[str]) -> None:
    assert door.main([]) == 1
    assert benches == ["broken", "gateway"]


def test_a_part_of_a_bench_runs_when_it_is_named(benches: list[str]) -> None:
    assert door.main(["gateway_load"]) == 0
    assert benches == ["gateway_load"]


def test_an_unknown_name_is_told(benches: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main(["nope"]) == 2
    assert capsys.readouterr().err == (
        "no bench is called 'nope'; there are: broken, gateway, gateway_load\n"
    )
    assert benches == []


def test_every_bench_has_a_door() -> None:
    assert {"demo", "gateway"} <= set(door.found())
