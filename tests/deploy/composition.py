"""`deploy/compose.yaml` as Compose would read it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docs.pages import Page
from tests.support.process import ROOT

from toolyard.clients.openapi.yaml_text import yaml_value

DEPLOY = ROOT / "deploy"
PAGE = Page("deploy/README.md")
_VARIABLE = re.compile(r"\$\{\w+:-([^}]*)\}")
GATEWAY = "gateway"


def compose_text() -> str:
    """The file with the defaults of its variables."""
    return _VARIABLE.sub(r"\1", (DEPLOY / "compose.yaml").read_text())


@dataclass(frozen=True, slots=True)
class Service:
    """One service, merged with what it shares with the others."""

    name: str
    options: Mapping[str, Any]

    @property
    def command(self) -> Sequence[str]:
        """What follows the image's entrypoint."""
        return self.options["command"]

    @property
    def networks(self) -> frozenset[str]:
        """Where it can be reached, and what it reaches."""
        return frozenset(self.options["networks"])


def composition() -> Mapping[str, Any]:
    """The whole file."""
    read: Any = yaml_value(compose_text(), most_depth=20, most_values=10_000)
    return read


def services() -> Mapping[str, Service]:
    """Every service by its name."""
    return {name: Service(name, each) for name, each in composition()["services"].items()}


def dockerfile_words(instruction: str) -> list[str]:
    """What follows each `instruction` in the last stage, with its lines joined."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    lines = text[text.rindex("\nFROM ") :].splitlines()
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{instruction} ")]


def copied(directory: Path) -> Path:
    """A copy of `deploy` to make tokens in."""
    target = directory / "deploy"
    target.mkdir()
    for file in DEPLOY.iterdir():
        if file.is_file():
            (target / file.name).write_bytes(file.read_bytes())
            (target / file.name).chmod(file.stat().st_mode)
    return target


def image_environment() -> Mapping[str, str]:
    """The settings of the image; its `PATH` and what Python reads are the tests' own."""
    words = " ".join(dockerfile_words("ENV")).split()
    pairs = dict(word.split("=", 1) for word in words)
    return {name: value for name, value in pairs.items() if name.startswith("TOOLYARD_")}
