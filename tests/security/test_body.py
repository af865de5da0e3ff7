import json
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.cpu_time import least_cpu_s

from toolyard.security.body import BodyLimits
from toolyard.security.refusal import Refusal

LIMITS = BodyLimits(max_bytes=1000, max_depth=4, max_items=20)


def test_a_body_may_be_as_large_as_the_limit() -> None:
    LIMITS.check_size(1000)
    with pytest.raises(Refusal) as caught:
        LIMITS.check_size(1001)

    assert (caught.value.status, caught.value.reason) == (413, "size")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[[[[]]]]",
        b'{"a":{"b":{"c":{}}}}',
        b"[[],[],[],[],[],[]]",
        b'"[[[[[[[[[["',
        b'["[[[[[[[[[["]',
        b'["\\"[[[[[[[["]',
        b'{"a":"{{{{{\\\\","b":[[[]]]}',
        b'"' + b"," * 500 + b'"',
        b"not json",
    ],
)
def test_a_body_of_modest_shape_passes(body: bytes) -> None:
    LIMITS.check_shape(body)


@pytest.mark.parametrize(
    "body",
    [
        b"[[[[[]]]]]",
        b'{"a":[{"b":[{}]}]}',
        b'["x",[[[[]]]]]',
        b'["\\\\",[[[[]]]]]',
        b'["\\\\\\"",[[[[]]]]]',
        b"[" + b"0," * 20 + b"0]",
        b"[" * 100_000,
        b'{"":' * 100_000,
        b"[[[[[",
        "[[[[[]]]]]".encode("utf-16-le"),
        '["\u2200",[[[[[]]]]]]'.encode("utf-16-be"),
        "[[[[[]]]]]".encode("utf-32"),
    ],
)
def test_a_body_that_is_too_tangled_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        LIMITS.check_shape(body)

    assert (caught.value.status, caught.value.reason) == (400, "depth")


@pytest.mark.parametrize(
    "body",
    [
        b'"' + b'\\"' * 2_000_000,
        b'"' * 4_000_000,
        b"[" * 4_000_000,
        b"[]" * 2_000_000,
        b"[" * 65 + b'"' + b"\\" * 4_000_000,
        b"[" * 65 + b'"\\"' * 1_300_000,
        b"[0" + b",0" * 2_000_000,
        b"[" * 65 + b'"",' * 1_300_000,
    ],
)
def test_looking_at_a_hostile_body_is_quick(body: bytes) -> None:
    def looked_at() -> None:
        with suppress(Refusal):
            BodyLimits().check_shape(body)

    assert least_cpu_s(looked_at, enough_s=0.5) < 0.5


def depth(value: object) -> int:
    if isinstance(value, dict):
        inner = cast("dict[str, Any]", value).values()
        return 1 + max(map(depth, inner), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, cast("list[Any]", value)), default=0)
    return 0


JSON = st.recursive(
    st.none() | st.integers() | st.text(alphabet='[]{}",\\ax\u2200'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('[{"\\'), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_the_depth_is_that_of_the_parsed_body(value: object, ascii_only: bool) -> None:
    limits = BodyLimits(max_depth=2, max_items=1000)
    body = json.dumps(value, ensure_ascii=ascii_only).encode()

    try:
        limits.check_shape(body)
    except Refusal:
        assert depth(value) > 2
    else:
        assert depth(value) <= 2
