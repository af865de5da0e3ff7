"""A plan of a team, and what it is made after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field


@dataclass(frozen=True, slots=True)
class Blueprint:
    """How such tasks are mostly done: a guide for whoever plans, which nobody enforces."""

    description: str
    graph: str | None = None
    """The same as a Mermaid graph."""

    def __str__(self) -> str:
        if self.graph is None:
            return self.description
        return f"{self.description}\n\n```mermaid\n{self.graph}\n```"


class PlanStep(BaseModel, frozen=True):
    """What one member does."""

    step_id: str = Field(description="Its name, such as outline; no other step has it.")
    description: str = Field(description="What is done, in a sentence.")
    assigned_agent: str = Field(description="Who does it, as it is called in the list of members.")
    intent_template: str = Field(description="All that the member is told, with placeholders.")
    expected_output: str = Field(description="What must come of it, in a sentence.")
    requires_validation: bool = Field(
        default=False, description="Whether what comes of it is checked."
    )
    output_key: str | None = Field(default=None, description="Another name for what comes of it.")

    @property
    def keys(self) -> Sequence[str]:
        """By what later steps name what came of it."""
        return [self.step_id] if self.output_key is None else [self.step_id, self.output_key]


class Plan(BaseModel, frozen=True):
    """Steps that are done one after the other."""

    goal: str = Field(description="What is to be reached.")
    steps: list[PlanStep] = Field(description="What is done, in this order.")
