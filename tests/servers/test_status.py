"""What operators learn about sources."""

from collections.abc import Mapping
from typing import Any

from tests.servers.harness import TOKEN, builder, http_to

from toolyard.core.toolbox import Toolbox
from toolyard.core.wrapper import Wrapper
from toolyard.registry.tool_registry import ToolRegistry


class Sickly(Toolbox):
    """A source that says how it is."""

    def __init__(self, told: Mapping[str, Any] | None) -> None:
        super().__init__()
        self.told = told

    def health(self) -> Mapping[str, Any]:
        if self.told is None:
            raise RuntimeError("a bug at /secret/path")
        return self.told


async def test_sources_say_how_they_are_to_who_may_know() -> None:
    inner = ToolRegistry(Wrapper(Sickly({"is": "deep"})), Toolbox())
    configured = (
        builder(Toolbox())
        .with_protocol("well", Sickly({"disk": "full"}))
        .with_protocol("broken", Sickly(None))
        .with_protocol("inner", inner)
        .with_bearer_token(TOKEN, "ops", scopes=["metrics"])
        .with_bearer_token("x" * 40, "ann", scopes=["tool:*"])
    )
    async with configured.build() as server:
        async with http_to(server, TOKEN) as http:
            answer = await http.get("/status")
        async with http_to(server, "x" * 40) as http:
            refused = await http.get("/status")
        async with http_to(server, None) as http:
            unknown = await http.get("/status")
    assert answer.headers["content-type"] == "application/json"
    told = answer.json()
    assert told["state"] == "ready"
    assert told["sources"]["well"]["source"] == {"disk": "full"}
    assert told["sources"]["broken"]["source"] == {"state": "unknown"}
    assert told["sources"]["inner"]["source"]["source-0"]["source"] == {"is": "deep"}
    assert {mount["state"] for mount in told["sources"].values()} == {"ready"}
    assert refused.status_code == 403
    assert unknown.status_code == 401
