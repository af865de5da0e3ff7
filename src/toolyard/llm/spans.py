"""Traces of requests to models, by OpenTelemetry's conventions for generative AI.

No message is in them, and no key: only who was asked, and what the answer took.
https://opentelemetry.io/docs/specs/semconv/gen-ai/
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

from toolyard.core.errors import ModelError
from toolyard.core.tracing import is_traced
from toolyard.llm.chat import ChatRequest, Reply
from toolyard.llm.providers.access import Access

_NAMES: Mapping[str, str] = {"gemini": "gcp.gemini", "xai": "x_ai"}
"""Providers that the conventions call otherwise than we do."""


@contextmanager
def asking(access: Access, request: ChatRequest) -> Generator[Callable[[Reply], None]]:
    """A span around one request, where the process exports traces; gives what notes the reply."""
    if not is_traced():
        yield _ignore
        return
    from opentelemetry.trace import SpanKind, Status, StatusCode, get_tracer

    # It is not made the current one: a stream gives others the turn while it lasts.
    span = get_tracer("toolyard").start_span(
        f"chat {access.model}", kind=SpanKind.CLIENT, attributes=_asked(access, request)
    )

    def note(reply: Reply) -> None:
        span.set_attributes(_answered(reply))

    try:
        yield note
    except BaseException as error:
        kind = error.code if isinstance(error, ModelError) else type(error).__name__
        span.set_attribute("error.type", kind)
        span.set_status(Status(StatusCode.ERROR, kind))
        raise
    finally:
        span.end()


def _asked(access: Access, request: ChatRequest) -> dict[str, Any]:
    settings = request.settings
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _NAMES.get(access.provider, access.provider),
        "gen_ai.request.model": access.model,
        "gen_ai.request.temperature": settings.temperature,
        "gen_ai.request.top_p": settings.top_p,
        "gen_ai.request.max_tokens": settings.max_tokens,
        "gen_ai.request.seed": settings.seed,
        "gen_ai.output.type": None if request.output is None else "json",
    }
    return {name: value for name, value in said.items() if value is not None}


def _answered(reply: Reply) -> dict[str, Any]:
    return {
        "gen_ai.response.finish_reasons": [reply.finish],
        "gen_ai.usage.input_tokens": reply.usage.input_tokens,
        "gen_ai.usage.output_tokens": reply.usage.output_tokens,
    }


def _ignore(reply: Reply) -> None:
    del reply
