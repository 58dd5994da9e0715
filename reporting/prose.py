"""Sentences with numbers from data, never typed.

A sentence is a message with named placeholders; a placeholder is filled with a
:class:`Quantity`. When a quantity is missing the sentence is left out: no
figure, no sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

from reporting.indicators import Evaluator
from reporting.labels import Words, tr

#: How a value is said in its unit.
PHRASES = {
    "MIO_EUR": tr("{number} million euro"),
    "MEUR_KP15": tr("{number} million euro at 2015 prices"),
    "THS_EUR": tr("{number} thousand euro"),
    "EUR": tr("{number} euro"),
    "EUR_HAB": tr("{number} euro per inhabitant"),
    "EUR_HAB_KP15": tr("{number} euro per inhabitant at 2015 prices"),
    "EUR_MTH": tr("{number} euro a month"),
    "PC_GDP": tr("{number} % of GDP"),
    "PER": tr("{number} persons"),
    "YR": tr("{number} years"),
}
_PERCENT = tr("{number} %")


@dataclass(frozen=True)
class Quantity:
    """A value as it is said: number with unit, and the time it belongs to."""

    value: float
    time: str
    text: str

    def __str__(self) -> str:
        return self.text


def phrase(words: Words, value: float, unit: str, decimals: int) -> str:
    """A value with its unit, as part of a sentence."""
    number = words.number(value, decimals)
    message = PHRASES.get(unit, _PERCENT if unit.startswith("PC") else "")
    return words.text(message, number=number) if message else number


def quantity(
    words: Words, evaluator: Evaluator, indicator: str, geo: str, time: str | None = "", back: int = 0
) -> Quantity | None:
    """The value of an indicator, said in words.

    Parameters
    ----------
    time : str
        A year; empty for the last year with a value.
    back : int
        So many years before that.

    Returns
    -------
    Quantity or None
        None when there is no value.
    """
    declared = evaluator.declarations.indicators[indicator]
    frame = evaluator.indicator(indicator, (geo,))
    frame = frame[frame["value"].notna()].set_index("time")
    if frame.empty:
        return None
    when = time or max(frame.index)
    when = str(int(when) - back) if back else when
    if when not in frame.index:
        return None
    value = float(frame.at[when, "value"])  # type: ignore[arg-type]
    return Quantity(value, when, phrase(words, value, declared.unit, declared.decimals))
