"""Where redirects lead, and what goes along."""

import pytest
from tests.egress.hosts import LOOPBACK, Names, fetched, hosting, ok, redirect

from toolyard.core.errors import ToolError
from toolyard.egress.addresses import AddressRules
from toolyard.egress.destinations import Destinations
from toolyard.egress.fetcher import Fetcher
from toolyard.egress.message import Outgoing
from toolyard.egress.redirects import next_hop
from toolyard.egress.target import read_target

SECRETS = {"authorization": "Bearer own", "cookie": "a=b", "x-api-key": "k", "x-token": "t"}


async def test_a_redirect_within_the_origin_keeps_everything() -> None:
    async with hosting(redirect("/b", 307), ok()) as host:
        answer = await fetched(
            host.url("/a"), "POST", headers=SECRETS, credentials={"x-cred": "c"}, body=b"hi"
        )
    assert answer.target.path == "/b"
    first, second = host.requests
    assert second == first.replace(b"POST /a", b"POST /b")
    assert b"x-cred: c" in second.lower()


async def test_no_secret_crosses_to_another_origin() -> None:
    async with hosting(ok()) as other, hosting(redirect(other.url(name="b.example"))) as host:
        headers = {**SECRETS, "accept": "text/x"}
        await fetched(host.url(), headers=headers, credentials={"x-cred": "c"})
    sent = other.requests[0].lower()
    assert b"accept: text/x" in sent
    assert not [name for name in (*SECRETS, "x-cred") if name.encode() in sent]


async def test_another_port_is_another_origin_and_the_way_back_too() -> None:
    async with (
        hosting(ok()) as last,
        hosting(redirect(last.url("/end"))) as middle,
        hosting(redirect(middle.url())) as first,
    ):
        await fetched(first.url(), credentials={"x-cred": "c"})
    assert b"x-cred" in first.requests[0].lower()
    assert b"x-cred" not in middle.requests[0].lower() + last.requests[0].lower()


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_post_becomes_a_get_without_its_body(status: int) -> None:
    async with hosting(redirect("/b", status), ok()) as host:
        await fetched(host.url(), "POST", headers={"content-type": "x/y"}, body=b"hi")
    assert host.requests[1].startswith(b"GET /b ")
    assert host.requests[1].endswith(b"\r\n\r\n")
    assert b"content-type" not in host.requests[1].lower()


@pytest.mark.parametrize(
    ("method", "status"),
    [("POST", 307), ("POST", 308), ("PUT", 301), ("PUT", 307), ("PATCH", 302), ("DELETE", 308)],
)
async def test_no_change_is_carried_to_another_origin(method: str, status: int) -> None:
    async with hosting(ok()) as other, hosting(redirect(other.url(), status)) as host:
        with pytest.raises(ToolError, match="another origin"):
            await fetched(host.url(), method, body=b"hi")
    assert other.requests == []


async def test_five_redirects_are_followed_and_a_sixth_is_refused() -> None:
    async with hosting(*[redirect("/x")] * 5, ok()) as host:
        assert (await fetched(host.url())).body == b"fine"
    async with hosting(redirect("/x")) as host:
        with pytest.raises(ToolError, match="over 5 times"):
            await fetched(host.url())
    assert len(host.requests) == 6


@pytest.mark.parametrize(
    "location",
    ["http://169.254.169.254/latest/", "http://inside.test/", "http://10.0.0.1/", "http://[::1]/",
     "http://[::ffff:169.254.169.254]/", "http://[64:ff9b::a9fe:a9fe]/", "//10.0.0.1/"],
)  # fmt: skip
async def test_a_redirect_to_where_nobody_may_go_is_refused(location: str) -> None:
    names = Names({"inside.test": ["10.0.0.1"]})
    guarded = Fetcher(Destinations(ports=None), AddressRules([LOOPBACK]), resolve=names)
    async with hosting(redirect(location)) as host:
        with pytest.raises(ToolError, match="cannot be reached from here") as raised:
            await fetched(host.url(), by=guarded)
    assert "10.0.0.1" not in str(raised.value) or "10.0.0.1" in location


async def test_a_redirect_to_a_host_that_is_not_allowed_is_refused_before_a_lookup() -> None:
    names = Names()
    guarded = Fetcher(
        Destinations(["a.example"], ["b.example"], ports=None),
        AddressRules([LOOPBACK]),
        resolve=names,
    )
    async with hosting(redirect("http://b.example/"), redirect("http://c.example/")) as host:
        for _ in range(2):
            with pytest.raises(ToolError, match="not among the hosts"):
                await fetched(host.url(), by=guarded)
    assert set(names.asked) == {"a.example"}


@pytest.mark.parametrize(
    "location",
    ["ftp://a.example/", "file:///etc/passwd", "javascript:x", "http://user:p@a.example/",
     "http://2130706433/", "http://0x7f.1/", "http://[::1", "http://a.example./",
     "http:\\\\a.example", "/a b", "data:text/plain,x", "unix:///run/docker.sock"],
)  # fmt: skip
async def test_a_redirect_to_no_plain_url_is_refused(location: str) -> None:
    async with hosting(redirect(location)) as host:
        with pytest.raises(ToolError, match="redirects to something"):
            await fetched(host.url())


def test_a_redirect_from_https_to_http_is_refused() -> None:
    request = Outgoing("GET", read_target("https://a.example/"))
    with pytest.raises(ToolError, match="from https to http"):
        next_hop(request, 302, "http://a.example/")


@pytest.mark.parametrize(
    ("status", "location"), [(200, "/x"), (304, "/x"), (300, "/x"), (302, None)]
)
def test_what_is_no_redirect_is_the_answer(status: int, location: str | None) -> None:
    assert next_hop(Outgoing("GET", read_target("http://a.example/")), status, location) is None
