"""Statistical reporting on European social protection data.

One way through: sources, vintages, validation, indicators, notebooks,
publications. See ``CONTRIBUTING.md`` for the map of the house.
"""

__version__ = "0.1.0"
