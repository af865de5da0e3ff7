"""An HTTP answer as it comes in."""

from __future__ import annotations

import httptools


class Garbled(Exception):
    """What comes in is no HTTP answer, or not a whole one."""


class Answer:
    """The status, the headers and so much of the body as has arrived and was not taken."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.has_begun = False
        """Status and headers are known."""
        self.is_over = False
        """All of it has arrived."""
        self.allows_more = False
        """Another request may follow on the connection."""
        self._parts: list[bytes] = []
        self._lasts_to_the_end = False
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, received: bytes) -> None:
        """Take in what has arrived.

        Raises:
            Garbled: It is no HTTP.
        """
        try:
            self._parser.feed_data(received)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self.is_over:
                raise Garbled("what came is no HTTP answer") from error

    def taken(self) -> bytes:
        """What has arrived of the body since it was last taken."""
        if not self._parts:
            return b""
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        return body

    def break_off(self) -> None:
        """Take note that nothing more will arrive.

        Raises:
            Garbled: Something was to follow.
        """
        if not self._lasts_to_the_end:
            raise Garbled("the answer breaks off, or never began")
        self.is_over = True

    def on_message_begin(self) -> None:
        """For the parser: another answer begins."""
        if self.is_over:  # something that nobody asked for
            self.allows_more = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """For the parser: a header."""
        if not self.has_begun:  # others follow a body in chunks
            self.headers.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        """For the parser: the body follows."""
        if self.has_begun:
            return
        self.status = self._parser.get_status_code()
        if self.status < 200:  # it only says that the answer is on its way
            self.headers.clear()
            return
        self.has_begun = True
        names = {name.lower() for name, _ in self.headers}
        self._lasts_to_the_end = not names & {b"content-length", b"transfer-encoding"}
        self.allows_more = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """For the parser: a part of the body."""
        if not self.is_over:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """For the parser: the answer ends."""
        if self.has_begun:
            self.is_over = True
