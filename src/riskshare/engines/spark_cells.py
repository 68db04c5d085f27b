"""Events counted by cell and stratum on a cluster; which cells are hot is then decided here, by the same statistics.

Events stay where they are. What travels to the driver is one line for each cell, source, organisation and category in
which something happened, however many events there are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from riskshare.engines.spark_session import in_our_words, need_spark, through
from riskshare.errors import PlaceError, PlaceProblem
from riskshare.io.evidence_places import EASTINGS, NORTHINGS
from riskshare.places.areas import check_areas
from riskshare.places.coverage import Coverage, check_coverage, everywhere
from riskshare.places.crs import NO_PROJECTION
from riskshare.places.grid import grid_over
from riskshare.places.hot_cells import HotCells, Method, Rule, find_hot_cells
from riskshare.places.people import check_population, people_in_cells
from riskshare.places.point_columns import NO_DAY, NOT_STATED
from riskshare.places.points import ONE_SOURCE, Points
from riskshare.places.reading import DUTIES
from riskshare.places.strata import Ground, Strata, areas_of, lay_ground, place_events
from riskshare.places.together import settings
from riskshare.records.evidence import ARISES_FROM

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Ints = NDArray[np.int64]

_OPTIONAL: Final = {
    "source": "string", "recorded_by": "string", "category": "string", "date": "date", "claim_id": "string",
    "arises_from": "string", "precision_m": "double",
}  # fmt: skip
_PLACED: Final = (
    "x double, y double, source string, recorded_by string, category string, day long, claim string, precision double, "
    "cell long, area long, standing int"
)
_COUNTED, _OUTSIDE, _UNLOOKED, _UNTIMELY = range(4)
_WHY: Final = {_OUTSIDE: "outside every area", _UNLOOKED: "where their source did not look",
    _UNTIMELY: "when their source did not look"}  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class CellCounts:
    """Events of each stratum in each cell: what ``places.strata.count_cells`` counts in memory.

    Attributes
    ----------
    ground : Ground
        The grid over the areas.
    strata : Strata
    counts : numpy.ndarray of int64, shape (strata, cells)
    left_out : mapping of str to int
        Events that do not count, by reason: only those reasons that occur.
    """

    ground: Ground
    strata: Strata
    counts: Ints
    left_out: dict[str, int]

    def __repr__(self) -> str:
        """Return how many; never where."""
        return f"CellCounts({int(self.counts.sum()):,} events in {len(self.strata.names)} strata)"


def count_on_cluster(
    points: DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    cell_m: int = 250,
    coverage: pd.DataFrame | None = None,
    duties: Sequence[str] = DUTIES,
) -> CellCounts:
    """Return events by cell and stratum, each claim once, as ``hotspots`` counts them.

    Parameters
    ----------
    points : pyspark.sql.DataFrame
        ``easting, northing`` in British National Grid metres, and optionally ``source, recorded_by, category,
        claim_id, arises_from`` (texts), ``date`` (dates) and ``precision_m`` (metres), with the defaults of
        ``places.points.check_points``.
    areas, coverage, duties
        As for ``hotspots``.
    cell_m : int, metres

    Returns
    -------
    CellCounts

    Raises
    ------
    PlaceError
        Columns are missing or of another kind, ways of arising are not agreed ones, precisions are below 0, areas or
        coverage cannot be used, or no event is left.
    EngineError
        The cluster failed.

    Notes
    -----
    Of several reports of one claim the one kept is that of ``places.strata.whole_claims``; where two are alike in all
    that it looks at, the one whose category, then organisation, comes first. Joining unlinked reports, buildings' own
    addresses and assessments are for ``hotspots``. Methods: places, sections 5.1 and 5.2.
    """
    need_spark()
    with in_our_words():
        _check_columns(points)
        ground_of = check_areas(areas)
        ground = lay_ground(ground_of, grid_over(ground_of.bounds, cell_m))
        usable, left_out = _usable(points, duties)
        facts = _facts(usable)
        covered = _coverage(coverage, facts, ground_of.codes)
        sizes = dict(zip(facts["source"], facts["n"].astype(int), strict=True))
        placed = through(usable, functools.partial(place_points, ground=ground, coverage=covered), _PLACED)
        whole, joined = _whole_claims(placed, sizes, judged=bool(covered.spans))
        table = _grouped(whole)
    return _assemble(table, left_out, joined, ground, covered)


def hot_cells(
    counted: CellCounts,
    *,
    population: pd.DataFrame | None = None,
    radius_cells: int = 1,
    level: float = 0.05,
    method: Method = "bh",
    null: str | None = None,
) -> HotCells:
    """Return which cells are hot, of counts made on a cluster: the main finding of ``hotspots``.

    Parameters
    ----------
    counted : CellCounts
    population, radius_cells, level, method, null
        As for ``hotspots``.

    Returns
    -------
    HotCells

    Raises
    ------
    PlaceError
        The population cannot be used.
    """
    ground = counted.ground
    people = None if population is None else check_population(population, ground.areas.codes)
    rule = Rule(radius_cells, level, method, people is not None or null == "uniform")
    here = settings(
        ground, counted.strata, lambda over: over.shares if people is None else people_in_cells(people, over)
    )
    return find_hot_cells(ground.grid, counted.counts, here.base, rule)


def _check_columns(points: DataFrame) -> None:
    kinds = dict(points.dtypes)
    wrong = [f"{name} must be numbers of metres" for name in ("easting", "northing") if not _is_number(kinds.get(name))]
    for name, kind in _OPTIONAL.items():
        found = kinds.get(name, kind)
        if found != kind and not (kind == "double" and _is_number(found)):
            wrong.append(f"{name} must be of type {kind}")
    if wrong:
        hint = f"The points' columns cannot be used: {'; '.join(wrong)}."
        raise PlaceError([PlaceProblem("wrong_columns", hint)])


def _is_number(kind: str | None) -> bool:
    return kind is not None and (kind in ("double", "float", "int", "bigint") or kind.startswith("decimal"))


def _usable(points: DataFrame, duties: Sequence[str]) -> tuple[DataFrame, dict[str, int]]:
    """Return reported events that have a place, under one set of columns, and how many are left out by reason."""
    from pyspark.sql import functions as f

    given = set(points.columns)

    def text(name: str, missing: str, blank: str) -> Column:
        if name not in given:
            return f.lit(missing)
        return f.when(f.length(f.trim(f.coalesce(f.col(name), f.lit("")))) == 0, blank).otherwise(f.col(name))

    arises = f.coalesce(f.col("arises_from"), f.lit("")) if "arises_from" in given else f.lit("")
    metres = f.col("precision_m").cast("double") if "precision_m" in given else f.lit(None).cast("double")
    precision = f.when(~f.isnan(metres), metres)
    day = f.datediff(f.col("date"), f.lit("1970-01-01")).cast("long") if "date" in given else f.lit(None).cast("long")
    events = points.select(
        f.col("easting").cast("double").alias("x"), f.col("northing").cast("double").alias("y"),
        text("source", ONE_SOURCE, NOT_STATED).alias("source"), text("recorded_by", "", "").alias("recorded_by"),
        text("category", ONE_SOURCE, NOT_STATED).alias("category"), f.coalesce(day, f.lit(NO_DAY)).alias("day"),
        text("claim_id", "", "").alias("claim"), precision.alias("precision"), arises.alias("arises"),
    )  # fmt: skip
    inside = f.col("x").between(*EASTINGS) & f.col("y").between(*NORTHINGS)
    nowhere = f.col("x").isNull() | f.col("y").isNull() | f.isnan("x") | f.isnan("y")
    why = (
        f.when(~f.trim("arises").isin("", *ARISES_FROM), "arises_from")
        .when((f.col("precision") < 0) | (f.col("precision") == float("inf")), "precision_m")
        .when(nowhere | ((f.col("x") == 0) & (f.col("y") == 0)), "without a place")
        .when(~inside, "beyond the British National Grid")
        .when(f.col("category").isin(*duties), "reports of a duty")
        .when(f.col("arises").isin("agency_initiated", "prompted_by_partnership"), "looked for")
    )
    events = events.withColumn("why", why)
    found = {row["why"]: row["count"] for row in events.groupBy("why").count().collect()}
    _refuse_unreadable(found)
    if None not in found:
        raise PlaceError([PlaceProblem("no_events", "No reported event has a place that can be used.")])
    return events.where(f.col("why").isNull()).drop("why", "arises"), {k: n for k, n in found.items() if k is not None}


def _refuse_unreadable(found: dict[str | None, int]) -> None:
    rules = {
        "arises_from": f"must be {', '.join(ARISES_FROM)} or blank",
        "precision_m": "must be metres, 0 or more, or blank",
    }
    problems = [
        PlaceProblem(f"bad_{name}", f"Column `{name}` {rule}; {found[name]:,} rows do not hold to it.")
        for name, rule in rules.items()
        if name in found
    ]
    if problems:
        raise PlaceError(problems)


def _facts(usable: DataFrame) -> pd.DataFrame:
    """Return of each source how many events it reported, and the first and last of their days."""
    from pyspark.sql import functions as f

    known = f.when(f.col("day") != NO_DAY, f.col("day"))
    lines = usable.groupBy("source").agg(f.count("*"), f.min(known), f.max(known)).collect()
    return pd.DataFrame([tuple(line) for line in lines], columns=["source", "n", "first", "last"]).sort_values("source")


def _coverage(table: pd.DataFrame | None, facts: pd.DataFrame, areas: tuple[str, ...]) -> Coverage:
    sources = tuple(facts["source"])
    if table is None:
        return everywhere(sources, areas)
    dated = facts.dropna()
    period = (int(dated["first"].min()), int(dated["last"].max()) + 1) if len(dated) else None
    return check_coverage(table, sources, areas, period)


def place_points(batches: Iterator[pa.RecordBatch], *, ground: Ground, coverage: Coverage) -> Iterator[pa.RecordBatch]:
    """Yield events with their cell and area, and whether they count: what a worker does."""
    for batch in batches:
        points = _as_points(batch.to_pandas())
        area = areas_of(points, ground)
        source = pd.Index(coverage.sources).get_indexer(pd.Index(points.source))
        inside = area >= 0
        standing = np.where(inside, _COUNTED, _OUTSIDE)
        unlooked = coverage.share[source[inside], area[inside]] <= 0
        looked = coverage.looked(source[inside], area[inside], points.day[inside])
        standing[inside] = np.select([unlooked, ~looked], [_UNLOOKED, _UNTIMELY], _COUNTED)
        cell = ground.grid.cell_of(points.x, points.y)
        columns = [*(batch.column(name) for name in batch.schema.names), pa.array(cell), pa.array(area)]
        names = [*batch.schema.names, "cell", "area", "standing"]
        yield pa.RecordBatch.from_arrays([*columns, pa.array(standing.astype(np.int32))], names=names)


def _as_points(frame: pd.DataFrame) -> Points:
    n = len(frame)
    source, by, kind = (frame[name].to_numpy(dtype=object) for name in ("source", "recorded_by", "category"))
    return Points(
        frame["x"].to_numpy(), frame["y"].to_numpy(), source, by, kind, day=frame["day"].to_numpy(), claim=np.arange(n),
        weight=np.ones(n), looked=np.zeros(n, dtype=np.bool_), precision_m=np.full(n, np.nan), row=np.arange(1, n + 1),
        projection=NO_PROJECTION, notes=(),
    )  # fmt: skip


def _whole_claims(placed: DataFrame, sizes: dict[str, int], *, judged: bool) -> tuple[DataFrame, tuple[str, ...]]:
    """Return one event a claim, in the order of ``places.strata.whole_claims``, and sources that share claims."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    alone, told = placed.where(f.col("claim") == ""), placed.where(f.col("claim") != "")
    size = f.create_map(*[f.lit(part) for pair in sizes.items() for part in pair])[f.col("source")]
    unseen = (f.col("standing") != _COUNTED) if judged else f.lit(False)
    order = [unseen, f.col("precision").asc_nulls_last(), -size, *map(f.col, ("source", "day", "x", "y", "category",
        "recorded_by"))]  # fmt: skip
    first = f.row_number().over(Window.partitionBy("claim").orderBy(*order))
    kept = told.withColumn("place", first).where(f.col("place") == 1).drop("place")
    shared = told.groupBy("claim").agg(f.collect_set("source").alias("by")).where(f.size("by") > 1)
    joined = shared.select(f.explode("by").alias("source")).distinct().collect()
    return alone.unionByName(kept), tuple(sorted(row["source"] for row in joined))


def _grouped(whole: DataFrame) -> pd.DataFrame:
    """Return how many events there are of each kind in each cell, and of each the first place and day."""
    from pyspark.sql import functions as f

    keys = ["standing", "cell", "area", "source", "recorded_by", "category"]
    some = f.min(f.struct("x", "y", "day"))
    lines = whole.groupBy(*keys).agg(f.count("*").alias("n"), some.alias("at")).collect()
    return pd.DataFrame(
        [(*line[:6], line["n"], *line["at"]) for line in lines], columns=[*keys, "n", "x", "y", "day"]
    ).sort_values(keys, ignore_index=True)


def _assemble(
    table: pd.DataFrame, left_out: dict[str, int], joined: tuple[str, ...], ground: Ground, coverage: Coverage
) -> CellCounts:
    """Return strata and counts: one event stands for all of its kind in a cell.

    The organisation that recorded most of a source's events in an area has recorded all of them there
    (``places.strata.place_events``); where its events are counted, each kind's one event is told so.
    """
    for standing, n in table[table["standing"] != _COUNTED].groupby("standing")["n"].sum().items():
        left_out[_WHY[int(standing)]] = int(n)  # type: ignore[call-overload]
    kept = table[table["standing"] == _COUNTED].reset_index(drop=True)
    named = kept[kept["recorded_by"] != ""].groupby(["source", "area", "recorded_by"])["n"].sum().reset_index()
    most = named.sort_values(["n", "recorded_by"], ascending=[False, True]).drop_duplicates(["source", "area"])
    by = kept[["source", "area"]].merge(most, on=["source", "area"], how="left")["recorded_by"].fillna("")
    points = replace(_as_points(kept.assign(recorded_by=by.to_numpy(dtype=object))), joined=joined)
    events, strata, _ = place_events(points, ground, coverage)
    n_cells = ground.grid.n_cells
    counts = np.zeros((len(strata.names), n_cells), dtype=np.int64)
    np.add.at(counts, (events.stratum, events.cell), kept["n"].to_numpy(dtype=np.int64))
    return CellCounts(ground, strata, counts, left_out)
