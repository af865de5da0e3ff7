"""What others said, for a model: it can tell who said it, and where it ends."""

from __future__ import annotations

import re
from xml.sax.saxutils import quoteattr

# Of a long row of spaces there is one way to be no tag, or it would take for ever to find out.
_ENDS = re.compile(r"<(?=\s*(?:/\s*)?said\b)", re.IGNORECASE)


def quoted(name: str, text: str) -> str:
    """`text` as said by `name`; nothing in it can end it sooner, or begin what another said."""
    return f"<said by={quoteattr(name)}>\n{_ENDS.sub('&lt;', text)}\n</said>"
