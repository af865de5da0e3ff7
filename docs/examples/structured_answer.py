"""Answers of a type, however the model writes them down, and a second try for one that fails."""

import anyio
from pydantic import BaseModel, Field

from toolyard import LLMSession, ScriptedModel


class City(BaseModel):
    name: str
    people: int = Field(description="How many live there, in millions", ge=0)


ANSWERS = [
    '{"name": "Lima", "people": 10}',
    'Gladly!\n```json\n{"name": "Cusco", "people": 0}\n```\nAnything else?',
    "<answer>{'name': 'Tacna', 'people': 0,}</answer>",
    '{"name": "Iquitos", "people": -1}',
    '{"name": "Iquitos", "people": 0}',
]
"""What a model might write: JSON alone, in a fence, in a tag and not quite JSON, and nonsense."""


async def main() -> None:
    model = ScriptedModel(*ANSWERS)
    session = LLMSession(model, system_prompt="You know Peru.")
    for _ in range(4):
        print(repr(await session.send_for(City, "Name a city.")))
    print(f"{session.usage.calls} calls for {len(session.messages) // 2} cities")
    print(f"What went back: {model.requests[-1].messages[-1].text}")


if __name__ == "__main__":
    anyio.run(main)
