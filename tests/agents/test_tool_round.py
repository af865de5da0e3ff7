"""The tools that a model asks for: several at once, whatever goes wrong, and who decides."""

from collections.abc import Callable

import anyio
import pytest

from toolyard import Image, Text, Toolbox
from toolyard.agents.agent import Agent
from toolyard.agents.approval import Allow, AskPerson, Decision, Deny, Edit
from toolyard.agents.limits import AgentLimits
from toolyard.agents.run import LAST_WORD, NO_ANSWER
from toolyard.agents.run_result import RunResult, ToolFinished
from toolyard.agents.tool_round import INTERRUPTED
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError
from toolyard.core.inputs import elicit
from toolyard.core.tool import Tool
from toolyard.llm.message import ToolUse, ToolUseResult, assistant
from toolyard.llm.scripted_model import Line, ScriptedModel
from toolyard.llm.session import NOT_RUN
from toolyard.registry.tool_registry import ToolRegistry


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def use(name: str, number: int = 1, /, **arguments: object) -> ToolUse:
    return ToolUse(f"u-{number}", name, arguments)


async def results_of(
    *uses: ToolUse, tools: list[Callable[..., object]], **options: object
) -> list[ToolUseResult]:
    """What a model is told that asks for all of `uses` at once."""
    script = ScriptedModel(assistant(*uses), "Done")
    async with Agent("Mai", script, tools=tools, **options) as agent:  # type: ignore[arg-type]
        await agent.send("Go")
    told = script.requests[1].messages[-1]
    assert told.role == "tool"
    return list(told.parts)  # type: ignore[arg-type]


def texts(results: list[ToolUseResult]) -> list[str]:
    return [
        "".join(part.text for part in each.content if isinstance(part, Text)) for each in results
    ]


async def test_several_run_at_once_and_are_told_in_order() -> None:
    waiting = set[int]()
    all_there = anyio.Event()

    async def meet(number: int) -> int:
        """Wait for the others."""
        waiting.add(number)
        if len(waiting) == 3:
            all_there.set()
        with anyio.fail_after(5):
            await all_there.wait()
        await anyio.sleep(0.01 * (3 - number))
        return number

    uses = [use("meet", number, number=number) for number in (1, 2, 3)]
    results = await results_of(*uses, tools=[meet])
    assert [each.id for each in results] == ["u-1", "u-2", "u-3"]
    assert texts(results) == ["1", "2", "3"]


async def test_two_with_one_id_have_each_their_own_result() -> None:
    uses = [use("add", a=number, b=0) for number in range(3)]
    for is_streamed in (False, True):
        script = ScriptedModel(assistant(*uses), "Done")
        async with Agent("Mai", script, tools=[add]) as agent:
            if is_streamed:
                pieces = [piece async for piece in agent.stream("Go")]
                assert len([each for each in pieces if isinstance(each, ToolFinished)]) == 3
            else:
                await agent.send("Go")
        asked, told = script.requests[1].messages[-2:]
        results = [part for part in told.parts if isinstance(part, ToolUseResult)]
        assert texts(results) == ["0", "1", "2"]
        assert [each.id for each in results] == [each.id for each in asked.tool_uses]
        assert len({each.id for each in results}) == 3


async def test_no_more_at_once_than_allowed() -> None:
    at_work = most = 0

    async def work() -> None:
        """Work."""
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await anyio.sleep(0.005)
        at_work -= 1

    uses = [use("work", number) for number in range(9)]
    await results_of(*uses, tools=[work], limits=AgentLimits(tools_at_once=2))
    assert most == 2


async def test_no_more_of_one_turn_than_allowed() -> None:
    ran = list[int]()

    async def work(number: int) -> None:
        """Work."""
        ran.append(number)

    uses = [use("work", number, number=number) for number in range(5)]
    for most, told in ((3, [False] * 3 + [True] * 2), (1, [False] + [True] * 4)):
        ran.clear()
        limits = AgentLimits(tools_per_turn=most)
        results = await results_of(*uses, tools=[work], limits=limits)
        assert [each.is_error for each in results] == told
        assert ran == list(range(most))
        assert texts(results)[-1] == f"This tool was not run. At most {most} are, of one turn."


async def test_whatever_goes_wrong_is_told_to_the_model() -> None:
    def broken() -> None:
        """Break."""
        raise RuntimeError("/home/secret")

    results = await results_of(
        use("nothing", 1),
        use("add", 2, a="x"),
        use("broken", 3),
        ToolUse("u-4", "add", {}, malformed="{a: 1"),
        use("add", 5, a=1, b=1),
        tools=[add, broken],
    )
    said = texts(results)
    assert [each.is_error for each in results] == [True, True, True, True, False]
    assert said[0] == "There is no tool 'nothing'; there are: add, broken."
    assert "expected an integer" in said[1]
    assert "unexpected RuntimeError" in said[2]
    assert "secret" not in said[2]
    assert said[3] == "The arguments are no JSON object: {a: 1"
    assert said[4] == "2"


@pytest.mark.parametrize("error", [RuntimeError("secret"), SystemExit("secret")])
async def test_a_source_with_a_bug_does_not_end_the_run(error: BaseException) -> None:
    class Broken(Toolbox):
        async def call_tool(self, call: object, context: object) -> object:  # type: ignore[override]
            raise error

    broken = Broken()
    broken.add(add)
    results = await results_of(use("add"), tools=[broken])  # type: ignore[list-item]
    kind = type(error).__name__
    assert texts(results) == [f"The tool failed: it ran into an unexpected {kind}."]


async def test_a_slow_tool_is_ended() -> None:
    ended = anyio.Event()

    async def sleep() -> None:
        """Sleep."""
        try:
            await anyio.sleep(60)
        finally:
            ended.set()

    results = await results_of(use("sleep"), tools=[sleep], limits=AgentLimits(tool_s=0.05))
    assert texts(results) == ["'sleep' did not finish within 0.05 s and was ended."]
    assert ended.is_set()


async def test_a_tool_knows_how_long_it_may_take() -> None:
    def left(context: CallContext) -> float:
        """How long is left."""
        return context.remaining_s

    results = await results_of(use("left"), tools=[left], limits=AgentLimits(tool_s=7))
    assert 6 < float(texts(results)[0]) <= 7


async def test_a_tool_that_asks_a_person() -> None:
    async def ask(context: CallContext) -> str:
        """Ask."""
        answer = await context.ask("name", elicit("Your name?", {"type": "object"}))
        return str(answer)

    results = await results_of(use("ask"), tools=[ask])
    assert results[0].is_error


async def test_what_is_told_of_a_tool_is_bounded() -> None:
    def much() -> list[Text | Image]:
        """Say much."""
        return [Text("a" * 30), Image(b"png"), Text("b" * 30), *[Text("c")] * 100]

    results = await results_of(use("much"), tools=[much], limits=AgentLimits(result_letters=40))
    assert results[0].content == (
        Text("a" * 30),
        Image(b"png"),
        Text("b" * 10),
        Text("[120 more letters were cut off]"),
    )


@pytest.mark.parametrize("rounds", [0, 2])
async def test_a_cap_ends_with_an_answer(rounds: int) -> None:
    asks: list[Line] = [use("add", number, a=1, b=number) for number in range(rounds + 1)]
    script = ScriptedModel(*asks, "As far as I know, 3")
    async with Agent("Mai", script, tools=[add], limits=AgentLimits(tool_rounds=rounds)) as agent:
        result = await agent.send("Go on and on")
        assert (result.text, result.status) == ("As far as I know, 3", "partial")
        assert result.tool_calls == rounds
        last = script.requests[-1]
        assert last.tool_choice == "none"
        assert last.messages[-1].text == LAST_WORD
        [unanswered] = last.messages[-2].parts
        assert isinstance(unanswered, ToolUseResult)
        assert unanswered.content == (Text(NOT_RUN),)
        assert agent.session.pending == ()


async def test_a_streamed_run_has_a_cap_too() -> None:
    asks: list[Line] = [use("add", number, a=1, b=number) for number in range(3)]
    script = ScriptedModel(*asks, "As far as I know, 3")
    async with Agent("Mai", script, tools=[add], limits=AgentLimits(tool_rounds=2)) as agent:
        pieces = [piece async for piece in agent.stream("Go on and on")]
    assert isinstance(pieces[-1], RunResult)
    assert pieces[-1].status == "partial"
    assert len([each for each in pieces if isinstance(each, ToolFinished)]) == 2


async def test_a_model_that_asks_on_and_on_gets_no_tool() -> None:
    script = ScriptedModel(*[use("add", number, a=1, b=1) for number in range(3)], "Well")
    async with Agent("Mai", script, tools=[add], limits=AgentLimits(tool_rounds=1)) as agent:
        result = await agent.send("Go on and on")
        assert (result.text, result.status, result.tool_calls) == (NO_ANSWER, "partial", 1)
        assert agent.session.pending == ()
        assert (await agent.send("Well?")).text == "Well"


async def decided(decision: Decision | Exception | None, **options: object) -> list[ToolUseResult]:
    async def decide(use: ToolUse, tool: Tool) -> Decision:
        assert (use.name, tool.name) == ("add", "add")
        if isinstance(decision, Exception):
            raise decision
        if decision is None:
            await anyio.sleep(60)
            raise AssertionError
        return decision

    return await results_of(use("add", a=1, b=2), tools=[add], approve=decide, **options)


async def test_decisions() -> None:
    assert texts(await decided(Allow())) == ["3"]
    assert texts(await decided(Deny("It is late."))) == ["The tool was not run: It is late."]
    [edited] = texts(await decided(Edit({"a": 5, "b": 5})))
    assert edited == '(It was run with other arguments: {"a": 5, "b": 5})10'
    assert texts(await decided(Edit({"a": "x"})))[0].count("not valid") == 1


async def test_no_decision_is_no_permission() -> None:
    undecided = ["The tool was not run: Nobody has decided about it."]
    assert texts(await decided(RuntimeError("secret"))) == undecided
    assert texts(await decided(None, limits=AgentLimits(approval_s=0.02))) == undecided


async def test_a_person_is_asked_only_about_what_may_change_something() -> None:
    asked = list[str]()
    toolbox = Toolbox()

    def look() -> str:
        """Look."""
        return "looked"

    def trusted() -> str:
        """Do."""
        return "done"

    toolbox.add(look, read_only=True)
    toolbox.add(trusted)
    toolbox.add(add)

    async def ask(use: ToolUse, tool: Tool) -> Decision:
        del tool
        asked.append(use.name)
        return Deny()

    approve = AskPerson(ask, always=["trusted"])
    uses = (use("look", 1), use("trusted", 2), use("add", 3, a=1, b=2))
    results = await results_of(*uses, tools=[toolbox], approve=approve)  # type: ignore[list-item]
    assert texts(results) == ["looked", "done", "The tool was not run: It is not allowed."]
    assert asked == ["add"]


async def test_an_interrupted_round_says_what_was_done() -> None:
    sleeping = anyio.Event()

    async def sleep() -> None:
        """Sleep."""
        sleeping.set()
        await anyio.sleep(60)

    uses = (use("add", 1, a=1, b=2), use("sleep", 2), use("sleep", 3))
    script = ScriptedModel(assistant(*uses), "Well")
    limits = AgentLimits(tools_at_once=2)
    async with Agent("Mai", script, tools=[add, sleep], limits=limits) as agent:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(agent.send, "Go")
            await sleeping.wait()
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
        await agent.send("Well?")
    told = list(script.requests[1].messages[-2].parts)
    assert texts(told) == ["3", INTERRUPTED, INTERRUPTED]  # type: ignore[arg-type]


async def test_a_stream_is_cancelled_with_a_tool_at_work() -> None:
    async def sleep() -> None:
        """Sleep."""
        await anyio.sleep(60)

    script = ScriptedModel(use("sleep"), "Well")
    async with Agent("Mai", script, tools=[sleep]) as agent:
        with anyio.move_on_after(0.05):
            async for piece in agent.stream("Go"):
                assert not isinstance(piece, RunResult)
        await agent.send("Well?")
    assert texts(list(script.requests[1].messages[-2].parts)) == [INTERRUPTED]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["tools_at_once", "tool_s", "approval_s", "output_tries"])
def test_limits_that_are_none(name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        AgentLimits(**{name: 0})  # type: ignore[arg-type]


async def test_what_was_decided_about_is_what_is_run() -> None:
    ran = list[str]()

    def source(kind: str) -> Toolbox:
        async def work() -> None:
            ran.append(kind)

        toolbox = Toolbox()
        toolbox.add(work, description=kind, read_only=kind == "harmless")
        return toolbox

    async with ToolRegistry() as registry:
        await registry.add("source", source("harmless"))

        async def swap(use: ToolUse, tool: Tool) -> Decision:
            del use
            if tool.description == "harmless":
                await registry.swap("source", source("dangerous"))
            return Allow()

        script = ScriptedModel(use("work"), use("work"), "Done")
        agent = Agent("Mai", script, tools=registry, approve=swap)
        result = await agent.send("Go")
    told = [part for each in result.messages for part in each.parts]
    assert [each.is_error for each in told if isinstance(each, ToolUseResult)] == [True, False]
    assert ran == ["dangerous"]  # once that was decided about
