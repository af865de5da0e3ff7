"""Every dialect whose library can be here: any-llm cannot live beside that of Anthropic."""

from collections.abc import Mapping
from importlib.util import find_spec

from tests.llm.speech.anthropic_speech import AnthropicSpeech
from tests.llm.speech.any_llm_speech import AnyLLMSpeech
from tests.llm.speech.gemini_speech import GeminiSpeech
from tests.llm.speech.openai_speech import OpenAISpeech
from tests.llm.speech.speech import Speech

_ALL: tuple[Speech, ...] = (
    (AnyLLMSpeech(),)
    if find_spec("any_llm")
    else (OpenAISpeech(), AnthropicSpeech(), GeminiSpeech())
)
SPEECHES: Mapping[str, Speech] = {each.name: each for each in _ALL}
"""By the provider's name."""
