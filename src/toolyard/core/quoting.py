"""What somebody else's server said, as part of a sentence of ours."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_QUOTE = 300
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?")
_SLICE = 6
"""So many letters of a key in a row are not quoted."""


def quotable(said: str, api_key: str | None) -> str:
    """`said` as the end of a sentence; nothing of it if a part of the key is in it."""
    shown = "".join(letter for letter in said if letter.isprintable()).strip()
    shown = shown[:LONGEST_QUOTE].rstrip(".")
    if not shown or (api_key and _shares_a_part(shown, api_key)):
        return ""
    return f": {shown}"


def _shares_a_part(shown: str, api_key: str) -> bool:
    ends = range(max(1, len(api_key) - _SLICE + 1))
    return any(api_key[at : at + _SLICE] in shown for at in ends)


def wait_of(retry_after: str | None) -> float | None:
    """Seconds that a `Retry-After` asks for, 0 or more; `None` if it cannot be read."""
    if retry_after is None:
        return None
    if _SECONDS.fullmatch(retry_after.strip()):
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
