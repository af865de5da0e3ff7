"""The HTTP client as a model uses it."""

from collections.abc import Mapping
from typing import Any

import anyio
import jsonschema
import pytest
from anyio.abc import ByteStream
from tests.builtin_tools.test_http_client import TOKEN, client, sent, with_token
from tests.egress.hosts import Names, hosting, ok, redirect

from toolyard import (
    CallContext,
    CallTimeout,
    HttpClient,
    Image,
    InvalidArguments,
    ToolCall,
    ToolProtocol,
    ToolResult,
    UnknownName,
)
from toolyard.core.tool import ToolAnnotations

CONTEXT = CallContext()
NAMES = ["http_get", "http_head", "http_post", "http_put", "http_patch", "http_delete"]


async def call(source: ToolProtocol, tool: str, **arguments: Any) -> ToolResult:
    return await source.call_tool(ToolCall(tool, arguments), CONTEXT)


async def refused(source: ToolProtocol, url: str, **arguments: Any) -> str:
    result = await call(source, "http_get", url=url, **arguments)
    assert result.is_error
    assert result.structured is None
    return result.text


async def test_there_is_a_tool_for_each_method() -> None:
    tools = {tool.name: tool for tool in await HttpClient().list_tools(CONTEXT)}
    assert list(tools) == NAMES
    assert tools["http_get"].annotations == ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=True
    )
    assert tools["http_post"].annotations == ToolAnnotations(
        read_only=False, destructive=True, idempotent=False, open_world=True
    )
    for name, tool in tools.items():
        assert {"url", "headers", "query", "timeout_s"} <= set(tool.input_schema["properties"])
        has_body = name not in ("http_get", "http_head")
        assert ("body" in tool.input_schema["properties"]) is has_body


async def test_an_answer_is_structured_and_text() -> None:
    async with hosting(ok(b'{"a": 1}', "Content-Type: application/json")) as host:
        result = await call(client(), "http_get", url=host.url())
    assert result.structured == {
        "status": 200,
        "headers": {"content-length": "8", "content-type": "application/json"},
        "body": '{"a": 1}',
        "truncated": False,
    }
    assert result.text == '200 application/json\n\n{"a": 1}'


async def test_a_call_is_sent_as_it_says() -> None:
    async with hosting(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") as host:
        result = await call(
            client(), "http_patch", url=host.url("/p"), headers={"X-Own": "v"},
            query={"a": [1, True]}, body={"b": [None]}, timeout_s=5,
        )  # fmt: skip
    first, headers, body = sent(host)
    assert first == "PATCH /p?a=1&a=true HTTP/1.1"
    assert (headers["x-own"], headers["content-type"]) == ("v", "application/json")
    assert body == b'{"b": [null]}'
    assert result.text == "201"


async def test_an_error_of_the_host_is_an_answer() -> None:
    async with hosting(b"HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone") as host:
        result = await call(client(), "http_get", url=host.url())
    assert (result.is_error, result.structured["status"]) == (False, 404)


async def test_a_cut_answer_says_so() -> None:
    async with hosting(ok(b"x" * 200, "Content-Type: text/plain")) as host:
        result = await call(client(max_response_bytes=100), "http_get", url=host.url())
    assert result.structured["truncated"] is True
    assert result.text == f"200 text/plain\n\n{'x' * 100}\n\n(cut after 100 bytes; there is more)"


async def test_a_picture_is_an_image_block() -> None:
    async with hosting(ok(b"\x89PNG\x00", "Content-Type: image/png")) as host:
        result = await call(client(), "http_get", url=host.url())
    assert list(result.content)[1:] == [Image(b"\x89PNG\x00", "image/png")]
    assert result.structured["body"] == "(a picture of 5 bytes)"


async def test_other_bytes_are_a_data_uri_in_the_structured_content_alone() -> None:
    async with hosting(ok(b"%PDF\x00", "Content-Type: application/pdf")) as host:
        result = await call(client(), "http_get", url=host.url())
    assert result.structured["body"] == "data:application/pdf;base64,JVBERgA="
    assert "JVBER" not in result.text


async def test_a_picture_that_was_cut_is_no_image_block() -> None:
    async with hosting(ok(b"\x89PNG" * 50, "Content-Type: image/png")) as host:
        result = await call(client(max_response_bytes=100), "http_get", url=host.url())
    assert len(result.content) == 1


async def test_many_and_long_headers_are_cut() -> None:
    many = [f"X-{number}: {'y' * 500}" for number in range(100)]
    async with hosting(ok(b"", *many, f"Z: {'z' * 9000}")) as host:
        few = await call(client(), "http_get", url=host.url())
    async with hosting(ok(b"", f"Z: {'z' * 9000}")) as host:
        long = await call(client(), "http_get", url=host.url())
    assert len(few.structured["headers"]) == 64
    assert len(long.structured["headers"]["z"]) == 4096


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("http_get", {}),
        ("http_get", {"url": 5}),
        ("http_get", {"url": ""}),
        ("http_get", {"url": None}),
        ("http_get", {"url": ["http://a.example/"]}),
        ("http_get", {"url": "http://a.example/" + "a" * 8192}),
        ("http_get", {"url": "http://a.example/", "body": "x"}),
        ("http_head", {"url": "http://a.example/", "body": "x"}),
        ("http_get", {"url": "http://a.example/", "method": "POST"}),
        ("http_get", {"url": "http://a.example/", "verify": False}),
        ("http_get", {"url": "http://a.example/", "extensions": {"sni_hostname": "b"}}),
        ("http_get", {"url": "http://a.example/", "headers": "Host: x"}),
        ("http_get", {"url": "http://a.example/", "headers": {"X": 5}}),
        ("http_get", {"url": "http://a.example/", "headers": {"X": ["a"]}}),
        ("http_get", {"url": "http://a.example/", "headers": {f"X{n}": "" for n in range(65)}}),
        ("http_get", {"url": "http://a.example/", "headers": {"X": "a" * 8193}}),
        ("http_get", {"url": "http://a.example/", "query": "a=b"}),
        ("http_get", {"url": "http://a.example/", "query": {"a": {"b": 1}}}),
        ("http_get", {"url": "http://a.example/", "query": {"a": None}}),
        ("http_get", {"url": "http://a.example/", "query": {"a": list(range(101))}}),
        ("http_get", {"url": "http://a.example/", "timeout_s": 0}),
        ("http_get", {"url": "http://a.example/", "timeout_s": -1}),
        ("http_get", {"url": "http://a.example/", "timeout_s": 1e9}),
        ("http_get", {"url": "http://a.example/", "timeout_s": "5"}),
    ],
)
async def test_arguments_that_do_not_fit_are_refused(
    tool: str, arguments: Mapping[str, Any]
) -> None:
    with pytest.raises(InvalidArguments):
        await call(client(), tool, **arguments)


@pytest.mark.parametrize("name", ["http_options", "http", "GET", ""])
async def test_there_is_no_other_tool(name: str) -> None:
    with pytest.raises(UnknownName):
        await call(client(), name, url="http://a.example/")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.test/computeMetadata/v1/",
        "http://10.0.0.1/",
        "http://[fd00:ec2::254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://mixed.test/",
        "http://0.0.0.0/",
        "http://168.63.129.16/",
    ],
)
async def test_nothing_inside_is_reached(url: str) -> None:
    names = Names(
        {
            "localhost": ["127.0.0.1", "::1"],
            "metadata.test": ["169.254.169.254"],
            "mixed.test": ["8.8.8.8", "10.0.0.1"],
        }
    )
    told = await refused(HttpClient(resolve=names), url)
    assert "cannot be reached from here" in told
    assert not [
        each for each in ("8.8.8.8", "169.254", "10.0.0.1") if each in told and ".test/" in url
    ]


@pytest.mark.parametrize(
    "url",
    [
        "https://allowed.example:80@169.254.169.254/",
        "https://allowed.example@evil.example/",
        "https://evil.example/allowed.example",
        "https://evil.example?allowed.example",
        "https://evil.example#allowed.example",
        "https://allowed.example.evil.example/",
        "https://ALLOWED.example.",
        "https://allowed.example\\@evil.example/",
        "http://2130706433/",
        "file:///etc/passwd",
    ],
)
async def test_no_spelling_gets_around_the_list(url: str) -> None:
    names = Names()
    await refused(HttpClient(allow_hosts=["allowed.example"], resolve=names), url)
    assert names.asked == []


async def test_a_secret_is_in_no_result_and_in_no_error() -> None:
    async with hosting(ok(f"you sent {TOKEN}".encode(), f"X-Echo: {TOKEN}")) as host:
        result = await call(with_token(host), "http_get", url=host.url())
        tools = await with_token(host).list_tools(CONTEXT)
    assert TOKEN not in repr(result)
    assert TOKEN not in repr(tools)
    async with hosting(redirect(f"ftp://x.example/{TOKEN}"), b"garbage\r\n\r\n") as host:
        for _ in range(2):
            assert TOKEN not in await refused(with_token(host), host.url())


async def test_the_deadline_of_the_call_holds() -> None:
    async def silent(*_: object) -> None:
        await anyio.sleep_forever()

    async with hosting(silent) as host:
        context = CallContext(deadline=anyio.current_time() + 0.2)
        with pytest.raises(CallTimeout):
            await client().call_tool(ToolCall("http_get", {"url": host.url()}), context)


async def test_hosts_that_hang_hold_up_no_other_client() -> None:
    """500 at once: connections are bounded, and each call ends in its time."""
    open_now = most = 0

    async def silent(stream: ByteStream, request: bytes) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            await stream.receive()  # until the client hangs up
        finally:
            open_now -= 1

    told: list[str] = []
    hanging = client()
    async with hosting(silent) as host, hosting(ok()) as other:

        async def ask() -> None:
            told.append(await refused(hanging, host.url(), timeout_s=3))

        with anyio.fail_after(20):
            async with anyio.create_task_group() as group:
                for _ in range(500):
                    group.start_soon(ask)
            good = await call(client(), "http_get", url=other.url())
    assert 50 < most <= 120  # the host may hear late of the end of one
    assert len(told) == 500
    assert all("did not answer in full within 3 s" in each for each in told)
    assert not good.is_error


async def test_every_answer_fits_the_listed_schema() -> None:
    asking = client()
    for body in (b"", b"text", b"\x00", b"\xff" * 9):
        async with hosting(ok(body, "Set-Cookie: a=1", "Set-Cookie: b=2")) as host:
            for tool in await asking.list_tools(CONTEXT):
                if tool.name != "http_head":
                    result = await call(asking, tool.name, url=host.url())
                    jsonschema.validate(result.structured, dict(tool.output_schema or {}))
