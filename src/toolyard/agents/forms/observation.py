"""What came of tools, as a model reads of it in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from toolyard.core.content import Image
from toolyard.llm.message import ToolUseResult
from toolyard.llm.session import Said

END = "</tool_result>"
_LIKE_A_TAG = re.compile(r"<(?=\s*/?\s*tool_result)", re.IGNORECASE)


def observed(results: Sequence[ToolUseResult]) -> Sequence[Said]:
    """The results between tags, the like of which are not in them, and the pictures after them."""
    said = list[Said]()
    for result in results:
        state = "error" if result.is_error else "ok"
        pictures = [part for part in result.content if isinstance(part, Image)]
        texts = "\n".join(part.text for part in result.content if not isinstance(part, Image))
        name = "".join(letter for letter in result.name[:64] if letter.isalnum() or letter in "_-")
        text = _LIKE_A_TAG.sub("&lt;", texts)
        said.append(f'<tool_result tool="{name}" state="{state}">\n{text}\n{END}\n')
        said.extend(pictures)
    return said
