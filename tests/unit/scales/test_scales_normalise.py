"""Tests of ``riskshare.scales.normalise`` and ``place``: shapes, emptiness, ties with the native side, privacy."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pyarrow as pa
import pytest

import build
import shipped_scales as shipped
from riskshare.errors import LinkRefusedError, PartnershipError
from riskshare.records.evidence import EVIDENCE_SCHEMA
from riskshare.records.scale import Band, CommonScale
from riskshare.scales.normalise import normalise
from riskshare.scales.place import place
from riskshare.scales.policy_basis import from_common, policy_positions, to_common
from riskshare.scales.reading import parse_values

SECRET = "Zebedee-7788"


def test_empty_evidence_gives_empty_readings() -> None:
    for empty in (EVIDENCE_SCHEMA.empty_table(), shipped.rows({"scale": None})):
        readings = normalise(empty, shipped.partnership())
        assert len(readings) == 0
        assert len(readings.table) == 0
        assert all(len(getattr(readings, f.name)) == 0 for f in fields(readings) if f.name != "partnership_version")


def test_every_column_has_one_entry_a_reading() -> None:
    readings = normalise(shipped.rows(*({"scale": s.id, "value": "1"} for s in shipped.LINKED)), shipped.partnership())
    assert {len(getattr(readings, f.name)) for f in fields(readings) if f.name != "partnership_version"} == {
        len(shipped.LINKED)
    }
    assert readings.partnership_version == shipped.partnership().version
    with pytest.raises(FrozenInstanceError):
        readings.common = np.zeros(1)


def test_chunked_rows_give_the_same_as_whole_ones() -> None:
    whole = shipped.rows(*({"scale": s.id, "value": b.name} for s in shipped.LINKED for b in s.bands))
    parts = pa.concat_tables([whole.slice(i, 3) for i in range(0, len(whole), 3)])
    agreed = shipped.partnership()
    assert normalise(parts, agreed).table.equals(normalise(whole, agreed).table)


def test_the_argument_is_left_alone_and_the_table_is_a_copy() -> None:
    readings = normalise(shipped.rows({"scale": "hmpps.rosh", "value": "low"}), shipped.partnership())
    table = readings.table
    table.loc[0, "reason"] = "changed"
    table.loc[0, "common"] = 99.0
    assert readings.reason.tolist() == [""]
    assert readings.common.tolist() == [15.0]


def test_no_repr_or_error_shows_a_person_s_value() -> None:
    rows = shipped.rows({"scale": "hmpps.rosh", "value": SECRET, "route": SECRET, "record_id": SECRET})
    readings = normalise(rows, shipped.partnership())
    assert SECRET not in repr(readings) + "".join(readings.reason)
    parsed = parse_values(build.scale(), [SECRET])
    assert SECRET not in repr(place(build.scale(), parsed, CommonScale()))
    with pytest.raises(PartnershipError) as stopped:
        normalise(shipped.rows({"scale": "demo", "value": SECRET}), shipped.partnership(build.scale("demo", bands=())))
    assert SECRET not in str(stopped.value)


def test_an_unsound_route_stops_rather_than_passing_unseen() -> None:
    from riskshare.records.scale import Route

    scale = build.scale("demo", routes=(Route(id="r", description="d", raises_to="gone"),))
    with pytest.raises(PartnershipError, match="raises_to"):
        normalise(shipped.rows({"scale": "demo", "value": "7", "route": "r"}), shipped.partnership(scale))


def test_placing_a_refused_scale_raises_with_the_reason() -> None:
    scale = shipped.SCALES["ithrive"]
    with pytest.raises(LinkRefusedError, match="not degrees of severity"):
        place(scale, parse_values(scale, ["help"]), CommonScale())


def test_a_cut_met_exactly_on_a_measured_scale_that_is_turned_round_is_the_safer_band() -> None:
    # Attendance: below 90 % is high; 90 % is not.
    bands = (Band(name="low attendance", starts=0.0, pins="high"), Band(name="attends", starts=90.0))
    scale = build.scale("attendance", kind="probability", hi=100.0, direction="safety", bands=bands, routes=())
    placed = place(scale, parse_values(scale, ["89.99", "90"]), CommonScale())
    assert placed.is_high.tolist() == [True, False]
    assert (placed.common >= 70.0).tolist() == [True, False]
    assert to_common(90.0, policy_positions(scale, CommonScale())) == 70.0


def test_duration_lies_on_a_log_scale() -> None:
    # Halfway in ratio between 1 hour (30) and 100 hours (70) is 10 hours.
    bands = (
        Band(name="a", starts=0.0),
        Band(name="b", starts=1.0, pins="medium"),
        Band(name="c", starts=100.0, pins="high"),
    )
    scale = build.scale("wait", kind="duration", lo=0.0, hi=1000.0, bands=bands, routes=())
    positions = policy_positions(scale, CommonScale())
    assert to_common([0.0, 0.5, 1.0, 10.0, 100.0, 1000.0], positions) == pytest.approx([0, 0, 30, 50, 70, 89])
    assert from_common(50.0, positions) == pytest.approx(10.0)


def test_partners_may_agree_other_edges() -> None:
    agreed = CommonScale(medium_from=20.0, high_from=60.0, very_high_from=60.5)
    positions = policy_positions(build.scale(), agreed)
    assert positions.common == (0.0, 20.0, 60.0, 60.25)  # never reaches very high, however close it lies


def test_probabilities_written_as_shares_of_one() -> None:
    bands = (Band(name="a", starts=0.0), Band(name="b", starts=0.03, pins="high"))
    scale = build.scale("p", kind="probability", hi=1.0, step=0.001, bands=bands, routes=())
    positions = policy_positions(scale, CommonScale())
    assert (positions.axis, positions.whole) == ("logit", 1.0)
    assert to_common(0.03, positions) == 70.0
