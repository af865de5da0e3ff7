"""Small real images, and headers that lie."""

import base64
import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 6), **options: Any) -> bytes:
    file = BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """The first bytes of a PNG that says so much; nothing follows."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


PNG, JPEG, WEBP = picture(), picture("JPEG"), picture("WEBP")


def encoded(content: bytes = PNG) -> str:
    return base64.b64encode(content).decode()


def data_of(*contents: bytes) -> dict[str, Any]:
    """The answer of OpenAI and xAI."""
    return {"created": 1, "data": [{"b64_json": encoded(each)} for each in contents]}


def candidate_of(content: bytes = PNG) -> dict[str, Any]:
    """The answer of Gemini."""
    part = {"inlineData": {"mimeType": "image/png", "data": encoded(content)}}
    parts = [{"text": "Here it is."}, part]
    return {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}


ANSWERS = {"openai": data_of(PNG), "grok": data_of(PNG), "gemini": candidate_of(PNG)}
"""A good answer of each provider, with one image."""
