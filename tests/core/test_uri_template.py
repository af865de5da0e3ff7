import time

import pytest

from toolyard.core.errors import InvalidTool
from toolyard.core.uri_template import UriTemplate


@pytest.mark.parametrize(
    ("template", "uri", "blanks"),
    [
        ("config://app", "config://app", {}),
        ("notes://{day}", "notes://monday", {"day": "monday"}),
        ("notes://{day}/items/{n}", "notes://monday/items/3", {"day": "monday", "n": "3"}),
        ("file:///{name}.{kind}", "file:///a.txt", {"name": "a", "kind": "txt"}),
        ("notes://{day}", "notes://a%20b%C3%A9%25", {"day": "a bé%"}),
        ("notes://{day}?x=1", "notes://a?x=1", {"day": "a"}),
        ("notes://{a}-{b}-{c}.x", "notes://1-2-3-4.x", {"a": "1", "b": "2", "c": "3-4"}),
        ("notes://{a}-{b}", "notes://---", {"a": "-", "b": "-"}),
        ("test://template/{id}/data", "test://template/1.5/data", {"id": "1.5"}),
    ],
)
def test_a_uri_fills_the_blanks(template: str, uri: str, blanks: dict[str, str]) -> None:
    assert UriTemplate(template).match(uri) == blanks


@pytest.mark.parametrize(
    "uri",
    [
        "notes:///x", "notes://a/b/x", "notes://a", "notes://a/x/", "Notes://a/x", "notes://a/xx",
        "notes://../x", "notes://a%2fb/x", "notes://%2e%2e/x", "notes://a..b/x", "notes://%00/x",
        "notes://a%5cb/x", "notes://a%0ab/x", "notes://a%7f/x", "notes://%ff/x", "notes://a?b/x",
        "notes://a#b/x", "notes://%c2%85/x", "notes://a\n/x", "notes://a/x\n",
        "notes://" + "a" * 4000 + "/x",
    ],
)  # fmt: skip
def test_a_uri_that_does_not_fit_or_would_leave_its_place_is_no_match(uri: str) -> None:
    assert UriTemplate("notes://{day}/x").match(uri) is None


@pytest.mark.parametrize(
    "text",
    [
        "", "app", "/etc/passwd", "{scheme}://x", "notes://{}", "notes://{+path}", "notes://{?q}",
        "notes://{a,b}", "notes://{a*}", "notes://{a", "notes://a}", "notes:// x", "notes://{a}{b}",
        "notes://{a}/{a}", "notes://{1}",
    ],
)  # fmt: skip
def test_a_template_that_is_not_clear_is_refused(text: str) -> None:
    with pytest.raises(InvalidTool):
        UriTemplate(text)


@pytest.mark.parametrize("uri", ["notes://-x", "notes://x-", "notes://-", "notes://x", "notes://"])
def test_a_blank_holds_something(uri: str) -> None:
    assert UriTemplate("notes://{a}-{b}").match(uri) is None


def test_a_hostile_uri_costs_little() -> None:
    segment = "{a}-{b}-{c}-{d}.x"
    template = UriTemplate(f"notes://{segment}/{segment.replace('}', '2}')}/x")
    begin = time.perf_counter()
    for _ in range(1000):
        assert template.match("notes://" + "-" * 1000 + "/" + "-" * 1000 + "/y") is None
        assert template.match("notes://" + "-" * 2000) is None
    assert time.perf_counter() - begin < 1
