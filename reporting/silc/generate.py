"""Synthetic D, R, H and P files: invented households of an invented country shaped like Belgium.

Nothing is copied from real or licensed records: every value is drawn from a
seed. Strata are eleven provinces, primary sampling units are neighbourhoods
that share part of their fortune; a sample is drawn in two stages with its
weights. Whatever is shown of it must say that it is synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.silc.survey import Survey

REGIONS = ("BE10", "BE21", "BE22", "BE23", "BE24", "BE25", "BE31", "BE32", "BE33", "BE34", "BE35")
_SHARES = np.array([11, 16, 8, 13, 10, 11, 4, 12, 9, 2, 4]) / 100
#: Adults, children, whether the head is 65 or over, share.
_KINDS = np.array(
    [(1, 0, 0, 0.22), (1, 0, 1, 0.13), (2, 0, 0, 0.17), (2, 0, 1, 0.12), (2, 1, 0, 0.10), (2, 2, 0, 0.12),
     (2, 3, 0, 0.04), (1, 1, 0, 0.04), (1, 2, 0, 0.03), (3, 0, 0, 0.03)]
)  # fmt: skip
_NEIGHBOURHOOD = 60
_ITEMS = ("HH050", "HS060", "HS050", "HS040", "HS110", "HD080")
_OWN_ITEMS = ("PD080", "PD020", "PD030", "PD070", "PD060", "PD050")
_DEDUCTED = np.array([0, 15_820, 27_920, 48_320])
_RATES = np.array([0.25, 0.15, 0.05, 0.05])
_PRICES = 1.29
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Files:
    """The four files as tables."""

    d: pd.DataFrame
    r: pd.DataFrame
    h: pd.DataFrame
    p: pd.DataFrame

    def survey(self) -> Survey:
        """The files as a survey that was read."""
        return Survey(self.d, self.r, self.h, self.p, {letter: Path(f"synthetic {letter}") for letter in "drhp"})

    def write(self, folder: Path) -> dict[str, Path]:
        """Write the files as CSV: ``synthetic_d.csv`` and so on."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = {letter: folder / f"synthetic_{letter}.csv" for letter in "drhp"}
        for letter, path in paths.items():
            getattr(self, letter).to_csv(path, index=False)
        return paths


def population(households: int = 20_000, year: int = 2025, seed: int = 1) -> Files:
    """The whole of a synthetic population: each weight is 1."""
    rng = np.random.default_rng(seed)
    d = _register(rng, households, year)
    persons = _persons(rng, d, year)
    persons = persons.assign(**_activity(rng, persons))
    return _with_incomes(rng, d, persons.assign(**_earned(rng, persons)), year)


def sample(whole: Files, psus: int = 10, households: int = 12, seed: int = 1) -> Files:
    """A two-stage sample: PSUs in each stratum, then households in each PSU, with their weights."""
    chosen = draw(whole.d, psus, households, np.random.default_rng(seed))
    d = whole.d.merge(chosen, on="DB030", validate="one_to_one")
    d = d.assign(DB080=d["weight"], DB090=d["weight"]).drop(columns="weight")
    weight = d.set_index("DB030")["DB090"]
    r = whole.r[whole.r["RB040"].isin(weight.index)]
    r = r.assign(RB050=r["RB040"].map(weight))
    h = whole.h[whole.h["HB030"].isin(weight.index)]
    p = whole.p[whole.p["PB030"].isin(r["RB030"])]
    p = p.assign(PB040=p["PB030"].map(r.set_index("RB030")["RB050"]))
    return Files(*(frame.reset_index(drop=True) for frame in (d, r, h, p)))


def draw(register: pd.DataFrame, psus: int, households: int, rng: np.random.Generator) -> pd.DataFrame:
    """Households of a two-stage sample with their weights: simple random at both stages."""
    number = register["DB030"].to_numpy()
    inside = {unit: number[rows] for unit, rows in register.groupby("DB060").indices.items()}
    units_of = register.groupby("DB050")["DB060"].unique()
    ids, weights = [], []
    for units in units_of:
        taken = rng.choice(units, min(psus, len(units)), replace=False)
        for unit in taken:
            some = rng.choice(inside[unit], min(households, len(inside[unit])), replace=False)
            ids.append(np.sort(some))
            weights.append(np.full(len(some), len(units) / len(taken) * len(inside[unit]) / len(some)))
    return pd.DataFrame({"DB030": np.concatenate(ids), "weight": np.concatenate(weights)})


def following(whole: Files, seed: int = 2) -> Files:
    """The same population a year later: incomes moved, some households by a lot."""
    rng = np.random.default_rng(seed)
    moved = rng.normal(0.03, 0.08, len(whole.h)) + rng.choice([0.0, -0.35, 0.35], len(whole.h), p=[0.9, 0.06, 0.04])
    factor = pd.Series(np.exp(moved), index=whole.h["HB030"])
    p = whole.p.copy()
    amounts = [str(name) for name in p if str(name).startswith("PY")]
    p[amounts] = p[amounts].mul(p["PB030"].floordiv(100).map(factor).to_numpy(), axis=0).round(2)
    h = whole.h.copy()
    amounts = [str(name) for name in h if str(name).startswith("HY")]
    h[amounts] = h[amounts].mul(factor.to_numpy(), axis=0)
    year = int(whole.d["DB010"].iloc[0]) + 1
    r = whole.r.assign(RB010=year, RB081=whole.r["RB081"] + 1, RB082=whole.r["RB082"] + 1)
    return Files(whole.d.assign(DB010=year), r, _totals(h.assign(HB010=year), p), p.assign(PB010=year))


def _register(rng: np.random.Generator, households: int, year: int) -> pd.DataFrame:
    region = np.sort(rng.choice(len(REGIONS), households, p=_SHARES))
    place = np.arange(households) // _NEIGHBOURHOOD
    fortune = rng.normal(0, 0.35, place.max() + 1)
    number = np.arange(1, households + 1)
    return pd.DataFrame(
        {
            "DB010": year, "DB020": "BE", "DB030": number, "DB040": np.array(REGIONS)[region], "DB050": region + 1,
            "DB060": (region + 1) * 100_000 + place, "DB075": number % 6 + 1, "DB080": 1.0, "DB090": 1.0,
            "DB100": np.where(region == 0, 1, rng.integers(1, 4, households)), "DB135": 1,
            "fortune": rng.normal(fortune[place], 1.0),
            "kind": rng.choice(len(_KINDS), households, p=_KINDS[:, 3]),
        }
    )  # fmt: skip


def _persons(rng: np.random.Generator, d: pd.DataFrame, year: int) -> pd.DataFrame:
    """Members of households: adults first, then children, each with sex and age."""
    adults, children, old = (_KINDS[d["kind"], column].astype(int) for column in range(3))
    size = adults + children
    row = np.repeat(np.arange(len(d)), size)
    order = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
    head = np.where(old, rng.integers(65, 92, len(d)), rng.integers(24, 65, len(d)))
    head = np.where(children > 0, rng.integers(26, 55, len(d)), head)[row]
    child = order >= adults[row]
    age = np.where(order == 0, head, np.clip(head + rng.integers(-5, 6, len(row)), 19, 99))
    age = np.where(order == 2, rng.integers(19, 31, len(row)), age)
    age = np.where(child, np.minimum(rng.integers(0, 22, len(row)), head - 18), age)
    sex = np.where(order == 1, 3 - rng.integers(1, 3, len(d))[row], rng.integers(1, 3, len(row)))
    household = d["DB030"].to_numpy()[row]
    number = household * 100 + order + 1
    parent = np.where(child | (order == 2), household * 100 + 1, np.nan)
    return pd.DataFrame(
        {
            "RB010": year, "RB020": "BE", "RB030": number, "RB032": order + 1, "RB040": household, "RB050": 1.0,
            "RB080": year - 1 - age, "RB081": age, "RB082": age + rng.integers(0, 2, len(row)), "RB090": sex,
            "RB110": 1, "RB220": parent, "RB245": np.where(age >= 16, 1, 4), "fortune": d["fortune"].to_numpy()[row],
        }
    )  # fmt: skip


def _activity(rng: np.random.Generator, persons: pd.DataFrame) -> dict[str, npt.NDArray[np.generic]]:
    """Attainment, the activity of most of the year and the months in it, hours."""
    age, fortune = persons["RB081"].to_numpy(), persons["fortune"].to_numpy()
    talent = fortune * 0.6 + rng.normal(0, 0.8, len(persons))
    level = np.select([talent < -0.8, talent < 0.35], [200, 354], 600)
    chance, work = rng.random(len(persons)), 0.82 + 0.07 * np.clip(talent, -3, 1.5)
    self_employed, part = rng.random(len(persons)) < 0.13, rng.random(len(persons))
    part_time = part < np.where(persons["RB090"] == 2, 0.38, 0.1)
    job = 1 + part_time + 2 * self_employed
    not_working = rng.choice([5, 8, 10, 11], len(persons), p=[0.35, 0.35, 0.2, 0.1])
    main = np.where(chance < work, job, not_working)
    main = np.where((age >= 58) & (chance > 0.6), 7, main)
    main = np.where(age <= 23, np.where(chance < 0.62, 6, main), main)
    main = np.where(age >= 65, 7, main)
    working = main <= 4
    broken = (rng.random(len(persons)) < 0.1) & working
    months = np.where(working, np.where(broken, rng.integers(2, 12, len(persons)), 12), 0)
    hours = np.where(working, np.where(part_time, rng.integers(16, 33, len(persons)), 38), np.nan)
    return {"level": level, "main": main, "months": months, "hours": hours, "talent": talent}


def _earned(rng: np.random.Generator, persons: pd.DataFrame) -> dict[str, Floats]:
    """Gross incomes of persons of 16 and over."""
    adult = persons["RB081"].to_numpy() >= 16
    main, months, talent = (persons[name].to_numpy() for name in ("main", "months", "talent"))
    share = np.nan_to_num(persons["hours"].to_numpy() / 38, nan=0.0)
    wage = np.exp(10.6 + 0.22 * talent + 0.15 * (persons["level"] == 600) + rng.normal(0, 0.42, len(persons)))
    earned = wage * share * months / 12
    self_employed = np.isin(main, (3, 4))
    idle = np.where(main <= 4, 12 - months, 12)
    pension = np.exp(9.95 + 0.2 * talent + rng.normal(0, 0.38, len(persons)) - 0.28 * (persons["RB090"] == 2))
    return {
        "PY010G": np.where(adult & ~self_employed, earned, 0.0),
        "PY021G": np.where(adult & ~self_employed & (rng.random(len(persons)) < 0.08), 0.06 * earned, 0.0),
        "PY050G": np.where(adult & self_employed, earned * np.exp(rng.normal(-0.1, 0.5, len(persons))), 0.0),
        "PY090G": np.where(adult & ((main == 5) | (main <= 4)), 1_150.0 * idle, 0.0),
        "PY100G": np.where(adult & (main == 7), pension, 0.0),
        "PY110G": np.where(adult & (main == 7) & (rng.random(len(persons)) < 0.15), 3_000.0, 0.0),
        "PY130G": np.where(adult & (main == 8), 16_800.0 * np.exp(rng.normal(0, 0.15, len(persons))), 0.0),
        "PY140G": np.where(adult & (main == 6), rng.choice([0.0, 1_200.0], len(persons)), 0.0),
    }


def _with_incomes(rng: np.random.Generator, d: pd.DataFrame, persons: pd.DataFrame, year: int) -> Files:
    """Questionnaires of persons and households."""
    adults = persons[persons["RB081"] >= 16]
    gross = {str(name): adults[name].round(2) for name in persons if str(name).startswith("PY")}
    net = {f"{name.removesuffix('G')}N": (0.87 * values).round(2) for name, values in gross.items() if name != "PY021G"}
    p = pd.DataFrame(
        {
            "PB010": year, "PB020": "BE", "PB030": adults["RB030"], "PB040": 1.0, "PB140": adults["RB080"],
            "PB150": adults["RB090"], "PE041": adults["level"], "PL060": adults["hours"],
            "PL032": adults["main"].map({5: 2, 7: 3, 8: 4, 6: 5, 10: 6, 11: 8}).fillna(1), **_calendar(adults),
            **gross, **{name: 0.0 for name in ("PY080G", "PY120G")}, **net, "PY120N": 0.0,
            **_answers(rng, adults["fortune"].to_numpy(), _OWN_ITEMS, -3.3),
        }
    )  # fmt: skip
    h = _households(rng, d, persons, p)
    h = _totals(_at_prices(h, "HY", "HH06", "HH07"), p := _at_prices(p, "PY"))
    r = persons[[name for name in persons if str(name).startswith("RB")]]
    register = d.drop(columns=["fortune", "kind"])
    return Files(*(frame.reset_index(drop=True) for frame in (register, r, h, p)))


def _at_prices(frame: pd.DataFrame, *stems: str) -> pd.DataFrame:
    """Amounts, drawn at the prices of an earlier year, at those of the survey."""
    return frame.assign(
        **{str(name): (frame[name] * _PRICES).round(2) for name in frame if str(name).startswith(stems)}
    )


def _calendar(adults: pd.DataFrame) -> dict[str, npt.NDArray[np.generic]]:
    """The activity of each month: at work first, unemployed for the rest of the year."""
    main, months = adults["main"].to_numpy(), adults["months"].to_numpy()
    return {
        f"PL211{letter}": np.where((main <= 4) & (month >= months), 5, main)
        for month, letter in enumerate("ABCDEFGHIJKL")
    }


def _answers(rng: np.random.Generator, fortune: Floats, names: tuple[str, ...], level: float) -> dict[str, Floats]:
    """Answers on deprivation: 1 yes, 2 cannot afford, 3 other reason; hardship goes with fortune."""
    found = {}
    for position, name in enumerate(names):
        cannot = rng.random(len(fortune)) < 1 / (1 + np.exp(-(level + 0.12 * position - 1.5 * fortune)))
        found[name] = np.where(cannot, 2.0, np.where(rng.random(len(fortune)) < 0.08, 3.0, 1.0))
    return found


def _households(rng: np.random.Generator, d: pd.DataFrame, persons: pd.DataFrame, p: pd.DataFrame) -> pd.DataFrame:
    """Incomes and conditions of households; taxes follow from the incomes of their members."""
    household = persons["RB040"]
    children = (persons["RB081"] < 18).groupby(household).sum().to_numpy()
    small = (persons["RB081"] < 14).groupby(household).sum().to_numpy()
    size = household.groupby(household).size().to_numpy()
    scale = 1 + 0.5 * (size - small - 1) + 0.3 * small
    amounts = [str(name) for name in p if str(name).startswith("PY") and str(name).endswith("G")]
    of_person = p[amounts].sum(axis=1)
    owner = p["PB030"] // 100
    number, fortune, n = d["DB030"], d["fortune"].to_numpy(), len(d)
    total = number.map(of_person.groupby(owner).sum()).fillna(0).to_numpy()
    taxable = np.clip(of_person - 10_570, 0, None).to_numpy()
    tax = np.clip(taxable[:, None] - _DEDUCTED, 0, None) @ _RATES + 0.13 * (p["PY010G"] + p["PY050G"])
    taxes = number.map(tax.groupby(owner).sum()).fillna(0).to_numpy()
    renter = rng.random(n) < 1 / (1 + np.exp(1 + 0.8 * fortune))
    capital = np.where(rng.random(n) < 0.35, np.exp(rng.normal(6.8 + 0.5 * fortune, 1.4)), 0.0)
    aid = np.clip(10_800 * scale - (total - taxes), 0, 14_000) * (rng.random(n) < 0.5)
    rent = np.where(renter, np.exp(rng.normal(6.35, 0.25, n)), 0.0)
    yes = rng.random((3, n)) < 1 / (1 + np.exp(3.4 + 1.3 * fortune))
    return pd.DataFrame(
        {
            "HB010": d["DB010"], "HB020": "BE", "HB030": number, "HB120": size, "HY040G": 0.0,
            "HY050G": 2_060.0 * children, "HY060G": aid.round(2), "HY070G": np.where(renter & (aid > 0), 900.0, 0.0),
            "HY080G": 0.0, "HY090G": capital.round(2), "HY110G": 0.0, "HY120G": np.where(renter, 0.0, 850.0),
            "HY130G": np.where(rng.random(n) < 0.02, 2_400.0, 0.0), "HY140G": taxes.round(2),
            "HH021": np.where(renter, np.where(aid > 0, 4, 3), rng.choice([1, 2], n)), "HH060": rent.round(2),
            "HH070": (rent + rng.gamma(4.0, 60.0, n) + 250).round(2),
            **{name: np.where(yes[i], 1.0, 3.0) for i, name in enumerate(("HS011", "HS021", "HS031"))},
            **_answers(rng, fortune, _ITEMS, -3.0),
        }
    )  # fmt: skip


def _totals(h: pd.DataFrame, p: pd.DataFrame) -> pd.DataFrame:
    """Net transfers and the totals HY010, HY020, HY022, HY023."""
    owner = p["PB030"] // 100

    def members(*names: str) -> pd.Series:
        return h["HB030"].map(p[list(names)].sum(axis=1).groupby(owner).sum()).fillna(0.0)

    own = [f"HY{code}G" for code in ("040", "050", "060", "070", "080", "090", "110")]
    personal = [str(name) for name in p if str(name).startswith("PY") and str(name).endswith("G")]
    h = h.assign(**{f"HY{code}N": h[f"HY{code}G"] for code in ("050", "060", "070")})
    h = h.assign(HY010=(h[own].sum(axis=1) + members(*personal)).round(2))
    h = h.assign(HY020=(h["HY010"] - h["HY120G"] - h["HY130G"] - h["HY140G"]).round(2))
    transfers = h["HY050N"] + h["HY060N"] + h["HY070N"] + members("PY090N", "PY120N", "PY130N", "PY140N")
    h = h.assign(HY022=(h["HY020"] - transfers).round(2))
    return h.assign(HY023=(h["HY022"] - members("PY100N", "PY110N")).round(2))
