"""Chat completions, as any-llm makes them of what OpenAI says."""

from tests.llm.speech.openai_speech import OpenAISpeech

from toolyard.llm.providers.access import Access
from toolyard.llm.providers.any_llm_dialect import AnyLLMDialect
from toolyard.llm.providers.provider_model import Dialect


class AnyLLMSpeech(OpenAISpeech):
    name = "any:openai"

    def dialect(self, access: Access) -> Dialect:
        return AnyLLMDialect(access)
