"""The eleven tools: how a model sees files."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from toolyard.builtin_tools.filesystem import schemas
from toolyard.builtin_tools.filesystem.entry import FileEntry, FileMatch
from toolyard.builtin_tools.filesystem.files import DEFAULT_LIMIT, Files
from toolyard.builtin_tools.filesystem.path import shown
from toolyard.builtin_tools.filesystem.reading import Bytes, Lines, lines_of
from toolyard.builtin_tools.filesystem.schemas import (
    Schema,
    choice,
    flag,
    number,
    path_of,
    taking,
    text,
)
from toolyard.core.content import Image, Text
from toolyard.core.errors import ToolError
from toolyard.core.offer import Presentation
from toolyard.core.tool import ToolResult
from toolyard.core.toolbox import Toolbox

MAX_THREADS = 8

Given = Mapping[str, Any]
Handler = Callable[[Files, Given], ToolResult]

_LOOKS = Presentation(read_only=True, destructive=False, idempotent=True, open_world=False)
_ADDS = Presentation(read_only=False, destructive=False, idempotent=False, open_world=False)
_MAKES = Presentation(read_only=False, destructive=False, idempotent=True, open_world=False)
_OVERWRITES = Presentation(read_only=False, destructive=True, idempotent=True, open_world=False)
_CHANGES = Presentation(read_only=False, destructive=True, idempotent=False, open_world=False)


def toolbox_of(files: Files) -> Toolbox:
    """The tools for `files`; none that changes something if they are read-only."""
    tools = Toolbox(max_threads=MAX_THREADS)

    def offer(
        handler: Handler, name: str, hints: Presentation, takes: Schema, gives: Schema
    ) -> None:
        if files.options.read_only and not hints.get("read_only"):
            return
        tools.add_schema(
            name,
            partial(_handled, handler, files),
            description=(handler.__doc__ or "").strip(),
            input_schema=takes,
            output_schema=gives,
            **hints,
        )

    _offer_reading(offer)
    _offer_writing(offer, files.options.max_write_bytes)
    return tools


def _handled(handler: Handler, files: Files, given: Given) -> ToolResult:
    return handler(files, given)


Offer = Callable[[Handler, str, Presentation, Schema, Schema], None]


def _offer_reading(offer: Offer) -> None:
    offer(_read_file, "read_file", _LOOKS, _READ, schemas.READ)
    only_path = taking(path=path_of("The file or directory"))
    offer(_metadata, "get_file_metadata", _LOOKS, only_path, schemas.ENTRY)
    offer(_exists, "file_exists", _LOOKS, only_path, schemas.EXISTS)
    offer(_read_directory, "read_directory", _LOOKS, _LIST, schemas.LISTING)
    offer(_search, "search_files", _LOOKS, _SEARCH, schemas.MATCHES)


def _offer_writing(offer: Offer, most: int) -> None:
    written = taking(
        "encoding",
        path=path_of("The file"),
        content=text("The content", 2 * most),
        encoding=choice("How the content is told; text if not given", "text", "base64"),
    )
    edit = taking(
        path=path_of("The file"),
        old_text=text("What to replace, exactly as it stands in the file", most, least=1),
        new_text=text("What to put there instead", most),
    )
    offer(_write_file, "write_file", _OVERWRITES, written, schemas.WRITTEN)
    offer(_append_file, "append_file", _ADDS, written, schemas.WRITTEN)
    offer(_edit_file, "edit_file", _CHANGES, edit, schemas.WRITTEN)
    directory = taking(path=path_of("The directory"))
    offer(_create_directory, "create_directory", _MAKES, directory, schemas.DONE)
    offer(_delete_file, "delete_file", _CHANGES, taking(path=path_of("The file")), schemas.DONE)
    offer(_delete_directory, "delete_directory", _CHANGES, directory, schemas.DONE)


_READ = taking(
    "start_line",
    "end_line",
    "encoding",
    path=path_of("The file"),
    start_line=number("First line to read, from 1", schemas.MAX_LINE),
    end_line=number("Last line to read", schemas.MAX_LINE),
    encoding=choice("text, or base64 for any bytes; a picture is shown if not given", *schemas.HOW),
)
_LIST = taking(
    "path",
    "recursive",
    "limit",
    path=path_of("The directory; the root if not given"),
    recursive=flag("Also what is in the directories in it"),
    limit=number(f"Entries at most; {DEFAULT_LIMIT} if not given", schemas.MAX_LIMIT),
)
_SEARCH = taking(
    "path",
    "glob",
    "content",
    "limit",
    path=path_of("The directory to look in; the root if not given"),
    glob=text("Such as *.md, or src/**/test_?.py for the path below `path`", 1_000),
    content=text("A text in the files, exactly as it stands there; no pattern", 10_000),
    limit=number(f"Matches at most; {DEFAULT_LIMIT} if not given", schemas.MAX_LIMIT),
)


def _read_file(files: Files, given: Given) -> ToolResult:
    """Read a file: text in UTF-8, or some of its lines; a picture (PNG, JPEG, GIF, WebP) as a picture; any bytes with encoding base64. What is too long is cut, and `truncated` is true."""  # noqa: E501 - a model reads it
    path, how = given["path"], given.get("encoding")
    by_line = "start_line" in given or "end_line" in given
    if how == "base64" and by_line:
        raise ToolError("Lines are for text only: leave out start_line and end_line, or base64.")
    if how == "base64":
        return _as_base64(path, files.read_bytes(path))
    if how is None and not by_line:
        content = files.read_bytes(path)
        if content.mime_type is not None:
            return _as_picture(path, content, content.mime_type)
        return _as_text(path, lines_of(content, path))
    first, last = _whole(given.get("start_line")), _whole(given.get("end_line"))
    return _as_text(path, files.read_lines(path, first, last))


def _whole(number: float | None) -> int | None:
    """JSON's 5.0 is an integer too."""
    return None if number is None else int(number)


def _as_text(path: str, lines: Lines) -> ToolResult:
    told = {
        "path": path,
        "encoding": "text",
        "content": lines.text,
        "size": lines.size,
        "start_line": lines.start_line,
        "end_line": lines.end_line,
        "truncated": lines.truncated,
    }
    blocks = [Text(lines.text)]
    if lines.truncated:
        more = f"go on with start_line {lines.end_line + 1}" if lines.text[-1:] == "\n" else ""
        blocks.append(Text(f"[Cut here, of {lines.size} bytes; {more or 'the line is longer'}.]"))
    return ToolResult(blocks, told)


def _as_base64(path: str, content: Bytes) -> ToolResult:
    data = content.data[: len(content.data) // 3 * 3] if content.truncated else content.data
    encoded = base64.b64encode(data).decode()
    told = {"path": path, "encoding": "base64", "content": encoded, "size": content.size}
    return ToolResult([Text(encoded)], {**told, "truncated": content.truncated})


def _as_picture(path: str, content: Bytes, mime_type: str) -> ToolResult:
    if content.truncated:
        raise ToolError(
            f"The picture {shown(path)} is too large to be shown: {content.size} bytes."
        )
    told = {"path": path, "encoding": "image", "size": content.size, "mime_type": mime_type}
    said = Text(f"{path}: {mime_type}, {content.size} bytes")
    return ToolResult([said, Image(content.data, mime_type)], {**told, "truncated": False})


def _metadata(files: Files, given: Given) -> ToolResult:
    """Tell name, path, size, kind and time of change of a file or directory."""
    return ToolResult.of(asdict(files.metadata(given["path"])))


def _exists(files: Files, given: Given) -> ToolResult:
    """Tell whether a file or directory is there; false for any path that cannot be used."""
    path = given["path"]
    return ToolResult.of({"path": path, "exists": files.exists(path)})


def _read_directory(files: Files, given: Given) -> ToolResult:
    """List a directory, or with `recursive` the tree below it. If there is more than `limit`, what is nearest is listed and `truncated` is true. Links are left out."""  # noqa: E501 - a model reads it
    path = given.get("path", ".")
    limit = given.get("limit", DEFAULT_LIMIT)
    listing = files.listing(path, given.get("recursive", False), int(limit))
    entries = [asdict(each) for each in listing.entries]
    depth = 0 if path == "." else path.count("/") + 1
    lines = [_line_of(each, depth) for each in listing.entries] or ["(empty)"]
    told = {"path": path, "entries": entries, "truncated": listing.truncated}
    return ToolResult.of(told, text=_with_end(lines, listing.truncated))


def _search(files: Files, given: Given) -> ToolResult:
    """Find files by `glob` (* ? within a name, ** for directories), or lines by `content` (plain text, same case), or both. At most `limit` are told; `truncated` is true if there may be more."""  # noqa: E501 - a model reads it
    limit = int(given.get("limit", DEFAULT_LIMIT))
    path = given.get("path", ".")
    found = files.search(path, given.get("glob"), given.get("content"), limit)
    matches = [
        {key: value for key, value in asdict(each).items() if value is not None}
        for each in found.matches
    ]
    lines = [_match_line(each) for each in found.matches] or ["(nothing found)"]
    told = {"matches": matches, "truncated": found.truncated}
    return ToolResult.of(told, text=_with_end(lines, found.truncated))


def _write_file(files: Files, given: Given) -> ToolResult:
    """Write a file, replacing one that is there; directories above it are made. It is all written or not at all."""  # noqa: E501 - a model reads it
    return _written("Wrote", files.write(given["path"], _content(given)))


def _append_file(files: Files, given: Given) -> ToolResult:
    """Add to the end of a file, which is made if it is not there. No line end is added."""
    return _written("Appended to", files.append(given["path"], _content(given)))


def _edit_file(files: Files, given: Given) -> ToolResult:
    """Replace `old_text` by `new_text` in a file. It must occur exactly once, with its spaces and line ends; else nothing is changed."""  # noqa: E501 - a model reads it
    entry = files.edit(given["path"], given["old_text"], given["new_text"])
    return _written("Edited", entry)


def _create_directory(files: Files, given: Given) -> ToolResult:
    """Make a directory and those above it; nothing happens if it is there."""
    files.create_directory(given["path"])
    return _done("Made", given["path"])


def _delete_file(files: Files, given: Given) -> ToolResult:
    """Delete one file."""
    files.delete_file(given["path"])
    return _done("Deleted", given["path"])


def _delete_directory(files: Files, given: Given) -> ToolResult:
    """Delete a directory with everything in it; the root itself stays."""
    files.delete_directory(given["path"])
    return _done("Deleted", given["path"])


def _content(given: Given) -> str | bytes:
    content = given["content"]
    if given.get("encoding") != "base64":
        return content
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise ToolError("The content is not valid base64: mend it, or use encoding text.") from None


def _written(done: str, entry: FileEntry) -> ToolResult:
    told = {"path": entry.path, "size": entry.size}
    return ToolResult.of(told, text=f"{done} {entry.path}: {entry.size} bytes.")


def _done(done: str, path: str) -> ToolResult:
    return ToolResult.of({"path": path}, text=f"{done} {path}.")


def _line_of(entry: FileEntry, depth: int) -> str:
    indent = "  " * (entry.path.count("/") - depth)
    end = "/" if entry.is_directory else f"  {entry.size}"
    return f"{indent}{entry.name}{end}"


def _match_line(match: FileMatch) -> str:
    if match.line is None:
        return f"{match.path}/" if match.is_directory else match.path
    return f"{match.path}:{match.line}: {match.text}"


def _with_end(lines: list[str], truncated: bool) -> str:
    return "\n".join([*lines, "[There is more.]"] if truncated else lines)
