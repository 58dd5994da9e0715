"""The warm engine gives what the stock kernel gives."""

from __future__ import annotations

import pytest
import zoo

from reporting.batch import parent
from reporting.batch.warm import ENGINE

pytestmark = [pytest.mark.skipif(not parent.possible(), reason="no fork here"), pytest.mark.xdist_group("warm")]


@pytest.mark.parametrize("kind", zoo.ZOO)
def test_outputs_are_those_of_the_stock_kernel_cell_for_cell(kind, tmp_path):
    """Displays, updates, streams, errors, magics and figures are equal, and in the same order."""
    path = zoo.write(tmp_path / "zoo.ipynb", zoo.ZOO[kind])
    stock, warm = (zoo.cleaned(zoo.run(path, engine, allow_errors=True)) for engine in ("nbclient", ENGINE))
    different = [(s, w) for s, w in zip(stock, warm, strict=True) if s != w]
    assert different == []
