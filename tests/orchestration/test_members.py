"""Who may be a member, and how each is asked."""

import anyio
import anyio.lowlevel
import pytest
from pydantic import BaseModel
from tests.support.teams import Player

from toolyard import MCPClient, MCPServerBuilder
from toolyard.agents.agent import Agent
from toolyard.core.content import Image
from toolyard.core.context import CallContext
from toolyard.core.errors import CallTimeout, ConfigError, ModelError, ToolError, UnfitReply
from toolyard.core.toolbox import Toolbox
from toolyard.llm.scripted_model import EchoModel, ScriptedModel
from toolyard.orchestration.member import member_of
from toolyard.orchestration.presets.debate import Debate
from toolyard.orchestration.presets.parallel import Parallel
from toolyard.orchestration.presets.round_robin import RoundRobin
from toolyard.orchestration.presets.supervisor import Supervisor
from toolyard.orchestration.remote_agent import RemoteAgent
from toolyard.orchestration.seats.call_seat import CallSeat
from toolyard.orchestration.seats.seat import Seat
from toolyard.orchestration.seats.seating import seat_of
from toolyard.orchestration.surroundings import Surroundings

pytestmark = pytest.mark.anyio


class Vote(BaseModel):
    choice: int


def seated(does: object) -> Seat:
    return seat_of(member_of(does, "m"), Surroundings())  # pyright: ignore[reportArgumentType]


async def test_an_agent_remembers_within_a_run_and_stays_as_it_was() -> None:
    player = Player("Ann", "one", "two", "three")
    await player.agent.send("before")
    seat = seated(player.agent)

    await seat.say(["hello"], None)
    await seat.say(["again"], None)

    assert seat.remembers
    assert player.heard == ["before", "hello", "again"]
    assert len(player.agent.session.messages) == 2
    assert seat.spent.usage.calls == 2


async def test_an_agent_is_told_of_the_team_after_what_it_is_to_do() -> None:
    model = ScriptedModel("fine")
    agent = Agent("Ann", model, system_prompt="Be brief.")

    await Parallel([agent], system_context="You work with others.").run("Go.")

    said = model.requests[0].messages[0].text
    assert said == "You are Ann.\n\nBe brief.\n\nYou work with others."


async def test_a_function_answers_with_what_was_asked_for() -> None:
    async def vote(task: str) -> Vote:
        return Vote(choice=len(task))

    async def written(task: str) -> str:
        return f'My vote: {{"choice": {len(task) and 7}}}'

    assert (await seated(vote).say(["abc"], Vote)).output.choice > 3
    assert (await seated(written).say(["abc"], Vote)).output == Vote(choice=7)


async def test_one_that_answers_otherwise_is_asked_again_and_given_up() -> None:
    heard = list[str]()

    def talk(task: str) -> str:
        heard.append(task)
        return '{"choice": 3}' if len(heard) == 2 else "I would rather not."

    assert (await seated(talk).say(["Vote!"], Vote)).output == Vote(choice=3)
    assert "choice" in heard[0]
    assert len(heard[1]) > len(heard[0])

    heard[:] = ["", "", ""]
    with pytest.raises(UnfitReply):
        await seated(talk).say(["Vote!"], Vote)
    assert len(heard) == 6


async def test_a_function_that_never_waits_lets_others_go_on() -> None:
    heard, others = list[int](), 0

    async def at_once(task: str) -> str:
        heard.append(others)
        return task

    async def live() -> None:
        nonlocal others
        while True:
            await anyio.lowlevel.checkpoint()
            others += 1

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(live)
        await RoundRobin([at_once], rounds=9, synthesis=False).run("Go.")
        tasks.cancel_scope.cancel()

    assert len(set(heard)) >= 3


async def test_a_remote_agent_is_asked_through_its_tool() -> None:
    served = Agent("Sage", ScriptedModel("42"), agent_id="sage")

    remote = RemoteAgent(served.as_tool(), "sage", name="Far", expertise="all")
    seat = seated(remote)

    assert (await seat.say(["What?"], None)).text == "42"
    assert isinstance(seat, CallSeat)
    assert seat.spent.cost_usd is None


async def test_agents_and_teams_that_are_served_over_mcp_take_part() -> None:
    clerk = Agent("clerk", ScriptedModel("From afar: 3293."))
    panel = Parallel([Agent("Echo", EchoModel())], name="panel")
    builder = MCPServerBuilder("office").with_port(0).with_bearer_token("s3cret")
    builder.with_protocol("clerk", clerk.as_tool()).with_protocol("panel", panel.as_tool())

    async with builder.build() as office, MCPClient(office.url, token="s3cret") as source:
        far = [RemoteAgent(source, "clerk"), RemoteAgent(source, "panel")]
        result = await Parallel([*far, Player("Ann", "from here").agent]).run("What is 37 * 89?")

    assert result.output == {
        "clerk": ["From afar: 3293."],
        "panel": ["Echo:\nWhat is 37 * 89?"],
        "Ann": ["from here"],
    }
    assert result.cost_usd is None


async def test_a_remote_agent_that_fails_says_why_and_a_silent_one_is_given_up() -> None:
    broken = Agent("Sage", ScriptedModel(ModelError("out of order.")), agent_id="sage")
    with pytest.raises(ToolError, match=r"out of order\."):
        await RemoteAgent(broken.as_tool(), "sage").run("What?")

    silent = Toolbox()

    @silent.tool
    async def sage(task: str) -> str:  # pyright: ignore[reportUnusedFunction]
        """Says nothing."""
        await anyio.sleep_forever()
        return task

    with pytest.raises(CallTimeout):
        await RemoteAgent(silent, "sage", timeout_s=0.01).run("What?")


async def test_a_picture_is_seen_once_by_each_agent() -> None:
    picture = Image(data=b"\x89PNG", mime_type="image/png")
    player = Player("Ann", "nice")

    await Parallel([player.agent]).run("Look.", picture)

    assert picture in player.model.requests[0].messages[-1].parts


async def test_a_workflow_is_served_as_a_tool() -> None:
    team = Parallel([Agent("Echo", EchoModel())], name="team", expertise="Repeats.")
    source = team.as_tool()

    (tool,) = await source.list_tools(CallContext())

    assert tool.name == "team"
    assert "Repeats." in (tool.description or "")


def test_one_who_is_known_by_its_id_may_come_only_once() -> None:
    ann, lead = Player("Ann").agent, Player("Lead").agent
    with pytest.raises(ConfigError, match="'Ann' comes twice"):
        Debate([ann, ann])
    with pytest.raises(ConfigError, match="'Ann' comes twice"):
        Supervisor([ann, ann], supervisor=lead)
    Supervisor({"one": ann, "other": ann}, supervisor=lead)


async def test_one_who_begins_anew_each_time_may_come_several_times() -> None:
    ann = Player("Ann", "one", "two")

    result = await Parallel([ann.agent, ann.agent]).run("Go.")

    assert result.output == {"Ann": ["one", "two"]}


def test_options_that_are_none_are_refused() -> None:
    ann = Player("Ann").agent
    with pytest.raises(ConfigError, match="no option 'budgets', only: id, name"):
        Parallel([ann], budgets=3)  # pyright: ignore[reportCallIssue]
    with pytest.raises(ConfigError, match="on_error must be one of skip, raise, show"):
        Parallel([ann], on_error="ignore")  # pyright: ignore[reportArgumentType]
