"""Questions put to the files of the store, in SQL: what was known, what changed, how it is written.

Every file has the columns of :data:`COLUMNS`, sorted by country, series and
time, so that a country or a series is found without reading the rest.
``vintage`` is the label from which a row was known, ``until`` the label at which
another row of the same file took its place (empty while none has).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

COLUMNS = ("key", "geo", "time", "value", "flag", "change", "source", "note", "vintage", "until")
_TEXTS = ("key", "geo", "time", "flag", "change", "source", "note", "vintage", "until")
#: After every label.
EVER = "~"
#: From so many rows on, a file is packed fast rather than small.
_LARGE = 100_000
_connections: dict[int, duckdb.DuckDBPyConnection] = {}

#: How the database says that a file cannot be read or written.
Failure = duckdb.Error


@dataclass(frozen=True)
class File:
    """Where rows are: a file, its layer (the user's over the embedded), its labels, size and checksum.

    ``only`` names the vintages that are seen of a pack of which not all are.
    """

    path: Path
    layer: int
    first: str
    last: str
    size: int
    sha256: str
    only: tuple[str, ...] = ()


def known(files: Sequence[File], until: str = EVER, condition: str = "true") -> str:
    """The query for what was known at a label: of each series and time, the newest row not later.

    The largest file is read as it lies; the others, as a rule small, say which
    of its rows no longer hold.
    """
    base = max((f for f in files if not f.only), key=lambda f: f.size, default=None)
    others = [f for f in files if f is not base]
    if base is None:
        return f"SELECT * FROM ({_rows(others, until, condition)} QUALIFY {_NEWEST}) WHERE change <> 'withdrawn'"
    if not others:
        return f"SELECT * FROM ({_rows([base], until, condition)}) WHERE change <> 'withdrawn'"
    newest = f"({_rows(others, until, condition)}) QUALIFY {_NEWEST}"
    later = all((f.first, f.layer) > (base.last, base.layer) for f in others)
    # Where every other file is later than the largest, no label need be compared.
    newer = "" if later else " AND o.ord > b.ord"
    kept = "" if later else f" WHERE NOT EXISTS (SELECT 1 FROM b WHERE {_SAME} AND b.ord > o.ord)"
    return (
        f"WITH o AS MATERIALIZED (SELECT * FROM {newest}), b AS ({_rows([base], until, condition)}) "
        f"SELECT * FROM (SELECT * FROM b WHERE NOT EXISTS (SELECT 1 FROM o WHERE {_SAME}{newer}) "
        f"UNION ALL SELECT * FROM o{kept}) WHERE change <> 'withdrawn'"
    )


_NEWEST = "row_number() OVER (PARTITION BY key, time ORDER BY ord DESC) = 1"
_SAME = "o.key = b.key AND o.time = b.time"


def _rows(files: Iterable[File], until: str, condition: str) -> str:
    limit = quoted(until)
    parts = []
    for layer, only, paths in _grouped(files):
        holds = f"vintage IN ({among(only)})" if only else f"(until = '' OR until > {limit})"
        parts.append(
            f"SELECT {', '.join(COLUMNS)}, vintage || ' {layer}' AS ord FROM read_parquet([{paths}]) "
            f"WHERE vintage <= {limit} AND {holds} AND {condition}"
        )
    return f"SELECT * FROM ({' UNION ALL '.join(parts)})"


def _grouped(files: Iterable[File]) -> list[tuple[int, tuple[str, ...], str]]:
    """Files that are read alike: layer, vintages seen, paths."""
    groups: dict[tuple[int, tuple[str, ...]], list[str]] = {}
    for file in files:
        groups.setdefault((file.layer, file.only), []).append(quoted(file.path))
    return [(layer, only, ", ".join(paths)) for (layer, only), paths in groups.items()]


def fits(pattern: str, key: str = "key") -> str:
    """The condition that a key fits an SDMX key pattern (see :func:`reporting.observations.matches`)."""
    parts = pattern.split(".")
    if all(part and "+" not in part for part in parts):
        return f"{key} = {quoted(pattern)}"
    conditions = [f"length({key}) - length(replace({key}, '.', '')) = {len(parts) - 1}"]
    for position, part in enumerate(parts, start=1):
        if part:
            conditions.append(f"split_part({key}, '.', {position}) IN ({among(part.split('+'))})")
    return " AND ".join(conditions)


def among(codes: Iterable[str]) -> str:
    """Codes as a list of SQL texts."""
    return ", ".join(quoted(code) for code in codes)


def frame(query: str, order: str = "key, time", columns: Iterable[str] = COLUMNS) -> pd.DataFrame:
    """The rows of a query over the files, with the columns that are needed; without an order, as they lie."""
    ordered = f" ORDER BY {order}" if order else ""
    answer = _connection().sql(f"SELECT {', '.join(columns)} FROM ({query}){ordered}")
    found: pd.DataFrame = answer.to_arrow_table().to_pandas()
    return found.astype({"value": "float64"}) if found.empty else found


def history(files: Sequence[File]) -> str:
    """The query for every row of the files."""
    return " UNION ALL ".join(
        f"SELECT {', '.join(COLUMNS)}, vintage || ' {layer}' AS ord FROM read_parquet([{paths}])"
        for layer, _, paths in _grouped(files)
    )


def difference(files: Sequence[File], until: str, after: pd.DataFrame, complete: bool, scope: str) -> pd.DataFrame:
    """New, revised and (when ``complete``, within ``scope``) withdrawn observations against what was known.

    Returns
    -------
    DataFrame
        Columns ``key, geo, time, value, flag, change, source, note``.
    """
    nothing = f"SELECT {', '.join(f'NULL::VARCHAR AS {c}' for c in _TEXTS)}, NULL::DOUBLE AS value LIMIT 0"
    gone = fits(scope, "b.key") if complete and scope else str(complete).lower()
    connection = _connection()
    connection.register("after_rows", after)
    query = (
        f"WITH a AS (SELECT key, geo, time, {_number('value')} AS value, {_text('flag')}, {_text('source')}, "
        f"{_text('note')} FROM after_rows), b AS ({known(files, until) if files else nothing}) "
        "SELECT coalesce(a.key, b.key) AS key, coalesce(a.geo, b.geo) AS geo, coalesce(a.time, b.time) AS time, "
        + ", ".join(f"CASE WHEN a.key IS NULL THEN b.{c} ELSE a.{c} END AS {c}" for c in ("value", "flag"))
        + ", CASE WHEN b.key IS NULL THEN 'new' WHEN a.key IS NULL THEN 'withdrawn' ELSE 'revised' END AS change, "
        + ", ".join(f"CASE WHEN a.key IS NULL THEN b.{c} ELSE a.{c} END AS {c}" for c in ("source", "note"))
        + " FROM a FULL JOIN b ON a.key = b.key AND a.time = b.time WHERE b.key IS NULL OR "
        f"(a.key IS NULL AND {gone}) OR "
        "(a.key IS NOT NULL AND (a.value IS DISTINCT FROM b.value OR a.flag <> b.flag)) ORDER BY geo, key, time"
    )
    try:
        found: pd.DataFrame = connection.sql(query).to_arrow_table().to_pandas()
    finally:
        connection.unregister("after_rows")
    return found


def _number(column: str) -> str:
    return f"CASE WHEN isnan(CAST({column} AS DOUBLE)) THEN NULL ELSE CAST({column} AS DOUBLE) END"


def _text(column: str) -> str:
    return f"coalesce(CAST({column} AS VARCHAR), '') AS {column}"


def write_changes(changes: pd.DataFrame, vintage: str, path: Path) -> None:
    """Write the changes of one vintage; the same rows give the same bytes."""
    texts = ", ".join(f"CAST({c} AS VARCHAR) AS {c}" for c in ("flag", "change", "source", "note"))
    query = (
        f"SELECT CAST(key AS VARCHAR) AS key, CAST(geo AS VARCHAR) AS geo, CAST(time AS VARCHAR) AS time, "
        f"{_number('value')} AS value, {texts}, {quoted(vintage)} AS vintage, '' AS until FROM changes"
    )
    _write(query, path, len(changes), changes)


def write_pack(files: Sequence[File], path: Path) -> None:
    """Write all rows of some files into one, each with the label at which another took its place."""
    until = "coalesce(lead(vintage) OVER (PARTITION BY key, time ORDER BY ord), '') AS until"
    _write(f"SELECT * REPLACE ({until}) FROM ({history(files)})", path, _LARGE)


def unpacked(path: Path, vintage: str) -> pd.DataFrame:
    """The changes of one vintage out of a pack."""
    source = f"SELECT * REPLACE ('' AS until) FROM read_parquet([{quoted(path)}]) WHERE vintage = {quoted(vintage)}"
    return frame(source, "geo, key, time")


def _write(query: str, path: Path, rows: int, changes: pd.DataFrame | None = None) -> None:
    level = 3 if rows >= _LARGE else 19
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        if changes is not None:
            connection.register("changes", changes)
        connection.execute(
            f"COPY (SELECT {', '.join(COLUMNS)} FROM ({query}) ORDER BY geo, key, time, vintage) TO {quoted(path)} "
            f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {level})"
        )
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _connection() -> duckdb.DuckDBPyConnection:
    """A cursor of this process's one connection; a forked child opens its own."""
    own = os.getpid()
    if own not in _connections:
        _connections.clear()
        _connections[own] = duckdb.connect()
        _connections[own].execute("SET parquet_metadata_cache = true")
    return _connections[own].cursor()


def quoted(text: Path | str) -> str:
    """A text in SQL."""
    return "'" + str(text).replace("'", "''") + "'"
