"""Every document has its agreed shape, on a machine in use and on a fresh one; the failures too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from . import schemas
from .conftest import Pf


def check(document: Any, schema: schemas.Schema) -> None:
    errors = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
        for e in Draft202012Validator(schema).iter_errors(document)
    ]
    assert errors == []


READS = [
    pytest.param(("status", "--json"), schemas.STATUS, id="status"),
    pytest.param(("status", "openrouter", "--json"), schemas.STATUS, id="status-of-one"),
    pytest.param(("models", "--json"), schemas.MODELS, id="models"),
    pytest.param(("models", "--all", "--json"), schemas.MODELS, id="models-all"),
    pytest.param(("models", "info", "opus", "--json"), schemas.MODEL, id="model"),
    pytest.param(("auth", "--json"), schemas.AUTH_STATUS, id="auth"),
    pytest.param(("auth", "check", "anthropic-subscription", "--json"), schemas.AUTH_CHECK, id="auth-check"),
    pytest.param(("auth", "import", "--json"), schemas.AUTH_IMPORT, id="auth-import"),
    pytest.param(("priority", "--json"), schemas.PRIORITY, id="priority"),
    pytest.param(("rules", "--json"), schemas.RULES, id="rules"),
    pytest.param(("rules", "add", "--json"), schemas.RULES, id="rules-add"),
    pytest.param(("limits", "--json"), schemas.LIMITS, id="limits"),
    pytest.param(("limits", "groq", "--json"), schemas.LIMITS, id="limits-of-one"),
    pytest.param(("why", "--json"), schemas.WHY, id="why"),
    pytest.param(("events", "--json"), schemas.EVENTS, id="events"),
    pytest.param(("analytics", "all", "--json"), schemas.ANALYTICS, id="analytics"),
    pytest.param(("ingest", "--json"), schemas.INGEST, id="ingest"),
    pytest.param(("ingest", "--full", "--reprice", "--json"), schemas.INGEST, id="ingest-full"),
    pytest.param(("prices", "--json"), schemas.PRICES, id="prices"),
    *(
        pytest.param(
            ("analytics", "30d", "--view", view, "--json"), schemas.ANALYTICS, id=f"analytics-{view}"
        )
        for view in ("providers", "models", "projects", "agents", "days")
    ),
    *(
        pytest.param(
            ("analytics", "30d", "--view", view, "--json"),
            {"allOf": [schemas.ANALYTICS, own]},
            id=f"analytics-{view}",
        )
        for view, own in schemas.VIEW_LISTS.items()
    ),
    pytest.param(
        ("analytics", "7d", "--costs", "--compare", "--json"),
        {"allOf": [schemas.ANALYTICS, schemas.COMPARE, schemas.VIEW_LISTS["costs"]]},
        id="analytics-compare",
    ),
]


@pytest.mark.parametrize(("words", "schema"), READS)
def test_a_document_has_its_agreed_shape(used: Pf, words: tuple[str, ...], schema: schemas.Schema) -> None:
    answer = used(*words)

    assert answer.code in (0, 1)
    check(answer.json, schema)


@pytest.mark.parametrize(("words", "schema"), READS)
def test_a_fresh_machine_has_the_same_shapes(pf: Pf, words: tuple[str, ...], schema: schemas.Schema) -> None:
    answer = pf(*words, keys=False)

    assert answer.code in (0, 1)
    check(answer.json, schema)


@pytest.mark.parametrize(
    ("words", "schema"),
    [
        pytest.param(("switch", "openrouter", "--force", "--json"), schemas.SWITCH, id="switch"),
        pytest.param(("switch", "--auto", "off", "--json"), schemas.SWITCH, id="switch-auto"),
        pytest.param(("switch", "--undo", "--json"), schemas.SWITCH, id="switch-undo"),
        pytest.param(("undo", "--json"), schemas.SWITCH, id="undo"),
        pytest.param(("pause", "--json"), schemas.PAUSE, id="pause"),
        pytest.param(("resume", "--json"), schemas.PAUSE, id="resume"),
        pytest.param(("bench", "groq", "--for", "5m", "--json"), schemas.BENCHED, id="bench"),
        pytest.param(("release", "openrouter", "--json"), schemas.RELEASED, id="release"),
        pytest.param(("status", "--reset", "--json"), schemas.STATUS, id="reset"),
        pytest.param(("priority", "set", "groq,openrouter", "--json"), schemas.REORDERED, id="priority-set"),
        pytest.param(("priority", "remove", "my-lab", "--json"), schemas.REORDERED, id="priority-remove"),
        pytest.param(("priority", "move", "groq", "3", "--project", "--json"), schemas.REORDERED, id="move"),
        pytest.param(("limits", "set", "groq", "--daily", "0", "--json"), schemas.LIMITED, id="limits-set"),
        pytest.param(("init", "--json"), schemas.INIT, id="init"),
        pytest.param(("analytics", "reset", "--force", "--json"), schemas.RESET, id="analytics-reset"),
        pytest.param(("export", "ledger", "copy.db", "--json"), schemas.EXPORT, id="export-ledger"),
    ],
)
def test_a_verb_answers_in_its_agreed_shape(used: Pf, words: tuple[str, ...], schema: schemas.Schema) -> None:
    used("ingest")

    answer = used(*words)

    assert answer.err == ""
    assert answer.code == 0
    check(answer.json, schema)


def test_requests_are_json_lines(used: Pf) -> None:
    rows = [json.loads(line) for line in used("analytics", "all", "--view", "requests", "--json").lines]
    exported = [json.loads(line) for line in used("export", "requests").lines]

    assert len(rows) == 4
    assert exported == rows
    for row in rows:
        check(row, schemas.REQUEST)


def test_keys_in_and_out_answer_in_their_shapes(pf: Pf) -> None:
    kept = pf("auth", "set", "together", "--stdin", "--file", "--json", stdin=b"sk-1\n")
    removed = pf("auth", "remove", "together", "--json")

    check(kept.json, schemas.AUTH_SET)
    check(removed.json, schemas.AUTH_REMOVE)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(("status", "openruter", "--json"), 3, id="unknown-provider"),
        pytest.param(("models", "info", "gtp-9", "--json"), 3, id="unknown-model"),
        pytest.param(("analytics", "8d", "--json"), 3, id="unknown-period"),
        pytest.param(("analytics", "--json", "--csv"), 2, id="two-formats"),
        pytest.param(("switch", "--json"), 2, id="nothing-named"),
        pytest.param(("switch", "together", "--json"), 1, id="cannot-serve"),
        pytest.param(("limits", "set", "groq", "--daily", "x", "--json"), 2, id="no-number"),
        pytest.param(("frobnicate", "--json"), 2, id="unknown-word"),
        pytest.param(("status", "--frob", "--json"), 2, id="unknown-option"),
    ],
)
def test_an_error_with_json_is_one_object_on_stderr(pf: Pf, words: tuple[str, ...], code: int) -> None:
    answer = pf(*words)

    assert answer.code == code
    assert answer.out == ""
    check(json.loads(answer.err), schemas.ERROR)
    assert answer.error["code"] == code


def test_nobody_can_serve_is_null_for_reads_and_exit_5_for_choices(pf: Pf) -> None:
    status = pf("status", "--json", keys=False)
    chosen = pf("switch", "next", "--json", keys=False)

    assert (status.code, status.json["active"], status.json["next"]) == (0, None, None)
    assert (chosen.code, chosen.error["code"]) == (5, 5)


def test_a_broken_settings_file_is_exit_4_with_file_line_and_column(
    pf: Pf, write: Callable[..., Path]
) -> None:
    write("config.json", '{\n  "autoSwitch": tru\n}')

    answer = pf("status", "--json")

    assert answer.code == 4
    assert answer.error["message"].startswith("config.json line 2 column 17: is not JSON")
