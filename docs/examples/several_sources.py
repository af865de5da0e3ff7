"""Several sources as one server; a prefix keeps their names apart."""

import anyio

from toolyard import Calculator, CallContext, MCPClient, MCPServerBuilder, Toolbox

tools = Toolbox()


@tools.tool(read_only=True)
def shout(text: str) -> str:
    """Say it loudly."""
    return text.upper()


async def main() -> None:
    builder = MCPServerBuilder("yard").with_port(0).with_bearer_token("s3cret", name="example")
    builder.with_protocol("mine", tools, prefix="my").with_protocol("calculator", Calculator())
    async with builder.build() as server, MCPClient(server.url, token="s3cret") as client:
        for tool in await client.list_tools(CallContext()):
            print(f"{tool.name}: {tool.description.splitlines()[0]}")


if __name__ == "__main__":
    anyio.run(main)
