"""prices: where they come from; newer ones only on request, and never something else in their place."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pf_tui.ledger import price_update
from pf_tui.state.paths import Paths

from .conftest import NOON, Pf, Turn


def table(*extra: dict[str, Any]) -> list[dict[str, Any]]:
    """A price table in the published form: twelve vendors, one of whom sells a new model."""
    model = {"id": "m-1", "match": {"equals": "m-1"}, "prices": {"input_mtok": 1, "output_mtok": 2}}
    new = {
        "id": "nobody-knows-1",
        "match": {"equals": "nobody-knows-1"},
        "prices": {"input_mtok": 10, "output_mtok": 20},
    }
    vendors = [
        {"id": f"vendor-{n}", "name": f"Vendor {n}", "api_pattern": f"https://v{n}", "models": [model]}
        for n in range(11)
    ]
    anthropic = {
        "id": "anthropic",
        "name": "Anthropic",
        "api_pattern": "https://api.anthropic",
        "models": [new],
    }
    return [*vendors, anthropic, *extra]


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, bytes], list[str]]]:
    """`publisher(status, body)`: what the address answers from now on; returns the paths asked for."""
    asked: list[str] = []
    answer: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(answer["status"])
            self.send_header("content-length", str(len(answer["body"])))
            self.end_headers()
            self.wfile.write(answer["body"])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setattr(
        "genai_prices.update_prices.DEFAULT_UPDATE_URL", f"http://127.0.0.1:{server.server_port}/data.json"
    )

    def publish(status: int, body: bytes) -> list[str]:
        answer.update(status=status, body=body)
        return asked

    yield publish
    server.shutdown()
    server.server_close()


def test_prices_say_their_source_and_age(pf: Pf) -> None:
    told = pf("prices")
    found = pf("prices", "--json").json

    assert told.lines[0].startswith("genai-prices ")
    assert "models of" in told.lines[0]
    assert "`pf-tui prices update` fetches newer ones" in told.out
    assert found["date"] <= "2026-11-24"
    assert found["updated_at"] is None
    assert found["models"] > 1000


def test_an_update_prices_what_had_no_price(
    pf: Pf, claude_code: Callable[..., Path], publisher: Callable[[int, bytes], list[str]]
) -> None:
    claude_code(Turn(NOON - timedelta(hours=1), "nobody-knows-1", 1_000_000, 0, 0, 0))
    before = pf("analytics", "--json").json["totals"]
    asked = publisher(200, json.dumps(table()).encode())

    answer = pf("prices", "update", "--json")
    after = pf("analytics", "--json").json["totals"]

    assert answer.err == ""
    assert asked == ["/data.json"]
    assert (before["cost_usd"], before["unpriced_tokens"]) == (None, 1_000_000)
    assert answer.json["rows_priced"] == 1
    assert answer.json["models"] == 12
    assert answer.json["updated_at"] is not None
    assert (after["cost_usd"], after["unpriced_tokens"]) == (10.0, 0)


def test_a_table_without_an_end_is_none(
    pf: Pf, publisher: Callable[[int, bytes], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(price_update, "MOST_BYTES", 1000)
    publisher(200, json.dumps(table()).encode())

    answer = pf("prices", "update")

    assert answer.code != 0
    assert "is no price table; the old one stays" in answer.err


def test_an_update_is_said_in_words(pf: Pf, publisher: Callable[[int, bytes], list[str]]) -> None:
    publisher(200, json.dumps(table()).encode())

    answer = pf("prices", "update")

    assert answer.code == 0
    assert answer.lines[0].endswith("12 models of 12 vendors")
    assert answer.lines[1].endswith("models fewer than before")


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        pytest.param(503, b"", "gave no prices (HTTP 503); the old ones stay", id="refused"),
        pytest.param(
            200, b"<html>Welcome to Hotel Wi-Fi</html>", "no price table; the old one stays", id="portal"
        ),
        pytest.param(200, b"{}", "no price table; the old one stays", id="object"),
        pytest.param(200, b"[]", "no price table; the old one stays", id="empty"),
        pytest.param(
            200, json.dumps(table())[:-200].encode(), "no price table; the old one stays", id="half"
        ),
        pytest.param(200, b'[{"id": 1}]', "no price table; the old one stays", id="wrong-types"),
    ],
)
def test_what_is_no_price_table_changes_nothing(
    pf: Pf,
    paths: Paths,
    publisher: Callable[[int, bytes], list[str]],
    status: int,
    body: bytes,
    sentence: str,
) -> None:
    publisher(status, body)

    answer = pf("prices", "update")

    assert answer.code == 1
    assert sentence in answer.err
    assert "an error inside pf-tui" not in answer.err
    assert not (paths.home / "prices.json").exists()


def test_without_a_network_it_is_one_sentence(pf: Pf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genai_prices.update_prices.DEFAULT_UPDATE_URL", "http://127.0.0.1:9/data.json")

    answer = pf("prices", "update")

    assert answer.code == 1
    assert answer.err == (
        "pf-tui: 127.0.0.1:9 gave no prices (no connection); the old ones stay\n"
        "        try again when there is a network\n"
    )


def test_a_price_of_ones_own_goes_first(
    pf: Pf, claude_code: Callable[..., Path], write: Callable[[str, Any], Path]
) -> None:
    claude_code(Turn(NOON - timedelta(hours=1), "claude-sonnet-5-5", 1_000_000, 0, 0, 0))
    write(
        "providers.yaml",
        "providers:\n  - id: anthropic-api\n    prices:\n      claude-sonnet-5-5: {input: 7, output: 9}\n",
    )

    found = pf("analytics", "--json").json["totals"]

    assert found["cost_usd"] == 7.0
    assert pf("prices", "--json").json["own_prices"] == 1


def test_an_unreadable_update_is_passed_over(pf: Pf, write: Callable[[str, Any], Path]) -> None:
    write("prices.json", "[broken")

    assert pf("prices", "--json").json["models"] > 1000
