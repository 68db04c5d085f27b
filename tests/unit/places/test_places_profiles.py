"""What lies around a building: bands, what is expected, whose ground it is, and what only practitioners see."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from riskshare.errors import ArgumentError, PlaceError
from riskshare.kernels.rates import empirical_bayes
from riskshare.kernels.surroundings import bisquare, excess_p, rate_ratio, share_curve, shrunk_ranks
from riskshare.profiling import PlaceProfiles, profile_places

X, Y = 430_000.0, 340_000.0
SECRET = "Larch House"


def areas(*cuts: float) -> gpd.GeoDataFrame:
    """Return areas 4 km high side by side: they end at the given distances east, the last at 4 km."""
    ends = [0.0, *cuts, 4_000.0]
    shapes = [shapely.box(X + a, Y, X + b, Y + 4_000) for a, b in pairwise(ends)]
    return gpd.GeoDataFrame({"code": [f"a{n}" for n in range(len(shapes))]}, geometry=shapes, crs=27700)


def events(*where: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    """Return events at metres east and north of the corner."""
    shapes = [shapely.Point(X + east, Y + north) for east, north in where]
    return gpd.GeoDataFrame({name: list(values) for name, values in columns.items()}, geometry=shapes, crs=27700)


def building(*where: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    ids = [f"B{number + 1}" for number in range(len(where))]
    shapes = [shapely.Point(X + east, Y + north) for east, north in where]
    return gpd.GeoDataFrame({"id": ids, "protected": False, **columns}, geometry=shapes, crs=27700)


def profile(points: gpd.GeoDataFrame, where: gpd.GeoDataFrame, *cuts: float, **options: Any) -> PlaceProfiles:
    return profile_places(points, where, areas=areas(*cuts), **{"null": "uniform", "draws": 99, **options})


def one(profiles: PlaceProfiles) -> pd.Series:
    assert len(profiles.buildings) == 1
    return profiles.buildings.iloc[0]


MIDDLE = (2_000.0, 2_000.0)
FAR = (500.0, 500.0)


def at(*distances: float) -> list[tuple[float, float]]:
    return [(MIDDLE[0] + distance, MIDDLE[1]) for distance in distances]


def codes_of(error: PlaceError) -> set[str]:
    return {problem.code for problem in error.problems}


# ------------------------------------------------------------------------------------------------ bands


def test_bands_take_their_inner_edge_and_not_their_outer_one() -> None:
    found = profile(events(*at(25, 25.01, 99.99, 100, 249.99, 250, 499.99, 500), FAR), building(MIDDLE))
    assert found.bands["band"].tolist() == ["(25, 100)", "[100, 250)", "[250, 500)"]
    assert found.bands["observed"].tolist() == [2, 2, 2]
    assert one(found)["own_address"] == 1


def test_expected_is_the_share_of_all_events_that_falls_to_the_band() -> None:
    # 100 events on 16 km² in all; a band's own share is its ring over that.
    rng = np.random.default_rng(3)
    spread = [(float(a), float(b)) for a, b in rng.uniform(0, 1_400, (100, 2))]
    bands = profile(events(*spread), building(MIDDLE)).bands
    rings = np.pi * np.diff(np.array([25.0, 100, 250, 500]) ** 2)
    assert bands["expected"].to_numpy() == pytest.approx(100 * rings / 16e6, rel=2e-3)
    assert bands["coverage"].to_numpy() == pytest.approx([1, 1, 1])


def test_limits_are_the_exact_poisson_ones() -> None:
    found = profile(events(*at(30, 40, 50), *[FAR] * 97), building(MIDDLE)).bands.iloc[0]
    low = stats.chi2.ppf(0.025, 6) / 2 / found["expected"]
    high = stats.chi2.ppf(0.975, 8) / 2 / found["expected"]
    assert (found["lower"], found["upper"]) == pytest.approx((low, high))


def test_each_force_is_expected_by_its_own_rate() -> None:
    # The west records 300, the east 100 on as much ground; the building stands on the line.
    west = [(500.0, 500.0)] * 300
    east = [(3_500.0, 500.0)] * 100
    found = profile(events(*west, *east), building(MIDDLE), 2_000)
    ring = np.pi * (500.0**2 - 25**2)
    assert one(found)["expected"] == pytest.approx((300 + 100) / 8e6 * ring / 2, rel=2e-3)
    assert one(found)["authorities"] == ("a0", "a1")
    assert one(found)["crosses_boundary"]


def test_people_make_the_expectation() -> None:
    people = pd.DataFrame({"easting": [X, X + 2_000], "northing": [Y, Y], "cell_m": 2_000, "population": [0, 30_000]})
    points = events(*at(30), *[(3_000.0, 300.0)] * 99)
    inside, outside = building((3_000.0, 1_000.0)), building((1_000.0, 1_000.0))
    crowded = one(profile(points, inside, population=people, null=None))["expected"]
    empty = one(profile(points, outside, population=people, null=None))["expected"]
    assert crowded == pytest.approx(100 * np.pi * (500**2 - 25**2) / 4e6, rel=0.01)
    assert 0 < empty < 0.02 * crowded


def test_without_people_nothing_is_expected_and_no_finding_is_made() -> None:
    found = profile(events(*at(30, 40), FAR), building(MIDDLE), null=None)
    line = one(found)
    assert line["observed"] == 2
    missing = ("expected", "ratio", "lower", "upper", "p", "q", "excess", "near_far", "shrunk_ratio", "rank")
    assert all(pd.isna(line[name]) for name in missing)
    assert any("nothing is expected" in note for note in found.notes)


def test_silence_where_nobody_looks_is_missing() -> None:
    looked = pd.DataFrame({"source": "all", "area": ["a0"], "from": ["2025-01-01"], "until": ["2026-01-01"]})
    points = events(*at(-30), *[FAR] * 99, *[(3_500.0, 500.0)] * 5, date=["2025-06-01"] * 105)
    found = profile(points, building(MIDDLE), 2_000, coverage=looked)
    assert one(found)["coverage"] == pytest.approx(0.5, abs=1e-3)
    assert one(found)["expected"] == pytest.approx(100 / 8e6 * np.pi * (500**2 - 25**2) / 2, rel=2e-3)
    assert any("silence there is not safety" in note for note in found.notes)


def test_an_outline_is_measured_from_its_edge() -> None:
    hall = building(MIDDLE).set_geometry([shapely.box(X + 1_900, Y + 1_900, X + 2_100, Y + 2_100)])
    hall = hall.set_crs(27700, allow_override=True)
    found = profile(events(MIDDLE, *at(124, 126, 199, 200), FAR), hall)
    assert one(found)["own_address"] == 2
    assert found.bands["observed"].tolist() == [2, 1, 0]


# ------------------------------------------------------------------------------------------------ what never counts


def test_duties_and_own_address_change_nothing_around() -> None:
    plain = profile(events(*at(60, 160), *[FAR] * 20, category=["violence"] * 22), building(MIDDLE))
    more = [*at(60, 160), *[FAR] * 20, *[MIDDLE] * 40, *at(60, 70), *at(10)]
    kinds = ["violence"] * 22 + ["missing_episode"] * 40 + ["staff_report", "welfare_check"] + ["violence"]
    full = profile(events(*more, category=kinds), building(MIDDLE))
    assert full.bands.equals(plain.bands)
    assert (one(full)["own_address"], one(full)["duties_at_address"]) == (1, 40)
    assert any(note.startswith("42 reports of missing people") for note in full.notes)


def test_an_event_at_one_buildings_address_is_no_risk_around_another() -> None:
    two = building(MIDDLE, (2_200.0, 2_000.0))
    found = profile(events(*[MIDDLE] * 9, *at(60), FAR), two)
    assert found.buildings["own_address"].tolist() == [9, 0]
    assert found.buildings["observed"].tolist() == [1, 1]


def test_a_claim_that_any_source_puts_at_the_address_is_at_the_address() -> None:
    points = events(MIDDLE, *at(60), FAR, source=["ambulance", "police", "police"], claim_id=["c", "c", "d"])
    line = one(profile(points, building(MIDDLE)))
    assert (line["own_address"], line["observed"]) == (1, 0)


def test_one_claim_counts_once_and_where_we_looked_not_at_all() -> None:
    points = events(
        *at(60, 61, 62), FAR, claim_id=["c", "c", None, None], source=["police", "ambulance", "police", "police"],
        arises_from=["reported", "reported", "agency_initiated", "reported"],
    )  # fmt: skip
    assert one(profile(points, building(MIDDLE)))["observed"] == 1


def test_precision_says_what_may_be_the_address_and_what_is_in_no_band() -> None:
    points = events(*at(60, 60, 400), FAR, precision_m=[10, 70, 300, 10])
    found = profile(points, building(MIDDLE))
    assert (one(found)["observed"], one(found)["may_be_own_address"]) == (2, 1)
    assert any("more than 75 m" in note for note in found.notes)


# ------------------------------------------------------------------------------------------------ when, and whose


def test_school_hours_are_weekdays_from_eight_to_six() -> None:
    # 2 June 2025 was a Monday, 7 June a Saturday.
    when = [
        "2025-06-02T08:00",
        "2025-06-02T17:59",
        "2025-06-02T18:00",
        "2025-06-07T12:00",
        "2025-06",
        "2025-06-02T07:00Z",
    ]
    found = profile(events(*at(*[60] * 6), *[FAR] * 2, date=[*when, *["2025-06-07T12:00"] * 2]), building(MIDDLE))
    line = one(found)
    # 07:00 by the clock of Greenwich is 08:00 in summer.
    assert (line["school_hours"], line["other_hours"], line["hours_unknown"]) == (3, 2, 1)
    assert line["school_hours_expected"] == pytest.approx(5 * 3 / 7)
    assert any("term dates are not known" in note for note in found.notes)


def test_a_column_of_times_and_dates_without_any() -> None:
    points = events(*at(60, 70), FAR, date=["2025-06-02"] * 3, time=["09:30", None, "23:00"])
    line = one(profile(points, building(MIDDLE)))
    assert (line["school_hours"], line["other_hours"], line["hours_unknown"]) == (1, 0, 1)
    plain = profile(points.drop(columns="time"), building(MIDDLE))
    assert one(plain)["hours_unknown"] == 2
    assert "no time of day: school hours are not told apart" in plain.notes


def test_event_once_and_shared_credit_both_add_up_to_the_events() -> None:
    rng = np.random.default_rng(5)
    spread = [(float(a), float(b)) for a, b in rng.uniform(1_000, 3_000, (200, 2))]
    where = building(MIDDLE, (2_300.0, 2_000.0), (2_000.0, 2_350.0))
    found = profile(events(*spread), where, own_m=0).buildings
    xy = np.array(spread)
    near = np.array([np.hypot(*(xy - c).T) for c in ((2_000, 2_000), (2_300, 2_000), (2_000, 2_350))])
    inside = near < 500
    assert found["observed"].tolist() == inside.sum(axis=1).tolist()
    assert found["nearest_only"].tolist() == np.bincount(near.argmin(axis=0)[inside.any(axis=0)]).tolist()
    assert found["shared_credit"].sum() == pytest.approx(inside.any(axis=0).sum())
    assert found["weighted"].tolist() == pytest.approx(((1 - (near / 500) ** 2).clip(0) ** 2).sum(axis=1).tolist())


def test_a_building_is_compared_with_others_of_its_kind() -> None:
    centres = [(600.0 + 1_000 * a, 600.0 + 1_300 * b) for a in range(3) for b in range(2)]
    near = [(x + 60, y) for x, y in centres for _ in range(5)] + [(centres[0][0] + 70, centres[0][1])] * 20
    where = building(*centres, kind=["home"] * 5 + ["school"])
    found = profile(events(*near), where).buildings
    assert found["matched_buildings"].tolist() == [4, 4, 4, 4, 4, 0]
    assert found["matched_ratio"][0] == pytest.approx(5.0, rel=1e-3)
    assert found["rank"][:5].idxmin() == 0
    assert found["rank_lower"][0] == found["rank_upper"][0] == 1
    assert 1 < found["shrunk_ratio"][0] < found["ratio"][0]
    assert found["rank"].isna().tolist() == [False] * 5 + [True]


def test_the_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(8)
    spread = [(float(a), float(b)) for a, b in rng.uniform(1_200, 2_800, (120, 2))]
    points = events(*spread, claim_id=rng.integers(0, 90, 120).tolist(), source=rng.choice(["p", "q"], 120).tolist())
    where = building(MIDDLE, (2_300.0, 2_000.0), kind=["home", "home"])
    first = profile(points, where, 2_100)
    again = profile(points.sample(frac=1, random_state=1), where.iloc[::-1], 2_100)
    pd.testing.assert_frame_equal(pd.DataFrame(first.buildings), pd.DataFrame(again.buildings))
    pd.testing.assert_frame_equal(first.bands, again.bands)


# ------------------------------------------------------------------------------------------------ who may see it


def crowd(n: int, protected: object) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    centres = [(600.0 + 450 * number, 2_011.0) for number in range(n)]
    where = building(*centres, name=[f"{SECRET} {number}" for number in range(n)], kind="home", protected=protected)
    points = events(*[(x + 60, y) for x, y in centres for _ in range(3)], FAR)
    return points, where


@pytest.mark.parametrize("audience", ["partnership", "public"])
@pytest.mark.parametrize("protected", [True, None, "yes"])
def test_protected_buildings_leave_no_trace_below_practitioners(audience: str, protected: object) -> None:
    points, where = crowd(6, protected)
    found = profile(points, where, audience=audience)
    assert found.buildings.empty
    assert found.bands.empty
    assert found.curve.empty
    held = " ".join([repr(found), *found.notes, *(t.to_csv() for t in (found.buildings, found.bands, found.areas))])
    for trace in (SECRET, "B1", "POINT", "432011", "432,011"):
        assert trace not in held
    assert found.areas.to_dict("records")[0]["buildings"] == 6
    assert found.areas["observed"].tolist() == [18]


def test_lines_of_few_buildings_are_left_out_and_few_events_missing() -> None:
    points, where = crowd(4, True)
    assert profile(points, where, audience="partnership").areas.empty
    points, where = crowd(6, True)
    few = profile(points.iloc[[0, 1, -1]], where, audience="partnership").areas
    assert few["observed"].isna().tolist() == [True]
    assert few["ratio"].isna().tolist() == [True]


def test_other_buildings_keep_one_line_for_partners_and_none_for_the_public() -> None:
    points, where = crowd(6, [False, False, True, True, True, True])
    partners = profile(points, where, audience="partnership")
    assert partners.buildings["building_id"].tolist() == ["B1", "B2"]
    # The first has 3 events near it, too few to say; the second those and 3 of its neighbour's.
    assert partners.buildings["observed"].astype(object).where(lambda n: n.notna(), None).tolist() == [None, 6]
    assert partners.buildings["ratio"].isna().tolist() == [True, False]
    assert "near_observed" not in partners.buildings
    assert partners.areas.empty
    assert profile(points, where, audience="public").buildings.empty


def test_silence_about_protection_protects() -> None:
    points, where = crowd(2, False)
    found = profile(points, where.drop(columns="protected"), audience="partnership")
    assert found.buildings.empty
    assert "no column `protected`: every building is taken as protected" in found.notes


# ------------------------------------------------------------------------------------------------ what is refused


def test_every_fault_of_a_table_of_buildings_is_named_by_row_and_never_by_name() -> None:
    where = building(MIDDLE, FAR, FAR, MIDDLE, name=[SECRET] * 4)
    where["id"] = ["B1", "B1", None, "B4"]
    where.loc[3, "geometry"] = None
    with pytest.raises(PlaceError) as caught:
        profile(events(FAR), where)
    assert codes_of(caught.value) == {"blank_building_id", "duplicate_building_id", "building_without_place"}
    assert SECRET not in str(caught.value)
    assert "rows 2" in str(caught.value)


@pytest.mark.parametrize(
    ("where", "code"),
    [
        (pd.DataFrame({"id": ["B1"]}), "not_buildings"),
        (building(MIDDLE).iloc[:0], "no_buildings"),
        (building(MIDDLE).drop(columns="id"), "no_building_id"),
        (building(MIDDLE).set_crs(None, allow_override=True), "no_crs"),
        (building(MIDDLE).set_geometry([shapely.LineString([(0, 0), (1, 1)])], crs=27700), "building_shape"),
    ],
)
def test_buildings_that_cannot_be_used(where: Any, code: str) -> None:
    with pytest.raises(PlaceError) as caught:
        profile(events(FAR), where)
    assert code in codes_of(caught.value)


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"precision_m": ["about 50"]}, "bad_precision_m"),
        ({"precision_m": [-1]}, "bad_precision_m"),
        ({"date": ["2025-06-02"], "time": ["half nine"]}, "bad_time"),
    ],
)
def test_events_that_cannot_be_read(columns: dict[str, Any], code: str) -> None:
    with pytest.raises(PlaceError) as caught:
        profile(events(FAR, **columns), building(MIDDLE))
    assert codes_of(caught.value) == {code}


def test_only_duties_leave_nothing_to_count() -> None:
    with pytest.raises(PlaceError) as caught:
        profile(events(FAR, category=["missing_episode"]), building(MIDDLE))
    assert codes_of(caught.value) == {"no_events"}


def test_every_wrong_argument_is_named_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        profile(
            events(FAR), building(MIDDLE), bands_m=(250, 100), own_m=-1, duties="missing", null="flat",
            audience="press", level=2, draws=0, seed=-1,
        )  # fmt: skip
    assert len(caught.value.problems) == 8


@pytest.mark.parametrize("bands", [(), "100", (100, 100), (float("nan"),), (0, 100), (1e200,), (100, 1_000_001)])
def test_bands_must_rise_from_above_nothing(bands: Any) -> None:
    with pytest.raises(ArgumentError, match="bands_m"):
        profile(events(FAR), building(MIDDLE), bands_m=bands, own_m=0)


# ------------------------------------------------------------------------------------------------ the arithmetic


@given(st.integers(0, 40), st.integers(0, 40), st.floats(0.1, 30), st.floats(0.1, 30))
@settings(max_examples=40, deadline=None)
def test_the_near_far_ratio_is_the_conditional_binomial(near: int, far: int, e_near: float, e_far: float) -> None:
    found = rate_ratio(near, e_near, far, e_far)
    odds = e_far / e_near
    if near + far:
        limits = stats.binomtest(near, near + far).proportion_ci(0.95, method="exact")
        assert float(found.low) == pytest.approx(limits.low / (1 - limits.low) * odds)
        chance = e_near / (e_near + e_far)
        tails = stats.binom.sf(near - 1, near + far, chance), stats.binom.cdf(near, near + far, chance)
        assert float(found.p) == pytest.approx(min(2 * min(tails), 1.0))
    if far:
        assert float(found.ratio) == pytest.approx(near / far * odds)
        assert float(found.high) == pytest.approx(limits.high / (1 - limits.high) * odds)
    else:
        assert np.isnan(found.ratio)
        assert np.isnan(found.high)


def test_the_excess_is_the_poisson_tail() -> None:
    counts, base = np.array([0, 1, 8, 30]), np.array([2.0, 0.5, 4.0, 20.0])
    assert excess_p(counts, base) == pytest.approx(stats.poisson.sf(counts - 1, base))
    assert float(excess_p(3, 0.0)) == 0.0


def test_ranks_rest_on_marshalls_rates_and_say_when_they_know_nothing() -> None:
    seen, base = np.array([12, 30, 3, 8]), np.array([10.0, 12.0, 9.0, 10.0])
    found = shrunk_ranks(seen, base, rng=np.random.default_rng(1), n_draws=4_000)
    assert found.shrunk == pytest.approx(empirical_bayes(seen, base))
    assert found.rank.sum() == pytest.approx(10)
    assert found.rank.argsort().tolist() == [1, 0, 3, 2]
    alike = shrunk_ranks([3, 3, 3], [3, 3, 3], rng=np.random.default_rng(1))
    assert (alike.rank.tolist(), alike.low.tolist(), alike.high.tolist()) == ([2, 2, 2], [1, 1, 1], [3, 3, 3])
    assert shrunk_ranks([0, 0], [1, 1], rng=np.random.default_rng(1)).rank.tolist() == [1.5, 1.5]
    assert shrunk_ranks([], [], rng=np.random.default_rng(1)).rank.size == 0


def test_the_posterior_of_the_ranks_has_the_shrunk_rates_as_its_mean() -> None:
    # Draws recover Marshall's rates only if shape and rate of the gamma are right.
    seen, base = np.array([12, 30, 3, 8]), np.array([10.0, 12.0, 9.0, 10.0])
    m = seen.sum() / base.sum()
    between = (base * (seen / base - m) ** 2).sum() / base.sum() - m / base.mean()
    assert empirical_bayes(seen, base) == pytest.approx((m**2 / between + seen) / (m / between + base))


def test_few_events_look_like_eighty_twenty_and_the_envelope_says_so() -> None:
    rng = np.random.default_rng(2)
    outside = 0
    for _ in range(40):
        curve = share_curve(rng.poisson(0.5, 50), np.ones(50), rng=rng, n_draws=199)
        assert curve.event_share[9] > 0.4
        outside += int(curve.event_share[9] > curve.high[9])
    assert outside <= 5
    heaped = share_curve([40, *[1] * 49], np.ones(50), rng=rng, n_draws=199)
    assert heaped.event_share[0] > heaped.high[0]
    assert np.isnan(share_curve([0, 0], [1, 1], rng=rng).event_share).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda _: rate_ratio(1.5, 1, 1, 1),
        lambda _: rate_ratio(1, 0, 1, 1),
        lambda _: rate_ratio(1, 1, 1, 1, level=1),
        lambda _: excess_p(-1, 1),
        lambda _: excess_p(1, np.nan),
        lambda _: bisquare([-1], 5),
        lambda _: bisquare([1], 0),
        lambda rng: shrunk_ranks([1], [1, 2], rng=rng),
        lambda rng: shrunk_ranks([1], [1], rng=rng, n_draws=0),
        lambda rng: share_curve([[1]], [[1]], rng=rng),
    ],
)
def test_arithmetic_refuses_what_it_cannot_take(call: Any) -> None:
    with pytest.raises(ValueError, match="must"):
        call(np.random.default_rng(1))
