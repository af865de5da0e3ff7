"""Pictures for prompts, whose type is what their first bytes say."""

from __future__ import annotations

import re
from base64 import b64decode
from pathlib import Path
from urllib.parse import unquote_to_bytes

from toolyard.core.content import Image
from toolyard.core.errors import PromptError

MOST_BYTES = 32 * 1024 * 1024
"""Of one picture."""

_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"BM.{4}\0{4}", re.DOTALL), "image/bmp"),
    (re.compile(rb"II\*\0|MM\0\*"), "image/tiff"),
    (re.compile(rb".{4}ftyp(?:avif|avis)", re.DOTALL), "image/avif"),
    (re.compile(rb".{4}ftyp(?:heic|heix|heim|heis|mif1)", re.DOTALL), "image/heic"),
    (
        re.compile(
            rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg[\s>]",
            re.DOTALL,
        ),
        "image/svg+xml",
    ),
)
_LONGEST_HEADER = 4096
_DATA_URL = re.compile(r"data:[^,;]*(?:;[^,;]+?)*?(?P<base64>;base64)?,", re.IGNORECASE)


def image_from_bytes(data: bytes) -> Image:
    """The picture whose file has these bytes.

    Raises:
        PromptError: They are no picture of a known kind, or too many.
    """
    if len(data) > MOST_BYTES:
        raise PromptError(f"The image has {len(data)} bytes; at most {MOST_BYTES} are taken.")
    for signature, mime_type in _SIGNATURES:
        if signature.match(data, 0, _LONGEST_HEADER):
            return Image(data, mime_type)
    raise PromptError(
        "The bytes are no image: give a PNG, JPEG, GIF, WebP, BMP, TIFF, AVIF, HEIC or SVG file."
    )


def image_from_path(path: str | Path) -> Image:
    """The picture in a file, which is read at once: where others wait, call it in a thread.

    Raises:
        PromptError: The file cannot be read, or is no picture; as `image_from_bytes` does.
    """
    name = Path(path).name
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PromptError(f"The image file {name!r} cannot be read.") from error
    return image_from_bytes(data)


def image_from_base64(text: str) -> Image:
    """The picture in base64, of either alphabet, with or without breaks and padding.

    Raises:
        PromptError: It is no base64, or no picture; as `image_from_bytes` does.
    """
    plain = "".join(text.split()).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        data = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError as error:
        raise PromptError("The image is no base64.") from error
    return image_from_bytes(data)


def image_from_data_url(url: str) -> Image:
    """The picture in a `data:` URL; the type that it names is not believed.

    Raises:
        PromptError: It is no such URL, or no picture; as `image_from_bytes` does.
    """
    start = _DATA_URL.match(url)
    if start is None:
        raise PromptError("The image is no data URL: it begins with data:image/png;base64, or so.")
    content = url[start.end() :]
    if start["base64"]:
        return image_from_base64(unquote_to_bytes(content).decode("latin-1"))
    return image_from_bytes(unquote_to_bytes(content))
