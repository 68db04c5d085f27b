"""Both waterfalls name the bands, the score, its interval and every step."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import Any

import pytest
from reporting_sample import assessment, line

import build
from riskshare.assessment import Assessment
from riskshare.errors import MissingExtraError
from riskshare.reporting.waterfall import alt_text, draw_waterfall, text_waterfall


@pytest.mark.parametrize("width", [20, 60, 80, 100, 140])
@pytest.mark.parametrize("subject", ["S1", "S2"])
def test_text_fits_and_says_everything(made: Assessment, width: int, subject: str) -> None:
    text = text_waterfall(made.explain(subject), line(made, subject), made.partnership, width=width)
    assert max(map(len, text.splitlines())) <= max(width, 60)
    assert text.isascii()
    joined = " ".join(text.split())
    for part in ("low below 30", "medium from 30", "high from 70", "very high from 90", "where everybody starts",
                 "rounding", "on facts alone", "(harm by)"):  # fmt: skip
        assert part in joined


def test_printed_points_add_up_to_the_score(made: Assessment) -> None:
    text = text_waterfall(made.explain("S2"), line(made, "S2"), made.partnership)
    body = [text_line[44:] for text_line in text.splitlines() if text_line[44:52].strip().startswith(("+", "-"))]
    assert sum(float(part.split()[0]) for part in body) == pytest.approx(line(made, "S2")["score"], abs=1e-9)
    assert "4 more records" in text


def drawn(made: Assessment, subject: str) -> tuple[Any, Any]:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    axes = draw_waterfall(made.explain(subject), line(made, subject), made.partnership)
    axes.figure.canvas.draw()
    return pyplot, axes


def test_the_drawing_names_bands_and_steps(made: Assessment) -> None:
    pyplot, axes = drawn(made, "S2")
    try:
        texts = {text.get_text() for text in axes.texts}
        assert {"low", "medium", "high", "very high"} <= texts
        score = line(made, "S2")
        assert f"{score['score']} ({score['lower']} to {score['upper']})" in texts
        ticks = [label.get_text() for label in axes.get_yticklabels()]
        assert "4 more records" in ticks
        assert ticks[-2:] == ["score and interval", "on facts alone"]
        assert "INTERNAL" in axes.figure.get_suptitle()
        assert axes.figure.legends
    finally:
        pyplot.close(axes.figure)


def test_step_labels_do_not_overlap(made: Assessment) -> None:
    pyplot, axes = drawn(made, "S2")
    try:
        boxes = [label.get_window_extent() for label in axes.get_yticklabels()]
        ordered = sorted(boxes, key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 for low, high in pairwise(ordered))
        bands = [t.get_window_extent() for t in axes.texts if t.get_text() in ("low", "medium", "high", "very high")]
        bands.sort(key=lambda box: box.x0)
        assert all(left.x1 <= right.x0 for left, right in pairwise(bands))
    finally:
        pyplot.close(axes.figure)


def test_nothing_is_cut_away_even_with_long_names() -> None:
    """Head, labels and figures stand inside the picture; a long label goes on a second line and keeps its agency."""
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    members = tuple(build.agency(a, name=f"{a.title()} Wide Wandering Women's Welfare Width") for a in build.SECTORS)
    axes = assessment(agencies=members).plot("S1", lens="harm_by")
    try:
        figure = axes.figure
        figure.canvas.draw()
        whole = figure.bbox
        texts = [*axes.get_yticklabels(), *axes.texts, *figure.texts, *figure.legends]
        for text in texts:
            box = text.get_window_extent()
            assert box.x0 >= whole.x0, text
            assert box.x1 <= whole.x1, text
            assert box.y1 <= whole.y1 + 1, text
        labels = [label.get_text() for label in axes.get_yticklabels()]
        assert any("\n" in label and "Width" in label for label in labels)
        boxes = sorted((label.get_window_extent() for label in axes.get_yticklabels()), key=lambda box: box.y0)
        assert all(low.y1 <= high.y0 for low, high in pairwise(boxes))
    finally:
        pyplot.close(axes.figure)


def test_plot_of_an_assessment(made: Assessment) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    axes = made.plot("S1")
    assert "(harm to)" in axes.figure.get_suptitle()
    pyplot.close(axes.figure)


def test_words_for_those_who_cannot_see_it(made: Assessment) -> None:
    told = alt_text(made.explain("S1"), line(made), made.partnership)
    assert told.startswith("Waterfall. S1 (harm by): ")
    assert "weapon carrying, School +" in told


def test_without_matplotlib_it_says_what_to_install(made: Assessment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"riskshare\[maps\]"):
        draw_waterfall(made.explain("S1"), line(made), made.partnership)
