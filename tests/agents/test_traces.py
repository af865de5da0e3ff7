"""What a run leaves behind: its trace in order, and no key or token anywhere."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

from tests.support.process import ROOT
from tests.support.provider import API_KEY

TOKEN = "tok-willow-4471"

SCRIPT = """
import io, json, logging, sys, tempfile
from contextlib import suppress
from pathlib import Path

import anyio
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.llm.speech.openai_speech import OpenAISpeech
from tests.llm.speech.speech import model_at
from tests.support.provider import API_KEY, Answer, Provider, serving

from toolyard import (
    Agent, AgentMetrics, ConsoleSink, EventBus, FileSessions, JsonLines, MCPClient,
    MCPServerBuilder, ModelError, ThoughtChain, Toolbox, ToolError, log_event,
)

TOKEN = sys.argv[1]
seen, logged, shown = InMemorySpanExporter(), io.StringIO(), io.StringIO()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(seen))
logging.basicConfig(level=logging.DEBUG, stream=logged)
tools = Toolbox()


@tools.tool
async def greet(name: str) -> str:
    "Greet."
    return f"Hello {name}"


@tools.tool
async def refuse() -> str:
    "Refuse."
    raise ToolError("Not today.")


async def main(folder):
    speech = OpenAISpeech()
    provider = Provider(
        speech.uses(("c-1", "greet", {"name": "my secret"}), ("c-2", "refuse", {})),
        speech.text("Done"),
        speech.stream("Hi"),
        Answer.of({"error": {"message": API_KEY, "code": "invalid_api_key"}}, 401),
    )
    builder = MCPServerBuilder("far").with_port(0).with_bearer_token(TOKEN)
    bus, metrics, errors = EventBus(), AgentMetrics(), []
    for handler in (JsonLines(folder / "run.jsonl"), ConsoleSink(shown), log_event, metrics):
        bus.add(handler)
    async with (
        builder.with_protocol("tools", tools).build() as far,
        serving(provider) as server,
        ThoughtChain(folder / "thoughts.jsonl") as chain,
    ):
        model = model_at(server, speech, API_KEY)
        sources = [MCPClient(far.url, token=TOKEN)]
        async with Agent("Mai", model, tools=sources, thoughts=chain, on_event=bus) as agent:
            await agent.send("Greet")
            _ = [piece async for piece in agent.stream("Hello")]
            await agent.commit("finding", "Greeted.")
            try:
                await agent.send("And now?")
            except ModelError as error:
                errors.append(str(error))
            await FileSessions(folder / "sessions").save("mai", agent.session)
        with suppress(Exception):
            async with Agent("Bad", model, tools=[MCPClient(far.url, token=TOKEN + "x")]) as bad:
                errors.append(str(bad.registry.health()))
                await bad.send("Greet")
        await model.aclose()
    files = {path.name: path.read_text() for path in folder.rglob("*") if path.is_file()}
    counted = [str(sample) for family in metrics.collect() for sample in family.samples]
    return files, errors, counted


with tempfile.TemporaryDirectory() as folder:
    files, errors, counted = anyio.run(main, Path(folder))
spans = [json.loads(span.to_json()) for span in seen.get_finished_spans()]
told = {"files": files, "errors": errors, "counted": counted, "spans": spans}
print(json.dumps({**told, "logged": logged.getvalue(), "shown": shown.getvalue()}))
"""


@cache
def left_behind() -> Any:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, TOKEN],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_key_and_no_token_is_in_it() -> None:
    told = left_behind()
    assert {"run.jsonl", "thoughts.jsonl", "mai.json"} <= told["files"].keys()
    assert all(told[each] for each in ("errors", "counted", "spans", "logged", "shown"))
    said = json.dumps(told)
    assert API_KEY not in said
    assert TOKEN not in said


def test_the_trace_is_a_tree_without_a_word_of_what_was_said() -> None:
    spans = [
        span for span in left_behind()["spans"] if "gen_ai.operation.name" in span["attributes"]
    ]
    runs = [span for span in spans if span["name"] == "invoke_agent Mai"]
    assert len(runs) == 3
    first, streamed, failed = sorted(runs, key=lambda span: span["start_time"])

    def below(run: Any) -> list[str]:
        id = run["context"]["span_id"]
        return [span["name"] for span in spans if span["parent_id"] == id]

    assert sorted(below(first)) == [
        "chat m-1",
        "chat m-1",
        "execute_tool greet",
        "execute_tool refuse",
    ]
    assert below(streamed) == below(failed) == ["chat m-1"]
    assert failed["attributes"]["error.type"] == "key_refused"
    assert first["status"]["status_code"] == "UNSET"
    assert first["attributes"]["gen_ai.agent.name"] == "Mai"
    [refused] = [span for span in spans if span["name"] == "execute_tool refuse"]
    assert refused["status"]["status_code"] == "ERROR"
    assert refused["attributes"]["gen_ai.tool.call.id"] == "c-2"
    assert "secret" not in json.dumps(spans)
