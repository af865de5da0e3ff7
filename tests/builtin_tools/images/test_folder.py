"""The folder that images are kept in."""

import os
from pathlib import Path

import pytest
from tests.builtin_tools.images.pictures import JPEG, PNG, WEBP

from toolyard import Image, ToolError, UnknownName
from toolyard.builtin_tools.images.folder import SCHEME, ImageFolder


@pytest.mark.parametrize(
    ("content", "kind", "ending"),
    [(PNG, "image/png", "png"), (JPEG, "image/jpeg", "jpg"), (WEBP, "image/webp", "webp")],
    ids=["png", "jpeg", "webp"],
)
def test_a_file_is_new_named_by_us_and_for_its_owner_only(
    tmp_path: Path, content: bytes, kind: str, ending: str
) -> None:
    folder = ImageFolder(tmp_path, 10)
    first, second = (folder.save(Image(content, kind)) for _ in range(2))
    assert first.uri != second.uri
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {first.name, second.name}
    file = tmp_path / first.name
    assert file.suffix == f".{ending}"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == content
    assert folder.read(first.name).mime_type == kind


def test_the_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    ImageFolder(tmp_path / "new", 10).save(Image(PNG))
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_the_folder_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = ImageFolder("pictures", 10)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    folder.save(Image(PNG))
    assert len(list((tmp_path / "pictures").iterdir())) == 1


def test_a_full_folder_takes_no_more(tmp_path: Path) -> None:
    folder = ImageFolder(tmp_path, 1)
    folder.save(Image(PNG))
    with pytest.raises(ToolError, match="holds 1 files and takes no more"):
        folder.save(Image(PNG))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ToolError, match="cannot be saved here") as refused:
        ImageFolder(tmp_path / "file", 10).save(Image(PNG))
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../secret.png",
        "/etc/passwd",
        "secret.png",
        "0" * 32,
        "0" * 32 + ".txt",
        "0" * 32 + ".png\n",
        "0" * 32 + ".png/..",
        "0" * 32 + ".PNG",
        "1" * 32 + ".png",
    ],
)
def test_nothing_else_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.png").write_bytes(PNG)
    with pytest.raises(UnknownName) as refused:
        ImageFolder(tmp_path, 10).read(name)
    assert str(refused.value) == f"Unknown resource: {SCHEME + name!r}"


def test_a_link_or_a_pipe_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    link, pipe, folder = (f"{digit * 32}.png" for digit in "abc")
    (root / link).symlink_to(tmp_path / "secret")
    os.mkfifo(root / pipe)
    (root / folder).mkdir()
    for name in (link, pipe, folder):
        with pytest.raises(UnknownName):
            ImageFolder(root, 10).read(name)
