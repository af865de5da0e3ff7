"""`toolyard team`: agents that work together, here or in many processes."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import typer

from toolyard.cli.asking import BaseUrl, KeyEnv, Model, Profile, System, asking_of, tell
from toolyard.cli.commands import Command, Group
from toolyard.cli.examples import examples
from toolyard.cli.options import AsJson, NoTools, Rounds, ToolsConfig
from toolyard.cli.terminal import say, start_logging, write, write_json

if TYPE_CHECKING:
    from toolyard.wiring.asking import Took
    from toolyard.wiring.teams import JoinPlan, PoolStatus, Settings, Tally, WorkflowResult

EXAMPLES = {
    "run": examples(
        "toolyard team run team.py 'Write a page on trains.'",
        "toolyard team run team.py:debate 'Steam?' --durable sqlite:runs.db --run-id r1",
        "toolyard team run team.py - --json < task.txt",
    ),
    "add": examples(
        "toolyard team add game PRD.md --store redis://127.0.0.1:6379/0",
        "toolyard team add game items.json --store sqlite:team.db --task 'A game'",
    ),
    "join": examples(
        "toolyard team join game --store redis://127.0.0.1:6379/0 --workers 4",
        "toolyard team join game --store sqlite:team.db --model openai:gpt-5-mini",
    ),
    "status": examples(
        "toolyard team status game --store redis://127.0.0.1:6379/0 --watch",
        "toolyard team status game --store sqlite:team.db --json",
    ),
}
ENDS = {
    "all_done": "done",
    "some_failed": "done but for what failed",
    "waited": "not done: others did not come to an end",
    "unable": "not done: no agent here could do anything",
    "max_iterations": "not done yet",
}
"""How a pool is when somebody leaves it."""

File = Annotated[
    str, typer.Argument(metavar="FILE.py:NAME", help="A workflow or Orchestration in your file.")
]
Task = Annotated[str, typer.Argument(metavar="TASK", help="What to do, or - for stdin.")]
Durable = Annotated[
    str | None,
    typer.Option(metavar="JOURNAL", help="Keep the run in sqlite:PATH or postgresql://..."),
]
RunId = Annotated[
    str | None,
    typer.Option(metavar="RUN", help="Its id there; one that is there already is gone on with."),
]
Pool = Annotated[str, typer.Argument(metavar="POOL", help="The name of the pool of items.")]
Items = Annotated[
    Path,
    typer.Argument(
        metavar="ITEMS",
        help="A .json, .toml or .md file; in Markdown an item is a line - \\[ ] id: title.",
    ),
]
StorePlace = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="STORE",
        envvar="TOOLYARD_STORE",
        help="redis://HOST:PORT/NUMBER or sqlite:PATH; a password better stands in the variable, "
        "as other users can see this.",
    ),
]
Namespace = Annotated[
    str, typer.Option(metavar="NAME", help="Of the memory tool that can read the pool.")
]
PoolTask = Annotated[
    str | None, typer.Option("--task", metavar="TEXT", help="What the items are for as a whole.")
]
Lease = Annotated[
    float,
    typer.Option(
        "--lease",
        metavar="SECONDS",
        min=1,
        help="After so long without a sign of life an item of a dead worker is claimed again.",
    ),
]
Attempts = Annotated[
    int, typer.Option(metavar="N", min=1, help="So often an item is begun before it has failed.")
]
Name = Annotated[str, typer.Option(metavar="NAME", help="What the agent is called.")]
Workers = Annotated[
    int, typer.Option(metavar="N", min=1, help="So many agents, each with an item.")
]
MaxItems = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="So many items each agent begins at most.")
]
Wait = Annotated[
    float,
    typer.Option("--wait", metavar="SECONDS", min=0, help="For the pool, and for others' items."),
]
Watch = Annotated[bool, typer.Option("--watch", help="Show each change until all is done.")]

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    help="Have agents work together: a workflow of your own, or a pool of items that agents in "
    "many processes work on.",
)


@app.command("run", cls=Command, epilog=EXAMPLES["run"])
def run(
    file: File,
    task: Task,
    durable: Durable = None,
    run_id: RunId = None,
    rounds: Rounds = None,
    as_json: AsJson = False,
) -> None:
    """Have a team from your own file do a task; with --durable it can be gone on with."""
    from toolyard.cli.standard_streams import whole_input
    from toolyard.cli.team_results import conducted
    from toolyard.wiring import workflow_runs

    text = whole_input("task") if task == "-" else task
    name = run_id or token_hex(8)
    if durable is not None:
        say(f"Run {name}: if it is interrupted, `toolyard runs resume {name} {file}` goes on.")
    conducted(
        file,
        rounds,
        lambda opening, hear: workflow_runs.run(opening, text, hear, durable=durable, run_id=name),
        as_json=as_json,
    )


@app.command("add", cls=Command, epilog=EXAMPLES["add"])
def add(
    pool: Pool,
    items: Items,
    store: StorePlace,
    task: PoolTask = None,
    lease_s: Lease = 60.0,
    attempts: Attempts = 3,
    namespace: Namespace = "default",
    as_json: AsJson = False,
) -> None:
    """Put work items into a pool; those that are there already stay as they are."""
    start_logging(logging.WARNING)
    from toolyard.wiring.teams import PoolPlace, PoolRules
    from toolyard.wiring.teams import add as added
    from toolyard.wiring.work_files import Work, work_in

    work = work_in(items)
    if task is not None:
        work = Work(task, work.items)
    place = PoolPlace(store, pool, namespace)
    status = anyio.run(added, place, work, PoolRules(lease_s, attempts))
    if as_json:
        _write(status)
        return
    _show(pool, status)
    say(f"{len(work.items)} items are in {pool}. `toolyard team join {pool}` works on them.")


@app.command("join", cls=Command, epilog=EXAMPLES["join"])
def join(
    pool: Pool,
    store: StorePlace,
    model: Model = None,
    config: ToolsConfig = None,
    no_tools: NoTools = False,
    name: Name = "worker",
    workers: Workers = 1,
    max_items: MaxItems = None,
    wait_s: Wait = 3600.0,
    system: System = "",
    profile: Profile = None,
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    namespace: Namespace = "default",
    as_json: AsJson = False,
) -> None:
    """Work on a pool's items, beside whoever else does, until all of them are done."""
    start_logging(logging.WARNING)
    asking = asking_of(model, base_url, key_env, system, profile)
    from toolyard.cli.approval import edition_if_any
    from toolyard.wiring.teams import JoinPlan, PoolPlace, Tally

    found = edition_if_any(config, no_tools=no_tools)
    plan = JoinPlan(
        place=PoolPlace(store, pool, namespace),
        asking=asking,
        name=name,
        workers=workers,
        max_items=max_items,
        wait_s=wait_s,
    )
    tally = Tally()
    try:
        result, took = _joined(plan, found and found[1].settings, tally, quiet=as_json)
    except KeyboardInterrupt:
        say(f"Interrupted: {tally} What was begun is given back.", style="yellow")
        raise
    if as_json:
        write_json({**asdict(tally), "ended": result.ended, "score": result.score, **asdict(took)})
    else:
        write(f"{tally} The pool is {ENDS.get(result.ended, result.ended)}.")
        tell(took)
    if result.ended in ("some_failed", "waited", "unable"):
        raise typer.Exit(1)


@app.command("status", cls=Command, epilog=EXAMPLES["status"])
def status(
    pool: Pool,
    store: StorePlace,
    watch: Watch = False,
    namespace: Namespace = "default",
    as_json: AsJson = False,
) -> None:
    """Show how far a pool is: what is done, who works on what, and what failed."""
    start_logging(logging.ERROR)  # what may befall the store, those who work on it are told
    from toolyard.wiring import teams

    place = teams.PoolPlace(store, pool, namespace)
    if watch and as_json:
        anyio.run(teams.watch, place, _write)
        return
    if watch:
        from toolyard.cli.team_views import watching

        with watching(pool) as hear:
            anyio.run(teams.watch, place, hear)
    found = anyio.run(teams.status, place)
    if as_json:
        _write(found)
    else:
        _show(pool, found)


def _joined(
    plan: JoinPlan, settings: Settings | None, tally: Tally, *, quiet: bool
) -> tuple[WorkflowResult[Any], Took]:
    from toolyard.wiring.output import results_apart
    from toolyard.wiring.teams import join, yard_for
    from toolyard.wiring.workflow_runs import ConsoleSink

    with results_apart():
        yard = yard_for(settings)
        with ConsoleSink() as screen:
            return anyio.run(join, plan, yard, tally, None if quiet else screen)


def _show(pool: str, status: PoolStatus) -> None:
    from toolyard.cli.team_views import show_status

    show_status(pool, status)


def _write(status: PoolStatus) -> None:
    counted = {"total": status.total, "score": status.score, "is_done": status.is_done}
    write_json({**asdict(status), **counted})
