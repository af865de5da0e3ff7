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
from toolyard.cli.options import AsJson
from toolyard.cli.standard_streams import put, to_stdout
from toolyard.cli.terminal import say, start_logging, write, write_json
from toolyard.core.errors import ConfigError
from toolyard.core.printable import printable

if TYPE_CHECKING:
    from toolyard.wiring.asking import Asking, Took

ASK_EXAMPLES = examples(
    'toolyard ask "What is a yard?" --model openai:gpt-5-mini',
    'toolyard ask "Who is in this picture?" --image team.png',
    "toolyard ask - --system 'Sum it up in a sentence.' < report.txt",
    'toolyard ask "Two cities in Peru" --output cities.schema.json --json',
    'toolyard ask "Hello" --model openai:qwen3 --base-url http://127.0.0.1:11434/v1',
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
    system: System = "",
    output: Output = None,
    image: Pictures = None,
    profile: Profile = None,
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    as_json: AsJson = False,
) -> None:
    """Ask a model, and print its answer as it comes."""
    start_logging(logging.WARNING)
    text = _stdin() if question == "-" else question
    # Here and below: loaded when needed, so that help and usage errors need not wait for it.
    from toolyard.wiring.asking import ask as answered
    from toolyard.wiring.asking import picture

    asking = _asking(model, base_url, key_env, system, profile, output)
    pictures = tuple(picture(path) for path in image or ())
    hear = _silent if as_json else _heard
    answer, took = anyio.run(answered, asking, text, pictures, hear)
    if as_json:
        said = json.loads(answer) if asking.schema is not None else answer
        write_json({"answer": said, **asdict(took)})
        return
    write("")
    _tell(took)


def batch(
    file: Questions,
    concurrency: AtOnce = 5,
    to: To = None,
    model: Model = None,
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

    asking = _asking(model, base_url, key_env, system, profile, output)
    questions = questions_in(file)
    path = to or file.with_name(file.stem + ".answers.jsonl")
    with _progress(len(questions)) as advance:
        outcome = anyio.run(ask_all, asking, questions, path, concurrency, advance)
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
        _tell(outcome.took)
    if failed:
        raise typer.Exit(1)


def _asking(
    model: str | None,
    base_url: str | None,
    key_env: str | None,
    system: str,
    profile: str | None,
    output: Path | None,
) -> Asking:
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


def _stdin() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError:
        raise ConfigError("The question on standard input is not UTF-8 text.") from None


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


def _tell(took: Took) -> None:
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
