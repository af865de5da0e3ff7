"""What traces tell of requests to models: who was asked and what it took, and no word of it."""

import json
import subprocess
import sys
from typing import Any

from tests.support.process import ROOT
from tests.support.provider import API_KEY

SCRIPT = """
import json

import anyio
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.llm.speech.openai_speech import OpenAISpeech
from tests.llm.speech.speech import model_at
from tests.support.provider import API_KEY, Answer, Provider, serving

from toolyard import ChatRequest, DETERMINISTIC, ModelError
from toolyard.llm.message import user

seen = InMemorySpanExporter()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(seen))


async def main():
    speech = OpenAISpeech()
    refused = Answer.of({"error": {"message": API_KEY, "code": "invalid_api_key"}}, 401)
    request = ChatRequest([user("my secret")], settings=DETERMINISTIC)
    async with serving(Provider(speech.text("Hi"), speech.stream("Hi"), refused)) as server:
        model = model_at(server, speech, API_KEY)
        await model.reply(request)
        _ = [piece async for piece in model.stream(request)]
        try:
            await model.reply(request)
        except ModelError:
            pass
        await model.aclose()


anyio.run(main)
print(json.dumps([json.loads(span.to_json()) for span in seen.get_finished_spans()]))
"""


def spans() -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_span_for_each_request() -> None:
    seen = spans()
    assert [span["name"] for span in seen] == ["chat m-1"] * 3
    for span in seen:
        assert span["kind"] == "SpanKind.CLIENT"
        assert (
            span["attributes"].items()
            >= {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "m-1",
                "gen_ai.request.temperature": 0.0,
            }.items()
        )
    for span in seen[:2]:
        assert (
            span["attributes"].items()
            >= {
                "gen_ai.usage.input_tokens": 11,
                "gen_ai.usage.output_tokens": 7,
            }.items()
        )
        assert span["status"]["status_code"] == "UNSET"
    assert seen[2]["attributes"]["error.type"] == "key_refused"
    assert seen[2]["status"]["status_code"] == "ERROR"
    assert API_KEY not in json.dumps(seen)
    assert "secret" not in json.dumps(seen)
