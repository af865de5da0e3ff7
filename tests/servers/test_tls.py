"""TLS on bare sockets, on both event loops that a server may run in."""

import socket
import ssl
import warnings
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx2
import pytest
from anyio.streams.tls import TLSStream
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from tests.servers.harness import builder, everything_from, head, raw

from toolyard.core.context import Event
from toolyard.core.errors import ConfigError
from toolyard.core.toolbox import Toolbox
from toolyard.events.types import ConnectionCut
from toolyard.servers.tool_server import ToolServer


@pytest.fixture(
    scope="module",
    params=[("asyncio", {"use_uvloop": False}), ("asyncio", {"use_uvloop": True})],
    ids=["asyncio", "uvloop"],
)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `cert.pem`, `key.pem`, and `locked.pem` whose password is `pass`."""
    place = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (place / "cert.pem").write_bytes(made.public_bytes(Encoding.PEM))
    for file, lock in (("key", NoEncryption()), ("locked", BestAvailableEncryption(b"pass"))):
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
        (place / f"{file}.pem").write_bytes(pem)
    return place


@pytest.mark.parametrize(("key", "password"), [("key.pem", None), ("locked.pem", "pass")])
async def test_with_a_certificate_it_speaks_https_only(
    anyio_backend: Any, certificate: Path, key: str, password: str | None
) -> None:
    del anyio_backend
    trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    configured = builder(Toolbox()).with_tls(certificate / "cert.pem", certificate / key, password)
    async with configured.build() as server:
        assert server.url.startswith("https://")
        async with httpx2.AsyncClient(verify=trust, trust_env=False) as http:
            assert (await http.get(server.url.replace("/mcp", "/healthz"))).status_code == 200
        async with httpx2.AsyncClient(trust_env=False) as http:
            with pytest.raises(httpx2.TransportError):
                await http.get(server.url.replace("/mcp", "/healthz").replace("https", "http"))


@pytest.mark.parametrize(
    ("cert", "key", "password"),
    [
        ("missing.pem", "key.pem", None),
        ("cert.pem", "missing.pem", None),
        ("key.pem", "cert.pem", None),
        ("cert.pem", "cert.pem", None),
        ("cert.pem", "locked.pem", "wrong"),
    ],
)
async def test_a_certificate_that_cannot_be_used_is_named(
    certificate: Path, cert: str, key: str, password: str | None
) -> None:
    configured = builder(Toolbox()).with_tls(certificate / cert, certificate / key, password)
    with pytest.raises(ConfigError, match="TLS certificate"):
        async with configured.build():
            pass


@asynccontextmanager
async def secured(
    certificate: Path, heard: list[Event] | None = None, **limits: float
) -> AsyncGenerator[ToolServer]:
    """A server that speaks TLS; what it says of itself goes to `heard`."""
    configured = (
        builder(Toolbox())
        .with_tls(certificate / "cert.pem", certificate / "key.pem")
        .with_limits(**limits)
    )
    if heard is not None:
        configured.with_event_handler(heard.append)
    async with configured.build() as server:
        yield server


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate / "cert.pem"))


async def is_served(server: ToolServer, certificate: Path) -> bool:
    """Whether a new client gets an answer."""
    try:
        async with httpx2.AsyncClient(verify=trusting(certificate), trust_env=False) as http:
            answer = await http.get(f"https://127.0.0.1:{server.port}/healthz")
            return answer.status_code == 200
    except httpx2.TransportError:
        return False


async def test_versions_before_1_2_are_not_spoken(anyio_backend: Any, certificate: Path) -> None:
    del anyio_backend
    old = trusting(certificate)
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    async with secured(certificate) as server:
        with pytest.raises((ssl.SSLError, anyio.BrokenResourceError)):
            await anyio.connect_tcp("127.0.0.1", server.port, ssl_context=old)
        assert await is_served(server, certificate)


async def test_a_handshake_that_never_ends_is_cut_off(
    anyio_backend: Any, certificate: Path
) -> None:
    del anyio_backend
    heard: list[Event] = []
    async with secured(certificate, heard, header_s=0.3) as server:
        for beginning in (b"", b"\x16\x03\x01\x02\x00\x01", b"GET /healthz HTTP/1.1\r\n\r\n"):
            async with raw(server) as stream:
                if beginning:
                    await stream.send(beginning)
                await everything_from(stream)
        assert await is_served(server, certificate)
    assert heard.count(ConnectionCut("tls", "127.0.0.1")) == 3


async def test_handshakes_count_as_connections(anyio_backend: Any, certificate: Path) -> None:
    del anyio_backend
    heard: list[Event] = []
    async with secured(certificate, heard, connections_per_address=3) as server:
        async with AsyncExitStack() as open_streams:
            for _ in range(3):
                await open_streams.enter_async_context(raw(server))
            assert not await is_served(server, certificate)
            assert ConnectionCut("connections", "127.0.0.1") in heard
        with anyio.fail_after(5):
            while not await is_served(server, certificate):
                await anyio.lowlevel.checkpoint()


async def test_what_comes_right_behind_the_handshake_is_heard(
    anyio_backend: Any, certificate: Path
) -> None:
    """The client's last part of the handshake and its request in one piece."""
    del anyio_backend
    request = head("GET", "/healthz", "Connection: close")
    async with secured(certificate) as server:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting(certificate).wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
        answer, wrote = b"", 0
        async with raw(server) as stream:
            with anyio.fail_after(5):
                while not answer.endswith(b"ok\n"):
                    try:
                        wrote = wrote or client.write(request)
                        answer += client.read()
                    except ssl.SSLWantReadError:
                        if outgoing.pending:
                            await stream.send(outgoing.read())
                        incoming.write(await stream.receive())
        assert answer.startswith(b"HTTP/1.1 200")


async def test_a_handshake_under_way_does_not_hold_up_the_end(
    anyio_backend: Any, certificate: Path
) -> None:
    del anyio_backend
    async with AsyncExitStack() as life:
        server = await life.enter_async_context(secured(certificate))
        stream = await life.enter_async_context(await anyio.connect_tcp("127.0.0.1", server.port))
        await stream.send(b"\x16\x03\x01")
        assert await is_served(server, certificate)
        with anyio.fail_after(3):
            await server.stop(0)
            await everything_from(stream)


async def test_a_client_behind_a_handshake_has_a_deadline_too(
    anyio_backend: Any, certificate: Path
) -> None:
    del anyio_backend
    heard: list[Event] = []
    async with secured(certificate, heard, header_s=0.5) as server:
        stream = await TLSStream.wrap(
            await anyio.connect_tcp("127.0.0.1", server.port),
            hostname="127.0.0.1",
            ssl_context=trusting(certificate),
            standard_compatible=False,
        )
        async with stream:
            assert stream.extra(anyio.abc.SocketAttribute.raw_socket).family == socket.AF_INET
            await stream.send(b"GET /healthz HTTP/1.1\r\n")
            with anyio.fail_after(5), pytest.raises((anyio.EndOfStream, anyio.BrokenResourceError)):
                await stream.receive()
    assert ConnectionCut("slow", "127.0.0.1") in heard
