"""The page about performance says what the results that count say, and no more."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.chart import draw
from benchmarks.page import DOCS, pages, write_page
from benchmarks.plots import charts
from benchmarks.record import read_results
from benchmarks.text import with_spread
from tests.docs.pages import Page
from tests.support.process import ROOT

NAMESPACE = "{http://www.w3.org/2000/svg}"
PAGE = Page("docs/performance.md")


def test_the_page_and_its_plots_are_what_the_results_render_to() -> None:
    rendered = pages(read_results())

    for path, text in rendered.items():
        assert (DOCS / path).read_text(encoding="utf-8") == text, f"{path}: make bench SAVE=1"
    drawn = {f"performance/{file.name}" for file in (DOCS / "performance").iterdir()}
    assert drawn == set(rendered) - {"performance.md"}


def test_everything_the_page_points_to_is_there() -> None:
    for link in PAGE.links:
        assert (DOCS / link).exists(), link


def test_the_page_says_of_every_goal_what_became_of_it() -> None:
    for outcome in read_results().outcomes:
        row = f"| {outcome.goal.work} | {outcome.goal.against} | {outcome.goal.text} | "
        assert row + ("" if outcome.ratio else f"not measured: {outcome.reason} | - |") in PAGE.text


def test_every_ratio_on_the_page_has_its_spread() -> None:
    for table in read_results().tables:
        _, _, rest = PAGE.text.partition(f"### {table.title}\n")
        shown, _, _ = rest.partition("#")
        for row in set(table.rows) - {table.base}:
            ratios = (table.ratio(row, metric.key) for metric in table.metrics)
            for ratio in ratios:
                assert ratio is None or with_spread(ratio, "x") in shown, (table.key, row)
        assert len(table.rows) < 2 or f"| x: to {table.base} |" in shown


def test_the_page_and_the_notes_say_what_favours_toolyard() -> None:
    for page in (PAGE, Page("benchmarks/README.md")):
        assert "awaits nothing, which is the quickest kind of tool for toolyard" in page.text
        assert "calls of `add` are so cheap that the load itself takes" in page.text.lower()


def test_a_table_that_a_run_lacks_is_left_out_and_its_goal_says_so() -> None:
    results = read_results()
    (goal,) = (outcome.goal for outcome in results.outcomes if outcome.goal.key == "workers")
    tables = [table for table in results.tables if table.key != goal.table]
    page = pages(replace(results, tables=tables))["performance.md"]

    assert f"| {goal.text} | not measured: it was not part of the run | - |" in page
    for table in tables:
        assert f"### {table.title}\n" in page


def test_nothing_about_the_machine_but_what_it_is_gets_into_a_file(tmp_path: Path) -> None:
    write_page(read_results(), tmp_path)
    texts = [file.read_text() for file in tmp_path.rglob("*.*")]
    texts.append((ROOT / "benchmarks" / "results.json").read_text())

    for text in texts:
        assert not any(word in text for word in (str(ROOT), "/home/", "/root/", "/tmp/"))


def test_a_plot_says_in_words_and_as_text_what_it_shows() -> None:
    for chart in charts(read_results()).values():
        svg = ElementTree.fromstring(draw(chart))
        named = {svg.findtext(f"{NAMESPACE}title"), svg.findtext(f"{NAMESPACE}desc")}
        texts = {text.text for text in svg.iter(f"{NAMESPACE}text")}

        assert named == {chart.title, chart.description}
        assert svg.get("aria-labelledby") == "title desc"
        for group in chart.groups:
            assert {group.title, *(bar.label for bar in group.bars)} <= texts


def test_bars_grow_with_what_they_show_and_stay_inside() -> None:
    for chart in charts(read_results()).values():
        svg = ElementTree.fromstring(draw(chart))
        bars = [bar for group in chart.groups for bar in group.bars]
        widths = [
            float(rect.get("width", ""))
            for rect in svg.iter(f"{NAMESPACE}rect")
            if rect.get("class") != "page"
        ]

        assert len(widths) == len(bars)
        by_median = sorted(zip([bar.spread.median for bar in bars], widths, strict=True))
        assert [width for _, width in by_median] == sorted(widths)
        assert min(widths) > 0
        assert max(widths) < 760
