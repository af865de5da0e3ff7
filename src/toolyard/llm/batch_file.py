"""Questions in a file, and their answers in another: gone on with where it was ended."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO, cast

from toolyard.core.errors import ConfigError

JSON_LINES = ".jsonl"


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a file of questions."""

    text: str
    given: Mapping[str, Any]
    """The other members, where the line is a JSON object; they are repeated with the answer."""


def questions_in(path: Path) -> list[Question]:
    """The questions in a file, one in each line that is not blank.

    In a file that ends in `.jsonl`, a line is a JSON text, or an object with a `prompt`.

    Raises:
        ConfigError: It cannot be read, or a line says no question.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text.") from error
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if path.suffix != JSON_LINES:
        return [Question(line.strip(), {}) for _, line in numbered]
    return [_question(line, f"{path.name}, line {number}") for number, line in numbered]


def _question(line: str, where: str) -> Question:
    try:
        said: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: that is no JSON.") from error
    if isinstance(said, str):
        return Question(said, {})
    given = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    text = given.pop("prompt", None)
    if not isinstance(text, str):
        raise ConfigError(f'{where}: write a text, or an object with a "prompt".')
    return Question(text, given)


class BatchFile:
    """Takes answers as they come, and puts them into `path` in order once all are there.

    Until then they are in a file beside it, each from the moment on that `keep` returns: after a
    kill, whoever enters it again with the same questions and `circumstances` finds them.

    Args:
        path: For the answers, a JSON object in each line.
        questions: In their order.
        circumstances: All else that an answer depends on, such as the model.

    Raises:
        ConfigError: On entering: the file cannot be written.
    """

    def __init__(self, path: Path, questions: Sequence[Question], circumstances: object) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        self._questions = questions
        self._circumstances = json.dumps(circumstances, sort_keys=True)
        self._answers: dict[int, Mapping[str, Any]] = {}
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        try:
            kept = self._part.read_text("utf-8", "replace") if self._part.exists() else ""
            self._take_up(kept)
            self._file = self._part.open("a", encoding="utf-8")
            if kept and not kept.endswith("\n"):  # the end came in the middle of a line
                self._file.write("\n")
        except OSError as error:
            raise ConfigError(f"{self._part.name} cannot be written: {error.strerror}.") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def open_questions(self) -> Iterator[tuple[int, Question]]:
        """The number, counted from 0, and the text of each that has no answer yet."""
        for number, question in enumerate(self._questions):
            if number not in self._answers:
                yield number, question

    @property
    def answered(self) -> int:
        """How many have an answer."""
        return len(self._answers)

    def keep(self, number: int, answer: Mapping[str, Any]) -> None:
        """Keep the answer to a question."""
        self._answers[number] = answer
        self._write(number, answer)

    def finish(self, failed: Mapping[int, str]) -> None:
        """Write the file of answers; `failed` says why some have none.

        Where some have none, the others are found again next time.
        """
        new = self._path.with_name(self._path.name + ".new")
        with new.open("w", encoding="utf-8") as file:
            for number, question in enumerate(self._questions):
                came = self._answers.get(number) or {"error": failed.get(number, "not asked")}
                line = {**question.given, "prompt": question.text, **came}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        if len(self._answers) == len(self._questions):
            self._part.unlink(missing_ok=True)

    def _write(self, number: int, answer: Mapping[str, Any]) -> None:
        assert self._file is not None
        said = {"number": number, "of": self._mark(number), "answer": answer}
        self._file.write(json.dumps(said, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _take_up(self, kept: str) -> None:
        for line in kept.split("\n"):
            try:
                said: Any = json.loads(line)
                number, mark, answer = said["number"], said["of"], said["answer"]
            except (KeyError, TypeError, ValueError):
                continue  # it was being written when the end came
            known = isinstance(number, int) and 0 <= number < len(self._questions)
            if known and mark == self._mark(number):
                self._answers[number] = answer

    def _mark(self, number: int) -> str:
        """Changes with the question, and with all that its answer depends on."""
        text = f"{self._circumstances}\n{self._questions[number].text}"
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
