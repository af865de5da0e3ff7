"""A picture's type is what its bytes say, wherever they come from."""

from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from toolyard import (
    PromptError,
    image_from_base64,
    image_from_bytes,
    image_from_data_url,
    image_from_path,
)
from toolyard.prompts.images import MOST_BYTES

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8
KINDS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0rest",
    "image/gif": b"GIF89arest",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "image/bmp": b"BM\x10\0\0\0\0\0\0\0rest",
    "image/tiff": b"II*\0rest",
    "image/avif": b"\0\0\0\x1cftypavifrest",
    "image/heic": b"\0\0\0\x1cftypheicrest",
    "image/svg+xml": b'<?xml version="1.0"?>\n<!-- a > b -->\n<svg xmlns="x"></svg>',
}


@pytest.mark.parametrize("mime_type", KINDS)
def test_the_type_is_in_the_bytes(mime_type: str, tmp_path: Path) -> None:
    data = KINDS[mime_type]
    (tmp_path / "wrong.txt").write_bytes(data)
    several = (
        image_from_bytes(data),
        image_from_path(tmp_path / "wrong.txt"),
        image_from_base64(b64encode(data).decode()),
        image_from_base64(urlsafe_b64encode(data).decode().rstrip("=") + "\n"),
        image_from_data_url(f"data:image/wrong;charset=x;base64,{b64encode(data).decode()}"),
        image_from_data_url(f"DATA:,{quote(data)}"),
    )

    assert {(image.data, image.mime_type) for image in several} == {(data, mime_type)}


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"BM as text", b"RIFF\x10\0\0\0WAVE", b"%PDF-1.7"]
)
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    with pytest.raises(PromptError, match="are no image: give a PNG"):
        image_from_bytes(data)


def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match=r"^The image file 'none.png' cannot be read\.$"):
        image_from_path(tmp_path / "none.png")
    with pytest.raises(PromptError, match="no base64"):
        image_from_base64("a*b")
    with pytest.raises(PromptError, match="no data URL"):
        image_from_data_url("https://example.com/a.png")
    with pytest.raises(PromptError, match="at most"):
        image_from_bytes(PNG + bytes(MOST_BYTES))
