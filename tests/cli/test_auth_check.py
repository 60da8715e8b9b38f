"""auth check against stand-in upstreams: the cheapest request, its own host only, no key in a sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pf_tui import auth_check

from .conftest import Pf

KEY = "sk-test-0123456789abcdef"


class Upstream(BaseHTTPRequestHandler):
    """Answers with the status it is told; remembers what it was asked."""

    status: ClassVar[int] = 200
    location: ClassVar[str | None] = None
    silent: ClassVar[threading.Event | None] = None
    body: ClassVar[bytes] = b'{"error": "refused ' + KEY.encode() + b'"}'
    asked: ClassVar[list[tuple[str, str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
        if self.silent is not None:
            self.silent.wait(30)
            return
        self.send_response(self.status)
        if self.location:
            self.send_header("location", self.location)
        self.send_header("content-length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET  # noqa: N815 - http.server's own name

    def log_message(self, *_: object) -> None:
        pass


Start = Callable[..., tuple[str, list[tuple[str, str, dict[str, str]]]]]


@pytest.fixture
def upstream() -> Iterator[Start]:
    servers: list[ThreadingHTTPServer] = []
    silence = threading.Event()

    def start(
        status: int = 200, location: str | None = None, *, silent: bool = False, body: bytes = Upstream.body
    ) -> tuple[str, list[tuple[str, str, dict[str, str]]]]:
        asked: list[tuple[str, str, dict[str, str]]] = []
        facts = {
            "status": status,
            "location": location,
            "asked": asked,
            "silent": silence if silent else None,
            "body": body,
        }
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Told", (Upstream,), facts))
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", asked

    yield start
    silence.set()
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def lab(write: Callable[[str, Any], Path]) -> Callable[..., None]:
    """`lab(url, protocol)`: a provider of one's own at that address."""

    def put(url: str, protocol: str = "openai-chat") -> None:
        write(
            "providers.yaml",
            f"providers:\n  - id: my-lab\n    name: My lab\n    base_url: {url}\n"
            f"    protocols: [{protocol}]\n    env: [MY_LAB_KEY]\n",
        )

    return put


@pytest.mark.parametrize(
    ("protocol", "path", "header", "value"),
    [
        pytest.param("openai-chat", "/v1/models", "authorization", f"Bearer {KEY}", id="openai"),
        pytest.param("anthropic-messages", "/v1/models", "x-api-key", KEY, id="anthropic"),
    ],
)
def test_a_good_key_costs_one_request_that_spends_nothing(
    pf: Pf, upstream: Start, lab: Callable[..., None], protocol: str, path: str, header: str, value: str
) -> None:
    url, asked = upstream(200)
    lab(url, protocol)

    answer = pf("auth", "check", "my-lab", env={"MY_LAB_KEY": KEY})

    assert answer.code == 0
    assert answer.out.startswith("my-lab accepts the key from env:MY_LAB_KEY in ")
    assert [(method, where) for method, where, _ in asked] == [("GET", path)]
    assert asked[0][2][header] == value


@pytest.mark.parametrize(
    ("status", "ok", "sentence"),
    [
        (401, False, "my-lab refused the key from env:MY_LAB_KEY (HTTP 401)"),
        (403, False, "my-lab refused the key from env:MY_LAB_KEY (HTTP 403)"),
        (402, True, "but its credit is used up (HTTP 402)"),
        (429, True, "but its limit is reached (HTTP 429)"),
        (404, False, "lists no models (HTTP 404); the key was not tested"),
        (500, False, "answers HTTP 500; the key was not tested"),
    ],
)
def test_an_answer_is_judged_for_what_it_says_about_the_key(
    pf: Pf, upstream: Start, lab: Callable[..., None], status: int, ok: bool, sentence: str
) -> None:
    url, _ = upstream(status)
    lab(url)

    answer = pf("auth", "check", "my-lab", "--json", env={"MY_LAB_KEY": KEY})

    assert answer.code == (0 if ok else 1)
    assert answer.json["ok"] is ok
    assert answer.json["status"] == status
    assert sentence in answer.json["message"]
    assert (answer.err == "") is ok
    assert ok or answer.error["message"] == answer.json["message"]
    assert KEY not in answer.out + answer.err


def test_a_redirect_is_never_followed(pf: Pf, upstream: Start, lab: Callable[..., None]) -> None:
    thief, stolen = upstream(200)
    url, asked = upstream(302, f"{thief}/v1/models")
    lab(url)

    answer = pf("auth", "check", "my-lab", env={"MY_LAB_KEY": KEY})

    assert answer.code == 1
    assert "answers with a redirect (HTTP 302); it was not followed, the key went no further" in answer.err
    assert len(asked) == 1
    assert stolen == []


def test_a_host_that_says_nothing_is_given_up(
    pf: Pf, upstream: Start, lab: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = upstream(silent=True)
    lab(url)
    monkeypatch.setattr(auth_check, "TIMEOUT_S", 0.2)

    answer = pf("auth", "check", "my-lab", env={"MY_LAB_KEY": KEY})

    assert answer.code == 1
    assert "did not answer: timeout" in answer.err
    assert KEY not in answer.err


def test_a_host_that_is_not_there_is_one_sentence(pf: Pf, lab: Callable[..., None]) -> None:
    lab("http://127.0.0.1:9")

    answer = pf("auth", "check", "my-lab", env={"MY_LAB_KEY": KEY})

    assert answer.code == 1
    assert answer.err == (
        "pf-tui: 127.0.0.1:9 did not answer: connection refused\n"
        "        check the network; the key was not tested\n"
    )


@pytest.mark.parametrize("provider", ["anthropic-subscription", "bedrock", "github-copilot", "together"])
def test_without_a_key_nothing_is_asked(pf: Pf, monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a request was made"))

    answer = pf("auth", "check", provider, "--json")

    assert answer.code == 1
    assert answer.json["asked"] is False


def test_an_agents_login_is_looked_at_and_never_used(
    pf: Pf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a request was made"))
    file = home / ".claude" / ".credentials.json"
    file.parent.mkdir()
    file.write_text('{"claudeAiOauth": {"accessToken": "at-secret", "expiresAt": 1800000000000}}')

    answer = pf("auth", "check", "anthropic-subscription")

    assert answer.code == 0
    assert "only its agent can try it" in answer.out
    assert "at-secret" not in answer.out


@pytest.mark.parametrize(
    "words", [("status",), ("auth",), ("models",), ("analytics",), ("why",), ("prices",), ("ingest",)]
)
def test_nothing_leaves_the_machine_unless_asked(
    pf: Pf, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("a request was made"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: pytest.fail("a name was looked up"))

    assert pf(*words).code == 0


MODELS = b'{"data": [{"id": "claude-opus-5-5"}, {"id": "team/gpt-6.1-sol"}, {"id": "x: [y"}, 7]}'


def test_a_server_whose_models_nobody_named_offers_the_line_for_them(
    pf: Pf, upstream: Start, lab: Callable[..., None]
) -> None:
    url, _ = upstream(body=MODELS)
    lab(url)

    answer = pf("auth", "check", "my-lab", env={"MY_LAB_KEY": KEY})

    assert answer.code == 0
    assert "models: [claude-opus-5-5, team/gpt-6.1-sol]" in answer.out


INFO = (
    b'{"key": "hash", "info": {"spend": 1.25, "max_budget": 5.0, "budget_duration": "30d",'
    b' "budget_reset_at": "2026-12-01T00:00:00+00:00"}}'
)


def test_a_refresh_tells_when_a_keys_budget_begins_anew(
    pf: Pf, upstream: Start, lab: Callable[..., None]
) -> None:
    url, asked = upstream(body=INFO)
    lab(f"{url}/v1")

    answer = pf("limits", "my-lab", "--refresh", "--json", env={"MY_LAB_KEY": KEY})

    assert (answer.code, answer.err) == (0, "")
    (limit,) = answer.json["providers"][0]["limits"]
    assert (limit["window"], limit["unit"], limit["used"], limit["limit"]) == ("budget", "usd", 1.25, 5.0)
    assert limit["resets_at"].startswith("2026-12-01T00:00:00")
    assert [(path, headers["authorization"]) for _, path, headers in asked] == [
        ("/key/info", f"Bearer {KEY}")
    ]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        pytest.param(500, b"", "does not report its key's budget (HTTP 500)", id="no-database"),
        pytest.param(302, b"", "does not report its key's budget (HTTP 302)", id="redirect"),
        pytest.param(200, b"<html>", "the key of my-lab has no budget", id="a-page"),
    ],
)
def test_a_refresh_that_learns_nothing_says_why(
    pf: Pf, upstream: Start, lab: Callable[..., None], status: int, body: bytes, said: str
) -> None:
    url, _ = upstream(status, body=body, location="http://127.0.0.1:1/" if status == 302 else None)
    lab(url)

    answer = pf("limits", "my-lab", "--refresh", env={"MY_LAB_KEY": KEY})

    assert answer.code == 0
    assert said in answer.err
    assert KEY not in answer.err + answer.out
