"""The ladder: solid between published edges, fading where none is published, nothing claimed that no owner said."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.colors import rgb_to_hsv, to_rgb

import shared
from riskshare.comparing import ThresholdComparison, compare_thresholds
from riskshare.reporting.equivalence import place_words
from riskshare.reporting.heat_table import HIGHER, LOWER
from riskshare.reporting.heat_table import alt_text as matrix_alt_text
from riskshare.reporting.ladder import alt_text, draw_ladder
from riskshare.reporting.ladder_parts import BAND_COLOURS
from riskshare.reporting.ladder_text import text_ladder
from riskshare.scales.rungs import cut_words, rungs

mpl.use("Agg")
PARTNERS = shared.partners()
PARTIES = [("police", shared.COUNT), ("council", shared.BRAG), ("school", shared.SAFETY)]


@pytest.fixture(scope="module")
def comparison() -> ThresholdComparison:
    values = [i % 20 for i in range(400)]
    scores = {"police": values, "council": [1 + v // 5 for v in values], "school": ["help"] * 400}
    scale = {"police": shared.COUNT, "council": shared.BRAG, "school": shared.NEEDS}
    lines = shared.rows({agency: shared.people(own) for agency, own in scores.items()}, scale=scale)
    return compare_thresholds(PARTNERS, shared.read(lines, PARTNERS), replicates=20)


def words(figure: Any) -> str:
    """Return every text of a picture."""
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    found += [label.get_text() for axes in figure.axes for label in (*axes.get_yticklabels(), *axes.get_xticklabels())]
    return "\n".join([*found, *(axes.get_title(loc="left") for axes in figure.axes), figure.get_suptitle()])


def test_bands_between_published_edges_are_known_and_others_only_as_a_stretch() -> None:
    bands, refused = rungs(PARTNERS, [*PARTIES, ("health", shared.NEEDS)])
    known = bands.set_index(["agency", "band"])["spans"]
    assert not known["police"].any()
    assert known["council"].to_dict() == {"blue": True, "green": True, "amber": True, "red": False}
    assert bands[bands["agency"] == "school"]["band"].tolist() == ["safe", "unsafe"]  # the mildest first
    assert refused[["agency", "scale"]].to_numpy().tolist() == [["health", shared.NEEDS]]


def test_text_ladder_is_drawn_to_its_width() -> None:
    bands, _ = rungs(PARTNERS, PARTIES)
    for width in (60, 80, 110):
        drawn = text_ladder(bands, PARTNERS, width=width)
        assert max(map(len, drawn.splitlines())) <= width
        police, council, school = drawn.splitlines()[1:4]
        assert "~" not in police
        assert set("|.-=") <= set(police)
        assert set("|~=") <= set(council)
        assert "#" not in police + council + school  # nobody publishes a very-high cut


def test_cuts_are_written_as_their_owners_write_them() -> None:
    assert cut_words(PARTNERS.scale(shared.COUNT), "high") == "14 or more"
    assert cut_words(PARTNERS.scale(shared.BRAG), "high") == "red"
    assert cut_words(PARTNERS.scale(shared.SAFETY), "high") == "3 or less"


def test_an_edge_that_nobody_published_fades_and_is_hatched() -> None:
    solid, _ = rungs(PARTNERS, PARTIES[:1])
    fading, _ = rungs(PARTNERS, PARTIES[1:2])
    (known,), (unknown,) = draw_ladder(solid, PARTNERS).axes, draw_ladder(fading, PARTNERS).axes
    assert not known.images
    assert not any(bar.get_hatch() for bar in known.patches)
    assert len(unknown.images) == 1
    assert [bar.get_hatch() for bar in unknown.patches if bar.get_hatch()] == ["//"]


def test_the_picture_names_agencies_bands_and_cuts() -> None:
    bands, _ = rungs(PARTNERS, PARTIES)
    shown = words(draw_ladder(bands, PARTNERS))
    for word in ("Police", "Council", "amber", "14 or more", "7 or more", "3 or less", "not probabilities"):
        assert word in shown


def test_the_second_panel_puts_each_high_on_one_scale(comparison: ThresholdComparison) -> None:
    figure = comparison.plot_ladder()
    shown = words(figure)
    assert len(figure.axes) == 2
    assert "its own cut: 14 or more" in shown
    assert "on Police's scale" in shown
    assert "POPULATION BASIS: where each 'high' stands among shared cases (not equal risk)" in " ".join(shown.split())
    assert "AS USED" not in shown
    assert figure.axes[1].get_xlim() == (0.0, 24.0)  # the axis ends where the scale does
    line = comparison.matrix[comparison.matrix["agency"] == "council"].iloc[0]
    assert place_words(PARTNERS.scale(shared.COUNT), *line[["estimate", "lower", "upper"]]) in shown


def test_the_heat_table_shows_every_interval(comparison: ThresholdComparison) -> None:
    shown = words(comparison.plot_matrix())
    assert "own:\n14 or more" in shown
    assert "own:\nred" in shown
    for line in comparison.matrix.to_dict("records"):
        assert f"{line['lower']:.1f}, {line['upper']:.1f}]" in shown


def test_both_pictures_bear_marks_basis_and_what_they_do_not_say(comparison: ThresholdComparison) -> None:
    bands, _ = rungs(PARTNERS, PARTIES)
    told = [matrix_alt_text(comparison.matrix, PARTNERS), alt_text(bands, PARTNERS, comparison.bars())]
    for drawn in (comparison.plot_ladder(), comparison.plot_matrix()):
        told.append(" ".join(drawn.get_suptitle().split()))
    for said in told:
        assert "INTERNAL: not yet through the sharing agreement" in said
        assert "EXAMPLE, nobody's agreement." in said
        assert "stand equally high among these people, not that they measure the same thing" in said
    assert "because no other scale is linked to more" in told[2]
    assert "INTERNAL" in draw_ladder(bands, PARTNERS).get_suptitle()


def test_a_pair_that_one_side_referred_has_no_colour() -> None:
    values = [i % 20 for i in range(400)]
    scores = {"police": shared.people(values), "council": shared.people([v + 4 for v in values])}
    lines = shared.rows(scores, referred_by="police")
    figure = compare_thresholds(PARTNERS, shared.read(lines, PARTNERS), replicates=5).plot_matrix()
    cells = [bar for bar in figure.axes[0].patches if bar.get_hatch() == "..."]
    assert len(cells) == 2
    assert {bar.get_facecolor() for bar in cells} == {(1.0, 1.0, 1.0, 1.0)}
    assert "▲" not in words(figure)
    assert "▼" not in words(figure)


def test_no_colour_means_two_things_in_the_two_pictures() -> None:
    assert not {HIGHER, LOWER} & set(BAND_COLOURS.values())
    hues = [rgb_to_hsv(to_rgb(colour))[0] for colour in BAND_COLOURS.values()]
    assert all(abs(rgb_to_hsv(to_rgb(own))[0] - hue) > 0.15 for own in (HIGHER, LOWER) for hue in hues)


def test_words_for_those_who_cannot_see_it(comparison: ThresholdComparison) -> None:
    bands, _ = rungs(PARTNERS, PARTIES)
    said = alt_text(bands, PARTNERS, comparison.bars(), comparison.reference)
    assert "Council, BRAG: blue low or medium" in said
    assert "on the reference scale its high cut falls at" in said
    assert "Council's high on the scale of Police" in matrix_alt_text(comparison.matrix, PARTNERS)


def test_no_cases_still_draw() -> None:
    empty = compare_thresholds(PARTNERS, [], replicates=2)
    assert words(empty.plot_ladder())
    assert words(empty.plot_matrix())


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    import riskshare

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    bands, _ = rungs(PARTNERS, PARTIES)
    with pytest.raises(riskshare.MissingExtraError, match="maps"):
        draw_ladder(bands, PARTNERS)


@pytest.fixture(autouse=True)
def close_figures() -> Any:
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def test_no_person_is_in_a_picture(comparison: ThresholdComparison) -> None:
    assert "S-00" not in words(comparison.plot_ladder()) + words(comparison.plot_matrix())
    assert isinstance(comparison.bars(), pd.DataFrame)
