"""The content coding of an answer, undone without ever holding more than was asked for."""

from __future__ import annotations

import zlib
from typing import Protocol

from toolyard.core.errors import ToolError

ACCEPTED = "gzip, deflate"
"""What a request says it can read."""

_PIECE = 65_536
_GZIP = 16 + zlib.MAX_WBITS
_FIRST_OF_ZLIB = 0x08
"""The low half of the first byte of a zlib stream; a bare deflate stream rarely has it."""


class Decoder(Protocol):
    """Undoes a coding piece by piece."""

    def feed(self, chunk: bytes, room: int) -> bytes | bytearray:
        """What `chunk` decodes to, at most `room` bytes of it; the rest is lost.

        Raises:
            ToolError: It is not of that coding.
        """
        ...

    def end(self) -> None:
        """Raise `ToolError` unless the content ended where it should."""
        ...


def decoder_for(codings: str) -> Decoder:
    """The decoder for the value of `Content-Encoding`.

    Raises:
        ToolError: It names several codings, or one that was not asked for.
    """
    names = [name for part in codings.split(",") if (name := part.strip().lower())]
    names = [name for name in names if name != "identity"]
    if not names:
        return _Identity()
    if len(names) > 1:
        raise ToolError(
            "The answer is compressed more than once, which is refused; ask another host."
        )
    if names[0] in ("gzip", "x-gzip"):
        return _Inflating(_GZIP)
    if names[0] == "deflate":
        return _Inflating(None)
    raise ToolError("The answer is compressed in a way that was not asked for; ask another host.")


class _Identity:
    def feed(self, chunk: bytes, room: int) -> bytes | bytearray:
        return chunk[:room]

    def end(self) -> None: ...


class _Inflating:
    """One stream of gzip, or of deflate with or without zlib's frame (`None`: not known yet)."""

    def __init__(self, window: int | None) -> None:
        self._inflate = None if window is None else zlib.decompressobj(window)

    def feed(self, chunk: bytes, room: int) -> bytes | bytearray:
        if self._inflate is None and chunk:
            framed = chunk[0] & 0x0F == _FIRST_OF_ZLIB
            self._inflate = zlib.decompressobj(zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)
        if self._inflate is None:
            return b""
        pieces = bytearray()
        while chunk and len(pieces) < room and not self._inflate.eof:
            pieces += self._piece(chunk, min(_PIECE, room - len(pieces)))
            chunk = self._inflate.unconsumed_tail
        return pieces

    def _piece(self, chunk: bytes, most: int) -> bytes:
        assert self._inflate is not None
        try:
            return self._inflate.decompress(chunk, most)
        except zlib.error:
            raise _damaged() from None

    def end(self) -> None:
        if self._inflate is not None and not self._inflate.eof:
            raise _damaged()


def _damaged() -> ToolError:
    return ToolError("The compressed answer is damaged or incomplete; try again.")
