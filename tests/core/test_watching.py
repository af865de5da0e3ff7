"""Many may watch one document; the first and the last of them are what matters."""

from toolyard.core.watching import Watched


def test_several_watchers_of_one_document_are_one_demand() -> None:
    said: list[str] = []
    watched = Watched(lambda uri: said.append(f"+{uri}"), lambda uri: said.append(f"-{uri}"))
    first, second, other = watched.watch("a"), watched.watch("a"), watched.watch("b")
    assert (list(watched), said) == (["a", "b"], ["+a", "+b"])

    first()
    first()
    assert "a" in watched
    second()
    other()
    assert (list(watched), said) == ([], ["+a", "+b", "-a", "-b"])
    again = watched.watch("a")
    second()
    assert list(watched) == ["a"]
    again()
    assert list(watched) == []
