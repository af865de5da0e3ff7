"""Several workers on one port: what `toolyard serve --workers` runs."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence

import anyio

from toolyard.config.origin import Edition, Origin
from toolyard.config.settings import Settings, ToolSettings
from toolyard.core.context import Event
from toolyard.core.errors import ConfigError
from toolyard.events.log import log_event
from toolyard.events.types import ServerStarted
from toolyard.security.shared_rate import shared_memory
from toolyard.servers.limits import Limits
from toolyard.servers.sockets import bind, url_at
from toolyard.servers.workers.crew import Crew, CrewPlan
from toolyard.servers.workers.messages import Membership
from toolyard.wiring.worker import Order

logger = logging.getLogger("toolyard.wiring")


def run_workers(
    settings: Settings,
    on_started: Callable[[str], None],
    origin: Origin,
    edition: Edition,
    program: Sequence[str],
) -> None:
    """As `run`, with as many processes as `settings` say, each started as `program`.

    Raises:
        ConfigError: The settings cannot be used, or not with several workers.
    """
    if settings.control:
        raise ConfigError(
            "control changes one process, so it cannot be had with several workers: leave out "
            "--control, and edit the settings file, which all workers follow; or --workers."
        )
    for warning in _of_their_own(settings.tools, settings.workers):
        logger.warning("%s", warning)

    def emit(event: Event) -> None:
        log_event(event)
        if isinstance(event, ServerStarted):
            on_started(event.url)

    with bind(settings.host, settings.port) as listener:
        port: int = listener.getsockname()[1]
        url = url_at(settings.host, port, has_tls=settings.tls is not None)
        secret = secrets.token_bytes(32)
        level = logging.getLogger("toolyard").level

        def order(index: int, latest: Edition | None, is_first: bool) -> Order:
            membership = Membership(index, url, port, secret)
            is_speaker = is_first and index == 0
            return Order(membership, settings, origin, edition, latest, level, is_speaker)

        plan = CrewPlan(
            name=settings.name,
            url=url,
            count=settings.workers,
            program=program,
            order=order,
            memory=shared_memory(),
            limits=Limits(**settings.limits.model_dump(exclude_none=True)),
            drain_s=settings.drain_s,
            emit=emit,
        )
        crew = Crew(plan, listener)
        anyio.run(crew.serve, backend_options={"use_uvloop": True})


def _of_their_own(tables: Mapping[str, ToolSettings], count: int) -> Iterator[str]:
    """What each worker would have of its own although callers take it for one."""
    for name, table in tables.items():
        if (
            table.enabled
            and table.kind == "memory"
            and table.options.get("store", "memory") == "memory"
        ):
            yield (
                f"{name!r} keeps its keys in the process, so each of the {count} workers has keys "
                "of its own; give it a store that they share, such as "
                f'store = "sqlite:{name}.db" in [tools.{name}.options].'
            )
