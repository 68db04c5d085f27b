"""Each person's latest reading by an agency on a scale, and the native number it stands for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from riskshare.kernels.anchors import Floats
from riskshare.records.scale import Scale
from riskshare.scales.reading import ParsedValues


def own_rows(table: pa.Table, party: tuple[str, str]) -> pa.Table:
    """Return the shared cases of one agency on one scale."""
    return table.filter(pc.and_(pc.equal(table["agency"], party[0]), pc.equal(table["scale"], party[1])))


def latest_rows(own: pa.Table) -> pa.Table:
    """Return the latest reading of each person, by subject; of two on one day, the later row."""
    ordered = own.sort_by([("subject_id", "ascending"), ("scored_at", "ascending"), ("row", "ascending")])
    subjects = ordered["subject_id"].to_numpy(zero_copy_only=False)
    last = np.append(subjects[1:] != subjects[:-1], True) if len(subjects) else np.zeros(0, np.bool_)
    return ordered.filter(pa.array(last.astype(np.bool_), pa.bool_()))


def native_numbers(scale: Scale, parsed: ParsedValues) -> Floats:
    """Return native numbers; a level named on an ordinal scale is its rank. NaN where no number can be said."""
    starts = np.array([*(band.starts for band in scale.bands), np.nan])
    named: Floats = np.where(parsed.by_label & (scale.kind == "ordinal"), starts[parsed.band], parsed.number)
    return named
