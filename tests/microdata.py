"""Samples of persons for tests."""

from __future__ import annotations

import numpy as np

from reporting.silc.conventions import CONVENTIONS
from reporting.silc.sample import Scope, ordered


def scope_of(x: object, w: object, convention: str = "eurostat", mask: object = None) -> Scope:
    """A scope over incomes and weights, for a domain given in their own order."""
    income, weight = np.asarray(x, dtype=float), np.asarray(w, dtype=float)
    sample, order = ordered(income, weight, CONVENTIONS[convention])
    return Scope(sample, None if mask is None else np.asarray(mask)[order])
