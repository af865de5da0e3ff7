"""What browsers are told, through real HTTP."""

import httpx2
import pytest
from tests.servers.harness import TOKEN, builder, http_to

from toolyard.core.toolbox import Toolbox

PAGE = "https://app.example.com"
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization, mcp-method",
}


def allowed_origin(answer: httpx2.Response) -> str | None:
    return answer.headers.get("access-control-allow-origin")


async def test_a_page_of_an_allowed_origin_may_ask_and_read() -> None:
    configured = builder(Toolbox()).with_bearer_token(TOKEN).with_allowed_origins(PAGE)
    async with configured.build() as server, http_to(server) as http:
        asked = await http.options("/mcp", headers={"origin": PAGE, **PREFLIGHT})
        refused = await http.post("/mcp", headers={"origin": PAGE})

    assert (asked.status_code, allowed_origin(asked)) == (204, PAGE)
    assert asked.headers["access-control-allow-headers"] == "authorization, mcp-method"
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert (refused.status_code, allowed_origin(refused)) == (401, PAGE)
    assert "www-authenticate" in refused.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("allowed", "origin"),
    [
        (f"{PAGE}:443", PAGE),
        (PAGE, f"{PAGE}:443"),
        ("http://app.example.com:80", "http://app.example.com"),
        ("https://APP.example.com", PAGE),
        ("http://[::1]:3000", "http://[0:0:0:0:0:0:0:1]:3000"),
        ("*", PAGE),
    ],
)
async def test_an_origin_is_the_same_however_it_is_written(allowed: str, origin: str) -> None:
    configured = builder(Toolbox()).with_bearer_token(TOKEN).with_allowed_origins(allowed)
    async with configured.build() as server, http_to(server) as http:
        asked = await http.options("/mcp", headers={"origin": origin, **PREFLIGHT})
        refused = await http.post("/mcp", headers={"origin": origin})

    assert (asked.status_code, allowed_origin(asked)) == (204, origin)
    assert (refused.status_code, allowed_origin(refused)) == (401, origin)


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://evil.example", 403),
        ("https://app.example.com.evil.example", 403),
        (f"{PAGE}:8443", 403),
        ("http://app.example.com", 403),
        ("null", 403),
    ],
)
async def test_a_page_of_another_origin_is_told_nothing(origin: str, status: int) -> None:
    configured = builder(Toolbox()).with_bearer_token(TOKEN).with_allowed_origins(PAGE)
    async with configured.build() as server, http_to(server) as http:
        asked = await http.options("/mcp", headers={"origin": origin, **PREFLIGHT})

    assert (asked.status_code, allowed_origin(asked)) == (status, None)


async def test_without_allowed_origins_even_a_local_page_cannot_read_answers() -> None:
    async with builder(Toolbox()).build() as server, http_to(server) as http:
        asked = await http.options("/mcp", headers={"origin": "http://localhost:3", **PREFLIGHT})

    assert allowed_origin(asked) is None


async def test_a_refused_address_gets_no_answer_to_a_preflight() -> None:
    configured = builder(Toolbox()).deny_cidr("127.0.0.0/8").with_allowed_origins(PAGE)
    async with configured.build() as server, http_to(server) as http:
        asked = await http.options("/mcp", headers={"origin": PAGE, **PREFLIGHT})

    assert (asked.status_code, allowed_origin(asked)) == (403, None)
