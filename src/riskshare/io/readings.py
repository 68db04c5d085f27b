"""Readings on agencies' scales, wherever they are sent: noted as faults where they are none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from riskshare.io.evidence_cells import Cells, Faults, Ints
from riskshare.records.partnership import Partnership
from riskshare.records.scale import Scale
from riskshare.scales.reading import parse_values


def check_readings(scale: Cells, value: Cells, partnership: Partnership, faults: Faults) -> None:
    """Note values that are no reading of the scale their row names; "could not be judged" is one."""
    agreed = {one.id: one for one in partnership.scales}
    for code, name in enumerate(scale.values.to_pylist()):
        if name in agreed:
            check_scale(agreed[name], value, np.flatnonzero((scale.codes == code) & (value.codes >= 0)), faults)


def check_scale(scale: Scale, value: Cells, rows: Ints, faults: Faults) -> None:
    """Note which of some rows hold no reading of one scale; each distinct text is understood once."""
    if not rows.size:
        return
    distinct, back = np.unique(value.codes[rows], return_inverse=True)
    reasons = parse_values(scale, value.values.take(pa.array(distinct))).fault
    for reason in sorted(set(reasons.tolist()) - {""}):
        faults.add(rows[(reasons == reason)[back]], "value", reason)
