"""Whom the signatures of thoughts are shown."""

from dataclasses import replace

from tests.llm.speech.anthropic_speech import AnthropicSpeech
from tests.llm.speech.openai_speech import OpenAISpeech
from tests.llm.speech.speech import model_at
from tests.support.provider import API_KEY, Provider, serving

from toolyard import Image, Text
from toolyard.llm.chat import ChatRequest
from toolyard.llm.chat_model import close
from toolyard.llm.message import Message, Reasoning, ToolUse, assistant, user
from toolyard.llm.scripted_model import ScriptedModel
from toolyard.llm.session import LLMSession
from toolyard.llm.session_json import session_json, session_of
from toolyard.llm.signatures import for_model

SIGNED: Message = replace(
    assistant(
        Reasoning("Hm.", "seal"),
        Reasoning("", sealed="x"),
        Text("Hi", meta={"thought_signature": "s"}),
        ToolUse("u-1", "add", {}, signature="sig"),
    ),
    model="gemini:one",
)


def test_who_made_one_gets_it_back() -> None:
    request = ChatRequest([user("Hello"), SIGNED])
    assert for_model(request, "gemini:one") is request


def test_another_model_does_not() -> None:
    request = ChatRequest([user("Hello", Image(b"png")), SIGNED])
    for other in ("gemini:two", "anthropic:one"):
        told, said = for_model(request, other).messages
        assert told == request.messages[0]
        assert said.parts == (Text("Hi"), ToolUse("u-1", "add", {}))


def test_what_nobody_knows_the_maker_of_stays() -> None:
    request = ChatRequest([user("Hello"), replace(SIGNED, model="")])
    assert for_model(request, "anthropic:one") is request


async def test_a_conversation_that_changes_its_model() -> None:
    async with (
        serving(Provider(OpenAISpeech().text("Hi"))) as one,
        serving(Provider(AnthropicSpeech().text("Hi"))) as other,
    ):
        first = model_at(one, OpenAISpeech(), API_KEY)
        second = model_at(other, AnthropicSpeech(), API_KEY)
        session = LLMSession(ScriptedModel(replace(SIGNED, parts=SIGNED.parts[:3]), model="x:y"))
        await session.send("Hello")
        for model in (first, second):
            session.model = model
            await session.send("Go on")
            await close(model)
        assert "seal" not in str(other.requests[0].body)
        assert [message.model for message in session.messages] == [
            *("", "x:y", "", "openai:m-1", "", "anthropic:m-1")
        ]
        again = session_of(session_json(session), ScriptedModel())
        assert [message.model for message in again.messages] == [
            message.model for message in session.messages
        ]
