"""`toolyard runs`: the runs that a journal keeps."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import typer

from toolyard.cli.commands import Command, Group
from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson, Rounds
from toolyard.cli.terminal import say, write, write_json
from toolyard.core.errors import ConfigError

if TYPE_CHECKING:
    from toolyard.wiring.runs import RunRecord

EXAMPLES = {
    "list": examples(
        "toolyard runs list --journal sqlite:runs.db",
        "toolyard runs list --journal sqlite:runs.db --state waiting --json",
    ),
    "show": examples(
        "toolyard runs show r1 --journal sqlite:runs.db",
        "toolyard runs show r1 --step 7 --journal sqlite:runs.db",
    ),
    "answer": examples(
        "toolyard runs answer r1 7 'Yes, ship it.' --journal sqlite:runs.db",
        "toolyard runs answer r1 7 true --value-json --journal sqlite:runs.db",
    ),
    "pause": examples("toolyard runs pause r1 --journal sqlite:runs.db"),
    "resume": examples(
        "toolyard runs resume r1 --journal sqlite:runs.db",
        "toolyard runs resume r1 team.py:team --journal sqlite:runs.db",
    ),
    "cancel": examples("toolyard runs cancel r1 --journal sqlite:runs.db"),
    "fork": examples("toolyard runs fork r1 --before 7 --as r2 --journal sqlite:runs.db"),
    "delete": examples("toolyard runs delete r1 --journal sqlite:runs.db"),
    "export": examples("toolyard runs export r1 r1.jsonl --journal sqlite:runs.db"),
    "replay": examples("toolyard runs replay r1.jsonl team.py:team"),
}

JournalPlace = Annotated[
    str,
    typer.Option(
        "--journal",
        metavar="JOURNAL",
        envvar="TOOLYARD_JOURNAL",
        help="sqlite:PATH or postgresql://USER@HOST/NAME; a password better stands in the "
        "variable, as other users can see this.",
    ),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as list shows it.")]
State = Annotated[
    str | None, typer.Option(metavar="STATE", help="Only those: running, waiting, failed, ...")
]
Last = Annotated[int, typer.Option(metavar="N", min=1, help="So many of the newest at most.")]
OneStep = Annotated[
    int | None,
    typer.Option("--step", metavar="STEP", help="What this one was given, and what it gave."),
]
StepNumber = Annotated[int, typer.Argument(metavar="STEP", help="Its number, as show shows it.")]
Value = Annotated[str, typer.Argument(metavar="VALUE", help="The answer, a text.")]
ValueIsJson = Annotated[bool, typer.Option("--value-json", help="The answer is JSON, no text.")]
Before = Annotated[
    int, typer.Option(metavar="STEP", help="This step and all that come later are done anew.")
]
NewId = Annotated[
    str | None, typer.Option("--as", metavar="NEW", help="The new run's id; made up if not given.")
]
NewFile = Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes, as JSON lines.")]
Recording = Annotated[Path, typer.Argument(metavar="FILE", help="What export wrote.")]
Team = Annotated[
    str, typer.Argument(metavar="FILE.py:NAME", help="The workflow that the run is of.")
]
MaybeTeam = Annotated[
    str | None,
    typer.Argument(metavar="FILE.py:NAME", help="The workflow to go on with here, at once."),
]

app = typer.Typer(
    cls=Group, no_args_is_help=True, help="Look at runs of teams, and what becomes of them."
)


@app.command("list", cls=Command, epilog=EXAMPLES["list"])
def list_runs(
    journal: JournalPlace, state: State = None, last: Last = 50, as_json: AsJson = False
) -> None:
    """List runs, the newest first, and in what state they are."""
    from toolyard.wiring import runs

    found = anyio.run(runs.listed, journal, state, last)
    if as_json:
        write_json([asdict(each) for each in found])
        return
    from toolyard.cli.run_views import show_runs

    show_runs(found, [runs.task_of(each) for each in found])
    say(f"{len(found)} runs.")


@app.command("show", cls=Command, epilog=EXAMPLES["show"])
def show(
    run_id: RunId, journal: JournalPlace, step: OneStep = None, as_json: AsJson = False
) -> None:
    """Show a run with its steps, as a tree of the parts of the team that made them."""
    from toolyard.cli import run_views
    from toolyard.wiring import runs

    if step is not None:
        one = anyio.run(runs.step_of, journal, run_id, step)
        if as_json:
            write_json(asdict(one))
        else:
            run_views.show_step(one)
        return
    record, steps = anyio.run(runs.shown, journal, run_id)
    if as_json:
        write_json({**asdict(record), "steps": [asdict(each) for each in steps]})
        return
    run_views.show_run(record, runs.task_of(record), steps)
    for each in steps:
        if each.state == "waiting":
            say(run_views.question(each), style="yellow")
            say(f"Answer it: toolyard runs answer {run_id} {each.seq} VALUE", style="yellow")


@app.command("answer", cls=Command, epilog=EXAMPLES["answer"])
def answer(
    run_id: RunId,
    step: StepNumber,
    value: Value,
    journal: JournalPlace,
    value_json: ValueIsJson = False,
    as_json: AsJson = False,
) -> None:
    """Answer what a run asks a person; where it is not executed, go on with it by resume."""
    from toolyard.wiring import runs

    given = _json(value) if value_json else value
    record = anyio.run(runs.answered, journal, run_id, step, given)
    _tell(record, "is answered", as_json=as_json)


@app.command("pause", cls=Command, epilog=EXAMPLES["pause"])
def pause(run_id: RunId, journal: JournalPlace, as_json: AsJson = False) -> None:
    """Have a run end before its next step; it can be gone on with."""
    _change("pause", run_id, journal, "is paused", as_json=as_json)


@app.command("resume", cls=Command, epilog=EXAMPLES["resume"])
def resume(
    run_id: RunId,
    journal: JournalPlace,
    team: MaybeTeam = None,
    rounds: Rounds = None,
    as_json: AsJson = False,
) -> None:
    """Let a paused run be executed again; with its workflow, go on with any run here."""
    if team is None:
        _change("resume", run_id, journal, "may be executed again", as_json=as_json)
        return
    from toolyard.cli.team_results import conducted
    from toolyard.wiring import workflow_runs
    from toolyard.wiring.runs import there

    there(journal)  # before anything of the file is run
    conducted(
        team,
        rounds,
        lambda opening, hear: workflow_runs.resume(opening, journal, run_id, hear),
        as_json=as_json,
    )


@app.command("cancel", cls=Command, epilog=EXAMPLES["cancel"])
def cancel(run_id: RunId, journal: JournalPlace, as_json: AsJson = False) -> None:
    """Have a run end before its next step for good."""
    _change("cancel", run_id, journal, "is cancelled", as_json=as_json)


@app.command("fork", cls=Command, epilog=EXAMPLES["fork"])
def fork(
    run_id: RunId,
    journal: JournalPlace,
    before: Before,
    new_id: NewId = None,
    as_json: AsJson = False,
) -> None:
    """Make a run with all that another had done before a step; go on with it by resume."""
    from toolyard.wiring import runs

    record = anyio.run(runs.forked, journal, run_id, before, new_id)
    if not as_json:
        write(record.run_id)
    _tell(record, f"has all that {run_id} did before step {before}", as_json=as_json)


@app.command("delete", cls=Command, epilog=EXAMPLES["delete"])
def delete(run_id: RunId, journal: JournalPlace, as_json: AsJson = False) -> None:
    """Forget a run and its steps, unless it is executed now."""
    from toolyard.wiring import runs

    anyio.run(runs.deleted, journal, run_id)
    if as_json:
        write_json({"deleted": run_id})
    else:
        say(f"{run_id} is deleted.")


@app.command("export", cls=Command, epilog=EXAMPLES["export"])
def export(run_id: RunId, file: NewFile, journal: JournalPlace, as_json: AsJson = False) -> None:
    """Write a run with its steps to a file, which replay goes through again."""
    from toolyard.wiring import runs

    anyio.run(runs.exported, journal, run_id, file)
    if as_json:
        write_json({"run_id": run_id, "file": str(file)})
    else:
        say(f"{run_id} is in {file.name}, with all that was said: only you can read it.")


@app.command("replay", cls=Command, epilog=EXAMPLES["replay"])
def replay(file: Recording, team: Team, rounds: Rounds = None, as_json: AsJson = False) -> None:
    """Go through a recorded run again: the workflow's code runs, no model and no tool does."""
    from toolyard.cli.team_results import conducted
    from toolyard.wiring import workflow_runs

    conducted(
        team,
        rounds,
        lambda opening, hear: workflow_runs.replay(opening, file, hear),
        as_json=as_json,
    )


def _change(change: str, run_id: str, journal: str, said: str, *, as_json: bool) -> None:
    from toolyard.wiring import runs

    _tell(anyio.run(runs.changed, journal, run_id, change), said, as_json=as_json)


def _tell(record: RunRecord, said: str, *, as_json: bool) -> None:
    if as_json:
        write_json(asdict(record))
    else:
        say(f"{record.run_id} {said}; its state is {record.state}.")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError("The VALUE is no JSON; leave out --value-json for a text.") from error
