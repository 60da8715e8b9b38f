"""`pf-tui export` for other engines, as a person types it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from pf_tui.cli import output
from tests.cli.conftest import NOON, Pf, Turn, claude_code, pf, project

__all__ = ["claude_code", "pf", "project"]


def test_the_proxys_configuration_is_on_stdout(pf: Pf) -> None:
    answer = pf("export", "litellm")

    assert (answer.code, answer.err) == (0, "")
    content = yaml.safe_load(answer.out)
    providers = {one["model_info"]["id"].partition(".")[0] for one in content["model_list"]}
    assert providers == {"anthropic-api", "groq", "openrouter"}


def test_a_chain_nobody_can_use_is_a_configuration_that_says_so(pf: Pf) -> None:
    answer = pf("export", "litellm", keys=False)

    assert answer.code == 0
    assert yaml.safe_load(answer.out)["model_list"] == []
    assert "# no provider of the chain can be asked by a proxy" in answer.lines


def test_the_figures_are_on_stdout_and_the_same_twice(pf: Pf, claude_code: Callable[..., Any]) -> None:
    claude_code(Turn(NOON - timedelta(hours=1)), Turn(NOON - timedelta(days=2), model="claude-opus-5-5"))

    answer, again = pf("export", "openmetrics"), pf("export", "openmetrics")

    assert (answer.code, answer.err) == (0, "")
    assert answer.out == again.out
    families = {family.name: family for family in text_string_to_metric_families(answer.out)}
    requests = families["pf_tui_ledger_requests"].samples
    assert {sample.labels["gen_ai_request_model"]: sample.value for sample in requests} == {
        "claude-opus-5-5": 1,
        "claude-sonnet-5-5": 1,
    }
    assert "/home/dev" not in answer.out


def test_a_machine_without_use_prints_an_exposition(pf: Pf) -> None:
    answer = pf("export", "openmetrics", keys=False)

    assert answer.code == 0
    assert answer.lines[-1] == "# EOF"


def test_the_ledger_goes_into_a_pipe_whole(
    pf: Pf, claude_code: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claude_code(Turn(NOON - timedelta(hours=1)), Turn(NOON - timedelta(days=2)))
    pf("ingest")
    pieces: list[bytes] = []
    monkeypatch.setattr(output, "raw", pieces.append)

    answer = pf("export", "ledger", "-")

    assert (answer.code, answer.err) == (0, "")
    copy = tmp_path / "copy.db"
    copy.write_bytes(b"".join(pieces))
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (2,)


def test_without_history_nothing_goes_into_the_pipe(pf: Pf) -> None:
    answer = pf("export", "ledger", "-")

    assert (answer.code, answer.out) == (1, "")
    assert "there is no history yet" in answer.err
