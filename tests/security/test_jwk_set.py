import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from toolyard.core.errors import ConfigError
from toolyard.security.jwk_set import COOL_DOWN_S, LIFETIME_S, STALE_S, JwkSet, read_keys
from toolyard.security.refusal import Refusal

RSA_KEY = rsa.generate_private_key(65537, 2048).public_key()
EC_KEY = ec.generate_private_key(ec.SECP256R1()).public_key()


def rsa_jwk(**members: Any) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(RSA_KEY, as_dict=True), "key_ops": ["verify"], **members}


def ec_jwk(**members: Any) -> dict[str, Any]:
    return {**ECAlgorithm.to_jwk(EC_KEY, as_dict=True), **members}


class Issuer:
    """Publishes keys on loopback and counts how often they are fetched."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.fetches = 0
        self.answer = threading.Event()
        self.answer.set()
        self.asked = threading.Event()

    def publish(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": keys}).encode()

    def respond(self, request: BaseHTTPRequestHandler) -> None:
        self.fetches += 1
        self.asked.set()
        self.answer.wait(10)
        request.send_response(self.status)
        request.send_header("Content-Length", str(len(self.body)))
        request.send_header("Location", "/elsewhere")
        request.end_headers()
        request.wfile.write(self.body)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def url(issuer: Issuer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.respond(self)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        issuer.answer.set()
        server.shutdown()
        thread.join(5)


async def test_keys_are_fetched_once_for_many_tokens(issuer: Issuer, url: str) -> None:
    issuer.publish(rsa_jwk(kid="r"), ec_jwk(kid="e"))
    keys = JwkSet(url)

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(keys.find, "r")

    assert await keys.find("e") is not None
    assert issuer.fetches == 1


async def test_unknown_keys_cannot_make_it_fetch_often(issuer: Issuer, url: str) -> None:
    issuer.publish(rsa_jwk(kid="r"))
    clock = Clock()
    keys = JwkSet(url, clock=clock)

    for number in range(50):
        assert await keys.find(f"unknown{number}") is None
    assert issuer.fetches == 1

    clock.now += COOL_DOWN_S
    for number in range(50):
        assert await keys.find(f"unknown{number}") is None
    assert issuer.fetches == 2


async def test_a_rotated_key_is_found_after_the_cool_down(issuer: Issuer, url: str) -> None:
    issuer.publish(rsa_jwk(kid="old"))
    clock = Clock()
    keys = JwkSet(url, clock=clock)
    await keys.find("old")

    issuer.publish(rsa_jwk(kid="new"))
    assert await keys.find("new") is None
    clock.now += COOL_DOWN_S

    assert await keys.find("new") is not None
    assert await keys.find("old") is None


async def test_a_withdrawn_key_is_dropped_when_the_keys_are_old(issuer: Issuer, url: str) -> None:
    issuer.publish(rsa_jwk(kid="r"), ec_jwk(kid="e"))
    clock = Clock()
    keys = JwkSet(url, clock=clock)
    await keys.find("r")

    issuer.publish(ec_jwk(kid="e"))
    clock.now += LIFETIME_S
    assert await keys.find("r") is not None
    clock.now += 1

    assert await keys.find("r") is None


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (302, b""), (200, b"<html>"), (200, b'{"keys": []}')]
)
async def test_an_issuer_that_fails_is_not_asked_again_at_once(
    issuer: Issuer, url: str, status: int, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.status, issuer.body = status, body
    keys = JwkSet(url, clock=Clock())

    for _ in range(20):
        with pytest.raises(Refusal) as caught:
            await keys.find("r")
        assert (caught.value.status, caught.value.reason) == (503, "token")

    assert issuer.fetches == 1
    assert url not in caplog.text


async def test_known_keys_serve_for_a_while_without_the_issuer(issuer: Issuer, url: str) -> None:
    issuer.publish(rsa_jwk(kid="r"))
    clock = Clock()
    keys = JwkSet(url, clock=clock)
    await keys.find("r")

    issuer.status = 500
    clock.now += STALE_S
    assert await keys.find("r") is not None
    clock.now += 1
    with pytest.raises(Refusal):
        await keys.find("r")

    issuer.status = 200
    clock.now += COOL_DOWN_S
    assert await keys.find("r") is not None


async def test_known_keys_do_not_wait_for_a_slow_issuer(issuer: Issuer, url: str) -> None:
    issuer.publish(rsa_jwk(kid="r"))
    clock = Clock()
    keys = JwkSet(url, clock=clock)
    await keys.find("r")
    issuer.asked.clear()
    issuer.answer.clear()
    clock.now += COOL_DOWN_S

    async with anyio.create_task_group() as group:
        group.start_soon(keys.find, "unknown")
        with anyio.fail_after(5):
            await anyio.to_thread.run_sync(issuer.asked.wait, 5)
            assert await keys.find("r") is not None
            assert await keys.find("another") is None
        issuer.answer.set()


async def test_keys_in_a_file_are_read_again_when_they_are_old(tmp_path: Path) -> None:
    file = anyio.Path(tmp_path / "jwks.json")
    await file.write_text(json.dumps({"keys": [rsa_jwk(kid="old")]}))
    clock = Clock()
    keys = JwkSet(str(file), clock=clock)
    assert await keys.find("old") is not None

    await file.write_text(json.dumps({"keys": [rsa_jwk(kid="new")]}))
    clock.now += COOL_DOWN_S

    assert await keys.find("new") is not None


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}", '{"keys": 1}', '{"keys": [1, {}]}'])
def test_a_file_without_keys_is_an_error_at_the_start(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "jwks.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(ConfigError, match=r"jwks\.json") as caught:
        JwkSet(str(file))

    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        *("http://issuer.example/jwks", "ftp://issuer.example", "file:///etc/passwd", "https://"),
        *("http://localhost.evil.com/", "http://127.0.0.1.evil.com/", "http://10.0.0.1/", "x://y"),
        *("http://localhost@evil.com/", "data://x", "http://"),
    ],
)
def test_keys_are_not_fetched_from_where_others_could_change_them(url: str) -> None:
    with pytest.raises(ConfigError):
        JwkSet(url)


@pytest.mark.parametrize(
    "url", ["https://issuer.example/jwks", "http://localhost:1", "http://[::1]/"]
)
def test_https_and_loopback_are_accepted(url: str) -> None:
    JwkSet(url)


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "kid": "x", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},
        {"kty": "RSA", "kid": "x"},
        {"kty": "RSA", "kid": "x", "n": 1, "e": []},
        {"kty": "EC", "kid": "x", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "EC", "kid": "x", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": ["RSA"], "kid": "x"},
        {"kid": "x"},
        rsa_jwk(kid="x", use="enc"),
        rsa_jwk(kid="x", alg="RSA-OAEP"),
        rsa_jwk(kid="x", alg="HS256"),
        rsa_jwk(kid="x", alg="none"),
        rsa_jwk(kid="x", alg=["RS256"]),
    ],
)
def test_an_unusable_key_is_left_out(entry: dict[str, Any]) -> None:
    assert set(read_keys({"keys": [entry, rsa_jwk(kid="good")]})) == {"good", None}


def test_the_only_key_needs_no_name_and_several_do() -> None:
    assert set(read_keys({"keys": [rsa_jwk()]})) == {None}
    assert set(read_keys({"keys": [rsa_jwk(kid="a"), ec_jwk(kid="b"), ec_jwk()]})) == {"a", "b"}


def test_the_first_of_two_keys_with_one_name_wins() -> None:
    keys = read_keys({"keys": [rsa_jwk(kid="a", alg="RS256"), rsa_jwk(kid="a", alg="PS256")]})

    assert keys["a"].algorithm == "RS256"
