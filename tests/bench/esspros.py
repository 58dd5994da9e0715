"""How fast a full ESSPROS questionnaire is checked, how many broken cells are found, and VTL beside it.

``python tests/bench/esspros.py`` prints one line for each; ``REPORTING_MUTATED=0`` perturbs every cell of the sample.
The goals: read and checked in 3 s; 98 % of the perturbations that break an aggregate found; sum rules five times
as fast as ``vtlengine`` on duckdb, with equal results (needs ``make vtl`` or ``REPORTING_VTL_PYTHON``).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "esspros"))

from reporting.esspros import classification, cube, questionnaire, rules, sums, totals, workbook  # noqa: E402
from reporting.esspros.questionnaire import Questionnaire  # noqa: E402
from reporting.esspros.samples import country, figures  # noqa: E402
from reporting.esspros.subject import Subject  # noqa: E402

SCHEMES, YEARS = 40, range(2009, 2024)
ENGINE = Path(os.environ.get("REPORTING_VTL_PYTHON", ROOT / ".venv" / "vtl" / "bin" / "python"))


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What a piece of work gives, its seconds, and those of the processor."""
    start = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - start[0], time.process_time() - start[1]


def full() -> Questionnaire:
    """A questionnaire with a figure for every item, scheme and year, all consistent."""
    known = classification.load()
    known = known.coded(figures.codes(known))
    random = np.random.default_rng(8)
    leaves = [item for item in known.leaves() if known[item].admissible]
    level = random.uniform(1, 900, (len(leaves), SCHEMES))
    paid, received = ([item.startswith(start) for item in leaves] for start in (("ben.", "exp.adm", "exp.oth"), "org."))
    level[received] *= level[paid].sum(axis=0) / level[received].sum(axis=0)
    rows = pd.MultiIndex.from_product(
        [leaves, map(str, range(1, SCHEMES + 1)), YEARS], names=["item", "scheme", "year"]
    )
    growth = 1.02 ** np.arange(len(YEARS))
    frame = pd.DataFrame({"value": (level[:, :, None] * growth).round(2).ravel()}, index=rows).reset_index()
    table = totals.completed(frame.assign(flag="", comment=""), known, decimals=2)
    schemes = tuple(replace(country.SCHEMES[0], number=str(n), name=f"Scheme {n}") for n in range(1, SCHEMES + 1))
    return Questionnaire("full.xlsx", _balanced(table, known), schemes, (), known)


def _balanced(table: pd.DataFrame, known: classification.Classification) -> pd.DataFrame:
    """Receipts by type as they are by origin, and transfers received as they are paid."""
    cells = table.set_index(["item", "scheme", "year"])["value"]
    leaves = table[table["item"].map(known.leaf) & (table["scheme"] != "_T")]
    copied = {kind: origin for origin, kind, _ in sums.origins(known) if known.leaf(kind)} | dict(sums.TRANSFERS)
    source = leaves["item"].map(copied)
    here = source.notna()
    keys = pd.MultiIndex.from_arrays([source[here], leaves.loc[here, "scheme"], leaves.loc[here, "year"]])
    values = leaves["value"].copy()
    values[here] = cells.reindex(keys).to_numpy()
    return totals.completed(leaves.assign(value=values), known, 2)


def checked(folder: Path) -> None:
    """Read and check a full questionnaire from its workbook."""
    whole = full()
    path = folder / "full.xlsx"
    workbook.write(path, whole, workbook.Plan())
    read, *reading = timed(lambda: questionnaire.read(path, whole.classification))
    found, *checking = timed(lambda: rules.check(read))
    assert len(read.table) == len(whole.table)
    assert not [finding.line for finding in found if finding.stops]
    seconds, cpu = reading[0] + checking[0], reading[1] + checking[1]
    print(f"{len(read.table)} figures of {SCHEMES} schemes and {len(YEARS)} years: "
          f"read in {reading[0]:.2f} s ({reading[1]:.2f} s of processor), checked in {checking[0]:.2f} s "
          f"({checking[1]:.2f} s), both {seconds:.2f} s ({cpu:.2f} s)")  # fmt: skip


def mutated() -> None:
    """Perturb cells of the sample one at a time."""
    import mutation
    from altered import sample

    many, size = int(os.environ.get("REPORTING_MUTATED", "60")), len(sample().table)
    cells = range(size) if not many else np.random.default_rng(17).choice(size, many, replace=False).tolist()
    tallies, _, cpu = timed(lambda: mutation.run(cells))
    broken, found = (sum(getattr(t, name) for t in tallies.values()) for name in ("broken", "found"))
    print(f"{broken} perturbations of {len(cells)} cells: sums found {found}, {found / broken:.2%} ({cpu:.0f} s)")
    for kind, tally in tallies.items():
        by_rule = ", ".join(f"{rule} {count / tally.broken:.1%}" for rule, count in sorted(tally.rules.items()))
        print(f"  {kind}: {tally.found} of {tally.broken}, {tally.share:.2%}; by rule: {by_rule}")
        for name in tally.missed[:5]:
            print(f"    missed: {name}")


def million() -> tuple[pd.DataFrame, classification.Classification]:
    """A million observations of ten aggregates and their parts; one aggregate in a hundred is wrong."""
    known = classification.load()
    roots = ("ben.old.nmt", "ben.fam.nmt")
    items = {
        n: replace(i, parent="" if n in roots else i.parent) for n, i in known.items.items() if n.startswith(roots)
    }
    small = classification.Classification(items)
    combinations = 1_000_000 // len(items) + 1
    random = np.random.default_rng(3)
    values = {item: random.uniform(0, 500, combinations).round(2) for item in small.leaves()}
    for item in reversed(list(items)):
        if not small.leaf(item):
            values[item] = np.sum([values[part] for part in small.children(item)], axis=0).round(2)
    for item in items:
        if not small.leaf(item):
            values[item] = values[item] + np.where(random.random(combinations) < 0.01, 5.0, 0.0)
    block = pd.DataFrame(values)[list(items)]
    position = np.arange(combinations)
    block["scheme"], block["year"] = (position // len(YEARS) + 1).astype(str), YEARS[0] + position % len(YEARS)
    return block.melt(["scheme", "year"], var_name="item", value_name="value")[
        ["scheme", "item", "year", "value"]
    ], small


def raced(folder: Path) -> None:
    """Ten sum rules on a million observations, by the rules in Python and by vtlengine."""
    table, small = million()
    pairs = sums.aggregates(small)
    declared = rules.declared()

    reported = table.assign(flag="")

    def own() -> set[tuple[str, str, int]]:
        block = cube.build(reported, small)
        subject = Subject(Questionnaire("", table, (), (), small), block, declared)
        tops, found, _ = sums.aggregated(subject)
        return {
            (block.schemes[s], block.items[tops[i]], block.years[t]) for i, s, t in np.argwhere(found.failed).tolist()
        }

    mine, *took = timed(own)
    print(f"{len(table)} observations, {len(pairs)} sum rules, {len(mine)} found: {took[0]:.2f} s ({took[1]:.2f} s)")
    if not ENGINE.exists():
        print("vtlengine: not run, there is no environment for it (make vtl)")
        return
    theirs, other = _engine(folder, table, pairs)
    print(f"vtlengine on duckdb: {len(theirs)} found: {other['seconds']:.2f} s ({other['cpu']:.2f} s); "
          f"equal: {theirs == mine}; {other['seconds'] / took[0]:.1f} times as long "
          f"({other['cpu'] / took[1]:.1f} of processor)")  # fmt: skip
    assert theirs == mine


def _engine(
    folder: Path, table: pd.DataFrame, pairs: dict[str, tuple[str, ...]]
) -> tuple[set[tuple[str, str, int]], dict[str, float]]:
    """What vtlengine finds, and how long it took, without starting it and reading the files."""
    lines = ["define hierarchical ruleset sums (variable rule item) is"]
    lines.append(
        ";\n".join(f"  '{total}' = " + " + ".join(f"'{part}'" for part in parts) for total, parts in pairs.items())
    )
    lines.append("end hierarchical ruleset;")
    lines.append("checked := check_hierarchy(DS, sums rule item partial_zero all);")
    limits = " or ".join(
        f"(item = \"{total}\" and abs('imbalance') > {0.005 * len(parts) + 1e-9:.10f})"
        for total, parts in pairs.items()
    )
    lines.append(f"E01 <- checked[filter {limits}];")
    (folder / "rules.vtl").write_text("\n".join(lines), encoding="utf-8")
    kinds = {"scheme": "String", "item": "String", "year": "Integer", "value": "Number"}
    parts = [
        {
            "name": name,
            "type": kind,
            "role": "Measure" if name == "value" else "Identifier",
            "nullable": name == "value",
        }
        for name, kind in kinds.items()
    ]
    (folder / "structures.json").write_text(json.dumps({"datasets": [{"name": "DS", "DataStructure": parts}]}))
    table.to_csv(folder / "DS.csv", index=False)
    subprocess.run([ENGINE, ROOT / "tests" / "vtl_run.py", folder], check=True)
    found = pd.read_csv(folder / "E01.result.csv", dtype={"scheme": str})
    return set(zip(found["scheme"], found["item"], found["year"], strict=True)), json.loads(
        (folder / "took.json").read_text(encoding="utf-8")
    )


def main() -> None:
    """All three, each in a line or a few."""
    with tempfile.TemporaryDirectory() as folder:
        checked(Path(folder))
        raced(Path(folder))
    mutated()


if __name__ == "__main__":
    main()
