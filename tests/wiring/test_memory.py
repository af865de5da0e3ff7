"""The options of the kind `memory`."""

from pathlib import Path
from typing import Any

import pytest

from toolyard.config.settings import ToolSettings
from toolyard.core.context import CallContext
from toolyard.core.errors import ConfigError
from toolyard.core.protocol import ToolProtocol, health_of
from toolyard.core.tool import ToolCall
from toolyard.wiring.sources import source_of


def memory(**options: Any) -> ToolProtocol:
    return source_of("mine", ToolSettings.model_validate({"kind": "memory", "options": options}))


async def said(source: ToolProtocol, command: str) -> str:
    return (await source.call_tool(ToolCall("memory", {"command": command}), CallContext())).text


async def test_a_memory_in_a_file_is_kept_by_namespace(tmp_path: Path) -> None:
    place = f"sqlite:{tmp_path / 'store.db'}"
    async with memory(store=place, namespace="a") as source:
        await said(source, "P k v")
    async with memory(store=place, namespace="a") as source:
        assert await said(source, "G k") == '{"value":"v"}'
    async with memory(store=place, namespace="b") as source:
        assert "NOT_FOUND" in await said(source, "G k")


async def test_limits_hold() -> None:
    async with memory(max_keys=1, max_value_bytes=3) as source:
        assert "at most 3" in await said(source, "P k four")
        await said(source, "P k v")
        assert "STORE_FULL" in await said(source, "P l v")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"store": "postgres"}, "A store is named"),
        ({"store": 5}, "The option store of 'memory' is a text"),
        ({"namespace": "a/b"}, "namespace"),
        ({"namespace": ["a"]}, "namespace of 'memory' is a text"),
        ({"max_keys": 0}, "max_keys of 'memory' is a whole number"),
        ({"max_bytes": "1 MB"}, "max_bytes of 'memory' is a whole number"),
        ({"max_value_bytes": True}, "max_value_bytes of 'memory' is a whole number"),
        ({"path": "x"}, "does not take the options path"),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        memory(**options)


async def test_operators_learn_how_well_it_is_kept(tmp_path: Path) -> None:
    for store, kept in (
        ("memory", {"engine": "memory", "durability": "none"}),
        (f"sqlite:{tmp_path / 'store.db'}", {"engine": "sqlite", "durability": "always"}),
    ):
        async with memory(store=store) as source:
            assert health_of(source) == {"store": kept}
