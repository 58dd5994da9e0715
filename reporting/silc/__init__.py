"""EU-SILC from microdata: the EU's social indicators with design-based standard errors.

Data flow one way: ``files`` (D, R, H, P files or any person-level file) →
``checks`` (findings) → ``persons`` (the person table) → ``sample`` (persons in
ascending order of income) → ``indicators`` and ``influence`` (values and their
linearised variables) → ``design`` or ``resample`` (variance) → ``estimates``
(rows to publish) → ``publish`` (suppression). No record-level row leaves it.
"""
