"""What must be true of a list of items."""

import pytest

from toolyard.core.errors import ConfigError
from toolyard.orchestration.work.item import WorkItem, in_order


def item(name: str, *depends_on: str) -> WorkItem:
    return WorkItem(name, depends_on=depends_on)


def test_items_come_after_what_they_depend_on() -> None:
    ordered = in_order([item("c", "b", "x"), item("b", "a"), item("a"), item("d")], known=["x"])
    names = [each.id for each in ordered]
    assert sorted(names) == ["a", "b", "c", "d"]
    assert names.index("a") < names.index("b") < names.index("c")


def test_two_items_of_one_id_are_refused() -> None:
    with pytest.raises(ConfigError, match="Two items have the id 'a'"):
        in_order([item("a"), item("a")])


def test_a_dependency_that_is_no_item_is_refused() -> None:
    with pytest.raises(ConfigError, match="'a' depends on 'b', which is no item"):
        in_order([item("a", "b")])


@pytest.mark.parametrize("circle", [["a"], ["a", "b"], ["a", "b", "c"]])
def test_items_that_wait_for_each_other_are_refused(circle: list[str]) -> None:
    following = [*circle[1:], circle[0]]
    items = [item(each, next_one) for each, next_one in zip(circle, following, strict=True)]
    with pytest.raises(ConfigError, match="wait for each other: a"):
        in_order([*items, item("z")])
