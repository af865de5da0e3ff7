"""The text in the bytes of an answer."""

from __future__ import annotations

import codecs
import re

_TEXT = re.compile(
    r"text/.*|image/svg\+xml|.*[+/](?:json|xml|yaml)"
    r"|application/(?:ecmascript|graphql|javascript|ld\+json|sql|toml|x-javascript|x-ndjson"
    r"|x-sh|x-www-form-urlencoded|x-yaml|xhtml\+xml)"
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_META = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([A-Za-z0-9._:-]{1,40})""", re.I)
_META_BYTES = 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SNIFFED_BYTES = 4096

_CHARSETS = re.compile(
    r"utf-8|utf-8-sig|utf-16(?:-[lb]e)?|utf-32(?:-[lb]e)?|ascii|iso8859-[0-9]{1,2}|latin-1"
    r"|cp125[0-8]|cp874|cp866|koi8-[ru]|mac-roman|gb2312|gbk|gb18030|big5|big5hkscs"
    r"|shift_jis|cp932|euc_jp|iso2022_jp|euc_kr|cp949"
)
"""Python's names of those that text on the web is in; its other codecs are not all fast."""


def media_type(content_type: str) -> str:
    """The type and subtype of a `Content-Type`, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def is_html(content_type: str) -> bool:
    """Whether it is a web page."""
    return media_type(content_type) in ("text/html", "application/xhtml+xml")


def text_of(body: bytes, content_type: str) -> str | None:
    """The text that `body` is; `None` if it is none.

    The charset is that of a byte order mark, else of the header, else of a page's `meta`, else
    UTF-8; what does not fit becomes U+FFFD. A body without a type is text if it looks like it.
    """
    kind = media_type(content_type)
    if not (_TEXT.fullmatch(kind) if kind else _looks_like_text(body)):
        return None
    return body.decode(_charset(body, content_type), "replace")


def _charset(body: bytes, content_type: str) -> str:
    for mark, name in _BOMS:
        if body.startswith(mark):
            return name
    said = _CHARSET.search(content_type)
    if said:
        return _known(said[1])
    meta = _META.search(body[:_META_BYTES]) if is_html(content_type) else None
    return _known(meta[1].decode()) if meta else "utf-8"


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name).name
    except LookupError:
        return "utf-8"
    return found if _CHARSETS.fullmatch(found) else "utf-8"


def _looks_like_text(body: bytes) -> bool:
    start = body[:_SNIFFED_BYTES]
    if b"\0" in start:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True
