"""A debate with a judge, shown as it is spoken; each says what it holds, hearing who spoke before.

The scripted models say what real ones would; put `"openai:gpt-5-mini"` in their place, with a key.
"""

import anyio

from toolyard import (
    Agent,
    ConvergenceChecked,
    Debate,
    LLMContentDelta,
    RoundStarted,
    ScriptedModel,
    WorkflowResult,
)

PRO = ScriptedModel(
    "One repository: a change and its tests are one commit.",
    "One repository, with owners for each folder: a change and its tests are one commit.",
    "One repository, with owners for each folder: a change and its tests are one commit.",
)
CON = ScriptedModel(
    "Many: teams release when they are ready, and a build stays small.",
    "One, if each folder has owners and only what changed is built.",
    "One, if each folder has owners and only what changed is built.",
)
JUDGE = ScriptedModel("One repository, with owners, that builds only what changed: both say so.")


async def main() -> None:
    members = [Agent("Pro", PRO, expertise="Tools."), Agent("Con", CON, expertise="Releases.")]
    debate = Debate(members, judge=Agent("Judge", JUDGE), speaking="in_turn", max_rounds=5)
    question, speaker = "One repository, or one for each team?", ""
    print(question, end="")
    async for event in debate.stream(question):
        match event:
            case RoundStarted(round=number):
                print(f"\n\nRound {number}", end="")
                speaker = ""
            case LLMContentDelta(agent_name=name, text=text):
                print(text if name == speaker else f"\n{name}: {text}", end="", flush=True)
                speaker = name
            case ConvergenceChecked(score=score):
                print(f"\n({score:.0%} as in the round before)", end="")
            case WorkflowResult():
                print(
                    f"\n\nIt {event.ended} in {event.rounds} rounds; the judge says: {event.text}"
                )
            case _:
                pass


if __name__ == "__main__":
    anyio.run(main)
