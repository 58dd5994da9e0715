"""Figures of scores: bars in the range of all countries, and tiles with a mark for each indicator and country."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import seaborn as sns

from reporting.charts import Figure, _canvas, _dress, _svg
from reporting.labels import Words
from reporting.tables import Cell


def ranges(rows: Sequence[tuple[str, float, tuple[float, ...]]], words: Words, head: Figure) -> Figure:
    """Bars in bands: label, value, and lowest, first and third quartile, highest of all; below nought a hatch."""
    with _canvas(0.27 * len(rows) + 0.9) as (canvas, axes):
        good, bad = (sns.color_palette("colorblind")[n] for n in (0, 3))
        for at, (_, value, (low, first, third, high)) in enumerate(reversed(rows)):
            axes.barh(at, high - low, left=low, height=0.8, color="#eeeeee")
            axes.barh(at, third - first, left=first, height=0.8, color="#d0d0d0")
            axes.barh(at, value, height=0.4, color=bad if value < 0 else good, hatch="////" if value < 0 else "")
        axes.set_yticks(range(len(rows)), [_two_lines(name) for name, *_ in reversed(rows)], fontsize=6.5)
        axes.axvline(0, color="#444444", linewidth=0.8)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        _dress(axes, words, "", horizontal=True)
        svg = _svg(canvas)
    said = "; ".join(f"{name}: {words.number(value, 1)}" for name, value, _ in rows)
    return replace(head, svg=svg, alternative=f"{words.text('Bar chart')}. {head.caption}. {said}.")


def tiles(
    rows: Sequence[str], columns: Sequence[str], marks: Sequence[Sequence[tuple[str, str]]], words: Words, head: Figure
) -> Figure:
    """A tile for each row and column, with its mark and its colour."""
    with _canvas(0.26 * len(rows) + 0.7) as (canvas, axes):
        for at, line in enumerate(marks):
            for place, (mark, colour) in enumerate(line):
                axes.add_patch(mpl.patches.Rectangle((place, at), 1, 1, facecolor=colour, edgecolor="#888888"))
                ink = Cell(None, "", mark, 0, ground=colour).ink
                axes.text(place + 0.5, at + 0.5, mark, ha="center", va="center", fontsize=6.5, color=ink)
        axes.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
        axes.set_yticks(np.arange(len(rows)) + 0.5, [_two_lines(name) for name in rows], fontsize=6.5)
        axes.set_xticks(np.arange(len(columns)) + 0.5, columns, fontsize=6.5)
        axes.tick_params(length=0)
        svg = _svg(canvas)
    lines = (
        f"{name}: " + ", ".join(f"{geo} {mark or ':'}" for geo, (mark, _) in zip(columns, line, strict=True))
        for name, line in zip(rows, marks, strict=True)
    )
    return replace(head, svg=svg, alternative=f"{words.text('Table of marks')}. {head.caption}. {'; '.join(lines)}.")


def _two_lines(name: str) -> str:
    """A label on one line or two, cut only where it is longer still."""
    return "\n".join(textwrap.wrap(name, 52, max_lines=2, placeholder=" …"))
