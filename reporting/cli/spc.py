"""Verbs for the Social Protection Committee: scores, categories and verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer

from reporting import declarations
from reporting.cli.common import AsOf, Json, StoreOption, app, err, listed, out, show, store_at
from reporting.errors import UsageError
from reporting.files import whole
from reporting.vintages import Store, day

if TYPE_CHECKING:
    from reporting.spc.panel import Floats, Panel

#: A table, and what must be said beside it.
Result = tuple[pd.DataFrame, list[str]]
#: Observations, what is said of their indicators, and what must be said of both.
Material = tuple[pd.DataFrame, pd.DataFrame, list[str]]

spc = typer.Typer(help="Scores and verdicts of JAF, SPPM and the Social Scoreboard.", no_args_is_help=True)
app.add_typer(spc, name="spc")

ProfileName = Annotated[str, typer.Option("--profile", help="A profile of parameters/profiles/, such as jaf-compat.")]


Observations = Annotated[
    Path | None, typer.Option("--observations", help="CSV file: indicator,geo,time,value,flag and optionally se.")
]
Indicators = Annotated[
    Path | None,
    typer.Option(help="CSV file: indicator,high_is_good, and optionally change_in_percent,calculate_change,"
                 "drop_change_with_break,reference,deflator."),
]  # fmt: skip
Framework = Annotated[
    str, typer.Option(help="Instead of files: all indicators of jaf, sppm or scoreboard in the store.")
]


@spc.command(epilog="Example: reporting spc score obs.csv --profile jaf-compat --indicators meta.csv --output out.csv")
def score(
    profile: ProfileName,
    output: Annotated[Path, typer.Option("--output", help="CSV file of the scores.")],
    observations: Annotated[
        Path | None, typer.Argument(help="CSV file: indicator,geo,time,value,flag and optionally se.")
    ] = None,
    indicators: Indicators = None,
    framework: Framework = "",
    base: Annotated[int, typer.Option(help="Dashboard: years before, or year, to compare with [default: its first].")]
    = 0,
    significance: Annotated[
        Path | None, typer.Option(help="Dashboard: CSV file indicator,geo,base,time,significant and optionally se.")
    ] = None,
    store: StoreOption = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Score levels and changes of indicators in all countries, and classify them."""
    known = declarations.load()
    rules = profile_named(known, profile)
    if not isinstance(rules, declarations.Dashboard) and (base or significance):
        raise UsageError(f"--base and --significance go with a dashboard; {profile} scores.")
    _refuse_own(output, *filter(None, (observations, indicators, significance)))
    found, described, said = _material(known, rules, observations, indicators, framework, store, as_of)
    weights = _weights(known, store_at(known, store, quiet=True), framework, rules, as_of) if framework else None
    table, remarks = _judged(known, rules, found, described, base, significance, weights)
    _write(output, table, as_json)
    for remark in [*said, *remarks]:
        err.print(f"note: {remark}", markup=False)


@spc.command(epilog="Example: reporting spc explain jaf:PA11.S1. BE --framework jaf --profile jaf-compat")
def explain(
    indicator: Annotated[str, typer.Argument(help="An indicator of the data.")],
    geo: Annotated[str, typer.Argument(help="A country code.")],
    profile: ProfileName,
    observations: Observations = None,
    indicators: Indicators = None,
    framework: Framework = "",
    store: StoreOption = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:
    """Show every number that led to a verdict, and which countries were left out and why."""
    from reporting.spc import explained, panel, scoring

    known = declarations.load()
    rules = profile_named(known, profile)
    if isinstance(rules, declarations.Dashboard):
        raise UsageError(f"{profile} is a dashboard: it has no scores to explain.")
    found, described, said = _material(known, rules, observations, indicators, framework, store, as_of)
    filled = panel.build(found, list(described.index), known.members(rules.countries), rules.aggregates)
    working = explained.explain(scoring.score(filled, described, rules), indicator, geo)
    show([working], as_json, ("", ""), explained.lines(working))
    for remark in said if observations else []:
        err.print(f"note: {remark}", markup=False)


@spc.command(epilog="Example: reporting spc history BE --framework jaf --profile jaf-compat "
             "--dates 2022-12-31,2025-10-20 --output history.csv")  # fmt: skip
def history(
    geo: Annotated[str, typer.Argument(help="A country code.")],
    profile: ProfileName,
    framework: Annotated[str, typer.Option(help="jaf, sppm or scoreboard.")],
    dates: Annotated[str, typer.Option(help="Days on which the data were known (YYYY-MM-DD), comma-separated.")],
    output: Annotated[Path, typer.Option("--output", help="CSV file of the outcomes.")],
    store: StoreOption = None,
    as_json: Json = False,
) -> None:
    """Classify each cycle with the data of its time, and say why it would be another today."""
    from reporting.spc import history as past

    known = declarations.load()
    rules = profile_named(known, profile)
    members = known.members(rules.countries)
    if isinstance(rules, declarations.Dashboard) or geo not in members:
        raise UsageError(
            f"{profile} gives {geo} no outcome: name a profile that scores, and one of {' '.join(members)}."
        )
    place = store_at(known, store)
    days = [day(date) for date in listed(dates)]
    known_at = {date: _stored(known, place, framework, rules, date)[0] for date in days}
    today, described, _ = _stored(known, place, framework, rules, "")
    _write(output, past.history(known_at, today, described, rules, members, geo), as_json)


@spc.command(epilog="Example: reporting spc quality --framework jaf --by indicator --output quality.csv")
def quality(
    output: Annotated[Path, typer.Option("--output", help="CSV file of what was found.")],
    observations: Annotated[
        Path | None, typer.Argument(help="CSV file: indicator,geo,time,value,flag.")
    ] = None,
    indicators: Indicators = None,
    framework: Framework = "",
    by: Annotated[str, typer.Option(help="A row for each: country (of each indicator), or indicator.")]
    = "country",
    year: Annotated[int, typer.Option(help="The current year [default: that of the newest figures].")] = 0,
    profile: ProfileName = "jaf-compat",
    store: StoreOption = None,
    as_of: AsOf = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Tell old, late, few, missing, broken, unreliable and outlying figures of the last ten years."""
    from reporting.spc import quality as judged

    known = declarations.load()
    rules = profile_named(known, profile)
    if by not in ("country", "indicator"):
        raise UsageError(f"--by {by}: write country or indicator.")
    _refuse_own(output, *filter(None, (observations, indicators)))
    found, _, said = _material(known, rules, observations, indicators, framework, store, as_of)
    members = known.members(rules.countries)
    found = found[found["geo"].isin([*members, *rules.aggregates])]
    now = year or judged.current(found)
    table = judged.by_country(found, now) if by == "country" else judged.by_indicator(found, now, members)
    _write(output, table, as_json)
    for remark in [*said, f"figures of {now - judged.SPAN + 1} to {now}"]:
        err.print(f"note: {remark}", markup=False)


def _material(
    known: declarations.Declarations, rules: declarations.AnyProfile, observations: Path | None,
    indicators: Path | None, framework: str, store: str | None, as_of: str,
) -> Material:  # fmt: skip
    """What is to be judged, from two files or from the store."""
    if bool(framework) == bool(observations) or bool(observations) != bool(indicators):
        raise UsageError("Give a file of observations with --indicators, or a --framework.")
    if observations and indicators:
        return _read(known, observations, indicators)
    return _stored(known, store_at(known, store), framework, rules, as_of)


def _read(known: declarations.Declarations, observations: Path, indicators: Path) -> Material:
    from reporting.spc import observed

    described = observed.indicators(indicators)
    found, said = observed.observations(observations, known)
    return found, described, said + observed.matched(found, described, (observations.name, indicators.name))


def _stored(
    known: declarations.Declarations, place: Store, framework: str, rules: declarations.AnyProfile, as_of: str
) -> Material:
    from reporting.spc import stored

    entries = stored.entries(known, framework)
    geos = [*known.members(rules.countries), *rules.aggregates]
    found = stored.values(place, entries, geos, as_of, known)
    if isinstance(rules, declarations.Dashboard) or rules.breaks.window == "span":
        found = stored.with_input_breaks(place, found, entries, known, as_of)
    held = set(found["indicator"])
    idle = [name for name in entries if name not in held]
    missing = "are not in the store, or leave open which of its series is meant"
    said = [f"{len(idle)} of {len(entries)} indicators {missing}: {', '.join(idle)}."] if idle else []
    return found, stored.described(entries, isinstance(rules, declarations.Dashboard)), said


def _judged(
    known: declarations.Declarations, rules: declarations.AnyProfile, found: pd.DataFrame, described: pd.DataFrame,
    base: int, significance: Path | None, weights: pd.DataFrame | None = None,
) -> Result:  # fmt: skip
    from reporting.spc import deflated, evidence, panel

    axes = list(described.index), known.members(rules.countries), rules.aggregates
    filled = panel.build(found, *axes)
    if isinstance(rules, declarations.Dashboard):
        told = evidence.table(significance, known) if significance else None
        errors = panel.beside(filled, found, "se") if "se" in found else None
        return _moved(filled, described, rules, base, told, errors, deflated.prices(filled, found, described))
    return _scored(filled, described, rules, found, weights)


def _scored(
    filled: Panel, described: pd.DataFrame, rules: declarations.Profile, found: pd.DataFrame,
    weights: pd.DataFrame | None,
) -> Result:  # fmt: skip
    from reporting.spc import remarks, scoring, weighted

    scores = scoring.score(filled, described, rules)
    table = scores.table()
    if weights is not None and len(weights):
        table = pd.concat([table, weighted.table(scores, weights)], ignore_index=True)
    return table, list(remarks.of(scores, found, described))


def _weights(
    known: declarations.Declarations, place: Store, framework: str, rules: declarations.AnyProfile, as_of: str
) -> pd.DataFrame | None:
    """The weights of a framework's indicators, under a profile that gives verdicts."""
    from reporting.spc import stored, weighted

    if isinstance(rules, declarations.Dashboard) or rules.gives != "verdict":
        return None
    geos = [*known.members(rules.countries), *rules.aggregates]
    return weighted.weights(place, known, stored.entries(known, framework), geos, as_of)


def _moved(
    filled: Panel, described: pd.DataFrame, rules: declarations.Dashboard, base: int,
    told: pd.DataFrame | None, errors: Floats | None, prices: Floats | None,
) -> Result:  # fmt: skip
    from reporting.spc import dashboard

    found = dashboard.moves(filled, described, rules, base, told, errors, prices)
    words = {"deterioration": "social trend to watch", "improvement": "positive recent trend"}
    return found.table(), [
        f"{indicator}: {words[state]}: {state} in {count} of {of} countries."
        for indicator, state, count, of in found.trends()
    ]


def profile_named(known: declarations.Declarations, name: str) -> declarations.AnyProfile:
    """A declared profile.

    Raises
    ------
    UsageError
        When there is none of this name, with those there are and near ones.
    """
    from reporting.spc import lines

    if name not in known.profiles:
        raise UsageError(
            f"Unknown profile {name!r}: there is no parameters/profiles/{name}.toml. "
            f"Declared are {', '.join(known.profiles)}.{lines.near(name, list(known.profiles))}"
        )
    return known.profiles[name]


def _refuse_own(output: Path, *read: Path) -> None:
    for path in read:
        if output.exists() and path.exists() and output.samefile(path):
            raise UsageError(f"--output {output} is a file that is read: name another one.")


def _write(path: Path, table: pd.DataFrame, as_json: bool) -> None:
    """Write a table, whole or not at all: full precision, missing cells empty, TRUE and FALSE."""
    truths = {str(c): table[c].map({True: "TRUE", False: "FALSE"}) for c in table if table[c].dtype == bool}
    with whole(path) as part:
        table.assign(**truths).to_csv(part, index=False, lineterminator="\n")
    if as_json:
        out.print_json(json.dumps(_records(table)))
    else:
        out.print(f"{path}: {len(table)} rows.", markup=False)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table for JSON: missing cells are null."""
    return table.astype(object).where(table.notna() & (table != ""), None).to_dict("records")  # type: ignore[return-value]
