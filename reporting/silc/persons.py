"""The person table: members of households with income, weight, design and what indicators need.

Household income is shared by the modified OECD scale: 1 for the first person
aged 14 and over, 0.5 for each further one, 0.3 for each younger one, ages at
the end of the income reference period.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.errors import SourceUnreadable, UsageError
from reporting.silc import deprivation, design, income, work
from reporting.silc.estimates import Persons
from reporting.silc.survey import KEYS, Survey, numeric

OVERBURDENED = 40.0
_AGES = ((0, 17, "Y_LT18"), (18, 64, "Y18-64"), (65, 200, "Y_GE65"))
#: Breakdowns of the person table and what they say.
BREAKDOWNS = ("sex", "age", "region", "hhtyp", "activity", "education", "tenure", "urban", "quintile")


def build(survey: Survey) -> pd.DataFrame:
    """The person table of a survey.

    Raises
    ------
    UsageError
        When a file is missing.
    SourceUnreadable
        When a key is not unique, so that records cannot be joined: the count is named.
    """
    missing = [f"--{letter}" for letter in KEYS if not len(survey.file(letter))]
    if missing:
        raise UsageError(f"The person table needs the four files: give {', '.join(missing)} as well.")
    members = _joined(numeric(survey))
    members = _with(members, size=equivalised_size(members))
    members = _with(members, **_incomes(members, survey), mainly_pensions=_mainly_pensions(members))
    table = _with(members, **_statuses(members))
    return _with(table, **_categories(table)).reset_index(drop=True)


def _with(table: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """The table with more columns."""
    more = {name: values for name, values in columns.items() if values is not None}
    return pd.concat([table.drop(columns=list(more), errors="ignore"), pd.DataFrame(more, index=table.index)], axis=1)


def _joined(survey: Survey) -> pd.DataFrame:
    """Members with the variables of their household and their own questionnaire."""
    persons = survey.r
    if "RB110" in persons:
        persons = persons[persons["RB110"].isna() | persons["RB110"].between(1, 4)]
    households = survey.d[survey.number("d", "DB135", 1.0) == 1]
    keyed = ((households, "DB030", "d"), (persons, "RB030", "r"), (survey.h, "HB030", "h"), (survey.p, "PB030", "p"))
    for frame, key, letter in keyed:
        _refuse_keys(frame, key, survey.places[letter].name)
    _refuse_types((persons["RB040"], households["DB030"], survey.h["HB030"]), (persons["RB030"], survey.p["PB030"]))
    joined = persons.merge(households, left_on="RB040", right_on="DB030", validate="many_to_one")
    joined = joined.merge(survey.h, left_on="RB040", right_on="HB030", validate="many_to_one")
    joined = joined.merge(survey.p, left_on="RB030", right_on="PB030", how="left", validate="one_to_one")
    if joined.empty:
        raise SourceUnreadable("No person of the R file has a household in the D and H files: are they of one year?")
    return joined.rename(columns={"RB040": "household"}).assign(age=_age(joined), weight=joined["RB050"])


def _refuse_keys(frame: pd.DataFrame, key: str, place: str) -> None:
    for wrong, what in ((frame[key].duplicated(), f"repeat their key {key}"), (frame[key].isna(), f"have no {key}")):
        if count := int(wrong.sum()):
            raise SourceUnreadable(f"{place}: {count} records {what}: records cannot be joined. Correct the file.")


def _refuse_types(*groups: tuple[pd.Series, ...]) -> None:
    for group in groups:
        if len({pd.api.types.is_numeric_dtype(column) for column in group}) > 1:
            names = ", ".join(str(column.name) for column in group)
            raise SourceUnreadable(f"{names} are numbers in one file and text in another. Write them alike.")


def _age(members: pd.DataFrame) -> pd.Series:
    """Age at the end of the income reference period, which is the year before the survey."""
    age = members["DB010"] - 1 - members["RB080"]
    return members["RB081"].fillna(age) if "RB081" in members else age


def equivalised_size(members: pd.DataFrame) -> pd.Series:
    """The household's size on the modified OECD scale, for each member."""
    adult = members["age"] >= 14
    adults = adult.groupby(members["household"]).transform("sum")
    children = (~adult).groupby(members["household"]).transform("sum")
    return 1 + 0.5 * (adults - 1).clip(lower=0) + 0.3 * (children - (adults == 0)).clip(lower=0)


def _incomes(members: pd.DataFrame, survey: Survey) -> dict[str, pd.Series]:
    """Equivalised disposable income, and that before transfers without and with pensions where it can be known."""
    own, transfers = numeric(survey), (*income.TRANSFERS[0], *income.TRANSFERS[1])
    found = {"income": members["HY020"]}
    for name, variable, computed, parts in (
        ("income_before", "HY022", income.before_transfers, transfers),
        (
            "income_before_pensions",
            "HY023",
            income.before_all_transfers,
            (*income.PENSIONS, *(() if "HY022" in members else transfers)),
        ),
    ):
        if variable in members:
            found[name] = members[variable]
        elif own.has(*parts):
            found[name] = members["household"].map(pd.Series(computed(own).to_numpy(), index=own.h["HB030"]))
    inflation = members.reindex(columns=["HY025"])["HY025"].fillna(1.0)
    return {name: values * inflation / members["size"] for name, values in found.items()}


def _mainly_pensions(members: pd.DataFrame) -> pd.Series:
    """Whether pensions are over half of a household's gross income."""
    pensions = members.reindex(columns=["PY100G", "PY110G"]).sum(axis=1).groupby(members["household"]).transform("sum")
    gross = members.reindex(columns=["HY010"])["HY010"].fillna(members["HY020"])
    return pensions > 0.5 * gross


def _statuses(members: pd.DataFrame) -> dict[str, Any]:
    """Variables that indicators name: 1 or 0, or amounts; those whose sources are not in the files are left out."""
    age = members["age"]
    found = {"over_65": age >= 65, "below_65": age < 65, **_pensions(members)}
    lacking = deprivation.status(deprivation.items(members)) if deprivation.told(members) else None
    if lacking is not None:
        found |= {str(name): lacking[name] for name in lacking}
    if work.told(members):
        found |= _at_work(members)
    if lacking is not None and work.told(members):
        found |= _states(lacking["smsd"], found["jobless"])
    if "HH070" in members:
        burden = housing_burden(members)
        found["overburden"] = (burden > OVERBURDENED).astype(float).where(burden.notna())
    return found


def _at_work(members: pd.DataFrame) -> dict[str, Any]:
    """Work in the income year: of the person and of the household."""
    level, age, employed = work.intensity(members), members["age"], work.employed(members)
    return {
        "intensity": level,
        "jobless": ((level <= work.LOW) & (age < 65)).astype(float),
        "under_65": (age < 65) & level.notna(),
        "at_work": employed & age.between(18, 64),
        "employed": employed,
        "retired": work.retired(members),
    }


def _states(smsd: pd.Series, jobless: pd.Series) -> dict[str, pd.Series]:
    """How severe deprivation and (quasi-)jobless households overlap, and shares of persons in several states."""
    either = pd.Series(np.maximum(smsd, jobless))
    others = smsd + jobless
    return {
        "smsd_or_jobless": either,
        "smsd_and_jobless": smsd * jobless,
        "smsd_only": smsd * (1 - jobless),
        "jobless_only": jobless * (1 - smsd),
        "neither": (1 - smsd) * (1 - jobless),
        "part_of_poverty": 1 / (1 + others),
        "part_of_smsd_if_poor": smsd / (1 + others),
        "part_of_smsd": smsd / others.where(either > 0, 1.0),
        "part_of_jobless_if_poor": jobless / (1 + others),
        "part_of_jobless": jobless / others.where(either > 0, 1.0),
    }


def _pensions(members: pd.DataFrame) -> dict[str, Any]:
    """Individual pensions and earnings, and whose they are; where the files have them."""
    if not {"PY100G", "PY010G"} <= set(members):
        return {}
    age, sex = members["age"], members["RB090"]
    pension = members.reindex(columns=["PY080G", "PY100G", "PY110G"]).sum(axis=1)
    earnings = members.reindex(columns=["PY010G", "PY050G"]).sum(axis=1)
    pensioner = pension > 0
    found = {
        "pension": pension,
        "pensioner_women": (age >= 65) & pensioner & (sex == 2),
        "pensioner_men": (age >= 65) & pensioner & (sex == 1),
    }
    if work.told(members):
        found |= {
            "earnings": earnings,
            "pensioner_65_74": age.between(65, 74) & work.retired(members) & pensioner,
            "worker_50_59": age.between(50, 59) & (work.at_work(members) >= 12) & (earnings > 0),
        }
    return found


def housing_burden(members: pd.DataFrame) -> pd.Series:
    """Housing costs, allowances deducted, in per cent of disposable income less allowances; 100 if nothing is left."""
    cost = 12 * members["HH070"]
    allowances = members.reindex(columns=["HY070G", "HY070N"]).bfill(axis=1).iloc[:, 0].fillna(0.0)
    left = members["HY020"] - allowances
    burden = (100 * (cost - allowances) / left).where(left > 0, 100.0)
    return pd.Series(burden.where(members["HY020"].notna() & cost.notna()))


def _categories(table: pd.DataFrame) -> dict[str, Any]:
    """Labels of the breakdowns; None where they are not known."""
    age = table["age"]
    bands = np.select([age.between(low, high) for low, high, _ in _AGES], [name for *_, name in _AGES], "")
    return {
        "sex": table["RB090"].map({1: "M", 2: "F"}),
        "age_group": pd.Series(bands, index=table.index).replace("", None),
        "region": table.get("DB040"),
        "urban": _coded(table, "DB100", "DEG"),
        "hhtyp": household_type(table),
        "activity": _activity(table),
        "education": _attainment(table),
        "tenure": _coded(table, "HH021", "T"),
        "quintile": _quintile(table),
    }


def _coded(table: pd.DataFrame, name: str, prefix: str) -> pd.Series:
    if name not in table:
        return pd.Series(None, index=table.index, dtype="object")
    return table[name].map(lambda code: f"{prefix}{code:g}" if code == code else None).astype("object")


def _activity(table: pd.DataFrame) -> pd.Series:
    """Most frequent activity of persons of 18 and over."""
    found = np.select(
        [work.employed(table), work.mostly(table, 5, "PL080"), work.retired(table)], ["EMP", "UNE", "RET"], "INAC_OTH"
    )
    known = (table["age"] >= 18) & (work.known_months(table) > 0)
    return pd.Series(found, index=table.index, dtype="object").where(known, None)


def _attainment(table: pd.DataFrame) -> pd.Series:
    """Educational attainment of persons of 18 and over: the first digit of ISCED."""
    level = table.reindex(columns=["PE041"])["PE041"]
    level = (level // 100).where(level >= 100, level)
    found = np.select([level <= 2, level <= 4, level <= 8], ["ED0-2", "ED3_4", "ED5-8"], "")
    return pd.Series(found, index=table.index, dtype="object").where((found != "") & (table["age"] >= 18), None)


def household_type(table: pd.DataFrame) -> pd.Series:
    """Household type by adults and dependent children: under 18, or inactive to 24 and living with a parent."""
    age = table["age"]
    parent = table.reindex(columns=["RB220", "RB230"]).notna().any(axis=1)
    child = (age < 18) | ((age <= 24) & parent & ~work.employed(table))
    children = child.groupby(table["household"]).transform("sum")
    adults = (~child).groupby(table["household"]).transform("sum")
    found = np.select(
        [
            (adults <= 1) & (children == 0), (adults <= 1), (adults == 2) & (children == 0),
            (adults == 2) & (children == 1), (adults == 2) & (children == 2), adults == 2, children == 0,
        ],
        ["A1", "A1_DCH", "A2", "A2_1DCH", "A2_2DCH", "A2_GE3DCH", "A_GE3"],
        "A_GE3_DCH",
    )  # fmt: skip
    return pd.Series(found, index=table.index, dtype="object")


def _quintile(table: pd.DataFrame) -> pd.Series:
    """The national quintile of a person's income."""
    known = table["income"].notna() & (table["weight"] > 0)
    order = table.loc[known].sort_values("income")
    share = order["weight"].cumsum() / order["weight"].sum()
    number = np.ceil(share * 5 - 1e-9).clip(1, 5).astype(int)
    groups = ("QU" + number.astype(str)).groupby(order["income"]).transform("last")
    return pd.Series(groups.reindex(table.index).astype("object"))


def as_persons(table: pd.DataFrame, by: tuple[str, ...] = ()) -> Persons:
    """The person table as the persons of a survey: stratum DB050, PSU DB060 or the household.

    Raises
    ------
    UsageError
        For a breakdown that there is not, or whose variables the files do not have.
    SourceUnreadable
        For negative weights, and for strata or PSUs of some households only.
    """
    columns = {"age": "age_group"}
    there = [name for name in BREAKDOWNS if table.get(columns.get(name, name), pd.Series(dtype="object")).notna().any()]
    unknown = [name for name in by if name not in there]
    if unknown:
        raise UsageError(f"No breakdown {', '.join(unknown)} in these files. There are: {', '.join(there)}.")
    negative = int((table["weight"] < 0).sum())
    if negative:
        raise SourceUnreadable(f"RB050 is negative in {negative} records of the R file. Correct the file.")
    known = table["income"].notna() & table["weight"].notna()
    numbers: npt.NDArray[np.float64] = table["income"].where(known).to_numpy(dtype=np.float64, na_value=np.nan)
    weight = table["weight"].fillna(0.0).to_numpy(dtype=np.float64)
    stratum, psu = _design_variable(table, "DB050"), _design_variable(table, "DB060")
    return Persons(
        numbers,
        weight,
        design.of_counted(stratum, table["household"].to_numpy() if psu is None else psu, weight),
        {name: _labels(table[columns.get(name, name)]) for name in by},
        {str(name): table[name].to_numpy() for name in table},
    )


def _design_variable(table: pd.DataFrame, name: str) -> npt.NDArray[Any] | None:
    """Strata or PSUs; None where the design has none."""
    if name not in table or table[name].isna().all():
        return None
    if missing := int(table.drop_duplicates("household")[name].isna().sum()):
        raise SourceUnreadable(f"{name} is empty in {missing} households of the D file. Give it for all or for none.")
    return np.asarray(table[name])


def households(table: pd.DataFrame) -> tuple[float, dict[str, float]]:
    """Estimated private households of the country, and of each region."""
    weight = table.drop_duplicates("household").set_index("household")["weight"].fillna(0.0)
    if "region" not in table:
        return float(weight.sum()), {}
    region = table.drop_duplicates("household")["region"].to_numpy()
    return float(weight.sum()), {str(name): float(size) for name, size in weight.groupby(region).sum().items()}


def _labels(column: pd.Series) -> npt.NDArray[Any]:
    return np.asarray(column.astype("object").where(column.notna(), None), dtype=object)
