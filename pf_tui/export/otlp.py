"""Metrics as an OTLP request, by OpenTelemetry's own protobufs (the extra `otlp`). Pure.

Cumulative always: what is sent twice is the same series with the same start, and counts once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from types import ModuleType
from typing import Any  # Any: the extra's protobuf messages have no types

from pf_tui import called
from pf_tui.errors import PfError
from pf_tui.export.metrics import Attributes, Metric, Point

SCOPE = "pf_tui"


def request(metrics: Iterable[Metric], resource: Attributes, at: datetime) -> bytes:
    """An ExportMetricsServiceRequest. Raises PfError without the extra."""
    messages, service = _protobufs()
    scope_metrics = messages.ScopeMetrics(
        scope=messages.Scope(name=SCOPE), metrics=[_metric(messages, metric, at) for metric in metrics]
    )
    about = messages.Resource(attributes=_attributes(messages, resource))
    whole = service.ExportMetricsServiceRequest(
        resource_metrics=[messages.ResourceMetrics(resource=about, scope_metrics=[scope_metrics])]
    )
    return bytes(whole.SerializeToString(deterministic=True))


def refused(body: bytes) -> tuple[int, str]:
    """(data points the receiver did not take, its words) of an answer with status 200."""
    _, service = _protobufs()
    try:
        answer = service.ExportMetricsServiceResponse.FromString(body)
    except Exception:  # an answer that is no protobuf says nothing of points
        return 0, ""
    return int(answer.partial_success.rejected_data_points), str(answer.partial_success.error_message)


class _Messages:
    """The messages of three files under one roof."""

    def __init__(self, *files: ModuleType) -> None:
        self._files = files

    def __getattr__(self, name: str) -> Any:  # the extra has no types
        real_name = _RENAMED.get(name, name)
        return next(getattr(file, real_name) for file in self._files if hasattr(file, real_name))


_RENAMED = {"Scope": "InstrumentationScope"}


def _protobufs() -> tuple[_Messages, ModuleType]:
    try:
        from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
        from opentelemetry.proto.common.v1 import common_pb2
        from opentelemetry.proto.metrics.v1 import metrics_pb2
        from opentelemetry.proto.resource.v1 import resource_pb2
    except ImportError as error:
        raise PfError(
            "OTLP needs OpenTelemetry's protobufs, which are not installed",
            f"`{called.install_extra('otlp')}` brings them",
        ) from error
    return _Messages(metrics_pb2, common_pb2, resource_pb2), metrics_service_pb2


def _metric(messages: _Messages, metric: Metric, at: datetime) -> object:
    points = [_point(messages, metric, point, at) for point in metric.points]
    about = {"name": metric.name, "unit": metric.unit, "description": metric.help}
    cumulative = messages.AGGREGATION_TEMPORALITY_CUMULATIVE
    if metric.kind == "gauge":
        return messages.Metric(**about, gauge=messages.Gauge(data_points=points))
    if metric.kind == "histogram":
        spread = messages.Histogram(data_points=points, aggregation_temporality=cumulative)
        return messages.Metric(**about, histogram=spread)
    never_falls = metric.kind == "counter"
    total = messages.Sum(data_points=points, aggregation_temporality=cumulative, is_monotonic=never_falls)
    return messages.Metric(**about, sum=total)


def _point(messages: _Messages, metric: Metric, point: Point, at: datetime) -> object:
    common: dict[str, Any] = {
        "attributes": _attributes(messages, point.attributes),
        "time_unix_nano": _nanoseconds(at),
    }
    if metric.since is not None:
        common["start_time_unix_nano"] = _nanoseconds(metric.since)
    if metric.kind == "histogram":
        return messages.HistogramDataPoint(
            **common,
            count=sum(point.counts),
            sum=point.value,
            bucket_counts=point.counts,
            explicit_bounds=metric.bounds,
        )
    if isinstance(point.value, int):
        return messages.NumberDataPoint(**common, as_int=point.value)
    return messages.NumberDataPoint(**common, as_double=point.value)


def _attributes(messages: _Messages, attributes: Attributes) -> list[object]:
    return [
        messages.KeyValue(key=name, value=messages.AnyValue(string_value=_sound(value)))
        for name, value in attributes
    ]


def _sound(value: str) -> str:
    """Half a surrogate pair of a log is no UTF-8."""
    return value.encode("utf-8", "replace").decode("utf-8")


def _nanoseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
