"""Places, counts and rates in words: no number that a scale does not have, no count that is too small to show."""

from __future__ import annotations

from typing import Any

import pytest

import build
import shared
from riskshare.records.scale import Band
from riskshare.reporting.equivalence import TOO_SMALL, count_words, place_words
from riskshare.reporting.figures import interval_words, level_of
from riskshare.reporting.volume_text import volume_lines
from riskshare.scales.volumes import no_volume, volume, with_period

BRAG, SAFETY, COUNT = shared.brag(), shared.safety(), build.scale()
PARTNERS = shared.partners(population=20_000.0, workers=10.0)
PERIOD = ("2025-04-01", "2026-03-31")


@pytest.mark.parametrize(
    ("scale", "ends", "said"),
    [
        (COUNT, (16.8, 16.0, 17.4), "16.8 [16.0, 17.4]"),
        (COUNT, (22.0, 19.9, 25.0), "22.0 [19.9, no upper end]"),  # 25 on 0 to 24
        (COUNT, (24.6, 19.9, 25.0), "24.0+ [19.9, no upper end]"),
        (SAFETY, (0.3, -1.0, 2.0), "0.3 [no lower end, 2.0]"),  # towards safety: nobody scores -1 or less
        (SAFETY, (-0.4, -1.0, 2.0), "0.0− [no lower end, 2.0]"),
    ],
)
def test_no_end_lies_beyond_the_scale(scale: Any, ends: tuple[float, float, float], said: str) -> None:
    assert interval_words(scale, *ends) == said


@pytest.mark.parametrize(
    ("estimate", "split", "beyond", "said"),
    [
        (3.8, "amber", "red", "between amber and red (3.8 ["),
        (3.02, "", "amber", "amber (3.0 ["),
        (4.0, "", "red", "red (4.0 ["),
        (4.4, "red", "", "within red (4.0+ ["),
        (1.2, "blue", "green", "between blue and green (1.2 ["),
    ],
)
def test_a_bar_among_levels(estimate: float, split: str, beyond: str, said: str) -> None:
    assert level_of(BRAG, estimate) == (split, beyond)
    assert place_words(BRAG, estimate, 1.0, 4.0).startswith(said)
    assert place_words(BRAG, estimate, 1.0, 4.0).endswith("on 1–4)")


def test_levels_towards_safety_are_cut_from_the_other_end() -> None:
    """Grades 1 to 3, 1 the gravest: a cut of 1 takes grade 1; of 1.4, part of grade 2 as well."""
    bands = tuple(Band(name=f"grade {i}", starts=float(i), pins="high" if i == 1 else None) for i in (1, 2, 3))
    grades = build.scale("demo.grades", kind="ordinal", lo=1.0, hi=3.0, direction="safety", routes=(), bands=bands)
    assert level_of(grades, 1.0) == ("", "grade 1")
    assert level_of(grades, 1.4) == ("grade 2", "grade 1")
    assert level_of(grades, 0.4) == ("grade 1", "")


def line(values: list[int], bar: tuple[float, float, float], bar_of: str = "council") -> dict[str, Any]:
    """Return the police's volume at a bar of 14 of its own."""
    names = {"agency": "police", "scale": shared.COUNT, "bar_of": bar_of, "bar_of_scale": shared.COUNT}
    figures = volume(PARTNERS.agency("police"), COUNT, values, bar, 14.0)
    return with_period({**names, **figures}, PERIOD)


def test_a_count_bears_the_interval_of_its_bar() -> None:
    values = list(range(20)) * 5
    assert count_words(line(values, (12.0, 11.0, 13.0))) == "40 [35, 45]"
    assert count_words(line(values, (14.0, 14.0, 14.0), "police")) == "30"
    assert count_words(line(list(range(20)), (12.0, 11.0, 17.0))) == "8 [an end too small to show]"
    assert count_words(line(list(range(20)), (18.0, 17.0, 19.0))) == TOO_SMALL


@pytest.mark.parametrize("width", [60, 80, 110])
def test_rates_are_shown_and_called_those_of_shared_cases(width: int) -> None:
    values = list(range(20)) * 5
    refused = {**line(values, (12.0, 11.0, 13.0), "school"), **no_volume(100, "police referred 70 % of these cases.")}
    told = [line(values, (12.0, 11.0, 13.0)), line(values, (14.0, 14.0, 14.0), "police"), refused]
    text = volume_lines(told, PARTNERS, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "2025-04-01 to 2026-03-31" in " ".join(text.split())
    own, councils, schools = (text.index(word) for word in ("own bar (14 or more)", "Council", "School"))
    assert own < councils < schools
    assert "15.0 [10.1, 21.4]" in text  # 30 of 20,000 people; Garwood for 30: 20.24 to 42.83
    assert "3.0 [2.0, 4.3]" in text
    assert "40 [35, 45] of 100" in text
    assert "not said: one-sided referral" in text


def test_an_agency_without_sizes_shows_counts_alone() -> None:
    bare = shared.partners()
    names = {"agency": "police", "scale": shared.COUNT, "bar_of": "police", "bar_of_scale": shared.COUNT}
    figures = volume(bare.agency("police"), COUNT, list(range(20)), (14.0, 14.0, 14.0), 14.0)
    assert volume_lines([with_period({**names, **figures}, None)], bare).endswith("6 of 20")
    assert volume_lines([], bare) == ""
