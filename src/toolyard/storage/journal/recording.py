"""A run with its steps as JSON lines, to be looked at, sent on and replayed."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from toolyard.core.errors import StoreError
from toolyard.storage.journal.journal import RunRecord, StepRecord

FORMAT = "toolyard.run/1"


def write_recording(path: str | PathLike[str], run: RunRecord, steps: Sequence[StepRecord]) -> None:
    """Write a file that only this user may read; one of that name is written over.

    Raises:
        StoreError: It cannot be written.
    """
    lines: list[dict[str, Any]] = [{"format": FORMAT, **asdict(run)}, *map(asdict, steps)]
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.writelines(f"{json.dumps(line)}\n" for line in lines)
    except OSError as error:
        raise StoreError(f"The run cannot be written to that file: {error.strerror}.") from error


def read_recording(path: str | PathLike[str]) -> tuple[RunRecord, Sequence[StepRecord]]:
    """What `write_recording` wrote.

    Raises:
        StoreError: It cannot be read, or is something else.
    """
    try:
        head, *lines = map(json.loads, Path(path).read_text(encoding="utf-8").splitlines())
        if head.pop("format") != FORMAT:
            raise ValueError(FORMAT)
        run = TypeAdapter(RunRecord).validate_python(head)
        return run, TypeAdapter(list[StepRecord]).validate_python(lines)
    except OSError as error:
        raise StoreError(f"The recorded run cannot be read: {error.strerror}.") from error
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise StoreError("This is no recorded run, or one of a newer version.") from error
