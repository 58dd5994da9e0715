"""What Veldania spends on health: functions in millions in the first year, and who provides and pays for them."""

from __future__ import annotations

Split = dict[str, float]

#: How a function is paid for: shares of financing schemes.
INSURED: Split = {"HF.1.2.1": 0.82, "HF.1.1.1": 0.07, "HF.1.1.2": 0.02, "HF.2.1.2": 0.04, "HF.3.2.1": 0.05}
CARE: Split = {"HF.1.2.1": 0.55, "HF.1.1.2": 0.2, "HF.2.2.1": 0.03, "HF.3.1": 0.22}
CHARGED: Split = {"HF.1.2.1": 0.46, "HF.2.1.2": 0.12, "HF.3.2.1": 0.17, "HF.3.1": 0.25}
PAID: Split = {"HF.3.1": 1.0}
PUBLIC: Split = {"HF.1.1.1": 0.6, "HF.1.1.2": 0.25, "HF.1.2.1": 0.1, "HF.2.3.1": 0.05}
OFFICES: Split = {"HF.1.1.1": 0.35, "HF.1.2.1": 0.53, "HF.2.1.2": 0.12}
GOODS: Split = {"HF.1.2.1": 0.71, "HF.1.1.1": 0.03, "HF.2.1.2": 0.06, "HF.3.2.1": 0.2}

#: Function: millions in the first year, growth a year, providers, schemes.
FUNCTIONS: dict[str, tuple[float, float, Split, Split]] = {
    "HC.1.1.1": (2154.3, 0.033, {"HP.1.1": 0.94, "HP.1.3": 0.05, "HP.9": 0.01}, INSURED),
    "HC.1.1.2": (641.8, 0.031, {"HP.1.1": 0.5, "HP.1.2": 0.2, "HP.1.3": 0.3}, INSURED),
    "HC.1.2.1": (312.6, 0.052, {"HP.1.1": 0.9, "HP.3.4.3": 0.1}, INSURED),
    "HC.1.2.2": (121.4, 0.049, {"HP.1.1": 0.7, "HP.1.2": 0.3}, INSURED),
    "HC.1.3.1": (1148.7, 0.036, {"HP.3.1.1": 0.85, "HP.1.1": 0.1, "HP.3.4.9": 0.05}, INSURED),
    "HC.1.3.2": (618.2, 0.028, {"HP.3.2": 0.97, "HP.9": 0.03}, CHARGED),
    "HC.1.3.3": (1482.9, 0.041, {"HP.3.1.3": 0.56, "HP.1.1": 0.3, "HP.3.4.4": 0.08, "HP.3.1.2": 0.06}, INSURED),
    "HC.1.3.9": (331.5, 0.044, {"HP.3.3": 1.0}, CHARGED),
    "HC.1.4": (142.6, 0.038, {"HP.3.1.1": 0.5, "HP.3.5": 0.5}, INSURED),
    "HC.2.1": (208.4, 0.022, {"HP.1.3": 1.0}, INSURED),
    "HC.2.2": (61.7, 0.047, {"HP.1.3": 1.0}, INSURED),
    "HC.2.3": (279.9, 0.039, {"HP.3.3": 0.9, "HP.3.4.9": 0.1}, CHARGED),
    "HC.2.4": (48.3, 0.034, {"HP.3.5": 1.0}, INSURED),
    "HC.3.1": (1318.6, 0.043, {"HP.2.1": 0.85, "HP.2.9": 0.15}, CARE),
    "HC.3.2": (91.2, 0.046, {"HP.2.1": 1.0}, CARE),
    "HC.3.4": (622.4, 0.047, {"HP.3.5": 0.93, "HP.8.1": 0.07}, CARE),
    "HC.4.1": (261.3, 0.035, {"HP.4.2": 1.0}, INSURED),
    "HC.4.2": (188.8, 0.037, {"HP.4.2": 0.6, "HP.4.9": 0.4}, INSURED),
    "HC.4.3": (109.5, 0.032, {"HP.4.1": 1.0}, INSURED),
    "HC.5.1.1": (1288.1, 0.029, {"HP.5.1": 1.0}, GOODS),
    "HC.5.1.2": (309.7, 0.024, {"HP.5.1": 0.9, "HP.5.9": 0.1}, PAID),
    "HC.5.1.3": (88.6, 0.026, {"HP.5.1": 0.8, "HP.5.9": 0.2}, GOODS),
    "HC.5.2.1": (181.2, 0.027, {"HP.5.2": 1.0}, CHARGED),
    "HC.5.2.2": (59.4, 0.041, {"HP.5.2": 1.0}, CHARGED),
    "HC.5.2.3": (112.7, 0.036, {"HP.5.2": 1.0}, GOODS),
    "HC.5.2.9": (31.3, 0.031, {"HP.5.2": 1.0}, GOODS),
    "HC.6.1": (58.9, 0.03, {"HP.6": 1.0}, PUBLIC),
    "HC.6.2": (92.4, 0.045, {"HP.3.1.1": 0.6, "HP.6": 0.4}, PUBLIC),
    "HC.6.3": (79.6, 0.04, {"HP.3.1.3": 0.5, "HP.6": 0.5}, PUBLIC),
    "HC.6.4": (111.8, 0.033, {"HP.3.1.1": 0.8, "HP.8.2": 0.2}, PUBLIC),
    "HC.6.5": (41.3, 0.036, {"HP.7.1": 1.0}, PUBLIC),
    "HC.6.6": (24.7, 0.028, {"HP.7.1": 1.0}, PUBLIC),
    "HC.7.1": (168.5, 0.025, {"HP.7.1": 0.9, "HP.7.9": 0.1}, {"HF.1.1.1": 1.0}),
    "HC.7.2": (262.1, 0.027, {"HP.7.2": 0.82, "HP.7.3": 0.18}, OFFICES),
}

#: Where a scheme has its revenues from, and which units provide them.
REVENUES: dict[str, Split] = {
    "HF.1.1.1": {"FS.1.1": 1.0}, "HF.1.1.2": {"FS.1.1": 1.0},
    "HF.1.2.1": {"FS.3.1": 0.4, "FS.3.2": 0.46, "FS.3.3": 0.06, "FS.1.2": 0.08},
    "HF.2.1.2": {"FS.5.1": 0.72, "FS.5.2": 0.28}, "HF.2.2.1": {"FS.6.3": 1.0}, "HF.2.3.1": {"FS.6.2": 1.0},
    "HF.3.1": {"FS.6.1": 1.0}, "HF.3.2.1": {"FS.6.1": 1.0},
}  # fmt: skip
UNITS = {"FS.1.1": "FS.RI.1.1", "FS.1.2": "FS.RI.1.1", "FS.3.1": "FS.RI.1.3", "FS.3.2": "FS.RI.1.2",
         "FS.3.3": "FS.RI.1.3", "FS.5.1": "FS.RI.1.3", "FS.5.2": "FS.RI.1.2", "FS.6.1": "FS.RI.1.3",
         "FS.6.2": "FS.RI.1.2", "FS.6.3": "FS.RI.1.4"}  # fmt: skip

#: With what a provider provides, by the beginning of its code.
FACTORS: dict[str, Split] = {
    "HP.1": {"FP.1.1": 0.47, "FP.1.2": 0.12, "FP.1.3": 0.01, "FP.3.1": 0.04, "FP.3.2.1": 0.11, "FP.3.2.2": 0.08,
             "FP.3.3": 0.08, "FP.3.4": 0.04, "FP.4": 0.05},
    "HP.2": {"FP.1.1": 0.55, "FP.1.2": 0.14, "FP.3.2.2": 0.03, "FP.3.3": 0.15, "FP.3.4": 0.08, "FP.4": 0.05},
    "HP.3": {"FP.2": 0.56, "FP.1.1": 0.2, "FP.1.2": 0.05, "FP.3.2.2": 0.08, "FP.3.3": 0.07, "FP.4": 0.03,
             "FP.5.1": 0.01},
    "HP.4": {"FP.1.1": 0.4, "FP.1.2": 0.1, "FP.3.2.2": 0.22, "FP.3.3": 0.18, "FP.4": 0.1},
    "HP.5": {"FP.3.2.1": 0.66, "FP.3.2.2": 0.09, "FP.1.1": 0.13, "FP.1.2": 0.03, "FP.2": 0.06, "FP.3.3": 0.03},
    "": {"FP.1.1": 0.58, "FP.1.2": 0.15, "FP.3.3": 0.2, "FP.4": 0.04, "FP.5.2": 0.03},
}  # fmt: skip

#: Capital formation by asset and provider: millions in the first year, growth a year.
CAPITAL: dict[tuple[str, str], tuple[float, float]] = {
    ("HK.1.1.1", "HP.1.1"): (214.6, 0.03), ("HK.1.1.1", "HP.1.3"): (31.2, 0.02), ("HK.1.1.1", "HP.2.1"): (78.4, 0.03),
    ("HK.1.1.2.1", "HP.1.1"): (162.3, 0.05), ("HK.1.1.2.1", "HP.3.1.3"): (41.7, 0.04),
    ("HK.1.1.2.1", "HP.4.2"): (28.9, 0.04), ("HK.1.1.2.2", "HP.4.1"): (12.6, 0.02),
    ("HK.1.1.2.3", "HP.1.1"): (46.1, 0.06), ("HK.1.1.2.4", "HP.1.1"): (22.8, 0.02),
    ("HK.1.1.3", "HP.1.1"): (27.5, 0.07),
    ("HK.1.2", "HP.5.1"): (-6.4, 0.0), ("HK.2", "HP.1.1"): (8.2, 0.01), ("HK.R.1", "HP.1.1"): (61.3, 0.04),
}  # fmt: skip

#: Reporting items: millions in the first year, growth a year, schemes.
ITEMS: dict[str, tuple[float, float, Split]] = {
    "HC.RI.2": (36.2, 0.03, PAID), "HC.RI.3": (431.6, 0.036, PUBLIC), "HCR.1.1": (286.4, 0.041, CARE),
    "HCR.1.2": (193.7, 0.034, {"HF.1.1.2": 1.0}), "HCR.2": (22.4, 0.03, PUBLIC),
}  # fmt: skip
#: Pharmaceuticals used in hospitals, as a share of in-patient curative care.
HOSPITAL_MEDICINES = 0.115

#: Other statistics: millions in the first year, growth a year.
CONTEXT = {"GDP": (149_820.0, 0.039), "GF07": (10_240.0, 0.036), "CP06": (2_290.0, 0.033),
           "SICK_KIND": (8_563.3, 0.037), "GFCF_Q": (812.0, 0.036)}  # fmt: skip

#: A break in series: function, first year, factor, and what the metadata say.
BREAK = ("HC.3.4", 2022, 1.14, "Home care of municipalities is counted from 2022; before, only that of the insurance.")
#: Tables and rows in which the break is seen.
BROKEN = {
    "HCxHF": ("HC.3.4",),
    "HCxHP": ("HC.3.4",),
    "HPxHF": ("HP.3.5", "HP.8.1"),
    "HPxFP": ("HP.3.5", "HP.8.1"),
    "HFxFS": ("HF.2.2.1",),
}
#: A combination that hardly occurs, and why it does here.
UNUSUAL = (
    "HC.3.4 × HP.8.1",
    "Care allowances paid to relatives who nurse at home, estimated from the register of 2019.",
)
#: Included elsewhere: table, row, column, and where.
ELSEWHERE = ("HCxHF", "HC.4.2", "HF.2.2.1", "With HC.1.3.3: voluntary hospitals do not invoice imaging.")
METADATA = (
    ("source", "", "", "Accounts of the health insurance; budgets of the State and the municipalities; household "
     "budget survey; annual accounts of hospitals and homes."),
    ("method", "", "", "Supply side by provider, then split by function with the diagnosis-related groups; "
     "household spending from the survey, adjusted to national accounts."),
    ("deviation", "", "", "Prisons and army hospitals are with HP.1.1; medical schools are left out."),
    ("legislation", "", "", "Health Insurance Act of 1945 (as amended in 2018); Long-term Care Act of 2004."),
    ("change", "", "", "From 2022 home care of municipalities is covered."),
)  # fmt: skip
