"""`toolyard ask` and `toolyard batch`."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import anyio
import typer

from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson, NoTools, ToolsConfig
from toolyard.cli.standard_streams import put, to_stdout, whole_input
from toolyard.cli.terminal import say, start_logging, write, write_json
from toolyard.core.errors import ConfigError
from toolyard.core.printable import printable

if TYPE_CHECKING:
    from toolyard.core.content import Image
    from toolyard.wiring.asking import Asking, Took
    from toolyard.wiring.yard import Yard

ASK_EXAMPLES = examples(
    'toolyard ask "What is a yard?" --model openai:gpt-5-mini',
    'toolyard ask "Who is in this picture?" --image team.png',
    "toolyard ask - --system 'Sum it up in a sentence.' < report.txt",
    'toolyard ask "Two cities in Peru" --output cities.schema.json --json',
    'toolyard ask "Hello" --model openai:qwen3 --base-url http://127.0.0.1:11434/v1',
    'toolyard ask "What is in my notes?" --config toolyard.toml',
)
BATCH_EXAMPLES = examples(
    "toolyard batch questions.txt -c 5 --model anthropic:claude-haiku-4-5",
    "toolyard batch reviews.jsonl --output verdict.schema.json --to verdicts.jsonl",
)

Text = Annotated[str, typer.Argument(metavar="QUESTION", help="The question, or - for stdin.")]
Questions = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help='A question in each line; in a .jsonl file a JSON text, or an object with a "prompt".',
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        metavar="PROVIDER:MODEL",
        help="Which model; `toolyard models` shows what can be reached. \\[TOOLYARD_MODEL]",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="Another server that speaks as the provider does."),
]
KeyEnv = Annotated[
    str | None,
    typer.Option(metavar="VARIABLE", help="Where the key is, if not in the provider's variable."),
]
System = Annotated[str, typer.Option(metavar="TEXT", help="What the model is to be and do.")]
Output = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A JSON Schema of an object that the answer must match."),
]
Profile = Annotated[
    str | None, typer.Option(metavar="NAME", help="creative, balanced or deterministic.")
]
Pictures = Annotated[
    list[Path] | None, typer.Option("--image", metavar="FILE", help="Show it too; repeatable.")
]
AtOnce = Annotated[
    int, typer.Option("--concurrency", "-c", metavar="N", min=1, help="So many at once.")
]
To = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Where the answers go, in order. \\[FILE with .answers.jsonl]"
    ),
]


def ask(
    question: Text,
    model: Model = None,
    config: ToolsConfig = None,
    no_tools: NoTools = False,
    system: System = "",
    output: Output = None,
    image: Pictures = None,
    profile: Profile = None,
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model, and print its answer; it may use the tools that are configured."""
    start_logging(logging.WARNING)
    text = whole_input("question") if question == "-" else question
    # Here and below: loaded when needed, so that help and usage errors need not wait for it.
    from toolyard.wiring.asking import ask as answered
    from toolyard.wiring.asking import picture

    asking = asking_of(model, base_url, key_env, system, profile, output)
    pictures = tuple(picture(path) for path in image or ())
    tool_calls: list[Any] | None = None
    with _yard(config, no_tools=no_tools) as yard:
        if yard is None:
            hear = _silent if as_json else _heard
            answer, took = anyio.run(answered, asking, text, pictures, hear)
        else:
            answer, took, tool_calls = _ask_with_tools(asking, yard, text, pictures)
    if as_json:
        said = json.loads(answer) if asking.schema is not None else answer
        called = {} if tool_calls is None else {"tool_calls": tool_calls}
        write_json({"answer": said, **asdict(took), **called})
        return
    write("" if yard is None else answer)
    tell(took)


def _ask_with_tools(
    asking: Asking, yard: Yard, text: str, pictures: tuple[Image, ...]
) -> tuple[str, Took, list[Any]]:
    from toolyard.cli.tool_lines import show_news
    from toolyard.wiring.tool_asking import ask_with_tools
    from toolyard.wiring.tool_news import ToolEnded, ToolNews

    calls: list[Any] = []

    def hear(news: ToolNews) -> None:
        show_news(news)
        if isinstance(news, ToolEnded):
            calls.append(asdict(news))

    answer, took = anyio.run(ask_with_tools, asking, yard, text, pictures, hear)
    return answer, took, calls


@contextmanager
def _yard(config: Path | None, *, no_tools: bool) -> Generator[Yard | None]:
    """The tools of the settings, if there are any; what they print is no answer meanwhile."""
    from toolyard.cli.approval import edition_if_any

    found = edition_if_any(config, no_tools=no_tools)
    if found is None:
        yield None
        return
    from toolyard.wiring.output import results_apart
    from toolyard.wiring.yard import yard_of

    with results_apart():
        yield yard_of(found[1].settings, patient=False)


def batch(
    file: Questions,
    concurrency: AtOnce = 5,
    to: To = None,
    model: Model = None,
    config: ToolsConfig = None,
    no_tools: NoTools = False,
    system: System = "",
    output: Output = None,
    profile: Profile = None,
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model every question of a file; the same command goes on where it was ended."""
    start_logging(logging.WARNING)
    from toolyard.wiring.asking import ask_all, questions_in

    asking = asking_of(model, base_url, key_env, system, profile, output)
    questions = questions_in(file)
    path = to or file.with_name(file.stem + ".answers.jsonl")
    with _yard(config, no_tools=no_tools) as yard, _progress(len(questions)) as advance:
        if yard is None:
            outcome = anyio.run(ask_all, asking, questions, path, concurrency, advance)
        else:
            from toolyard.wiring.tool_asking import ask_all_with_tools as ask_each

            outcome = anyio.run(ask_each, asking, yard, questions, path, concurrency, advance)
    failed = outcome.failed
    if as_json:
        counts = {"answers": str(path), "asked": len(questions), "failed": len(failed)}
        write_json({**counts, "taken_up": outcome.taken_up, **asdict(outcome.took)})
    else:
        if outcome.taken_up:
            say(f"{outcome.taken_up} had been answered before.")
        for number, why in sorted(failed.items())[:10]:
            say(f"Question {number + 1} has no answer: {why}", style="red")
        say(f"{len(questions) - len(failed)} of {len(questions)} answers are in {path}.")
        tell(outcome.took)
    if failed:
        raise typer.Exit(1)


def asking_of(
    model: str | None,
    base_url: str | None,
    key_env: str | None,
    system: str,
    profile: str | None,
    output: Path | None = None,
) -> Asking:
    """How questions are asked, from the options."""
    from toolyard.wiring.asking import Asking

    return Asking(
        model=model,
        base_url=base_url,
        key_env=key_env,
        system_prompt=system,
        profile=profile,
        schema=None if output is None else _schema(output),
    )


def _schema(path: Path) -> Mapping[str, Any]:
    try:
        schema: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path.name} is no JSON.") from error
    if not isinstance(schema, dict) or cast("dict[str, Any]", schema).get("type") != "object":
        raise ConfigError(f'{path.name} must be a JSON Schema with "type": "object".')
    return cast("Mapping[str, Any]", schema)


def _heard(text: str) -> None:
    with to_stdout():
        put(sys.stdout, printable(text))


def _silent(text: str) -> None:
    del text


@contextmanager
def _progress(total: int) -> Generator[Callable[[], None]]:
    """A bar that moves by one each time it is told to."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from toolyard.cli.consoles import ERR

    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=ERR,
        transient=True,
        disable=not ERR.is_terminal,  # in a file, a bar is but an empty line
    )
    with bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


def tell(took: Took) -> None:
    """What it took, as a sentence for people."""
    calls = "" if took.calls == 1 else f"{took.calls} calls, "
    say(
        f"{took.model}: {calls}{took.input_tokens} tokens read, "
        f"{took.output_tokens} written, {_price(took.cost_usd)}."
    )


def _price(cost_usd: str | None) -> str:
    if cost_usd is None:
        return "at an unknown price"
    return f"${float(cost_usd):.6f}".rstrip("0") if float(cost_usd) else "free"
