"""What Veldania reports: ten schemes, their benefits and receipts in millions in the first year, and how they grow."""

from __future__ import annotations

from reporting.esspros.schemes import Scheme

NAME, GEO = "Veldania (fictitious)", "XX"
YEARS = (2019, 2020, 2021, 2022, 2023)

SCHEMES = (
    Scheme(
        "1", "General pension insurance", "GPI",
        {"fr": "Assurance générale des pensions", "nl": "Algemene pensioenverzekering"},
        "government", "compulsory", "contributory", "general", "basic", 1948, None,
        "Earnings-related old-age, early and survivors’ pensions of employees and self-employed persons.",
    ),
    Scheme(
        "2", "Pensions of public servants", "PPS",
        {"fr": "Pensions des agents publics", "nl": "Pensioenen van ambtenaren"},
        "government", "compulsory", "contributory", "special", "basic", 1931, None,
        "Pensions of civil servants, teachers and the armed forces, paid by the State as their employer.",
    ),
    Scheme(
        "3", "Health insurance", "HI",
        {"fr": "Assurance maladie", "nl": "Ziekteverzekering"},
        "government", "compulsory", "contributory", "general", "basic", 1945, None,
        "Health care in kind and sickness benefit of all insured residents.",
    ),
    Scheme(
        "4", "Unemployment insurance", "UI",
        {"fr": "Assurance chômage", "nl": "Werkloosheidsverzekering"},
        "government", "compulsory", "contributory", "general", "basic", 1952, None,
        "Benefits of unemployed and short-time workers, training and job placement.",
    ),
    Scheme(
        "5", "Family allowances", "FA",
        {"fr": "Allocations familiales", "nl": "Gezinsbijslag"},
        "government", "compulsory", "non_contributory", "universal", "basic", 1930, None,
        "Allowances for all children, leave of parents, and places in day care.",
    ),
    Scheme(
        "6", "Social assistance of municipalities", "SAM",
        {"fr": "Aide sociale communale", "nl": "Gemeentelijke bijstand"},
        "government", "compulsory", "non_contributory", "general", "basic", 1976, None,
        "Income support and services for persons without sufficient means.",
    ),
    Scheme(
        "7", "Disability and long-term care", "DLC",
        {"fr": "Invalidité et dépendance", "nl": "Invaliditeit en langdurige zorg"},
        "government", "compulsory", "contributory", "general", "basic", 1969, None,
        "Disability pensions, care allowances, and homes and help for disabled and frail persons.",
    ),
    Scheme(
        "8", "Housing benefits", "HB",
        {"fr": "Aides au logement", "nl": "Huisvestingstoelagen"},
        "government", "compulsory", "non_contributory", "general", "basic", 1984, None,
        "Social housing and rent benefits of households with low incomes.",
    ),
    Scheme(
        "9", "Occupational pension funds", "OPF",
        {"fr": "Fonds de pension sectoriels", "nl": "Bedrijfspensioenfondsen"},
        "not_government", "compulsory", "contributory", "special", "supplementary", 1995, None,
        "Supplementary pensions agreed by employers and unions in three industries.",
    ),
    Scheme(
        "10", "Continued wages during sickness", "CWS",
        {"fr": "Maintien de la rémunération en cas de maladie", "nl": "Doorbetaling van loon bij ziekte"},
        "not_government", "compulsory", "contributory", "general", "basic", 1978, None,
        "Wages that employers pay on during the first six weeks of sickness or maternity.",
    ),
)  # fmt: skip

#: Scheme to benefit to millions in the first year and growth a year; benefits without ``ben.``.
BENEFITS: dict[str, dict[str, tuple[float, float]]] = {
    "1": {
        "old.nmt.cash.per.oldage_pension": (8420.35, 0.031), "old.nmt.cash.per.anticipated_pension": (914.62, -0.018),
        "old.nmt.cash.per.partial_pension": (61.18, 0.042), "srv.nmt.cash.per.survivors_pension": (1486.27, 0.009),
        "srv.nmt.cash.lump.death_grant": (24.83, 0.012), "old.mt.cash.per.other": (212.44, 0.027),
    },
    "2": {
        "old.nmt.cash.per.oldage_pension": (2210.08, 0.024), "old.nmt.cash.per.anticipated_pension": (185.73, -0.031),
        "srv.nmt.cash.per.survivors_pension": (398.61, 0.006), "dis.nmt.cash.per.early_retirement": (74.29, -0.022),
    },
    "3": {
        "sick.nmt.kind.inpatient.direct": (3871.46, 0.038), "sick.nmt.kind.inpatient.reimbursed": (245.19, 0.021),
        "sick.nmt.kind.outpatient.pharma_direct": (402.57, 0.033),
        "sick.nmt.kind.outpatient.pharma_reimbursed": (1287.92, 0.029),
        "sick.nmt.kind.outpatient.other_direct": (964.05, 0.041),
        "sick.nmt.kind.outpatient.other_reimbursed": (1603.77, 0.036), "sick.nmt.kind.other": (188.31, 0.05),
        "sick.nmt.cash.per.sick_leave": (731.84, 0.044), "fam.nmt.cash.per.childbirth": (242.96, 0.018),
    },
    "4": {
        "une.nmt.cash.per.full": (1542.7, -0.025), "une.nmt.cash.per.partial": (96.34, 0.02),
        "une.nmt.cash.per.early_retirement": (218.55, -0.061), "une.nmt.cash.per.training": (131.02, 0.035),
        "une.nmt.kind.placement": (174.86, 0.028), "une.nmt.kind.training": (203.4, 0.031),
        "une.nmt.kind.mobility": (12.75, 0.024), "une.nmt.cash.lump.redundancy": (58.91, 0.015),
    },
    "5": {
        "fam.nmt.cash.per.allowance": (1688.23, 0.022), "fam.mt.cash.per.allowance": (246.71, 0.034),
        "fam.nmt.cash.per.parental_leave": (187.49, 0.047), "fam.nmt.cash.lump.birth_grant": (66.38, -0.008),
        "fam.nmt.kind.day_care": (905.14, 0.052),
    },
    "6": {
        "excl.mt.cash.per.income_support": (612.83, 0.039), "excl.mt.cash.lump.other": (28.4, 0.03),
        "excl.nmt.kind.accommodation": (94.67, 0.044), "excl.nmt.kind.rehabilitation": (31.25, 0.026),
        "fam.mt.kind.home_help": (43.58, 0.033), "old.mt.kind.assistance": (77.91, 0.029),
    },
    "7": {
        "dis.nmt.cash.per.disability_pension": (1358.64, 0.019), "dis.nmt.cash.per.care": (322.17, 0.036),
        "dis.nmt.kind.accommodation": (286.05, 0.034), "dis.nmt.kind.assistance": (141.39, 0.04),
        "dis.nmt.kind.rehabilitation": (67.52, 0.023), "dis.nmt.cash.per.integration": (88.96, 0.017),
        "old.nmt.cash.per.care": (455.28, 0.046), "old.nmt.kind.accommodation": (512.73, 0.043),
        "old.nmt.kind.assistance": (298.11, 0.048),
    },
    "8": {
        "hou.mt.kind.rent.social": (196.32, 0.027), "hou.mt.kind.rent.other": (341.8, 0.038),
        "hou.mt.kind.owner": (22.47, -0.014),
    },
    "9": {
        "old.nmt.cash.per.oldage_pension": (684.59, 0.049), "srv.nmt.cash.per.survivors_pension": (57.26, 0.038),
        "dis.nmt.cash.per.disability_pension": (39.14, 0.025),
    },
    "10": {"sick.nmt.cash.per.sick_leave": (1274.43, 0.037), "fam.nmt.cash.per.childbirth": (118.6, 0.021)},
}  # fmt: skip

#: Figures that do not follow the growth, with the flag and the remark that explain them.
TURNS: dict[tuple[int, str, str], tuple[float, str, str]] = {
    (2020, "4", "une.nmt.cash.per.partial"): (6.4, "", "Short-time work during the lockdowns of 2020."),
    (2021, "4", "une.nmt.cash.per.partial"): (3.1, "", "Short-time work still much in use until May 2021."),
    (2022, "4", "une.nmt.cash.per.partial"): (1.2, "", "Back to the use before 2020."),
    (2020, "4", "une.nmt.cash.per.full"): (1.28, "", "More unemployed persons in 2020."),
    (2021, "4", "une.nmt.cash.per.full"): (1.15, "", "Fewer unemployed persons from the second half of 2021."),
    (2023, "3", "sick.nmt.kind.other"): (1.0, "e", "Final accounts of the institutes are due in spring."),
}  # fmt: skip

#: Remarks on what is computed from benefits: on an item, or on all items of a scheme in a year.
REMARKS: dict[tuple[int, str, str], str] = {
    (2020, "4", ""): "Follows the unemployment benefits of 2020.",
    (2020, "1", "rec.trf.other"): "Contributions paid for unemployed persons, of whom there were more in 2020.",
}
#: Administration costs, as a share of benefits.
ADMINISTRATION = {"1": 0.014, "2": 0.008, "3": 0.032, "4": 0.061, "5": 0.021, "6": 0.073, "7": 0.035, "8": 0.044,
                  "9": 0.038, "10": 0.0}  # fmt: skip
#: Interest and other expenditure, as shares of benefits.
OTHER = {"1": (0.003, 0.001), "4": (0.002, 0.0), "9": (0.0, 0.006)}
#: Transfers between schemes: from, to, kind, and the share of the payer's benefits.
TRANSFERS = (("1", "3", "rerouted", 0.035), ("2", "3", "rerouted", 0.03), ("4", "1", "other", 0.055),
             ("3", "7", "other", 0.012))  # fmt: skip
#: Receipts by type and sector, as shares of what a scheme needs; what is left is the surplus or deficit.
RECEIPTS: dict[str, dict[str, float]] = {
    "1": {
        "sc.emp.actual.s11_12": 0.38, "sc.emp.actual.s1311": 0.02, "sc.emp.actual.s1312_13": 0.03,
        "sc.emp.actual.s14": 0.015, "sc.emp.actual.s15": 0.012, "sc.emp.actual.s2": 0.004,
        "sc.prot.employees.s14": 0.305, "sc.prot.employees.s2": 0.006, "sc.prot.self_employed.s14": 0.062,
        "ggc.general.s1311": 0.13, "oth.property.s11_12": 0.018, "oth.property.s1311": 0.009,
    },
    "2": {
        "sc.emp.imputed.s1311": 0.52, "sc.emp.imputed.s1312_13": 0.26, "sc.prot.employees.s14": 0.215,
        "oth.other.s14": 0.004,
    },
    "3": {
        "sc.emp.actual.s11_12": 0.29, "sc.emp.actual.s1311": 0.03, "sc.emp.actual.s1312_13": 0.03,
        "sc.emp.actual.s14": 0.01, "sc.emp.actual.s15": 0.015, "sc.prot.employees.s14": 0.24,
        "sc.prot.self_employed.s14": 0.05, "sc.prot.pensioners.s14": 0.06, "ggc.earmarked.s1311": 0.12,
        "ggc.general.s1311": 0.145, "oth.other.s11_12": 0.011,
    },
    "4": {
        "sc.emp.actual.s11_12": 0.42, "sc.emp.actual.s14": 0.01, "sc.emp.actual.s15": 0.01,
        "sc.prot.employees.s14": 0.31, "ggc.general.s1311": 0.24,
    },
    "5": {"ggc.earmarked.s1311": 0.31, "ggc.general.s1311": 0.55, "ggc.general.s1312_13": 0.14},
    "6": {"ggc.general.s1311": 0.45, "ggc.general.s1312_13": 0.54, "oth.other.s14": 0.012},
    "7": {
        "sc.emp.actual.s11_12": 0.24, "sc.prot.employees.s14": 0.22, "sc.prot.self_employed.s14": 0.045,
        "sc.prot.pensioners.s14": 0.055, "ggc.general.s1311": 0.27, "ggc.general.s1312_13": 0.15,
        "oth.property.s11_12": 0.006,
    },
    "8": {"ggc.general.s1311": 0.58, "ggc.general.s1312_13": 0.42},
    "9": {
        "sc.emp.actual.s11_12": 0.56, "sc.emp.actual.s15": 0.03, "sc.prot.employees.s14": 0.27,
        "oth.property.s11_12": 0.12, "oth.property.s2": 0.05, "oth.property.s1311": 0.02,
    },
    "10": {"sc.emp.imputed.s11_12": 0.72, "sc.emp.imputed.s1311": 0.09, "sc.emp.imputed.s1312_13": 0.12,
           "sc.emp.imputed.s14": 0.02, "sc.emp.imputed.s15": 0.05},
}  # fmt: skip
#: How far receipts are from what is needed, by year: the same surpluses and deficits for all schemes.
BALANCE = {2019: 1.004, 2020: 0.981, 2021: 0.993, 2022: 1.007, 2023: 1.002}

#: Pensioners at the end of the first year, in thousands, share of women, growth; by scheme and category.
PENSIONERS: dict[tuple[str, str], tuple[float, float, float]] = {
    ("1", "old_age"): (612.4, 0.541, 0.014), ("1", "anticipated"): (58.3, 0.447, -0.031),
    ("1", "partial"): (7.9, 0.612, 0.022), ("1", "survivors"): (148.6, 0.872, -0.006),
    ("2", "old_age"): (88.2, 0.493, 0.011), ("2", "anticipated"): (7.1, 0.436, -0.042),
    ("2", "survivors"): (23.5, 0.844, -0.009), ("2", "early_capacity"): (3.6, 0.472, -0.034),
    ("4", "early_labour"): (15.2, 0.358, -0.073),
    ("7", "disability"): (101.7, 0.488, 0.006),
    ("9", "old_age"): (96.8, 0.402, 0.036), ("9", "survivors"): (9.3, 0.853, 0.027),
    ("9", "disability"): (3.1, 0.441, 0.012),
}  # fmt: skip
#: Persons counted once: the share of the sum of categories, within a scheme and over all schemes.
ONCE, ONCE_ALL = 0.93, 0.86

#: Rates of taxes and contributions on cash benefits that are taxed, by item.
RATES: dict[str, tuple[float, float]] = {
    "old.nmt.cash.per.oldage_pension": (0.118, 0.043), "old.nmt.cash.per.anticipated_pension": (0.131, 0.043),
    "old.nmt.cash.per.partial_pension": (0.109, 0.041), "srv.nmt.cash.per.survivors_pension": (0.083, 0.038),
    "dis.nmt.cash.per.disability_pension": (0.064, 0.029), "dis.nmt.cash.per.early_retirement": (0.072, 0.031),
    "sick.nmt.cash.per.sick_leave": (0.142, 0.087), "fam.nmt.cash.per.childbirth": (0.126, 0.081),
    "fam.nmt.cash.per.parental_leave": (0.094, 0.05), "une.nmt.cash.per.full": (0.071, 0.012),
    "une.nmt.cash.per.partial": (0.103, 0.048), "une.nmt.cash.per.early_retirement": (0.112, 0.036),
}  # fmt: skip
#: Tax reliefs for children that are no part of the rates, in millions in the first year, and their growth.
RELIEF = {("5", "fam.nmt.cash.per.allowance"): (143.2, 0.019)}
