"""The blocks a result, a prompt or a resource is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolyard.core.quick_init import quick_init

Metadata = Mapping[str, Any]
"""A JSON object that toolyard carries along and does not read."""


@quick_init
@dataclass(frozen=True, slots=True)
class Text:
    """Text for the model."""

    text: str
    annotations: Metadata | None = None
    meta: Metadata | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """A picture; `data` are the file's bytes, not base64."""

    data: bytes
    mime_type: str = "image/png"
    annotations: Metadata | None = None
    meta: Metadata | None = None


@dataclass(frozen=True, slots=True)
class Audio:
    """A sound; `data` are the file's bytes, not base64."""

    data: bytes
    mime_type: str = "audio/wav"
    annotations: Metadata | None = None
    meta: Metadata | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A document carried in full: `text`, or `blob` when it is binary; never both."""

    uri: str
    text: str | None = None
    blob: bytes | None = None
    mime_type: str | None = None
    annotations: Metadata | None = None
    meta: Metadata | None = None
    resource_meta: Metadata | None = None
    """Metadata of the document itself; `meta` is that of the block around it."""


@dataclass(frozen=True, slots=True)
class Icon:
    """A picture for a host's user interface; `src` is an https or data URI."""

    src: str
    mime_type: str | None = None
    sizes: tuple[str, ...] | None = None
    theme: str | None = None


@dataclass(frozen=True, slots=True)
class ResourceLink:
    """A pointer to a document that the caller can read with its `uri`."""

    uri: str
    name: str
    title: str | None = None
    description: str | None = None
    mime_type: str | None = None
    size: int | None = None
    annotations: Metadata | None = None
    meta: Metadata | None = None
    icons: tuple[Icon, ...] = ()


Content = Text | Image | Audio | Resource | ResourceLink
