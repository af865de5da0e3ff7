"""Values in their places, whatever is in them."""

from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clients.openapi.documents import document, operation, parameter
from tests.clients.openapi.service import serving

from toolyard import ToolError
from toolyard.clients.openapi.styles import check_segments, in_path, in_query, joined

LIST = ["blue", "black"]
TABLE = {"R": 100, "G": 200}
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.one_of(TEXT, st.integers(), st.booleans())


@pytest.mark.parametrize(
    ("style", "explode", "text", "several", "table"),
    [
        ("simple", False, "blue", "blue,black", "R,100,G,200"),
        ("simple", True, "blue", "blue,black", "R=100,G=200"),
        ("label", False, ".blue", ".blue,black", ".R,100,G,200"),
        ("label", True, ".blue", ".blue.black", ".R=100.G=200"),
        ("matrix", False, ";color=blue", ";color=blue,black", ";color=R,100,G,200"),
        ("matrix", True, ";color=blue", ";color=blue;color=black", ";R=100;G=200"),
    ],
)
def test_the_styles_of_a_path(
    style: str, explode: bool, text: str, several: str, table: str
) -> None:
    for value, expected in (("blue", text), (LIST, several), (TABLE, table)):
        assert in_path("color", value, style, explode=explode) == expected


@pytest.mark.parametrize(
    ("style", "explode", "several", "table"),
    [
        ("form", True, "color=blue&color=black", "R=100&G=200"),
        ("form", False, "color=blue,black", "color=R,100,G,200"),
        ("spaceDelimited", False, "color=blue%20black", "color=R%20100%20G%20200"),
        ("pipeDelimited", False, "color=blue%7Cblack", "color=R%7C100%7CG%7C200"),
        ("deepObject", True, "color=blue&color=black", "color%5BR%5D=100&color%5BG%5D=200"),
    ],
)
def test_the_styles_of_a_query(style: str, explode: bool, several: str, table: str) -> None:
    for value, expected in ((LIST, several), (TABLE, table)):
        assert joined(list(in_query("color", value, style, explode=explode))) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, "a=true"),
        (False, "a=false"),
        (3.0, "a=3"),
        (0.5, "a=0.5"),
        (-0.0, "a=0"),
        (1e300, "a=1e%2B300"),
        (2**70, f"a={2**70}"),
        (None, ""),
        ([], ""),
        ({}, ""),
        ([None, [1, {"b": 2}]], "a=null&a=%5B1%2C%20%7B%22b%22%3A%202%7D%5D"),
        ("", "a="),
    ],
)
def test_a_value_is_said_in_one_way(value: Any, expected: str) -> None:
    assert joined(list(in_query("a", value, "form", explode=True))) == expected


@given(SCALARS, st.sampled_from(["simple", "label", "matrix"]), st.booleans())
def test_a_value_in_a_path_never_leaves_its_segment(value: Any, style: str, explode: bool) -> None:
    for given_ in (value, [value, value], {"k": value}):
        written = in_path("name", given_, style, explode=explode)
        assert not set(written) & set("/?#\\ \r\n\0&%@:".replace("%", ""))
        assert written.isascii()
        if not isinstance(value, bool | int) and given_ is value and style == "simple":
            assert unquote(written) == value


@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=5))
def test_a_query_is_read_as_it_was_meant(table: dict[str, str]) -> None:
    written = joined(list(in_query("any", table, "form", explode=True)))
    assert dict(parse_qsl(written, keep_blank_values=True)) == table


@given(
    st.lists(
        st.sampled_from(["..", ".", "/", "\\", "%2e", "%2f", "%25", ";", "a", " "]), max_size=6
    )
)
def test_no_value_becomes_the_way_up_however_often_it_is_decoded(pieces: list[str]) -> None:
    path = f"/a/{in_path('x', ''.join(pieces), 'simple', explode=False)}/b"
    try:
        check_segments(path)
    except ToolError:
        return
    for _ in range(4):
        path = unquote(path)
        parts = [part.partition(";")[0].strip() for part in path.replace("\\", "/").split("/")]
        assert ".." not in parts
        assert "." not in parts


@pytest.mark.parametrize(
    "value",
    [
        "", ".", "..", "../x", "x/..", "..\\x", "%2e%2e", "%2e%2e%2fx", "%252e%252e", "..;a=b",
        ".. ", "a/./b", "..%00", "a\0b", "a\r\nb", "a\u200bb", "\u2028",
    ],
)  # fmt: skip
async def test_a_value_that_would_leave_its_place_in_the_path_is_refused(value: str) -> None:
    paths = {"/a/{x}/b": {"get": operation(parameter("x", "path"), operationId="a")}}
    async with serving(document(paths)) as service:
        assert await service.refused("a", x=value)


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ("a/b", "/a/a%2Fb/b"),
        ("a%2fb", "/a/a%252fb/b"),
        ("?q#f", "/a/%3Fq%23f/b"),
        ("@evil.example", "/a/%40evil.example/b"),
        ("//evil.example", "/a/%2F%2Fevil.example/b"),
        ("http://evil.example/", "/a/http%3A%2F%2Fevil.example%2F/b"),
        ("...", "/a/.../b"),
        ("a..b", "/a/a..b/b"),
        ("50%", "/a/50%25/b"),
        (" ", "/a/%20/b"),
        ("ü", "/a/%C3%BC/b"),
        ("{x}", "/a/%7Bx%7D/b"),
        ("a&b=c;d", "/a/a%26b%3Dc%3Bd/b"),
    ],
)
async def test_a_value_in_the_path_arrives_in_its_segment(value: str, target: str) -> None:
    paths = {"/a/{x}/b": {"get": operation(parameter("x", "path"), operationId="a")}}
    async with serving(document(paths)) as service:
        assert (await service.asked("a", x=value)).target == target
