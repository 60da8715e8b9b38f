"""Metrics as OpenMetrics text. Pure; the same figures give the same bytes.

A sum that may fall is a gauge: a counter that falls is taken for a restart, and counted again. Readers of the
older Prometheus text take it too: what they do not know is a comment to them (so `target_info` is no `info`).
Source: OpenMetrics 1.0; how OpenTelemetry's names become Prometheus's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pf_tui.export.metrics import Attributes, Metric, Point

_TYPES = {"total": "gauge", "counter": "counter", "gauge": "gauge", "histogram": "histogram"}

_UNITS = {"s": "seconds", "USD": "usd", "1": "ratio", "{token}": "tokens"}
"""OTLP's unit -> the last word of the name."""


def text(metrics: Iterable[Metric], resource: Attributes) -> str:
    """The whole exposition, `# EOF` included.

    Args:
        resource: who tells it; becomes `target_info`.
    """
    lines = [
        "# TYPE target_info gauge",
        "# HELP target_info What produces these metrics.",
        f"target_info{_labels(resource)} 1",
    ]
    for metric in metrics:
        lines += _family(metric)
    return "\n".join([*lines, "# EOF"]) + "\n"


def _family(metric: Metric) -> Iterator[str]:
    name, unit = metric.name.replace(".", "_"), _UNITS.get(metric.unit)
    if unit is not None and not name.endswith(f"_{unit}"):
        name += f"_{unit}"
    yield f"# TYPE {name} {_TYPES[metric.kind]}"
    if unit is not None:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {_escaped(metric.help)}"
    for point in metric.points:
        if metric.kind == "histogram":
            yield from _histogram(name, metric, point)
        else:
            suffix = "_total" if metric.kind == "counter" else ""
            yield f"{name}{suffix}{_labels(point.attributes)} {_number(point.value)}"
        if metric.kind in ("counter", "histogram") and metric.since is not None:
            yield f"{name}_created{_labels(point.attributes)} {_number(metric.since.timestamp())}"


def _histogram(name: str, metric: Metric, point: Point) -> Iterator[str]:
    reached = 0
    ends = [*map(_number, metric.bounds), "+Inf"]
    for end, count in zip(ends, point.counts, strict=True):
        reached += count
        yield f"{name}_bucket{_labels((*point.attributes, ('le', end)))} {reached}"
    yield f"{name}_count{_labels(point.attributes)} {reached}"
    yield f"{name}_sum{_labels(point.attributes)} {_number(point.value)}"


def _labels(attributes: Attributes) -> str:
    inside = ",".join(f'{name.replace(".", "_")}="{_escaped(value)}"' for name, value in attributes)
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if isinstance(value, int) else repr(float(value))
