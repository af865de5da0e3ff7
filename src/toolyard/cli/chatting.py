"""`toolyard chat`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from toolyard.cli.asking import BaseUrl, KeyEnv, Model, Profile, System, asking_of
from toolyard.cli.examples import examples
from toolyard.cli.options import NoTools, ToolsConfig
from toolyard.cli.terminal import start_logging

EXAMPLES = examples(
    "toolyard chat --model openai:gpt-5-mini --config toolyard.toml",
    "toolyard chat --session trains --approve",
    "toolyard chat --new --thoughts thoughts.jsonl",
    "toolyard chat --model echo < lines.txt",
)

Session = Annotated[str, typer.Option(metavar="NAME", help="Go on with the session of this name.")]
New = Annotated[bool, typer.Option("--new", help="Begin it anew; what was said is forgotten.")]
Thoughts = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where the model writes down thoughts, and finds them."),
]
Ask = Annotated[
    bool,
    typer.Option("--approve", help="Ask before each tool that may change something."),
]


def chat(
    model: Model = None,
    config: ToolsConfig = None,
    no_tools: NoTools = False,
    session: Session = "default",
    new: New = False,
    system: System = "",
    thoughts: Thoughts = None,
    approve: Ask = False,
    profile: Profile = None,
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
) -> None:
    """Talk with a model that uses the configured tools; it remembers what was said before."""
    start_logging(logging.ERROR)  # what matters less would stand in the middle of the talk
    asking = asking_of(model, base_url, key_env, system, profile)
    # Loaded here, so that help and usage errors need not wait for it.
    from toolyard.cli.approval import edition_if_any
    from toolyard.cli.conversation import converse
    from toolyard.wiring.chatting import ChatPlan

    plan = ChatPlan(
        asking=asking,
        session_id=session,
        is_new=new,
        thoughts=thoughts,
        asks_first=approve,
    )
    converse(plan, edition_if_any(config, no_tools=no_tools))
