"""One subject's rows in, its explained results out: the stages of the plain form, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from riskshare.records.policy import LENSES
from riskshare.scoring.one.agreed import Agreed
from riskshare.scoring.one.claims import MOST_PAIRS, group_pairs
from riskshare.scoring.one.figures import Figures, figures_of
from riskshare.scoring.one.lines import Line, act_now_lines, reason_lines, score_line
from riskshare.scoring.one.numbers import Unusual
from riskshare.scoring.one.pairs import Origins, resolve
from riskshare.scoring.one.rows import Row, stand
from riskshare.scoring.one.totals import unit_of

_SHOWN = (LENSES.index("harm_to"), LENSES.index("harm_by"))
"""Being at risk is shown before being a risk."""
_ANSWERS = ("returned", "nil")


def explain_one(
    rows: Sequence[Row], agreed: Agreed, as_of: int, conditions_met: frozenset[str], is_adult: Callable[[], bool]
) -> list[Line]:
    """Return the explained results of one subject's rows, ``harm_to`` first; empty where there is none.

    Parameters
    ----------
    rows : sequence of Row
        As read, of one subject; no two are of one key and one recording day.
    agreed : Agreed
    as_of : int
        Days since 1970-01-01.
    conditions_met : frozenset of str
    is_adult : callable
        Says whether the subject is known to be grown up; asked only where it matters.

    Returns
    -------
    list of dict
        ``scoring.tables.SCORE_COLUMNS``, ``act_now``, ``set_aside`` (empty: no row given here was) and ``reasons``.

    Raises
    ------
    Unusual
        There is something that only the ordinary form tells.
    """
    standing = stand(rows, agreed, as_of, conditions_met)
    origins = resolve(standing, agreed)
    _check_twins(origins)
    if len(origins.pairs) > MOST_PAIRS:
        raise Unusual
    found = [_figures(lens, standing, origins, agreed) for lens in _SHOWN]
    exploited = any(row.kind.exploitation and row.tells for row in standing)
    lines = []
    for figures in found:
        if figures is not None:
            review = exploited and LENSES[figures.lens] == "harm_by" and not is_adult()
            line = score_line(figures, rows[0].subject, agreed, for_review=review)
            told = {"act_now": act_now_lines(figures), "set_aside": [], "reasons": reason_lines(figures, agreed)}
            lines.append({**line, **told})
    return lines


def _figures(lens: int, standing: list[Row], origins: Origins, agreed: Agreed) -> Figures | None:
    """Return the figures of one lens, or None where it has no result: no weight, no answer, nothing unjudged."""
    mine = [row for row in standing if row.lens == lens]
    pairs = [pair for pair in origins.pairs if pair.unit == lens]
    spoken = any(
        row.reason in ("answer", "not_scored") or (not row.reason and row.answer == "returned") for row in mine
    )
    if not pairs and not spoken:
        return None
    answers = [row for row in mine if row.answer in _ANSWERS and not row.barred]
    weights = {pair.number: pair.weight for pair in pairs}
    groups = group_pairs(pairs, weights, origins.candidates)
    free = None
    if any(pair.free_weight != pair.weight for pair in pairs):
        open_weights = {pair.number: pair.free_weight for pair in pairs}
        free = unit_of(group_pairs(pairs, open_weights, origins.candidates), agreed)
    return figures_of(unit_of(groups, agreed), free, pairs, answers, agreed, lens)


def _check_twins(origins: Origins) -> None:
    """Leave a row that repeats a suspected twin under another indicator or lens to the ordinary form."""
    home = {pair.origin: (pair.unit, pair.row.kind.number) for pair in origins.pairs if pair.is_own}
    relays = [pair for pair in origins.pairs if pair.origin in origins.candidates and not pair.is_own]
    if any(home.get(pair.origin) != (pair.unit, pair.row.kind.number) for pair in relays):
        raise Unusual
