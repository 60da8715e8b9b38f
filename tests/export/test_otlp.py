"""OTLP: what a receiver got, decoded by OpenTelemetry's own protobufs."""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pf_tui import called
from pf_tui.errors import PfError, WrongUsage
from pf_tui.export import otlp_target
from tests.cli.conftest import NOON, Pf, Turn, claude_code, pf, project

service = pytest.importorskip(
    "opentelemetry.proto.collector.metrics.v1.metrics_service_pb2", reason="the extra otlp is not installed"
)

__all__ = ["claude_code", "pf", "project"]


@dataclass
class Receiver:
    """A loopback receiver: what it got, and what it answers."""

    url: str
    status: int = 200
    answer: bytes = b""
    location: str = ""
    got: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)

    @property
    def requests(self) -> list[Any]:
        return [message for _, _, message in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            here.got.append((self.path, headers, service.ExportMetricsServiceRequest.FromString(body)))
            self.send_response(here.status)
            self.send_header("content-length", str(len(here.answer)))
            if here.location:
                self.send_header("location", here.location)
            self.end_headers()
            self.wfile.write(here.answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here = Receiver(url=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def with_use(claude_code: Any) -> None:
    claude_code(Turn(NOON - timedelta(hours=1)), Turn(NOON - timedelta(days=2), model="claude-opus-5-5"))


def metrics_of(message: Any) -> dict[str, Any]:
    (resource,) = message.resource_metrics
    (scope,) = resource.scope_metrics
    return {metric.name: metric for metric in scope.metrics}


@pytest.mark.usefixtures("with_use")
def test_the_receiver_gets_sums_that_may_fall_from_the_ledgers_first_day(pf: Pf, receiver: Receiver) -> None:
    answer = pf("export", "otlp", "--endpoint", receiver.url)

    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"sent {len(metrics_of(receiver.requests[0]))} metrics")
    (path, headers, message) = receiver.got[0]
    assert (path, headers["content-type"]) == ("/v1/metrics", "application/x-protobuf")
    tokens = metrics_of(message)["pf_tui.ledger.input_tokens"]
    assert not tokens.sum.is_monotonic
    assert tokens.sum.aggregation_temporality == 2  # cumulative
    assert sum(point.as_int for point in tokens.sum.data_points) == 2600
    point = tokens.sum.data_points[0]
    first_day = datetime(2026, 11, 22, tzinfo=UTC)
    assert point.start_time_unix_nano == round(first_day.timestamp()) * 10**9
    assert point.time_unix_nano == round(NOON.timestamp()) * 10**9


@pytest.mark.usefixtures("with_use")
def test_what_is_sent_twice_counts_once(pf: Pf, receiver: Receiver) -> None:
    pf("export", "otlp", "--endpoint", receiver.url)
    pf("export", "otlp", "--endpoint", receiver.url, now=NOON + timedelta(minutes=1))

    def series(message: Any) -> dict[Any, Any]:
        (resource,) = message.resource_metrics
        about = resource.resource.SerializeToString(deterministic=True)
        return {
            (about, metric.name, point.start_time_unix_nano, str(point.attributes)): point.as_double
            or point.as_int
            for metric in resource.scope_metrics[0].metrics
            for point in metric.sum.data_points
        }

    first, second = map(series, receiver.requests)
    assert first == second


@pytest.mark.usefixtures("with_use")
def test_no_person_project_or_session_is_told(pf: Pf, receiver: Receiver) -> None:
    pf("export", "otlp", "--endpoint", receiver.url)

    told = receiver.requests[0].SerializeToString()
    assert all(word not in told for word in (b"/home/dev", b"5e551011", b"person"))


def test_the_standard_variables_are_taken(pf: Pf, receiver: Receiver) -> None:
    env = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"{receiver.url}/base/",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20s3cret,x-team=a",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=lab,service.instance.id=mine",
        "OTEL_SERVICE_NAME": "agents",
    }

    answer = pf("export", "otlp", "--json", env=env)

    path, headers, message = receiver.got[0]
    assert (path, headers["authorization"], headers["x-team"]) == (
        "/base/v1/metrics",
        "Bearer s3cret",
        "a",
    )
    about = {one.key: one.value.string_value for one in message.resource_metrics[0].resource.attributes}
    assert about["service.name"] == "agents"
    assert about["service.instance.id"] == "mine"
    assert about["deployment.environment.name"] == "lab"
    assert set(answer.json) == {"endpoint", "metrics", "points"}
    assert "s3cret" not in answer.out


def test_nothing_is_sent_unless_somebody_names_a_receiver(pf: Pf) -> None:
    answer = pf("export", "otlp")

    assert answer.code == 2
    assert "no receiver is named; nothing leaves this machine by itself" in answer.err


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "set OTEL_EXPORTER_OTLP_HEADERS"),
        (404, "answered 404"),
        (503, "it is busy; send it again later, nothing counts twice"),
    ],
)
def test_a_refusal_is_one_sentence(pf: Pf, receiver: Receiver, status: int, said: str) -> None:
    receiver.status = status

    answer = pf("export", "otlp", "--endpoint", receiver.url)

    assert answer.code == 1
    assert said in answer.err


def test_a_redirect_is_not_followed(pf: Pf, receiver: Receiver) -> None:
    receiver.status, receiver.location = 307, f"{receiver.url}/elsewhere"

    answer = pf("export", "otlp", "--endpoint", receiver.url)

    assert (answer.code, len(receiver.got)) == (1, 1)


def test_points_that_the_receiver_drops_are_a_failure(pf: Pf, receiver: Receiver) -> None:
    partial = service.ExportMetricsPartialSuccess(rejected_data_points=3, error_message="too old")
    receiver.answer = service.ExportMetricsServiceResponse(partial_success=partial).SerializeToString()

    answer = pf("export", "otlp", "--endpoint", receiver.url)

    assert answer.code == 1
    assert "did not take 3 data points: too old" in answer.err


def test_a_receiver_that_is_not_there_is_one_sentence(pf: Pf) -> None:
    answer = pf("export", "otlp", "--endpoint", "http://127.0.0.1:9")

    assert answer.code == 1
    assert "http://127.0.0.1:9/v1/metrics cannot be reached" in answer.err


def test_without_the_extra_the_cure_is_said(pf: Pf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.proto.metrics.v1", None)

    answer = pf("export", "otlp", "--endpoint", "http://127.0.0.1:9")

    assert answer.code == 1
    assert f"`{called.install_extra('otlp')}` brings them" in answer.err


@pytest.mark.parametrize(
    ("env", "endpoint", "url"),
    [
        ({}, "http://localhost:4318", "http://localhost:4318/v1/metrics"),
        ({}, "http://localhost:4318/v1/metrics", "http://localhost:4318/v1/metrics"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://o.example/x"}, None, "https://o.example/x/v1/metrics"),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "https://o.example/x"}, None, "https://o.example/x"),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "https://o.example/x"}, "http://[::1]:1", "http://[::1]:1/v1/metrics"),
    ],
)  # fmt: skip
def test_the_address_is_the_specifications(env: dict[str, str], endpoint: str | None, url: str) -> None:
    assert otlp_target.target(env, endpoint).url == url


@pytest.mark.parametrize(
    ("env", "endpoint"),
    [
        ({}, "ftp://o.example"),
        ({}, "http://me:s3cret@o.example"),
        ({}, "http://o.example:99999"),
        ({}, "o.example"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http://o.example"),
        ({"OTEL_EXPORTER_OTLP_COMPRESSION": "zstd"}, "http://o.example"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "s3cret"}, "http://o.example"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "a=s3cret%0d%0ab"}, "http://o.example"),
        ({"OTEL_EXPORTER_OTLP_TIMEOUT": "soon"}, "http://o.example"),
    ],
)
def test_what_cannot_be_used_is_said_without_its_secret(env: dict[str, str], endpoint: str) -> None:
    with pytest.raises(WrongUsage) as told:
        otlp_target.target(env, endpoint)

    assert "s3cret" not in str(told.value)


def test_the_switch_of_the_specification_is_obeyed() -> None:
    with pytest.raises(PfError, match="OTEL_SDK_DISABLED=true"):
        otlp_target.target({"OTEL_SDK_DISABLED": "true"}, "http://o.example")
