"""Work items from files."""

import json
from pathlib import Path

import pytest

from toolyard.core.errors import ConfigError
from toolyard.orchestration.work.item import WorkItem
from toolyard.wiring.work_files import work_in

MARKDOWN = """# Trains

They run.

## Work

- [x] repo: Make a repository
- [ ] html: The page
  It has one canvas,
  and no more.
  - Opens without errors
  - [ ] Works at 320 pixels
  depends on: repo
* [ ] js: The game

    - Depends on: html, css
    - Trains move
- [ ] css:

## Later

  - Not of an item
Nor this.
"""
ITEMS = [
    WorkItem(
        "html",
        "The page",
        "It has one canvas,\nand no more.",
        ("Opens without errors", "Works at 320 pixels"),
    ),
    WorkItem("js", "The game", "", ("Trains move",), ("html", "css")),
    WorkItem("css"),
]
PLAIN = [
    {
        "id": each.id,
        "title": each.title,
        "description": each.description,
        "acceptance_criteria": list(each.acceptance_criteria),
        "depends_on": list(each.depends_on),
    }
    for each in ITEMS
]
TOML = """task = "Trains"
[[items]]
id = "html"
acceptance_criteria = ["Opens"]
[[items]]
id = "js"
depends_on = ["html"]
"""


def written(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_markdown_holds_the_task_and_the_items(tmp_path: Path) -> None:
    work = work_in(written(tmp_path, "PRD.md", MARKDOWN))
    assert work.task == "# Trains\n\nThey run.\n\n## Work"
    assert work.items == ITEMS


def test_json_is_a_list_or_has_a_task(tmp_path: Path) -> None:
    work = work_in(written(tmp_path, "a.json", json.dumps(PLAIN)))
    assert (work.task, work.items) == ("", ITEMS)
    work = work_in(written(tmp_path, "b.json", json.dumps({"task": "Go", "items": PLAIN})))
    assert (work.task, work.items) == ("Go", ITEMS)


def test_toml(tmp_path: Path) -> None:
    work = work_in(written(tmp_path, "a.toml", TOML))
    assert work.task == "Trains"
    assert work.items == [
        WorkItem("html", acceptance_criteria=("Opens",)),
        WorkItem("js", depends_on=("html",)),
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", "", "must be a .json, .toml or .md file"),
        ("a.json", "{", "is no JSON"),
        ("a.json", "5", "a.json: "),
        ("a.json", "[]", "holds no items"),
        ("a.json", '[{"id": "a", "titel": "b"}]', "items.0.titel"),
        ("a.json", '[{"title": "b"}]', "items.0.id"),
        ("a.json", '[{"id": "a b"}]', "letters, digits"),
        ("a.json", '[{"id": "a", "depends_on": "b"}]', "items.0.depends_on"),
        ("a.json", b"\xff", "not UTF-8"),
        ("a.toml", "[[items]", "is no TOML"),
        ("a.md", "- [ ] html: The page\n- [ ] The game\n", "line 2: write an item"),
        ("a.md", "- [x] html: The page\n", "holds no items"),
        ("a.md", "- html: The page\n", "holds no items"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, name: str, text: str | bytes, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        work_in(written(tmp_path, name, text))
    assert said in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.json cannot be read: No such file"):
        work_in(tmp_path / "none.json")
