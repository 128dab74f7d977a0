"""Traces by OpenTelemetry, where its own variables say where they go. The SDK makes a span of each message."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

_SIGN = "OTEL_EXPORTER_OTLP_"


def start_traces(environ: Mapping[str, str]) -> Callable[[], object]:
    """What ends them, after what is left was sent."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(name.startswith(_SIGN) for name in environ):
        return lambda: None
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("%s… is set, but no traces are sent: install gitops-mcp with its extra `otel`", _SIGN)
        return lambda: None
    name = environ.get("OTEL_SERVICE_NAME", "gitops-mcp")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown
