import contextvars
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
from pydantic import BeforeValidator

from toolyard.core.content import Image, Text
from toolyard.core.context import CallContext, Caller
from toolyard.core.errors import (
    CallInterrupted,
    CallTimeout,
    InputRequired,
    InvalidArguments,
    InvalidTool,
    MissingCapability,
    NameClash,
    NotAllowed,
    ToolError,
    UnknownName,
    Unreachable,
)
from toolyard.core.inputs import list_roots
from toolyard.core.protocol import Change, ChangeProtocol, LibraryProtocol, ToolProtocol
from toolyard.core.tool import Icon, ToolAnnotations, ToolCall, ToolResult
from toolyard.core.toolbox import Toolbox, tool

CONTEXT = CallContext()


async def called(
    tools: Toolbox, name: str, context: CallContext = CONTEXT, **given: Any
) -> ToolResult:
    with anyio.fail_after(5):
        return await tools.call_tool(ToolCall(name, given), context)


async def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


def test_a_toolbox_is_a_source_of_tools_documents_and_changes() -> None:
    tools = Toolbox()
    assert isinstance(tools, ToolProtocol)
    assert isinstance(tools, ChangeProtocol)
    assert isinstance(tools.library, LibraryProtocol)


async def test_a_decorated_function_is_listed_and_called_and_stays_itself() -> None:
    tools = Toolbox()
    assert tools.tool(add) is add
    (listed,) = await tools.list_tools(CONTEXT)
    assert (listed.name, listed.description) == ("add", "Add two numbers.")
    assert listed.annotations is None
    result = await called(tools, "add", a=1, b=2.5)
    assert result == ToolResult(content=(Text("3.5"),), structured={"result": 3.5})


async def test_options_say_what_the_function_does_not() -> None:
    tools, icon = Toolbox(), Icon("https://example.com/a.png")

    @tools.tool(
        name="sum-up", title="Sum", description="Sum up.", read_only=True, open_world=False,
        icons=[icon], meta={"a": 1},
    )  # fmt: skip
    def _sum(a: int) -> int:
        return a

    (listed,) = await tools.list_tools(CONTEXT)
    assert listed.name == "sum-up"
    assert listed.title == "Sum"
    assert listed.description == "Sum up."
    assert listed.annotations == ToolAnnotations(read_only=True, open_world=False)
    assert listed.icons == (icon,)
    assert listed.meta == {"a": 1}
    assert (await called(tools, "sum-up", a=1)).structured == {"result": 1}


async def test_a_function_that_is_not_async_runs_in_a_thread_and_sees_context_variables() -> None:
    tools, current = Toolbox(), contextvars.ContextVar[str]("current")

    @tools.tool
    def where() -> dict[str, Any]:
        """Where."""
        return {"thread": threading.get_ident(), "seen": current.get()}

    current.set("mine")
    structured = (await called(tools, "where")).structured
    assert structured["seen"] == "mine"
    assert structured["thread"] != threading.get_ident()


async def test_a_function_that_returns_an_awaitable_is_awaited() -> None:
    tools = Toolbox()
    tools.add(partial(add, b=1), name="increment", description="Add one.")
    tools.add(lambda a: add(a, 1), name="later", description="Add one.")  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert (await called(tools, "increment", a=1)).text == "2.0"
    assert (await called(tools, "later", a=1)).text == "2"


async def test_the_context_is_given_and_not_listed() -> None:
    tools = Toolbox()

    @tools.tool
    async def who(greeting: str, context: CallContext) -> str:
        """Who calls."""
        return f"{greeting} {context.caller.name}"

    (listed,) = await tools.list_tools(CONTEXT)
    assert list(listed.input_schema["properties"]) == ["greeting"]
    result = await called(tools, "who", CallContext(caller=Caller("ann")), greeting="hello")
    assert result.text == "hello ann"
    with pytest.raises(InvalidArguments):
        await tools.call_tool(ToolCall("who", {"greeting": "x", "context": {}}), CONTEXT)


class Scale:
    """A thing with a setting."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    @property
    def broken(self) -> str:
        raise AssertionError("a property must not be touched")

    @tool
    async def weigh(self, mass: float) -> float:
        """Weigh."""
        return mass * self._factor

    def unmarked(self) -> None: ...

    @tool(name="tare", destructive=False)
    def reset(self) -> str:
        """Reset."""
        return f"reset {self._factor:g}"

    @tool
    @staticmethod
    def unit() -> str:
        """Tell the unit."""
        return "N"


class FineScale(Scale):
    @tool
    def calibrate(self) -> None:
        """Calibrate."""

    def reset(self) -> str:
        """Not a tool here."""
        return ""


async def test_the_marked_methods_of_an_object_are_tools_in_their_order() -> None:
    tools = Toolbox()
    tools.add(Scale(9.81))
    listed = await tools.list_tools(CONTEXT)
    assert [each.name for each in listed] == ["weigh", "tare", "unit"]
    assert listed[1].annotations == ToolAnnotations(destructive=False)
    assert "factor" not in str(listed)
    assert (await called(tools, "weigh", mass=2)).structured == {"result": 19.62}
    assert (await called(tools, "tare")).text == "reset 9.81"
    assert (await called(tools, "unit")).text == "N"


async def test_a_method_that_is_overridden_without_a_mark_is_no_tool() -> None:
    tools = Toolbox()
    tools.add(FineScale(1))
    assert [each.name for each in await tools.list_tools(CONTEXT)] == ["weigh", "unit", "calibrate"]


async def test_a_marked_function_keeps_its_options_when_it_is_added() -> None:
    @tool(name="double", title="Double")
    def twice(a: int) -> int:
        """Double."""
        return 2 * a

    tools = Toolbox()
    tools.add(twice, title="Twice")
    (listed,) = await tools.list_tools(CONTEXT)
    assert (listed.name, listed.title) == ("double", "Twice")


def undocumented() -> None: ...


def hidden() -> None:
    """Read\u200b a file."""


def opaque(a: Callable[[], int]) -> None:
    """Call."""


@pytest.mark.parametrize(
    ("thing", "options", "complaint"),
    [
        (undocumented, {}, "no description: give its function a docstring"),
        (undocumented, {"description": "  "}, "no description"),
        (add, {"name": "add numbers"}, "cannot be the name of a tool"),
        (add, {"name": "x" * 65}, "cannot be the name of a tool"),
        (add, {"name": "add\n"}, "cannot be the name of a tool"),
        (lambda: None, {"description": "x"}, "cannot be the name of a tool"),
        (add, {"timeout_s": 0}, "above 0"),
        (add, {"timeout_s": float("nan")}, "above 0"),
        (add, {"title": "A\u202e"}, r"U\+202E"),
        (hidden, {}, r"U\+200B"),
        (opaque, {}, "cannot be read from JSON"),
        (object(), {}, "no method marked"),
        (Scale, {}, "no method marked"),
        (Scale(1), {"title": "x"}, "belong to its own"),
        (Scale(1).weigh.__func__, {}, "method without its object"),
    ],
)
async def test_what_cannot_be_offered_is_refused_with_advice(
    thing: Any, options: Any, complaint: str
) -> None:
    tools = Toolbox()
    with pytest.raises(InvalidTool, match=complaint):
        tools.add(thing, **options)
    assert await tools.list_tools(CONTEXT) == ()


async def test_a_name_can_be_given_once() -> None:
    tools = Toolbox()
    tools.add(add)
    with pytest.raises(NameClash, match="'add'"):
        tools.add(add)
    tools.add(add, name="weigh")
    with pytest.raises(NameClash, match="'weigh'"):
        tools.add(Scale(1))
    assert [each.name for each in await tools.list_tools(CONTEXT)] == ["add", "weigh"]


async def test_a_removed_tool_is_gone() -> None:
    tools = Toolbox()
    tools.add(add)
    tools.remove("add")
    assert await tools.list_tools(CONTEXT) == ()
    with pytest.raises(UnknownName, match="'add'"):
        await called(tools, "add", a=1, b=2)
    with pytest.raises(UnknownName, match="'add'"):
        tools.remove("add")


async def test_listeners_hear_of_every_change_until_they_leave() -> None:
    tools, heard = Toolbox(), list[Change]()
    leave = tools.subscribe(heard.append)
    tools.add(add)
    tools.add(Scale(1))
    tools.remove("add")
    tools.changed("notes://1")
    assert heard == [Change("tools")] * 3 + [Change("resource", "notes://1")]
    leave()
    tools.add(add)
    assert len(heard) == 4


async def test_listing_again_gives_the_very_same_list() -> None:
    tools = Toolbox()
    tools.add(add)
    assert await tools.list_tools(CONTEXT) is await tools.list_tools(CONTEXT)


async def test_a_toolbox_can_be_entered_again() -> None:
    tools = Toolbox()
    tools.add(add)
    for _ in range(2):
        async with tools as entered:
            assert (await called(entered, "add", a=1, b=1)).text == "2.0"


async def test_a_wrong_argument_is_refused_before_the_function_runs() -> None:
    tools, ran = Toolbox(), list[int]()

    @tools.tool
    def count(a: int) -> None:
        """Count."""
        ran.append(a)

    with pytest.raises(InvalidArguments) as refusal:
        await called(tools, "count", a="two", b=1)
    assert str(refusal.value) == (
        "The arguments of 'count' are not valid:\n"
        '- a: expected an integer, got the string "two".\n'
        "- b: is not an argument; the arguments are a."
    )
    assert ran == []


def multiply(number: int, by: int) -> int:
    """Multiply a number."""
    return number * by


class Scaler:
    """Scales."""

    def __init__(self, factor: int) -> None:
        self.factor = factor

    def __call__(self, number: int) -> int:
        """Scale a number."""
        return number * self.factor


class Waiter:
    """Waits for a number."""

    async def __call__(self, number: int) -> int:
        await anyio.lowlevel.checkpoint()
        return number


@pytest.mark.parametrize(
    ("thing", "name", "description", "result"),
    [
        (Scaler(3), "Scaler", "Scale a number.", 6),
        (partial(Scaler(3)), "Scaler", "Scale a number.", 6),
        (Waiter(), "Waiter", "Waits for a number.", 2),
        (partial(Waiter()), "Waiter", "Waits for a number.", 2),
        (partial(multiply, by=5), "multiply", "Multiply a number.", 10),
    ],
)
async def test_whatever_can_be_called_is_a_function(
    thing: Any, name: str, description: str, result: int
) -> None:
    tools = Toolbox()
    tools.add(thing)
    (listed,) = await tools.list_tools(CONTEXT)
    assert (listed.name, listed.description) == (name, description)
    assert (await called(tools, name, number=2)).structured == {"result": result}


async def test_what_a_validator_cannot_take_is_a_wrong_argument() -> None:
    tools = Toolbox()

    @tools.tool
    async def take(a: Annotated[int, BeforeValidator(len)]) -> None:
        """Take."""

    with pytest.raises(InvalidArguments, match="that the rules of its type cannot take"):
        await called(tools, "take", a=1)


def raising(error: BaseException) -> Toolbox:
    tools = Toolbox()

    @tools.tool(name="fail")
    async def _fail() -> int:
        """Fail."""
        raise error

    @tools.tool(name="fail_in_thread")
    def _fail_in_thread() -> int:
        """Fail."""
        raise error

    return tools


@pytest.mark.parametrize("name", ["fail", "fail_in_thread"])
@pytest.mark.parametrize("error", [ToolError("Try it with less."), UnknownName("tool", "inner")])
async def test_a_refusal_is_a_result_for_the_model(name: str, error: Exception) -> None:
    result = await called(raising(error), name)
    assert result == ToolResult.error(str(error))


@pytest.mark.parametrize("name", ["fail", "fail_in_thread"])
@pytest.mark.parametrize(
    "error",
    [
        InputRequired({"roots": list_roots()}), MissingCapability({"roots": {}}),
        NotAllowed("tool:x"), CallTimeout("x", 1), CallInterrupted("x"), Unreachable("No route."),
    ],
)  # fmt: skip
async def test_what_the_caller_must_handle_passes_through(name: str, error: Exception) -> None:
    with pytest.raises(type(error)) as raised:
        await called(raising(error), name)
    assert raised.value is error


@pytest.mark.parametrize("name", ["fail", "fail_in_thread"])
@pytest.mark.parametrize(
    "error",
    [
        ValueError("token hunter2 in /etc/secret"), KeyError("hunter2"), SystemExit("hunter2"),
        StopIteration("hunter2"), ExceptionGroup("hunter2", [ValueError("hunter2")]),
    ],
)  # fmt: skip
async def test_a_bug_is_logged_and_told_without_details(
    name: str, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "toolyard.tools"):
        result = await called(raising(error), name)
    assert result.is_error
    assert result.text.startswith(f"The tool {name!r} failed: it ran into an unexpected ")
    assert "hunter2" not in result.text
    assert "/" not in result.text
    assert "Traceback" not in result.text
    assert caplog.records[0].exc_info


async def test_a_value_that_does_not_fit_is_logged_and_told_without_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tools = Toolbox()

    @tools.tool
    async def count() -> int:
        """Count."""
        return "hunter2"  # pyright: ignore[reportReturnType]

    result = await called(tools, "count")
    assert result == ToolResult.error(
        "The tool 'count' failed: what it returned does not fit its output schema."
    )
    assert "Input should be a valid integer" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_bug_in_a_validator_is_a_bug_of_the_tool() -> None:

    def stumble(value: Any) -> Any:
        raise KeyError(value)

    tools = Toolbox()

    @tools.tool
    async def take(a: Annotated[int, BeforeValidator(stumble)]) -> None:
        """Take."""

    assert (await called(tools, "take", a=1)).text.endswith("an unexpected KeyError.")


@pytest.mark.parametrize("blocking", [False, True])
async def test_a_tool_that_takes_too_long_is_ended(blocking: bool) -> None:
    tools, release = Toolbox(), threading.Event()

    @tools.tool(name="wait", timeout_s=0.01)
    async def _wait() -> None:
        """Wait."""
        await anyio.sleep_forever()

    @tools.tool(name="block", timeout_s=0.01)
    def _block() -> None:
        """Block."""
        release.wait(5)

    with pytest.raises(CallTimeout, match=r"within 0\.01 s"):
        await called(tools, "block" if blocking else "wait")
    release.set()


async def test_a_timeout_of_the_functions_own_is_its_bug() -> None:
    tools = Toolbox()

    @tools.tool(timeout_s=5)
    async def connect() -> None:
        """Connect."""
        raise TimeoutError

    assert (await called(tools, "connect")).is_error


async def test_threads_of_abandoned_calls_count_against_the_limit() -> None:
    tools, entered, release = Toolbox(max_threads=1), anyio.Event(), threading.Event()

    @tools.tool
    def block() -> None:
        """Block."""
        anyio.from_thread.run_sync(entered.set)
        release.wait(5)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(tools.call_tool, ToolCall("block"), CONTEXT)
            await entered.wait()
            group.cancel_scope.cancel()
        tools.add(lambda: 1, name="one", description="One.")
        with anyio.move_on_after(0.05) as waited:
            await tools.call_tool(ToolCall("one"), CONTEXT)
        assert waited.cancelled_caught
        release.set()
        assert (await called(tools, "one")).text == "1"


async def test_cancelling_a_call_cancels_its_function() -> None:
    tools, entered, cancelled = Toolbox(), anyio.Event(), anyio.Event()

    @tools.tool
    async def wait() -> None:
        """Wait."""
        entered.set()
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(tools.call_tool, ToolCall("wait"), CONTEXT)
            await entered.wait()
            group.cancel_scope.cancel()
    assert cancelled.is_set()


async def test_a_function_may_return_blocks_or_a_whole_result() -> None:
    tools, picture = Toolbox(), Image(b"png")

    @tools.tool
    async def draw() -> list[Image | str]:
        """Draw."""
        return [picture, "a picture"]

    @tools.tool
    async def refuse() -> ToolResult:
        """Refuse."""
        return ToolResult.error("No.")

    listed = await tools.list_tools(CONTEXT)
    assert [each.output_schema for each in listed] == [None, None]
    assert (await called(tools, "draw")).content == (picture, Text("a picture"))
    assert (await called(tools, "refuse")).is_error


def test_an_option_that_does_not_exist_is_refused_by_name() -> None:
    tools = Toolbox()
    wrong: dict[str, Any] = {"readonly": True}

    def thing() -> str:
        """Do a thing."""
        return "done"

    for offer in (tools.tool(**wrong), tools.resource("a://b", **wrong), tools.prompt(**wrong)):
        with pytest.raises(TypeError, match="readonly"):
            offer(thing)
    with pytest.raises(TypeError, match="readonly"):
        tools.add_schema("raw", thing, description="x", input_schema={"type": "object"}, **wrong)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
async def test_whatever_a_tool_raises_ends_with_its_call(error: type[BaseException]) -> None:
    tools = Toolbox()

    @tools.tool
    def quit_all() -> str:  # pyright: ignore[reportUnusedFunction]
        """Try to take everybody along."""
        raise error

    result = await tools.call_tool(ToolCall("quit_all"), CallContext())
    assert result.is_error
    assert error.__name__ in result.text


async def test_a_cancelled_task_that_a_tool_waits_for_is_the_tools_own_trouble() -> None:
    tools = Toolbox()

    @tools.tool
    async def wait_for_another() -> str:  # pyright: ignore[reportUnusedFunction]
        """Wait for something that is cancelled."""
        raise anyio.get_cancelled_exc_class()

    assert (await tools.call_tool(ToolCall("wait_for_another"), CallContext())).is_error


async def test_a_great_many_values_hold_nobody_up() -> None:
    tools = Toolbox()

    @tools.tool
    async def mixed(values: set[int | str]) -> int:  # pyright: ignore[reportUnusedFunction]
        """Count."""
        return len(values)

    started = time.thread_time()
    right = ToolCall("mixed", {"values": [*range(50_000), "x"]})
    assert (await tools.call_tool(right, CallContext())).structured == {"result": 50_001}
    wrong = ToolCall("mixed", {"values": [*range(50_000), None]})
    with pytest.raises(InvalidArguments, match=r"values\[50000\]: "):
        await tools.call_tool(wrong, CallContext())
    assert time.thread_time() - started < 0.5
