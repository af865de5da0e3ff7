"""Questions to a model from the command line: one, or all of a file."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
from anyio import to_thread

from toolyard.core.content import Image
from toolyard.core.errors import ConfigError, ModelError, PromptError
from toolyard.llm.batch import answer_each
from toolyard.llm.batch_file import BatchFile, Question, questions_in
from toolyard.llm.chat import Reply, TextDelta
from toolyard.llm.chat_model import ChatModel, close
from toolyard.llm.model_settings import PROFILES, ModelSettings
from toolyard.llm.models import chat_model
from toolyard.llm.session import LLMSession
from toolyard.llm.usage import Usage
from toolyard.prompts.images import image_from_path

MODEL = "TOOLYARD_MODEL"
__all__ = ["Asking", "Took", "ask", "ask_all", "picture", "questions_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How questions are asked, as the command line says it."""

    model: str | None
    base_url: str | None = None
    key_env: str | None = None
    """The variable that holds the key, if it is not the provider's usual one."""
    system_prompt: str = ""
    profile: str | None = None
    schema: Mapping[str, Any] | None = None
    """A JSON Schema that answers must match."""

    @property
    def circumstances(self) -> Mapping[str, Any]:
        """All that answers depend on besides the questions."""
        return {**asdict(self), "model": self.model_name}

    @property
    def model_name(self) -> str:
        """The model, or the one of the environment; `ConfigError` if there is none."""
        name = self.model or os.environ.get(MODEL)
        if not name:
            raise ConfigError(
                f"Say which model: --model PROVIDER:MODEL, or set {MODEL}. "
                "`toolyard models` shows what can be reached; --model echo needs no key."
            )
        return name

    @property
    def settings(self) -> ModelSettings:
        """The profile; `ConfigError` if there is none of that name."""
        if self.profile is None:
            return ModelSettings()
        if self.profile not in PROFILES:
            raise ConfigError(f"There is no profile {self.profile!r}; take {', '.join(PROFILES)}.")
        return PROFILES[self.profile]

    def opened(self) -> ChatModel:
        """The model; whoever asks for it closes it."""
        key = None if self.key_env is None else os.environ.get(self.key_env)
        if self.key_env is not None and not key:
            raise ConfigError(f"Set {self.key_env[:60]!r} in the environment to the key.")
        return chat_model(self.model_name, api_key=key, base_url=self.base_url)

    def session(self, model: ChatModel) -> LLMSession:
        """A conversation that has not begun."""
        return LLMSession(model, system_prompt=self.system_prompt, settings=self.settings)


@dataclass(frozen=True, slots=True)
class Took:
    """What answers took."""

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: str | None
    """`None` if the price is not known."""

    @classmethod
    def of(cls, asking: Asking, session: LLMSession) -> Took:
        """What all requests of `session` took."""
        return cls.spent(asking, session.usage, session.cost_usd)

    @classmethod
    def spent(cls, asking: Asking, usage: Usage, cost: Decimal | None) -> Took:
        """The same, of what is known to have been used."""
        said = None if cost is None else f"{cost:f}"
        return cls(asking.model_name, usage.calls, usage.input_tokens, usage.output_tokens, said)


async def ask(
    asking: Asking, text: str, images: tuple[Image, ...], hear: Callable[[str], None]
) -> tuple[str, Took]:
    """Have one question answered; `hear` gets the text as it comes.

    With a schema, the answer comes as a whole: JSON in one line.
    """
    model = asking.opened()
    try:
        session = asking.session(model)
        if asking.schema is not None:
            value = await session.send_for(asking.schema, text, *images)
            answer = json.dumps(value, ensure_ascii=False)
            hear(answer)
            return answer, Took.of(asking, session)
        answer = ""
        async with aclosing(session.stream(text, *images)) as pieces:
            async for piece in pieces:
                if isinstance(piece, TextDelta):
                    hear(piece.text)
                elif isinstance(piece, Reply):
                    answer = piece.text
        return answer, Took.of(asking, session)
    finally:
        await close(model)


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """How a batch ended."""

    failed: Mapping[int, str]
    """Why some questions have no answer, by their number, counted from 0."""
    taken_up: int
    """How many had been answered before."""
    took: Took


Answerer = Callable[[LLMSession, str], Awaitable[Mapping[str, Any]]]
"""Has a question answered in a conversation that has not begun: what is kept of the answer."""


async def ask_all(
    asking: Asking,
    questions: list[Question],
    path: Path,
    at_once: int,
    done: Callable[[], None],
    *,
    answer: Answerer | None = None,
    besides: Mapping[str, Any] | None = None,
) -> BatchOutcome:
    """Have all questions answered into `path`, and call `done` for each that is.

    Args:
        asking: How they are asked.
        questions: In their order.
        path: For the answers.
        at_once: So many at the same time.
        done: As described.
        answer: Who answers, if not the model alone.
        besides: What answers depend on besides how they are asked.

    Raises:
        ModelError: No more can be asked; what was answered is kept.
        ConfigError: The file cannot be written.
    """
    model = asking.opened()
    writing = anyio.Lock()
    counted = asking.session(model)  # says nothing itself, and counts what the others took
    circumstances = {**asking.circumstances, **(besides or {})}
    try:
        with BatchFile(path, questions, circumstances) as file:
            taken_up, failed = file.answered, dict[int, str]()

            async def take_turn(question: Question) -> Mapping[str, Any]:
                session = asking.session(model)
                try:
                    if answer is not None:
                        return await answer(session, question.text)
                    return await _answered(asking, session, question.text)
                finally:
                    counted.count(session)

            async def take(number: int, came: Mapping[str, Any] | ModelError) -> None:
                if isinstance(came, ModelError):
                    failed[number] = str(came)
                else:
                    async with writing:
                        await to_thread.run_sync(file.keep, number, came)
                done()

            await answer_each(file.open_questions, take_turn, take, at_once=at_once)
            await to_thread.run_sync(file.finish, failed)
        return BatchOutcome(failed, taken_up, Took.of(asking, counted))
    finally:
        await close(model)


async def _answered(asking: Asking, session: LLMSession, text: str) -> Mapping[str, Any]:
    """As an `Answerer`, by the model alone."""
    if asking.schema is not None:
        value: Any = await session.send_for(asking.schema, text)
        return {"value": value, "usage": asdict(session.usage)}
    reply = await session.send(text)
    return {"answer": reply.text, "usage": asdict(session.usage)}


def picture(path: Path) -> Image:
    """The picture in a file.

    Raises:
        ConfigError: It cannot be read, or is none.
    """
    try:
        return image_from_path(path)
    except PromptError as error:
        raise ConfigError(f"{path.name}: {error}") from error
