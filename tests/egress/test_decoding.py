"""Compressed bodies, and what is made to burst whoever reads them."""

import gzip
import zlib

import pytest

from toolyard.core.errors import ToolError
from toolyard.egress.decoding import decoder_for

BODY = b"some text " * 1000


def raw_deflate(body: bytes) -> bytes:
    compress = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compress.compress(body) + compress.flush()


@pytest.mark.parametrize(
    ("coding", "sent"),
    [
        ("", BODY),
        ("identity", BODY),
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("X-GZIP", gzip.compress(BODY, mtime=0)),
        ("identity, gzip", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
    ],
)
def test_one_coding_is_undone_however_it_is_cut(coding: str, sent: bytes) -> None:
    for step in (1, 7, 1000, len(sent)):
        decoder = decoder_for(coding)
        pieces = [sent[at : at + step] for at in range(0, len(sent), step)]
        assert b"".join(decoder.feed(piece, 10**6) for piece in pieces) == BODY
        decoder.end()


@pytest.mark.parametrize(
    "coding", ["gzip, gzip", "deflate, gzip", "gzip,br", "gzip, identity, gzip"]
)
def test_several_codings_are_refused(coding: str) -> None:
    with pytest.raises(ToolError, match="more than once"):
        decoder_for(coding)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip;q=1", "../gzip", "\x00"])
def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    with pytest.raises(ToolError, match="not asked for"):
        decoder_for(coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_what_is_not_of_that_coding_is_refused(coding: str) -> None:
    with pytest.raises(ToolError, match="damaged"):
        decoder_for(coding).feed(b"\xff\xff not compressed", 1000)


def test_what_ends_too_early_is_refused() -> None:
    decoder = decoder_for("gzip")
    decoder.feed(gzip.compress(BODY)[:-9], 10**6)
    with pytest.raises(ToolError, match="incomplete"):
        decoder.end()


def test_no_more_is_decoded_than_there_is_room_for() -> None:
    bomb = gzip.compress(bytes(10**8))
    assert len(decoder_for("gzip").feed(bomb, 1000)) == 1000


def test_what_follows_the_compressed_stream_is_ignored() -> None:
    decoder = decoder_for("gzip")
    assert decoder.feed(gzip.compress(b"a") + b"garbage", 1000) == b"a"
    assert decoder.feed(b"more", 1000) == b""
