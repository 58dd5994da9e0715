"""Figures: declared, drawn from indicator values, legible without colour.

Colours are colour-blind safe and never carry meaning alone: lines have markers
and labels at their ends, bars have hatches, the country of the page has a bold
label. A figure carries a text alternative with its first and last values.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from reporting import declarations as decl
from reporting import typeset
from reporting.labels import Words
from reporting.revisions import Revisions
from reporting.tables import notes_html, plain, raw, slug
from reporting.tabulate import Reader, remarks, sources

_MARKERS = "osD^vPX*<>hd"
#: Lines only: dots and circles make large files.
_HATCHES = ("", "////", "\\\\", "||||", "----", "xxxx", "++++", "//", "\\", "||")
#: Where a line ends: value, time, label, colour.
_End = tuple[float, float, str, tuple[float, float, float]]
_STYLE: Any = {
    "svg.hashsalt": "reporting",
    "svg.fonttype": "path",
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#444444",
    "hatch.linewidth": 0.5,
}


@dataclass(frozen=True)
class Figure:
    """A drawn figure with its words."""

    id: str
    caption: str
    alternative: str
    svg: bytes
    below: tuple[str, ...]

    def markdown(self, path: Path) -> str:
        """A captioned, numbered figure for Quarto and the embedded engine."""
        alternative = self.alternative.replace('"', "”").replace("\n", " ")
        return f'![{plain(self.caption)}]({path.as_posix()}){{#fig-{slug(self.id)} fig-alt="{alternative}"}}\n\n' + raw(
            notes_html(self.below), typeset.notes(self.below)
        )


def build(figure: decl.Figure, reader: Reader) -> Figure | None:
    """A declared figure for one reader; None when the store holds no value for it."""
    w, d = reader.words, reader.words.declarations
    ids = d.indicator_ids(figure.rows)
    geos = reader.geos(figure.geos) or [reader.geo]
    frame = reader.evaluator.table(ids, geos)
    frame = frame[frame["value"].notna() & frame["time"].str.fullmatch(r"\d{4}(-01-01)?|\d{4}-\d\d-\d\d")]
    if frame.empty:
        return None
    frame = _spanned(frame, reader.span, latest=figure.kind in ("ranking", "bars"))
    by_geo = len(geos) > 1
    frame = frame.assign(label=_labels(frame, w, by_geo))
    unit = w.code("unit", "PC" if figure.kind == "share" else frame["unit"].iloc[0])
    with _canvas(_height(figure, frame)) as (canvas, axes):
        _DRAW[figure.kind](axes, frame, reader)
        _dress(axes, w, unit, horizontal=figure.kind in ("ranking", "bars"))
        svg = _svg(canvas)
    title = w.text(figure.title)
    when = frame["time"].iloc[0] if figure.kind in ("ranking", "bars") else ""
    caption = ", ".join(filter(None, (title, "" if by_geo else w.geo(reader.geo), when))) + f" ({unit})"
    broken = figure.kind == "lines" and frame["flag"].str.contains("b").any()
    marks = (w.text("A dotted vertical line marks a break in series."),) if broken else ()
    marks = (*marks, *_left_out(figure, frame, geos, w))
    notes = (*(w.text(note) for note in figure.notes), *marks, *remarks(frame, reader), *sources(frame, reader))
    return Figure(figure.id, caption, _alternative(figure, frame, reader, title), svg, notes)


@contextmanager
def _canvas(height: float) -> Iterator[tuple[Canvas, Axes]]:
    """Something to draw on, in the style of all figures.

    From matplotlib's own defaults: a person's matplotlibrc changes no publication. Without pyplot: drawn to files
    only, and no other figure of the process is touched.
    """
    with mpl.style.context(["default", _STYLE]), sns.axes_style("white", rc=_STYLE):
        canvas = Canvas(figsize=(6.7, height))
        yield canvas, canvas.subplots()


def _spanned(frame: pd.DataFrame, span: int, latest: bool) -> pd.DataFrame:
    years = frame["time"].str[:4].astype(int)
    last = years.max()
    if latest:
        counts = frame.groupby("time").size()
        last_full: str = counts[counts >= 0.8 * counts.max()].index.max()
        return frame[frame["time"] == last_full]
    return frame[years > last - max(span, 10)]


def _labels(frame: pd.DataFrame, words: Words, by_geo: bool) -> pd.Series:
    indicators = words.declarations.indicators
    if by_geo:
        return frame["geo"].map(words.geo)
    return frame["indicator"].map(lambda name: words.indicator(indicators[name]))


def _wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Values with a row for each time, a column for each label, in declared order."""
    order = list(dict.fromkeys(frame["label"]))
    times = frame["time"].str[:4].astype(int) + (frame["time"].str[5:7].replace("", "1").astype(int) - 1) / 12
    wide: pd.DataFrame = frame.assign(x=times).pivot_table(index="x", columns="label", values="value", aggfunc="last")
    return wide.reindex(columns=order)


def _lines(axes: Axes, frame: pd.DataFrame, _: Reader | None) -> None:
    wide = _wide(frame)
    # Half of the time from one value to the next, which is a year or less.
    half = min(1.0, *np.diff(wide.index), 1.0) / 2
    colours = sns.color_palette("colorblind", len(wide.columns))
    ends: list[_End] = []
    for position, label in enumerate(wide):
        line = wide[label].dropna()
        marker = _MARKERS[position % len(_MARKERS)]
        axes.plot(line.index, line, color=colours[position], marker=marker, markersize=3.6, linewidth=1.3)
        broken = frame[(frame["label"] == label) & frame["flag"].str.contains("b")]
        for at in _wide(broken).index:
            axes.axvline(at - half, color=colours[position], linewidth=0.9, linestyle=(0, (2, 2)))
        ends.append((float(line.iloc[-1]), float(line.index[-1]), str(label), colours[position]))
    axes.set_xlim(wide.index.min() - 0.6, wide.index.max() + 0.4)
    _baseline(axes, wide)
    _end_labels(axes, ends)


def _baseline(axes: Axes, wide: pd.DataFrame) -> None:
    """Start at zero unless that would flatten the lines."""
    low, high = float(wide.min().min()), float(wide.max().max())
    if 0 <= low < 0.6 * high:
        axes.set_ylim(bottom=0)


def _end_labels(axes: Axes, ends: list[_End]) -> None:
    """Labels at the ends of the lines, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    gap = (high - low) * 0.06
    ends = sorted(ends, key=lambda end: end[0])
    places = [end[0] for end in ends]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + gap * (_line_count(ends[i - 1][2]) + _line_count(ends[i][2])) / 2)
    shift = max(0.0, places[-1] - high)
    for (value, x, label, colour), place in zip(ends, places, strict=True):
        axes.annotate(
            textwrap.fill(label, 26),
            xy=(x, value),
            xytext=(1.02, place - shift),
            textcoords=("axes fraction", "data"),
            va="center",
            color=tuple(0.75 * c for c in colour),
            arrowprops={"arrowstyle": "-", "color": "#999999", "linewidth": 0.4, "shrinkA": 0, "shrinkB": 2},
        )


def _line_count(label: str) -> int:
    return len(textwrap.wrap(label, 26))


def _stack(axes: Axes, frame: pd.DataFrame, reader: Reader) -> None:
    _bars_on_top(axes, _wide(frame), reader.words)


def _share(axes: Axes, frame: pd.DataFrame, reader: Reader) -> None:
    wide = _wide(frame)
    _bars_on_top(axes, 100 * wide.div(wide.sum(axis=1), axis=0), reader.words)
    axes.set_ylim(0, 100)


def _bars_on_top(axes: Axes, wide: pd.DataFrame, words: Words) -> None:
    colours = sns.color_palette("colorblind", len(wide.columns))
    bottom = np.zeros(len(wide))
    for position, label in enumerate(wide):
        heights = wide[label].fillna(0).to_numpy()
        axes.bar(
            wide.index,
            heights,
            bottom=bottom,
            width=0.75,
            color=colours[position],
            hatch=_HATCHES[position % len(_HATCHES)],
            edgecolor="white",
            linewidth=0.4,
            label=textwrap.fill(str(label), 28),
        )
        bottom += heights
    handles, names = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], names[::-1], loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _ranking(axes: Axes, frame: pd.DataFrame, reader: Reader) -> None:
    ordered = frame.sort_values("value", kind="stable")
    groups = reader.words.declarations.groups
    _horizontal(
        axes,
        ordered["label"].tolist(),
        ordered["value"].to_numpy(),
        [geo == reader.geo for geo in ordered["geo"]],
        [geo in groups for geo in ordered["geo"]],
        reader.words,
        reader.words.declarations.indicators[ordered["indicator"].iloc[0]].decimals,
    )


def _bars(axes: Axes, frame: pd.DataFrame, reader: Reader) -> None:
    ordered = frame.iloc[::-1]
    none = [False] * len(ordered)
    decimals = reader.words.declarations.indicators[ordered["indicator"].iloc[0]].decimals
    _horizontal(axes, ordered["label"].tolist(), ordered["value"].to_numpy(), none, none, reader.words, decimals)


def _horizontal(
    axes: Axes, names: list[str], values: np.ndarray, own: list[bool], groups: list[bool], words: Words, decimals: int
) -> None:
    colours = sns.color_palette("colorblind")
    bars = axes.barh(range(len(names)), values, color=colours[0], height=0.72)
    for bar, mine, group in zip(bars, own, groups, strict=True):
        if mine or group:
            bar.set(color=colours[3] if mine else "#777777", hatch="///" if mine else "...", edgecolor="white")
    axes.set_yticks(range(len(names)), [textwrap.fill(name, 34) for name in names])
    for tick, mine in zip(axes.get_yticklabels(), own, strict=True):
        tick.set_fontweight("bold" if mine else "normal")
    axes.bar_label(bars, [words.number(float(v), decimals) for v in values], padding=2, fontsize=7)
    axes.margins(x=0.1, y=0.01)


_DRAW = {"lines": _lines, "stack": _stack, "share": _share, "ranking": _ranking, "bars": _bars}


def _height(figure: decl.Figure, frame: pd.DataFrame) -> float:
    return max(2.0, 0.19 * len(frame) + 0.6) if figure.kind in ("ranking", "bars") else 3.3


def _dress(axes: Axes, words: Words, unit: str, horizontal: bool) -> None:
    """Numbers as the language writes them, whole years, the unit at the axis."""
    values, years = (axes.xaxis, axes.yaxis) if horizontal else (axes.yaxis, axes.xaxis)
    ticks = values.get_majorticklocs()
    decimals = next((d for d in range(4) if np.allclose(ticks, np.round(ticks, d))), 4)
    values.set_major_formatter(lambda value, _: words.number(float(value), decimals))
    if horizontal:
        axes.set_xlabel(unit)
    else:
        axes.set_title(unit, loc="left", fontsize=8.5, color="#333333")
        years.set_major_locator(MaxNLocator(integer=True, nbins=11))
        years.set_major_formatter(lambda value, _: str(int(value)))
        axes.grid(axis="y", color="#dddddd", linewidth=0.5)
    axes.set_axisbelow(True)


def over_time(frame: pd.DataFrame, words: Words, head: Figure, unit: str) -> Figure:
    """Lines of values with label, time, value and flag; ``head`` gives the words."""
    with _canvas(2.8) as (canvas, axes):
        _lines(axes, frame, None)
        _dress(axes, words, unit, horizontal=False)
        return replace(head, svg=_svg(canvas))


def revisions(found: Revisions, words: Words, below: tuple[str, ...]) -> Figure | None:
    """The mean revision of each country as bars; None when no value was revised."""
    means = found.summary()["mean"].drop("total").dropna().sort_values(kind="stable")
    if means.empty:
        return None
    names = [words.geo(str(geo)) for geo in means.index]
    none = [False] * len(means)
    with _canvas(max(2.0, 0.19 * len(means) + 0.6)) as (canvas, axes):
        _horizontal(axes, names, means.to_numpy(), none, none, words, 2)
        axes.axvline(0, color="#444444", linewidth=0.8)
        _dress(axes, words, words.text("revisions in the unit of the series"), horizontal=True)
        svg = _svg(canvas)
    dates = {"start": words.date(found.start[:10]), "end": words.date(found.end[:10])}
    title = words.text("Mean revision from {start} to {end}", **dates)
    said = "; ".join(f"{name}: {words.number(float(v), 2)}" for name, v in zip(names, means, strict=True))
    alternative = f"{words.text('Bar chart of countries, in order')}. {title}. {said}."
    return Figure(f"revisions_{found.dataset}", f"{title}, {found.dataset}", alternative, svg, below)


def intervals(rows: Sequence[tuple[str, float, float, float]], words: Words, head: Figure, unit: str) -> Figure:
    """Estimates with their 95 % intervals: label, value, lower and upper bound of each; ``head`` gives the words."""
    names, values, low, high = (list(column) for column in zip(*reversed(rows), strict=True))
    labels = [textwrap.fill(name, 40) for name in names]
    lines = max(label.count("\n") + 1 for label in labels)
    with _canvas(max(1.6, (0.1 + 0.16 * lines) * len(rows) + 0.6)) as (canvas, axes):
        colour = sns.color_palette("colorblind")[0]
        arms = np.abs(np.array([low, high]) - np.array(values))
        axes.errorbar(values, range(len(rows)), xerr=arms, fmt="o", color=colour, capsize=3, markersize=4)
        axes.set_yticks(range(len(rows)), labels)
        axes.set_xlim(left=min(0.0, *low))
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(axis="x", color="#dddddd", linewidth=0.5)
        _dress(axes, words, unit, horizontal=True)
        svg = _svg(canvas)
    said = "; ".join(
        f"{name}: {words.number(v, 1)} ({words.number(a, 1)}–{words.number(b, 1)})" for name, v, a, b in rows
    )
    kind = words.text("Estimates with 95 % intervals")
    return replace(head, svg=svg, alternative=f"{kind}. {head.caption}. {said}.")


def stacked(wide: pd.DataFrame, words: Words, head: Figure, unit: str) -> Figure:
    """Bars on top of one another: a row for each year, a column for each label; ``head`` gives the words."""
    with _canvas(3.3) as (canvas, axes):
        _bars_on_top(axes, wide, words)
        _dress(axes, words, unit, horizontal=False)
        svg = _svg(canvas)
    last = wide.iloc[-1].items()
    said = "; ".join(f"{label}: {words.number(float(value), 1)} ({wide.index[-1]})" for label, value in last)
    return replace(head, svg=svg, alternative=f"{words.text('Stacked bar chart')}. {head.caption}. {said}.")


def _left_out(figure: decl.Figure, frame: pd.DataFrame, geos: list[str], words: Words) -> tuple[str, ...]:
    """A note on the countries that a ranking cannot show."""
    absent = [words.geo(geo) for geo in geos if geo not in set(frame["geo"])]
    if figure.kind != "ranking" or not absent:
        return ()
    year = str(frame["time"].iloc[0])
    return (words.text("Not available for {year}: {names}.", year=year, names=words.enumeration(absent)),)


def _svg(canvas: Canvas) -> bytes:
    out = io.BytesIO()
    canvas.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _alternative(figure: decl.Figure, frame: pd.DataFrame, reader: Reader, title: str) -> str:
    """The figure in words: title, kind, first and last value of each series."""
    w, d = reader.words, reader.words.declarations
    kinds = {
        "lines": w.text("Line chart"),
        "stack": w.text("Stacked bar chart"),
        "share": w.text("Stacked bar chart of shares"),
        "bars": w.text("Bar chart"),
        "ranking": w.text("Bar chart of countries, in order"),
    }
    if figure.kind == "share":
        totals = frame.groupby("time")["value"].transform("sum")
        frame = frame.assign(value=100 * frame["value"] / totals)
    if figure.kind == "ranking":
        frame = frame.sort_values("value", ascending=False, kind="stable")
    parts = []
    for label, own in frame.groupby("label", sort=False):
        own = own.sort_values("time")
        decimals = d.indicators[own["indicator"].iloc[0]].decimals
        pairs = zip(own["time"], own["value"], strict=True)
        said = [f"{w.number(float(value), decimals)} ({str(time)[:4]})" for time, value in pairs]
        parts.append(f"{label}: {said[0]}" + (f" – {said[-1]}" if len(said) > 1 else ""))
    return f"{kinds[figure.kind]}. {title}. " + "; ".join(parts) + "."
