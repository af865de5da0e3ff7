"""A tool is replaced while it is being called: no call fails, each meets one version."""

import anyio

from toolyard import CallContext, SwapRefused, Toolbox, ToolCall, ToolRegistry


def greeter(greeting: str) -> Toolbox:
    tools = Toolbox()

    @tools.tool
    async def greet(name: str) -> str:
        """Greet somebody."""
        await anyio.sleep(0.01)
        return f"{greeting}, {name}!"

    return tools


def stranger() -> Toolbox:
    tools = Toolbox()

    @tools.tool
    async def insult(name: str) -> str:
        """Do not."""
        return name

    return tools


async def main() -> None:
    answers: list[str] = []
    async with ToolRegistry() as registry:
        await registry.add("greeter", greeter("Hello"))

        async def keep_calling() -> None:
            for _ in range(20):
                call = ToolCall("greet", {"name": "Ada"})
                answers.append((await registry.call_tool(call, CallContext())).text)

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(keep_calling)
            await anyio.sleep(0.05)
            probe = ToolCall("greet", {"name": "probe"})
            await registry.swap("greeter", greeter("Good day"), probe=probe)
            try:
                await registry.swap("greeter", stranger(), may_break=False)
            except SwapRefused as refused:
                print(refused)
        print(registry.health()["greeter"])

    assert len(answers) == 160
    assert set(answers) == {"Hello, Ada!", "Good day, Ada!"}


anyio.run(main)
