"""Figures of one indicator in all countries: in order, and over time against the Union."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from reporting.charts import Figure, _canvas, _dress, _end_labels, _horizontal, _svg
from reporting.labels import Words

#: Small panels stand so many beside each other.
_ACROSS = 5
_MARKERS = "os^D"
_BAND, _MIDDLE = "#eeeeee", "#d4d4d4"


@dataclass(frozen=True)
class Bar:
    """A country in order of the others: its label, its value, and whether it is the page's own or an aggregate."""

    label: str
    value: float
    own: bool = False
    group: bool = False


@dataclass(frozen=True)
class Line:
    """The values of a country by year, and the years in which its series breaks."""

    label: str
    values: dict[int, float]
    breaks: tuple[int, ...] = ()

    def said(self, words: Words, decimals: int) -> str:
        """The line in words: first and last value, breaks."""
        ends = [f"{words.number(self.values[y], decimals)} ({y})" for y in sorted({min(self.values), max(self.values)})]
        broken = f", {words.text('break in series')} {', '.join(map(str, self.breaks))}" if self.breaks else ""
        return f"{self.label}: {' – '.join(ends)}{broken}"


def ordered(bars: Sequence[Bar], words: Words, head: Figure, unit: str, decimals: int) -> Figure:
    """Bars of all countries from the highest to the lowest value; ``head`` gives the words."""
    rising = sorted(bars, key=lambda bar: bar.value)
    with _canvas(max(2.0, 0.175 * len(rising) + 0.6)) as (canvas, axes):
        _horizontal(
            axes, [bar.label for bar in rising], np.array([bar.value for bar in rising]),
            [bar.own for bar in rising], [bar.group for bar in rising], words, decimals,
        )  # fmt: skip
        _dress(axes, words, unit, horizontal=True)
        svg = _svg(canvas)
    said = "; ".join(f"{bar.label}: {words.number(bar.value, decimals)}" for bar in reversed(rising))
    kind = words.text("Bar chart of countries, in order")
    return replace(head, svg=svg, alternative=f"{kind}. {head.caption}. {said}.")


def against(
    lines: Sequence[Line], spread: dict[int, tuple[float, ...]], words: Words, head: Figure, unit: str, decimals: int
) -> Figure:
    """Lines over time in the band of all countries.

    Parameters
    ----------
    lines : sequence of Line
    spread : dict
        By year the lowest value, the first and third quartile, and the highest of all countries.
    """
    with _canvas(3.3) as (canvas, axes):
        years = sorted(spread)
        low, first, third, high = ([spread[year][at] for year in years] for at in range(4))
        axes.fill_between(years, low, high, color=_BAND, linewidth=0)
        axes.fill_between(years, first, third, color=_MIDDLE, linewidth=0)
        ends = []
        for at, line in enumerate(lines):
            colour = sns.color_palette("colorblind")[(0, 3, 2, 4)[at % 4]]
            _line(axes, line, colour, _MARKERS[at % len(_MARKERS)])
            last = max(line.values)
            ends.append((line.values[last], float(last), line.label, colour))
        _end_labels(axes, ends)
        _dress(axes, words, unit, horizontal=False)
        svg = _svg(canvas)
    said = "; ".join(line.said(words, decimals) for line in lines)
    return replace(head, svg=svg, alternative=f"{words.text('Line chart')}. {head.caption}. {said}.")


def panels(lines: Sequence[Line], union: Line | None, words: Words, head: Figure, unit: str, decimals: int) -> Figure:
    """A small panel for each country, its line before that of the Union (if it has one), all on one scale."""
    down = -(-len(lines) // _ACROSS)
    behind = [union] if union else []
    years = sorted({year for line in (*lines, *behind) for year in line.values})
    with _canvas(1.15 * down + 0.4) as (canvas, axes):
        axes.remove()
        grid = canvas.subplots(down, _ACROSS, sharex=True, sharey=True, squeeze=False)
        for line, panel in zip(lines, grid.flat, strict=False):
            for other in behind:
                _plain(panel, other)
            _line(panel, line, sns.color_palette("colorblind")[0], "o", size=1.8)
            panel.set_title(textwrap.shorten(line.label, 24, placeholder=" …"), fontsize=7, pad=2)
            panel.set_xlim(years[0] - 0.6, years[-1] + 0.6)
        for panel in grid.flat[len(lines) :]:
            panel.remove()
        for panel in grid.flat[: len(lines)]:
            _dress(panel, words, "", horizontal=False)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=2))
            panel.tick_params(labelsize=6, length=2)
        canvas.text(0.0, 0.995, unit, fontsize=7, va="top")
        canvas.tight_layout(pad=0.3, rect=(0, 0, 1, 0.985))
        svg = _svg(canvas)
    said = "; ".join(line.said(words, decimals) for line in (*behind, *lines))
    return replace(head, svg=svg, alternative=f"{words.text('Line charts')}. {head.caption}. {said}.")


def _line(axes: Axes, line: Line, colour: tuple[float, float, float], marker: str, size: float = 3.6) -> None:
    years = sorted(line.values)
    axes.plot(years, [line.values[y] for y in years], color=colour, marker=marker, markersize=size, linewidth=1.2)
    for year in line.breaks:
        axes.axvline(year - 0.5, color=colour, linewidth=0.9, linestyle=(0, (2, 2)))


def _plain(axes: Axes, union: Line) -> None:
    years = sorted(union.values)
    axes.plot(years, [union.values[y] for y in years], color="#777777", linewidth=0.9, linestyle=(0, (4, 1.5)))
