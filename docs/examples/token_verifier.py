"""Bearer tokens that something of your own knows: a database, a directory, another service."""

import anyio

from toolyard import CallContext, Caller, MCPClient, MCPServerBuilder, NotAdmitted, Toolbox

tools = Toolbox()


@tools.tool
async def read_report(context: CallContext) -> str:
    """Read the report."""
    return f"All is well, {context.caller.name}."


@tools.tool
async def delete_report() -> str:
    """Delete the report."""
    return "It is gone."


class Staff:
    """Asked for every request, so that whoever leaves is out at once."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    async def verify(self, token: str) -> Caller | None:
        name = self.names.get(token)
        return None if name is None else Caller(name, frozenset({"tool:read_*"}))


async def main() -> None:
    staff = Staff({"badge-of-ann": "ann"})
    builder = MCPServerBuilder("reports").with_protocol("tools", tools).with_port(0)
    async with builder.with_token_verifier(staff).build() as server:
        async with MCPClient(server.url, token="badge-of-ann") as client:
            print([tool.name for tool in await client.list_tools(CallContext())])
        staff.names.clear()
        try:
            async with MCPClient(server.url, token="badge-of-ann"):
                print("Still in.")
        except NotAdmitted as refused:
            print(refused)


if __name__ == "__main__":
    anyio.run(main)
