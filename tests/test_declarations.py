"""What is declared is read whole, or refused with every fault named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting import declarations
from reporting.declarations import formulas
from reporting.errors import DeclarationError, UsageError

BROKEN = Path(__file__).parent / "broken" / "declarations"


@pytest.fixture
def small(tmp_path):
    """A sound project of one indicator, one rule and one publication, that a test may spoil."""
    shutil.copytree(BROKEN / "sound", tmp_path / "small")
    return tmp_path / "small"


def faults(folder):
    """What the loader finds wrong."""
    with pytest.raises(DeclarationError) as caught:
        declarations.load(folder)
    return caught.value.faults


def change(folder, name, old, new):
    """Replace a piece of a file under parameters/."""
    path = folder / "parameters" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_specimen_is_sound(small):
    """The project that the other tests spoil has no fault of its own."""
    known = declarations.load(small)
    assert list(known.indicators) == ["exp.TOTAL", "exp.SPR", "share"]
    assert known.indicator_ids(("exp.*", "share", "exp.SPR")) == ["exp.TOTAL", "exp.SPR", "share"]
    assert list(known.inputs("share")) == [
        ("spr_exp_type", "A.SPR.MIO_EUR."),
        ("spr_exp_type", "A.TOTAL.MIO_EUR."),
    ]
    assert known.members("BENELUX") == ("BE", "NL", "LU")
    assert known.members("BE") == ("BE",)


INDICATORS, TABLES, RULES, BOOK = "indicators/i.toml", "tables/t.toml", "rules/r.toml", "publications/book.toml"
SPOILED = {
    "unknown key": (INDICATORS, 'unit = "PC"', 'unit = "PC"\ncolour = "red"', "i.toml: [share] colour: unknown key"),
    "loose key": (INDICATORS, "[exp]", 'stray = "x"\n[exp]', "i.toml: [stray] unknown key at the top"),
    "id given": (INDICATORS, 'unit = "PC"', 'unit = "PC"\nid = "y"', "[share] id: unknown key"),
    "family given": (INDICATORS, 'unit = "PC"', 'unit = "PC"\nfamily = "y"', "[share] family: unknown key"),
    "number for text": (INDICATORS, 'unit = "PC"', "unit = 5", "[share] unit: input should be a valid string"),
    "text for number": (INDICATORS, 'unit = "PC"', 'unit = "PC"\ndecimals = "2"', "[share] decimals: input should be"),
    "truth for number": (
        INDICATORS,
        'unit = "PC"',
        'unit = "PC"\ndecimals = true',
        "[share] decimals: input should be",
    ),
    "no unit": (INDICATORS, 'unit = "PC"\n', "", "[share] unit: field required"),
    "no label": (INDICATORS, 'label = "Share"\n', "", "[share] label: field required"),
    "not declared input": (
        INDICATORS,
        "100 * x / t",
        "100 * x / t + z",
        "[share] formula names an undeclared input 'z'",
    ),
    "unused input": (INDICATORS, "100 * x / t", "100 * x", "[share] input 't' is not in the formula"),
    "syntax": (INDICATORS, "100 * x / t", "100 * * x / t", "[share] formula '100 * * x / t' cannot be read"),
    "attribute": (INDICATORS, "100 * x / t", "x.values / t", "'x.values' is not allowed"),
    "call": (INDICATORS, "100 * x / t", "abs(x) / t", "'abs(x)' is not allowed"),
    "import": (INDICATORS, "100 * x / t", "__import__(x) / t", "'__import__(x)' is not allowed"),
    "power": (INDICATORS, "100 * x / t", "x ** t", "'x ** t' is not allowed"),
    "text in formula": (INDICATORS, "100 * x / t", "x / t * 'a'", "\"'a'\" is not allowed"),
    "truth in formula": (INDICATORS, "100 * x / t", "x / t * True", "'True' is not allowed"),
    "lag of nothing": (INDICATORS, "100 * x / t", "lag(x, 0) / t", "a lag is a number of years"),
    "keyword": (INDICATORS, "100 * x / t", "growth(x, y=t)", "is not allowed"),
    "bare function": (INDICATORS, "100 * x / t", "lag * x / t", "undeclared input 'lag'"),
    "endless number": (INDICATORS, "100 * x / t", "1e999 * x / t", "is not allowed"),
    "no such dataset": (
        INDICATORS,
        "spr_exp_type/A.{",
        "spr_typ/A.{",
        "[exp.TOTAL] input names an undeclared dataset 'spr_typ'",
    ),
    "positions": (INDICATORS, 'MIO_EUR."', 'MIO_EUR"', "does not have the positions freq.spdeps.unit.geo"),
    "no such indicator": (
        INDICATORS,
        '"exp.SPR"',
        '"exp.ADM"',
        "[share] input names an undeclared indicator 'exp.ADM'",
    ),
    "cycle": (INDICATORS, '"exp.SPR"', '"share"', "[share] cycle: share -> share"),
    "empty each": (INDICATORS, '["TOTAL", "SPR"]', "[]", "[exp] each: a list of codes"),
    "each a text": (INDICATORS, '["TOTAL", "SPR"]', '"TOTAL"', "[exp] each: a list of codes"),
    "each of numbers": (INDICATORS, '["TOTAL", "SPR"]', "[1, 2]", "[exp] each: a list of codes"),
    "each twice": (INDICATORS, '["TOTAL", "SPR"]', '["SPR", "SPR"]', "[exp] each: a list of codes"),
    "placeholder": (INDICATORS, "{spdeps}", "{spdep}", "[exp] {spdep} is not a dimension of each"),
    "each in no input": (INDICATORS, "{spdeps}", "TOTAL", "[exp] each: no input has the placeholder {spdeps}"),
    "label placeholder": (INDICATORS, '"Share"', '"Share {x}"', "[share] {x} is not a dimension of each"),
    "brace": (INDICATORS, '"Share"', '"Share {"', "[share] a brace without its other half"),
    "series and inputs": (INDICATORS, 'label = "Share"', 'label = "S"\nseries = "a/b"', "[share] series and inputs"),
    "table twice in TOML": (INDICATORS, "[share]", "[exp]", "i.toml: not valid TOML: Cannot declare"),
    "nothing fits": (TABLES, '"exp.*"', '"expo.*"', "t.toml: [spending] no indicator fits 'expo.*'"),
    "wrong section": (TABLES, "[figures.", "[figure.", "t.toml: [figure] unknown section"),
    "section no table": (
        TABLES,
        '[tables.spending]\ntitle = "Spending"\nrows = ["exp.*"]',
        "tables = 3",
        "[tables] entries are",
    ),
    "cross without across": (
        TABLES,
        'rows = ["exp.*"]',
        'rows = ["exp.*"]\nby = "cross"',
        "[spending] across: two dimensions",
    ),
    "across elsewhere": (TABLES, 'rows = ["exp.*"]', 'rows = ["exp.*"]\nacross = ["a", "b"]', "[spending] across: two"),
    "across no code": (
        TABLES,
        'rows = ["exp.*"]',
        'rows = ["exp.*"]\nby = "cross"\nacross = ["spdeps", "spfunc"]',
        "[spending] across: exp.TOTAL has no code for 'spfunc'",
    ),
    "by geo of many": (
        TABLES,
        'rows = ["exp.*"]',
        'rows = ["exp.*"]\nby = "geo"\ngeos = ["="]',
        "shows one indicator, not 2",
    ),
    "by geo of none": (TABLES, 'rows = ["exp.*"]', 'rows = ["share"]\nby = "geo"', "[spending] geos: at least one"),
    "unknown geo": (TABLES, 'kind = "lines"', 'kind = "lines"\ngeos = ["XX"]', "t.toml: [chart] unknown country 'XX'"),
    "unknown group": (
        TABLES,
        'kind = "lines"',
        'kind = "lines"\ngeos = ["@EU9"]',
        "[chart] unknown group of countries 'EU9'",
    ),
    "rule's dataset": (RULES, 'dataset = "spr_exp_type"', 'dataset = "spr"', "r.toml: [E01] undeclared dataset 'spr'"),
    "rule's dimension": (RULES, 'dimension = "spdeps"', 'dimension = "spfunc"', "[E01] dimension: spr_exp_type has no"),
    "rule's where": (RULES, "where = { unit", "where = { units", "[E01] where: spr_exp_type has no dimension 'units'"),
    "total among parts": (RULES, '"SPR", "ADM"', '"SPR", "TOTAL"', "no code twice"),
    "tolerance nan": (RULES, "tolerance = 0.02", "tolerance = nan", "[E01] sum.tolerance: input should be a finite"),
    "tolerance text": (RULES, "tolerance = 0.02", 'tolerance = "0.02"', "[E01] sum.tolerance: input should be a valid"),
    "tolerance negative": (RULES, "tolerance = 0.02", "tolerance = -1", "[E01] sum.tolerance: input should be greater"),
    "severity": (
        RULES,
        '"error"',
        '"fatal"',
        "[E01] sum.severity: input should be 'error', 'warning' or 'information'",
    ),
    "kind": (RULES, 'kind = "sum"', 'kind = "product"', "[E01] input tag 'product'"),
    "accepted rule": (RULES, 'rule = "E01"', 'rule = "E02"', "undeclared rule 'E02'"),
    "accepted geo": (RULES, 'geo = "BE"', 'geo = "GR"', "[accepted] unknown country 'GR'"),
    "accepted without reason": (RULES, 'reason = "So published."', "", "r.toml: [accepted] reason: field required"),
    "accepted no list": (RULES, "[[accepted]]", "[accepted]", "r.toml: [accepted] entries are [[accepted]]"),
    "language": (BOOK, '["en"]', '["en", "it"]', "book.toml: [book] undeclared language 'it'"),
    "no language": (BOOK, '["en"]', "[]", "[book] languages: tuple should have at least 1 item"),
    "format": (BOOK, 'edition = "2026"', 'edition = "2026"\nformats = ["docx"]', "[book] formats.0: input should be"),
    "edition elsewhere": (BOOK, 'edition = "2026"', 'edition = "../../x"', "[book] edition: string should match"),
    "geo of a book": (BOOK, 'geos = ["BE"]', 'geos = ["GR"]', "[book] unknown country 'GR'"),
    "notebook": (BOOK, '"one.ipynb"', '"two.ipynb"', "[book] chapter a: no notebook 'two.ipynb'"),
    "undeclared table": (BOOK, '["spending"]', '["spendings"]', "[book] chapter a: undeclared table 'spendings'"),
    "undeclared figure": (BOOK, '["chart"]', '["carts"]', "[book] chapter a: undeclared figure 'carts'"),
    "tables no list": (BOOK, '["spending"]', "3", "[book] chapter a: tables is not a list"),
    "given parameter": (
        BOOK,
        "[chapters.parameters]",
        '[chapters.parameters]\ngeo = "FR"',
        "the parameter 'geo' is given",
    ),
    "chapter key": (BOOK, 'title = "A"', 'title = "A"\ncolour = 1', "[book] chapters.0.colour: unknown key"),
    "span": (BOOK, 'edition = "2026"', 'edition = "2026"\nspan = 0', "[book] span: input should be greater"),
    "no geo": ("datasets/d.toml", '"unit", "geo"]', '"unit"]', "d.toml: [spr_exp_type] dimensions: geo once"),
    "fixed": ("datasets/d.toml", "fixed = { freq", "fixed = { freek", "[spr_exp_type] fixed: freek is no dimension"),
    "member": ("geos.toml", '"LU"', '"LX"', "geos.toml: [BENELUX] unknown country 'LX'"),
    "group a text": ("geos.toml", '["BE", "NL", "LU"]', '"BE"', "geos.toml: [BENELUX] a group is a list"),
    "group of groups": ("geos.toml", '"LU"', '"BENELUX"', "geos.toml: [BENELUX] unknown country 'BENELUX'"),
    "groups misspelt": ("geos.toml", "[groups]", "[group]", "geos.toml: [group] unknown key"),
    "language key": ("languages.toml", 'tag = "en"', 'tagg = "en"', "languages.toml: [en] tag: field required"),
    "code twice": ("codelists/geo.csv", "NL,", "BE,", "geo.csv: [BE] line 3: duplicate code"),
    "code without label": (
        "codelists/geo.csv",
        "NL,Netherlands,",
        "NL",
        "geo.csv: [NL] line 3: a line has a code, a label",
    ),
    "code list's head": (
        "codelists/geo.csv",
        "code,label",
        "Code,label",
        "geo.csv: line 1: the columns are code, label",
    ),
}


@pytest.mark.parametrize("defect", SPOILED)
def test_a_defect_is_named_with_file_and_id(defect, small):
    """Each defect in a declaration is refused at load, naming the file, the id and the fault."""
    name, old, new, said = SPOILED[defect]
    change(small, name, old, new)
    found = faults(small)
    assert any(said in fault for fault in found), found
    assert all(fault.startswith("parameters/") for fault in found)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (INDICATORS, b"[exp\n", "i.toml: not valid TOML"),
        (INDICATORS, b'[exp]\nlabel = "d\xe9ficit"\n', "i.toml: not UTF-8"),
        ("codelists/geo.csv", b"code,label,aliases\nBE,Belgi\xeb,\n", "geo.csv: not a UTF-8 CSV"),
        ("codelists/geo.csv", b'code,label,aliases\nBE,"Belgium,\n', "geo.csv: not a UTF-8 CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(name, content, said, small):
    """Bad TOML, a broken quote and other encodings are faults of the file, not tracebacks."""
    (small / "parameters" / name).write_bytes(content)
    assert any(said in fault for fault in faults(small))


@pytest.mark.parametrize("name", ["geos.toml", "languages.toml", "codelists/geo.csv"])
def test_a_missing_file_is_named(name, small):
    """A project without one of the files every project has is refused."""
    (small / "parameters" / name).unlink()
    assert any(name in fault for fault in faults(small))


def test_an_unreadable_file_is_named(small):
    """A folder where a file should be is a fault, not a traceback."""
    (small / "parameters" / "tables" / "x.toml").mkdir()
    assert any("x.toml: the file cannot be read" in fault for fault in faults(small))


def test_a_byte_order_mark_does_no_harm(small):
    """A file saved by a Windows editor is read as any other."""
    path = small / "parameters" / INDICATORS
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert "share" in declarations.load(small).indicators


@pytest.mark.parametrize(
    ("section", "name", "said"),
    [
        ("indicators", "i.toml", "[exp] duplicate id, first declared in parameters/indicators/i.toml"),
        ("datasets", "d.toml", "[spr_exp_type] duplicate id, first declared in parameters/datasets/d.toml"),
        ("rules", "r.toml", "[E01] duplicate id, first declared in parameters/rules/r.toml"),
        ("tables", "t.toml", "[spending] duplicate id, first declared in parameters/tables/t.toml"),
    ],
)
def test_an_id_in_two_files_names_both(section, name, said, small):
    """A duplicate id across files names the file at fault and the first one."""
    folder = small / "parameters" / section
    shutil.copy(folder / name, folder / "z.toml")
    assert f"parameters/{section}/z.toml: {said}" in faults(small)


def test_a_family_member_and_an_indicator_of_one_id(small):
    """A plain indicator cannot take the id of a family's member."""
    path = small / "parameters" / INDICATORS
    path.write_text(path.read_text() + '["exp.SPR"]\nlabel = "x"\nunit = "PC"\nseries = "spr_exp_type/A.SPR.PC."\n')
    assert any("[exp.SPR] duplicate id" in fault for fault in faults(small))


def test_a_margin_needs_the_other_dimensions_fixed(small):
    """A margin that would compare one value with several is refused at load."""
    path = small / "parameters" / "datasets" / "d.toml"
    path.write_text(path.read_text() + '[func]\ntitle = "F"\ndimensions = ["freq", "spfunc", "unit", "geo"]\n')
    rule = '[M]\nkind = "margin"\ntitle = "t"\nseverity = "error"\ndataset = "spr_exp_type"\nother = "func"\n'
    (small / "parameters" / "rules" / "m.toml").write_text(rule + 'total = { icha = "T" }\n')
    found = faults(small)
    assert "parameters/rules/m.toml: [M] total: func has no dimension 'icha', it has freq, spfunc, unit, geo" in found
    assert any("'spdeps' is in one of the two datasets only" in fault for fault in found)
    assert any("'spfunc' is in one of the two datasets only" in fault for fault in found)


def test_a_members_rule_needs_its_group(small):
    """A sum over a group that is not declared is refused."""
    rule = '[U]\nkind = "members"\ntitle = "t"\nseverity = "error"\ndataset = "spr_exp_type"\ngroup = "EU99"\n'
    (small / "parameters" / "rules" / "m.toml").write_text(rule)
    assert "parameters/rules/m.toml: [U] unknown group of countries 'EU99'" in faults(small)


def test_a_range_is_in_order(small):
    """A range whose bounds are exchanged is refused: nothing could lie in it."""
    rule = '[R]\nkind = "range"\ntitle = "t"\nseverity = "error"\ndataset = "spr_exp_type"\nlow = 1\nhigh = 0\n'
    (small / "parameters" / "rules" / "m.toml").write_text(rule)
    assert "parameters/rules/m.toml: [R] range: low is above high" in faults(small)


def test_all_faults_are_told_at_once(small):
    """Five faults in five files give five lines and a count."""
    for defect in ("no unit", "unknown geo", "severity", "span", "member"):
        name, old, new, _ = SPOILED[defect]
        change(small, name, old, new)
    found = faults(small)
    for name in (INDICATORS, TABLES, RULES, BOOK, "geos.toml"):
        assert any(fault.startswith(f"parameters/{name}: ") for fault in found), name
    with pytest.raises(DeclarationError, match=rf"^{len(found)} faults in the declarations:\n"):
        declarations.load(small)


def test_the_project_s_own_declarations_are_whole(known):
    """Every declared indicator can be reached from what is published or computed, by its own id."""
    assert known.indicators["sp_expenditure.TOTAL"].codes == {"spdeps": "TOTAL"}
    assert len(known.groups["EU27_2020"]) == 27
    assert len(known.groups["EA20"]) == 20


@given(st.text(max_size=40))
def test_any_text_is_judged_not_run(text):
    """Whatever stands in a formula, judging it gives faults or none, never an error or an effect."""
    found = list(formulas.faults(text, ["x"]))
    assert all(isinstance(fault, str) for fault in found)


@pytest.mark.parametrize("text", ["-" * 299 + "x", "(" * 250 + "x" + ")" * 250, "x\0", "9" * 5000 + "*x", "\ud800"])
def test_a_monstrous_formula_is_judged(text):
    """Depth, zero bytes and endless numbers end in a fault or none, not in a crash."""
    list(formulas.faults(text, ["x"]))


def test_home_is_found_from_below_and_named_when_absent(small, tmp_path, monkeypatch):
    """The project folder is found from a folder inside it; REPORTING_HOME overrides it."""
    monkeypatch.delenv("REPORTING_HOME", raising=False)
    assert declarations.home(small / "parameters" / "tables") == small
    monkeypatch.setenv("REPORTING_HOME", str(tmp_path))
    assert declarations.home(small) == tmp_path
    assert faults(tmp_path)


def test_no_project_folder_is_wrong_use(tmp_path, monkeypatch):
    """Outside any project the reader is told what a project folder is."""
    from reporting.declarations import loader

    monkeypatch.delenv("REPORTING_HOME", raising=False)
    monkeypatch.setattr(loader, "__file__", str(tmp_path / "a" / "b" / "loader.py"))
    with pytest.raises(UsageError, match="parameters/ and notebooks/"):
        declarations.home(tmp_path)


def test_missoc_faults_are_named(project: Path) -> None:
    """A category twice, a link to nothing and names that are no list are said with their file and id."""
    folder = project / "parameters" / "missoc"
    table = folder / "tables" / "X.toml"
    table.write_text(table.read_text() + '\n[[categories]]\nid = "rate"\nlabels = { en = "Rate again" }\n')
    (folder / "links.toml").write_text('[OLD]\ntitle = "Old age"\nmissoc = ["VI.nothing"]\n')
    (folder / "countries.toml").write_text('BE = "Belgium"\n')
    with pytest.raises(DeclarationError) as caught:
        declarations.load(project)
    said = str(caught.value)
    assert "parameters/missoc/tables/X.toml: [X] category 'X.rate' stands twice" in said
    assert "parameters/missoc/links.toml: [OLD] MISSOC has no 'VI.nothing'" in said
    assert "parameters/missoc/countries.toml: [BE] the names of a country" in said
