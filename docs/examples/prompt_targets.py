"""One model that shows itself differently: to people, to a log, and for another object."""

from typing import Annotated

from toolyard import Image, PromptField, PromptModel, to_prompt


class Worker(PromptModel):
    name: str
    skill: str


class Task(
    PromptModel,
    targets={
        "card": "## {{ title }}\n\n> {{ description }}",
        Worker: "{{ target.name }}, use your {{ target.skill }}: {{ title }}.\n\n{{ self:schema }}",
    },
):
    """Something to be done."""

    title: str
    """What to do"""
    description: Annotated[str, PromptField(rename="in detail")]
    id: Annotated[int, PromptField(target="log", format=lambda number: f"#{number}")]
    is_dirty: Annotated[bool, PromptField(skip=True)] = False
    sketch: Image | None = None


def main() -> None:
    task = Task(title="Paint the fence", description="White, two coats", id=42)
    print(to_prompt(task, target="card"), end="\n\n")
    print(to_prompt(task, target="log"), end="\n\n")
    print(to_prompt(task, target=Worker(name="Mai", skill="brushes")), end="\n\n")

    sketched = task.model_copy(update={"sketch": Image(b"...", "image/png")})
    print([type(part).__name__ for part in sketched.prompt_parts()])


if __name__ == "__main__":
    main()
