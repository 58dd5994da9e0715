"""How well amounts are found in the labelled texts, and how long a full edition takes.

Precision and recall are of amounts with the right kind, value, unit and place,
on the texts used while the patterns were made and on those held out. The full
edition is generated: 31 countries, 12 tables, 25 categories, 3 languages, twice.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from reporting import declarations
from reporting.missoc import changes, intake, lookup
from reporting.missoc.intake import Given
from reporting.vintages import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "missoc"))

import scoring

_TEXTS = {
    "en": "The benefit is {p} % of earnings, at most EUR {m}.00 per month, for {n} months. It is paid under the law of "
    "14 July 1994.\n- Children under 18 years: EUR {k}.50 more.\n- Others: see Table {t}.",
    "fr": "La prestation est de {p} % du salaire, au maximum {m},00 € par mois, pendant {n} mois, selon la loi du "
    "14 juillet 1994.\n- Enfants de moins de 18 ans: {k},50 € de plus.\n- Autres: voir tableau {t}.",
    "de": "Die Leistung beträgt {p} % des Lohns, höchstens {m},00 EUR im Monat, für {n} Monate, nach dem Gesetz vom "
    "14. Juli 1994.\n- Kinder unter 18 Jahren: {k},50 EUR mehr.\n- Andere: siehe Tabelle {t}.",
}


def quality() -> None:
    """Print precision and recall by language, of what was tuned on and of what was held out."""
    for what, parts in (("tuned on", scoring.TUNED), ("held out", scoring.HELD_OUT)):
        marked = found = right = 0
        for lang in scoring.LANGUAGES:
            scores = [scoring.score(part, lang) for part in parts]
            own = [sum(getattr(one, name) for one in scores) for name in ("marked", "found", "right")]
            said = {
                name: f"{sum(one.described[name] for one in scores) / own[2]:.3f}" for name in ("period", "qualifier")
            }
            print(
                f"{what} {lang}: {own[0]} marked, precision {own[2] / own[1]:.3f}, recall {own[2] / own[0]:.3f}; {said}"
            )
            marked, found, right = marked + own[0], found + own[1], right + own[2]
        print(f"{what}: {marked} marked, precision {right / found:.3f}, recall {right / marked:.3f}")


def edition(known: declarations.Declarations, lang: str, rise: float, seed: int) -> str:
    """A page with all countries and tables in one language."""
    rng = random.Random(seed)
    geos = [geo for geo in known.missoc.countries if geo != "UK"]
    names = {geo: names[0] for geo, names in known.missoc.countries.items()}
    parts = [f"<html lang='{lang}'><body>"]
    for table in known.missoc.tables.values():
        labels = [c.labels.of(lang) for c in table.categories]
        labels += [f"Further topic {n}" for n in range(len(labels), 25)]
        parts.append(f"<h2>Table {table.id}: {table.labels.of(lang)}</h2><table><tr><th></th>")
        parts += [f"<th>{names[geo]}</th>" for geo in geos]
        for label in labels[:25]:
            parts.append(f"</tr><tr><th>{label}</th>")
            for _ in geos:
                m, p, n = round(rng.randint(100, 3000) * (1 + rise)), rng.randint(30, 90), rng.randint(3, 60)
                text = _TEXTS[lang].format(p=p, m=m, n=n, k=rng.randint(5, 99), t=table.id)
                lines = text.split("\n")
                parts.append(f"<td><p>{lines[0]}</p><ul>{''.join(f'<li>{x[2:]}</li>' for x in lines[1:])}</ul></td>")
        parts.append("</tr></table>")
    return "".join([*parts, "</body></html>"])


def full() -> None:
    """Print the seconds for the import of two full editions, a comparison and the change report."""
    known = declarations.load()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store", embedded=None)
        pages = {(e, lang): edition(known, lang, rise, 5).encode()
                 for e, rise in (("2025-07-01", 0.0), ("2026-01-01", 0.021)) for lang in _TEXTS}  # fmt: skip
        seconds: dict[str, float] = {}
        for (name, lang), content in pages.items():
            start = time.perf_counter()
            intake.keep(store, intake.understood(content, f"{lang}.html", known.missoc, Given(name)))
            what = f"import of {name}"
            seconds[what] = seconds.get(what, 0.0) + time.perf_counter() - start
        start = time.perf_counter()
        held = lookup.held(store)
        beside = [c for c in lookup.newest(held) if (c.table, c.category, c.lang) == ("VI", "minimum", "en")]
        seconds["comparison"] = time.perf_counter() - start
        start = time.perf_counter()
        sides = [[c for c in held if c.edition == name] for name in ("2025-07-01", "2026-01-01")]
        found = changes.compare(*sides, "2025-07-01", "2026-01-01")
        pieces = sum(len(change.pieces) for change in found.changes)
        seconds["change report"] = time.perf_counter() - start
    counts = dict(found.counts())
    print(f"{len(sides[1])} cells an edition, {len(beside)} countries beside each other, {counts}, {pieces} pieces")
    for what, spent in seconds.items():
        print(f"{what}: {spent:.1f} s")
    second = seconds["import of 2026-01-01"] + seconds["comparison"] + seconds["change report"]
    print(f"import of an edition, comparison and change report: {second:.1f} s")


if __name__ == "__main__":
    quality()
    full()
