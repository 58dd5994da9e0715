"""Compilation from invented national sources: what each line becomes, and what is found."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.declarations import mappings
from reporting.errors import DeclarationError, SourceUnreadable, UsageError, ValidationFailed
from reporting.esspros import adjustment, classification, compilation, completion, coverage, national
from reporting.esspros.compilation import Compiled
from reporting.findings import CellFinding

ROOT = Path(__file__).parents[2]
MAPPING = """
title = "Invented accounts"

[sources.fund]
file = "fund.csv"
account = "Account"
label = "Name"
year = "Year"
amount = "Amount"
factor = 0.001

[sources.budget]
file = "budget.csv"
account = "Code"
decimal = ","

[keys.hospital]
title = "Hospital costs between functions"
between = "linear"
[keys.hospital.parts]
sickness = { 2021 = 0.7, 2023 = 0.6 }
disability = { 2021 = 0.1, 2023 = 0.2 }
outside = "rest"

[[map]]
source = "fund"
account = "601"
scheme = 1
item = "ben.old.nmt.cash.per.oldage_pension"

[[map]]
source = "fund"
account = "602"
scheme = 1
key = "hospital"
[map.item]
sickness = "ben.sick.nmt.kind.inpatient.direct"
disability = "ben.dis.nmt.kind.rehabilitation"
outside = "-"

[[map]]
source = "fund"
account = "690"
scheme = 1
sign = "-"
item = "ben.old.nmt.cash.per.oldage_pension"
comment = "repaid by the persons"

[[map]]
source = "budget"
account = ["A*"]
scheme = 2
item = "ben.fam.nmt.cash.per.allowance"
flag = "p"

[[outside]]
source = "budget"
account = "Z"
reason = "school transport is no social protection"
"""
FUND = """Account,Name,Year,Amount
601,Old-age pensions,2021,1000000
601,Old-age pensions,2022,1040000
601,Old-age pensions,2023,1100000.50
602,Hospitals,2021,200000
602,Hospitals,2022,210000
602,Hospitals,2023,220000
690,Repaid pensions,2021,1500
690,Repaid pensions,2022,1600
690,Repaid pensions,2023,1700
"""
BUDGET = """Code;2021;2022;2023
A1;10,5;11,5;12,5
A2;1 000,25;1 001;1 002
Z;99;99;99
"""
PENSION, CHILD = "ben.old.nmt.cash.per.oldage_pension", "ben.fam.nmt.cash.per.allowance"
INPATIENT, REHABILITATION = "ben.sick.nmt.kind.inpatient.direct", "ben.dis.nmt.kind.rehabilitation"

Compile = Callable[..., tuple[Compiled, list[CellFinding]]]


@pytest.fixture
def compiled(tmp_path: Path) -> Compile:
    """Compiles the mapping with its sources; either may be changed."""

    def run(mapping: str = MAPPING, **files: str) -> tuple[Compiled, list[CellFinding]]:
        for name, text in {"fund": FUND, "budget": BUDGET, **files}.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        (tmp_path / "mapping.toml").write_text(mapping, encoding="utf-8")
        declared = mappings.read(tmp_path / "mapping.toml")
        declared = compilation.resolved(declared, classification.load())
        read = national.read(declared.sources, tmp_path)
        made = compilation.compile_lines(declared, read.lines)
        made = completion.estimated(declared, made, read.lines, file="mapping.toml")
        made = adjustment.benchmarked(declared, made, tmp_path, classification.load())
        found = coverage.check(declared, read.lines, made, classification.load())
        return made, [*read.findings, *made.findings, *found]

    return run


def rules(findings: list[CellFinding]) -> list[str]:
    """The rules of findings, in order."""
    return [finding.rule for finding in findings]


def test_cells_are_what_a_hand_computes(compiled: Compile) -> None:
    """Factor, sign, share by year, pattern and decimal comma, against numbers worked out by hand."""
    made, findings = compiled()
    assert findings == []
    assert made.cells[2021, "1", PENSION] == Decimal("1000") - Decimal("1.5")
    assert made.cells[2023, "1", PENSION] == Decimal("1100.0005") - Decimal("1.7")
    assert made.cells[2021, "1", INPATIENT] == Decimal("140")
    # Half way between 0.7 and 0.6, and between 0.1 and 0.2.
    assert made.cells[2022, "1", INPATIENT] == Decimal("136.5")
    assert made.cells[2022, "1", REHABILITATION] == Decimal("31.5")
    assert made.cells[2021, "2", CHILD] == Decimal("1010.75")
    assert len(made.cells) == 12


def test_the_trace_adds_up_to_each_cell_exactly(compiled: Compile) -> None:
    """The contributions in the trace add up to the value of the table, in decimal arithmetic, and name their lines."""
    made, _ = compiled()
    sums: dict[tuple[int, str, str], Decimal] = defaultdict(Decimal)
    for row in made.trace.itertuples():
        sums[row.year, row.scheme, row.item] += Decimal(repr(row.contribution))
    for row in made.table.itertuples():
        assert Decimal(repr(row.value)) == sums[row.year, row.scheme, row.item]
    pension = made.trace.query("year == 2022 and item == @PENSION")
    assert pension[["file", "line", "account"]].to_numpy().tolist() == [
        ["fund.csv", "line 3", "601"], ["fund.csv", "line 9", "690"],
    ]  # fmt: skip
    assert made.trace.query("item == @CHILD")["line"].iloc[0] == "line 2, 2021"


def test_flags_and_comments_reach_the_cell(compiled: Compile) -> None:
    """A flag and a comment of an entry or of a line stand at the cells they contribute to."""
    table = compiled()[0].table.set_index(["year", "scheme", "item"])
    assert table.loc[(2021, "2", CHILD), "flag"] == "p"
    assert table.loc[(2021, "1", PENSION), "comment"] == "repaid by the persons"
    declared = MAPPING.replace('label = "Name"', 'flag = "Status"\ncomment = "Name"')
    fund = (
        FUND.replace("Account,", "Status,Account,")
        .replace("\n6", "\n,6")
        .replace(",602,Hospitals,2023", "e,602,New,2023")
    )
    row = compiled(declared, fund=fund)[0].table.set_index(["year", "scheme", "item"]).loc[(2023, "1", INPATIENT)]
    assert (row["flag"], row["comment"]) == ("e", "New")


@settings(max_examples=40, deadline=None)
@given(
    amounts=st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=6),
    shares=st.lists(st.integers(1, 97), min_size=2, max_size=5),
)
def test_nothing_is_lost_between_parts(amounts: list[Decimal], shares: list[int]) -> None:
    """Whatever amounts and shares, the parts of a line add up to the line to the last decimal."""
    whole = sum(shares)
    parts = {f"p{i}": Decimal(share) / whole for i, share in enumerate(shares[:-1])}
    key = mappings.Key.model_validate({"parts": {**parts, "last": "rest"}})
    entry = mappings.Entry(source="s", account=("a",), scheme="1", key="k", item={name: name for name in key.parts})
    source = mappings.National(file="s.csv", account="a")
    mapping = mappings.Mapping(title="t", sources={"s": source}, keys={"k": key}, map=(entry,))
    lines = [national.Line("s", "s.csv", "", f"line {n}", "a", 2020 + n, amount) for n, amount in enumerate(amounts)]
    made = compilation.compile_lines(mapping, lines)
    for line in lines:
        own = [c.contribution for c in made.contributions if c.year == line.year]
        assert sum(own) == line.amount
    assert coverage.check(mapping, lines, made, classification.load()) == []


def test_a_line_that_is_mapped_nowhere_is_found(compiled: Compile) -> None:
    """An account that the mapping does not know is an error with file, line, name and amounts."""
    _, findings = compiled(fund=FUND + "655,Funeral aid,2022,700\n655,Funeral aid,2023,800\n")
    (found,) = findings
    assert (found.rule, found.severity, found.file, found.cell) == ("C01", "error", "fund.csv", "line 11")
    assert "655 (Funeral aid) is mapped nowhere: 700 in 2022, 800 in 2023" in found.message


def test_an_entry_without_lines_is_found(compiled: Compile) -> None:
    """A mapped account that is not in the source, or not for a year, is a warning."""
    _, findings = compiled(MAPPING.replace('"690"', '["690", "691"]'))
    assert [(f.rule, "691" in f.message) for f in findings] == [("C02", True)]
    _, findings = compiled(fund=FUND.replace("690,Repaid pensions,2022,1600\n", ""))
    assert [(f.rule, f.message.endswith("has no amount for 2022.")) for f in findings] == [("C02", True)]


def test_a_source_without_a_year_is_found_once(compiled: Compile) -> None:
    """A year that a whole source lacks is one warning, not one for each of its accounts."""
    _, findings = compiled(budget=BUDGET.replace(";2021", ";2020"))
    assert [(f.rule, f.message) for f in findings] == [
        ("C02", "The source fund has no amount for 2020."), ("C02", "The source budget has no amount for 2021."),
    ]  # fmt: skip


def test_numbers_of_accounts_need_no_quotes(compiled: Compile) -> None:
    """An account may be written as a number, alone or in a list."""
    made, findings = compiled(MAPPING.replace('"601"', "601").replace('"690"', "[690]"))
    assert findings == []
    assert made.cells[2021, "1", PENSION] == Decimal("998.5")


def test_the_mapping_in_the_readme_is_one() -> None:
    """The example that a user copies is a mapping without faults."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r'```toml\n(title = "From the accounts.*?)```', text, re.DOTALL)
    mapping = mappings.Mapping.model_validate(tomllib.loads(example, parse_float=Decimal))
    assert mapping.faults() == []
    assert compilation.resolved(mapping, classification.load()).map[0].scheme == "3"


def test_a_line_counted_twice_is_found(compiled: Compile) -> None:
    """Two entries that take the whole of an account in one table are an error; receipts and origin are two tables."""
    again = '[[map]]\nsource = "fund"\naccount = "6*1"\nscheme = 3\nitem = "ben.old.nmt.cash.per.anticipated_pension"\n'
    _, findings = compiled(MAPPING + again)
    assert rules(findings) == ["C04"]
    assert "601 is counted twice: 200 % of it is compiled in expenditure (entries 1, 5" in findings[0].message
    both = '[[map]]\nsource = "fund"\naccount = "601"\nscheme = 1\nitem = "{}"\n'
    made = MAPPING.replace(f'"{PENSION}"', '"rec.oth.other"', 1) + both.format("org.oth.other.s2")
    assert "C04" not in rules(compiled(made)[1])


def test_a_total_beside_its_parts_is_found(compiled: Compile) -> None:
    """An account that is the sum of its sub-accounts is an error when all are compiled."""
    more = "6010,Of which men,2021,600000\n6011,Of which women,2021,400000\n"
    _, findings = compiled(MAPPING.replace('account = "601"', 'account = "601*"'), fund=FUND + more)
    assert rules(findings) == ["C05"]
    assert "Account 601 is the total of 6010, 6011" in findings[0].message


def test_a_line_that_is_there_twice_is_found(compiled: Compile) -> None:
    """A repeated line and one amount from two sources are warnings that name both places."""
    _, findings = compiled(fund=FUND + "601,Old-age pensions,2021,1000000\n")
    assert [(f.rule, "line 2, line 11" in f.message) for f in findings] == [("C06", True)]
    again = f'[[map]]\nsource = "budget"\naccount = "Z"\nscheme = 1\nitem = "{INPATIENT}"\n'
    cut = MAPPING.replace('[[outside]]\nsource = "budget"\naccount = "Z"\nreason', '[[outside]]\nsource = "budget"\n'
                          'account = "Y"\nreason')  # fmt: skip
    _, findings = compiled(cut + again, budget=BUDGET.replace("Z;99;99;99", "Z;140;1;2"))
    assert [(f.rule, "same amount, 140" in f.message) for f in findings] == [("C06", True)]


def test_a_part_that_belongs_nowhere_is_found(compiled: Compile) -> None:
    """An entry that takes a part of an account is a warning unless the rest is declared outside."""
    _, findings = compiled(MAPPING.replace('account = "601"', 'account = "601"\nshare = 0.8'))
    assert [(f.rule, "Only 80 % of account 601" in f.message) for f in findings] == [("C08", True)]
    rest = '[[map]]\nsource = "fund"\naccount = "601"\nscheme = 1\nitem = "-"\nshare = 0.2\n'
    assert compiled(MAPPING.replace('account = "601"', 'account = "601"\nshare = 0.8') + rest)[1] == []


def test_an_account_mapped_and_outside_is_found(compiled: Compile) -> None:
    """An account cannot be compiled and declared outside."""
    _, findings = compiled(MAPPING.replace('account = "Z"', 'account = "A2"').replace('"A*"', '"A*", "Z"'))
    assert [(f.rule, "A2" in f.message) for f in findings] == [("C09", True)]


@pytest.mark.parametrize("amount", ["1,100", "abc", "12.3.4", "#REF!"])
def test_an_amount_that_is_no_number_empties_its_cell(compiled: Compile, amount: str) -> None:
    """A cell that depends on an unreadable amount is missing, never the sum of the rest."""
    made, findings = compiled(fund=FUND.replace("2023,1700", f'2023,"{amount}"'))
    assert [(f.rule, f.severity, f.cell) for f in findings][0] == ("C03", "error", "line 10")
    assert made.cells[2023, "1", PENSION] is None
    assert made.cells[2022, "1", PENSION] is not None


def test_a_missing_amount_is_not_zero(compiled: Compile) -> None:
    """A cell of which one line has no amount is missing, and says which."""
    made, findings = compiled(fund=FUND.replace("2023,1700", "2023,:"))
    assert made.cells[2023, "1", PENSION] is None
    assert [f.rule for f in findings] == ["C03", "C02"]
    assert "690 has no amount for 2023" in findings[0].message


def test_a_year_without_a_share_empties_its_cells(compiled: Compile) -> None:
    """A key that says nothing of a year is an error, and what depends on it is missing."""
    made, findings = compiled(MAPPING.replace('between = "linear"\n', ""))
    assert made.cells[2022, "1", INPATIENT] is None
    assert made.cells[2021, "1", INPATIENT] == 140
    assert "C07" in rules(findings)
    last, _ = compiled(MAPPING.replace('"linear"', '"last"'))
    assert last.cells[2022, "1", INPATIENT] == Decimal("147")


def test_a_key_that_does_not_add_up_is_refused(compiled: Compile) -> None:
    """Shares of a key must add to one in each year; the sum and the year are named."""
    broken = MAPPING.replace('outside = "rest"', "outside = { 2021 = 0.3, 2023 = 0.2 }")
    with pytest.raises(DeclarationError, match=r"keys hospital: parts in 2021: the shares add up to 1\.1, not to 1"):
        compiled(broken)
    with pytest.raises(DeclarationError, match="no share of disability"):
        compiled(MAPPING.replace("{ 2021 = 0.1, 2023 = 0.2 }", "{ 2021 = 0.1 }"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('account = "601"', 'acount = "601"', "map 1 acount: is no key that is known"),
        ('scheme = 2', 'sheme = 2', "map 4 scheme"),
        ("scheme = 2", 'scheme = "all schemes"', "map 4: scheme 'all schemes' is no serial number"),
        ("factor = 0.001", 'factor = "0.001"', "sources fund factor: a number"),
        ('key = "hospital"', 'key = "hospitals"', "map 2: no key 'hospitals'"),
        ('source = "fund"', 'source = "funds"', "map 1: no source 'funds'"),
        ('disability = "ben', 'invalidity = "ben', "map 2: item: names sickness, invalidity, outside"),
        ('amount = "Amount"\n', "", "amount and year: name both"),
        ("outside = \"rest\"", "outside = 0.2\nmore = \"rest\"\nless = \"rest\"", "at most one takes the rest"),
        ("2021 = 0.7", "2021 = 1.7", "a share lies between 0 and 1"),
        ('account = "601"', 'account = "601"\nshare = 1.2', "share: between 0 and 1"),
        (f'item = "{PENSION}"', 'item = "ben.old"', "map 1: ben.old is the sum of others (ben.old.nmt, ben.old.mt"),
        (f'item = "{PENSION}"', 'item = "1131111"', "map 1: no item '1131111'"),
        (f'item = "{PENSION}"', f'item = {{ a = "{PENSION}" }}', "key goes with a table of items"),
    ],
)  # fmt: skip
def test_a_fault_of_the_mapping_is_named(compiled: Compile, old: str, new: str, said: str) -> None:
    """Each fault of a mapping is refused with entry and key."""
    with pytest.raises(DeclarationError) as failed:
        compiled(MAPPING.replace(old, new, 1))
    assert said in str(failed.value)


def test_a_mapping_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    """Text that is no TOML, or in another encoding, is refused with the name of the file."""
    (tmp_path / "m.toml").write_text("title = ", encoding="utf-8")
    with pytest.raises(SourceUnreadable, match=r"m\.toml: not valid TOML"):
        mappings.read(tmp_path / "m.toml")
    (tmp_path / "m.toml").write_bytes("title = 'é'".encode("latin-1"))
    with pytest.raises(SourceUnreadable, match="not UTF-8"):
        mappings.read(tmp_path / "m.toml")
    with pytest.raises(UsageError, match="no such file"):
        mappings.read(tmp_path / "other.toml")


def test_a_source_without_its_columns_is_refused(compiled: Compile) -> None:
    """A column that the mapping names must be there; those that are there are listed."""
    with pytest.raises(SourceUnreadable, match=r"fund\.csv: no column Amount in row 1 \(Account, Name, Year, Sum\)"):
        compiled(fund=FUND.replace("Amount", "Sum"))
    with pytest.raises(SourceUnreadable, match=r"budget\.csv: no column is named with a year"):
        compiled(budget="Code;a;b\nA1;1;2\n")


def test_a_workbook_is_read_like_a_text_file(tmp_path: Path) -> None:
    """Lines of a workbook have the address of their cell; titles above and between them are skipped."""
    book = xlsxwriter.Workbook(str(tmp_path / "fund.xlsx"))
    sheet = book.add_worksheet("Accounts")
    for row, cells in enumerate(
        [["Fund, annual accounts"], ["Account", 2021, 2022], ["Benefits"], [601, 1.5, "2,5"], ["602", None, "x"]]
    ):
        for column, value in enumerate(cells):
            if value is not None:
                sheet.write(row, column, value)
    book.close()
    source = mappings.National(file="fund.xlsx", sheet="Accounts", header=2, account="Account", decimal=",")
    read = national.read({"fund": source}, tmp_path)
    figures = [(line.account, line.year, line.amount, line.place) for line in read.lines if line.amount is not None]
    assert figures == [("601", 2021, Decimal("1.5"), "B4"), ("601", 2022, Decimal("2.5"), "C4")]
    assert [(f.rule, f.place) for f in read.findings] == [("C03", "fund.xlsx, Accounts!C5")]
    with pytest.raises(SourceUnreadable, match=r"no sheet 'Books'. There are: Accounts"):
        national.read({"fund": source.model_copy(update={"sheet": "Books"})}, tmp_path)


def test_a_file_given_takes_the_place_of_the_one_named(tmp_path: Path) -> None:
    """``--source`` is known by the file's name or the source's; another file is refused with what there is."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "fund.csv").write_text("Account,2021\n601,7\n", encoding="utf-8")
    source = {"fund": mappings.National(file="fund.csv", account="Account")}
    assert national.read(source, tmp_path, [tmp_path / "new" / "fund.csv"]).lines[0].amount == 7
    with pytest.raises(UsageError, match=r"no source of that name. There are: fund \(fund\.csv\)"):
        national.read(source, tmp_path, [tmp_path / "other.csv"])


ESTIMATE = """
[[estimates]]
year = 2024
scheme = 1
item = "ben.old.*"
method = "trend"
"""
HISTORY = "".join(f"601,Old-age pensions,{year},{900000 + 20000 * (year - 2016)}\n690,Repaid pensions,{year},1000\n"
                  f"602,Hospitals,{year},1\n" for year in range(2016, 2021))  # fmt: skip


def test_an_estimate_is_flagged_and_traced(compiled: Compile) -> None:
    """A missing year is estimated from the series compiled, flagged e, with method and interval in the comment."""
    fund = FUND.replace("1100000.50", "1060000").replace("2023,1700", "2023,1000")
    fund = fund.replace("2022,1600", "2022,1000").replace("2021,1500", "2021,1000") + HISTORY
    mapping = MAPPING.replace("{ 2021 = 0.7", "{ 2016 = 0.7, 2021 = 0.7").replace(
        "{ 2021 = 0.1", "{ 2016 = 0.1, 2021 = 0.1"
    )
    made, findings = compiled(mapping + ESTIMATE, fund=fund)
    assert [f for f in findings if f.rule != "C02"] == []
    # 899, 919 … 1039 from 2016 to 2023, but 1039 in 2022 and 1059 in 2023: worked out by numpy.
    years, values = list(range(2016, 2024)), [899, 919, 939, 959, 979, 999, 1039, 1059]
    slope, start = np.polyfit(years, values, 1)
    row = made.table.set_index(["year", "scheme", "item"]).loc[(2024, "1", PENSION)]
    assert row["value"] == pytest.approx(start + slope * 2024, abs=1e-6)
    assert row["flag"] == "e"
    assert row["comment"].startswith("Estimated: linear trend, 2016-2023; 95 % interval")
    assert made.trace.query("year == 2024")[["source", "file", "line"]].to_numpy().tolist() == [
        ["estimate", "mapping.toml", "estimates 1"]
    ]


def test_a_series_that_bears_no_estimate_is_refused(compiled: Compile) -> None:
    """Three years are too few for a trend: an error, and no value; an entry that fits nothing is an error too."""
    made, findings = compiled(MAPPING + ESTIMATE)
    assert [(f.rule, "too short for linear trend: 3 years" in f.message) for f in findings] == [("C10", True)]
    assert (2024, "1", PENSION) not in made.cells
    _, findings = compiled(MAPPING + ESTIMATE.replace("ben.old.*", "ben.une.*"))
    assert [(f.rule, f.severity) for f in findings] == [("C11", "error")]


def test_a_provisional_value_is_replaced_only_when_asked(compiled: Compile) -> None:
    """A value of the year stays; with ``replace`` a provisional one is estimated anew, and the comment keeps it."""
    budget = "Code;2019;2020;2021;2022;2023\nA1;10;20;30;40;7\n"
    estimate = ESTIMATE.replace("2024", "2023").replace("scheme = 1", "scheme = 2").replace("ben.old", "ben.fam")
    made, findings = compiled(MAPPING + estimate, budget=budget)
    assert [f.rule for f in findings if f.rule != "C02"] == ["C11"]
    assert made.cells[2023, "2", CHILD] == 7
    made, findings = compiled(MAPPING + estimate + "replace = true\n", budget=budget)
    assert made.cells[2023, "2", CHILD] == 50
    assert "replaces 7 (p)" in made.table.query("year == 2023 and item == @CHILD")["comment"].iloc[0]


def test_an_auxiliary_series_is_followed(compiled: Compile) -> None:
    """The growth of another account of a source, which need not be mapped, moves the last value."""
    budget = "Code;2019;2020;2021;2022;2023\nA1;10;20;30;40;\nWAGES;5;6;7;8;10\n"
    estimate = (
        '[[estimates]]\nyear = 2023\nscheme = 2\nitem = "*"\nmethod = "growth"\nsource = "budget"\naccount = "WAGES"\n'
    )
    made, findings = compiled(MAPPING + estimate, budget=budget)
    assert made.cells[2023, "2", CHILD] == 50
    assert [f.rule for f in findings if f.rule != "C02"] == []


def benchmark(method: str, more: str = "") -> str:
    """A benchmark of the mapping."""
    return f'\n[[benchmarks]]\nfile = "totals.csv"\nmethod = "{method}"\n{more}'


def test_leaves_are_scaled_to_a_total(compiled: Compile) -> None:
    """Sickness and old age of scheme 1 are scaled to its total of benefits; the trace still adds up."""
    totals_ = "year,scheme,item,value\n2021,1,ben,1300\n"
    made, findings = compiled(MAPPING + benchmark("proportional"), totals=totals_)
    own = {item: value for (year, scheme, item), value in made.cells.items() if (year, scheme) == (2021, "1")}
    assert findings == []
    assert sum(own.values()) == 1300
    assert float(own[INPATIENT]) == pytest.approx(140 * 1300 / (998.5 + 140 + 20))
    assert (
        made.table.query("year == 2021 and item == @INPATIENT")["comment"].iloc[0].startswith("Adjusted to totals.csv")
    )
    made, _ = compiled(MAPPING + benchmark("proportional", f'fixed = ["1/{PENSION}"]\n'), totals=totals_)
    assert made.cells[2021, "1", PENSION] == Decimal("998.5")
    assert float(made.cells[2021, "1", INPATIENT]) == pytest.approx(140 * (1300 - 998.5) / 160)


def test_totals_of_items_and_of_schemes_are_met_at_once(compiled: Compile) -> None:
    """RAS: two functions over all schemes and two schemes, against an independent iteration."""
    more = f'[[map]]\nsource = "budget"\naccount = "B"\nscheme = 2\nitem = "{PENSION}"\n'
    lines = "year,scheme,item,value\n2021,_T,ben.old,1300\n2021,_T,ben.fam,1000\n2021,1,ben,1150\n2021,2,ben,1350\n"
    made, findings = compiled(MAPPING + more + benchmark("ras", 'fixed = ["ben.dis.*"]\n'),
                              budget=BUDGET + "B;200;200;200\n", totals=lines)  # fmt: skip
    assert findings == []
    table = np.array([[998.5, 200.0], [0.0, 1010.75], [140.0, 0.0]])
    for _ in range(2000):
        table[:2] *= (np.array([1300.0, 1000.0]) / table[:2].sum(axis=1))[:, None]
        table *= np.array([1150.0 - 20, 1350.0]) / table.sum(axis=0)
    cells = {key[1:]: float(value) for key, value in made.cells.items() if key[0] == 2021}
    assert [cells["1", PENSION], cells["2", PENSION], cells["2", CHILD], cells["1", INPATIENT]] == pytest.approx(
        [table[0, 0], table[0, 1], table[1, 1], table[2, 0]], rel=1e-6
    )
    assert cells["1", REHABILITATION] == 20


def test_totals_of_some_years_move_those_between(compiled: Compile) -> None:
    """Denton: benchmarks of 2021 and 2023 are met, and 2022 takes the ratio between (three years: by hand)."""
    lines = "year,scheme,item,value\n2021,1,ben.old,1098.35\n2023,1,ben.old,1317.96060\n"
    made, findings = compiled(MAPPING + benchmark("denton"), totals=lines)
    assert findings == []
    assert made.cells[2021, "1", PENSION] == Decimal("1098.35")
    assert made.cells[2023, "1", PENSION] == Decimal("1317.96060")
    # The squared changes of the ratio are smallest half way: (1.1 + 1.2) / 2, nearly.
    ratio = (1098.35 / 998.5 + 1317.9606 / 1098.3005) / 2
    assert float(made.cells[2022, "1", PENSION]) == pytest.approx(1038.4 * ratio, rel=1e-9)


@pytest.mark.parametrize(
    ("method", "lines", "said"),
    [
        ("proportional", "2021,1,ben.une,5\n", "0 cannot become 5 by scaling"),
        ("proportional", "2021,1,ben,1300\n2021,1,ben.old,1000\n", "is in two totals: use ras"),
        ("proportional", "2021,1,ben.old,-5\n", "cannot become -5"),
        ("ras", "2021,1,ben,1300\n", "ras needs totals of items over all schemes"),
        ("ras", "2021,_T,ben.old,900\n2021,_T,ben,99\n2021,1,ben,1\n", "two totals of items contain the same cell"),
        ("denton", "2019,1,ben.old,5\n", "the series has no period of it"),
    ],
)
def test_totals_that_cannot_be_met_are_an_error(compiled: Compile, method: str, lines: str, said: str) -> None:
    """What no method can reach is said, and the cells stay as compiled."""
    before, _ = compiled()
    made, findings = compiled(MAPPING + benchmark(method), totals="year,scheme,item,value\n" + lines)
    assert [f.rule for f in findings] == ["C12"]
    assert said in findings[0].message
    assert made.cells == before.cells


def test_a_list_of_totals_is_read_whole_or_not(compiled: Compile) -> None:
    """Unknown items and schemes, missing values and repeated totals are all said at once."""
    lines = "year,scheme,item,value\n2021,1,ben.oldish,1\n2021,x,ben,2\n2021,1,ben,\n2021,2,ben,3\n2021,2,ben,4\n"
    with pytest.raises(ValidationFailed) as failed:
        compiled(MAPPING + benchmark("proportional"), totals=lines)
    said = str(failed.value)
    assert "line 2 (item): 'ben.oldish'" in said
    assert "line 3 (scheme): 'x'" in said
    assert "line 4 (value): ''" in said
    assert "line 6 (value): a second total" in said
    with pytest.raises(SourceUnreadable, match=r"totals\.csv, line 2 \(value\): '1,5' is no number"):
        compiled(MAPPING + benchmark("proportional"), totals='year,scheme,item,value\n2021,1,ben,"1,5"\n')
