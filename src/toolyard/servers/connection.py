"""The guard at the socket, and the short way of a request whose head is known by then."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from toolyard.security.refusal import Reason
from toolyard.servers.deadline import Deadline
from toolyard.servers.exchange import KEY, Exchange
from toolyard.servers.familiar_heads import FamiliarHead, FamiliarHeads
from toolyard.servers.known_headers import Head, Header, KnownHeaders
from toolyard.servers.lane.answers import ONE_PIECE, Answer
from toolyard.servers.streams import Asgi, ShortAnswer, ShortApp
from toolyard.servers.turnstile import Turnstile, address_of
from toolyard.servers.uvicorn_parts import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, HTTPScope

logger = logging.getLogger("toolyard.servers")

MOST_PIPELINED = 32
"""Requests that may wait on one connection for the answer to the one before."""
PIPELINED_S = 0.8
"""How long: meanwhile nothing is read, and so a client that goes away is not noticed."""

ANSWERED = b"HTTP/1.1 200 OK\r\n%bcontent-type: application/json\r\ncontent-length: %d\r\n%b\r\n"
BODY_LENGTHS = frozenset({b"content-length", b"transfer-encoding"})
"""The headers that say a request has a body."""


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with deadlines and caps it does not have.

    Made per server by `guarded`. A connection over a cap or without a request, a request that
    trickles in, one behind another that is not served at once, and an answer that nobody reads
    are cut off. A request is offered to `front` for a short answer before it becomes ASGI; of
    those that had one, heads are remembered, and found again without the parser.
    """

    turnstile: ClassVar[Turnstile]
    front: ClassVar[ShortApp]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = self.turnstile.limits
        self.holder: str | None = None
        """Whom the connection is counted for; set beforehand if that has been settled."""
        self.is_connected = False
        self._in_headers = False
        self._in_message = False
        self._message_bytes = self._body_bytes = 0
        self._deadline = Deadline(self.loop, partial(self._cut, "slow"))
        self._idle_until = 0.0
        """When the next request must have begun, unless one is under way then."""
        self._idle_timer: asyncio.TimerHandle | None = None
        """Not moved with each request: it looks how late it is when it goes off."""
        self._write_deadline = Deadline(self.loop, partial(self._cut, "unread"))
        self._pipeline_deadline = Deadline(self.loop, partial(self._cut, "framing"))
        self._answering: RequestResponseCycle | None = None
        self.known: KnownHeaders | None = None
        """What is remembered for the next request."""
        self._familiar = FamiliarHeads()
        self._usual_headers: Sequence[Header] = ()
        self._usual = b""
        """Those headers, written."""
        self._is_parsing = False
        self._next: tuple[RequestResponseCycle, ASGI3Application] | None = None
        """A request that is to be served once the bytes at hand are parsed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, unless there are too many."""
        super().connection_made(transport)
        self.is_connected = True
        if self.holder is None:
            self.holder = self.turnstile.admit(address_of(transport.get_extra_info("socket")))
        if self.holder is None:
            transport.abort()
        else:
            self._await_next(self.limits.header_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        for deadline in (self._deadline, self._write_deadline, self._pipeline_deadline):
            deadline.lift()
        self.turnstile.leave(self.holder)
        answering = self._answering
        if answering is not None and not answering.response_complete:
            # uvicorn tells only the last request that came, which may be waiting behind it.
            answering.disconnected = True
            answering.message_event.set()
            exchange = answering.scope.get(KEY)
            if exchange is not None:  # nobody waits for messages of a request in the fast lane
                cast("Exchange", exchange).abandon()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; a request that is still incomplete afterwards runs against a deadline."""
        if self.transport.is_closing():
            return
        began = not self._in_message
        familiar = self._familiar.find(data) if began and self._is_idle() else None
        if familiar is not None:
            self._take_familiar(*familiar)
            return
        self._is_parsing = True
        super().data_received(data)
        self._is_parsing = False
        self._take_up(data if began else b"")
        if self.transport.is_closing():
            self._close_in_time()
        elif self._in_message:
            self._await_rest(len(data), is_new=began)
        else:
            self._deadline.lift()

    def _await_rest(self, size: int, *, is_new: bool) -> None:
        self._message_bytes += size
        if self._message_bytes - 8 * self._body_bytes > 4 * self.limits.header_bytes:
            self._cut("framing")  # headers, trailers or chunk sizes without end
        elif is_new:
            self._deadline.set(self.limits.header_s if self._in_headers else self.limits.body_s)

    def _take_familiar(self, head: FamiliarHead, digits: bytes, body: bytes) -> None:
        """Serve a whole request with a head that is known."""
        begin = partial(self._begin, head, digits, body)
        answer = None if self.flow.write_paused else self._short_answer(head.known, body, begin)
        if isinstance(answer, Answer):
            self._write(answer)
            self.on_response_complete()
            return
        if answer is None:
            begin()
        assert self._answering is not None  # somebody has had it begin
        self._go_on(self._answering, cast("Any", self).app, answer)

    def _short_answer(self, head: Head, body: bytes, asgi: Callable[[], Asgi]) -> ShortAnswer:
        try:
            return self.front.short_way(head, body, asgi)
        except Exception as error:  # a bug of ours, which must not take the connection along
            asgi()
            return _raising(error)

    def _go_on(
        self,
        cycle: RequestResponseCycle,
        app: ASGI3Application,
        work: Coroutine[Any, Any, Answer | None] | None,
    ) -> None:
        """Have a request answered by `work`, or else as ASGI."""
        if work is None:
            super()._start_asgi_task(cycle, app)
            return
        # Tasks are not used twice, though that is quicker: who kept hold of one could end the
        # call of somebody else.
        self.tasks.add(self.loop.create_task(self._answer_in_time(cycle, work)))

    def _begin(self, head: FamiliarHead, digits: bytes, body: bytes) -> Asgi:
        """A whole request, as the parser would have had it."""
        cycle = self.cycle = self._answering = RequestResponseCycle(
            scope=cast("HTTPScope", head.scope_with(digits)),
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=True,
            on_response=self.on_response_complete,
        )
        cycle.body = bytearray(body)
        cycle.more_body = False
        cycle.message_event.set()
        return _asgi_of(cycle)

    def _is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison]

    def _await_next(self, seconds: float) -> None:
        """Give the next request this long to begin."""
        self._idle_until = self.loop.time() + seconds
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_at(self._idle_until, self._end_idle)

    def _end_idle(self) -> None:
        if self._in_message or not self._is_idle():
            self._idle_until = self.loop.time() + self.limits.keep_alive_s
        if self.loop.time() < self._idle_until:
            self._idle_timer = self.loop.call_at(self._idle_until, self._end_idle)
        else:
            self.transport.close()
            self._close_in_time()

    def on_message_begin(self) -> None:
        """A request begins, unless too many wait already."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError("too many pipelined requests")
        self._in_message = self._in_headers = True
        self._message_bytes = self._body_bytes = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; what comes after the body is dropped, as nobody checks it any more."""
        if self._in_headers:
            name = name.lower()
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Its headers are there; the body has a deadline of its own."""
        self._in_headers = False
        if not self._reads_one_way():
            raise ValueError("the request could be read in two ways")
        if self._deadline.is_set:
            self._deadline.set(self.limits.body_s)
        super().on_headers_complete()
        if not self.pipeline:
            self._answering = self.cycle
        elif not self._pipeline_deadline.is_set:
            self._pipeline_deadline.set(PIPELINED_S)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Wait with a request until its body is there: then there may be a shorter way."""
        self._next = (cycle, app)
        if not self._is_parsing:
            self._take_up()

    def _take_up(self, data: bytes = b"") -> None:
        """Serve the next request; learn its head if it is all that there is in `data`."""
        if self._next is None:
            return
        cycle, app = self._next
        self._next = None
        answer = None
        if not (cycle.more_body or self.flow.write_paused):
            asgi, body = _asgi_of(cycle), bytes(cycle.body)
            head = self.front.head_of(asgi[0], self)
            answer = None if head is None else self._short_answer(head, body, lambda: asgi)
            if data and head is not None and answer is not None and cycle.keep_alive:
                scope = {each: asgi[0][each] for each in asgi[0] if each != KEY}
                self._familiar.learn(data, scope, len(body), head)
        if isinstance(answer, Answer):
            self._answer(cycle, answer)
        else:
            self._go_on(cycle, app, answer)

    async def _answer_in_time(
        self, cycle: RequestResponseCycle, work: Coroutine[Any, Any, Answer | None]
    ) -> None:
        try:
            answer = await work
            if answer is not None:
                if self.flow.write_paused:
                    await self.flow.drain()
                self._answer(cycle, answer)
        except Exception:  # a bug of ours; uvicorn says so too where it is the caller
            logger.exception("a request failed unexpectedly")
            if not cycle.response_started:
                await cycle.send_500_response()
        except BaseException:  # nobody must wait for an answer that does not come
            if not cycle.response_complete:
                self.transport.close()
                self._close_in_time()
            raise
        finally:
            self.tasks.discard(asyncio.current_task(self.loop))

    def _answer(self, cycle: RequestResponseCycle, answer: Answer) -> None:
        """Answer as `cycle.send` would."""
        if cycle.disconnected:
            return
        cycle.response_started = cycle.response_complete = True
        self._write(answer, is_last=not cycle.keep_alive)
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()

    def _write(self, answer: Answer, *, is_last: bool = False) -> None:
        """Write `answer`, put together first unless that would copy too much."""
        default = self.server_state.default_headers
        if default is not self._usual_headers:  # uvicorn makes them each second
            self._usual_headers = default
            self._usual = b"".join([b"%b: %b\r\n" % header for header in default])
        more = b"connection: close\r\n" if is_last else b""
        if answer.session is not None:
            more += b"mcp-session-id: %b\r\n" % answer.session
        body = answer.body
        size = len(body[0]) if len(body) == 1 else sum(map(len, body))
        pieces = (ANSWERED % (self._usual, size, more), *body)
        for piece in (b"".join(pieces),) if size <= ONE_PIECE else pieces:
            self.transport.write(piece)

    def _reads_one_way(self) -> bool:
        """Whether all that is said twice is said the same.

        A target that names a host must name the one in `Host`. Chunks came with HTTP/1.1. The
        parser takes a request that wants to switch protocols to have no body, and a body for
        the next request.
        """
        found = dict(self.headers)
        parser = self.parser
        assert parser is not None  # it is the one that calls
        if parser.should_upgrade() and not found.keys().isdisjoint(BODY_LENGTHS):
            return False
        if b"transfer-encoding" in found and parser.get_http_version() != "1.1":
            return False
        if self.url.startswith(b"/"):
            return True
        host = b"%s://%s/" % (str(self.scheme).encode(), found.get(b"host", b"").strip().lower())
        return self.url.lower().startswith(host)

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        self._in_message = False
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client reads too slowly: from now on it has a deadline."""
        super().pause_writing()
        self._write_deadline.set(self.limits.write_s)

    def resume_writing(self) -> None:
        """The client reads again."""
        if not self.transport.is_closing():
            self._write_deadline.lift()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """An answer is written, perhaps the last one; unlike uvicorn's, with our own timer."""
        self.server_state.total_requests += 1
        self._answering = None
        self._pipeline_deadline.lift()
        if self.transport.is_closing():
            self._close_in_time()
            return
        self.flow.resume_reading()
        if not self.pipeline:
            self._await_next(self.limits.keep_alive_s)
            return
        cycle, app = self.pipeline.pop()
        self._answering = cycle
        if self.pipeline:
            self._pipeline_deadline.set(PIPELINED_S)
        self._start_asgi_task(cycle, app)

    def _close_in_time(self) -> None:
        """A closing connection waits for the client to read the rest, but not for ever."""
        if self.transport.is_closing():
            self._write_deadline.set(self.limits.write_s)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, and say that it came."""
        self._tell("framing")
        super().send_400_response(msg)

    def _cut(self, reason: Reason) -> None:
        self._tell(reason)
        self.transport.abort()

    def _tell(self, reason: Reason) -> None:
        self.turnstile.cut(reason, self.client[0] if self.client else None)


async def _raising(error: Exception) -> None:
    raise error


def _asgi_of(cycle: RequestResponseCycle) -> Asgi:
    asgi = cast("Any", cycle)  # uvicorn's types of messages are narrower than ASGI's
    return asgi.scope, asgi.receive, asgi.send


def guarded(turnstile: Turnstile, front: ShortApp) -> type[GuardedProtocol]:
    """The protocol class of one server."""
    return type("Guarded", (GuardedProtocol,), {"turnstile": turnstile, "front": front})
