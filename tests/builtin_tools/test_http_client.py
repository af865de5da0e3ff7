"""The HTTP client in Python: what goes out and what comes back."""

import base64
import gzip
import sys
from typing import Any

import anyio
import pytest
from tests.egress.hosts import LOOPBACK, Host, Names, hosting, ok, redirect

from toolyard import ConfigError, Credential, HttpAnswer, HttpClient, ToolError, __version__


def client(**options: Any) -> HttpClient:
    """A client to which this machine is open, and whose names all lead to it."""
    usual: dict[str, Any] = {
        "allow_private": [LOOPBACK],
        "allowed_ports": None,
        "resolve": Names(),
        "timeout_s": 10,
    }
    return HttpClient(**{**usual, **options})


def sent(host: Host, number: int = 0) -> tuple[str, dict[str, str], bytes]:
    """The request line, the headers and the body that a host got."""
    head, _, body = host.requests[number].partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return first, {name.lower(): value for name, _, value in pairs}, body


async def answered(body: bytes, *headers: str, **options: Any) -> HttpAnswer:
    async with hosting(ok(body, *headers)) as host:
        return await client(**options).get(host.url())


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete"])
async def test_each_method_is_sent(method: str) -> None:
    async with hosting(ok(b"" if method == "head" else b"fine")) as host:
        answer = await getattr(client(), method)(host.url("/p"))
    assert sent(host)[0] == f"{method.upper()} /p HTTP/1.1"
    assert answer.status == 200


async def test_headers_and_query_are_sent() -> None:
    async with hosting(ok()) as host:
        await client(headers={"Accept": "text/x", "X-Team": "blue"}).get(
            host.url("/p?a=1"),
            headers={"X-Own": "v", "x-team": "red"},
            query={"q": "a b&c=ä", "n": 1.5, "on": True, "list": ["x", "y"]},
        )
    first, headers, _ = sent(host)
    assert first == "GET /p?a=1&q=a+b%26c%3D%C3%A4&n=1.5&on=true&list=x&list=y HTTP/1.1"
    assert (headers["x-own"], headers["x-team"], headers["accept"]) == ("v", "red", "text/x")
    assert headers["user-agent"] == f"toolyard/{__version__}"


@pytest.mark.parametrize(
    ("body", "expected", "content_type"),
    [
        ("plain ä", "plain ä".encode(), "text/plain; charset=utf-8"),
        ("", b"", "text/plain; charset=utf-8"),
        ("[not json", b"[not json", "text/plain; charset=utf-8"),
        ('{"a": 1}', b'{"a": 1}', "application/json"),
        (' [1, "x"]', b' [1, "x"]', "application/json"),
        ({"a": ["ä", None]}, '{"a": ["ä", null]}'.encode(), "application/json"),
        ([1, 2], b"[1, 2]", "application/json"),
        (5, b"5", "application/json"),
        (False, b"false", "application/json"),
    ],
)
async def test_a_body_is_encoded_once(body: Any, expected: bytes, content_type: str) -> None:
    async with hosting(ok()) as host:
        await client().post(host.url(), body=body)
    _, headers, got = sent(host)
    assert (got, headers["content-type"]) == (expected, content_type)
    assert headers["content-length"] == str(len(expected))


async def test_no_body_is_no_null() -> None:
    async with hosting(ok()) as host:
        await client().put(host.url())
    _, headers, got = sent(host)
    assert (got, headers["content-length"]) == (b"", "0")
    assert "content-type" not in headers


async def test_a_content_type_of_the_callers_wins() -> None:
    async with hosting(ok()) as host:
        await client().post(host.url(), body="a=b", headers={"Content-Type": "x/form"})
    assert sent(host)[1]["content-type"] == "x/form"


@pytest.mark.parametrize(
    "body", [float("nan"), {"a": float("inf")}, {"a": object()}, "half \ud800", {"a": "\ud800"}]
)
async def test_a_body_that_cannot_be_said_is_refused(body: Any) -> None:
    with pytest.raises(ToolError, match="body"):
        await client().post("http://a.example/", body=body)


async def test_a_body_that_is_too_large_is_refused() -> None:
    with pytest.raises(ToolError, match="over 4194304 bytes"):
        await client().post("http://a.example/", body="x" * 4_194_305)


@pytest.mark.parametrize("query", [{"a": "\ud800"}, {"a": "b" * 9000}])
async def test_a_query_that_cannot_be_sent_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(ToolError, match="query"):
        await client().get("http://a.example/", query=query)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("grün".encode(), "text/plain", "grün"),
        ("grün".encode("latin-1"), "text/plain; charset=ISO-8859-1", "grün"),
        ("grün".encode("latin-1"), 'text/plain; charset="latin1"; x=y', "grün"),
        ("grün".encode("cp1252"), "text/html; charset=windows-1252", "grün"),
        ("日本".encode("shift_jis"), "text/plain; charset=Shift_JIS", "日本"),
        ("日本".encode("gb18030"), "text/plain; charset=GB18030", "日本"),
        (b"\xff\xfeg\x00", "text/plain", "g"),
        (b"\xef\xbb\xbfg", "text/plain; charset=latin-1", "g"),
        (b"<meta charset='iso-8859-1'>\xfc", "text/html", "<meta charset='iso-8859-1'>ü"),
        (b"gr\xfcn", "text/plain", "gr\ufffdn"),
        (b"gr\xc3\xbcn", "text/plain; charset=nonsense", "grün"),
        (b"gr\xc3\xbcn", "text/plain; charset=../../etc/passwd", "grün"),
        (b"abc", "text/plain; charset=punycode", "abc"),
        (b"\\u0041", "text/plain; charset=unicode_escape", "\\u0041"),
        (b"6869", "text/plain; charset=hex", "6869"),
        (b"aGk=", "text/plain; charset=base64", "aGk="),
        (b'{"a": 1}', "application/json", '{"a": 1}'),
        (b'{"a": 1}', "application/problem+json", '{"a": 1}'),
        (b"<a/>", "application/xml", "<a/>"),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        (b"no type", "", "no type"),
    ],
)
async def test_text_is_read_in_its_charset(body: bytes, content_type: str, text: str) -> None:
    answer = await answered(body, f"Content-Type: {content_type}")
    assert (answer.body, answer.is_text) == (text, True)


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (b"%PDF\x00", "application/pdf", "application/pdf"),
        (b"abc", "application/octet-stream", "application/octet-stream"),
        (b"\x00\x01", "", "application/octet-stream"),
        (b"\xff\xff\xff", "", "application/octet-stream"),
        (b"\x89PNG", "image/png; x=y", "image/png"),
    ],
)
async def test_what_is_no_text_is_base64(body: bytes, content_type: str, said: str) -> None:
    answer = await answered(body, f"Content-Type: {content_type}")
    assert answer.body == f"data:{said};base64,{base64.b64encode(body).decode()}"
    assert (answer.content, answer.is_text) == (body, False)


async def test_json_is_read() -> None:
    assert (await answered(b'{"a": [1]}')).json() == {"a": [1]}


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 100_000, b"\xff"])
async def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    answer = await answered(body)
    with pytest.raises(ToolError, match="not valid JSON"):
        answer.json()


async def test_a_body_over_the_limit_is_cut() -> None:
    answer = await answered(gzip.compress(b"x" * 10_000), "Content-Encoding: gzip",
                            max_response_bytes=100)  # fmt: skip
    assert (answer.body, answer.truncated) == ("x" * 100, True)


async def test_the_time_of_a_call_is_the_shorter_one() -> None:
    async def silent(*_: object) -> None:
        await anyio.sleep_forever()

    async with hosting(silent) as host:
        with pytest.raises(ToolError, match=r"within 0.1 s"):
            await client(timeout_s=0.1).get(host.url(), timeout_s=60)
        with pytest.raises(ToolError, match=r"within 0.2 s"):
            await client().get(host.url(), timeout_s=0.2)


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan")])
async def test_a_time_that_is_none_is_refused(timeout_s: float) -> None:
    with pytest.raises(ToolError, match="above 0"):
        await client().get("http://a.example/", timeout_s=timeout_s)


# Credentials.

TOKEN = "s3cret-token"


def with_token(host: Host, **options: Any) -> HttpClient:
    return client(
        credentials={f"http://a.example:{host.port}": Credential.bearer(TOKEN)}, **options
    )


async def test_a_credential_goes_to_its_host_alone() -> None:
    async with hosting(ok()) as host, hosting(ok()) as other:
        mine = with_token(host)
        await mine.get(host.url())
        await mine.get(host.url(name="b.example"))
        await mine.get(other.url())
    assert sent(host)[1]["authorization"] == f"Bearer {TOKEN}"
    assert "authorization" not in sent(host, 1)[1]
    assert "authorization" not in sent(other)[1]


async def test_a_credential_crosses_to_no_other_origin() -> None:
    async with hosting(ok()) as other, hosting(redirect(other.url())) as host:
        await with_token(host).get(host.url())
    assert "authorization" in sent(host)[1]
    assert "authorization" not in sent(other)[1]


async def test_a_redirect_leads_to_no_credential() -> None:
    """Who is redirected to a host did not mean to prove himself there."""
    async with hosting(ok()) as host, hosting(redirect(host.url())) as first:
        await with_token(host).get(first.url())
    assert "authorization" not in sent(host)[1]


async def test_a_credential_without_a_scheme_is_for_https_on_its_own_port() -> None:
    async with hosting(ok()) as host:
        await client(credentials={"a.example": Credential.bearer(TOKEN)}).get(host.url())
    assert "authorization" not in sent(host)[1]


async def test_basic_and_other_headers_are_credentials_too() -> None:
    async with hosting(ok()) as host:
        where = f"http://*.example:{host.port}"
        await client(credentials={where: Credential.basic("ann", "pä:ss")}).get(host.url())
        await client(credentials={where: Credential.of_header("X-Api-Key", "k")}).get(host.url())
    pair = base64.b64encode("ann:pä:ss".encode()).decode()
    assert sent(host)[1]["authorization"] == f"Basic {pair}"
    assert sent(host, 1)[1]["x-api-key"] == "k"


async def test_the_hosts_own_credential_wins_over_a_wildcards() -> None:
    async with hosting(ok()) as host:
        both = {
            f"http://*.example:{host.port}": Credential.bearer("wide"),
            f"http://a.example:{host.port}": Credential.bearer("own"),
        }
        await client(credentials=both).get(host.url())
    assert sent(host)[1]["authorization"] == "Bearer own"


async def test_a_credential_is_not_to_be_replaced() -> None:
    async with hosting(ok()) as host:
        with pytest.raises(ToolError, match="set by the configuration") as raised:
            await with_token(host).get(host.url(), headers={"Authorization": "Bearer mine"})
    assert TOKEN not in str(raised.value)
    assert host.requests == []


async def test_a_secret_that_a_host_sends_back_is_hidden() -> None:
    pair = base64.b64encode(b"ann:passw0rd").decode()
    echo = f"{pair} and passw0rd".encode()
    async with hosting(ok(echo, f"X-Echo: Basic {pair}")) as host:
        where = f"http://a.example:{host.port}"
        answer = await client(credentials={where: Credential.basic("ann", "passw0rd")}).get(
            host.url()
        )
    assert answer.body == "[hidden] and [hidden]"
    assert answer.headers["x-echo"] == "Basic [hidden]"


def test_a_credential_does_not_show_its_secret() -> None:
    for credential in (Credential.bearer(TOKEN), Credential.basic("ann", TOKEN)):
        assert TOKEN not in repr(credential)
        assert credential.value not in repr(credential)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Credential.bearer("a\r\nHost: b"),
        lambda: Credential.bearer("s3cret\n"),
        lambda: Credential.basic("a:b", "c"),
        lambda: Credential.of_header("Host", "a"),
        lambda: Credential.of_header("X-Key", "a\nb"),
    ],
)
def test_a_credential_that_cannot_be_sent_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match="credentials") as raised:
        make()
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"credentials": {"*": Credential.bearer("x")}}, "name the host"),
        ({"credentials": {"a b": Credential.bearer("x")}}, "credentials"),
        ({"headers": {"Authorization": "x"}}, "seems to hold a secret"),
        ({"headers": {"X-Api-Key": "x"}}, "seems to hold a secret"),
        ({"headers": {"Cookie": "x"}}, "seems to hold a secret"),
        ({"headers": {"Host": "x"}}, "cannot be set"),
        ({"allow_hosts": ["a b"]}, "allow_hosts"),
        ({"deny_hosts": ["a/b"]}, "deny_hosts"),
        ({"allow_private": ["localhost"]}, "allow_private"),
        ({"allowed_ports": [0]}, "allowed_ports"),
        ({"allowed_schemes": ["ftp"]}, "allowed_schemes"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": float("inf")}, "timeout_s"),
        ({"max_response_bytes": 0}, "max_response_bytes"),
    ],
)
def test_an_option_that_cannot_be_used_is_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        HttpClient(**options)


async def test_a_denied_block_wins_over_what_is_allowed() -> None:
    async with hosting(ok()) as host:
        for denied in ("127.0.0.0/8", "127.0.0.1", "a.example", f"*:{host.port}"):
            with pytest.raises(ToolError, match=r"cannot be reached|not among"):
                await client(deny_hosts=[denied]).get(host.url())
    assert host.requests == []


# Markdown.

PAGE = b"""<html><head><title>T</title><style>p {}</style></head><body><h1>Head</h1>
<p>Some <b>bold</b> <a href="/x">link</a>.</p><script>alert(1)</script>
<ul><li>one</li></ul></body></html>"""


async def test_a_page_comes_as_markdown_if_that_is_wanted() -> None:
    answer = await answered(PAGE, "Content-Type: text/html; charset=utf-8", markdown=True)
    assert answer.body == "# Head\n\nSome **bold** [link](/x).\n\n- one"
    assert answer.content == PAGE


async def test_a_page_stays_html_if_not() -> None:
    assert (await answered(PAGE, "Content-Type: text/html")).body == PAGE.decode()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"<p>" + b"x" * 1_048_576, "text/html"),
        (b"<b>x</b>", "text/plain"),
        (b"plain.txt", "text/html"),
        (b"", "text/html"),
    ],
    ids=["long", "no page", "no tags", "empty"],
)
async def test_what_cannot_be_converted_stays_as_it_is(body: bytes, content_type: str) -> None:
    answer = await answered(body, f"Content-Type: {content_type}", markdown=True)
    assert answer.body == body.decode()


@pytest.mark.parametrize(
    "piece", ["<!--", "<b>", "<a b='", "<table><tr><td>", "</", "<![", "<script>", "<ul><li>"]
)
async def test_a_hostile_page_is_converted_in_little_time(piece: str) -> None:
    page = (piece * (200_000 // len(piece))).encode()
    with anyio.fail_after(5):
        await answered(page, "Content-Type: text/html", markdown=True)


def test_markdown_without_its_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "toolyard.builtin_tools.http_client_markdown",
                        raising=False)  # fmt: skip
    monkeypatch.setitem(sys.modules, "html_to_markdown", None)
    with pytest.raises(ConfigError, match=r"pip install .toolyard\[http\]"):
        HttpClient(markdown=True)
