"""Hearing of what happens: for an audit log, a queue, or metrics of your own."""

import anyio

from toolyard import (
    Calculator,
    CallContext,
    CallFinished,
    Event,
    MCPClient,
    MCPServerBuilder,
    RequestRefused,
    ServerStopped,
    ToolCall,
    Unreachable,
)


def note(event: Event) -> None:
    """Called in the event loop: hand over what takes longer than a line like these."""
    match event:
        case CallFinished(tool=tool, caller=caller, outcome=outcome):
            print(f"{caller} called {tool}: {outcome}")
        case RequestRefused(reason=reason, status=status):
            print(f"refused with {status} because of the {reason}")
        case ServerStopped(interrupted=interrupted):
            print(f"stopped; {interrupted} calls were cut short")
        case _:
            pass


async def main() -> None:
    builder = MCPServerBuilder("calculator").with_protocol("calculator", Calculator())
    builder.with_port(0).with_bearer_token("s3cret", name="ann").with_event_handler(note)
    async with builder.build() as server:
        async with MCPClient(server.url, token="s3cret") as client:
            await client.call_tool(ToolCall("calculator", {"expression": "6 * 7"}), CallContext())
        try:
            async with MCPClient(server.url, token="guess"):
                print("That was a good guess.")
        except Unreachable:
            pass


if __name__ == "__main__":
    anyio.run(main)
