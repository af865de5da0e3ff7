"""What the first bytes of a file say."""

import struct

import pytest
from tests.builtin_tools.images.pictures import JPEG, PNG, WEBP, picture, png_header

from toolyard import ToolError
from toolyard.builtin_tools.images import picture as module
from toolyard.builtin_tools.images.picture import MOST_PIXELS, Picture, examined, picture_in

JPEG_100K = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08" + struct.pack(">HH", 65535, 65535)
VP8X = b"RIFF\x00\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PNG, Picture("image/png", 8, 6)),
        (JPEG, Picture("image/jpeg", 8, 6)),
        (picture("JPEG", progressive=True, comment=b"x" * 3000), Picture("image/jpeg", 8, 6)),
        (WEBP, Picture("image/webp", 8, 6)),
        (picture("WEBP", lossless=True), Picture("image/webp", 8, 6)),
        (picture("WEBP", exif=b"Exif\0\0II*\0"), Picture("image/webp", 8, 6)),
        (JPEG_100K, Picture("image/jpeg", 65535, 65535)),
        (VP8X + b"\xff\xff\xff" * 2, Picture("image/webp", 1 << 24, 1 << 24)),
    ],
)
def test_kind_and_size_are_read_from_the_header(content: bytes, said: Picture) -> None:
    assert picture_in(content) == said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>\x89PNG\r\n\x1a\n",
        picture("GIF"),
        PNG[:20],
        JPEG[:2],
        JPEG[:8],
        b"\xff\xd8" + b"\xff" * 1_000_000,
        b"\xff\xd8\xff\xe0\x00\x00" * 100,
        WEBP[:13],
        WEBP[:25],
        b"RIFF\x00\x00\x00\x00WEBPXXXX" + bytes(40),
    ],
)
def test_what_is_no_known_image_is_refused(content: bytes) -> None:
    assert picture_in(content) is None
    with pytest.raises(ToolError, match="not a PNG, JPEG or WebP"):
        examined(content)


@pytest.mark.parametrize(
    "content",
    [
        png_header(100_000, 100_000),
        png_header(0, 5),
        png_header(MOST_PIXELS + 1, 1),
        JPEG_100K,
        VP8X + b"\xff\xff\xff" * 2,
    ],
)
def test_an_image_that_would_fill_the_memory_is_refused(content: bytes) -> None:
    with pytest.raises(ToolError, match="are allowed"):
        examined(content)


def test_the_largest_image_is_let_through() -> None:
    assert examined(png_header(MOST_PIXELS, 1)).mime_type == "image/png"


def test_a_file_of_too_many_bytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", len(PNG) - 1)
    with pytest.raises(ToolError, match=r"more than \d+ bytes"):
        examined(PNG)
