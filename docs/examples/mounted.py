"""A tool server inside an application of your own."""

import anyio
import httpx2
from starlette.applications import Starlette
from starlette.routing import Mount

from toolyard import Calculator, MCPServerBuilder

server = MCPServerBuilder("calculator").with_protocol("calculator", Calculator()).build()
app = Starlette(routes=[Mount("/tools", app=server.asgi_app())], lifespan=server.lifespan)


async def main() -> None:
    async with server.lifespan():
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            print((await client.get("/tools/readyz")).text.strip())


if __name__ == "__main__":
    anyio.run(main)
