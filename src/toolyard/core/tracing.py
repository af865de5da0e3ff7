"""Whether the process exports OpenTelemetry traces."""

from __future__ import annotations

import os
import sys

TRACE = "opentelemetry.trace"
PROVIDER = "OTEL_PYTHON_TRACER_PROVIDER"


def is_traced() -> bool:
    """Whether somebody set up traces; if not, spans are pure cost, and so is loading them."""
    if TRACE not in sys.modules and PROVIDER not in os.environ:
        return False
    from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider

    return not isinstance(get_tracer_provider(), ProxyTracerProvider)
