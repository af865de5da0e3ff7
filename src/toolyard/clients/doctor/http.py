"""The examination of a server at a URL."""

from __future__ import annotations

from functools import partial

import anyio
import httpx2
from mcp_types.version import LATEST_MODERN_VERSION

from toolyard.clients.doctor import access, modern
from toolyard.clients.doctor.endpoint import (
    GATEWAY_TROUBLE,
    Answer,
    Endpoint,
    LegacyHttp,
    ModernHttp,
)
from toolyard.clients.doctor.eras import Era, connects, examine_tools
from toolyard.clients.doctor.examination import Examination, Found
from toolyard.clients.doctor.finding import Finding, failure, warning
from toolyard.clients.doctor.identity import of_discovery, of_introduction, serves_modern
from toolyard.clients.doctor.lint import lint
from toolyard.clients.targets import HttpServer
from toolyard.core.errors import NotAdmitted, Unreachable


async def examine_http(server: HttpServer, examination: Examination) -> None:
    """Do what hosts and strangers would do to the server.

    Raises:
        Unreachable: It does not answer.
        NotAdmitted: It does not let us in.
    """
    async with Endpoint.open(server) as given:
        endpoint, answer = await _reach(given, server, examination)
        legacy = LegacyHttp(endpoint)
        try:
            await _examine(endpoint, answer, legacy, examination)
        finally:
            with anyio.move_on_after(examination.timeout_s, shield=True):
                await _close(legacy)


async def _close(legacy: LegacyHttp) -> None:
    try:
        await legacy.close()
    except httpx2.HTTPError:
        return  # the server ends the session by itself, in time


async def _examine(
    endpoint: Endpoint, answer: Answer, legacy: LegacyHttp, examination: Examination
) -> None:
    is_modern = serves_modern(answer.reply)
    introduced = await examination.outcome("legacy", partial(_introduce, legacy, not is_modern))
    eras: list[Era] = []
    if is_modern:
        eras.append(Era(LATEST_MODERN_VERSION, ModernHttp(endpoint)))
    if legacy.revision is not None:
        eras.append(Era(legacy.revision, legacy))
    if not eras:
        examination.note(
            failure(
                "endpoint",
                f"No MCP server answers at this URL (server/discover gave {answer}): check the "
                "path, which mostly is /mcp.",
            )
        )
        return
    examination.note(tuple(of_discovery(answer.reply)))
    examination.note(introduced)
    tools = await examine_tools(eras, examination)
    await _connect(endpoint, eras, [tool.name for tool in tools], examination)
    await _examine_http_rules(endpoint, eras[0], examination)
    examination.note(lint(tools, within_s=examination.timeout_s))


async def _introduce(legacy: LegacyHttp, only_era: bool) -> Found:
    return tuple(of_introduction((await legacy.open()).heard(), only_era=only_era))


async def _connect(
    endpoint: Endpoint, eras: list[Era], names: list[str], examination: Examination
) -> None:
    for era in eras:
        session = partial(
            connects,
            str(endpoint.url),
            endpoint.token,
            revision=era.revision if era.revision == LATEST_MODERN_VERSION else "legacy",
            names=names,
            timeout_s=examination.timeout_s,
        )
        found = await examination.outcome("session", session)
        if endpoint.was_limited:
            found = tuple(_excused(finding) for finding in found)
        examination.note(found)


def _excused(finding: Finding) -> Finding:
    """A failure that the examination itself may have brought about, by asking so much."""
    if finding.verdict != "failure":
        return finding
    return warning("session", f"A client could not connect, perhaps for haste: {finding.text}")


async def _examine_http_rules(endpoint: Endpoint, era: Era, examination: Examination) -> None:
    door = era.asker
    if isinstance(door, ModernHttp):
        for check, rule in modern.CHECKS:
            await examination.run(check, partial(rule, endpoint))
    if isinstance(door, ModernHttp | LegacyHttp):
        for check, stranger in access.CHECKS:
            await examination.run(check, partial(stranger, endpoint, door))
    examination.note(access.is_encrypted(endpoint))


async def _reach(
    endpoint: Endpoint, server: HttpServer, examination: Examination
) -> tuple[Endpoint, Answer]:
    """The endpoint, behind a redirect perhaps, and its answer to `server/discover`."""
    answer = await _discover(endpoint, server, examination.timeout_s)
    moved = _moved(endpoint, answer)
    if moved is not None:
        examination.note(warning("redirect", f"The server is at {moved.path!r}: give hosts that."))
        endpoint = endpoint.at(moved)
        answer = await _discover(endpoint, server, examination.timeout_s)
    if answer.status in (401, 403):
        raise NotAdmitted(_refusal(server, answer))
    if answer.status in GATEWAY_TROUBLE or answer.status == 429:
        raise Unreachable(f"{server} is not ready (HTTP {answer.status}); try again later.")
    return endpoint, answer


async def _discover(endpoint: Endpoint, server: HttpServer, timeout_s: float) -> Answer:
    try:
        with anyio.fail_after(timeout_s):
            return await endpoint.post_modern("server/discover")
    except TimeoutError:
        raise Unreachable(f"Cannot reach {server}: it did not answer in time.") from None
    except httpx2.HTTPError as error:
        raise Unreachable(f"Cannot reach {server}: {type(error).__name__}.") from error


def _moved(endpoint: Endpoint, answer: Answer) -> httpx2.URL | None:
    """Where a redirect leads, if hosts would follow it: on the same origin."""
    if answer.status not in (307, 308):
        return None
    try:
        target = endpoint.url.join(answer.headers.get("location", ""))
    except httpx2.InvalidURL:
        return None
    same = (target.scheme, target.host, target.port) == (
        endpoint.url.scheme,
        endpoint.url.host,
        endpoint.url.port,
    )
    return target if same else None


def _refusal(server: HttpServer, answer: Answer) -> str:
    advice = "give it a valid token" if answer.status == 401 else "ask who runs it to admit you"
    return f"We were not let in by {server} (HTTP {answer.status}): {advice}."
