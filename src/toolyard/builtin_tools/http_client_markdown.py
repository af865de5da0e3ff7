"""Web pages as Markdown, which costs a model far less to read."""

from __future__ import annotations

from html_to_markdown import ConversionOptions, convert

MAX_CHARS = 1_048_576
"""Longer pages stay HTML."""

_OPTIONS = ConversionOptions(extract_metadata=False)


def markdown_of(html: str) -> str | None:
    """The page as Markdown; `None` if it is too long.

    The converter is a compiled one: its time grows with the length alone, whatever is nested or
    left open in the page, which is not so of those in Python.
    """
    if len(html) > MAX_CHARS:
        return None
    return (convert(html, _OPTIONS).content or "").strip()
