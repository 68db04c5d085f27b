"""The shipped scales against the figures their owners publish, written out a second time here.

Each boundary is tried at the cut and one step to either side, natively and on the common scale.
"""

from __future__ import annotations

import datetime as dt

import pytest

import shipped_scales as shipped
from riskshare.scales.agreed import scale_problems
from riskshare.scales.normalise import normalise
from riskshare.scales.policy_basis import policy_positions, to_common

EDGES = {"medium": 30.0, "high": 70.0, "very high": 90.0}

# scale: (kind, lowest, highest, direction, step), then for each published cut: the last value on the milder side, the
# first on the graver side, and the common edge it is pinned to (None: an edge between bands that pins nothing).
PUBLISHED = {
    "cse.kent_medway": (("ordinal", 1, 3, "risk"), [(1, 2, "medium"), (2, 3, "high")]),
    "dfe.absence_2005": (("probability", 0, 100, "risk"), [(19.9, 20, "high")]),
    "dfe.absence_2010": (("probability", 0, 100, "risk"), [(14.9, 15, "high")]),
    "dfe.absence_2015": (("probability", 0, 100, "risk"), [(9.9, 10, "high"), (49.9, 50, "very high")]),
    "hmpps.csrp": (("probability", 0, 100, "risk"), [(0.99, 1, "medium"), (2.99, 3, "high"), (6.89, 6.9, "very high")]),
    "hmpps.ogp": (("probability", 1, 99, "risk"), [(33, 34, "medium"), (66, 67, "high"), (84, 85, "very high")]),
    "hmpps.ogrs3": (("probability", 0, 100, "risk"), [(49, 50, "medium"), (74, 75, "high"), (89, 90, "very high")]),
    "hmpps.ovp": (("probability", 1, 99, "risk"), [(29, 30, "medium"), (59, 60, "high"), (79, 80, "very high")]),
    "hmpps.rosh": (("ordinal", 1, 4, "risk"), [(1, 2, "medium"), (2, 3, "high"), (3, 4, "very high")]),
    "hmpps.tier_v2_protect": (
        ("count", 0, None, "risk"),
        [(9, 10, "medium"), (19, 20, "high"), (149, 150, "very high")],
    ),
    "ithrive": (("nominal", None, None, "none"), []),
    "mappa.category": (("nominal", None, None, "none"), []),
    "mappa.level": (("effort", 1, 3, "none"), []),
    "marac.kingston": (("count", 0, 24, "risk"), [(13, 14, "high")]),
    "mash.merton": (("ordinal", 1, 4, "risk"), [(1, 2, None), (2, 3, None), (3, 4, "high")]),
    "need.levels": (("ordinal", 1, 4, "risk"), [(1, 2, None), (2, 3, None), (3, 4, "high")]),
    "nhs.cyp_ed": (("ordinal", 1, 2, "risk"), [(1, 2, "high")]),
    "police.grade_other": (("ordinal", 1, 3, "safety"), [(3, 2, None), (2, 1, "high")]),
    "police.grade_suffolk_old": (
        ("ordinal", 1, 5, "safety"),
        [(5, 4, None), (4, 3, None), (3, 2, None), (2, 1, "high")],
    ),
    "police.missing_2010": (("ordinal", 1, 3, "risk"), [(1, 2, "medium"), (2, 3, "high")]),
    "rcp.news2": (("count", 0, 20, "risk"), [(0, 1, None), (4, 5, "medium"), (6, 7, "high")]),
    "safelives.dash_ric": (("count", 0, 24, "risk"), [(13, 14, "high")]),
    "sdq.prosocial_uk_parent": (("count", 0, 10, "safety"), [(8, 7, "medium"), (7, 6, "high")]),
    "sdq.uk_parent": (("count", 0, 40, "risk"), [(13, 14, "medium"), (16, 17, "high")]),
    "sdq.uk_teacher": (("count", 0, 40, "risk"), [(11, 12, "medium"), (15, 16, "high"), (18, 19, "very high")]),
    "sos.safety": (("ordinal", 0, 10, "safety"), [(10, 9, None), (1, 0, None)]),
    "yjb.scaled_approach_2008_draft": (("count", 0, 64, "risk"), [(25, 26, "medium"), (41, 42, "high")]),
    "yjb.scaled_approach_2009": (("count", 0, 64, "risk"), [(14, 15, "medium"), (32, 33, "high")]),
}
CUTS = [(name, *cut) for name, (_, cuts) in PUBLISHED.items() for cut in cuts]


def test_at_least_fifteen_scales_are_shipped_and_each_is_written_out_here() -> None:
    assert len(shipped.SCALES) >= 15
    assert set(shipped.SCALES) == set(PUBLISHED)


@pytest.mark.parametrize("path", shipped.FILES, ids=lambda p: p.stem)
def test_a_shipped_file_says_what_it_is(path) -> None:
    scale = shipped.read_scale(path)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# An example, not advice. Figures: ")
    assert scale.source in first
    assert scale.id == path.stem
    assert scale.mark in ("verified", "verified in code")
    assert scale.year == "undated" or any(c.isdigit() for c in scale.year)
    assert scale_problems(scale, path.name) == ()


@pytest.mark.parametrize("name", PUBLISHED)
def test_range_and_number_of_bands_are_as_published(name: str) -> None:
    scale, ((kind, lo, hi, direction), cuts) = shipped.SCALES[name], PUBLISHED[name]
    assert (scale.kind, scale.lo, scale.hi, scale.direction) == (kind, lo, hi, direction)
    if scale in shipped.LINKED:
        assert len(scale.bands) == len(cuts) + 1


@pytest.mark.parametrize(("name", "milder", "graver", "edge"), CUTS)
def test_each_cut_parts_the_values_on_either_side(name: str, milder: float, graver: float, edge: str | None) -> None:
    scale = shipped.SCALES[name]
    step = scale.step if graver > milder else -scale.step
    assert graver - milder == pytest.approx(step)
    values = [v for v in (milder - step, milder, graver, graver + step) if scale.lo <= v <= (scale.hi or v)]
    # 15 significant digits, without the noise of adding a decimal step
    table = normalise(
        shipped.rows(*({"scale": name, "value": f"{v:.12g}"} for v in values)), shipped.partnership()
    ).table.set_index([values])
    assert table.loc[milder, "native_band"] != table.loc[graver, "native_band"]
    assert table["common"].is_monotonic_increasing
    if edge is not None:
        on_graver_side = [(v - graver) * step >= 0 for v in values]
        assert (table["common"] >= EDGES[edge]).tolist() == on_graver_side
        assert (table["common_low"] >= EDGES[edge]).tolist() == on_graver_side
        # An interval that ends at an edge does not hold it.
        assert (table["common_high"] > EDGES[edge]).tolist() == on_graver_side or (
            table.loc[graver, "common_high"] == EDGES[edge]
        )
    if edge == "high":
        assert table["is_high"].tolist() == [(v - graver) * step >= 0 for v in values]


@pytest.mark.parametrize("scale", shipped.LINKED, ids=lambda s: s.id)
def test_each_pinned_cut_lands_exactly_on_its_edge(scale) -> None:
    positions = policy_positions(scale, shipped.COMMON)
    assert len(positions.cuts) == sum(edge is not None for *_, edge in PUBLISHED[scale.id][1])
    for name, cut, edge in positions.cuts:
        assert edge == EDGES[name]
        assert to_common(cut, positions) == edge


@pytest.mark.parametrize("scale", shipped.LINKED, ids=lambda s: s.id)
def test_without_a_very_high_cut_no_reading_reaches_ninety(scale) -> None:
    texts = [f"{v:g}" for v in (scale.lo, scale.hi) if v is not None] + [band.name for band in scale.bands]
    table = normalise(shipped.rows(*({"scale": scale.id, "value": t} for t in texts)), shipped.partnership()).table
    pinned = any(band.pins == "very high" for band in scale.bands)
    assert (table["common"].max() >= 90.0) == pinned
    assert table["common_band"].str.contains("very high").any() == pinned


def test_the_common_scale_is_stix_compatible() -> None:
    assert shipped.COMMON.edges == (30.0, 70.0, 90.0)


def test_the_windows_of_a_moving_bar_meet_without_overlap() -> None:
    windows = [
        (shipped.SCALES[f"dfe.absence_{y}"].valid_from, shipped.SCALES[f"dfe.absence_{y}"].valid_to)
        for y in (2005, 2010, 2015)
    ]
    assert [w[1] for w in windows] == [windows[1][0], windows[2][0], None]
    assert windows[0][0] == dt.date(2005, 9, 1)
