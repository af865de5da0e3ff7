"""A folder that generated images are kept in, under names of our own."""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from toolyard.core.content import Image, Resource, ResourceLink
from toolyard.core.errors import ToolError, UnknownName

SCHEME = "image://generated/"
TEMPLATE = SCHEME + "{name}"
_ENDINGS: Mapping[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
}
_KINDS = {ending: kind for kind, ending in _ENDINGS.items()}
_NAME = re.compile(r"[0-9a-f]{32}\.(png|jpg|webp)")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OLD = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ImageFolder:
    """Images below `root`, which is made when the first is saved; all of it blocks.

    Args:
        root: Relative to where the program is now, also when it goes elsewhere later.
        most_files: How many files the folder may hold, whoever put them there.
    """

    def __init__(self, root: Path | str, most_files: int) -> None:
        self._root = Path(root).absolute()
        self._most_files = most_files

    def save(self, image: Image) -> ResourceLink:
        """Write `image` to a new file that only this user can read.

        Raises:
            ToolError: The folder is full, or cannot be written to.
        """
        ending = _ENDINGS.get(image.mime_type)
        if ending is None:
            raise ToolError("An image of this kind is not saved here; ask for the image itself.")
        name = f"{secrets.token_hex(16)}.{ending}"
        try:
            self._write(name, image.data)
        except OSError as error:
            raise ToolError(
                "The image was drawn, but cannot be saved here; ask for the image itself."
            ) from error
        return ResourceLink(
            SCHEME + name, name=name, mime_type=image.mime_type, size=len(image.data)
        )

    def read(self, name: str) -> Resource:
        """The image of that name; `UnknownName` if there is none."""
        uri = SCHEME + name
        if not _NAME.fullmatch(name):
            raise UnknownName("resource", uri)
        try:
            content = _regular(os.open(self._root / name, _OLD))
        except OSError as error:
            raise UnknownName("resource", uri) from error
        if content is None:
            raise UnknownName("resource", uri)
        return Resource(uri, blob=content, mime_type=_KINDS[name.rpartition(".")[2]])

    def _write(self, name: str, content: bytes) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._refuse_full(folder)
            file = os.open(name, _NEW, 0o600, dir_fd=folder)
            try:
                with os.fdopen(file, "wb") as open_file:
                    open_file.write(content)
            except BaseException:  # whatever it was
                os.unlink(name, dir_fd=folder)  # no half of an image is left behind
                raise
        finally:
            os.close(folder)

    def _refuse_full(self, folder: int) -> None:
        if len(os.listdir(folder)) >= self._most_files:
            raise ToolError(
                f"The folder of images holds {self._most_files} files and takes no more; "
                "ask for the image itself, or tell whoever runs this server."
            )


def _regular(descriptor: int) -> bytes | None:
    """What is in the open file, which is closed; `None` for a folder, a pipe or a device."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
