"""Every error toolyard raises on purpose, in one tree.

ToolyardError
├── ConfigError             settings that cannot be used, with their place
├── InvalidTool             a tool, resource or prompt that cannot be offered as written
├── NameClash               two sources would offer the same name
├── SwapRefused             a new version of a source is not fit to take the old one's place
├── InvalidArguments        arguments that the listed schema refuses
├── ToolError               a tool says no; its text is for the model
├── UnknownName             no tool, resource or prompt of that name
├── PromptError             a prompt that cannot be made: its template, a value, an image
├── ExtractionError         a reply does not hold what was wanted of it
├── InvalidCursor           a page cursor nobody gave out
├── NotAllowed              the caller lacks a scope
├── InputRequired           the call needs an answer from the caller's side first
├── MissingCapability       the calling client cannot do what the call needs
├── RemoteFault             a remote source answered with an error of its protocol
├── CallTimeout             the deadline passed
├── CallInterrupted         the server is stopping
├── StoreError              a store cannot take a key, a value or a number as it is
│   ├── StoreFull           no room; nothing was changed
│   ├── StoreUnavailable    gone, locked or slow; nothing was changed
│   ├── StoreUnusable       corrupt, read-only, newer or closed to us; someone must act
│   └── OutcomeUnknown      it stopped answering in the middle of a change
├── JournalError            a run that is kept in a journal cannot go on like this
│   ├── RunTaken            somebody else executes it now
│   ├── RunLost             somebody else executes it since its lease was over
│   ├── RunDiverged         it asks for something else than it did before
│   ├── RunPaused           somebody paused it
│   ├── RunCancelled        somebody cancelled it
│   └── StepInDoubt         a step may have been done before the run was interrupted
├── ModelError              a language model gave no answer
│   ├── TokenLimit          more was said than the model can take in
│   ├── RateLimited         too many requests; the same one may be answered later
│   │   └── QuotaSpent      what was paid for is used up
│   ├── ModelUnreachable    no connection, no answer in time, or a fault of the provider's own
│   ├── InvalidRequest      the provider does not take the request as it is
│   ├── KeyRefused          no key, or one that the provider does not accept
│   ├── ContentFiltered     the provider does not answer this
│   ├── UnfitReply          the answer is not what was asked for
│   └── BudgetSpent         the run may use no more
├── WorkflowError           a team of agents came to no result (`workflow_errors`)
└── Unreachable             a remote source cannot be reached
    └── NotAdmitted         it answered, but does not let us in

An error's text is a sentence for whoever must act: it holds no secret, no host path and no
traceback, so a face (HTTP, stdio, the command line) may show it as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from toolyard.core.inputs import InputRequest


class ToolyardError(Exception):
    """Root of the tree."""

    code: ClassVar[str] = "error"
    """Stable name for programs; the message is for people."""
    retryable: ClassVar[bool] = False
    """Whether the same call may succeed later, unchanged."""


class ConfigError(ToolyardError):
    """Settings that cannot be used; the message names the place and the value."""

    code = "config"


class InvalidTool(ToolyardError):
    """A tool, resource or prompt that cannot be offered as it is written."""

    code = "invalid_tool"


class NameClash(ToolyardError):
    """Two sources would offer the same name; the message names both."""

    code = "name_clash"


class SwapRefused(ToolyardError):
    """A new version of a source is not fit to take the old one's place; nothing was changed."""

    code = "swap_refused"

    def __init__(self, mount: str, reasons: Sequence[str]) -> None:
        lines = "".join(f"\n- {reason}" for reason in reasons)
        super().__init__(f"{mount!r} was not swapped:{lines}")
        self.reasons = tuple(reasons)


class InvalidArguments(ToolyardError):
    """Arguments the listed schema refuses; the text tells a model how to mend them."""

    code = "invalid_arguments"

    def __init__(self, tool: str, problems: Sequence[str]) -> None:
        lines = "".join(f"\n- {problem}" for problem in problems)
        super().__init__(f"The arguments of {tool!r} are not valid:{lines}")
        self.problems = tuple(problems)


class ToolError(ToolyardError):
    """Raised by a tool to refuse or fail on purpose; its text is shown to the model."""

    code = "tool_error"


class UnknownName(ToolyardError):
    """There is no such tool, resource or prompt, or the caller may not know of it."""

    code = "unknown_name"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"Unknown {kind}: {name[:200]!r}")
        self.kind = kind
        self.name = name


class PromptError(ToolyardError):
    """A prompt that cannot be made: its template, a value or an image is not fit for it."""

    code = "prompt"


class ExtractionError(ToolyardError):
    """A text, mostly a model's reply, does not hold what was wanted of it."""

    code = "extraction"

    def __init__(self, wanted: str, tried: Sequence[str], text: str) -> None:
        lines = "".join(f"\n- {each}" for each in tried)
        super().__init__(f"{wanted} was not found in the text:{lines}")
        self.wanted = wanted
        self.tried = tuple(tried)
        """Where it was looked for and why it was not found there, a sentence each, in order."""
        self.text = text


class InvalidCursor(ToolyardError):
    """A page cursor that this server did not give out for this list."""

    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("Invalid cursor: list again from the start.")


class NotAllowed(ToolyardError):
    """The caller is known but lacks a scope."""

    code = "not_allowed"

    def __init__(self, required_scope: str) -> None:
        super().__init__(f"This needs the scope {required_scope!r}.")
        self.required_scope = required_scope


class InputRequired(ToolyardError):
    """The call cannot finish before the caller's side has answered `requests`.

    The caller repeats the same call with the answers in `CallContext.inputs` and `state` in
    `CallContext.state`. Raised by `CallContext.ask`, or by a tool that asks several things at once.
    """

    code = "input_required"

    def __init__(self, requests: Mapping[str, InputRequest], state: str | None = None) -> None:
        super().__init__(f"Input required: {', '.join(requests)}")
        self.requests = dict(requests)
        self.state = state


class MissingCapability(ToolyardError):
    """The calling client did not declare a capability the call needs."""

    code = "missing_capability"

    def __init__(self, required: Mapping[str, Any]) -> None:
        super().__init__(f"The client lacks a capability this call needs: {', '.join(required)}")
        self.required = dict(required)


class RemoteFault(ToolyardError):
    """A remote source answered with an error of its protocol; it is passed on unchanged."""

    code = "remote_fault"

    def __init__(self, wire_code: int, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.wire_code = wire_code
        self.details = details


class CallTimeout(ToolyardError):
    """The call was ended because its time ran out."""

    code = "timeout"
    retryable = True

    def __init__(self, tool: str, seconds: float) -> None:
        super().__init__(f"{tool!r} did not finish within {seconds:g} s and was ended.")


class CallInterrupted(ToolyardError):
    """The call was ended because the server is stopping, or its source is being taken away."""

    code = "interrupted"
    retryable = True

    def __init__(self, tool: str, because: str = "The server is stopping") -> None:
        super().__init__(f"{because} and ended {tool!r} before it finished; try again.")


class StoreError(ToolyardError):
    """A store refuses: a key, a value or a number that it cannot take as it is."""

    code = "store_refused"


class StoreFull(StoreError):
    """There is no room for more; nothing was changed."""

    code = "store_full"


class StoreUnavailable(StoreError):
    """The store is gone, locked or too slow; nothing was changed."""

    code = "store_unavailable"
    retryable = True


class StoreUnusable(StoreError):
    """The store is corrupt, read-only, newer than this program, or does not let us in."""

    code = "store_unusable"


class OutcomeUnknown(StoreError):
    """The store stopped answering in the middle of a change: read before you write again."""

    code = "outcome_unknown"


class JournalError(ToolyardError):
    """A run that is kept in a journal cannot go on, or be changed, like this."""

    code = "journal"


class RunTaken(JournalError):
    """Somebody else executes the run now; it can be taken over once their lease is over."""

    code = "run_taken"
    retryable = True


class RunLost(JournalError):
    """Somebody else took the run over when its lease was over: nothing more is written here."""

    code = "run_lost"


class RunDiverged(JournalError):
    """The run asks for something else than it did before, so that its journal does not fit."""

    code = "run_diverged"


class RunPaused(JournalError):
    """Somebody paused the run: resume it, and execute it again."""

    code = "run_paused"


class RunCancelled(JournalError):
    """Somebody cancelled the run; it is not gone on with."""

    code = "run_cancelled"


class StepInDoubt(JournalError):
    """The run was interrupted during a step, which may have been done and is not done again."""

    code = "step_in_doubt"


class ModelError(ToolyardError):
    """A language model gave no answer."""

    code = "model_error"

    def __init__(self, message: str, *, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        """How long the provider asks to wait before the next try, if it does."""


class TokenLimit(ModelError):
    """More was said than the model can take in: say less, or take another model."""

    code = "token_limit"


class RateLimited(ModelError):
    """The provider gets too many requests."""

    code = "rate_limited"
    retryable = True


class QuotaSpent(RateLimited):
    """What was paid for at the provider is used up: someone must act."""

    code = "quota_spent"
    retryable = False


class ModelUnreachable(ModelError):
    """The provider cannot be reached, does not answer in time, or has a fault of its own."""

    code = "model_unreachable"
    retryable = True


class InvalidRequest(ModelError):
    """The provider does not take the request as it is."""

    code = "invalid_request"


class KeyRefused(ModelError):
    """There is no key for the provider, or it does not accept the one it got."""

    code = "key_refused"


class ContentFiltered(ModelError):
    """The provider does not answer this, or not to the end."""

    code = "content_filtered"


class UnfitReply(ModelError):
    """The answer is not what was asked for; `reply` is what the model wrote."""

    code = "unfit_reply"

    def __init__(self, message: str, reply: str) -> None:
        super().__init__(message)
        self.reply = reply


class BudgetSpent(ModelError):
    """The run has used what it may: tokens, money, calls or seconds."""

    code = "budget_spent"

    def __init__(self, message: str, place: int | None = None) -> None:
        super().__init__(message)
        self.place = place
        """Whose budget it was, as a number, where a journal keeps that."""


class Unreachable(ToolyardError):
    """A remote source cannot be reached, or stopped answering."""

    code = "unreachable"
    retryable = True


class NotAdmitted(Unreachable):
    """A remote source refused us: a missing or wrong token, or a forbidden address."""

    code = "not_admitted"
    retryable = False
