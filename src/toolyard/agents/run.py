"""The loop of an agent: the model is asked, the tools it wants are run, until it answers."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from anyio.lowlevel import checkpoint

from toolyard.agents.forms.form import Answered, Unclear, Wanted
from toolyard.agents.held import Held
from toolyard.agents.own_thoughts import OwnThoughts
from toolyard.agents.recipe import Recipe
from toolyard.agents.run_result import RunPiece, RunResult, ToolFinished, ToolStarted
from toolyard.agents.spans import RunSpan
from toolyard.agents.telling import Telling
from toolyard.agents.tool_round import ToolRound
from toolyard.agents.turns import Question, Turns
from toolyard.core.content import Text
from toolyard.core.errors import ExtractionError, ToolyardError
from toolyard.core.tool import Tool
from toolyard.events.agent_events import (
    ContextCompacted,
    SendCompleted,
    SendFailed,
    SendStarted,
    ToolMaxIterationsReached,
)
from toolyard.llm.budget import Budget, Budgeted, BudgetLimits
from toolyard.llm.chat_model import ChatModel, keeps_to_schemas
from toolyard.llm.message import Message, ToolUse, ToolUseResult
from toolyard.llm.prices import difference
from toolyard.llm.session import LLMSession, Said
from toolyard.llm.unfit import again, refuse_broken, unfit

if TYPE_CHECKING:
    from toolyard.llm.output_shape import OutputShape

PREVIEW_LETTERS = 120
LAST_WORD = "You may run no more tools. Answer with what you have found out so far."
LET_OTHERS = 8
"""After so many turns others get theirs, also if a model answers at once and no tool waits."""
NO_ANSWER = "I have run as many tools as I may, and have no answer yet."


class Run:
    """One execution of an agent in one conversation; made for it, and used once."""

    def __init__(
        self,
        recipe: Callable[[], Recipe],
        session: LLMSession,
        inbox: list[str],
        shape: OutputShape | None = None,
    ) -> None:
        """As described.

        Args:
            recipe: What the agent is made of now; looked at before each turn.
            session: The conversation; nobody else uses it meanwhile.
            inbox: What others say to the agent meanwhile; it is heard at the next turn.
            shape: What the answer must be; any text if not given.
        """
        self._recipe = recipe
        self._made = made = recipe()
        """What the agent is made of in this turn."""
        self._session = session
        self._shape = shape
        self._id = token_hex(8)
        self._telling = Telling(made.bus, made.identity, self._id)
        self._span = RunSpan(made.identity, self._id)
        self._turns = Turns(session, inbox, self._telling, self._span)
        self._budget = _budget_of(made)
        self._before = (session.usage, session.cost_usd, session.messages[-1:])
        self._began = time.perf_counter()
        self._rounds = self._tool_calls = self._misses = 0
        self._prompted: tuple[Recipe | None, Sequence[Tool]] = (None, ())
        """For what the system prompt was written."""
        self._results: Sequence[ToolUseResult] = ()
        """Of the tools that were run in the last turn."""
        self._is_over = False
        self._is_held_to_shape = True
        """Whether the provider is told what the answer must be."""
        self._is_cut_short = False
        """Whether the model wanted to run more tools than it may."""
        self._before_answer: tuple[Message, ...] = ()
        """The history before the first answer that did not fit."""

    async def result(self, said: Sequence[Said]) -> RunResult[Any]:
        """How it ends.

        Raises:
            ModelError: There is no answer; what was said and done before is remembered.
            UnfitReply: The answer is not of the type that was asked for.
        """
        self._begin(said)
        try:
            while True:
                await self._turns.ask(self._question(said, await self._prepared()))
                step = self._step()
                if isinstance(step, RunResult):
                    return step
                said = await self._follow(step)
                if self._turns.count % LET_OTHERS == 0:
                    await checkpoint()
        except BaseException as error:
            self._fail(error)
            raise

    async def pieces(self, said: Sequence[Said]) -> AsyncGenerator[RunPiece, None]:
        """As `result`, piece by piece: the model's turns, the tools, the result as the last."""
        self._begin(said)
        try:
            while True:
                question = self._question(said, await self._prepared())
                async with aclosing(self._turns.listen(question)) as pieces:
                    async for piece in pieces:
                        yield piece
                step = self._step()
                if isinstance(step, RunResult):
                    yield step
                    return
                for use in _uses(step):
                    yield ToolStarted(use)
                said = await self._follow(step)
                for use, result in zip(_uses(step), self._results, strict=True):
                    yield ToolFinished(use, result)
        except BaseException as error:
            self._fail(error)
            raise

    def _begin(self, said: Sequence[Said]) -> None:
        if self._telling.is_heard(SendStarted):
            self._telling.tell(SendStarted, message_preview=_preview(said))

    def _fail(self, error: BaseException) -> None:
        if self._is_over:  # it is only whoever has the result and listens no longer
            return
        self._session.leave_unrun()
        self._span.end(error)
        self._telling.tell(SendFailed, error=_sentence(error))

    async def _prepared(self) -> Sequence[Tool]:
        """The conversation is made ready for the next turn; the tools that are there now."""
        self._made = recipe = self._recipe()
        session = self._session
        session.model = self._model(recipe)
        tools = await recipe.tools.registry.list_tools(recipe.tools.context)
        if self._prompted[0] is not recipe or self._prompted[1] is not tools:
            self._prompted = (recipe, tools)  # mostly they stay as they are
            written = recipe.form.instructions(tools)
            self._is_held_to_shape = not written  # else the provider would let it ask for nothing
            session.system_prompt = self._system_prompt(recipe, tools, written)
        if recipe.context.is_due(session):
            await self._compact(recipe)
        return tools

    def _system_prompt(self, recipe: Recipe, tools: Sequence[Tool], written: str) -> str:
        """All that the system says, `written` of the tools among it."""
        parts = [recipe.identity.introduction, recipe.system_prompt, written]
        if self._shape is not None and (tools or written or not keeps_to_schemas(recipe.model)):
            parts.append(self._shape.instructions)
        return "\n\n".join(filter(None, parts))

    def _model(self, recipe: Recipe) -> ChatModel:
        return recipe.model if self._budget is None else Budgeted(recipe.model, self._budget)

    async def _compact(self, recipe: Recipe) -> None:
        before = self._session.history_tokens
        thoughts = None
        if recipe.thoughts is not None:
            told = self._telling.committed
            thoughts = OwnThoughts(recipe.thoughts, recipe.identity.id, told)
        await self._span.around(recipe.context.compact(self._session, thoughts))
        after = self._session.history_tokens
        if after < before:
            name = recipe.context.name
            self._telling.tell(
                ContextCompacted, strategy=name, tokens_before=before, tokens_after=after
            )

    def _question(self, said: Sequence[Said], tools: Sequence[Tool]) -> Question:
        offered = self._made.form.offered(tools)
        choice = "none" if offered and self._is_closing else "auto"
        output = self._shape.output if self._shape and self._is_held_to_shape else None
        return Question(said, offered, choice, output, hears=self._misses == 0)

    @property
    def _is_closing(self) -> bool:
        """Whether only an answer is wanted any more."""
        return self._is_cut_short or self._misses > 0

    def _step(self) -> Wanted | Unclear | RunResult[Any]:
        """What follows from the model's last turn."""
        reply = self._turns.last
        step = self._made.form.read(reply)
        if isinstance(step, Answered) or self._is_closing:  # it may not do what it was told
            self._session.leave_unrun()
            if isinstance(step, Answered):
                return self._judged(step.text)
            # What stands beside tool uses is an answer; in other forms the text is the use itself.
            return self._judged((reply.text if reply.tool_uses else "") or NO_ANSWER)
        if self._rounds >= self._made.tools.limits.tool_rounds:
            self._is_cut_short = True
            self._telling.tell(ToolMaxIterationsReached, max_iterations=self._rounds)
            return Unclear(LAST_WORD)
        self._rounds += 1
        return step

    async def _follow(self, step: Wanted | Unclear) -> Sequence[Said]:
        """Do what the model wants; what it is said next."""
        self._results = ()
        if isinstance(step, Unclear):
            return (step.told,)
        self._tool_calls += len(step.uses)
        recipe, turn = self._made, self._turns.count
        tools = ToolRound(recipe.tools, step.uses, self._telling, self._span, turn)
        try:
            with Held(self._session):
                await self._span.around(tools.run())
        finally:  # also if it is cancelled: the history says what came of each
            self._results = tools.results
            self._session.tell(*recipe.form.told(self._results))
        return ()

    def _judged(self, text: str) -> Unclear | RunResult[Any]:
        """The result, if `text` is an answer; otherwise what the model is told."""
        if self._shape is None:
            return self._result(text, text)
        refuse_broken(self._turns.last)
        before = self._before_last()
        if self._misses == 0:
            self._before_answer = before
        try:
            value = self._shape.read(text)
        except ExtractionError as error:
            self._misses += 1
            if self._misses >= self._made.tools.limits.output_tries:
                raise unfit(error, text) from error
            return Unclear(again(error))
        if self._misses:  # only the answer that fits is remembered
            answer = self._session.messages[len(before) :]
            self._session.messages = (*self._before_answer, *answer)
        return self._result(value, text)

    def _before_last(self) -> tuple[Message, ...]:
        """The history without the model's last turn, and without what was told it of that."""
        said = self._session.messages
        if not self._turns.last.message.parts:  # of which nothing is remembered
            return said
        return said[: -2 if said[-1].role == "tool" else -1]

    def _result(self, value: Any, text: str) -> RunResult[Any]:
        self._is_over = True
        self._span.end()
        session, (usage, cost, last) = self._session, self._before
        is_cut_off = self._turns.last.finish in ("length", "content_filter")
        result = RunResult(
            output=value,
            text=text,
            status="partial" if self._is_cut_short or is_cut_off else "complete",
            messages=_after(session.messages, last),
            usage=session.usage - usage,
            cost_usd=difference(cost, session.cost_usd),
            turns=self._turns.count,
            tool_calls=self._tool_calls,
            run_id=self._id,
        )
        self._telling.tell(
            SendCompleted,
            tokens_used=result.usage.total_tokens,
            cost_usd=None if result.cost_usd is None else float(result.cost_usd),
            tool_calls_made=self._tool_calls,
            response_length=len(text.encode("utf-8", "surrogatepass")),
            duration_s=time.perf_counter() - self._began,
        )
        return result


def _budget_of(recipe: Recipe) -> Budget | None:
    """The budget of this run, or the one that it shares with others."""
    budget = recipe.budget
    return Budget(budget) if isinstance(budget, BudgetLimits) else budget


def _uses(step: Wanted | Unclear) -> Sequence[ToolUse]:
    return step.uses if isinstance(step, Wanted) else ()


def _preview(said: Sequence[Said]) -> str:
    texts = (each.text if isinstance(each, Text) else each for each in said)
    return " ".join(text for text in texts if isinstance(text, str))[:PREVIEW_LETTERS]


def _sentence(error: BaseException) -> str:
    if isinstance(error, ToolyardError):
        return str(error)
    if isinstance(error, Exception):
        return f"It ran into an unexpected {type(error).__name__}."
    return "cancelled"


def _after(messages: Sequence[Message], last: Sequence[Message]) -> tuple[Message, ...]:
    """The messages that came after `last`; all of them, if it was forgotten meanwhile."""
    for at in range(len(messages) - 1, -1, -1):
        if last and messages[at] is last[0]:
            return tuple(messages[at + 1 :])
    return tuple(messages)


def shape_of(output: Any) -> OutputShape | None:
    """What an answer must be, to be of the type `output`; `None` if any text will do."""
    if output is None or output is str:
        return None
    # It loads what makes schemas of types, which plain text does without.
    from toolyard.llm.output_shape import OutputShape

    return OutputShape(output)
