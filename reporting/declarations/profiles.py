"""How a framework judges a country: years, change, breaks, reference, score, bands, matrix."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from reporting.declarations.base import Number, Record, Text, Tolerance

#: The reference that is a mean over the countries, each counted once.
SIMPLE_AVERAGE = "simple average"


class Years(Record):
    """Which year of an indicator is judged.

    The year of an indicator is the latest for which at least ``minimum``
    countries have a value. A ``late`` country, without a value for that year,
    enters with its own latest one before (``enter``), does so and is marked
    (``mark``), or stays out (``out``).
    """

    minimum: Annotated[int, Field(strict=True, ge=1)]
    late: Literal["enter", "mark", "out"]


class Change(Record):
    """What a change is: over a number of years, or since the previous year with data; absolute or in per cent.

    ``percent = "indicator"`` takes it in per cent where the indicator asks for that, ``never`` nowhere.
    """

    years: Annotated[int, Field(strict=True, ge=1, le=50)] | Literal["previous"]
    percent: Literal["never", "indicator"]


class Breaks(Record):
    """What a break in series does to a change.

    It ``drop``s the change before mean and dispersion are taken, only
    ``mark``s it, or is ignored; in all indicators or in those that ask for it.
    ``window = "latest"`` looks at the latest observation alone, ``span`` at all
    after the base year up to the latest: a break in the base year itself
    separates it from the year before, not from the latest.
    """

    action: Literal["drop", "mark", "ignore"]
    applies: Literal["all", "indicator"] = "all"
    window: Literal["latest", "span"] = "span"


class Score(Record):
    """A distance from the reference in standard deviations, times ``factor``.

    ``positive`` says what a positive score is: ``good`` or ``bad`` for people.
    ``aggregates`` says whether the Union and the euro area get a score too.
    """

    reference: Text
    sd: Literal["sample", "population"]
    factor: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)] = 1.0
    positive: Literal["good", "bad"]
    aggregates: Literal["scored", "shown"]
    #: Within this distance of a cut-off a score is called fragile.
    margin: Tolerance = 0.0


class Bands(Record):
    """Cut-offs of the score, rising, and the names of the bands between them.

    ``belongs`` says for each cut-off whether a score that is exactly there
    belongs to the band ``above`` or ``below``.
    """

    cuts: Annotated[tuple[Number, ...], Field(min_length=1)]
    belongs: tuple[Literal["above", "below"], ...]
    level: tuple[Text, ...]
    change: tuple[Text, ...]

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if list(self.cuts) != sorted(set(self.cuts)):
            raise ValueError("cuts: in rising order, each once")
        if len(self.belongs) != len(self.cuts):
            raise ValueError(f"belongs: one for each of the {len(self.cuts)} cuts")
        for what in ("level", "change"):
            names = getattr(self, what)
            if len(names) != len(self.cuts) + 1 or len(set(names)) < len(names):
                raise ValueError(f"{what}: {len(self.cuts) + 1} different names, one more than cuts")
        return self


class Excused(Record):
    """Outcomes of a country whose change is in the worst band though its own value did not worsen.

    A change of nought counts as not worsened for the indicators of which
    high values are good (``zero = "high"``), for ``all``, or for ``none``.
    """

    change: Text
    level: dict[str, str]
    zero: Literal["high", "all", "none"]


class Outcome(Record):
    """What level and change together mean; shown by its mark and label as well as by its colour."""

    label: Text
    mark: Text
    colour: Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
    meaning: Literal["challenge", "good", "neutral"] = "neutral"


class _Rules(Record):
    id: str
    title: Text
    source: Text
    countries: str = "EU27_2020"
    aggregates: tuple[str, ...] = ("EU27_2020", "EA20")
    outcomes: dict[str, Outcome]


class Profile(_Rules):
    """The rules of a framework that scores an indicator in all countries."""

    kind: Literal["score"]
    years: Years
    change: Change
    breaks: Breaks
    score: Score
    bands: Bands
    #: The column an outcome stands in: the scoreboard's category or the framework's verdict.
    gives: Literal["category", "verdict"]
    #: Level band to the outcome for each change band; empty for none.
    matrix: dict[str, tuple[str, ...]]
    excused: Excused | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.score.reference not in (*self.aggregates, SIMPLE_AVERAGE):
            raise ValueError(f"score.reference: one of the aggregates, or {SIMPLE_AVERAGE!r}")
        if set(self.matrix) != set(self.bands.level):
            raise ValueError(f"matrix: a row for each of the level bands {', '.join(self.bands.level)}")
        used = {outcome for row in self.matrix.values() for outcome in row}
        if any(len(row) != len(self.bands.change) for row in self.matrix.values()):
            raise ValueError(f"matrix: in each row an outcome for each of {', '.join(self.bands.change)}")
        if self.excused:
            if self.excused.change not in self.bands.change or not set(self.excused.level) <= set(self.bands.level):
                raise ValueError("excused: names of change and level bands")
            used |= set(self.excused.level.values())
        if strange := used - {"", *self.outcomes}:
            raise ValueError(f"matrix: undeclared outcome {', '.join(sorted(strange))}")
        return self


class Sizes(Record):
    """A size of change: in points where the unit is per cent, in per cent of the base elsewhere."""

    points: Tolerance
    percent: Tolerance


class Dashboard(_Rules):
    """The rules of a dashboard that tells significant changes from others.

    The year of an indicator is the latest with values for ``minimum``
    countries. ``bases`` are what it is compared with: a number of years before
    (below 100), or a year; the first is meant where none is named.
    """

    kind: Literal["dashboard"]
    minimum: Annotated[int, Field(strict=True, ge=1)]
    bases: Annotated[tuple[Annotated[int, Field(strict=True, ge=1, le=2100)], ...], Field(min_length=1)]
    #: A change of this size counts where neither a table nor a standard error tells.
    threshold: Sizes
    #: A change that is significant by table counts only from this size on.
    substance: Sizes
    #: How many standard errors a significant change exceeds.
    critical: Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
    #: The share of countries with a comparable change from which on a move of theirs is a trend.
    trend: Annotated[float, Field(strict=True, gt=0, le=1)]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if set(self.outcomes) != set(STATES):
            raise ValueError(f"outcomes: {', '.join(STATES)}, each once")
        return self


#: What a dashboard says of a change.
STATES = ("improvement", "deterioration", "no_change", "not_comparable")
AnyProfile = Annotated[Profile | Dashboard, Field(discriminator="kind")]
