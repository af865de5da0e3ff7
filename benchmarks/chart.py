"""Bar charts as SVG: on a log scale, with their spread, readable on light and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from benchmarks.table import Ratio
from benchmarks.text import number

_WIDTH = 760
_LEFT, _RIGHT, _TOP, _BOTTOM = 150, 110, 64, 52
_BAR, _STEP, _HEADING = 16, 24, 30
_STYLE = """
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 } .group { font-weight: 600 }
.quiet { fill: #59636e } .page { fill: #ffffff } .grid { stroke: #d1d9e0 }
.ours { fill: #0969da } .other { fill: #b3bdc8 } .spread { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .quiet { fill: #9198a1 } .page { fill: #0d1117 } .grid { stroke: #30363d }
.ours { fill: #4493f8 } .other { fill: #59636e } .spread { stroke: #e6edf3 }
}
"""


@dataclass(frozen=True)
class Bar:
    """One row's figure: the median, and the least and the most of the rounds."""

    label: str
    spread: Ratio
    is_ours: bool


@dataclass(frozen=True)
class Group:
    """Bars that are compared with each other."""

    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class Chart:
    """Groups of bars over one axis."""

    title: str
    unit: str
    description: str
    """For who does not see it."""
    groups: Sequence[Group]


@dataclass(frozen=True)
class _Axis:
    """A log scale from one power of ten to another."""

    first: int
    last: int

    def x(self, value: float) -> float:
        """How far right `value` is, in pixels."""
        share = (math.log10(value) - self.first) / (self.last - self.first)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def draw(chart: Chart) -> str:
    """The chart as an SVG document."""
    height = _TOP + _BOTTOM + sum(_height(group) for group in chart.groups)
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_WIDTH} {height}",
            "width": str(_WIDTH),
            "height": str(height),
            "role": "img",
            "aria-labelledby": "title desc",
        },
    )
    SubElement(svg, "title", id="title").text = chart.title
    SubElement(svg, "desc", id="desc").text = chart.description
    SubElement(svg, "style").text = _STYLE
    SubElement(svg, "rect", {"class": "page", "width": "100%", "height": "100%", "rx": "6"})
    _text(svg, 16, 28, chart.title, "title")
    _text(svg, 16, 48, f"{chart.unit}, log scale; the line shows the spread of rounds", "quiet")
    axis = _axis(chart)
    _draw_grid(svg, axis, height)
    top = _TOP
    for group in chart.groups:
        _draw_group(svg, axis, group, top)
        top += _height(group)
    indent(svg, " ")
    return tostring(svg, encoding="unicode") + "\n"


def _axis(chart: Chart) -> _Axis:
    spreads = [bar.spread for group in chart.groups for bar in group.bars]
    # A little below the least, so that its bar can be seen.
    first = math.floor(math.log10(min(spread.low for spread in spreads) * 0.8))
    last = math.ceil(math.log10(max(spread.high for spread in spreads)))
    return _Axis(first, max(last, first + 1))


def _height(group: Group) -> int:
    return _HEADING + _STEP * len(group.bars)


def _draw_grid(svg: Element, axis: _Axis, height: int) -> None:
    bottom = height - _BOTTOM + 12
    for power in range(axis.first, axis.last + 1):
        value = 10.0**power
        x = str(axis.x(value))
        SubElement(
            svg, "line", {"class": "grid", "x1": x, "x2": x, "y1": str(_TOP), "y2": str(bottom)}
        )
        _text(svg, axis.x(value), bottom + 18, f"{value:,.10g}", "quiet", anchor="middle")


def _draw_group(svg: Element, axis: _Axis, group: Group, top: int) -> None:
    _text(svg, 16, top + 20, group.title, "group")
    for row, bar in enumerate(group.bars):
        y = top + _HEADING + row * _STEP
        middle = y + _BAR / 2
        x, low, high = (
            axis.x(each) for each in (bar.spread.median, bar.spread.low, bar.spread.high)
        )
        SubElement(
            svg,
            "rect",
            {
                "class": "ours" if bar.is_ours else "other",
                "x": str(_LEFT),
                "y": str(y),
                "width": str(round(x - _LEFT, 1)),
                "height": str(_BAR),
                "rx": "2",
            },
        )
        line = {"x1": str(low), "x2": str(high), "y1": str(middle), "y2": str(middle)}
        SubElement(svg, "line", {"class": "spread", **line})
        _text(svg, _LEFT - 10, middle + 4.5, bar.label, "", anchor="end")
        _text(svg, max(x, high) + 8, middle + 4.5, number(bar.spread.median), "")


def _text(svg: Element, x: float, y: float, text: str, kind: str, *, anchor: str = "start") -> None:
    named = {"class": kind} if kind else {}
    place = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor}
    SubElement(svg, "text", {**place, **named}).text = text
