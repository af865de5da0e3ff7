"""A picture of words, drawn on this machine with Pillow."""

from __future__ import annotations

import hashlib
import textwrap
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

MOST_LETTERS = 400
"""Of the words that are drawn; the rest is left out."""
_LINE_LETTERS = 28
_LINES = 14

Colour = tuple[int, int, int]


def draw(words: str, size: tuple[int, int], number: int) -> bytes:
    """A PNG file of `words`; the same words, size and number give the same file.

    The colours come from the words and `number`, so that several pictures differ.
    """
    dark, light = _colours(words, number)
    picture = Image.new("RGB", size, dark)
    canvas = ImageDraw.Draw(picture)
    width, height = size
    margin = min(size) // 16
    canvas.rectangle((margin, margin, width - margin, height - margin), outline=light, width=4)
    font = ImageFont.load_default(size=min(width // 32, height // 22))
    centre = (width / 2, height / 2)
    canvas.multiline_text(
        centre, _lines(words), fill=light, font=font, anchor="mm", align="center", spacing=8
    )
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _lines(words: str) -> str:
    seen = "".join(letter if letter.isprintable() else " " for letter in words[:MOST_LETTERS])
    return "\n".join(textwrap.wrap(seen, _LINE_LETTERS, max_lines=_LINES, placeholder=" ..."))


def _colours(words: str, number: int) -> tuple[Colour, Colour]:
    """A dark one and a light one, of equal hue."""
    digest = hashlib.sha256(f"{number}:{words}".encode(errors="replace")).digest()
    red, green, blue = (each // 3 for each in digest[:3])
    return (red, green, blue), (red + 160, green + 160, blue + 160)
