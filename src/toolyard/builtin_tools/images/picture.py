"""What the first bytes of an image file say: its kind and its size. Nothing is decoded."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from toolyard.core.content import Image
from toolyard.core.errors import ToolError

MOST_PIXELS = 50_000_000
"""Of one image; whoever decodes it needs four bytes for each."""
MOST_BYTES = 32 * 1024 * 1024
"""Of one image file."""

_MOST_HEADER_BYTES = 4 * 1024 * 1024
"""Of a JPEG, whose size stands behind what programs say about it."""
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG markers of a frame, which holds the size."""


@dataclass(frozen=True, slots=True)
class Picture:
    """An image file as its own header describes it."""

    mime_type: str
    width: int
    height: int


def examined(content: bytes) -> Image:
    """The file `content` as a block, whose kind is what its bytes say.

    Raises:
        ToolError: It is no PNG, JPEG or WebP, or too large to be decoded safely.
    """
    if len(content) > MOST_BYTES:
        raise ToolError(f"The image has more than {MOST_BYTES} bytes; ask for a simpler one.")
    picture = picture_in(content)
    if picture is None:
        raise ToolError("What was drawn is not a PNG, JPEG or WebP image; try again.")
    pixels = picture.width * picture.height
    if not 0 < pixels <= MOST_PIXELS:
        raise ToolError(
            f"The image says it has {picture.width} x {picture.height} pixels; "
            f"1 to {MOST_PIXELS} are allowed. Try again."
        )
    return Image(content, picture.mime_type)


def picture_in(content: bytes) -> Picture | None:
    """What the header of `content` says; `None` if it is of no known kind."""
    try:
        return _png(content) or _jpeg(content[:_MOST_HEADER_BYTES]) or _webp(content)
    except (struct.error, IndexError):  # the header is cut off
        return None


def _png(content: bytes) -> Picture | None:
    if content[:8] != b"\x89PNG\r\n\x1a\n" or content[12:16] != b"IHDR":
        return None
    return Picture("image/png", *struct.unpack_from(">II", content, 16))


def _jpeg(content: bytes) -> Picture | None:
    if content[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return Picture("image/jpeg", width, height)
        at += 2 + _length(content, at + 2)
    return None


def _length(content: bytes, at: int) -> int:
    """The length of a JPEG segment; it counts its own two bytes."""
    (length,) = struct.unpack_from(">H", content, at)
    return max(2, length)


def _webp(content: bytes) -> Picture | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    match content[12:16]:
        case b"VP8X":
            return Picture("image/webp", _three(content, 24) + 1, _three(content, 27) + 1)
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", content, 21)
            return Picture("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", content, 26)
            return Picture("image/webp", width & 0x3FFF, height & 0x3FFF)
        case _:
            return None


def _three(content: bytes, at: int) -> int:
    """A number of three bytes, the lowest first."""
    low, high = struct.unpack_from("<HB", content, at)
    return low | high << 16
