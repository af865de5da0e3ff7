"""One conversation with a model: its history, what it took, and what still fits."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar, overload

from toolyard.core.content import Image, Text
from toolyard.core.errors import ModelUnreachable
from toolyard.core.one_at_a_time import OneAtATime
from toolyard.core.tool import Tool
from toolyard.llm.chat import ChatRequest, OutputSchema, Piece, Reply, ToolChoice
from toolyard.llm.chat_model import ChatModel, keeps_to_schemas, pieces_of
from toolyard.llm.history import History
from toolyard.llm.message import (
    Message,
    ToolUse,
    ToolUseResult,
    assistant,
    tool_results,
    user,
)
from toolyard.llm.model_settings import ModelSettings
from toolyard.llm.opening import Opening
from toolyard.llm.prices import ListPrices, Prices
from toolyard.llm.token_estimate import ToolTokens, tokens_in
from toolyard.llm.tool_ids import told_apart
from toolyard.llm.usage import NO_USAGE, Usage

Said = str | Text | Image | ToolUseResult
T = TypeVar("T")

CONTEXT_TOKENS = 128_000
_LIST_PRICES, _USUAL = ListPrices(), ModelSettings()
NOT_RUN = "This tool was not run."


class _Question(NamedTuple):
    """A request that is about to be made."""

    heard: History
    """What the model hears of the conversation."""
    request: ChatRequest
    tokens: int
    """How many it is about."""


class LLMSession:
    """A conversation. Requests of one session follow each other, whoever makes them.

    A call that fails, is cancelled or is not heard to its end leaves everything as it was.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        system_prompt: str = "",
        settings: ModelSettings | None = None,
        context_tokens: int = CONTEXT_TOKENS,
        prices: Prices | None = None,
    ) -> None:
        """A conversation that has not begun.

        Args:
            model: Who answers; whoever made it closes it.
            system_prompt: What it is to be and do; it is never left out.
            settings: For all requests, where one does not say otherwise.
            context_tokens: What a request may hold, system prompt and tools included; when there
                is more, the oldest is forgotten.
            prices: What answers cost; the providers' list prices if not given.
        """
        self.model = model
        self.system_prompt = system_prompt
        self.settings = settings or _USUAL
        self.context_tokens = context_tokens
        self.usage = NO_USAGE
        """Of all requests so far."""
        self.cost_usd: Decimal | None = Decimal(0)
        """Of the same; `None` once there was an answer of unknown price."""
        self._prices = prices or _LIST_PRICES
        self._turn = OneAtATime()
        self._real_per_estimated = 1.0
        self._history = History.of(())
        self._tool_tokens = ToolTokens()
        self._opening = Opening()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was said and is remembered, without the system prompt.

        Whoever sets it sees to it that tools that were asked for come with their results.
        """
        return self._history.messages

    @messages.setter
    def messages(self, messages: Sequence[Message]) -> None:
        self._history = History.of(messages)

    async def send(
        self,
        *said: Said,
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice = "auto",
        output: OutputSchema | None = None,
        settings: ModelSettings | None = None,
    ) -> Reply:
        """Say something, and what the model answers.

        Args:
            said: Texts and pictures, or what came of the tools that the model asked for last.
                Those that nothing is said of are told not to have been run. It may be nothing
                where the model has not answered yet what was told it.
            tools: What it may ask for.
            tool_choice: Whether it may, must not or must ask for one.
            output: The JSON that the answer must be.
            settings: What to do otherwise this time.

        Raises:
            ModelError: There is no answer.
            ValueError: Nothing is said, or there is a result that nobody asked for.
        """
        async with self._turn:
            heard, request, tokens = self._question(said, tools, output, settings, tool_choice)
            reply = told_apart(await self.model.reply(request))
            self._account(reply, tokens)
            self._keep(heard, reply)
            return reply

    def tell(self, *said: Said) -> None:
        """Say something that the model hears with what is sent next.

        Not while a request is under way, which would forget it.

        Raises:
            ValueError: As `send`.
        """
        self._history = self._history.plus(_messages(said, self.pending))

    async def stream(
        self,
        *said: Said,
        tools: Sequence[Tool] = (),
        tool_choice: ToolChoice = "auto",
        output: OutputSchema | None = None,
        settings: ModelSettings | None = None,
    ) -> AsyncGenerator[Piece, None]:
        """As `send`, piece by piece, with the whole reply at the end."""
        async with self._turn:
            question = self._question(said, tools, output, settings, tool_choice)
            is_whole = False
            async with aclosing(pieces_of(self.model, question.request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Reply):
                        piece = told_apart(piece)
                        self._account(piece, question.tokens)
                        self._keep(question.heard, piece)
                        is_whole = True
                    yield piece
            if not is_whole:
                raise ModelUnreachable("The answer broke off before its end; try again.")

    @overload
    async def send_for(
        self,
        kind: type[T],
        *said: Said,
        settings: ModelSettings | None = None,
        tries: int = 3,
    ) -> T: ...
    @overload
    async def send_for(
        self,
        kind: Any,
        *said: Said,
        settings: ModelSettings | None = None,
        tries: int = 3,
    ) -> Any: ...
    async def send_for(
        self,
        kind: Any,
        *said: Said,
        settings: ModelSettings | None = None,
        tries: int = 3,
    ) -> Any:
        """Say something, and what the model answers as a value of the type `kind`.

        An answer that does not fit is told to the model, and asked for again; only the one that
        fits is remembered.

        Args:
            kind: Any that pydantic knows, or a JSON Schema of an object.
            said: As in `send`.
            settings: As in `send`.
            tries: All together, 1 or more.

        Raises:
            UnfitReply: No answer fitted, or the model refuses.
            PromptError: JSON cannot say the type.
            ModelError: There is no answer.
            ValueError: As in `send`.
        """
        # It loads what makes schemas of types, which a conversation of texts does without.
        from toolyard.llm.output_shape import OutputShape
        from toolyard.llm.structured import ask_for

        shape = OutputShape(kind)
        async with self._turn:
            question = self._question(said, (), None, settings)
            value, reply = await ask_for(
                shape,
                question.request,
                self._ask,
                tries=tries,
                is_kept_to_it=keeps_to_schemas(self.model),
            )
            self._keep(question.heard, reply)
            return value

    async def _ask(self, request: ChatRequest) -> Reply:
        reply = await self.model.reply(request)
        self._account(reply, sum(map(tokens_in, request.messages)))
        return reply

    def leave_unrun(self) -> None:
        """Tell the model that what it asked for last was not run, if there is anything."""
        if self.pending:
            self._history = self._history.plus(_messages((), self.pending))

    def add_answer(self, text: str) -> None:
        """Add an answer that the model did not give itself; not while a request is under way."""
        self.leave_unrun()
        first = () if self.messages else (user("(What was said before is not known.)"),)
        self._history = self._history.plus((*first, assistant(text)))

    @property
    def pending(self) -> tuple[ToolUse, ...]:
        """Tools that the model asked for last and that nothing was said of yet."""
        last = self._history.last
        return last.tool_uses if last is not None and last.role == "assistant" else ()

    @property
    def history_tokens(self) -> int:
        """About how many tokens the history is, as the provider counts."""
        return round(self._real_per_estimated * self._history.tokens)

    def fork(self) -> LLMSession:
        """Another conversation that begins with all that was said in this one."""
        forked = self.fresh()
        forked._history = self._history
        forked._real_per_estimated = self._real_per_estimated
        return forked

    def fresh(self) -> LLMSession:
        """Another conversation like this one, in which nothing was said."""
        fresh = LLMSession(
            self.model,
            system_prompt=self.system_prompt,
            settings=self.settings,
            context_tokens=self.context_tokens,
            prices=self._prices,
        )
        fresh._tool_tokens, fresh._opening = self._tool_tokens, self._opening
        return fresh

    def clear(self) -> None:
        """Forget what was said; what it took stays counted."""
        self._history = History.of(())

    def _question(
        self,
        said: Sequence[Said],
        tools: Sequence[Tool],
        output: OutputSchema | None,
        settings: ModelSettings | None,
        tool_choice: ToolChoice = "auto",
    ) -> _Question:
        before, taken = self._opening.of(self.system_prompt)
        taken += self._tool_tokens.of(tools)
        if not (said or self._is_told):
            raise ValueError("There is nothing to send; say something.")
        new = _messages(said, self.pending)
        most = self.context_tokens / self._real_per_estimated - taken
        heard = self._history.plus(new).within(most, new=max(1, len(new)))
        wanted = self.settings if settings is None else settings.over(self.settings)
        request = ChatRequest(before + heard.messages, tools, tool_choice, output, wanted)
        return _Question(heard, request, heard.tokens + taken)

    @property
    def _is_told(self) -> bool:
        """Whether the model was told something that it has not answered."""
        last = self._history.last
        return last is not None and last.role != "assistant"

    def count(self, other: LLMSession) -> None:
        """Add what `other` took to what this one did."""
        self._add(other.usage, other.cost_usd)

    def _keep(self, heard: History, reply: Reply) -> None:
        parts = reply.message.parts
        said = Message("assistant", parts, reply.model)
        self._history = heard.plus((said,)) if parts else heard

    def _account(self, reply: Reply, estimated: int) -> None:
        self._learn(reply.usage, estimated)
        self._add(reply.usage, self._prices.cost(reply))

    def _add(self, usage: Usage, cost: Decimal | None) -> None:
        self.usage = self.usage + usage
        if cost is None or self.cost_usd is None:
            self.cost_usd = None
        else:
            self.cost_usd += cost

    def _learn(self, usage: Usage, estimated: int) -> None:
        """The next estimate is as far off as this one was, so it is put right by that."""
        if usage.input_tokens and estimated:
            self._real_per_estimated = min(4.0, max(0.25, usage.input_tokens / estimated))


def _messages(said: Sequence[Said], pending: Sequence[ToolUse]) -> list[Message]:
    """What is said as messages: first all results that are waited for, then the rest."""
    if not said and not pending:
        return []
    results = {each.id: each for each in said if isinstance(each, ToolUseResult)}
    rest = [each for each in said if not isinstance(each, ToolUseResult)]
    told = [results.pop(use.id, None) or _not_run(use) for use in pending]
    if results:
        raise ValueError(f"The model asked for no tool with the id {min(results)!r}.")
    return [
        *([tool_results(*told)] if told else []),
        *([user(*rest)] if rest else []),
    ]


def _not_run(use: ToolUse) -> ToolUseResult:
    return ToolUseResult(use.id, use.name, (Text(NOT_RUN),), is_error=True)
