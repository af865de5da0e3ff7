"""HTTP over a plain socket: as little client as possible, so that the server is measured."""

from __future__ import annotations

import json
import re
import socket
import struct
from dataclasses import dataclass
from typing import Any

WAIT_S = 60
"""How long an answer may take before a run is given up."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_WAIT = struct.pack("ll", WAIT_S, 0)
_RECEIVE_BYTES = 256 * 1024


class BenchmarkError(Exception):
    """A run that cannot give a number; the text says why."""


@dataclass(frozen=True)
class Reply:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def message(self) -> dict[str, Any]:
        """The JSON-RPC message in it, sent as JSON or as an event stream."""
        if self.headers.get("content-type", "").startswith("text/event-stream"):
            return json.loads(_last_event(self.body))
        return json.loads(self.body)


class Connection:
    """One kept-alive connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The kernel keeps this limit; Python's own costs one more system call for each of ours.
        for way in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.socket.setsockopt(socket.SOL_SOCKET, way, _WAIT)
        self._received = b""

    def send(self, request: bytes) -> None:
        """Send a request and forget what was received before."""
        self._received = b""
        try:
            self.socket.sendall(request)
        except OSError as error:
            raise _broken(error) from error

    def receive(self) -> bytes | None:
        """Read what has arrived: the whole answer, or None while some of it is missing."""
        try:
            part = self.socket.recv(_RECEIVE_BYTES)
        except OSError as error:
            raise _broken(error) from error
        if not part:
            raise BenchmarkError("The server closed the connection in the middle of an answer.")
        self._received += part
        return self._received if _is_whole(self._received) else None

    def exchange(self, request: bytes) -> bytes:
        """Send a request and wait for its whole answer."""
        self.send(request)
        while (answer := self.receive()) is None:
            pass
        return answer

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def parse(answer: bytes) -> Reply:
    """The parts of a whole answer."""
    head, _, body = answer.partition(_HEAD_END)
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if _CHUNKED.search(head):
        body = _join_chunks(body)
    return Reply(int(first.split(" ", 2)[1]), headers, body)


def _broken(error: OSError) -> BenchmarkError:
    if isinstance(error, BlockingIOError):
        return BenchmarkError(f"The server did not take or give a byte for {WAIT_S} s.")
    return BenchmarkError(f"The connection to the server broke: {error.strerror}.")


def _is_whole(answer: bytes) -> bool:
    end = answer.find(_HEAD_END)
    if end < 0:
        return False
    if length := _LENGTH.search(answer, 0, end):
        return len(answer) >= end + len(_HEAD_END) + int(length[1])
    return answer.endswith(_LAST_CHUNK) or not _CHUNKED.search(answer, 0, end)


def _join_chunks(body: bytes) -> bytes:
    joined = bytearray()
    start = 0
    while size := int(body[start : (line := body.index(b"\r\n", start))], 16):
        joined += body[line + 2 : line + 2 + size]
        start = line + 2 + size + 2
    return bytes(joined)


def _last_event(stream: bytes) -> bytes:
    data = [line[5:].strip() for line in stream.splitlines() if line.startswith(b"data:")]
    return data[-1] if data else b"{}"
